"""Regression from arrays, without formulas or data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from thetahat._errors import DataError, ModelError
from thetahat.arguments import WEIGHTS, Extra, as_family, column_of, known_quantities, open_rows
from thetahat.data import open_source
from thetahat.data.joined import JoinedSource
from thetahat.data.matrix import MatrixSource
from thetahat.designs import Designer, MatrixDesigner
from thetahat.designs._given import matrix_of
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
    {'Intercept': -0.1799, 'x0': 0.674}
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
    matrix, columns = matrix_of(X, names, "X")
    matrices = {MATRIX: matrix}
    designers: dict[str, Designer] = {
        primary: MatrixDesigner(MATRIX, columns, intercept=intercept, offset_column=offset_column)
    }
    for name, other in (designs or {}).items():
        if name == primary:
            raise ModelError(f"designs={{{name!r}: ...}}: X is the design of {name}; give designs for others")
        matrices[f"({name})"], columns = matrix_of(other, None, f"designs[{name!r}]")
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
