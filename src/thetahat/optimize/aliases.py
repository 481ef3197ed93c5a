"""Refusing designs whose columns are combinations of one another, before anything is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.engines import Engine
from thetahat.models._regression_rows import PackedRegression
from thetahat.numerics.rank import aliased
from thetahat.regression_pass import RegressionArrangement

Matrix = NDArray[np.float64]
SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Gram:
    matrix: Matrix

    def merge(self, other: _Gram) -> _Gram:
        return _Gram(self.matrix + other.matrix)


def refuse_aliased(arrangement: RegressionArrangement, engine: Engine) -> None:
    """Raise where a design does not determine its coefficients, whatever the responses.

    Raises
    ------
    DataError
        Naming the aliased columns and what they are combinations of.
    """
    model = arrangement.model
    for index, (owner, designer) in enumerate(
        zip(model.predictors.owners, model.predictors.designers, strict=True)
    ):
        found = aliased(_gram(arrangement.sample, index), designer.names)
        if not found:
            continue
        # Rows that the sample lacks may tell apart what it does not.
        whole = engine.reduce(partial(_of_block, arrangement, index), arrangement.blocks())
        rows = _Rows(arrangement, index)
        found = aliased(whole.matrix, designer.names, rows.product, rows.transposed)
        if not found:
            continue
        width = len(designer.names)
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


def _of_block(arrangement: RegressionArrangement, index: int, block: Any) -> _Gram:
    packed = block if arrangement.packed else arrangement.model.pack(block)
    return _Gram(_gram(packed, index))


def _gram(packed: PackedRegression, index: int) -> Matrix:
    return np.sum([part.designs[index].gram(np.ones(part.n_rows)) for part in packed.parts], axis=0)


class _Rows:
    """Products with all rows of a design, block by block."""

    def __init__(self, arrangement: RegressionArrangement, index: int) -> None:
        self._arrangement = arrangement
        self._index = index

    def _designs(self) -> Any:
        arrangement = self._arrangement
        for block in arrangement.blocks():
            packed = block if arrangement.packed else arrangement.model.pack(block)
            yield from (part.designs[self._index] for part in packed.parts)

    def product(self, vectors: Matrix) -> Matrix:
        return np.concatenate(
            [design.matvec(np.ascontiguousarray(vectors.T)).T for design in self._designs()]
        )

    def transposed(self, values: Matrix) -> Matrix:
        total: Any = 0.0
        at = 0
        for design in self._designs():
            rows = values[at : at + design.n_rows]
            total = total + design.transpose(np.ascontiguousarray(rows.T)).T
            at += design.n_rows
        return np.asarray(total)
