"""Adaptive quadrature of several functions at once, each with a bound on its error."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from thetahat._dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]

_NODES = 16
_DEEPEST = 60
_MOST_PANELS = 20_000
_MANY_PANELS = 500
_NOISE = 1e-9
"""The share of everything at which what is left in many panels is taken for the functions' own rounding."""
_ROUNDING = 4.0 * float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Integrals:
    """Integrals of k functions, and for each a bound on what was left out, rounding included."""

    value: FloatArray
    error: FloatArray
    size: FloatArray
    """Integrals of the absolute values, to which rounding is relative."""

    def __add__(self, other: Integrals) -> Integrals:
        return Integrals(self.value + other.value, self.error + other.error, self.size + other.size)


@cache
def rule() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on [-1, 1] of the panels."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def integrate(
    function: Callable[[FloatArray], FloatArray], edges: FloatArray, relative: float = 1e-13
) -> Integrals:
    """Integrate k functions over [edges[0], edges[-1]] by Gauss-Legendre panels that are halved until both agree.

    A panel is done when its halves change each integral by less than ``relative`` times the integral of that
    function's absolute value over everything, or by rounding. What the halves changed is the bound on the error, which
    the halves themselves are well below where the functions are smooth.

    Parameters
    ----------
    function
        Takes points, (n,), and returns values, (k, n).
    edges
        Ascending; places between which the functions are smooth are best among them.
    relative
        How much a panel may be off.

    Examples
    --------
    >>> found = integrate(lambda t: np.stack([np.sqrt(t), np.cos(t)]), np.array([0.0, 1.0]))
    >>> bool(abs(found.value[0] - 2.0 / 3.0) < 1e-12), bool(found.error.max() < 1e-11)
    (True, True)
    """
    low, high = edges[:-1], edges[1:]
    some = high > low
    low, high = low[some], high[some]
    value, _ = _panels(function, low, high)
    done = Integrals(*(np.zeros(value.shape[0]) for _ in range(3)))
    for depth in range(_DEEPEST + 1):
        if not low.size:
            break
        middle = 0.5 * (low + high)
        halves, half_sizes = _panels(function, np.concatenate([low, middle]), np.concatenate([middle, high]))
        n = low.size
        better, better_size = halves[:, :n] + halves[:, n:], half_sizes[:, :n] + half_sizes[:, n:]
        change = np.abs(better - value)
        allowed = np.maximum(
            relative * (done.size + better_size.sum(axis=1))[:, None], _ROUNDING * better_size
        )
        finished = (change <= allowed).all(axis=0)
        noisy = (
            n > _MANY_PANELS and (change.sum(axis=1) <= _NOISE * (done.size + better_size.sum(axis=1))).all()
        )
        if depth == _DEEPEST or n > _MOST_PANELS or noisy:
            finished[:] = True
        done += Integrals(
            better[:, finished].sum(axis=1),
            (change + _ROUNDING * better_size)[:, finished].sum(axis=1),
            better_size[:, finished].sum(axis=1),
        )
        going = np.flatnonzero(~finished)
        both = np.concatenate([going, going + n])
        low, high = np.concatenate([low[going], middle[going]]), np.concatenate([middle[going], high[going]])
        value = halves[:, both]
    return done


def _panels(
    function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Integrals of the functions and of their absolute values by panel, (k, panels) each."""
    nodes, weights = rule()
    half = 0.5 * (high - low)
    points = (0.5 * (low + high))[:, None] + half[:, None] * nodes
    values = np.asarray(function(points.ravel())).reshape(-1, *points.shape)
    return values @ weights * half, np.abs(values) @ weights * half
