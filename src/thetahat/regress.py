"""Regression from arrays, without formulas or data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, ModelError
from thetahat.arguments import WEIGHTS, Extra, as_family, column_of, known_quantities, open_rows
from thetahat.data import open_source
from thetahat.data.joined import JoinedSource
from thetahat.data.matrix import MatrixSource
from thetahat.designs import Designer, MatrixDesigner
from thetahat.designs._sparse import sparse_rows
from thetahat.fit import Fit
from thetahat.models._predictors import primary_of
from thetahat.regressing import Parts, solve_regression

if TYPE_CHECKING:
    from thetahat.engines import Engine
    from thetahat.optimize import Optimizer
    from thetahat.penalties import Penalty

MATRIX = "(X)"
OFFSET = "(offset)"


def regress(
    X: Any,
    y: Any,
    family: Any,
    *,
    intercept: bool = False,
    names: Sequence[str] | None = None,
    designs: Mapping[str, Any] | None = None,
    offset: Any = None,
    weights: Any = None,
    links: Mapping[str, str] | None = None,
    penalty: Penalty | None = None,
    fixed: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    optimizer: Optimizer | None = None,
    engine: Engine | None = None,
) -> Fit:
    """Regress the primary parameter of a family on the columns of a matrix: link(θ_i) = x_iᵀβ + offset_i.

    Parameters
    ----------
    X
        An array or a sparse matrix of SciPy's, of shape (n, p), or a data frame of numbers, whose column names are
        then those of the coefficients. No constant is added unless ``intercept`` says so.
    y
        Responses, one a row: numbers, labels, or ``th.Observations``.
    family
        A family or its name.
    intercept
        Whether a constant column named ``Intercept`` comes first.
    names
        Names of the coefficients; by default ``x0``, ``x1``, ...
    designs
        Matrices for other parameters, by name; their coefficients are named ``sd:x0``, ...
    offset
        Added to the primary parameter's predictor; one number a row.
    weights
        Frequency weights, one a row.
    links
        Names of links by parameter: ``{"prob": "probit"}``.
    penalty
        What is added to the log-likelihood: ``th.Ridge(1.0)``, ``th.Prior({...})``, ``th.Firth()``. Standard errors
        are then those of the curvature with the penalty in it, which for a prior is that of the posterior's mode.
    fixed, start
        Coefficients on the scale of the predictor, other parameters on the natural scale.
    optimizer, engine
        As in ``th.fit``.

    Raises
    ------
    DataError
        If rows are missing, infinite or outside the support, numbers of rows differ, or columns are aliased.
    ModelError
        If a link or a design is for no parameter of the family.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}
    {'Intercept': -0.2026, 'x0': 0.6779}
    """
    family = as_family(family)
    source, response = open_rows(None, y)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    offset_column = column_of(offset, OFFSET, "offset", extra)
    known = known_quantities(family, extra)
    if extra:
        source = JoinedSource(source, open_source(extra))
    primary = primary_of(family.regression_form())
    matrix, columns = _matrix(X, names, "X")
    matrices = {MATRIX: matrix}
    designers: dict[str, Designer] = {
        primary: MatrixDesigner(MATRIX, columns, intercept=intercept, offset_column=offset_column)
    }
    for name, other in (designs or {}).items():
        if name == primary:
            raise ModelError(f"designs={{{name!r}: ...}}: X is the design of {name}; give designs for others")
        matrices[f"({name})"], columns = _matrix(other, None, f"designs[{name!r}]")
        designers[name] = MatrixDesigner(f"({name})", columns, intercept=intercept, prefix=f"{name}:")
    for name, held in matrices.items():
        if source.n_rows is not None and held.shape[0] != source.n_rows:
            raise DataError(
                f"{name.strip('()')} has {held.shape[0]:,} rows and y has {source.n_rows:,}; "
                "give one row for each value"
            )
    parts = Parts(
        family,
        response,
        designers,
        weight_column=weight_column,
        known=known,
        links=dict(links or {}),
    )
    whole = JoinedSource(source, MatrixSource(matrices))
    return Fit(
        solve_regression(
            parts, whole, fixed=fixed, start=start, optimizer=optimizer, engine=engine, penalty=penalty
        )
    )


def _matrix(given: Any, names: Sequence[str] | None, what: str) -> tuple[Any, tuple[str, ...]]:
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
