"""Two ends of a level density from censored rows of every kind between limits of their own: against brute force."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th


def drawn(seed, discrete):
    """Few rows: ends of what is known of each, a weight, and limits; the two ends are alike where it is exact."""
    rng = np.random.default_rng(seed)
    n, step = int(rng.integers(4, 10)), float(discrete)
    exact_share, endless = rng.choice([0.0, 0.3, 0.6]), rng.choice([0.0, 0.3, 0.7])

    def gap(most):
        return rng.integers(1, 5, n).astype(float) if discrete else rng.exponential(most, n)

    y = rng.integers(-4, 6, n).astype(float) if discrete else rng.uniform(-1.0, 1.0, n)
    entry = np.where(rng.random(n) < endless, -np.inf, y - gap(0.7) - step)
    exit_ = np.where(rng.random(n) < endless, np.inf, y + gap(0.7) + step)
    low = np.maximum(np.where(rng.random(n) < 0.3, -np.inf, y - gap(0.4)), entry)
    high = np.minimum(np.where(rng.random(n) < 0.3, np.inf, y + gap(0.4) - step), exit_)
    exact = rng.random(n) < exact_share
    silent = ~exact & (low <= entry) & (high >= exit_)
    low, high = np.where(exact, y, low), np.where(exact, y, high)
    keep = ~silent
    rows = low[keep], high[keep], entry[keep], exit_[keep]
    return *rows, rng.integers(1, 4, int(keep.sum())).astype(float)


def level(lows, highs, rows, step):
    """ℓ at every pair of ends by its definition; ``step`` is 1 of whole numbers, each as wide as that."""
    low, high, entry, exit_, weight = rows
    exact = low == high
    first, last = lows[:, None, None], highs[None, :, None] + step

    def width(begin, end):
        return np.maximum(np.minimum(end + step, last) - np.maximum(begin + step, first), 0.0)

    with np.errstate(all="ignore"):
        inside = (lows[:, None, None] <= low) & (high <= highs[None, :, None])
        part = np.where(exact, np.where(inside, 1.0, 0.0), width(low, high))
        height = (weight * (np.log(part) - np.log(width(entry, exit_)))).sum(axis=-1)
    return np.where(np.isnan(height) | (first[:, :, 0] >= last[:, :, 0]), -np.inf, height)


def highest(rows, step):
    """The maximum over a grid of all ends, those far out too, refined around its best places."""
    told = np.concatenate([item[np.isfinite(item)] for item in rows[:4]])
    least, most = told.min(), told.max()
    if step:
        places = np.arange(least - 60.0, most + 61.0)
        return level(places, places, rows, step).max()
    far = np.geomspace(1e-3, 1e4, 25) * (most - least)
    places = np.unique(np.concatenate([told, np.linspace(least, most, 100), least - far, most + far]))
    heights = level(places, places, rows, step)
    best = heights.max()
    for index in np.argsort(heights, axis=None)[::-1][:6]:
        i, j = np.unravel_index(index, heights.shape)
        low, high, size = places[i], places[j], np.array([0.1, 0.1]) * (1.0 + np.abs(places[[i, j]]))
        for _ in range(12):
            near = [
                np.append(at + w * np.linspace(-1, 1, 16), at)
                for at, w in zip((low, high), size, strict=True)
            ]
            there = level(*near, rows, step)
            a, b = np.unravel_index(there.argmax(), there.shape)
            low, high, best = near[0][a], near[1][b], max(best, there[a, b])
            size = size / 4.0
    return best


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_ends_are_the_highest_of_all(seed, discrete):
    rows = drawn(seed, discrete)
    low, high, entry, exit_, weight = rows
    if (low == high).sum() == 1 or not low.size:
        rows = tuple(item[low != high] for item in rows)
        low, high, entry, exit_, weight = rows
    observed = th.Observations.interval(low, high, entry=entry, exit=exit_)
    fit = th.fit(th.DiscreteUniform() if discrete else th.Uniform(), observed, weights=weight)
    best = highest(rows, float(discrete))
    verdict = fit.certificate.verdict
    assert fit.certificate.scope == "global"
    if verdict in {"at_infinity", "flat"}:
        # What is only neared, or level far out, the grid comes close to.
        assert best <= fit.certificate.supremum + 1e-9
        assert fit.certificate.supremum == pytest.approx(best, abs=0.05 if verdict == "at_infinity" else 1e-6)
    else:
        assert verdict in {"boundary", "maximum"}
        assert fit.log_likelihood == pytest.approx(best, rel=1e-6, abs=1e-6)
        ends = {name: value for name, value in fit.estimates.items() if np.isfinite(value)}
        assert ends
        for name, value in ends.items():
            moved = {**dict.fromkeys(("low", "high"), np.nan), **fit.estimates}
            if np.isnan(list(moved.values())).any():
                continue
            for by in (-1.0, 1.0) if discrete else (-1e-4, 1e-4):
                near = {**moved, name: value + by}
                there = level(np.array([near["low"]]), np.array([near["high"]]), rows, float(discrete))
                assert there[0, 0] <= fit.log_likelihood + 1e-9


def test_rows_that_meet_in_a_place_leave_a_ridge():
    inf = np.inf
    rows = th.Observations.interval(
        [-inf, 1, -inf, 1], [1, inf, 1, inf], entry=[-99, -99, -50, -50], exit=[99, 99, inf, inf]
    )
    fit = th.fit(th.Uniform(), rows)
    assert fit.certificate.verdict == "flat"
    assert fit.log_likelihood == pytest.approx(4 * np.log(0.5), rel=1e-12)
    given = th.fit(th.Uniform(low=-30), rows)
    assert given.estimates["high"] == pytest.approx(32.0, rel=1e-9)
    assert given.standard_errors["high"] > 0
    # Exact rows there can be given any density.
    spike = th.Observations.interval([1, 1, 1], [1, 1, 2], entry=[0, 0.5, -1], exit=[3, 3, 5])
    assert th.fit(th.Uniform(), spike).certificate.verdict == "unbounded"


def test_a_supremum_that_leaves_a_row_no_place_is_only_neared():
    # The second row's limits begin where it does: its share is 1 for every high above 2, and ℓ falls from there on.
    rows = ([1.0, 2.0, 1.0], [1.0, 2.5, 1.5], [0.0, 2.0, 0.5], [9.0, 9.0, 9.0])
    fit = th.fit(th.Uniform(), th.Observations.interval(rows[0], rows[1], entry=rows[2], exit=rows[3]))
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["high"] == 2.0
    assert "supremum" in fit.certificate.sentence
    arrays = tuple(np.array(item) for item in rows)
    highs = 2.0 + np.array([1e-9, 1e-6, 1e-3, 0.1, 0.5, 1.0])
    heights = level(np.array([1.0, 0.5, 0.0]), highs, (*arrays, np.ones(3)), 0.0)
    assert np.argmax(heights) == 0
    assert fit.certificate.supremum == pytest.approx(heights[0, 0], abs=1e-8)
    assert heights.max() < fit.certificate.supremum


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_is_level_up_to_where_a_row_has_no_place_is_attained(mirrored):
    """The second row's share is 1 for every low from 3 on, up to its exit of 5, where it has no place any more."""
    low, high = np.array([9.0, 3.0, 8.5, 9.1]), np.array([9.0, np.inf, np.inf, 9.1])
    entry, exit_ = np.array([8.0, -np.inf, 6.5, 6.5]), np.array([np.inf, 5.0, 9.5, np.inf])
    if mirrored:
        low, high, entry, exit_ = -high, -low, -exit_, -entry
    fit = th.fit(th.Uniform(), th.Observations.interval(low, high, entry=entry, exit=exit_))
    level_end, other = ("high", "low") if mirrored else ("low", "high")
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.status == {level_end: "unidentified", other: "edge"}
    end = abs(fit.estimates[other])
    expected = -np.log(end - 8.0) + np.log(
        (9.5 - 8.5) / (9.5 - 6.5) if end > 9.5 else (end - 8.5) / (end - 6.5)
    )
    assert fit.log_likelihood == pytest.approx(expected - np.log(end - 6.5), rel=1e-12)


