"""Predictions of rows: which quantity, from which rows, with which interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError, ThetahatError
from thetahat.models._model import DERIVATIVES
from thetahat.models._predictors import primary_of
from thetahat.models._regression_rows import Part
from thetahat.prediction import quantities
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.new_rows import Answered, Asked, Reading
from thetahat.prediction.predictions import Predictions
from thetahat.prediction.quantities import Point, Quantity, Value
from thetahat.prediction.scales import Ends, Found, by_coordinate, by_scale, scale_of, scale_of_domain
from thetahat.prediction.uncertainty import Uncertainty
from thetahat.solved import Solved

Array = NDArray[Any]

KINDS: Final = ("mean", "variance", "predictor", "quantile", "probability", "class", "log_prob")
PARAMETERS: Final = "parameters"
OTHER_NAMES: Final = {
    "link": "predictor",
    "quantiles": "quantile",
    "probabilities": "probability",
    "log_density": "log_prob",
}
"""Of what can be asked, where no parameter has them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each row, and at what."""

    what: str
    probability: Any = None
    y: Any = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered.

    ``quantity`` makes the function of a piece of rows; ``ends`` the interval; ``labels`` name its columns; ``observed``
    says whether responses are read. ``constant`` is what is reported for all rows, an edge or an infinity that working
    coordinates only come near.
    """

    quantity: Callable[[Answered], Quantity]
    ends: Ends
    labels: tuple[Any, ...] = ()
    observed: bool = False
    knowing: bool = True
    constant: Array | None = None


def predict_parameters(
    solved: Solved, asked: Asked, level: float | None, covariance: str
) -> dict[str, Array | Predictions]:
    """Each parameter of the rows, by its name."""
    names = [p.name for p in Laws(solved, f"predict(what={PARAMETERS!r})").family.declared]
    return {name: predict(solved, Question(name), asked, level, covariance) for name in names}


def predict(
    solved: Solved, question: Question, asked: Asked, level: float | None, covariance: str
) -> Array | Predictions:
    """Answer a question about rows; with a level, with standard errors and intervals."""
    if level is not None and not 0 < level < 1:
        raise InferenceError(f"level={level!r}: the confidence level must lie between 0 and 1, such as 0.95")
    laws = Laws(solved, f"predict(what={question.what!r})")
    if question.what not in {p.name for p in laws.family.declared}:
        question = replace(question, what=OTHER_NAMES.get(question.what, question.what))
    if question.what == "class":
        return _classes(laws, question, asked, level)
    plan = planned(laws, question)
    reading = Reading(laws, asked, responses=plan.observed, knowing=plan.knowing)
    _refuse_other_length(laws, question.y, reading.n_data)
    shape = (reading.n_data, *([len(plan.labels)] if plan.labels else []))
    estimate, undefined = np.full(shape, np.nan), 0
    if level is None:
        for piece in pieces(reading, observed=plan.observed):
            value = plan.quantity(piece)(point_of(piece.law)).value
            estimate[piece.law.start + piece.law.place] = value if plan.constant is None else plan.constant
        return estimate
    if question.what == "quantile" and laws.family.support.discrete:
        raise InferenceError(
            f"{laws.purpose} with level=: quantiles of {laws.family.name} are whole numbers, which jump as parameters "
            "move, so they have no standard error; leave out level, or ask for 'probability'"
        )
    uncertainty = Uncertainty(laws, covariance)
    error, low, high = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    width = float(special.ndtri(0.5 + level / 2))
    for piece in pieces(reading, observed=plan.observed):
        place = piece.law.start + piece.law.place
        found = _found(uncertainty, piece.law, plan.quantity(piece), width)
        with np.errstate(all="ignore"):
            ends = plan.ends(found)
        estimate[place] = found.value if plan.constant is None else plan.constant
        error[place] = found.error
        undefined += int(np.isnan(estimate[place]).reshape(len(place), -1).any(axis=1).sum())
        low[place], high[place] = (np.where(np.isnan(found.error), np.nan, end) for end in ends)
    without = int(np.isnan(error).reshape(len(error), -1).any(axis=1).sum())
    note = ""
    if without and not laws.solution.regular.all():
        note = f"{without:,} rows without an interval: {laws.solution.certificate.sentence}"
    if undefined and question.what in {"mean", "variance"}:
        rows = "1 row" if undefined == 1 else f"{undefined:,} rows"
        note = (
            f"{laws.family.title} has no {question.what} at the parameters of {rows}, where its integral does not "
            "exist; predict a quantile, what='quantile', which always does"
        )
    return Predictions(question.what, estimate, error, low, high, level, plan.labels, note)


