"""From the responses of a block to its parts: rows that are known alike, beside their rows of the designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.designs import Design
from thetahat.families import Family
from thetahat.models._positions import RowPositions
from thetahat.models._regression_rows import Part
from thetahat.models._rows import PackedRows
from thetahat.models._truncation import TruncatedRows

Array = NDArray[Any]
Vector = NDArray[np.float64]


def parts_of(
    family: Family,
    rows: PackedRows,
    positions: RowPositions,
    designs: Sequence[Design],
    offsets: Sequence[Vector | None],
) -> tuple[Part, ...]:
    """Part the rows of a block, whose designs may be none: those known exactly first, then those in intervals."""
    parts = []
    limits, n_exact, n_interval = rows.truncation, rows.y.shape[0], rows.low.shape[0]
    if n_exact:
        unit = -np.inf
        if rows.y.dtype.kind == "f" and not family.support.discrete:
            unit = float(np.log(np.spacing(np.max(np.abs(rows.y)))))
        parts.append(
            _part(
                "exact",
                rows.prepared,
                rows.known,
                rows.weight,
                positions.exact,
                n_exact,
                designs,
                offsets,
                unit,
                None if limits is None else limits.among(np.arange(n_exact)),
            )
        )
    if n_interval:
        parts.append(
            _part(
                "interval",
                (rows.low, rows.high),
                rows.interval_known,
                rows.interval_weight,
                positions.interval,
                n_interval,
                designs,
                offsets,
                truncation=None if limits is None else limits.among(n_exact + np.arange(n_interval)),
            )
        )
    return tuple(parts)


def _part(
    kind: str,
    rows: tuple[Any, ...],
    known: Mapping[str, Any],
    weight: Vector | None,
    positions: Array | None,
    n_rows: int,
    designs: Sequence[Design],
    offsets: Sequence[Vector | None],
    log_unit: float = -np.inf,
    truncation: TruncatedRows | None = None,
) -> Part:
    if positions is not None:
        designs = [design.take(positions) for design in designs]
        offsets = [None if offset is None else offset[positions] for offset in offsets]
    # Whole numbers become floats once, not at every evaluation.
    columns = tuple(_numbers(column, n_rows) for column in rows)
    return Part(kind, n_rows, columns, known, weight, tuple(designs), tuple(offsets), log_unit, truncation)


def _numbers(column: Any, n_rows: int) -> Any:
    if not np.ndim(column):
        return column
    if column.shape != (n_rows,):
        column = np.broadcast_to(column, (n_rows,))
    return column.astype(float, copy=False)
