"""Verdicts on where a climb of a likelihood with kinks ended, and what stands for curvature there."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, SCORES, Tally
from thetahat.models._rows import PackedRows, height_of
from thetahat.models.iid import IndependentModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.sums import Total
from thetahat.optimize import evidence as evidences
from thetahat.optimize import findings
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import listed
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.kinks.kinks import Found, Kinks, Station
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import judge

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
LENGTHS = (0.1, 1.0)
"""Standard errors, by which ℓ is looked at along each coordinate and pair."""
WIDE, MANY = 3.0, 64
"""Standard errors around a cusp within which other values are tried, and how many of them."""
NUDGE = 1e-4
"""Of a free coordinate, how near the edge of the regular region a search has ended there."""
KINKED = "kinked"
COMPARED = (
    "between rows the profile of the location has no maximum, and all rows were compared (Kotz, Kozubowski & "
    "Podgórski, 2001)"
)


def judged(kinks: Kinks, found: Found, declared: Declared) -> tuple[Outcome, Vector | None]:
    """The outcome of a climb, and where to climb on from if ℓ is higher nearby."""
    model: Any = kinks.likelihood.model
    if found.station is not None:
        return at_kink(kinks, found, declared, model)
    assert found.search is not None  # noqa: S101 - it is the one or the other
    outcome = judge(kinks.likelihood, found.search, declared)
    if outcome.certificate.verdict is Verdict.NOT_CONVERGED and np.isfinite(found.between).all():
        point = found.search.point
        if declared.regularity(model.table.natural(point)) == KINKED:
            # Near a row the curvature may be without bound: what tells a maximum is where the slope changes its sign.
            station = kinks.zero(*found.between, point)
            return at_kink(kinks, Found(station), declared, model) if station.peak else (outcome, None)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome, None
    if declared.regularity(outcome.natural) != KINKED:
        return outcome, None
    spread = spread_of_scores(kinks, outcome.point)
    higher = _higher(kinks, outcome.point, outcome.tally, spread, outcome.tally.information, declared)
    return _with_errors(outcome, spread, kinks), higher


def at_kink(
    kinks: Kinks, found: Found, declared: Declared, model: IndependentModel
) -> tuple[Outcome, Vector | None]:
    """The outcome of a climb that ended at a place, and where to climb on from if ℓ is higher nearby."""
    station, level = found.station, found.level
    assert station is not None  # noqa: S101 - the caller has looked
    if level is not None and station.point[kinks.position] in level:
        station = kinks.station(0.5 * level[0] + 0.5 * level[1], station.point)
    table, point = kinks.likelihood.table, station.point
    spread = spread_of_scores(kinks, point)
    seen = _evidence(kinks, station, spread, declared)
    settled = Settled(point, seen.tally)
    settled.blocked = _blocked(kinks, seen)
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
    higher = _higher(kinks, point, station.tally, spread, seen.tally.information, declared)
    outcome = _with_errors(outcome, spread, kinks)
    at_row = bool(kinks.weight_at(float(point[kinks.position])))
    return _told(outcome, model, level, _error(spread, kinks.position), at_row=at_row), higher


def _blocked(kinks: Kinks, seen: Evidence) -> bool:
    """Whether ℓ rises out of the regular region, at whose edge this is."""
    allowed = kinks.conditions.allowed
    largest = float(np.max(np.abs(seen.tally.score), initial=0.0))
    if allowed is None or not largest > 0:
        return False
    return not allowed(seen.point + NUDGE * seen.tally.score / largest)


def _told(
    outcome: Outcome,
    model: IndependentModel,
    level: tuple[float, float] | None,
    error: float,
    *,
    at_row: bool,
) -> Outcome:
    """Say what kind of a maximum it is."""
    certificate, name, table = outcome.certificate, model.family.kinked, model.table
    digits = dict(certificate.digits)
    if level is None:
        words = (
            f"The likelihood has a kink there, at a value of {name} that is one of the data."
            if at_row
            else f"The slope in {name} changes its sign there, as near to one of the data as numbers tell."
        )
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

    # Where the scores have no spread, by what ℓ falls on either side.
    slopes = [abs(slope) for slope in station.slopes if np.isfinite(slope) and slope != 0.0]
    fall = min(slopes, default=1.0) ** 2

    def across(tally: Tally) -> Tally:
        information, score = tally.information.copy(), tally.score.copy()
        own = float(spread[at, at])
        information[at, :] = information[:, at] = 0.0
        information[at, at] = own if np.isfinite(own) and own > 0 else fall
        score[at] = 0.0
        return replace(tally, information=information, score=score)

    tally = across(station.tally)
    units = evidences.reach(likelihood.table, station.point, declared.sizes)
    factor = analyse(tally.information)
    values = evidences.unit_eigenvalues(factor)
    if not factor.smallest > factor.error_bound:
        nowhere = np.zeros_like(station.point)
        return Evidence(station.point, tally, factor, np.inf, False, units, nowhere, np.inf, values)  # noqa: FBT003
    step = factor.solve(tally.score)
    decrement = max(0.5 * float(tally.score @ step), 0.0)
    after = across(likelihood.tally(station.point + step, DERIVATIVES))
    change = evidences.curvature_change(factor, tally.information, after.information)
    steady = change <= evidences.CURVATURE_CHANGE
    return Evidence(station.point, tally, factor, decrement, steady, units, step, change, values)


def spread_of_scores(kinks: Kinks, point: Vector) -> Matrix:
    """Information where curvature is none: the expected one of exact rows, else the outer product of row scores."""
    likelihood = kinks.likelihood
    table = likelihood.table
    if _is_expected(kinks):
        matrix = likelihood.expected_information(table.working(point))
        return np.asarray(matrix[np.ix_(table.free_index, table.free_index)])
    opg = likelihood.tally(point, SCORES).opg
    assert opg is not None  # noqa: S101 - it was asked for
    return kinks.with_ties(point, opg)


def _is_expected(kinks: Kinks) -> bool:
    """Whether every row is known exactly, and could have been any value."""
    model: Any = kinks.likelihood.model
    return not (model.response.censored or model.response.truncated)


def _error(spread: Matrix, position: int) -> float:
    if not np.isfinite(spread).all():
        return float("inf")
    factor = analyse(spread)
    if not factor.smallest > factor.error_bound:
        return float("inf")
    return float(np.sqrt(factor.inverse()[position, position]))


def _with_errors(outcome: Outcome, spread: Matrix, kinks: Kinks) -> Outcome:
    """The outcome with the spread of scores in the place of curvature, or without standard errors."""
    table, expected = kinks.likelihood.table, _is_expected(kinks)
    source = "expected information" if expected else "outer product of row scores"
    certificate = outcome.certificate
    if not outcome.regular.all():
        return outcome
    factor = analyse(spread) if np.isfinite(spread).all() else None
    if factor is not None and factor.smallest > factor.error_bound:
        sentence = (
            f"{certificate.sentence} Standard errors are those of the {source}, as curvature means nothing where ℓ has "
            "kinks."
        )
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


def _higher(
    kinks: Kinks, point: Vector, tally: Tally, spread: Matrix, curvature: Matrix, declared: Declared
) -> Vector | None:
    """The highest point a little way along each coordinate and pair, if it is higher than where the climb ended."""
    if declared.theorem is not None:
        # What a theorem says need not be looked for.
        return None
    factor = analyse(spread) if np.isfinite(spread).all() else None
    if factor is not None and factor.smallest > factor.error_bound:
        lengths = np.sqrt(factor.inverse().diagonal())
        error = float(lengths[kinks.position])
    else:
        sizes = np.abs(curvature.diagonal())
        lengths, error = 1.0 / np.sqrt(np.where(sizes > 0, sizes, 1.0)), np.inf
    axes = np.eye(point.size)
    ways = [sign * axis for axis in axes for sign in (1.0, -1.0)]
    ways += [
        one * axes[i] + two * axes[j]
        for i, j in combinations(range(point.size), 2)
        for one in (1.0, -1.0)
        for two in (1.0, -1.0)
    ]
    points = [point + size * lengths * way for size in LENGTHS for way in ways]
    points += _other_places(kinks, point, error)
    allowed = kinks.conditions.allowed
    points = [there for there in points if allowed is None or allowed(there)]
    if not points:
        return None
    likelihood = kinks.likelihood
    model: Any = likelihood.model
    working = [tuple(likelihood.table.working(there).tolist()) for there in points]

    # Heights are compared among themselves, the point's own last: tallies count units in their own way.
    working.append(tuple(likelihood.table.working(point).tolist()))

    def values(packed: PackedRows) -> Total[Vector]:
        return Total(np.array([height_of(model.family, packed, there) for there in working]))

    heights = np.nan_to_num(likelihood.reduce(values).value, nan=-np.inf)
    reference, heights = heights[-1], heights[:-1]
    best = int(np.argmax(heights))
    return points[best] if heights[best] > reference + 2.0 * tally.rounding else None


def _other_places(kinks: Kinks, point: Vector, error: float) -> list[Vector]:
    """The same point with its kink at other values nearby; none where there is no kink."""
    eta = tuple(kinks.likelihood.table.working(point))
    before, after = kinks.slopes_at(eta)
    if not before > after:
        return []
    at, reach = float(point[kinks.position]), WIDE * error
    everywhere = kinks.places()
    values = everywhere.values
    index = int(np.searchsorted(values, at))
    # Near ones one by one, within some standard errors evenly, and ever fewer of those farther away.
    far = np.unique(np.geomspace(MANY, max(values.size, MANY), MANY // 4).astype(int))
    steps = np.concatenate([np.arange(-MANY // 4, MANY // 4 + 1), far, -far]) + index
    chosen = [values[np.unique(np.clip(steps, 0, values.size - 1))]]
    if np.isfinite(reach):
        within = values if everywhere.whole else kinks.places(at - reach, at + reach).values
        within = within[np.searchsorted(within, at - reach) : np.searchsorted(within, at + reach)]
        chosen.append(within[:: max(within.size // (MANY // 2), 1)])
    values = np.unique(np.concatenate(chosen))
    others = []
    for value in values[values != at].tolist():
        other = point.copy()
        other[kinks.position] = value
        others.append(other)
    return others
