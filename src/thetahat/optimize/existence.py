"""What the first pass already settles: data on which there is no maximum inside, whatever the optimiser.

Truncation only raises ℓ, and never above 0 where every row is an interval. So a place at which ℓ is unbounded, or
0, without regard to the limits of truncation, is one with regard to them; other suprema are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.first_pass import Arrangement
from thetahat.models.iid import IndependentModel


@dataclass(frozen=True, slots=True)
class Gathered:
    """A place where all mass can gather, so that ℓ has its supremum there.

    ``values`` are the parameters there: edges and infinities, or NaN where many finite values attain the
    supremum. ``attained`` is False where the edge itself is no distribution. ``sentence`` says it in other words than
    the usual ones.
    """

    values: Mapping[str, float]
    supremum: float
    place: str
    attained: bool = True
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class _Weights:
    below: float
    above: float
    bounded: float

    def merge(self, other: _Weights) -> _Weights:
        return _Weights(self.below + other.below, self.above + other.above, self.bounded + other.bounded)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Weights of rows open below, above and nowhere; smallest and largest inner ends of the first two."""

    below: float
    above: float
    bounded: float
    highs: tuple[float, float]
    lows: tuple[float, float]

    @property
    def disjoint(self) -> bool:
        """Whether no row that is open below holds a value of one that is open above."""
        return self.highs[1] <= self.lows[0]

    @property
    def splits_at_one_point(self) -> bool:
        """Whether all rows end or begin at one point, so that nothing lies between the two kinds."""
        return self.highs[0] == self.highs[1] == self.lows[0] == self.lows[1]

    def merge(self, other: _Ends) -> _Ends:
        return _Ends(
            self.below + other.below,
            self.above + other.above,
            self.bounded + other.bounded,
            (min(self.highs[0], other.highs[0]), max(self.highs[1], other.highs[1])),
            (min(self.lows[0], other.lows[0]), max(self.lows[1], other.lows[1])),
        )


def spike(arrangement: Arrangement) -> str | None:
    """Say why the density can be made as high as one likes on all exact rows at once, if it can."""
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    if not survey.constant:
        return None
    value = survey.minimum * model.unit
    if value in family.atoms():
        return None
    if family.spikes == "anywhere" and _can_gather_at(model, value, value):
        return f"every exact value is {value:g}, on which the density can be made as high as one likes"
    at = family.spikes.removeprefix("at ")
    if at in {"0", "1"} and value == float(at) and model.table.all_free:
        return f"every exact value is {value:g}, on which the density can be made as high as one likes"
    return None


