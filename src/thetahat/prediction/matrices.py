"""New rows of regressions that were made of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thetahat._errors import DataError, ModelError
from thetahat.designs._given import matrix_of
from thetahat.prediction.laws import Laws

FIRST = "X"


def matrix_designs(laws: Laws) -> dict[str, Mapping[str, Any]]:
    """Descriptions of the designs that are matrices, by parameter; one made of another counts as that."""
    found = {}
    for owner, designer in zip(laws.model.predictors.owners, laws.designers, strict=True):
        description: Mapping[str, Any] = designer.describe()
        while "of" in description:
            description = description["of"]
        if description["kind"] == "matrix":
            found[owner] = description
    return found


def matrices_of(laws: Laws, data: Any, designs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the matrices of new rows by the columns in which designs look for them.

    Raises
    ------
    DataError
        If one is missing, has another number of columns or rows, or is no matrix.
    ModelError
        If one is for no parameter with a design of its own.
    """
    wanted = matrix_designs(laws)
    primary, *others = list(wanted)
    given = dict(designs or {})
    if isinstance(data, Mapping) and FIRST in data:
        given = {**{name: value for name, value in data.items() if name != FIRST}, **given}
        data = data[FIRST]
    strange = [name for name in given if name not in others]
    if strange:
        names = ", ".join(others) or "none besides X"
        raise ModelError(f"{laws.purpose}: there is no design of {strange[0]!r}; there are: {names}")
    absent = [name for name in others if name not in given]
    if absent:
        raise DataError(
            f"{laws.purpose}: {absent[0]} has a design of its own, so new rows need one too; give "
            f"designs={{{absent[0]!r}: ...}}"
        )
    matrices = {}
    for owner in wanted:
        what = FIRST if owner == primary else f"designs[{owner!r}]"
        matrices[wanted[owner]["column"]] = _matrix(
            data if owner == primary else given[owner], wanted[owner], what
        )
    counts = {name.strip("()"): matrix.shape[0] for name, matrix in matrices.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} has {count:,}" for name, count in counts.items())
        raise DataError(
            f"{laws.purpose}: numbers of rows differ ({shown}); give one row of each for every row"
        )
    return matrices


def _matrix(given: Any, description: Mapping[str, Any], what: str) -> Any:
    names = list(description["names"])
    columns = (
        list(given) if isinstance(given, Mapping) else [str(name) for name in getattr(given, "columns", ())]
    )
    if columns:
        absent = [name for name in names if name not in columns]
        positional = not isinstance(given, Mapping) and names == [f"x{j}" for j in range(len(columns))]
        if absent and not positional:
            raise DataError(
                f"{what} has no column {absent[0]!r}, which the fit has; its columns are: {', '.join(columns[:20])}"
            )
        if isinstance(given, Mapping):
            given = np.column_stack([np.asarray(given[name], dtype=float) for name in names])
        elif not absent:
            # By name, in whatever order they come.
            given = given[names]
    if np.ndim(given) == 1 and not hasattr(given, "columns") and len(names) > 1 and len(given) == len(names):
        # One row, written as its numbers.
        given = np.asarray(given)[np.newaxis, :]
    matrix, _ = matrix_of(given, None, what)
    if matrix.shape[1] != len(names):
        shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        constant = "; the constant is added by itself" if description["intercept"] else ""
        raise DataError(
            f"{what} has {matrix.shape[1]} column{'s' * (matrix.shape[1] != 1)} and the fit has {len(names)} "
            f"({shown}); give the same columns in the same order{constant}"
        )
    return matrix
