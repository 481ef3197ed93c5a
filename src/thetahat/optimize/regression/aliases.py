"""Refusing designs whose columns are combinations of one another, before anything is fitted to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.designs import Design
from thetahat.engines import Engine
from thetahat.models._predictors import primary_of
from thetahat.models._regression_rows import PackedRegression
from thetahat.models.regression import RegressionModel
from thetahat.numerics.rank import aliased
from thetahat.numerics.sums import Total
from thetahat.regression_pass import RegressionArrangement

Matrix = NDArray[np.float64]
SHOWN = 4


def refuse_aliased(
    arrangement: RegressionArrangement, engine: Engine, held: NDArray[np.bool_] | None = None
) -> None:
    """Raise where a design does not determine its coefficients, whatever the responses.

    ``held`` tells which working coordinates a penalty determines: their columns are not asked about.

    Raises
    ------
    DataError
        Naming the aliased columns and what they are combinations of.
    """
    model = arrangement.model
    for index, owner in enumerate(model.predictors.owners):
        columns = _Columns(arrangement, index, held)
        if not columns.names:
            continue
        if not aliased(columns.gram(arrangement.sample).value, columns.names):
            continue
        # Rows that the sample lacks may tell apart what it does not.
        whole = engine.reduce(columns.gram_of_block, arrangement.blocks())
        found = aliased(whole.value, columns.names, columns.product, columns.transposed)
        if not found:
            continue
        width = len(columns.names)
        shown = "; ".join(alias.sentence for alias in found[:SHOWN])
        out = ", ".join(alias.name for alias in found[:SHOWN])
        if len(found) > SHOWN:
            shown, out = f"{shown}; and {len(found) - SHOWN:,} more", f"{out} ..."
        few = ""
        if arrangement.n_positive < width:
            few = f" {arrangement.n_positive:,} rows cannot determine {width:,} coefficients."
        raise DataError(
            f"the design of {owner} has aliased columns: {shown}.{few} Leave out {out}, or give a penalty"
        )


class _Columns:
    """The columns of one design in all rows; the constant that other parameters hold comes before them."""

    def __init__(
        self, arrangement: RegressionArrangement, index: int, held: NDArray[np.bool_] | None
    ) -> None:
        model = arrangement.model
        self._arrangement = arrangement
        self._index = index
        self._constant = model.family.holds_constant and model.predictors.owners[index] == primary_of(
            model.family
        )
        names = model.predictors.designers[index].names
        self._dropped = () if held is None else _dropped(model, index, held)
        names = tuple(name for column, name in enumerate(names) if column not in self._dropped)
        self.names = ("the thresholds", *names) if self._constant and names else names

    def _kept(self, design: Design) -> Design:
        for column in reversed(self._dropped):
            design = design.without(column)
        return design

    def gram_of_block(self, block: Any) -> Total[Matrix]:
        """XᵀX of a block's rows."""
        return self.gram(block if self._arrangement.packed else self._arrangement.model.pack(block))

    def gram(self, packed: PackedRegression) -> Total[Matrix]:
        """XᵀX of packed rows."""
        total = np.zeros((len(self.names), len(self.names)))
        first = int(self._constant)
        for part in packed.parts:
            design, ones = self._kept(part.designs[self._index]), np.ones(part.n_rows)
            total[first:, first:] += design.gram(ones)
            if self._constant:
                sums = design.transpose(ones)
                total[0, 0] += part.n_rows
                total[0, 1:] += sums
                total[1:, 0] += sums
        return Total(total)

    def _designs(self) -> Iterator[Design]:
        for block in self._arrangement.blocks():
            packed = block if self._arrangement.packed else self._arrangement.model.pack(block)
            yield from (self._kept(part.designs[self._index]) for part in packed.parts)

    def product(self, vectors: Matrix) -> Matrix:
        """X V."""
        inner = np.ascontiguousarray(vectors[int(self._constant) :].T)
        constant = vectors[:1] if self._constant else 0.0
        return np.concatenate([design.matvec(inner).T + constant for design in self._designs()])

    def transposed(self, values: Matrix) -> Matrix:
        """Xᵀ V."""
        total = np.zeros((len(self.names), values.shape[1]))
        at = 0
        for design in self._designs():
            rows = values[at : at + design.n_rows]
            total[int(self._constant) :] += design.transpose(np.ascontiguousarray(rows.T)).T
            at += design.n_rows
        if self._constant:
            total[0] = values.sum(axis=0)
        return total


def _dropped(model: RegressionModel, index: int, held: NDArray[np.bool_]) -> tuple[int, ...]:
    """Columns of a design all of whose coefficients are held."""
    group = next(group for group in model.predictors.groups if group.design == index)
    by_class = held[group.span].reshape(group.size, -1)
    return tuple(int(column) for column in np.flatnonzero(by_class.all(axis=0)))
