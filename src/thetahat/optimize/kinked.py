"""The verdict on maxima of likelihoods with kinks, and the way there from the first pass on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, SCORES, VALUE, Tally
from thetahat.models.iid import IndependentModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize import evidence as evidences
from thetahat.optimize import findings
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import listed
from thetahat.optimize.climb import Conditions
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import gathered
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.existence import Gathered
from thetahat.optimize.kinks import Found, Kinks, Station
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.places import best_place, others_at
from thetahat.optimize.verdict import judge
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
LENGTHS = (0.1, 1.0)
"""Standard errors, by which ℓ is looked at along each coordinate and pair."""
MOST_CLIMBS = 12
KINKED = "kinked"
COMPARED = (
    "between rows the profile of the location has no maximum, and all rows were compared (Kotz, Kozubowski & "
    "Podgórski, 2001)"
)


@dataclass(frozen=True, slots=True)
class _Values:
    values: Vector

    def merge(self, other: _Values) -> _Values:
        return _Values(self.values + other.values)


def maximise_kinked(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    conditions: Conditions,
    declared: Declared,
    starts: list[Vector],
) -> Outcome:
    """The highest maximum that the starts lead to, each followed to where ℓ falls all around."""
    kinks = Kinks(arrangement, likelihood, engine, conditions)
    best: Outcome | None = None
    for start in starts:
        outcome = _from(kinks, start, declared)
        if best is None or _better(outcome, best):
            best = outcome
    assert best is not None  # noqa: S101 - there is a start
    return best


def _better(one: Outcome, other: Outcome) -> bool:
    """Whether an outcome is a higher maximum than another, or a maximum where that is none."""
    maxima = [outcome.certificate.verdict in {Verdict.MAXIMUM, Verdict.FLAT} for outcome in (one, other)]
    if maxima[0] != maxima[1]:
        return maxima[0]
    return bool(one.value > other.value + one.tally.rounding + other.tally.rounding)


def _from(kinks: Kinks, start: Vector, declared: Declared) -> Outcome:
    for _ in range(MOST_CLIMBS):
        found = kinks.climb(start)
        outcome, higher = _judged(kinks, found, declared)
        if higher is None:
            break
        start = higher
    return outcome


def from_sides(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    conditions: Conditions,
    declared: Declared,
    fixed: Mapping[str, Any],
) -> Outcome | None:
    """The maximum of exact rows that are affine on either side of the kink, or a higher supremum at an end of them.

    None where neither is found.
    """
    model, survey = arrangement.model, arrangement.survey
    kinks = Kinks(arrangement, likelihood, engine, conditions)
    theorem = COMPARED if declared.theorem is None else declared.theorem
    inside = _inside(arrangement, engine, kinks, replace(declared, theorem=theorem), fixed)
    ends = model.family.one_sided(survey) if model.table.all_free else ()
    if not ends:
        return inside
    shift = survey.n_exact * float(np.log(model.unit))
    values, supremum, words = max(ends, key=lambda end: end[1])
    if inside is not None and inside.value > supremum - shift:
        return inside
    natural = {name: value * model.table.unit(name) for name, value in values.items()}
    place = Gathered(natural, supremum - shift, words, attained=False)
    guess = model.starting_values(arrangement.sample)
    return gathered(model.table, guess, place, replace(declared, theorem=COMPARED))


def _inside(
    arrangement: Arrangement, engine: Engine, kinks: Kinks, declared: Declared, fixed: Mapping[str, Any]
) -> Outcome | None:
    best = best_place(arrangement, engine, fixed)
    point = _point(arrangement, engine, best.place, fixed)
    if point is None:
        return None
    station, level = kinks.here(point), None
    for is_level, end in ((station.level_above, best.after), (station.level_below, best.before)):
        if is_level and np.isfinite(end):
            level = (min(best.place, end), max(best.place, end))
            middle = _point(arrangement, engine, 0.5 * level[0] + 0.5 * level[1], fixed)
            assert middle is not None  # noqa: S101 - distances on a level stretch are those at its end
            station = kinks.here(middle)
            break
    if not station.peak:
        return None
    return _at_kink(kinks, Found(station, level=level), declared, arrangement.model)[0]


def _point(arrangement: Arrangement, engine: Engine, place: float, fixed: Mapping[str, Any]) -> Vector | None:
    model = arrangement.model
    others = others_at(arrangement, engine, place, fixed)
    assert others is not None  # noqa: S101 - the caller has looked
    family, table = model.family, model.table
    inside = [p.domain.contains(v) for p, v in zip(family.declared[1:], others, strict=True)]
    if not all(inside):
        return None
    working = np.array(family.working((place, *others)), dtype=float)
    return working[table.free_index]


# ---- Verdicts --------------------------------------------------------------------------------------------------


def _judged(kinks: Kinks, found: Found, declared: Declared) -> tuple[Outcome, Vector | None]:
    """The outcome of a climb, and where to climb on from if ℓ is higher nearby."""
    model: Any = kinks.likelihood.model
    if found.station is not None:
        return _at_kink(kinks, found, declared, model)
    assert found.search is not None  # noqa: S101 - it is the one or the other
    outcome = judge(kinks.likelihood, found.search, declared)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome, None
    if declared.regularity(outcome.natural) != KINKED:
        return outcome, None
    spread = spread_of_scores(kinks, outcome.point)
    higher = _higher(kinks, outcome.point, outcome.tally, spread, declared)
    return _with_errors(outcome, spread, model.table), higher


def _at_kink(
    kinks: Kinks, found: Found, declared: Declared, model: IndependentModel
) -> tuple[Outcome, Vector | None]:
    station, level = found.station, found.level
    assert station is not None  # noqa: S101 - the caller has looked
    if level is not None and station.point[kinks.position] in level:
        station = kinks.station(0.5 * level[0] + 0.5 * level[1], station.point)
    table, point = kinks.likelihood.table, station.point
    spread = spread_of_scores(kinks, point)
    seen = _evidence(kinks, station, spread, declared)
    settled = Settled(point, seen.tally)
    if not seen.is_maximum:
        limited = judge(kinks.likelihood, settled, declared)
        if limited.certificate.verdict is not Verdict.MAXIMUM:
            return limited, None
        return findings.not_converged(table, seen, settled, declared), None
    if level is not None:
        half = 0.5 * (level[1] - level[0])
        if half >= _error(spread, kinks.position):
            return _flat(kinks, seen, settled, level, declared), None
    outcome = findings.maximum(table, seen, settled, declared)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome, None
    higher = _higher(kinks, point, station.tally, spread, declared)
    outcome = _with_errors(outcome, spread, table)
    return _told(outcome, model, level, _error(spread, kinks.position)), higher


def _told(
    outcome: Outcome, model: IndependentModel, level: tuple[float, float] | None, error: float
) -> Outcome:
    """Say what kind of a maximum it is."""
    certificate, name, table = outcome.certificate, model.family.kinked, model.table
    digits = dict(certificate.digits)
    if level is None:
        words = f"The likelihood has a kink there, at a value of {name} that is one of the data."
        digits[name] = 15.0
    else:
        low, high = (end * table.unit(name) for end in level)
        size = max(abs(outcome.natural[name]), error * table.unit(name))
        with np.errstate(divide="ignore"):
            digits[name] = float(np.clip(-np.log10(0.5 * (high - low) / size), 0.0, 15.0))
        words = f"Every {name} from {_apart(low, high)} attains it, of which the middle is given."
    sentence = certificate.sentence
    if level is not None or certificate.theorem == COMPARED:
        sentence = sentence.replace(", and the only one:", ", and no other is higher:")
    first, _, rest = sentence.partition(". ")
    sentence = f"{first.rstrip('.')}. {words}{' ' + rest if rest else ''}"
    return replace(outcome, certificate=replace(certificate, sentence=sentence, digits=digits))


def _apart(low: float, high: float) -> str:
    """Two numbers with as many digits as it takes to tell them apart."""
    digits = next((d for d in range(6, 17) if f"{low:.{d}g}" != f"{high:.{d}g}"), 17)
    return f"{low:.{digits}g} to {high:.{digits}g}"


def _flat(
    kinks: Kinks, seen: Evidence, settled: Settled, level: tuple[float, float], declared: Declared
) -> Outcome:
    null = np.zeros(seen.point.size)
    null[kinks.position] = 1.0
    table = kinks.likelihood.table
    outcome = findings.flat(table, seen, settled, null, declared, structural=False)
    name = table.free_names[kinks.position]
    low, high = (end * table.unit(name) for end in level)
    sentence = (
        f"The likelihood is flat: every {name} from {_apart(low, high)} attains the maximum, a stretch longer than "
        f"its standard error, so that no single value is best. Gather more rows, or fix {name}."
    )
    return replace(outcome, certificate=replace(outcome.certificate, sentence=sentence))


def _evidence(kinks: Kinks, station: Station, spread: Matrix, declared: Declared) -> Evidence:
    """What is known of a point at a kink: curvature in the other coordinates, 0 between the slopes in this one."""
    at, likelihood = kinks.position, kinks.likelihood

    def across(tally: Tally) -> Tally:
        information, score = tally.information.copy(), tally.score.copy()
        own = float(spread[at, at])
        information[at, :] = information[:, at] = 0.0
        information[at, at] = own if np.isfinite(own) and own > 0 else 1.0
        score[at] = 0.0
        return replace(tally, information=information, score=score)

    tally = across(station.tally)
    units = evidences.reach(likelihood.table, station.point, declared.sizes)
    factor = analyse(tally.information)
    values = evidences.unit_eigenvalues(factor)
    if not factor.smallest > factor.error_bound:
        nowhere = np.zeros_like(station.point)
        return Evidence(station.point, tally, factor, nowhere, np.inf, np.inf, units, values)
    step = factor.solve(tally.score)
    decrement = max(0.5 * float(tally.score @ step), 0.0)
    after = across(likelihood.tally(station.point + step, DERIVATIVES))
    change = evidences.curvature_change(factor, tally.information, after.information)
    return Evidence(station.point, tally, factor, step, decrement, change, units, values)


def spread_of_scores(kinks: Kinks, point: Vector) -> Matrix:
    """Information where curvature is none: the expected one of exact rows, else the outer product of row scores."""
    likelihood = kinks.likelihood
    model: Any = likelihood.model
    table = likelihood.table
    if not (model.response.censored or model.response.truncated):
        matrix = likelihood.expected_information(table.working(point))
        return np.asarray(matrix[np.ix_(table.free_index, table.free_index)])
    opg = likelihood.tally(point, SCORES).opg
    assert opg is not None  # noqa: S101 - it was asked for
    return kinks.with_ties(point, opg)


def _error(spread: Matrix, position: int) -> float:
    factor = analyse(spread)
    if not factor.smallest > factor.error_bound:
        return float("inf")
    return float(np.sqrt(factor.inverse()[position, position]))


def _with_errors(outcome: Outcome, spread: Matrix, table: ParameterTable) -> Outcome:
    """The outcome with the spread of scores in the place of curvature, or without standard errors."""
    certificate = outcome.certificate
    if not outcome.regular.all():
        return outcome
    factor = analyse(spread) if np.isfinite(spread).all() else None
    if factor is not None and factor.smallest > factor.error_bound:
        sentence = f"{certificate.sentence} Standard errors are those of the spread of the score, as curvature is none."
        return replace(outcome, information=spread, certificate=replace(certificate, sentence=sentence))
    names = listed(table.free_names)
    sentence = (
        f"{certificate.sentence} Standard errors are withheld: the scores of so few rows do not tell the spread of "
        f"{names}."
    )
    certificate = replace(
        certificate,
        sentence=sentence,
        allows_standard_errors=False,
        status={**certificate.status, **dict.fromkeys(table.free_names, "irregular")},
    )
    none = np.zeros(table.n_free, dtype=bool)
    return replace(outcome, regular=none, information=np.zeros((0, 0)), certificate=certificate)


def _higher(kinks: Kinks, point: Vector, tally: Tally, spread: Matrix, declared: Declared) -> Vector | None:
    """The highest point a little way along each coordinate and pair, if it is higher than where the climb ended."""
    factor = analyse(spread) if np.isfinite(spread).all() else None
    if declared.theorem is not None or factor is None or not factor.smallest > factor.error_bound:
        # What a theorem says need not be looked for.
        return None
    lengths = np.sqrt(factor.inverse().diagonal())
    axes = np.eye(point.size)
    ways = [sign * axis for axis in axes for sign in (1.0, -1.0)]
    ways += [
        one * axes[i] + two * axes[j]
        for i, j in combinations(range(point.size), 2)
        for one in (1.0, -1.0)
        for two in (1.0, -1.0)
    ]
    points = [point + size * lengths * way for size in LENGTHS for way in ways]
    allowed = kinks.conditions.allowed
    points = [there for there in points if allowed is None or allowed(there)]
    if not points:
        return None
    likelihood = kinks.likelihood
    working = [likelihood.table.working(there) for there in points]

    def values(packed: Any) -> _Values:
        return _Values(np.array([likelihood.model.tally(packed, there, VALUE).value for there in working]))

    heights = np.nan_to_num(likelihood.reduce(values).values, nan=-np.inf)
    best = int(np.argmax(heights))
    return points[best] if heights[best] > tally.value + 2.0 * tally.rounding else None
