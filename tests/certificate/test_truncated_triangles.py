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


INF = np.inf


@pytest.mark.parametrize(
    ("rows", "weights", "expected", "verdict"),
    [
        # A right angle at a limit of truncation, where ℓ has a kink.
        (
            (
                [5.724, 4.846, 4.555, 0.616, -INF, 2.266, 0.146, 7.16, 1.182, 3.244, 4.684],
                [5.724, 4.846, 4.555, 4.114, 3.316, INF, 3.901, 7.16, 2.065, 3.244, 4.684],
                [5.36, 3.385, 4.163, -INF, -INF, 0.599, -1.445, 5.84, -0.168, 1.852, -INF],
                [INF, INF, 6.27, 4.966, INF, 3.793, 6.452, 8.293, 2.443, INF, INF],
            ),
            [1, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2],
            (1.182, 1.182, 7.77706),
            "boundary",
        ),
        (
            (
                [6.265, 2.132, 4.139, 4.669, 6.622, 5.777],
                [6.265, 2.132, 4.139, INF, 10.151, 8.676],
                [-INF, -INF, 3.307, 3.187, 6.47, -INF],
                [7.439, INF, 6.747, 7.506, 10.673, INF],
            ),
            [2, 1, 2, 1, 1, 2],
            (0.4227256, 8.676, 8.676),
            "boundary",
        ),
        (
            (
                [2.065, 2.046, 3.868, -INF, 1.401, 7.236, 2.545, -0.395, 4.514],
                [2.065, 2.046, 3.868, 1.291, INF, 7.236, 4.121, 1.702, 4.514],
                [1.517, -0.489, -INF, -INF, 0.188, 6.774, 1.263, -1.747, -INF],
                [INF] * 9,
            ),
            [2, 1, 1, 2, 1, 1, 2, 2, 1],
            (-0.395, -0.395, 7.52313),
            "boundary",
        ),
        # A mode inside beside a right angle that is 0.8 nats lower.
        (
            (
                [6.525, 7.649, 2.779, 4.515, 5.393, -INF, 2.917, -0.086, 4.622],
                [6.525, 7.649, 2.779, 4.515, 5.393, 4.236, 3.628, 2.877, INF],
                [4.592, 5.526, -INF, 4.293, 4.29, 3.524, 0.924, -2.661, -INF],
                [INF] * 9,
            ),
            [1, 1, 2, 1, 2, 2, 2, 1, 1],
            (1.9479177, 2.779, 8.0995812),
            "maximum",
        ),
        # High without bound.
        (
            (
                [3.164, 3.907, 0.91, 2.129, 2.359, 0.609, 4.32, 7.702],
                [3.164, 3.907, 0.91, 2.129, 4.542, 0.609, 4.32, INF],
                [0.402, 2.279, 0.263, 0.716, -INF, -1.875, -INF, -INF],
                [6.078, 5.516, 1.425, 3.243, 4.696, 1.323, 6.262, 7.949],
            ),
            [1, 1, 1, 2, 2, 1, 2, 1],
            (0.2501358, 4.32, 1e7),
            "at_infinity",
        ),
        # High on the way to the entry of a censored row, which has no probability there.
        (
            (
                [2.811, 5.732, 5.723, -INF],
                [2.811, 5.732, 5.723, 8.626],
                [-0.159, -INF, 5.611, 7.309],
                [INF, INF, INF, 10.594],
            ),
            [2, 2, 2, 1],
            (2.811, 2.811, 7.309 + 1e-7),
            "at_infinity",
        ),
        # Low without bound, with high on its way to the entry of a row.
        (
            (
                [5.461, 1.562, 6.603, 2.116, -INF, -INF],
                [5.461, 1.562, 6.603, 2.116, 0.566, 1.49],
                [5.138, -1.184, 4.155, 0.553, -INF, -INF],
                [INF] * 6,
            ),
            [2, 1, 2, 1, 2, 2],
            (-1e7, 6.603, 6.603),
            "at_infinity",
        ),
    ],
)
def test_right_angles_and_ends_that_run_away_are_told_where_they_are_highest(
    rows, weights, expected, verdict
):
    low, high, entry, exit_ = (np.array(item, dtype=float) for item in rows)
    seen = th.Observations.interval(low, high, entry=entry, exit=exit_)
    fit = th.fit(th.Triangular(), seen, weights=np.array(weights, dtype=float))
    assert fit.certificate.verdict == verdict
    # By the definition, at a triangle that a slow search from many starts has found.
    repeated = [np.repeat(item, weights) for item in (np.maximum(low, entry), np.minimum(high, exit_))]
    exact = np.repeat(low == high, weights)
    repeated[0][exact] = repeated[1][exact] = np.repeat(low, weights)[exact]
    there = level(expected, (*repeated, np.repeat(entry, weights), np.repeat(exit_, weights)))
    assert fit.certificate.supremum == pytest.approx(there, abs=1e-5)
    assert fit.certificate.supremum >= there - 1e-7
    for name, value in zip(("low", "mode", "high"), expected, strict=True):
        told = fit.estimates[name]
        assert told == pytest.approx(value, abs=1e-5) or (np.isinf(told) and abs(value) == 1e7)


def test_ends_run_away_only_where_the_likelihood_rises_there():
    rows = drawn(1, right=True)
    low, high, entry, exit_ = rows
    fit = th.fit(th.Triangular(), th.Observations.interval(low, high, entry=entry, exit=exit_))
    low, mode, high = (fit.estimates[name] for name in ("low", "mode", "high"))
    assert fit.certificate.exists
    for factor in (1e2, 1e4, 1e6):
        assert level((low - factor, mode, high), rows) < fit.log_likelihood
        assert level((low, mode, high + factor), rows) < fit.log_likelihood
