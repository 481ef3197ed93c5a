"""Families that sum their terms over rows in scratch memory, without an array for each derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array, Coordinates, Rows

Vector = NDArray[np.float64]


class Sums(NamedTuple):
    """Sums over rows of the weighted value, gradient and Hessian (lower triangle).

    ``absolute`` is Σ w |ℓ_i| or a bound a little above it. Where row scores were asked for, ``absolute_gradient`` is
    Σ w |u_i|, ``products`` the lower triangle of Σ w u_i u_iᵀ and ``highest`` the largest ℓ_i.
    """

    value: float
    absolute: float
    gradient: tuple[float, ...]
    hessian: tuple[float, ...]
    absolute_gradient: tuple[float, ...] = ()
    products: tuple[float, ...] = ()
    highest: float = -np.inf


class SummedByRows(ABC):
    """A family whose derivatives are sums of a few functions of a row, times functions of the parameters."""

    n_scratch: ClassVar[int]
    """How many arrays of scratch memory the sums need."""

    @abstractmethod
    def row_sums(
        self,
        rows: Rows,
        weight: Array | None,
        eta: Coordinates,
        scratch: tuple[Vector, ...],
        *,
        scores: bool,
    ) -> Sums | None:
        """The sums of ``derivatives`` over rows; None where the shorter way would lose digits or overflow."""


def total(values: Vector, weight: Array | None, work: Vector) -> float:
    """Σ w x, pairwise; ``work`` is written to where there are weights."""
    if weight is None:
        return float(np.add.reduce(values))
    return float(np.add.reduce(np.multiply(values, weight, out=work)))


def total_of_product(left: Vector, right: Vector, weight: Array | None, work: Vector) -> float:
    """Σ w x y, pairwise; ``work`` is written to."""
    np.multiply(left, right, out=work)
    if weight is not None:
        np.multiply(work, weight, out=work)
    return float(np.add.reduce(work))


def score_sums(
    gradient: tuple[Vector, ...], weight: Array | None, work: Vector
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Σ w |u_i| and the lower triangle of Σ w u_i u_iᵀ; ``work`` is written to."""
    products = tuple(
        total_of_product(gradient[i], gradient[j], weight, work)
        for i in range(len(gradient))
        for j in range(i + 1)
    )
    return tuple(total(np.abs(item, out=work), weight, work) for item in gradient), products