def test_bounds_hold_over_boxes():
    from thetahat.families._mixed_ends import Mixed

    rng = np.random.default_rng(3)
    for seed in range(20):
        low, high, entry, exit_, weight = drawn(seed, discrete=False)
        exact = low == high
        least, most = (low[exact].min(), low[exact].max()) if exact.any() else (np.inf, -np.inf)
        others = (item[~exact] for item in (low, high, entry, exit_, weight))
        rows = Mixed(*others, entry[exact], exit_[exact], weight[exact], least, most).gathered()
        begin, end = rows.innermost, -rows.mirrored().innermost
        corners = (
            np.sort(end - rng.exponential(1.0, (200, 2)), axis=1),
            np.sort(begin + rng.exponential(1.0, (200, 2))),
        )
        boxes = np.concatenate(corners, axis=1)
        bounds, slopes = rows.height(boxes), rows.slopes(boxes)
        for _ in range(20):
            share = rng.random((200, 2))
            at = boxes[:, [0, 2]] + share * (boxes[:, [1, 3]] - boxes[:, [0, 2]])
            value = rows.height(at[:, [0, 0, 1, 1]])
            assert (value <= bounds + 1e-9 * (1 + np.abs(bounds))).all()
            moved = rows.height(np.stack([at[:, 0], at[:, 0], at[:, 1] + 1e-7, at[:, 1] + 1e-7], axis=1))
            inside = (at[:, 1] + 1e-7 <= boxes[:, 3]) & np.isfinite(value)
            slope = (moved - value)[inside] / 1e-7
            slack = 1e-5 * (1 + np.abs(slope))
            assert (slopes[inside, 0] - slack <= slope).all()
            assert (slope <= slopes[inside, 1] + slack).all()