def gathered(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """Find the place, if there is one, at which every row has the probability 1 or as much as it can have."""
    model, survey = arrangement.model, arrangement.survey
    gathers, support = model.family.gathers, model.family.support
    at_lower = survey.n_exact == 0 or _all_on_lower(model, survey)
    at_upper = survey.n_exact == 0 or (support.discrete and survey.minimum == support.upper)
    low_open = survey.highest_low == -np.inf or (
        _has_mass(model, support.lower) and survey.highest_low < support.lower
    )
    high_open = survey.lowest_high == np.inf
    if low_open and high_open and survey.n_exact == 0:
        return Gathered(dict.fromkeys(model.table.free_names, float(np.nan)), 0.0, "any place")
    if survey.all_exact and model.table.all_free:
        declared = model.family.collapse(survey)
        if declared is not None:
            return Gathered(*declared)
    end = None
    if at_upper and high_open:
        end = _end(model, gathers.upper, "the upper end")
    elif at_lower and low_open:
        end = _end(model, gathers.lower, "the lower end")
    if end is not None:
        return end
    # Rows of different ends share no more than the probability 1 only where all of them are of all values.
    apart = None if survey.truncated else _apart(arrangement, engine)
    if apart is not None:
        return apart
    near = _on_neighbours(arrangement, engine)
    if near is not None or survey.n_exact > 0 or support.discrete:
        return near
    low, high = survey.highest_low * model.unit, survey.lowest_high * model.unit
    if gathers.point is None or not low <= high or not _can_gather_at(model, low, high):
        return None
    if low < high:
        return Gathered(gathers.point, 0.0, f"a point between {low:g} and {high:g}")
    return None if survey.truncated else _split(arrangement, engine, low)


def _has_mass(model: IndependentModel, end: float) -> bool:
    """Whether an end of the support has a probability, and no density."""
    return model.family.support.discrete or end in model.family.atoms()


def _all_on_lower(model: IndependentModel, survey: Survey) -> bool:
    """Whether every exact row is the lower end of the support, which has a probability."""
    lower = model.family.support.lower
    return survey.maximum == lower and _has_mass(model, lower)


def _apart(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """The supremum of rows open at either end, where no two of different ends have a value in common.

    No distribution gives the ones more than p and the others more than 1 - p, so that n log p is the most there
    is: neared with the mass at both ends, and attained only where nothing lies between.
    """
    ends = _ends(arrangement, engine)
    if ends is None or not ends.disjoint:
        return None
    if not ends.splits_at_one_point:
        return _at_both_ends(arrangement, ends)
    model = arrangement.model
    if not model.family.support.discrete:
        return None
    anywhere = dict.fromkeys(model.table.free_names, float(np.nan))
    return Gathered(anywhere, _n_log_p(ends.below, ends.above), f"{ends.highs[0]:g}")


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
    supremum = _n_log_p(found.below, found.above)
    if alone:
        # Rows that part at one point and nowhere else are matched by many distributions.
        return Gathered(dict.fromkeys(model.table.free_names, float(np.nan)), supremum, f"{point:g}")
    gathers = model.family.gathers
    assert gathers.point is not None  # noqa: S101 - the caller has looked
    values = dict(gathers.point)
    if gathers.centre is not None and gathers.centre[0] not in model.table.fixed:
        values[gathers.centre[0]] = float(gathers.centre[1](point))
    return Gathered(values, supremum, f"{point:g}")


def _on_neighbours(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """All mass on two neighbouring counts of which every row admits one, or on one that all admit.

    Rows that admit the first alone end there and those that admit the second alone begin there, so that no distribution
    gives the ones more than p and the others more than 1 - p.
    """
    model, survey = arrangement.model, arrangement.survey
    values = model.family.gathers.neighbours
    if values is None or survey.all_exact or not model.table.all_free:
        return None
    first = max(survey.maximum, float(np.floor(survey.highest_low)) + 1.0)
    last = min(survey.minimum, float(np.floor(survey.lowest_high)))
    if not np.isfinite([first, last]).all() or first > last + 1.0 or (first > last and survey.truncated):
        return None
    if first <= last:
        return Gathered(values, 0.0, f"{last:g}") if last > 0 else None

    def count(block: Any) -> _Weights:
        packed = block if arrangement.packed else model.pack(block)
        exact = np.ones(packed.y.shape) if packed.weight is None else packed.weight
        weight = np.ones(packed.low.shape) if packed.interval_weight is None else packed.interval_weight
        return _Weights(
            float(exact[packed.y == last].sum() + weight[np.floor(packed.high) == last].sum()),
            float(exact[packed.y == first].sum() + weight[np.floor(packed.low) == last].sum()),
            0.0,
        )

    found = engine.reduce(count, arrangement.blocks())
    # Of 0 and 1 the odds are the first parameter.
    odds = {model.family.declared[0].name: found.above / found.below} if last == 0 else {}
    return Gathered({**values, **odds}, _n_log_p(found.below, found.above), f"{last:g} and {first:g}")


def parted(arrangement: Arrangement, engine: Engine) -> Gathered | None:
    """All mass at the two ends, where every row is open at one of them: n log p, which may not be the supremum."""
    ends = None if arrangement.survey.truncated else _ends(arrangement, engine)
    return None if ends is None or ends.splits_at_one_point else _at_both_ends(arrangement, ends)


def _ends(arrangement: Arrangement, engine: Engine) -> _Ends | None:
    """How the rows lie about the two ends; None where one admits neither, or the family cannot part its mass."""
    model, survey = arrangement.model, arrangement.survey
    support = model.family.support
    if model.family.gathers.both is None or not model.table.all_free:
        return None
    # A density is as good as 0 on an exact row beside the ends; a mass on the lower end itself is not.
    if survey.n_exact > 0 and not _all_on_lower(model, survey):
        return None

    def count(block: Any) -> _Ends:
        packed = block if arrangement.packed else model.pack(block)
        weight = np.ones(packed.low.shape) if packed.interval_weight is None else packed.interval_weight
        low, high = packed.low, packed.high
        below, above = np.isneginf(low), np.isposinf(high)
        if _has_mass(model, support.lower):
            below |= low < support.lower
        if support.discrete:
            low, high = np.floor(low), np.floor(high)
        # Rows open at both ends have the probability 1 whatever the shares.
        only_below, only_above = below & ~above, above & ~below
        exact = packed.y.shape[0] > 0
        highs = np.append(high[only_below], support.lower) if exact else high[only_below]
        return _Ends(
            packed.n_exact + float(weight[only_below].sum()),
            float(weight[only_above].sum()),
            float(weight[~(below | above)].sum()),
            _extent(highs),
            _extent(low[only_above]),
        )

    found = engine.reduce(count, arrangement.blocks())
    return found if found.bounded == 0 and found.below > 0 and found.above > 0 else None


def _extent(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.min(values, initial=np.inf)), float(np.max(values, initial=-np.inf))


def _at_both_ends(arrangement: Arrangement, ends: _Ends) -> Gathered | None:
    both = arrangement.model.family.gathers.both
    return (
        None if both is None else Gathered(both, _n_log_p(ends.below, ends.above), "both ends of its range")
    )


def _n_log_p(below: float, above: float) -> float:
    total = below + above
    return float(below * np.log(below / total) + above * np.log(above / total))
