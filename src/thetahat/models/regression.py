"""Regression of any parameters of a family: each row has its own, made of its row of the designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.data import Block
from thetahat.formulas import Selection
from thetahat.models._checks import checked_labels, refuse_unseen
from thetahat.models._held_rows import Standing, standing
from thetahat.models._model import DERIVATIVES, GRADIENT, NO_INFORMATION, Model, Tally, Vector
from thetahat.models._one_predictor import RowsOfOnePredictor
from thetahat.models._parts import parts_of
from thetahat.models._positions import RowPositions
from thetahat.models._predictors import Predictors
from thetahat.models._reader import Reader
from thetahat.models._regression_rows import PackedRegression, Part
from thetahat.models._regression_sums import expected_part, tally_part
from thetahat.models._rows import PackedRows
from thetahat.response._response import RowNumbers

Array = NDArray[Any]


@final
class RegressionModel(Model[PackedRegression]):
    """y_i ~ family(θ_i), independent; the working coordinates of θ_i are links of X_i β or numbers of their own."""

    search_order: ClassVar[int] = DERIVATIVES

    def __init__(
        self,
        reader: Reader,
        predictors: Predictors,
        text: Mapping[str, str],
        selection: Selection | None = None,
    ) -> None:
        self.reader = reader
        self.family = reader.family
        self.predictors = predictors
        self.table = predictors.table
        self.text = dict(text)
        self.selection = selection
        self._columns = tuple(dict.fromkeys([*reader.columns, *predictors.columns]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the response and of the designs."""
        return self._columns

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name

    def describe(self) -> Mapping[str, Any]:
        """Response, family, formulas, links and designs as plain data."""
        described = dict(self.reader.describe())
        links = {
            owner: group.link.name
            for owner, group in zip(self.predictors.owners, self._driven(), strict=True)
            if group.link is not None
        }
        return {
            **described,
            "kind": "regression",
            "fixed": {name: np.asarray(value).tolist() for name, value in self.table.fixed.items()},
            "formulas": self.text,
            "links": links,
            "coefficients": {
                owner: group.span.stop - group.span.start
                for owner, group in zip(self.predictors.owners, self._driven(), strict=True)
            },
            "missing": "error" if self.selection is None else self.selection.missing,
            "designs": {
                owner: dict(designer.describe())
                for owner, designer in zip(self.predictors.owners, self.predictors.designers, strict=True)
            },
        }

    def _driven(self) -> list[Any]:
        by_design = {group.design: group for group in self.predictors.groups if group.design is not None}
        return [by_design[index] for index in range(len(self.predictors.designers))]

    def pack(self, block: Block) -> PackedRegression:
        """Read, check and prepare one block."""
        rows, _, parts = self.read(self.selected(block))
        return PackedRegression(
            rows.n_rows, rows.y.shape[0] + rows.low.shape[0], parts, rows.points(self.family.support)
        )

    def portions(self, packed: PackedRegression) -> Sequence[PackedRegression]:
        """The rows of a block in quarters, where they are computed tile by tile anyway."""
        return packed.portions(self.table.n_working)

    def read(self, block: Block) -> tuple[PackedRows, RowPositions, tuple[Part, ...]]:
        """Read a selected block: the responses, where in it they stand, and the parts that are made of them."""
        where = RowNumbers(block.start, block.kept)
        rows, positions = self.reader.pack_with_positions(self._coded(block, where))
        designs = [designer.build(block.columns, where) for designer in self.predictors.designers]
        offsets = [designer.offset(block.columns, where) for designer in self.predictors.designers]
        if self.predictors.unit != 1.0:
            offsets = self._in_unit(offsets, block.n_rows)
        return rows, positions, parts_of(self.family, rows, positions, designs, offsets)

    def _in_unit(self, offsets: list[Any], n_rows: int) -> list[Any]:
        """Offsets of predictors of responses in their unit: of the location divided, of logs of scales shifted."""
        unit, logarithm = self.predictors.unit, float(np.log(self.predictors.unit))
        moved = []
        for owner, offset in zip(self.predictors.owners, offsets, strict=True):
            if owner == self.predictors.owners[0]:
                moved.append(None if offset is None else offset / unit)
            elif owner in self.family.scales or owner in self.family.inverse_scales:
                sign = -1.0 if owner in self.family.scales else 1.0
                moved.append((np.zeros(n_rows) if offset is None else offset) + sign * logarithm)
            else:
                moved.append(offset)
        return moved

    def _coded(self, block: Block, where: RowNumbers) -> Block:
        """The block with codes in the place of labels."""
        if not self.family.labelled:
            return block
        name = self.reader.response.columns[0]
        labels = checked_labels(name, block.columns[name], where)
        try:
            codes = self.family.encode(labels)
        except DataError:
            refuse_unseen(self.family, name, None, labels, where)
            raise
        return Block(block.start, block.n_rows, {**block.columns, name: codes}, block.kept)

    def selected(self, block: Block) -> Block:
        """The block less the rows that do not count: without weight, or with missing values where those are dropped."""
        if self.selection is None:
            return block
        columns, where = self.selection.of(block)
        if where.kept is None:
            return block
        return Block(block.start, len(where.kept), columns, where.kept)

    def tally(self, packed: PackedRegression, working: Vector, order: int) -> Tally:
        """Sum the family's terms over packed rows."""
        total: Tally | None = None
        for part in packed.parts:
            added = None
            if order == DERIVATIVES:
                rows = RowsOfOnePredictor.of(self.family, self.predictors, part)
                added = None if rows is None else rows.tally(working)
            if added is None:
                added = tally_part(self.family, self.predictors, part, working, order)
            total = added if total is None else total.merge(added)
        if total is None:
            k = working.size
            if order <= GRADIENT:
                return Tally(0.0, 0.0, np.zeros(k), NO_INFORMATION)
            return Tally(0.0, 0.0, np.zeros(k), np.zeros((k, k)), np.zeros(k), np.zeros((k, k)))
        if self.predictors.unit != 1.0:
            # The density of a response is that in its unit, divided by the unit.
            exact = sum(part.total_weight for part in packed.parts if part.kind == "exact")
            shift = exact * float(np.log(self.predictors.unit))
            return replace(total, value=total.value - shift, absolute=total.absolute + abs(shift))
        return total

    def standing(self, packed: PackedRegression, working: Vector) -> Standing:
        """Value and score of packed rows, which are held for products of their information with vectors."""
        return standing(self.family, self.predictors, packed.parts, working)

    def expected_information(self, packed: PackedRegression, working: Vector) -> Array:
        """Sum the Fisher information of packed exact rows, as if they were all there are."""
        k = working.size
        total = np.zeros((k, k))
        for part in packed.parts:
            if part.kind == "exact":
                total += expected_part(self.family, self.predictors, part, working)
        return total
