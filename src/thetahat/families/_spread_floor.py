"""The regular region of a mixture: no component's spread below what the gaps between values tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thetahat.families._contract import NOTHING_KNOWN, Theta
from thetahat.families._family import Family
from thetahat.families._survey import Survey

SHARE = 1e-3
"""Of the mean gap between neighbouring values, what a component's interquartile range has to exceed."""
_QUARTILES = np.array([0.25, 0.75])


def collapsible(inside: Sequence[Family], shared: Sequence[str]) -> bool:
    """Whether some component can gather all its mass around a value, and its density grow without bound, alone."""
    return any(
        family.spikes == "anywhere" and not any(name in shared for name in family.gathers.point or ())
        for family in inside
    )


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
