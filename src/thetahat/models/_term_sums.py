"""Sums of terms over rows, in scratch memory."""

from __future__ import annotations

from dataclasses import replace
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._row_sums import Sums
from thetahat.families._terms import Terms
from thetahat.models._model import SCORES, VALUE, Tally

Array = NDArray[Any]
Vector = NDArray[np.float64]


def tally_of(sums: Sums, k: int, order: int) -> Tally:
    """The tally of what a family has summed by itself."""
    if order == VALUE:
        return Tally(sums.value, sums.absolute, np.zeros(k), np.zeros((k, k)))
    tally = Tally(sums.value, sums.absolute, np.array(sums.gradient), -symmetric(sums.hessian, k))
    if order != SCORES:
        return tally
    return replace(tally, absolute_score=np.array(sums.absolute_gradient), opg=symmetric(sums.products, k))


def symmetric(lower: tuple[float, ...], k: int) -> Array:
    """The matrix of a lower triangle, row by row."""
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


def scratch(n_arrays: int, n: int) -> tuple[Vector, ...]:
    """Arrays of this thread's own, which outlive a pass: fresh ones would cost a page fault a page."""
    arrays: list[Vector] = _memory.__dict__.setdefault("arrays", [])
    if arrays and arrays[0].shape[0] < n:
        arrays.clear()
    while len(arrays) < n_arrays:
        arrays.append(np.empty(arrays[0].shape[0] if arrays else n))
    return tuple(array[:n] for array in arrays[:n_arrays])


def sum_terms(
    terms: Terms, weight: Array | None, n: int, k: int, order: int, parts: tuple[Terms, ...] = ()
) -> Tally:
    """Sums over rows; magnitudes are those of the ``parts`` whose difference the terms are, if they are one."""
    parts = parts or (terms,)
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
