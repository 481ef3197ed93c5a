"""Maxima at which the support ends on outermost values, where there is no closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, SCORES
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import maximise_pinned
from thetahat.optimize.covering import covering_of
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost, neared
from thetahat.optimize.edges import gathered as at_a_place
from thetahat.optimize.existence import Gathered
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.truncated_ends import FLAT_ENDS, SEARCHED_ENDS, beside_ends, entered_of, lost_ends
from thetahat.optimize.verdict import judge

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Lowest:
    """The lowest end of any row that is not exact."""

    value: float

    def merge(self, other: _Lowest) -> _Lowest:
        return _Lowest(min(self.value, other.value))


def refuse_unfit(arrangement: Arrangement, engine: Engine) -> None:
    """Refuse rows, not all exact, from which the family is not estimated.

    Intervals are taken beside exact rows that are smaller, which end the support, and where its end is given.

    Raises
    ------
    ModelError
        If there are rows of a kind that it does not take.
    """
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    if not (family.open_only and np.isfinite(survey.lowest_high)):
        return
    if family.ends_truncated:
        if all(name in model.table.fixed for name in family.edges):
            return

        def lowest(block: Any) -> _Lowest:
            packed = block if arrangement.packed else model.pack(block)
            counts = packed.low if packed.interval_weight is None else packed.low[packed.interval_weight > 0]
            return _Lowest(float(np.min(counts, initial=np.inf)))

        if survey.n_exact > 0 and engine.reduce(lowest, arrangement.blocks()).value >= survey.minimum:
            return
    name = type(family).__name__
    raise ModelError(
        f"{name} is fitted to rows that are known exactly or to exceed a value, and some here are known to lie "
        f"below one{', as censored ones do that have an exit' if survey.n_exits > 0 else ''}"
        f"{', with no smaller one that is known exactly' if family.ends_truncated else ''}; leave those out, "
        f"{f'fix {family.edges[0]}, ' if family.ends_truncated else ''}or choose a family that takes them"
    )


def from_ends(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    declared: Declared,
) -> Outcome | None:
    """The maximum of a family that lies between two ends, from rows of all kinds.

    An end where ℓ breaks off or has a kink has no standard error, and one between has. None where what is fixed leaves
    rows outside.
    """
    model, survey = arrangement.model, arrangement.survey
    table = model.table
    fixed = {name: float(value) / table.unit(name) for name, value in table.fixed.items()}
    if survey.truncated:
        found = model.family.ends_of_entered(entered_of(arrangement, engine), fixed)
        searched = found is not None and found.complete
        declared = replace(declared, theorem=SEARCHED_ENDS if searched else None)
    else:
        found = model.family.ends_of_rows(covering_of(arrangement, engine), fixed)
    if found is None:
        return None
    names = model.family.edges
    values = dict(zip(names, (found.low, found.high), strict=True))
    guess = model.starting_values(arrangement.sample)
    infinite = {name: value for name, value in values.items() if np.isinf(value)}
    if infinite:
        place = "both ends of its range" if len(infinite) == 2 else "an end of its range"
        return at_a_place(table, guess, Gathered(infinite, found.value, place), declared)
    if found.value == 0.0 and survey.n_exact == 0:
        anywhere = dict.fromkeys(table.free_names, float(np.nan))
        return at_a_place(table, guess, Gathered(anywhere, 0.0, "any place"), declared)
    lost = tuple(name for name, here in zip(names, found.lost, strict=True) if here)
    if lost and set(lost) == set(table.free_names):
        anywhere = dict.fromkeys(lost, float(np.nan))
        sentence = FLAT_ENDS if survey.n_exact > 0 else None
        return at_a_place(
            table, guess, Gathered(anywhere, found.value, "any place", sentence=sentence), declared
        )
    held = tuple(
        name
        for name, here in zip(names, found.held, strict=True)
        if here and name in table.free_names and name not in lost
    )
    at = guess.copy()
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        at[span] = parameter.domain.to_free(values[parameter.name])
    tally = likelihood.tally(at, SCORES)
    if any(found.neared):
        natural = table.natural(at) | {name: values[name] * table.unit(name) for name in table.free_names}
        there = tuple(name for name, here in zip(names, found.neared, strict=True) if here)
        place = "as the support closes in on where the limits of a row begin or end"
        tally = replace(tally, value=found.value)
        return neared(table, natural, at, tally, there, place, declared)
    if not held:
        outcome = judge(likelihood, Settled(at, tally), replace(declared, regularity=lambda _: "smooth"))
        certificate = outcome.certificate
        if declared.theorem == SEARCHED_ENDS:
            certificate = replace(
                certificate,
                sentence=certificate.sentence.replace(", and the only one:", ", and no other is higher:"),
            )
        return replace(outcome, certificate=certificate)
    natural = table.natural(at)
    natural.update({name: values[name] * table.unit(name) for name in table.free_names})
    return at_outermost(table, natural, at, tally, held, declared, beside=dict.fromkeys(lost, "unidentified"))


def where_it_breaks_off(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    begin: Vector,
    conditions: Conditions,
    declared: Declared,
) -> Outcome | None:
    """The maximum over the other parameters, with those that end the support where the family says; None if unsaid."""
    model, survey = arrangement.model, arrangement.survey
    table = model.table
    if model.family.between_ends and not survey.all_exact:
        return from_ends(arrangement, likelihood, engine, declared)
    ends = {
        name: value for name, value in model.family.edge_values(survey).items() if name in table.free_names
    }
    if not ends:
        return None
    lost: tuple[str, ...] = ()
    if survey.truncated and model.family.between_ends:
        lost = lost_ends(arrangement, engine, table.free_names)
    at = begin.copy()
    pinned: list[int] = []
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if parameter.name in ends:
            at[span] = parameter.domain.to_free(ends[parameter.name])
            pinned.extend(range(span.start, span.stop))
    if len(pinned) < at.size:
        if survey.n_exits > 0:
            # Values that crowd towards their exits may leave no maximum inside, which a search for one does not tell.
            edge = beside_ends(arrangement, likelihood, ends, conditions, declared)
            if edge is not None:
                return edge
        found = maximise_pinned(likelihood, np.array(pinned, dtype=np.intp), at, conditions)
        if not found.converged:
            return None
        at = found.point
    tally = likelihood.tally(at, DERIVATIVES)
    if not np.isfinite(tally.value):
        return None
    if lost and set(ends) <= set(lost):
        place = Gathered(dict.fromkeys(lost, float(np.nan)), tally.value, "any place", sentence=FLAT_ENDS)
        return at_a_place(table, begin, place, declared)
    natural = table.natural(at)
    natural.update({name: value * table.unit(name) for name, value in ends.items()})
    held = tuple(name for name in ends if name not in lost)
    beside = dict.fromkeys(lost, "unidentified")
    return at_outermost(table, natural, at, tally, held, declared, beside=beside)
