"""Designs that are handed over as a matrix, beside the response."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, ModelError
from thetahat.designs._dense import DenseDesign
from thetahat.designs._design import Design
from thetahat.designs._designer import Designer
from thetahat.designs._sparse import SparseDesign, with_constant
from thetahat.response._response import RowNumbers, numbers

Array = NDArray[Any]
SHOWN = 5


@final
class MatrixDesigner(Designer):
    """The rows of a matrix, dense or sparse, in one column of the source, with or without a constant before it.

    Parameters
    ----------
    column
        The column of the source that holds the rows of the matrix.
    names
        Names of the matrix's columns.
    intercept
        Whether a constant column named ``Intercept`` comes first.
    offset_column
        The column that is added to the predictor, or None.
    prefix
        Stands before every name: ``sd:``.
    """

    def __init__(
        self,
        column: str,
        names: tuple[str, ...],
        *,
        intercept: bool = False,
        offset_column: str | None = None,
        prefix: str = "",
    ) -> None:
        self._column = column
        self._offset_column = offset_column
        self._plain_names = names
        self._prefix = prefix
        self.intercept = 0 if intercept else None
        self.names = tuple(prefix + name for name in (("Intercept",) if intercept else ()) + names)
        self.columns = (column, *([offset_column] if offset_column is not None else []))

    @classmethod
    def restored(cls, description: Mapping[str, Any]) -> MatrixDesigner:
        """Make a designer again from what ``describe`` returned, which may have been through JSON.

        Raises
        ------
        ModelError
            If the description is damaged.
        """
        names, offset = description.get("names"), description.get("offset")
        texts = (
            description.get("column"),
            description.get("prefix"),
            *(names if isinstance(names, list) else ()),
        )
        sound = (
            isinstance(names, list)
            and all(isinstance(text, str) for text in texts)
            and isinstance(offset, str | None)
            and isinstance(description.get("intercept"), bool)
        )
        if not sound or not isinstance(names, list):
            raise ModelError("the description of a matrix is damaged; save the fit again")
        return cls(
            str(description["column"]),
            tuple(names),
            intercept=description["intercept"],
            offset_column=offset,
            prefix=str(description["prefix"]),
        )

    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return the design of these rows.

        Raises
        ------
        DataError
            If a number is missing or infinite.
        """
        matrix: Any = columns[self._column]
        if not isinstance(matrix, np.ndarray):
            if not np.isfinite(matrix.data).all():
                self._refuse_sparse(matrix, where)
            return SparseDesign(matrix if self.intercept is None else with_constant(matrix))
        # One sum tells whether all are finite; where huge numbers overflow it, each is looked at.
        if not isfinite(float(np.add.reduce(matrix, axis=None))):
            self._refuse(matrix, where)
        if self.intercept is None:
            return DenseDesign(matrix)
        whole = np.empty((matrix.shape[0], matrix.shape[1] + 1))
        whole[:, 0] = 1.0
        whole[:, 1:] = matrix
        return DenseDesign(whole)

    def _refuse(self, matrix: Array, where: RowNumbers) -> None:
        bad = ~np.isfinite(matrix)
        if not bad.any():
            return
        rows, columns = np.nonzero(bad)
        self._refuse_at(rows, columns, where)

    def _refuse_sparse(self, matrix: Any, where: RowNumbers) -> None:
        bad = np.flatnonzero(~np.isfinite(matrix.data))
        rows = np.searchsorted(matrix.indptr, bad, side="right") - 1
        self._refuse_at(rows, matrix.indices[bad], where)

    def _refuse_at(self, rows: Array, columns: Array, where: RowNumbers) -> None:
        counts = np.bincount(columns, minlength=len(self._plain_names))
        shown = [
            f"{self._plain_names[j]} ({counts[j]:,}, first in row {where.of(rows[columns == j].min())})"
            for j in np.flatnonzero(counts)[:SHOWN]
        ]
        more = int((counts > 0).sum()) - SHOWN
        also = f" and {more} more columns" if more > 0 else ""
        raise DataError(
            f"X has missing or infinite values in {', '.join(shown)}{also}, rows counted from 0. "
            "Remove or impute these rows"
        )

    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> NDArray[np.float64] | None:
        """Return the offset's column as numbers."""
        if self._offset_column is None:
            return None
        return numbers(self._offset_column, columns[self._offset_column], where).astype(float, copy=False)

    def describe(self) -> Mapping[str, Any]:
        """Names, intercept and prefix."""
        return {
            "kind": "matrix",
            "column": self._column,
            "names": list(self._plain_names),
            "intercept": self.intercept is not None,
            "offset": self._offset_column,
            "prefix": self._prefix,
        }
