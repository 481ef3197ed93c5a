"""What a fit says of each of its rows, asked once; or why it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.inference.rows import Piece, Rows
from thetahat.rendering import number
from thetahat.report.profiles import PATIENCE, seconds_of_a_pass

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

Vector = NDArray[np.float64]
MOST_ROWS = 5_000_000
"""Rows beyond which numbers of each are not gathered for the sake of pictures."""
_PASSES = 60
SEED = 0
"""Of the draws of randomised residuals, so that a page is the same each time."""


@dataclass(frozen=True, slots=True)
class Rowwise:
    """Numbers by row of the data, NaN for rows that were left out; None where there are none, and then ``why``.

    ``observed`` holds values, or codes of labels; NaN where a value is not known exactly. ``probabilities`` have a
    column a label.
    """

    predictor: Vector | None
    residual: Vector | None
    leverage: Vector | None
    cooks: Vector | None
    log_prob: Vector | None
    observed: Vector
    weight: Vector
    probabilities: Vector | None
    labels: tuple[str, ...]
    why: dict[str, str] = field(default_factory=dict)


def rowwise_of(fit: Fitted) -> Rowwise | str:
    """Ask for everything, or say why nothing is asked for."""
    likelihood = fit.solution.likelihood
    if likelihood is None:
        return "This fit was loaded from a file, which holds no data to draw"
    if fit.solution.too_many:
        return (
            "Not drawn: there are too many coefficients for their covariance; fit.residuals() has the numbers"
        )
    if fit.n_rows > MOST_ROWS:
        return f"Not drawn for {fit.n_rows:,} rows; fit.residuals(), fit.leverage() and fit.predict() have the numbers"
    expected = seconds_of_a_pass(fit, likelihood) * _PASSES
    if expected > PATIENCE:
        return (
            f"Not drawn: the numbers of each of {fit.n_rows:,} rows would take about {expected / 60:.0f} minutes; "
            "fit.residuals(), fit.leverage() and fit.predict() compute them"
        )
    why: dict[str, str] = {}

    def asked(name: str, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except InferenceError as error:
            why[name] = str(error).rstrip(".")
            return None

    rows = asked("rows", lambda: Rows(fit.solved, "a report on rows"))
    if rows is None:
        return why["rows"]
    predictor = asked("predictor", lambda: fit.predict(None, "predictor"))
    labels = asked("labels", lambda: tuple(str(label) for label in fit.labels))
    return Rowwise(
        predictor=None if predictor is None or predictor.ndim > 1 else predictor,
        residual=asked("residual", lambda: fit.residuals("quantile", rng=SEED)),
        leverage=asked("leverage", fit.leverage),
        cooks=asked("cooks", fit.cooks_distance),
        log_prob=asked("log_prob", lambda: fit.predict(None, "log_prob")),
        observed=rows.by_row(lambda piece: _value(piece, rows.unit)),
        weight=rows.by_row(lambda piece: piece.weight),
        probabilities=None
        if labels is None
        else asked("probabilities", lambda: fit.predict(None, "probability")),
        labels=labels or (),
        why=why,
    )


def _value(piece: Piece, unit: float) -> Any:
    return np.nan if piece.y is None else np.asarray(piece.y, dtype=float) * unit


def observed(rows: Rowwise, row: int) -> str:
    """The response of a row, in words where it is a label or not known exactly."""
    value = rows.observed[row]
    if np.isnan(value):
        return "not exact"
    return rows.labels[int(value)] if rows.labels else number(float(value))
