"""Values that many rows equal: how many they are, and where there is no maximum inside because of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.models._rows import PackedRows
from thetahat.optimize.existence import Gathered

CANDIDATES = 64
"""Values that are counted over all rows when the largest tie is looked for."""
ROUNDING = 1e-12
WORTH_COUNTING = 0.4
"""The share of the thinned rows on one value from which on it is counted whether they are half of all rows."""
NO_SCALE = 1e-60
"""In sizes of the data, a scale beside which nothing but the tails is left of what rows off the tie say."""


@dataclass(frozen=True, slots=True)
class _Tied:
    equal: NDArray[np.float64]
    admitting: NDArray[np.float64]

    def merge(self, other: _Tied) -> _Tied:
        return _Tied(self.equal + other.equal, self.admitting + other.admitting)


@dataclass(frozen=True, slots=True)
class Heaviest:
    """The value whose equals weigh most against the rows that exclude it, and both weights."""

    value: float
    equal: float
    excluding: float


def heaviest(arrangement: Arrangement, engine: Engine) -> Heaviest:
    """Count the tie that weighs most against the rows that exclude it; there is an exact row.

    Where there are many rows, the thinned ones tell which values are counted over all of them.
    """
    survey, model, sample = arrangement.survey, arrangement.model, arrangement.sample
    values = np.unique(sample.y)
    found = _tied(sample, values)
    total = sample.n_exact + sample.n_interval
    worst = np.argsort(-_pull(found.equal, total - found.equal - found.admitting), kind="stable")
    values = np.sort(values[worst[:CANDIDATES]])

    def count(block: Any) -> _Tied:
        return _tied(block if arrangement.packed else model.pack(block), values)

    found = engine.reduce(count, arrangement.blocks())
    excluding = survey.n_obs - found.equal - found.admitting
    most = int(np.argmax(_pull(found.equal, excluding)))
    return Heaviest(float(values[most]), float(found.equal[most]), float(excluding[most]))


def with_ties(arrangement: Arrangement, engine: Engine) -> Survey:
    """Add the tie that weighs most against the rows that exclude it."""
    survey, sample = arrangement.survey, arrangement.sample
    if not sample.y.size:
        return survey
    if survey.all_exact and sample.weight is None:
        ordered = np.sort(sample.y)
        if (ordered[1:] != ordered[:-1]).all():
            return replace(survey, tie=(1.0, survey.n_obs - 1.0))
    found = heaviest(arrangement, engine)
    return replace(survey, tie=(found.equal, found.excluding))


def with_ties_given(arrangement: Arrangement, engine: Engine, fixed: Mapping[str, Any]) -> Survey:
    """The survey with its largest tie, or with that at the location where it is fixed."""
    survey, centre = arrangement.survey, arrangement.model.family.gathers.centre
    if centre is None or centre[0] not in fixed:
        return with_ties(arrangement, engine)
    at = _tie_at(arrangement, engine, float(fixed[centre[0]]))
    return replace(survey, tie=(at.equal, at.excluding))


def _tie_at(arrangement: Arrangement, engine: Engine, value: float) -> Heaviest:
    def count(block: Any) -> _Tied:
        return _tied(block if arrangement.packed else arrangement.model.pack(block), np.array([value]))

    found = engine.reduce(count, arrangement.blocks())
    equal, admitting = float(found.equal[0]), float(found.admitting[0])
    return Heaviest(value, equal, arrangement.survey.n_obs - equal - admitting)


def on_a_tie(arrangement: Arrangement, engine: Engine, likelihood: Likelihood) -> str | Gathered | None:
    """Where a family's tails make the scale vanish on a value that many rows equal.

    Returns why ℓ has no bound; or where its supremum lies, which is neared, or attained all along a curve; or None.
    """
    model, survey = arrangement.model, arrangement.survey
    times = model.family.outweighed(model.table.fixed)
    if times is None or survey.n_exact == 0:
        return None
    if model.family.spikes.startswith("at "):
        return _on_the_one_value(arrangement, engine, times)
    if not _worth_counting(arrangement.sample):
        return None
    location = model.family.declared[0].name
    held = model.table.fixed.get(location)
    tie = (
        heaviest(arrangement, engine)
        if held is None
        else _tie_at(arrangement, engine, float(held) / model.unit)
    )
    excess = tie.equal - times * tie.excluding
    shown = f"{tie.value * model.unit:g}"
    source = "(Copas, 1975; Kent & Tyler, 1991)"
    if excess > ROUNDING * survey.n_obs:
        return (
            f"{tie.equal:g} rows equal {shown} and {tie.excluding:g} exclude it, so that it rises without bound as the "
            f"scale shrinks on that value {source}"
        )
    if excess < -ROUNDING * survey.n_obs or survey.truncated:
        return None
    scale = model.family.declared[1].name
    if times == 1.0 and held is None and survey.all_exact:
        low, high = survey.minimum, survey.maximum
        two = [_tie_at(arrangement, engine, end).equal for end in (low, high)]
        if abs(sum(two) - survey.n_obs) <= ROUNDING * survey.n_obs:
            return _on_a_curve(arrangement, likelihood, low, high)
    at = {location: tie.value * model.unit}
    size = max(abs(survey.minimum), abs(survey.maximum)) or 1.0
    there = model.table.free_from_natural({**at, scale: NO_SCALE * size * model.unit})
    supremum = likelihood.tally(there, VALUE).value
    rows = (
        "half of the rows equal"
        if times == 1.0
        else f"{tie.equal:g} rows equal and {tie.excluding:g} exclude"
    )
    sentence = (
        f"No {scale} above 0 attains the supremum, {supremum:.6g}: it is neared as the {scale} shrinks on {shown}, "
        f"which {rows} {source}. Give the values with their rounding as intervals (th.Observations.interval), or "
        "fix a parameter."
    )
    values = {scale: 0.0} if held is not None else {location: at[location], scale: 0.0}
    return Gathered(values, supremum, shown, attained=False, sentence=sentence)


def _on_the_one_value(arrangement: Arrangement, engine: Engine, times: float) -> str | None:
    """Why ℓ has no bound, where the family's density can be high at one value alone and too many rows equal it."""
    survey = arrangement.survey
    value = float(arrangement.model.family.spikes.removeprefix("at "))
    if survey.truncated or not survey.minimum <= value <= survey.maximum:
        return None
    tie = _tie_at(arrangement, engine, value)
    if not tie.equal - times * tie.excluding > ROUNDING * survey.n_obs:
        return None
    return (
        f"{tie.equal:g} rows equal {value:g}, more than {times:g} times the {tie.excluding:g} that exclude it, so that "
        "it rises without bound as the scale shrinks"
    )


