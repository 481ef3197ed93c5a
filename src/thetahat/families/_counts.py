"""What families of counts share: quantiles, and start values for means that may be zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array

_LONGEST_TABLE = 2_000_000


def positive_mean(points: NDArray[np.float64]) -> float:
    """Mean of counts, or half a count among them all where there is none."""
    scale = float(np.max(points))
    mean = scale * float(np.mean(points / scale)) if scale > 0 else 0.0
    return max(mean, 0.5 / points.size)


def misfit_trials(y: Array, trials: Any) -> tuple[Array, str]:
    """Trials that are no counts, else more successes than trials, as a mask with the reason."""
    trials = np.asarray(trials, dtype=float)
    wrong = ~((trials >= 0) & (trials == np.floor(trials)) & np.isfinite(trials))
    if wrong.any():
        return np.broadcast_to(wrong, np.shape(y)), "trials must be whole numbers from 0 up"
    return np.asarray(y > trials), "there can be no more successes than trials"


def lattice_quantile(probability: Array, cdf: Callable[[Array], Array], guess: Any, largest: Any) -> Array:
    """Smallest whole number with cdf at least ``probability``, by bisection around a guess."""
    probability, guess, largest = np.broadcast_arrays(
        np.asarray(probability, dtype=float), np.asarray(guess, dtype=float), np.asarray(largest, dtype=float)
    )
    # An infinite quantile is not to be searched for.
    sought = (probability > 0.0) & (probability < 1.0)
    high = np.clip(
        np.where(sought & np.isfinite(guess), np.ceil(guess), 0.0),
        0.0,
        np.where(np.isfinite(largest), largest, 1e300),
    )
    low = high - 1.0
    step = 1.0
    while np.any(short := sought & (cdf(high) < probability) & (high < largest)) and step < 1e300:
        low = np.where(short, high, low)
        high = np.where(short, np.minimum(high + step, largest), high)
        step *= 2.0
    step = 1.0
    while np.any(long := sought & (low >= 0.0) & (cdf(np.maximum(low, 0.0)) >= probability)):
        high = np.where(long, low, high)
        low = np.where(long, np.maximum(low - step, -1.0), low)
        step *= 2.0
    while True:
        # Far out neighbouring numbers have no number between them, whole or not.
        middle = np.floor(low + 0.5 * (high - low))
        open_ = (middle > low) & (middle < high)
        if not open_.any():
            break
        enough = cdf(np.maximum(middle, 0.0)) >= probability
        high = np.where(open_ & enough, middle, high)
        low = np.where(open_ & ~enough, middle, low)
    result: Array = np.where(probability == 1.0, largest, np.where(probability == 0.0, 0.0, high))
    return result


def root_in_bracket(
    function: Callable[[float], tuple[float, float]], guess: float, low: float, high: float
) -> float:
    """The root of an increasing function that gives its value and slope, by Newton's method kept in a bracket."""
    at = min(max(guess, low), high)
    for _ in range(200):
        value, slope = function(at)
        low, high = (low, at) if value > 0 else (at, high)
        moved = at - value / slope if slope > 0 else np.nan
        if not low < moved < high:
            moved = 0.5 * (low + high)
        if abs(moved - at) <= 2.0 * float(np.spacing(abs(at))):
            return float(moved)
        at = moved
    return float(at)


def sampled_from_table(
    rng: np.random.Generator, size: int, log_mass: Callable[[Array], Array], low: float, high: float
) -> Array:
    """Draws by inversion of the masses from ``low`` to ``high``, outside which there is next to nothing.

    Where the table would be too long, its entries stand for cells of counts, within which all are equally likely.
    """
    cell = max(1.0, np.ceil((high - low + 1.0) / _LONGEST_TABLE))
    starts = np.arange(low, high + 1.0, cell)
    log_masses = log_mass(np.floor(starts + 0.5 * (cell - 1.0)))
    share = np.cumsum(np.exp(log_masses - np.max(log_masses)))
    drawn = starts[
        np.searchsorted(share, rng.random(size) * share[-1], side="right").clip(max=starts.size - 1)
    ]
    return np.asarray(drawn if cell == 1.0 else drawn + np.floor(cell * rng.random(size)))
