"""Maximising likelihoods with kinks in one parameter, from the first pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.first_pass import Arrangement, arrange_packed
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.optimize import findings
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.approach import approaches
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions, climb
from thetahat.optimize.constrained import maximise_pinned
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost, gathered
from thetahat.optimize.elsewhere import offered, promising
from thetahat.optimize.existence import Gathered
from thetahat.optimize.kinks.kinks import Found, Kinks
from thetahat.optimize.kinks.places import best_place, others_at
from thetahat.optimize.kinks.verdicts import COMPARED, at_kink, judged
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import judge

if TYPE_CHECKING:
    from thetahat.optimize.kinks.corners import Room

Vector = NDArray[np.float64]
MOST_CLIMBS = 12
NEIGHBOURS, MOST_MOVES = 12, 6
"""Places on either side of a maximum at which it is sought again, and how often it moves."""
MOST_ROWS_BESIDE = 20_000
"""Rows up to which that is worth a pass each."""
MOST_TRIANGLES, FALLS_SHORT = 6, 0.5
"""Triangles from which it is climbed, and how far in nats below the highest ℓ they may begin."""
TO_GAIN = 3.0
"""In nats, how far a right angle of a coarse grid may be below what was found for its maximum to be sought."""
SHORT = 1e-7
"""In nats, by which an outcome is lower than what has been seen elsewhere."""
SAME = 1e-6
ATTAINED = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY, Verdict.FLAT})
SEARCHED = frozenset({Verdict.MAXIMUM, Verdict.AT_INFINITY})
"""Verdicts beside which only starts are tried that may lead higher."""
WORTH_THINNING = 4
"""Times as many rows as are thinned, from which on the thinned ones are fitted first."""
NOTHING = frozenset({Verdict.NOT_CONVERGED, Verdict.SADDLE})


def maximise_kinked(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    conditions: Conditions,
    declared: Declared,
    start: Vector,
    *,
    further: bool,
) -> Outcome:
    """The highest maximum that starts lead to, each followed to where ℓ falls all around, or a higher limit.

    ``further`` starts are those of the family; where the first has led to a maximum, those that may lead higher.
    """
    model = arrangement.model
    kinks = Kinks(arrangement, likelihood, engine, conditions)
    room: Room | None = None
    if further and _has_corners(arrangement):
        from thetahat.optimize.kinks.corners import room_of

        room = room_of(arrangement, engine)
        declared = replace(declared, bounded=room.bounds)
    best = _from(kinks, start, declared, None)
    for again in _further(arrangement, best, conditions, declared) if further else ():
        outcome = _from(kinks, again, declared, best)
        if _better(outcome, best):
            best = outcome
    few = arrangement.survey.n_positive <= MOST_ROWS_BESIDE
    if further and few and model.family.edges and declared.theorem is None:
        best = _beside(kinks, best, declared)
    for limit in declared.limits:
        # A limit that no point exceeds is the supremum, unless ℓ rises on leaving it.
        noise = 2.0 * limit.tally.rounding
        reached = best.value if np.isfinite(best.value) else kinks.reached
        if not reached > limit.value + noise and limit.slope <= limit.slope_noise:
            return findings.at_limit(model.table, None, None, limit, declared)
    if room is not None:
        return _round_corners(kinks, room, arrangement, best, declared)
    for pins in model.family.degenerate(arrangement.survey):
        met = _where_they_meet(kinks, pins, start, declared)
        if met is not None and not (best.certificate.verdict in ATTAINED and best.value >= met.value):
            best = met
    return best


def _has_corners(arrangement: Arrangement) -> bool:
    """Whether the kink may come between the ends of the support elsewhere than on an outermost exact value."""
    model = arrangement.model
    family = model.family
    loose = model.response.censored or model.response.truncated
    return loose and bool(family.edges) and {*family.edges, family.kinked} == set(model.table.free_names)


def _round_corners(
    kinks: Kinks, room: Room, arrangement: Arrangement, best: Outcome, declared: Declared
) -> Outcome:
    """The highest of what was found, right angles, what the best of many triangles lead to, and what these near."""
    from thetahat.optimize.kinks.corners import Corners
    from thetahat.optimize.kinks.out_of_reach import out_of_reach

    corners = Corners(arrangement, kinks, room)
    reference = corners.screened(best.point)
    for end, found in corners.right_angles(reference - TO_GAIN):
        corners.see(found.point)
        opened = corners.opened(end, found) if found.converged else found.point
        angle = (
            corners.outcome(end, found, declared) if opened is None else _from(kinks, opened, declared, best)
        )
        best = _highest(best, angle)
    for height, ends in corners.starts(MOST_TRIANGLES):
        if height < reference - FALLS_SHORT:
            break
        corners.see(ends)
        best = _highest(best, _from(kinks, ends, declared, best))
    top = corners.highest
    if top is not None and not best.value >= corners.highest_value - SHORT:
        best = _highest(best, _from(kinks, top, declared, best))
    for point in (best.point, top):
        neared = None if point is None else out_of_reach(corners, point, declared)
        # So far out digits are lost, and ℓ at the point itself may seem higher than what it nears.
        if neared is not None and not best.value > neared.value + (SHORT if point is best.point else 0.0):
            return neared
    if top is not None and not best.value >= corners.highest_value - SHORT:
        # Something higher is known, and nothing is known of where that leads.
        return judge(kinks.likelihood, Settled(top, kinks.likelihood.tally(top, DERIVATIVES)), declared)
    return best


def _highest(one: Outcome, other: Outcome) -> Outcome:
    """The higher of two; where they are level, the one whose verdict says more."""
    level = abs(other.value - one.value) <= one.tally.rounding + other.tally.rounding
    if level or not np.isfinite(other.value) or not np.isfinite(one.value):
        return other if _better(other, one) else one
    return other if other.value > one.value else one


def _further(
    arrangement: Arrangement, first: Outcome, conditions: Conditions, declared: Declared
) -> Iterable[Vector]:
    if declared.theorem is not None:
        return ()
    if first.certificate.verdict in SEARCHED:
        return promising(arrangement, first.point, first, conditions.allowed) or ()
    return offered(arrangement, conditions.allowed)


def _beside(kinks: Kinks, best: Outcome, declared: Declared) -> Outcome:
    """A higher maximum at a place nearby, with all other parameters at their own maximum there; or the same.

    Ends of a support move with the place of the kink, so that another place is not seen to be better with them held.
    """
    for _ in range(MOST_MOVES):
        if best.certificate.verdict is not Verdict.MAXIMUM or kinks.likelihood.table.n_free < 2:
            break
        places = kinks.places()
        if not places.whole:
            break
        at = int(np.searchsorted(places.values, best.point[kinks.position]))
        near = places.values[max(at - NEIGHBOURS, 0) : at + NEIGHBOURS + 1]
        stations = [kinks.station(float(place), best.point) for place in near]
        highest = max(
            (station for station in stations if station.held.converged),
            key=lambda station: station.tally.value,
            default=None,
        )
        if highest is None:
            break
        outcome = _from(kinks, highest.point, declared, best)
        if not _better(outcome, best):
            break
        best = outcome
    return best


def first_with_kinks(
    arrangement: Arrangement,
    engine: Engine,
    conditions: Conditions,
    declared: Declared,
    wider: Callable[[Vector], Vector],
) -> Vector:
    """Where to begin: the family's recipe, or of many rows where the maximum of few of them is.

    ``wider`` looks for a better start beside one that knows nothing of fixed parameters.
    """
    model, sample, survey = arrangement.model, arrangement.sample, arrangement.survey
    edges = bool(model.family.edges)
    # Where the support ends at parameters, what few rows tell of them need not hold all rows.
    guess = model.starting_values(sample, np.array([survey.minimum, survey.maximum]) if edges else None)
    if not model.table.all_free:
        guess = wider(guess)
    if edges or survey.n_positive < WORTH_THINNING * sample.size:
        return guess
    few = arrange_packed(model, sample, engine)
    likelihood = Likelihood(model, few.blocks, packed=True, engine=engine)
    outcome = maximise_kinked(few, likelihood, engine, conditions, declared, guess, further=True)
    return outcome.point if outcome.certificate.verdict is Verdict.MAXIMUM else guess


def _where_they_meet(
    kinks: Kinks, pins: Mapping[str, float], start: Vector, declared: Declared
) -> Outcome | None:
    """The maximum over the other parameters where some meet in an outermost row; None where it is none."""
    table = kinks.likelihood.table
    if not all(name in table.free_names for name in pins):
        return None
    at = start.copy()
    pinned = np.array([table.free_names.index(name) for name in pins], dtype=np.intp)
    at[pinned] = list(pins.values())
    found = maximise_pinned(kinks.likelihood, pinned, at, replace(kinks.conditions, pinned=None))
    if not (found.converged and np.isfinite(found.value)):
        return None
    natural, tally = table.natural(found.point), kinks.likelihood.tally(found.point, DERIVATIVES)
    told = declared.regularity(natural)
    return at_outermost(table, natural, found.point, tally, tuple(pins), declared, others=told)


def _better(one: Outcome, other: Outcome) -> bool:
    """Whether an outcome is a higher maximum than another, or a maximum where that is none."""
    maxima = [outcome.certificate.verdict in {Verdict.MAXIMUM, Verdict.FLAT} for outcome in (one, other)]
    if maxima[0] != maxima[1]:
        return maxima[0]
    told = [outcome.certificate.verdict not in NOTHING for outcome in (one, other)]
    if told[0] != told[1]:
        return told[0]
    return bool(one.value > other.value + one.tally.rounding + other.tally.rounding)


def _from(kinks: Kinks, start: Vector, declared: Declared, known: Outcome | None) -> Outcome:
    """Climb, and climb on from wherever ℓ is higher nearby; without regard to kinks where the start has none.

    A way that comes by a maximum which is known ends there.
    """
    table = kinks.likelihood.table
    if declared.regularity(table.natural(start)) == "smooth":
        how = kinks.conditions
        search = climb(
            kinks.likelihood,
            how.optimizer,
            start,
            expected=how.expected,
            allowed=how.allowed,
            given_up=partial(approaches, kinks.likelihood, declared.limits) if declared.limits else None,
        )
        outcome = judge(kinks.likelihood, search, declared)
        if outcome.certificate.verdict is Verdict.AT_INFINITY:
            return outcome
        is_maximum = outcome.certificate.verdict is Verdict.MAXIMUM
        if is_maximum and declared.regularity(outcome.natural) == "smooth":
            return outcome
        start = search.point if is_maximum else start
    for _ in range(MOST_CLIMBS):
        found = kinks.climb(start)
        if known is not None and _is_there(found, known):
            return known
        outcome, higher = judged(kinks, found, declared)
        if higher is None:
            break
        start = higher
    return outcome


def _is_there(found: Found, known: Outcome) -> bool:
    """Whether a climb has ended at a maximum that is known: a few roundings of ℓ are all that tells them apart."""
    ended = found.search if found.station is None else found.station
    if ended is None or ended.tally is None or known.certificate.verdict is not Verdict.MAXIMUM:
        return False
    near = abs(ended.tally.value - known.value) <= ended.tally.rounding + known.tally.rounding
    return near and bool(np.allclose(ended.point, known.point, rtol=SAME, atol=SAME))


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
    return at_kink(kinks, Found(station, level=level), declared, arrangement.model)[0]


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
