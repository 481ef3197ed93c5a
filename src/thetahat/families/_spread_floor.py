"""A component that collapses on a value, and the region of a mixture in which none does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thetahat.families._contract import NOTHING_KNOWN, Theta
from thetahat.families._family import Family
from thetahat.families._survey import Survey

SHARE = 1e-3
"""Of the mean gap between neighbouring values, what a component's interquartile range has to exceed."""
_POWERS = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
"""Of ten, by which a component collapses on the way that shows that there is no bound, to where rounding ends it."""
_QUARTILES = np.array([0.25, 0.75])


def collapsible(inside: Sequence[Family], shared: Sequence[str]) -> bool:
    """Whether some component can gather all its mass around a value, and its density grow without bound, alone."""
    return any(_collapses(family, shared) for family in inside)


def _collapses(family: Family, shared: Sequence[str]) -> bool:
    return family.spikes == "anywhere" and not any(name in shared for name in family.gathers.point or ())


def collapsing(
    inside: Sequence[Family], shared: Sequence[str], survey: Survey
) -> tuple[tuple[Theta, ...], ...]:
    """The components' parameters while one of them collapses on the smallest value and the others hold all."""
    k = next((k for k, family in enumerate(inside) if _collapses(family, shared)), None)
    low, high = survey.minimum, survey.maximum
    if k is None or any(family.known for family in inside) or not 0 < high - low < np.inf:
        return ()
    over_all = np.array([low, 0.5 * low + 0.5 * high, high])
    wide = [family.start(over_all, NOTHING_KNOWN) for family in inside]
    family = inside[k]
    names = [parameter.name for parameter in family.declared]
    tight = dict(zip(names, family.start(over_all, NOTHING_KNOWN), strict=True))
    if family.gathers.centre is not None:
        centre, place = family.gathers.centre
        tight[centre] = float(place(low))
    found = []
    for power in _POWERS:
        moved = {
            name: tight[name] * 10.0 ** (-power if end == 0 else power)
            for name, end in (family.gathers.point or {}).items()
        }
        own = tuple({**tight, **moved}[name] for name in names)
        found.append(tuple(own if j == k else theta for j, theta in enumerate(wide)))
    return tuple(found)


def above_floor(family: Family, theta: Theta, survey: Survey) -> bool:
    """Whether a component's interquartile range exceeds the floor; of positive numbers, that of their logarithm."""
    if family.spikes != "anywhere" or not survey.n_exact > 0:
        return True
    with np.errstate(all="ignore"):
        quartiles = np.asarray(family.quantile_at(_QUARTILES, theta, NOTHING_KNOWN), dtype=float)
        ends = np.array([survey.minimum, survey.maximum])
        lower = family.support.lower
        if np.isfinite(lower):
            quartiles = np.log(quartiles - lower)
            ends = np.log(np.maximum(ends - lower, np.finfo(float).tiny))
        spread, extent = np.diff(quartiles), np.diff(ends)
    return bool(spread[0] > SHARE * extent[0] / survey.n_obs)
