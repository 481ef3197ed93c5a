"""The best uniform distribution of rows that are known to intervals, as the limit of a family that becomes level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.families._limit import Limit
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.optimize.covering import covering_of

MOST_ROWS = 20_000
BESIDE = 100.0
"""Times beyond the order of one, where the slope on leaving the limit is taken."""
MOVES = (-2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the width, over the parameter that runs away: how far the ends move meanwhile."""


def best_ends(family: Family, arrangement: Arrangement, engine: Engine) -> tuple[float, float] | None:
    """Low and high of highest likelihood; None if rows are many or truncated, or do not decide them."""
    survey = arrangement.survey
    if survey.truncated or survey.n_positive > MOST_ROWS:
        return None
    found = family.ends_of_rows(covering_of(arrangement, engine), {})
    if found is None or not np.isfinite([found.low, found.high]).all() or not found.low < found.high:
        return None
    return found.low, found.high


def slope_beside(
    limit: Limit, likelihood: Likelihood, ends: Mapping[str, float], scale: float, value: float
) -> tuple[float, float]:
    """The slope of the profile as it leaves a level limit of this value, by differences, and their error.

    The best ends are at a kink, where the profile has no derivative: they move with the parameter, and of what they may
    do meanwhile the best is taken.
    """
    table, (first, last) = likelihood.table, ends
    low, high = ends[first], ends[last]
    away = limit.beyond(scale, BESIDE)
    step = 1.0 / abs(away)
    best, rounding = -np.inf, 0.0
    for down in MOVES:
        for up in MOVES:
            width = (high - low) * step
            natural = limit.beside({first: low - down * width, last: high + up * width}, away)
            there = likelihood.tally(table.free_from_natural(natural), VALUE)
            if there.value > best:
                best, rounding = there.value, there.rounding
    noise = 2.0 * rounding / step + step * sum(rows.n_exact + rows.n_interval for rows in likelihood.rows())
    return (best - value) / step, noise
