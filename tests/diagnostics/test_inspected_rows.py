"""Goodness of fit of rows known to lie in intervals, and the estimate that it compares with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import thetahat as th
from thetahat.diagnostics.distances import DISTANCES, Lines, complete
from thetahat.diagnostics.product_limit import product_limit
from thetahat.diagnostics.self_consistent import self_consistent

GRID = np.array([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])


def seen(y, times):
    """(low, high] between the times, one row of them for each value, that lie around it."""
    around = np.concatenate([np.full((y.size, 1), -np.inf), times, np.full((y.size, 1), np.inf)], axis=1)
    after = (times < y[:, None]).sum(axis=1)
    return around[np.arange(y.size), after], around[np.arange(y.size), after + 1]


def inspected(y):
    return th.Observations.interval(*seen(y, np.tile(GRID, (y.size, 1))))


def own_times(rng, n):
    times = np.cumsum(rng.exponential(0.8, (n, 6)), axis=1)
    return times, th.Observations.interval(*seen(3.0 * rng.weibull(1.5, n), times))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [3, 20, 300])
def test_masses_are_the_most_likely(seed, n):
    rng = np.random.default_rng(seed)
    y = rng.weibull(1.5, n)
    low, high = np.maximum(y - rng.exponential(0.3, n), 0.0), y + rng.exponential(0.3, n)
    exact = rng.random(n) < rng.choice([0.0, 0.3])
    low, high = np.where(exact, y, low), np.where(exact, y, high)
    high = np.where(~exact & (rng.random(n) < 0.2), np.inf, high)
    weight = rng.integers(1, 4, n).astype(float)
    begins, ends, mass = self_consistent(low, high, weight)
    assert mass.sum() == pytest.approx(1.0, abs=1e-12)
    # A row holds what begins in it and ends in it; a point that a row only begins at is outside.
    point = begins == ends
    inside = (low[:, None] <= begins) & (ends <= high[:, None])
    inside &= ~(point & (begins <= low[:, None])) | (low == high)[:, None]
    held = inside @ mass
    pull = (weight / held) @ inside / weight.sum()
    # No mass could be moved with gain (Gentleman & Geyer, 1994), and no other place can have any.
    assert weight.sum() * (pull.max() - 1.0) < 1e-6
    assert (np.diff(np.stack([begins, ends]).T.ravel()) >= 0).all()
    places = np.unique(np.concatenate([low, high, 0.5 * (low + np.minimum(high, 9.0))]))
    holds = np.where(low == high, places[:, None] == low, (low < places[:, None]) & (places[:, None] <= high))
    assert ((weight / held) @ holds.T / weight.sum()).max() <= 1.0 + 1e-6


def test_right_censored_rows_have_the_product_limit_estimate():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(1.0, 40), rng.random(40) < 0.6
    ones = np.ones(40)
    points, mass = product_limit(time[event], ones[event], time[~event], ones[~event])
    found = self_consistent(time, np.where(event, time, np.inf), ones)
    np.testing.assert_allclose(found.mass[: mass.size], mass, atol=1e-6)
    np.testing.assert_array_equal(found.ends[: mass.size], points)


def test_distances_of_lines_are_their_integrals():
    u = np.array([0.0, 0.1, 0.35, 0.35, 0.8, 1.0])
    starts, stops = np.array([0.0, 0.0, 0.3, 0.4, 0.4]), np.array([0.0, 0.3, 0.4, 0.4, 1.0])
    with np.errstate(divide="ignore"):
        lines = Lines(starts, stops, np.log(u), np.log1p(-u), np.diff(u), 12.0)

    def gap(x, k):
        return starts[k] + (stops[k] - starts[k]) * (x - u[k]) / (u[k + 1] - u[k]) - x

    pieces = [k for k in range(5) if u[k] < u[k + 1]]

    def over(weight):
        return sum(integrate.quad(lambda x: gap(x, k) ** 2 * weight(x), u[k], u[k + 1])[0] for k in pieces)  # noqa: B023

    assert DISTANCES["cramer_von_mises"](lines) == pytest.approx(12 * over(lambda _: 1.0), rel=1e-9)
    assert DISTANCES["anderson_darling"](lines) == pytest.approx(
        12 * over(lambda x: 1 / (x * (1 - x))), rel=1e-9
    )
    assert DISTANCES["kolmogorov_smirnov"](lines) == pytest.approx(0.4)


@pytest.mark.parametrize("name", DISTANCES)
def test_narrow_intervals_are_values_known_exactly(name):
    y = 3.0 * np.random.default_rng(5).weibull(1.5, 60)
    fit = th.fit("weibull", th.Observations.interval(y - 1e-9, y + 1e-9))
    times = np.stack([y - 1e-9, y + 1e-9], axis=1)
    found = fit.goodness_of_fit(name, n=1, rng=1, censoring=times).value
    assert found == pytest.approx(DISTANCES[name](complete(fit.distribution.cdf(np.sort(y)))), rel=1e-6)


def test_p_values_are_uniform_under_the_model():
    found = []
    for seed in range(25):
        y = 3.0 * np.random.default_rng(seed).weibull(1.5, 50)
        found.append(th.fit("weibull", inspected(y)).goodness_of_fit(n=19, rng=seed).p_value)
    assert stats.kstest(found, stats.uniform().cdf).statistic < 2.23 / np.sqrt(25) + 1 / 20


@pytest.mark.parametrize("name", DISTANCES)
def test_a_wrong_family_is_found_out(name):
    y = 3.0 * np.random.default_rng(1).weibull(2.0, 120)
    rows = inspected(y)
    wrong, right = (
        th.fit(family, rows).goodness_of_fit(name, n=39, rng=2) for family in ("exponential", "weibull")
    )
    assert wrong.p_value == 1 / 40
    assert right.p_value > 0.05
    assert "self-consistent" in str(right)


def test_rows_that_were_inspected_once_or_have_limits_of_detection():
    rng = np.random.default_rng(3)
    y, limit = 3.0 * rng.weibull(1.5, 60), rng.choice([0.5, 1.0, 2.0], 60)
    once = th.Observations.interval(*seen(y, limit[:, None]))
    hidden = th.Observations.left_censored(np.maximum(y, limit), (y > limit).astype(int))
    for rows in (once, hidden):
        fit = th.fit("weibull", rows)
        tested = fit.goodness_of_fit(n=19, rng=1)
        assert 0.05 < tested.p_value <= 1.0
        assert tested.n == 19
    # A row of weight 2 is two rows.
    twice = th.fit("weibull", once, weights=np.full(60, 2)).goodness_of_fit(n=5, rng=1)
    assert twice.n_obs == 120
    assert twice.value == pytest.approx(
        2 * th.fit("weibull", once).goodness_of_fit(n=1, rng=1).value, rel=1e-5
    )


def test_inspections_of_their_own_are_to_be_given():
    times, rows = own_times(np.random.default_rng(4), 40)
    fit = th.fit("weibull", rows)
    with pytest.raises(th.InferenceError, match="overlap"):
        fit.goodness_of_fit(n=9)
    tested = fit.goodness_of_fit(n=19, rng=1, censoring=np.where(times > 5.0, np.nan, times))
    assert tested.p_value > 0.05
    assert fit.goodness_of_fit(n=3, rng=1, censoring=GRID).value == tested.value
    with pytest.raises(th.DataError, match=r"shape \(39, 6\), and there are 40"):
        fit.goodness_of_fit(n=9, censoring=times[1:])
    mixed = th.Observations.interval([0.5, 1.0, 2.0, 0.7], [1.0, 1.0, 3.0, 0.7])
    with pytest.raises(th.InferenceError, match="rows of both kinds"):
        th.fit("exponential", mixed).goodness_of_fit(n=9)
    nothing = np.full(2, np.nan)
    given = np.array([[0.5, 1.0], nothing, [2.0, 3.0], nothing])
    assert th.fit("exponential", mixed).goodness_of_fit(n=9, rng=1, censoring=given).n == 9


def test_rows_that_drop_out():
    rng = np.random.default_rng(6)
    y, last = 3.0 * rng.weibull(1.5, 60), rng.choice(GRID[2:], 60)
    low, high = seen(y, np.tile(GRID, (60, 1)))
    out = y > last
    rows = th.Observations.interval(np.where(out, last, low), np.where(out, np.inf, high))
    assert th.fit("weibull", rows).goodness_of_fit(n=19, rng=1).p_value > 0.05
    below = th.Observations.interval(low[~out], high[~out], exit=9.0)
    assert th.fit("weibull", below).goodness_of_fit(n=9, rng=1).n_obs == (~out).sum()
