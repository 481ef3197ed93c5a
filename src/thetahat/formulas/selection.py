"""Which rows of a block count: those with weight and, if asked for, those without missing values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, FormulaError
from thetahat.data import Block
from thetahat.response._response import RowNumbers, shown_column

Array = NDArray[Any]
Missing = Literal["error", "drop"]


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """The rule by which rows are kept.

    Parameters
    ----------
    columns
        The columns in which a missing value matters.
    weights
        The column of weights, of which zero leaves a row out; None where there is none.
    missing
        ``"error"`` keeps rows with missing values, for what reads them to refuse; ``"drop"`` leaves them out.

    Raises
    ------
    FormulaError
        If ``missing`` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.data import Block
    >>> block = Block(10, 3, {"x": np.array([1.0, np.nan, 3.0])})
    >>> columns, where = Selection(("x",), None, "drop").of(block)
    >>> columns["x"].tolist(), where.of(1)
    ([1.0, 3.0], 12)
    """

    columns: tuple[str, ...]
    weights: str | None = None
    missing: Missing = "error"

    def __post_init__(self) -> None:
        if self.missing not in {"error", "drop"}:
            raise FormulaError(f"missing={self.missing!r} must be 'error' or 'drop'")

    def of(self, block: Block) -> tuple[Mapping[str, Array], RowNumbers]:
        """Return the columns of the rows that count, and their numbers."""
        keep = None
        if self.weights is not None and block.columns[self.weights].dtype != object:
            weights = block.columns[self.weights]
            keep = None if weights.all() else weights != 0
        if self.missing == "drop":
            for name in self.columns:
                found = missing_values(block.columns[name])
                if found is not None:
                    keep = ~found if keep is None else keep & ~found
        if keep is None or keep.all():
            return block.columns, RowNumbers(block.start)
        kept = np.flatnonzero(keep)
        return {name: values[kept] for name, values in block.columns.items()}, RowNumbers(block.start, kept)

    def dropped(self, block: Block) -> int:
        """How many rows with weight are left out for their missing values."""
        if self.missing != "drop":
            return 0
        kept = self.of(block)[1].kept
        if kept is None:
            return 0
        weighed = block.n_rows
        if self.weights is not None and block.columns[self.weights].dtype != object:
            weighed = int(np.count_nonzero(block.columns[self.weights]))
        return weighed - len(kept)


def missing_values(values: Array) -> NDArray[np.bool_] | None:
    """Which values are missing, None where none is.

    Examples
    --------
    >>> import numpy as np
    >>> missing_values(np.array([1.0, np.nan])).tolist()
    [False, True]
    >>> missing_values(np.array([1, 2])) is None
    True
    """
    if values.dtype.kind == "f":
        # A sum is NaN if any term is; opposite infinities make it so too.
        if not np.isnan(values.sum()):
            return None
        found: Any = np.isnan(values) if values.ndim == 1 else np.isnan(values).any(axis=1)
    elif values.dtype == object:
        items = values.tolist()
        if None not in items:
            return None
        found = np.fromiter((item is None for item in items), bool, len(items))
    else:
        return None
    return found if found.any() else None


def refuse_missing(columns: Mapping[str, Array], names: tuple[str, ...], where: RowNumbers) -> None:
    """Raise an error that counts the missing values by column, if there are any.

    Raises
    ------
    DataError
        If a value is missing.
    """
    counts: dict[str, tuple[int, int]] = {}
    for name in names:
        found = missing_values(columns[name])
        if found is not None:
            counts[name] = (int(found.sum()), where.of(int(np.argmax(found))))
    if counts:
        raise DataError(missing_message(counts))


def missing_message(counts: Mapping[str, tuple[int, int]]) -> str:
    """Say how many values are missing in which columns; of each the count and the first row.

    Examples
    --------
    >>> missing_message({"age": (2, 5)})
    "column 'age' has 2 missing values (first in row 5), rows counted from 0. Impute them, ..."
    """
    parts = [
        f"{shown_column(name)} has {count:,} missing value{'s' if count > 1 else ''} (first in row {row})"
        for name, (count, row) in counts.items()
    ]
    return (
        f"{'; '.join(parts)}, rows counted from 0. Impute them, or leave these rows out with missing='drop' "
        "in th.Regression (on the command line --missing drop), whose predictions for such rows are NaN"
    )
