"""What the rows are, before any family sees them: counts, measurements or labels, and how far they reach."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.data import Block, Source
from thetahat.engines import Engine
from thetahat.models._checks import checked_weights
from thetahat.response import Response
from thetahat.response._response import RowNumbers, numbers, shown_column


@dataclass(frozen=True, slots=True)
class Extent:
    """The range of values known exactly, and what kind they are; an associative record."""

    lowest: float
    highest: float
    whole: bool
    labels: bool
    n_exact: int

    def merge(self, other: Extent) -> Extent:
        """That of both."""
        return Extent(
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
            self.whole and other.whole,
            self.labels or other.labels,
            self.n_exact + other.n_exact,
        )

    @property
    def words(self) -> str:
        """The range in words."""
        return f"{self.lowest:.6g} to {self.highest:.6g}"


NOTHING = Extent(np.inf, -np.inf, whole=True, labels=False, n_exact=0)


def extent_of(source: Source, response: Response, weight_column: str | None, engine: Engine) -> Extent:
    """Read all rows once.

    Raises
    ------
    DataError
        If values are missing or infinite, or no row counts; the message names the rows.
    """
    weights = [] if weight_column is None else [weight_column]

    def of(block: Block) -> Extent:
        columns = dict(block.columns)
        where = RowNumbers(block.start, block.kept)
        if weight_column is not None:
            used = np.flatnonzero(checked_weights(weight_column, columns[weight_column], where))
            where = RowNumbers(block.start, used if block.kept is None else block.kept[used])
            columns = {name: values[used] for name, values in columns.items()}
        observed = response.observe(columns, where)
        return _extent(response.describe(), observed.y, where)

    names = tuple(dict.fromkeys([*response.columns, *weights]))
    found = engine.reduce(of, source.blocks(names))
    if not found.n_exact and not response.censored:
        raise DataError(
            f"all weights ({shown_column(str(weight_column))}) are zero, so no row counts; give some weight to the rows"
        )
    return found


def _extent(what: str, y: NDArray[Any], where: RowNumbers) -> Extent:
    if not y.shape[0]:
        return NOTHING
    if y.dtype.kind in "OU":
        return Extent(np.inf, -np.inf, whole=False, labels=True, n_exact=y.shape[0])
    if y.dtype.kind == "f":
        numbers(what, y, where)
    whole = y.dtype.kind != "f" or bool((y == np.floor(y)).all())
    return Extent(float(y.min()), float(y.max()), whole, labels=False, n_exact=y.shape[0])