def _on_a_curve(arrangement: Arrangement, likelihood: Likelihood, low: float, high: float) -> Gathered:
    """The maxima of rows that halve into two values: a half circle over the way between these."""
    model = arrangement.model
    location, scale = (parameter.name for parameter in model.family.declared[:2])
    low, high = low * model.unit, high * model.unit
    middle = {location: 0.5 * low + 0.5 * high, scale: 0.5 * high - 0.5 * low}
    top = model.table.free_from_natural(middle)
    sentence = (
        f"The likelihood is flat: half of the rows equal {low:g} and half {high:g}, so that all {location} and {scale} "
        f"with ({location} - {low:g})({high:g} - {location}) = {scale}² are equally good (Copas, 1975). Fix one of "
        "them, or gather more data."
    )
    anywhere = dict.fromkeys((location, scale), float(np.nan))
    return Gathered(anywhere, likelihood.tally(top, VALUE).value, "a curve", sentence=sentence)


def _worth_counting(sample: PackedRows) -> bool:
    """Whether so many of the thinned rows may equal one value that all rows have to be asked.

    A value that half of the rows equal is one of their middle ones.
    """
    y = sample.y
    if sample.low.size or sample.weight is not None:
        return y.size > 0
    if not y.size:
        return False
    middle = ((y.size - 1) // 2, y.size // 2)
    ordered = np.partition(y, middle)
    return any(np.count_nonzero(y == ordered[index]) >= WORTH_COUNTING * y.size for index in middle)


def _pull(equal: NDArray[np.float64], excluding: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that equal a value against those that exclude it; what is left of none is rounding of weights."""
    some = excluding > ROUNDING * (equal + np.abs(excluding))
    return np.where(some, equal / np.where(some, excluding, 1.0), np.inf)


def _tied(rows: PackedRows, values: NDArray[np.float64]) -> _Tied:
    """By value, the weight of the exact rows that equal it and of the interval rows that admit it."""

    def below(ends: NDArray[Any], weight: NDArray[Any] | None, side: Literal["left", "right"]) -> Any:
        order = np.argsort(ends, kind="stable")
        steps = np.ones(ends.shape) if weight is None else weight[order]
        return np.append(0.0, np.cumsum(steps))[np.searchsorted(ends[order], values, side)]

    equal = below(rows.y, rows.weight, "right") - below(rows.y, rows.weight, "left")
    begun = below(rows.low, rows.interval_weight, "right")
    return _Tied(equal, begun - below(rows.high, rows.interval_weight, "left"))
