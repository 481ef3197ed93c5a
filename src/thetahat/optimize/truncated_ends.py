"""Ends of the support of rows with limits of truncation: which of them no row tells, and what lies beside the others.

A row's density is divided by the mass between its limits. That mass falls as the ends of the support close in, until
they reach the limits, and from there on it is 1 whatever the ends: so ends lie on the outermost values, and one that
the limits of all rows forestall is not identified beyond.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._entered_ends import Entered
from thetahat.families._mixed_ends import Mixed
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions, climb
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import judge

Columns = tuple[NDArray[np.float64], ...]
FLAT_ENDS = (
    "The likelihood is flat: the limits of truncation cut every row off at or before the outermost values, so that "
    "all ends of the support from there on are as likely. Add rows with wider limits, or fix a parameter."
)


SEARCHED_ENDS = "bounds between any two ends leave out none that could be higher"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that are not exact, and limits of all, in the order of the blocks: weights, ends and limits."""

    exact: tuple[Columns, ...]
    others: tuple[Columns, ...]

    def merge(self, other: _Rows) -> _Rows:
        return _Rows(self.exact + other.exact, self.others + other.others)


def entered_of(arrangement: Arrangement, engine: Engine) -> Entered | Mixed:
    """Gather rows with limits: ``Entered`` where those not exact are open on one side and limits on the other."""
    model, survey = arrangement.model, arrangement.survey

    def columns(block: Any) -> _Rows:
        packed = block if arrangement.packed else model.pack(block)
        n, size = packed.y.shape[0], packed.size
        entry, exit_, weight = np.full(size, -np.inf), np.full(size, np.inf), np.ones(size)
        if packed.truncation is not None:
            place = slice(None) if packed.truncation.place is None else packed.truncation.place
            entry[place], exit_[place] = packed.truncation.low, packed.truncation.high
        if packed.weight is not None:
            weight[:n] = packed.weight
        if packed.interval_weight is not None:
            weight[n:] = packed.interval_weight
        return _Rows(
            ((entry[:n], exit_[:n], weight[:n]),),
            ((packed.low, packed.high, entry[n:], exit_[n:], weight[n:]),),
        )

    found = engine.reduce(columns, arrangement.blocks())
    exact_entry, exact_exit, exact_weight = map(np.concatenate, zip(*found.exact, strict=True))
    low, high, entry, exit_, weight = map(np.concatenate, zip(*found.others, strict=True))
    above = survey.n_exits == 0 and bool(np.isposinf(high).all())
    below = bool(np.isneginf(entry).all() and np.isneginf(exact_entry).all() and np.isneginf(low).all())
    if not (above or below):
        return Mixed(
            low,
            high,
            entry,
            exit_,
            weight,
            exact_entry,
            exact_exit,
            exact_weight,
            survey.minimum,
            survey.maximum,
        )
    return Entered(
        low if above else high,
        entry if above else exit_,
        weight,
        exact_entry if above else exact_exit,
        exact_weight,
        survey.minimum,
        survey.maximum,
        open_above=above,
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """The smallest entry and the largest exit of any row."""

    low: float
    high: float

    def merge(self, other: _Reach) -> _Reach:
        return _Reach(min(self.low, other.low), max(self.high, other.high))


def lost_ends(arrangement: Arrangement, engine: Engine, free: Collection[str]) -> tuple[str, ...]:
    """The free ends, of exact rows, that may lie anywhere from the outermost value on, for the limits of all rows."""
    model, survey = arrangement.model, arrangement.survey

    def reach(block: Any) -> _Reach:
        packed = block if arrangement.packed else model.pack(block)
        limits = packed.truncation
        if limits is None or limits.size < packed.size:
            return _Reach(-np.inf, np.inf)
        return _Reach(float(limits.low.min()), float(limits.high.max()))

    found = engine.reduce(reach, arrangement.blocks())
    # Values lie above their entry: whole numbers from the next one on.
    first = found.low + 1.0 if model.family.support.discrete else found.low
    low, high = model.family.edges
    settled = {low: first >= survey.minimum, high: found.high <= survey.maximum}
    return tuple(name for name, beyond in settled.items() if beyond and name in free)


def beside_ends(
    arrangement: Arrangement,
    likelihood: Likelihood,
    ends: Mapping[str, float],
    conditions: Conditions,
    declared: Declared,
) -> Outcome | None:
    """The maximum with the ends held, where the other parameters are on their edge there; None where they are not."""
    model = arrangement.model
    table = model.table
    there = {name: value * table.unit(name) for name, value in ends.items()}
    held = model.changed(fixed={**table.fixed, **there})
    rows = Likelihood(held, arrangement.blocks, packed=arrangement.packed, engine=likelihood.engine)
    search = climb(rows, conditions.optimizer, held.starting_values(arrangement.sample))
    outcome = judge(rows, search, declared)
    if outcome.certificate.verdict is not Verdict.BOUNDARY:
        return None
    inside = dict(zip(held.table.free_names, outcome.point, strict=True))
    at = np.array([inside.get(name, np.nan) for name in table.free_names])
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if parameter.name in ends:
            at[span] = parameter.domain.to_free(ends[parameter.name])
    tally = replace(likelihood.tally(at, DERIVATIVES), value=outcome.value)
    beside = {name: what for name, what in outcome.certificate.status.items() if what == "boundary"}
    natural = {**outcome.natural, **there}
    return at_outermost(table, natural, at, tally, tuple(ends), declared, beside=beside)
