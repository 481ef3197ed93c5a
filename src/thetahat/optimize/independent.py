"""Maximising the likelihood of independent rows: witnesses, closed forms, limits, Newton, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.optimize._optimizer import Optimizer, Search
from thetahat.optimize.approach import approaches
from thetahat.optimize.ascent import Ascent, expected_information, first_point
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions
from thetahat.optimize.closed_form import at_closed_form
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import gathered
from thetahat.optimize.elsewhere import (
    drawn,
    has_heights,
    has_too_few_values,
    leads_back,
    offered,
    promising,
)
from thetahat.optimize.existence import parted
from thetahat.optimize.findings import unbounded
from thetahat.optimize.limits import fit_limits
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.own_start import from_elsewhere_too
from thetahat.optimize.parts import unless_fewer_do
from thetahat.optimize.settled import safe_guess, settled
from thetahat.optimize.theory import declare, fixed_values, regular_region
from thetahat.optimize.verdict import judge

Vector = NDArray[np.float64]
ROUNDING = 1e-9  # in nats a row, what a search may be above a supremum that it only nears
ENOUGH = 100  # iterations, after which a maximum may be said to have been looked for
SEARCHED = frozenset({Verdict.MAXIMUM, Verdict.AT_INFINITY})
"""Verdicts that only a search supports where no theorem does."""
DOUBTFUL = frozenset({Verdict.UNBOUNDED, Verdict.NOT_CONVERGED, Verdict.SADDLE, Verdict.FLAT})
UNPROVED = frozenset({Verdict.UNBOUNDED, Verdict.NOT_CONVERGED})
"""Verdicts that a search may end with where a theorem allows of one maximum at most."""
UNSETTLED = frozenset({Verdict.NOT_CONVERGED, Verdict.SADDLE})
ELSEWHERE = frozenset({Verdict.AT_INFINITY, Verdict.BOUNDARY})
"""What is told instead of those where another search ended higher."""


def maximise(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
) -> Outcome:
    """Find the maximum and say what it is."""
    with np.errstate(all="ignore"):
        outcome = _maximise(arrangement, likelihood, engine, optimizer, start)
        outcome = unless_fewer_do(arrangement.model, likelihood, outcome)
        if has_too_few_values(arrangement, likelihood, outcome):
            declared = declare(arrangement, engine)
            if declared.unbounded_in_theory is not None:
                return unbounded(arrangement.model.table, None, declared, declared.unbounded_in_theory)
        return outcome


def conditions(arrangement: Arrangement, engine: Engine, optimizer: Optimizer) -> Conditions:
    """Say how these rows are climbed, for those who climb them again."""
    rows = arrangement.condensed or arrangement.sample
    expected = expected_information(arrangement.model, rows)
    held = None
    if arrangement.model.family.kinked:
        from thetahat.optimize.kinks.kinks import held_elsewhere

        held = held_elsewhere(arrangement, engine)
    return Conditions(optimizer, expected, regular_region(arrangement, engine), held)


def _maximise(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
) -> Outcome:
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    if not survey.all_exact:
        from thetahat.optimize.outermost import refuse_unfit

        refuse_unfit(arrangement, engine)
    declared = declare(arrangement, engine)
    without = settled(arrangement, engine, likelihood, declared)
    if without is not None:
        return without
    if (start is None or family.edges) and survey.plain:
        known = {name: value for name, value in model.known.items() if not isinstance(value, str)}
        theta = family.solve_given(survey, known, fixed_values(model))
        if theta is not None:
            return at_closed_form(model, likelihood, theta, declared)
    if family.kinked in model.table.free_names and survey.n_exact > 0:
        return _with_kinks(arrangement, likelihood, engine, optimizer, start, declared)
    if family.edges:
        from thetahat.optimize.outermost import where_it_breaks_off

        guess, how = safe_guess(arrangement), conditions(arrangement, engine, optimizer)
        broken = where_it_breaks_off(arrangement, likelihood, engine, guess, how, declared)
        if broken is not None:
            return broken
    allowed = regular_region(arrangement, engine)
    limits = fit_limits(arrangement, engine, optimizer)
    declared = replace(declared, limits=limits)
    ascent = Ascent(arrangement, likelihood, optimizer, allowed)
    begin = ascent.inside(first_point(ascent, start), limits)
    search = ascent.by_way_of(limits, begin)
    if start is None and (search.tally is None or not search.tally.finite):
        begin = ascent.wider(begin)
        search = ascent.by_way_of(limits, begin)
    outcome = judge(likelihood, search, declared)
    if outcome.certificate.verdict in DOUBTFUL:
        apart = parted(arrangement, engine)
        if apart is not None and not outcome.value > apart.supremum + ROUNDING * survey.n_obs:
            return gathered(model.table, safe_guess(arrangement), apart, declared)
    verdict = outcome.certificate.verdict
    looked = not search.exhausted or search.iterations >= ENOUGH
    doubtful = verdict in (DOUBTFUL if declared.theorem is None else UNPROVED)
    if start is None and doubtful:
        # No claim that there is no maximum before it was looked for from elsewhere.
        higher = outcome
        elsewhere = () if declared.theorem is None else (ascent.wider(begin),)
        for again in chain(offered(arrangement, allowed), elsewhere, drawn(begin, model, declared)):
            other = judge(likelihood, ascent.by_way_of(limits, again), declared)
            if other.certificate.verdict is Verdict.MAXIMUM:
                return other
            if (
                other.certificate.verdict in ELSEWHERE
                and other.value > higher.value + ROUNDING * survey.n_obs
            ):
                higher = other
        if verdict is Verdict.NOT_CONVERGED and looked and has_heights(arrangement, likelihood, outcome):
            reason = declared.unbounded_in_theory or "it rises along a known path"
            return unbounded(model.table, search, declared, reason)
        if verdict in UNSETTLED:
            return higher
    if start is None and declared.theorem is None:
        return _best_of_further(ascent, search, outcome, declared, begin)
    if start is not None:
        usual = partial(_maximise, arrangement, likelihood, engine, optimizer, None)
        return from_elsewhere_too(outcome, usual, survey.n_obs)
    return outcome


def _with_kinks(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
    declared: Declared,
) -> Outcome:
    """The maximum of a likelihood with kinks: by counting where exact rows allow it, else from place to place."""
    from thetahat.optimize.kinks.kinked import first_with_kinks, from_sides, maximise_kinked

    model, survey = arrangement.model, arrangement.survey
    how, fixed = conditions(arrangement, engine, optimizer), fixed_values(model)
    if survey.plain and model.family.sided(1.0, 1.0, fixed) is not None:
        outcome = from_sides(arrangement, likelihood, engine, how, declared, fixed)
        if outcome is not None:
            return outcome
    declared = replace(declared, limits=fit_limits(arrangement, engine, optimizer))
    ascent = Ascent(arrangement, likelihood, optimizer, how.allowed)
    begin = first_point(ascent, start) if start else None
    if begin is None:
        begin = first_with_kinks(arrangement, engine, how, declared, ascent.wider)
    return maximise_kinked(arrangement, likelihood, engine, how, declared, begin, further=start is None)


def _best_of_further(
    ascent: Ascent, search: Search, outcome: Outcome, declared: Declared, begin: Vector
) -> Outcome:
    """The highest of what other starts lead to, where only a search says that there is nothing higher."""
    verdict = outcome.certificate.verdict
    if verdict not in SEARCHED and not (verdict is Verdict.BOUNDARY and outcome.certificate.limit):
        return outcome
    model = ascent.arrangement.model
    starts = promising(ascent.arrangement, search.point, outcome, ascent.allowed)
    if starts is None:
        starts = [] if verdict is Verdict.MAXIMUM else list(drawn(begin, model, declared))

    def known(search: Search) -> bool:
        return leads_back(outcome, search) or approaches(ascent.likelihood, declared.limits, search)

    for again in starts:
        search = ascent.climb(again, known)
        if known(search):
            continue
        other = judge(ascent.likelihood, search, declared)
        higher = other.value > outcome.value + ROUNDING * declared.n_obs
        if higher and other.certificate.verdict is Verdict.MAXIMUM:
            outcome = other
    return outcome
