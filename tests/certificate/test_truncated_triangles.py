"""Triangles from rows with limits of truncation and censoring of every kind: against a slow search from many starts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import thetahat as th


def probability(x, low, mode, high):
    """P(Y <= x) by its definition."""
    x = np.clip(x, low, high)
    up = (x - low) ** 2 / ((high - low) * max(mode - low, 1e-300))
    down = 1.0 - (high - x) ** 2 / ((high - low) * max(high - mode, 1e-300))
    return np.where(x < mode, up, down)


def level(ends, rows):
    """ℓ of rows (a, b], or of a value where the two are equal, between limits."""
    low, mode, high = ends
    a, b, entry, exit_ = rows
    if not (low <= mode <= high and low < high):
        return -np.inf
    with np.errstate(all="ignore"):
        sides = (a - low) / max(mode - low, 1e-300), (high - a) / max(high - mode, 1e-300)
        density = 2.0 / (high - low) * np.where(a < mode, sides[0], np.where(a > mode, sides[1], 1.0))
        mass = probability(b, *ends) - probability(a, *ends)
        whole = probability(exit_, *ends) - probability(entry, *ends)
        value = np.log(np.where(a == b, np.maximum(density, 0.0), mass)) - np.log(whole)
    return float(value.sum()) if np.isfinite(value).all() else -np.inf


def highest(rows, seed):
    rng = np.random.default_rng(seed)
    told = np.concatenate([item[np.isfinite(item)] for item in rows[:2]])
    least, size = told.min(), told.max() - told.min()
    starts = np.stack(
        [
            least - size * rng.exponential(0.4, 200),
            rng.choice(told, 200),
            least + size * (1.0 + rng.exponential(0.4, 200)),
        ],
        axis=1,
    )
    heights = np.array([level(start, rows) for start in starts])
    best = -np.inf
    for index in np.argsort(-heights)[:3]:
        found = minimize(
            lambda ends: min(-level(ends, rows), 1e10),
            starts[index],
            method="Nelder-Mead",
            options={"maxiter": 300, "xatol": 1e-7, "fatol": 1e-8},
        )
        best = max(best, -found.fun)
    return best


def drawn(seed, right):
    rng = np.random.default_rng(seed)
    y = rng.triangular(-1.0, 0.3, 2.0, 160)
    entry = np.where(rng.random(160) < 0.5, -np.inf, rng.uniform(-1.3, 0.5, 160))
    exit_ = (
        np.where(rng.random(160) < 0.5, np.inf, rng.uniform(0.3, 2.3, 160)) if right else np.full(160, np.inf)
    )
    seen = np.flatnonzero((entry < y) & (y <= exit_))[:30]
    y, entry, exit_ = y[seen], entry[seen], exit_[seen]
    known = rng.random(30) < (1.0 if seed % 3 == 0 else 0.6)
    # The outermost are known, so that a right angle can only lie on them.
    known[[np.argmin(y), np.argmax(y)]] = True
    above = np.where(rng.random(30) < 0.5, np.inf, y + 0.2)
    low = np.where(known, y, np.maximum(y - 0.2, np.where(np.isfinite(entry), entry + 1e-3, -9.0)))
    return low, np.where(known, y, np.minimum(above, exit_)), entry, exit_


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_triangles_between_limits_are_the_highest_that_a_search_finds(seed, right):
    rows = drawn(seed, right)
    low, high, entry, exit_ = rows
    fit = th.fit(th.Triangular(), th.Observations.interval(low, high, entry=entry, exit=exit_))
    assert fit.certificate.verdict in {"maximum", "boundary"}
    assert fit.certificate.supremum >= highest(rows, seed) - 1e-6
    ends = [fit.estimates[name] for name in ("low", "mode", "high")]
    if fit.certificate.verdict == "maximum":
        assert fit.log_likelihood == pytest.approx(level(ends, rows), rel=1e-10)


def test_the_same_window_for_all_is_that_of_a_truncated_law():
    y = np.random.default_rng(0).triangular(-1.0, 0.3, 2.0, 200)
    y = y[(y > -0.5) & (y < 1.5)]
    fit = th.fit(th.Triangular(), th.Observations(y, entry=-0.5, exit=1.5))
    law = th.Truncated(fit.distribution, low=-0.5, high=1.5)
    assert fit.log_likelihood == pytest.approx(float(np.sum(law.log_prob(y))), rel=1e-12)
    # Its ends lie where no row can be, and the slopes tell them.
    assert fit.estimates["low"] < -0.5
    assert fit.estimates["high"] > 1.5


def test_a_neighbouring_place_that_is_better_with_ends_of_its_own_is_found():
    y = np.random.default_rng(0).triangular(-1.0, 0.3, 2.0, 300)
    y = y[y > 0.0]
    fit = th.fit(th.Triangular(), th.Observations(y, entry=0.0))
    rows = y, y, np.zeros(y.size), np.full(y.size, np.inf)
    for place in np.sort(y)[np.abs(np.sort(y) - fit.estimates["mode"]) < 0.03]:
        other = th.fit(th.Triangular(mode=float(place)), th.Observations(y, entry=0.0))
        assert other.log_likelihood <= fit.log_likelihood + 1e-8
    assert level([fit.estimates[name] for name in ("low", "mode", "high")], rows) == pytest.approx(
        fit.log_likelihood
    )
