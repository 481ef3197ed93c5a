"""Sums of terms over rows, in scratch memory."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._row_sums import Sums, Vectors
from thetahat.families._terms import Terms
from thetahat.models._model import SCORES, VALUE, Tally

Array = NDArray[Any]
Vector = NDArray[np.float64]
PAGE, LINE = 512, 8
"""In numbers of double precision."""
FEW = 7
"""Rows that are summed in plain floats, one after the other, as NumPy sums so few."""


def tally_of(sums: Sums, k: int, order: int, densest: float = -np.inf) -> Tally:
    """The tally of what a family has summed by itself."""
    if order == VALUE:
        return Tally(sums.value, sums.absolute, np.zeros(k), np.zeros((k, k)))
    score, information = np.array(sums.gradient), -symmetric(sums.hessian, k)
    if order != SCORES:
        return Tally(sums.value, sums.absolute, score, information)
    absolute_score, opg = np.array(sums.absolute_gradient), symmetric(sums.products, k)
    return Tally(sums.value, sums.absolute, score, information, absolute_score, opg, densest)


def symmetric(lower: Sequence[float], k: int) -> Array:
    """The matrix of a lower triangle, row by row."""
    if k == 1:
        return np.array((tuple(lower),))
    if k == 2:
        a, b, c = lower
        return np.array(((a, b), (b, c)))
    if k == 3:
        a, b, c, d, e, f = lower
        return np.array(((a, b, d), (b, c, e), (d, e, f)))
    matrix = np.empty((k, k))
    position = 0
    for i in range(k):
        for j in range(i + 1):
            matrix[i, j] = matrix[j, i] = lower[position]
            position += 1
    return matrix


_memory = local()
# The C library of Linux gives freed memory back to the system at once; each tile's temporaries would cost a
# page fault a page, unless it has once seen a large array come and go; this one is never written to.
np.empty(1 << 21)


def scratch(n_vectors: int, n: int) -> Vectors:
    """Vectors of this thread's own, which outlive a pass: fresh ones would cost a page fault a page."""
    # Vectors a multiple of a page apart would push each other out of the cache.
    apart = n if n % PAGE else n + LINE
    needed = n_vectors * apart
    memory: Vector | None = getattr(_memory, "vectors", None)
    if memory is None or memory.shape[0] < needed:
        memory = _memory.vectors = np.empty(needed)
    return memory[:needed].reshape(n_vectors, apart)[:, :n]


def sum_terms(
    terms: Terms, weight: Array | None, n: int, k: int, order: int, parts: tuple[Terms, ...] = ()
) -> Tally:
    """Sums over rows; magnitudes are those of the ``parts`` whose difference the terms are, if they are one."""
    parts = parts or (terms,)
    if n <= FEW and weight is not None:
        return _sum_few(terms, weight.tolist(), k, order, parts)
    mass = float(n) if weight is None else float(np.add.reduce(weight))
    (work,) = scratch(1, n)

    def summed(item: Any) -> float:
        if not np.ndim(item):
            return float(item) * mass
        return float(np.add.reduce(item if weight is None else np.multiply(item, weight, out=work)))

    def magnitude(item: Any) -> float:
        if not np.ndim(item):
            return abs(float(item)) * mass
        np.abs(item, out=work)
        return float(np.add.reduce(work if weight is None else np.multiply(work, weight, out=work)))

    def product(left: Any, right: Any) -> float:
        if not np.ndim(left) and not np.ndim(right):
            return float(left) * float(right) * mass
        np.multiply(left, right, out=work)
        return float(np.add.reduce(work if weight is None else np.multiply(work, weight, out=work)))

    value, absolute = summed(terms.value), sum(magnitude(part.value) for part in parts)
    score, information = np.zeros(k), np.zeros((k, k))
    if order == VALUE:
        return Tally(value, absolute, score, information)
    position = 0
    for i in range(k):
        score[i] = summed(terms.gradient[i])
        for j in range(i + 1):
            information[i, j] = information[j, i] = -summed(terms.hessian[position])
            position += 1
    if order != SCORES:
        return Tally(value, absolute, score, information)
    opg = np.zeros((k, k))
    absolute_score = np.zeros(k)
    for i in range(k):
        absolute_score[i] = sum(magnitude(part.gradient[i]) for part in parts)
        for j in range(i + 1):
            opg[i, j] = opg[j, i] = product(terms.gradient[i], terms.gradient[j])
    return Tally(value, absolute, score, information, absolute_score, opg)


def _sum_few(terms: Terms, weight: list[float], k: int, order: int, parts: tuple[Terms, ...]) -> Tally:
    """The same sums of so few rows that NumPy's overhead would be most of their cost, such as pseudo rows."""

    def rows(item: Any) -> list[float]:
        found = item.tolist() if isinstance(item, np.ndarray) else float(item)
        return found if isinstance(found, list) else [found] * len(weight)

    def summed(values: list[float]) -> float:
        return sum(map(mul, values, weight))

    value = summed(rows(terms.value))
    absolute = sum(summed(list(map(abs, rows(part.value)))) for part in parts)
    if order == VALUE:
        return Tally(value, absolute, np.zeros(k), np.zeros((k, k)))
    gradient = [rows(item) for item in terms.gradient]
    score = np.array([summed(item) for item in gradient])
    information = symmetric([-summed(rows(item)) for item in terms.hessian], k)
    if order != SCORES:
        return Tally(value, absolute, score, information)
    magnitudes = [sum(summed(list(map(abs, rows(part.gradient[i])))) for part in parts) for i in range(k)]
    products = [summed(list(map(mul, gradient[i], gradient[j]))) for i in range(k) for j in range(i + 1)]
    return Tally(value, absolute, score, information, np.array(magnitudes), symmetric(products, k))