def pieces(reading: Reading, *, observed: bool) -> Iterator[Answered]:
    """The rows block by block, with their responses where those are asked for."""
    for block in reading.blocks():
        if observed:
            yield from reading.answered(block)
        else:
            yield Answered(reading.rows(block))


def point_of(rows: LawRows) -> Point:
    """Where rows stand."""
    return Point(rows.eta, rows.known, rows.n_rows)


def _found(uncertainty: Uncertainty, rows: LawRows, quantity: Quantity, width: float) -> Found:
    """The quantity with its standard errors."""
    found = quantity(point_of(rows))
    slopes = uncertainty.with_slopes(rows, quantity, found)
    if found.value.ndim == 1:
        error = uncertainty.spread(rows, slopes)
    else:
        columns = range(found.value.shape[1])
        by_column = [[None if slope is None else slope[:, k] for slope in slopes] for k in columns]
        error = np.stack([uncertainty.spread(rows, some) for some in by_column], axis=1)
    return Found(uncertainty, rows, quantity, found.value, slopes, error, width)


def planned(laws: Laws, question: Question) -> Plan:
    """How a question is answered by a family.

    Raises
    ------
    InferenceError
        If it cannot be.
    """
    family, what = laws.family, question.what
    if question.probability is not None and what != "quantile":
        raise InferenceError(f"probability= goes with what='quantile', not {what!r}")
    if question.y is not None and what not in {"probability", "log_prob"}:
        raise InferenceError(f"y= goes with what='probability' or 'log_prob', not {what!r}")
    if what == "mean":
        return _plain(quantities.mean(family), by_coordinate(laws, scale_of(family)))
    if what == "variance":
        return _plain(quantities.variance(family), by_scale((0.0, np.inf)))
    if what == "quantile":
        return _quantile(laws, question)
    if what == "probability":
        return _probability(laws, question)
    if what == "log_prob":
        return _log_prob(laws, question)
    if what == "predictor":
        return _predictor(laws)
    return _parameter(laws, what)


def _plain(quantity: Quantity, ends: Ends, labels: tuple[Any, ...] = (), *, knowing: bool = True) -> Plan:
    return Plan(lambda _: quantity, ends, labels, knowing=knowing)


def _parameter(laws: Laws, name: str) -> Plan:
    names = [p.name for p in laws.family.declared]
    if name not in names:
        raise InferenceError(
            f"predict(what={name!r}): choose from {', '.join(dict.fromkeys([*KINDS, PARAMETERS, *names]))}"
        )
    parameter = next(p for p in laws.family.declared if p.name == name)
    quantity = quantities.parameter(laws.family, name)
    constant = None
    if name not in laws.model.predictors.owners:
        constant = np.array([laws.solution.natural[entry] for entry in parameter.names])
    if parameter.domain.vector:
        plan = _plain(quantity, by_scale(scale_of_domain(parameter.domain)), parameter.names, knowing=False)
    else:
        plan = _plain(quantity, by_coordinate(laws, scale_of_domain(parameter.domain)), knowing=False)
    return replace(plan, constant=constant)


def _predictor(laws: Laws) -> Plan:
    primary = primary_of(laws.family)
    places = [k for k, owner in enumerate(laws.owners) if owner == primary]
    labels = quantities.labels_of(laws.family)[1:] if len(places) > 1 else ()

    def quantity(piece: Answered) -> Quantity:
        rows = piece.law
        values = [rows.full(rows.predictors[k]) for k in places]
        slopes: list[Any] = [None] * len(rows.eta)
        for column, k in enumerate(places):
            bend = rows.bends[k]
            own = rows.full(1.0 if bend is None else 1.0 / bend[0])
            slopes[k] = (
                own
                if len(places) == 1
                else np.stack(
                    [own if other == column else np.zeros(rows.n_rows) for other in range(len(places))],
                    axis=1,
                )
            )
        value = values[0] if len(places) == 1 else np.stack(values, axis=1)
        return lambda _: Value(value, tuple(slopes))

    return Plan(quantity, by_scale((-np.inf, np.inf)), labels, knowing=False)


