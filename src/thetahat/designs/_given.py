"""Matrices as users hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.designs._sparse import sparse_rows


def matrix_of(given: Any, names: Sequence[str] | None, what: str) -> tuple[Any, tuple[str, ...]]:
    """Return a matrix of floats, dense or sparse as it was given, and the names of its columns."""
    if names is None and hasattr(given, "columns"):
        names = [str(name) for name in given.columns]
    sparse = sparse_rows(given)
    if sparse is not None:
        return sparse, _column_names(names, sparse.shape[1], what)
    try:
        matrix = np.asarray(given)
    except ValueError as error:
        raise DataError(f"{what} is no matrix ({error}); give an array of shape (rows, columns)") from error
    if matrix.ndim == 1:
        matrix = matrix[:, np.newaxis]
    if matrix.ndim != 2:
        raise DataError(f"{what} has shape {matrix.shape}; give an array of shape (rows, columns)")
    if matrix.dtype.kind not in "biuf":
        matrix = _numbers(matrix, what)
    if matrix.dtype != np.float64:
        matrix = matrix.astype(np.float64)
    return matrix, _column_names(names, matrix.shape[1], what)


def _column_names(names: Sequence[str] | None, count: int, what: str) -> tuple[str, ...]:
    if names is None:
        return tuple(f"x{j}" for j in range(count))
    if len(names) != count:
        raise DataError(f"{len(names)} names for the {count} columns of {what}; give one for each")
    return tuple(str(name) for name in names)


def _numbers(matrix: NDArray[Any], what: str) -> NDArray[np.float64]:
    if matrix.dtype.kind == "O":
        try:
            return matrix.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{what} holds something else than numbers ({error}); convert it first"
            ) from error
    raise DataError(f"{what} holds {matrix.dtype}, no real numbers; convert it first")
