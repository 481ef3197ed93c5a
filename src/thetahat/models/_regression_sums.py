"""Sums over the rows of a regression: of their terms, and of derivatives in the coordinates to those in the point."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.designs import Design
from thetahat.families import Family
from thetahat.families._terms import Terms
from thetahat.models._model import GRADIENT, NO_INFORMATION, ROUGHLY, SCORES, VALUE, Tally
from thetahat.models._predictors import Bends, Group, Predictors
from thetahat.models._regression_rows import Part

Array = NDArray[Any]
Vector = NDArray[np.float64]


def tally_part(family: Family, predictors: Predictors, part: Part, working: Vector, order: int) -> Tally:
    """Sum a part's terms, tile by tile."""
    n_rows, tile_rows = part.n_rows, part.tile_rows
    if n_rows <= tile_rows:
        return _tally_tile(family, predictors, part, working, order)
    count = -(-n_rows // tile_rows)
    total: Tally | None = None
    for index in range(count):
        tile = part.slice(index * n_rows // count, (index + 1) * n_rows // count)
        added = _tally_tile(family, predictors, tile, working, order)
        total = added if total is None else total.merge(added)
    assert total is not None  # noqa: S101 - a part has rows
    return total


def _tally_tile(family: Family, predictors: Predictors, part: Part, working: Vector, order: int) -> Tally:
    eta, bends = predictors.coordinates(part.designs, part.offsets, working)
    terms = part.terms(family, eta, order)
    return tally_of_terms(family, predictors, part, terms, bends, working.size, order)


def tally_of_terms(
    family: Family, predictors: Predictors, part: Part, terms: Terms, bends: Bends, k: int, order: int
) -> Tally:
    """Sum terms of the rows of a part over k working coordinates."""
    weight = part.weight
    values = terms.value
    if getattr(values, "shape", ()) != (part.n_rows,):
        values = np.broadcast_to(values, (part.n_rows,))
    weighted = values if weight is None else values * weight
    value = float(np.add.reduce(weighted))
    # The log of a probability is nowhere above 0.
    probabilities = part.kind != "exact" or family.support.discrete
    absolute = abs(value) if probabilities else float(np.add.reduce(np.abs(weighted)))
    if order == VALUE or not isfinite(value):
        information = np.zeros((k, k)) if order > GRADIENT else NO_INFORMATION
        return Tally(value, absolute, np.zeros(k), information, None if order == GRADIENT else np.zeros(k))
    gradient, hessian = on_predictors(terms, bends)
    densest = float(np.max(values)) + part.log_unit if part.log_unit > -np.inf else -np.inf
    sums = Sums(predictors.groups, part, k)
    score = sums.score(gradient)
    if order == GRADIENT:
        return Tally(value, absolute, score, NO_INFORMATION, densest=densest)
    if order == ROUGHLY:
        sums = Sums(predictors.groups, part.in_single_precision(), k)
    information = sums.matrix(hessian)
    np.negative(information, out=information)
    # Σ w |u_j| would cost a pass over the design of its own; by Cauchy and Schwarz it is about this at a maximum.
    size = np.sqrt(np.abs(part.total_weight * information.diagonal()))
    opg = None
    if order == SCORES:
        products = [gradient[i] * gradient[j] for i in range(len(gradient)) for j in range(i + 1)]
        opg = sums.matrix(tuple(products))
    return Tally(value, absolute, score, information, size, opg, densest)


def on_predictors(terms: Terms, bends: Bends) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Move derivatives from working coordinates to predictors, by the chain rule through the links."""
    if bends.count(None) == len(bends):
        return terms.gradient, terms.hessian
    gradient, hessian = [], []
    position = 0
    for i, bend in enumerate(bends):
        slope = 1.0 if bend is None else bend[0]
        gradient.append(terms.gradient[i] * slope)
        for j in range(i + 1):
            other = bends[j]
            entry = terms.hessian[position] * slope * (1.0 if other is None else other[0])
            if i == j and bend is not None:
                entry = entry + terms.gradient[i] * bend[1]
            hessian.append(entry)
            position += 1
    return tuple(gradient), tuple(hessian)


def expected_part(family: Family, predictors: Predictors, part: Part, working: Vector) -> Array:
    """Sum the Fisher information of exact rows over the coefficients."""
    eta, bends = predictors.coordinates(part.designs, part.offsets, working)
    entries = family.expected_information(eta, part.known)
    slopes = [1.0 if bend is None else bend[0] for bend in bends]
    moved = []
    position = 0
    for i in range(len(slopes)):
        for j in range(i + 1):
            moved.append(entries[position] * slopes[i] * slopes[j])
            position += 1
    return Sums(predictors.groups, part, working.size).matrix(tuple(moved))


class Sums:
    """Sums over rows of a tile, from derivatives in the coordinates to derivatives in the point."""

    def __init__(self, groups: tuple[Group, ...], part: Part, k: int) -> None:
        self._part = part
        self._k = k
        self._groups = groups
        self._n = part.n_rows

    def _column(self, item: Any) -> Vector:
        """One number a row, weighted."""
        weight = self._part.weight
        column = item if np.ndim(item) else np.full(self._n, float(item))
        return column if weight is None else column * weight

    def score(self, gradient: tuple[Any, ...]) -> Vector:
        if len(gradient) == 1 and self._groups[0].design is not None:
            return self._part.designs[self._groups[0].design].transpose(self._column(gradient[0]))
        score = np.zeros(self._k)
        at = 0
        for group in self._groups:
            if group.design is None:
                score[group.span.start] = self._total(gradient[at])
            elif group.size == 1:
                design = self._part.designs[group.design]
                score[group.span] = design.transpose(self._column(gradient[at]))
            else:
                design = self._part.designs[group.design]
                values = np.stack([self._column(item) for item in gradient[at : at + group.size]])
                score[group.span] = design.transpose(values).ravel()
            at += group.size
        return score

    def _total(self, item: Any) -> float:
        weight = self._part.weight
        if not np.ndim(item):
            return float(item) * self._part.total_weight
        return float(np.add.reduce(item if weight is None else item * weight))

    def matrix(self, triangle: tuple[Any, ...]) -> Array:
        """Sum a symmetric matrix of each row, given by its lower triangle in the coordinates."""
        if len(triangle) == 1 and self._groups[0].design is not None:
            design = self._part.designs[self._groups[0].design]
            return design.gram(self._column(triangle[0]))
        if len(self._groups) == 1 and self._groups[0].design is not None:
            return self._of_one_design(self._part.designs[self._groups[0].design], triangle)
        matrix = np.zeros((self._k, self._k))
        places = self._places()
        position = 0
        for i, (left, rows) in enumerate(places):
            for j in range(i + 1):
                right, columns = places[j]
                item = triangle[position]
                position += 1
                block = self._block(left, right, item)
                matrix[rows, columns] = block
                if i != j:
                    matrix[columns, rows] = np.transpose(block)
        return matrix

    def _of_one_design(self, design: Design, triangle: tuple[Any, ...]) -> Array:
        """The matrix where all coordinates have the same design: a block for each pair of them."""
        size, width = self._groups[0].size, design.n_columns
        columns = [self._column(item) for item in triangle]
        blocks = design.grams(np.stack(columns, dtype=design.precision, casting="same_kind"))
        matrix = np.empty((size, width, size, width))
        position = 0
        for i in range(size):
            for j in range(i + 1):
                matrix[i, :, j] = matrix[j, :, i] = blocks[position]
                position += 1
        return matrix.reshape(self._k, self._k)

    def _places(self) -> list[tuple[int | None, slice]]:
        """For each coordinate its design and its part of the point."""
        places: list[tuple[int | None, slice]] = []
        for group in self._groups:
            width = (group.span.stop - group.span.start) // group.size
            for index in range(group.size):
                start = group.span.start + index * width
                places.append((group.design, slice(start, start + width)))
        return places

    def _block(self, left: int | None, right: int | None, item: Any) -> Any:
        designs = self._part.designs
        if left is None and right is None:
            return self._total(item)
        if not np.ndim(item) and float(item) == 0.0:
            return 0.0
        column = self._column(item)
        if left is None or right is None:
            of = designs[left if left is not None else right]  # type: ignore[index]
            sums = of.transpose(column)
            return sums[np.newaxis, :] if left is None else sums[:, np.newaxis]
        if left == right:
            return designs[left].gram(column)
        return designs[left].cross(column, designs[right])
