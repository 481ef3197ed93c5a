"""Families that sum their terms over rows in scratch memory, without an array for each derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array, Coordinates, Rows

Vector = NDArray[np.float64]
Vectors = NDArray[np.float64]
"""Vectors over the same rows, one below the other."""
SHORT = 4_096
"""Rows up to which a call costs more than its arithmetic, so that several vectors are summed by one."""


class Sums(NamedTuple):
    """Sums over rows of the weighted value, gradient and Hessian (lower triangle).

    ``absolute`` is Σ w |ℓ_i| or a bound a little above it. Where row scores were asked for, ``absolute_gradient`` is
    Σ w |u_i|, ``products`` the lower triangle of Σ w u_i u_iᵀ and ``highest`` the largest ℓ_i.
    """

    value: float
    absolute: float
    gradient: Sequence[float]
    hessian: Sequence[float]
    absolute_gradient: Sequence[float] = ()
    products: Sequence[float] = ()
    highest: float = -np.inf


class SummedByRows(ABC):
    """A family whose derivatives are sums of a few functions of a row, times functions of the parameters."""

    n_scratch: ClassVar[int]
    """How many vectors of scratch memory the sums need."""

    @abstractmethod
    def row_sums(
        self,
        rows: Rows,
        weight: Array | None,
        eta: Coordinates,
        scratch: Vectors,
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


def totals(block: Vectors, weight: Array | None, work: Vectors) -> list[float]:
    """Σ w x of each vector in a block, pairwise; ``work``, a block as large, is written to where there are weights."""
    if block.shape[1] > SHORT:
        return [total(vector, weight, work[0]) for vector in block]
    if weight is not None:
        block = np.multiply(block, weight, out=work[: block.shape[0]])
    sums: list[float] = np.add.reduce(block, axis=1).tolist()
    return sums


def totals_of_products(block: Vectors, factor: Vector, weight: Array | None, work: Vectors) -> list[float]:
    """Σ w x y of each vector x in a block and one y, pairwise; ``work``, a block as large, is written to."""
    if block.shape[1] > SHORT:
        return [total_of_product(vector, factor, weight, work[0]) for vector in block]
    products = np.multiply(block, factor, out=work[: block.shape[0]])
    if weight is not None:
        np.multiply(products, weight, out=products)
    sums: list[float] = np.add.reduce(products, axis=1).tolist()
    return sums


def block_scores(gradient: Vectors, weight: Array | None, work: Vectors) -> tuple[list[float], list[float]]:
    """Σ w |u_i| and the lower triangle of Σ w u_i u_iᵀ; ``work``, a block as large, is written to."""
    products: list[float] = []
    for i, vector in enumerate(gradient):
        products += totals_of_products(gradient[: i + 1], vector, weight, work)
    if gradient.shape[1] > SHORT:
        return [total(np.abs(vector, out=work[0]), weight, work[0]) for vector in gradient], products
    return totals(np.abs(gradient, out=work[: gradient.shape[0]]), weight, work), products


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