def _quantile(laws: Laws, question: Question) -> Plan:
    family = laws.family
    if not family.ordered:
        raise InferenceError(
            f"labels of {family.name} have no order and no quantiles; ask for 'probability' or 'class'"
        )
    if question.probability is None:
        raise InferenceError("predict(what='quantile') needs probability=, such as 0.5 for medians")
    probability = question.probability
    if np.ndim(probability) or isinstance(probability, str) or not 0.0 <= probability <= 1.0:
        raise InferenceError(f"probability={question.probability!r} must be one number between 0 and 1")
    return _plain(quantities.quantile(family, float(probability)), by_coordinate(laws, scale_of(family)))


def _probability(laws: Laws, question: Question) -> Plan:
    family = laws.family
    ends = by_coordinate(laws, (0.0, 1.0))
    if question.y is None and quantities.classified(family):
        return _plain(quantities.class_probabilities(family), ends, quantities.labels_of(family))
    at = None if question.y is None else _values(laws, question.y)

    def quantity(piece: Answered) -> Quantity:
        values = _at_rows(at, piece)
        if family.ordered:
            return quantities.distribution_function(family, values)
        shares = quantities.class_probabilities(family)
        codes = np.broadcast_to(values, (piece.law.n_rows,)).astype(np.intp)

        def chosen(at: Point) -> Value:
            found = shares(at)
            across = np.arange(at.n_rows)
            return Value(found.value[across, codes], tuple(s[across, codes] for s in found.slopes or ()))

        return chosen

    return Plan(quantity, ends, observed=at is None)


def _log_prob(laws: Laws, question: Question) -> Plan:
    family = laws.family
    ends = by_scale((-np.inf, np.inf))
    if question.y is not None:
        at = _values(laws, question.y)

        def given(piece: Answered) -> Quantity:
            return quantities.at_their_limit(quantities.log_density(family, _at_rows(at, piece)))

        return Plan(given, ends)
    return Plan(lambda piece: observed_log_density(laws, piece.part), ends, observed=True)


def observed_log_density(laws: Laws, part: Part | None) -> Quantity:
    """Log-likelihood of rows as they were observed: of a value, of an interval, given the limits of truncation."""
    assert part is not None  # noqa: S101 - responses are read

    def quantity(at: Point) -> Value:
        with np.errstate(all="ignore"):
            terms = part.terms(laws.family, at.eta, DERIVATIVES)
        return Value(np.broadcast_to(terms.value, (at.n_rows,)), terms.gradient)

    return quantities.at_their_limit(quantity)


def _values(laws: Laws, y: Any) -> Array:
    """Values, labels as their codes, at which rows are asked about."""
    try:
        values = np.asarray(laws.family.encode(y), dtype=float)
    except (TypeError, ValueError) as error:
        if isinstance(error, ThetahatError):
            raise
        raise DataError(f"{laws.purpose}: y={y!r} must be numbers ({error})") from error
    if values.ndim > 1:
        raise DataError(
            f"{laws.purpose}: y has shape {values.shape}; give one value for all rows, or one a row"
        )
    return values


def _refuse_other_length(laws: Laws, y: Any, n_rows: int) -> None:
    if y is not None and np.ndim(y) == 1 and len(y) != n_rows:
        raise DataError(
            f"{laws.purpose}: y has {len(y):,} values for {n_rows:,} rows; give one for all rows, or one for each"
        )


def _at_rows(at: Array | None, piece: Answered) -> Array:
    """The values at which rows are asked about: those given, one a row of the data, or their own."""
    rows = piece.law
    if at is None:
        return np.full(rows.n_rows, np.nan) if piece.y is None else np.asarray(piece.y)
    return at[rows.start + rows.place] if at.ndim else at


def _classes(laws: Laws, question: Question, asked: Asked, level: float | None) -> Array:
    family = laws.family
    if not quantities.classified(family):
        raise InferenceError(
            f"predict(what='class'): values of {family.name} are no labels; ask for 'mean' or 'quantile'"
        )
    if level is not None:
        raise InferenceError(
            "predict(what='class', level=...): a label has no standard error; ask for 'probability'"
        )
    plan = planned(laws, Question("probability", question.probability, question.y))
    reading = Reading(laws, asked)
    codes = np.full(reading.n_data, -1, dtype=np.intp)
    for piece in pieces(reading, observed=False):
        shares = plan.quantity(piece)(point_of(piece.law)).value
        codes[piece.law.start + piece.law.place] = np.argmax(shares, axis=1)
    if (codes >= 0).all():
        return np.asarray(family.decode(codes))
    labels = np.full(codes.size, None, dtype=object)
    labels[codes >= 0] = family.decode(codes[codes >= 0])
    return labels
