"""What the first pass already settles: data on which there is no maximum inside, whatever the optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.first_pass import Arrangement
from thetahat.models.iid import IndependentModel


@dataclass(frozen=True, slots=True)
class Gathered:
    """A place where all mass can gather, so that ℓ has its supremum there.

    ``values`` are the parameters there: edges and infinities, or NaN where many finite values attain the
    supremum.
    """

    values: Mapping[str, float]
    supremum: float
    place: str


@dataclass(frozen=True, slots=True)
class _Weights:
    below: float
    above: float
    bounded: float

    def merge(self, other: _Weights) -> _Weights:
        return _Weights(self.below + other.below, self.above + other.above, self.bounded + other.bounded)


@dataclass(frozen=True, slots=True)
class _Tied:
    equal: float
    admitting: float

    def merge(self, other: _Tied) -> _Tied:
        return _Tied(self.equal + other.equal, self.admitting + other.admitting)


def spike(arrangement: Arrangement) -> str | None:
    """Say why the density can be made as high as one likes on all exact rows at once, if it can."""
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    if not survey.constant:
        return None
    value = survey.minimum * model.unit
    if family.spikes == "anywhere" and _can_gather_at(model, value, value):
        return f"every exact value is {value:g}, on which the density can be made as high as one likes"
    if family.spikes == "at zero" and value == 0 and model.table.all_free:
        return "every exact value is 0, on which the density can be made as high as one likes"
    return None


def gathered(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """Find the place, if there is one, at which every row has the probability 1 or as much as it can have."""
    model, survey = arrangement.model, arrangement.survey
    gathers, support = model.family.gathers, model.family.support
    at_lower = survey.n_exact == 0 or (support.discrete and survey.maximum == support.lower)
    at_upper = survey.n_exact == 0 or (support.discrete and survey.minimum == support.upper)
    low_open = survey.highest_low < support.lower if support.discrete else np.isneginf(survey.highest_low)
    high_open = np.isposinf(survey.lowest_high)
    if low_open and high_open and survey.n_exact == 0:
        return Gathered(dict.fromkeys(model.table.free_names, float(np.nan)), 0.0, "any place")
    end = None
    if at_upper and high_open:
        end = _end(model, gathers.upper, "the upper end")
    elif at_lower and low_open:
        end = _end(model, gathers.lower, "the lower end")
    if end is not None:
        return end
    if survey.n_exact > 0 or support.discrete:
        return None
    low, high = survey.highest_low * model.unit, survey.lowest_high * model.unit
    if gathers.point is None or not low <= high or not _can_gather_at(model, low, high):
        return None
    if low < high:
        return Gathered(gathers.point, 0.0, f"a point between {low:g} and {high:g}")
    return _split(arrangement, engine, low)


def _end(model: IndependentModel, ways: tuple[Mapping[str, float], ...], place: str) -> Gathered | None:
    fixed = model.table.fixed
    way = next((way for way in ways if not any(name in fixed for name in way)), None)
    return None if way is None else Gathered(way, 0.0, f"{place} of its range")


def _can_gather_at(model: IndependentModel, low: float, high: float) -> bool:
    """Whether the free parameters allow a point mass somewhere from low to high."""
    gathers, fixed = model.family.gathers, model.table.fixed
    if gathers.point is None or any(name in fixed for name in gathers.point):
        return False
    held = [parameter.name for parameter in model.family.declared[:2] if parameter.name in fixed]
    if not held:
        return True
    if gathers.centre is None or held != [gathers.centre[0]]:
        return False
    value = float(fixed[held[0]])
    if low == high:
        return value == gathers.centre[1](low)
    return bool(gathers.centre[1](low) < value < gathers.centre[1](high))


def _split(arrangement: Arrangement, engine: Engine, point: float) -> Gathered | None:
    """All mass around ``point``, parted between the rows that end there and those that begin there.

    No distribution gives the one part more than F(point) and the other more than 1 - F(point), so that
    n log p is the most there is, attained in the limit by the right parting.
    """
    model = arrangement.model
    at = point / model.unit

    def count(block: Any) -> _Weights:
        packed = block if arrangement.packed else model.pack(block)
        weight = np.ones(packed.low.shape) if packed.interval_weight is None else packed.interval_weight
        finite = np.isfinite(packed.low) & np.isfinite(packed.high)
        return _Weights(
            float(weight[packed.high == at].sum()),
            float(weight[packed.low == at].sum()),
            float(weight[finite].sum()),
        )

    found = engine.reduce(count, arrangement.blocks())
    total = found.below + found.above
    alone = found.bounded == 0 and total == arrangement.survey.n_obs
    if alone and not model.table.all_free:
        return None
    supremum = found.below * np.log(found.below / total) + found.above * np.log(found.above / total)
    if alone:
        # Rows that part at one point and nowhere else are matched by many distributions.
        return Gathered(dict.fromkeys(model.table.free_names, float(np.nan)), float(supremum), f"{point:g}")
    gathers = model.family.gathers
    assert gathers.point is not None  # noqa: S101 - the caller has looked
    values = dict(gathers.point)
    if gathers.centre is not None and gathers.centre[0] not in model.table.fixed:
        values[gathers.centre[0]] = float(gathers.centre[1](point))
    return Gathered(values, float(supremum), f"{point:g}")


def parted(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """The supremum with all mass at the two ends, where every row is open at one of them."""
    model, survey = arrangement.model, arrangement.survey
    both = model.family.gathers.both
    if both is None or survey.n_exact > 0 or not model.table.all_free:
        return None

    def count(block: Any) -> _Weights:
        packed = block if arrangement.packed else model.pack(block)
        weight = np.ones(packed.low.shape) if packed.interval_weight is None else packed.interval_weight
        below, above = np.isneginf(packed.low), np.isposinf(packed.high)
        closed = ~(below | above)
        # Rows open at both ends have the probability 1 whatever the shares.
        return _Weights(
            float(weight[below & ~above].sum()),
            float(weight[above & ~below].sum()),
            float(weight[closed].sum()),
        )

    found = engine.reduce(count, arrangement.blocks())
    if found.bounded > 0 or not (found.below > 0 and found.above > 0):
        return None
    total = found.below + found.above
    supremum = found.below * np.log(found.below / total) + found.above * np.log(found.above / total)
    return Gathered(both, float(supremum), "both ends of its range")


def with_ties(arrangement: Arrangement, engine: Engine) -> Survey:
    """Add the weight of the most frequent exact value, as the thinned rows tell it where there are many."""
    survey, model = arrangement.survey, arrangement.model
    y = np.sort(arrangement.sample.y)
    others = survey.n_obs - 1.0
    if not y.size:
        return survey
    repeated = y[1:] == y[:-1]
    if not repeated.any() and arrangement.sample.weight is None:
        return _tied(survey, 1.0, others)
    if arrangement.sample.weight is None:
        values, counts = np.unique(y, return_counts=True)
    else:
        values, index = np.unique(arrangement.sample.y, return_inverse=True)
        counts = np.bincount(index, arrangement.sample.weight)
    mode = values[int(np.argmax(counts))]

    def count(block: Any) -> _Tied:
        packed = block if arrangement.packed else model.pack(block)
        equal = packed.y == mode
        admits = (packed.low <= mode) & (packed.high >= mode)
        return _Tied(
            float(np.count_nonzero(equal) if packed.weight is None else packed.weight[equal].sum()),
            float(
                np.count_nonzero(admits)
                if packed.interval_weight is None
                else packed.interval_weight[admits].sum()
            ),
        )

    found = engine.reduce(count, arrangement.blocks())
    return _tied(survey, found.equal, survey.n_obs - found.equal - found.admitting)


def _tied(survey: Survey, tie: float, others: float) -> Survey:
    return replace(survey, tie=(tie, others))
