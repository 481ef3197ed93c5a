"""The log-likelihood of rows that a fit has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.data import Block, Source
from thetahat.engines import Engine
from thetahat.fit import Fit
from thetahat.models import VALUE
from thetahat.models._checks import checked_labels
from thetahat.models.iid import IndependentModel
from thetahat.optimize.refitting import Refitting
from thetahat.response._response import RowNumbers

Columns = dict[str, NDArray[Any]]


def folds_of(n_rows: int, folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The fold of each row, at random, their sizes as equal as can be.

    Raises
    ------
    DataError
        If there are not as many rows as folds.

    Examples
    --------
    >>> np.bincount(folds_of(11, 3, np.random.default_rng(1))).tolist()
    [4, 4, 3]
    """
    if int(folds) != folds or not 2 <= folds <= n_rows:
        raise DataError(f"folds={folds!r}: give a whole number from 2 to the number of rows, {n_rows:,}")
    return rng.permutation(np.arange(n_rows) % int(folds))


def columns_of(source: Source, names: tuple[str, ...]) -> Columns:
    """Whole columns in memory."""
    blocks = [block.columns for block in source.blocks(names)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in names}


def held_out(fit: Fit, source: Source, fold: NDArray[np.intp], engine: Engine) -> float:
    """Σ over folds of the log-likelihood of their rows under the fit to all others (Stone, 1974).

    -inf where a row is impossible under a fit that has not seen it, or a fold leaves rows without a maximum.
    """
    solution = fit.solution
    model: Any = solution.with_data("cross-validation").model
    model = model.changed(weight_column=solution.description["weights"])
    columns = columns_of(source, model.columns)
    if model.family.labelled:
        (name,) = model.response.columns
        labels = checked_labels(name, columns[name], RowNumbers(0))
        columns[name] = np.asarray(model.family.encode(labels))
    refitting = Refitting(model, solution.point, engine)
    total = 0.0
    for number in range(int(fold.max()) + 1):
        inside = fold != number
        law = refitting.of(_block(columns, inside)) if _counts(model, columns, inside) else None
        if law is None:
            return -np.inf
        with np.errstate(all="ignore"):
            working = np.array([float(item) for item in law.working(law.distribution_theta())])
            value = model.tally(model.pack(_block(columns, ~inside)), working, VALUE).value
        if np.isnan(value):
            return -np.inf
        total += value
    return total


def _block(columns: Columns, rows: NDArray[np.bool_]) -> Block:
    return Block(0, int(rows.sum()), {name: values[rows] for name, values in columns.items()})


def _counts(model: IndependentModel, columns: Columns, rows: NDArray[np.bool_]) -> bool:
    """Whether some row of these has weight."""
    return model.weight_column is None or bool((columns[model.weight_column][rows] > 0).any())
