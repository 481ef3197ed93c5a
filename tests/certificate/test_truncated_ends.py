"""Families whose support ends at their parameters, fitted to rows with limits of truncation: against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import thetahat as th


def uniform(low, high, y, entry, exit_, step=0.0):
    """ℓ of exact rows: one over what the limits leave of the support; ``step`` is 1 of whole numbers."""
    if low > y.min() or high < y.max():
        return -np.inf
    return -float(np.sum(np.log(np.minimum(high, exit_) - np.maximum(low, entry + step) + step)))


def pareto(shape, minimum, y, event, entry, exit_):
    """ℓ of exact rows, and of those that exceed y, by its definition."""
    if minimum > y[event].min():
        return -np.inf

    def survival(x):
        return np.minimum(minimum / np.maximum(x, 1e-300), 1.0) ** shape

    density = shape * minimum**shape / y ** (shape + 1)
    mass = survival(entry) - np.where(np.isinf(exit_), 0.0, survival(exit_))
    return float(np.sum(np.log(np.where(event, density, survival(y)) / mass)))


def drawn(seed, n, discrete):
    """Rows between limits, some without."""
    rng = np.random.default_rng(seed)
    y = rng.integers(-4, 5, n).astype(float) if discrete else rng.uniform(-2.0, 3.0, n)
    gaps = rng.integers(1, 4, (2, n)) if discrete else rng.exponential(1.0, (2, n))
    entry = np.where(rng.random(n) < 0.2, -np.inf, y - gaps[0])
    exit_ = np.where(rng.random(n) < 0.2, np.inf, y + gaps[1] - discrete)
    return y, entry, exit_


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_ends_of_truncated_rows_are_the_highest_of_a_grid(seed, discrete):
    y, entry, exit_ = drawn(seed, 8, discrete)
    fit = th.fit(
        th.DiscreteUniform() if discrete else th.Uniform(), th.Observations(y, entry=entry, exit=exit_)
    )
    away = np.concatenate([[0.0], np.arange(1.0, 8.0) if discrete else np.geomspace(1e-6, 10.0, 25)])
    low, high = y.min(), y.max()

    def at(one, other):
        return uniform(low - one, high + other, y, entry, exit_, float(discrete))

    heights = np.array([[at(one, other) for other in away] for one in away])
    assert fit.log_likelihood == pytest.approx(heights.max(), rel=1e-12)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.scope == "global"
    # An end is identified where every other one is less likely.
    lower = np.isclose(heights[:, 0], heights.max(), rtol=1e-13, atol=1e-13).sum() > 1
    upper = np.isclose(heights[0], heights.max(), rtol=1e-13, atol=1e-13).sum() > 1
    for name, end, lost in (("low", low, lower), ("high", high, upper)):
        assert fit.certificate.status[name] == ("unidentified" if lost else "edge")
        assert np.isnan(fit.estimates[name]) if lost else fit.estimates[name] == end
        assert np.isnan(fit.standard_errors[name])


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_power_law_between_limits_is_the_highest_of_a_grid(seed, right):
    rng = np.random.default_rng(seed)
    y = 2.0 * np.exp(rng.exponential(0.6, 30))
    entry = np.where(rng.random(30) < 0.3, 0.0, y * rng.uniform(0.2, 0.99, 30))
    exit_ = y * (1.2 + rng.exponential(5.0, 30)) if right else np.full(30, np.inf)
    event = np.ones(30, dtype=bool) if right else (rng.random(30) < 0.7) | (y == y.min())
    rows = (
        th.Observations(y, entry=entry, exit=exit_)
        if right
        else th.Observations.right_censored(y, event, entry=entry)
    )
    fit = th.fit(th.Pareto(), rows)
    least = y[event].min()
    assert fit.estimates["minimum"] == least
    assert fit.certificate.status == {"shape": "regular", "minimum": "edge"}
    assert fit.certificate.scope == "global"

    def best(minimum):
        def fall(log_shape):
            return -pareto(np.exp(log_shape), minimum, y, event, entry, exit_)

        return minimize_scalar(fall, bounds=(-6.0, 4.0), method="bounded", options={"xatol": 1e-9})

    found = best(least)
    assert fit.log_likelihood == pytest.approx(-found.fun, rel=1e-12)
    assert np.log(fit.estimates["shape"]) == pytest.approx(found.x, abs=1e-6)
    assert all(-best(least * share).fun < fit.log_likelihood for share in (0.999999, 0.99, 0.8, 0.5, 0.1))
    if not right:
        exposure = np.log(np.maximum(y, least) / np.maximum(entry, least)).sum()
        assert fit.estimates["shape"] == pytest.approx(event.sum() / exposure, rel=1e-10)
        # -ℓ'' = events/shape², beside a given minimum.
        error = fit.estimates["shape"] / np.sqrt(event.sum())
        assert fit.standard_errors["shape"] == pytest.approx(error, rel=1e-8)


def test_values_that_crowd_towards_their_exits_leave_no_shape():
    y = np.array([1.0, 2.0, 3.0, 3.5, 3.8, 3.9])
    entry = np.array([0.5, 1.5, 1.0, 1.0, 1.0, 1.0])
    fit = th.fit(th.Pareto(), th.Observations(y, entry=entry, exit=4.0))
    assert fit.estimates == {"shape": 0.0, "minimum": 1.0}
    assert fit.certificate.status == {"shape": "boundary", "minimum": "edge"}
    assert np.isnan(list(fit.standard_errors.values())).all()
    # The limit has the density 1/(y log(exit/entry)).
    level = -float(np.sum(np.log(y * np.log(4.0 / np.maximum(entry, 1.0)))))
    assert fit.log_likelihood == pytest.approx(level, rel=1e-9)
    everything = np.ones(6, dtype=bool)
    assert all(
        pareto(s, 1.0, y, everything, entry, np.full(6, 4.0)) < fit.log_likelihood for s in (0.01, 0.3, 2.0)
    )


def test_an_end_that_no_row_tells_is_named():
    y = [1.0, 2.0, 3.0]
    fit = th.fit(th.Uniform(), th.Observations(y, exit=[2.5, 3.0, 3.0]))
    assert fit.estimates["low"] == 1.0
    assert np.isnan(fit.estimates["high"])
    assert fit.certificate.verdict == "boundary"
    assert "high is not identified" in fit.certificate.sentence
    # A row without weight tells nothing, and one without limits all.
    rows = th.Observations([*y, 2.0], exit=[2.5, 3.0, 3.0, np.inf])
    assert np.isnan(th.fit(th.Uniform(), rows, weights=[1, 1, 1, 0]).estimates["high"])
    assert th.fit(th.Uniform(), rows, weights=[1, 1, 1, 1]).estimates["high"] == 3.0


@pytest.mark.parametrize("engine", [None, th.Threads(2)])
def test_a_likelihood_that_no_end_changes_is_flat(engine):
    whole = th.fit(th.DiscreteUniform(), th.Observations([1, 2, 2, 6], entry=0, exit=6.5), engine=engine)
    given = th.fit(th.Uniform(low=0), th.Observations([1.0, 2.0, 6.0], exit=6), engine=engine)
    for fit, level in ((whole, -4 * np.log(6)), (given, -3 * np.log(6))):
        assert fit.certificate.verdict == "flat"
        assert fit.certificate.exists
        assert fit.log_likelihood == pytest.approx(level, rel=1e-14)
        assert "limits of truncation cut every row off" in fit.certificate.sentence
        assert np.isnan(fit.estimates["high"])
    assert given.estimates["low"] == 0.0


def test_given_ends_stay_and_may_leave_rows_outside():
    rows = th.Observations([1.0, 2.0, 3.0], entry=[0.0, 1.5, 0.5], exit=9)
    assert th.fit(th.Uniform(low=0.25), rows).estimates == {"low": 0.25, "high": 3.0}
    assert th.fit(th.Uniform(high=4), rows).estimates == {"low": 1.0, "high": 4.0}
    assert th.fit(th.Uniform(low=1.5), rows).certificate.verdict == "not_converged"
    free = th.Observations([1.0, 2.0, 3.0], entry=[0.25, 1.5, 0.5])
    held = th.fit(th.Pareto(minimum=0.5), free).estimates["shape"]
    assert held == pytest.approx(3 / np.log(1 / 0.5 * 2 / 1.5 * 3 / 0.5), rel=1e-9)
    assert th.fit(th.Pareto(shape=2), free).estimates == {"shape": 2.0, "minimum": 1.0}


@pytest.mark.parametrize("family", [th.Uniform(), th.Pareto()])
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_any_unit_of_truncated_rows(family, unit):
    y, entry = np.array([1.0, 2.0, 3.0, 3.5]), np.array([0.5, 1.5, 2.0, 1.0])
    here = th.fit(family, th.Observations(y, entry=entry, exit=90.0))
    there = th.fit(family, th.Observations(y * unit, entry=entry * unit, exit=90.0 * unit))
    for name, value in here.estimates.items():
        power = 1.0 if name == "shape" else unit
        assert there.estimates[name] / power == pytest.approx(value, rel=1e-8)
    assert there.log_likelihood == pytest.approx(here.log_likelihood - 4 * np.log(unit), rel=1e-12)


def test_the_same_limits_for_all_rows_are_those_of_a_truncated_law():
    y = np.array([1.0, 2.0, 3.0, 3.5, 7.0])
    for family in (th.Uniform(), th.Pareto(), th.DiscreteUniform()):
        values = np.floor(y) if family.support.discrete else y
        fit = th.fit(family, th.Observations(values, entry=-0.5, exit=9.0))
        law = th.Truncated(fit.distribution, low=-0.5, high=9.0)
        assert fit.log_likelihood == pytest.approx(float(np.sum(law.log_prob(values))), rel=1e-12)


def level(low, high, y, event, limit, step):
    """ℓ of exact rows and of those that exceed y, above limits; ``step`` is 1 of whole numbers."""
    if low > y[event].min() or high < y[event].max():
        return -np.inf

    def beyond(x):
        return np.maximum(high - np.maximum(x + step, low) + step, 0.0)

    with np.errstate(divide="ignore"):
        return float(np.sum(np.log(np.where(event, 1.0, beyond(y)) / beyond(limit))))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_ends_of_entered_and_censored_rows_are_the_highest_of_a_grid(seed, discrete, mirrored):
    rng = np.random.default_rng(seed)
    n, step = 8, float(discrete)
    y = rng.integers(-3, 9, n).astype(float) if discrete else rng.uniform(-2.0, 3.0, n)
    gap = rng.integers(1, 9, n) if discrete else rng.choice([0.01, 1.0], n) * rng.exponential(1.0, n)
    limit = np.where(rng.random(n) < 0.3, -np.inf, y - gap)
    event = np.concatenate([[True, True, False], rng.random(n - 3) < 0.6])
    if mirrored:
        # Y > y is -Y <= -y - 1 of whole numbers.
        values = np.where(event, -y, -y - step)
        rows = th.Observations.left_censored(values, event, exit=-limit - step)
    else:
        rows = th.Observations.right_censored(y, event, entry=limit)
    fit = th.fit(th.DiscreteUniform() if discrete else th.Uniform(), rows)
    least, most = y[event].min(), y.max()
    highs = np.concatenate(
        [[most], most + (np.arange(1.0, 400.0) if discrete else np.geomspace(1e-6, 1e3, 600))]
    )
    lows = least - (np.arange(3.0) if discrete else np.array([0.0, 1e-6, 0.1]))
    heights = np.array([[level(low, high, y, event, limit, step) for high in highs] for low in lows])
    low, high = fit.estimates["low"], fit.estimates["high"]
    if mirrored:
        low, high = -high, -low
    assert low == least
    assert heights.argmax() < highs.size
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.scope == "global"
    assert fit.log_likelihood == pytest.approx(level(low, high, y, event, limit, step), rel=1e-12)
    if discrete:
        assert high == highs[heights[0].argmax()]
    else:
        assert heights.max() - 1e-12 <= fit.log_likelihood < heights.max() + 2e-3
    # An end that lies inside, where ℓ is smooth, has a standard error.
    inside = fit.certificate.status["low" if mirrored else "high"] == "regular"
    assert inside == (not discrete and high > most)


def test_the_higher_of_two_maxima_in_an_end_is_found():
    y = np.array([0.969, 2.917, 0.964, 2.977, 2.687, 2.758])
    event = np.array([False, False, True, True, False, False])
    limit = np.array([0.38, -1.097, 0.944, 2.957, 1.506, -2.425])
    highs = 2.977 + np.concatenate([[0.0], np.geomspace(1e-5, 10.0, 2000)])
    heights = np.array([level(0.964, high, y, event, limit, 0.0) for high in highs])
    falls = np.diff(heights) < 0
    # ℓ falls from the outermost value on, rises again and falls for good.
    assert np.flatnonzero(np.diff(falls.astype(int))).size == 2
    rows = th.Observations.right_censored(y, event, entry=limit)
    fit = th.fit(th.Uniform(), rows)
    assert fit.estimates["high"] == pytest.approx(highs[heights.argmax()], rel=0.01)
    assert fit.log_likelihood > heights[0] + 0.4
    assert fit.standard_errors["high"] > 0
    given = th.fit(th.Uniform(low=0.964), rows)
    assert given.estimates["high"] == pytest.approx(fit.estimates["high"], rel=1e-9)
    assert given.certificate.verdict == "maximum"
    assert "no other is higher" in given.certificate.sentence


def test_entered_rows_that_are_all_censored():
    rows = th.Observations.right_censored([1.0, 2.0, 3.0], [0, 0, 0], entry=[0.0, 1.5, 1.0])
    for family in (th.Uniform(), th.Uniform(high=9), th.DiscreteUniform()):
        fit = th.fit(family, rows)
        assert fit.certificate.verdict == "flat"
        assert fit.log_likelihood == 0.0
    neared = th.fit(th.Uniform(low=0), rows)
    assert neared.certificate.verdict == "at_infinity"
    assert neared.estimates == {"low": 0.0, "high": np.inf}
    outside = th.fit(th.Uniform(high=2.5), rows)
    assert outside.certificate.verdict == "not_converged"


def test_given_ends_of_entered_and_censored_rows():
    rows = th.Observations.right_censored([1.0, 2.0, 3.0], [1, 1, 0], entry=[0.5, 1.5, 0.5])
    fit = th.fit(th.Uniform(high=5), rows)
    assert fit.estimates == {"low": 1.0, "high": 5.0}
    assert th.fit(th.Uniform(low=1.5), rows).certificate.verdict == "not_converged"
    assert th.fit(th.DiscreteUniform(high=7), rows).estimates == {"low": 1.0, "high": 7.0}
    weighted = th.fit(th.Uniform(), rows, weights=[1, 2, 3])
    places = [0, 1, 1, 2, 2, 2]
    repeated = th.Observations.right_censored(
        np.array([1.0, 2.0, 3.0])[places],
        np.array([1, 1, 0])[places],
        entry=np.array([0.5, 1.5, 0.5])[places],
    )
    again = th.fit(th.Uniform(), repeated)
    assert weighted.estimates == pytest.approx(again.estimates, rel=1e-9)
    assert weighted.standard_errors["high"] == pytest.approx(again.standard_errors["high"], rel=1e-8)


def test_rows_that_do_not_tell_the_ends_are_refused():
    with pytest.raises(th.ModelError, match="as censored ones do that have an exit"):
        th.fit(th.Pareto(), th.Observations.right_censored([1.0, 2.0, 3.0], [0, 1, 1], exit=9))
    with pytest.raises(th.ModelError, match=r"Transformed ends at its parameters \(low, high\)"):
        th.fit(th.Transformed(th.Uniform(), "exp"), th.Observations([1.0, 2.0], entry=0.5))
    with pytest.raises(th.ModelError, match=r"fit Pareto to th\.Observations\(y, entry=0\.5, exit=9\)"):
        th.fit(th.Truncated(th.Pareto(), low=0.5, high=9), [1.0, 2.0])


def test_candidates_for_truncated_rows_include_them():
    found = th.select(
        th.Observations([1.0, 2.0, 2.5], entry=0), families=[th.Uniform(), th.Pareto(), th.Exponential()]
    )
    assert set(found.names) == {"uniform", "pareto", "exponential"}


def pareto_mixed(shape, minimum, low, high, entry, exit_):
    """ℓ of rows in (low, high], or exact where the two are equal, between limits."""
    exact = low == high
    if minimum > low[exact].min(initial=np.inf):
        return -np.inf

    def survival(x):
        return np.where(np.isinf(x), 0.0, np.minimum(minimum / np.maximum(x, 1e-300), 1.0) ** shape)

    density = shape * minimum**shape / np.where(exact, low, 1.0) ** (shape + 1)
    part = np.where(exact, density, survival(low) - survival(high))
    with np.errstate(divide="ignore"):
        return float(np.sum(np.log(part / (survival(entry) - survival(exit_)))))


@pytest.mark.parametrize("limits", ["none", "entries", "both"])
@pytest.mark.parametrize("seed", range(3))
def test_a_power_law_of_rows_of_every_kind_is_the_highest_of_a_grid(seed, limits):
    rng = np.random.default_rng(seed)
    y = np.sort(2.0 * np.exp(rng.exponential(0.6, 30)))
    exact = (rng.random(30) < 0.4) | (y == y.min())
    low = np.where(exact, y, np.maximum(y * rng.uniform(0.6, 0.99, 30), y.min()))
    high = np.where(exact, y, np.where(rng.random(30) < 0.3, np.inf, y * 1.4))
    entry = np.zeros(30) if limits == "none" else low * rng.choice([0.0, 0.5, 0.9], 30)
    exit_ = np.where(np.isinf(high) | (limits != "both"), np.inf, high * 1.5)
    rows = th.Observations.interval(low, high, entry=entry, exit=exit_)
    fit = th.fit(th.Pareto(), rows if limits != "none" else th.Observations.interval(low, high))
    assert fit.estimates["minimum"] == y.min()
    assert fit.certificate.scope == ("local" if limits == "both" else "global")

    def best(minimum):
        shapes = np.geomspace(0.01, 30.0, 400)
        return max(pareto_mixed(shape, minimum, low, high, entry, exit_) for shape in shapes)

    assert best(y.min()) <= fit.log_likelihood < best(y.min()) + 1e-2
    assert all(best(y.min() * share) <= fit.log_likelihood for share in (0.999, 0.9, 0.5))
    # A shape of 0 is on the edge of the parameter space, where only what is beside it can be computed here.
    shape = fit.estimates["shape"]
    assert (
        (fit.certificate.status["shape"] == "boundary")
        == np.isnan(fit.standard_errors["shape"])
        == (shape == 0.0)
    )
    at = pareto_mixed(max(shape, 1e-7), y.min(), low, high, entry, exit_)
    assert fit.log_likelihood == pytest.approx(at, rel=1e-10 if shape > 1e-3 else 1e-6)


def test_a_given_minimum_lets_rows_lie_anywhere():
    low, high = np.array([1.0, 0.0, 0.0, 2.0]), np.array([2.0, 1.5, 3.0, 2.0])
    fit = th.fit(th.Pareto(minimum=0.5), th.Observations.interval(low, high))
    shapes = np.geomspace(0.01, 30.0, 2000)
    heights = [pareto_mixed(shape, 0.5, low, high, np.zeros(4), np.full(4, np.inf)) for shape in shapes]
    assert fit.estimates["shape"] == pytest.approx(shapes[int(np.argmax(heights))], rel=0.01)
    assert fit.log_likelihood >= max(heights)
    assert fit.certificate.scope == "global"
    with pytest.raises(th.ModelError, match="fix minimum"):
        th.fit(th.Pareto(), th.Observations.interval(low, high))


def test_a_shape_that_some_exits_lead_to_its_edge_has_no_standard_error():
    """As with the minimum given; a shape of 1e-10 ± 1e-5 was said where not all rows had an exit."""
    low = np.array([2.65, 3.3, 28.83, 2.68, 3.53, 8.2, 8.58])
    high = np.where([False, True, False, True, False, False, True], np.inf, low)
    entry = np.array([0.0, 2.75, 27.66, 0.0, 1.02, 0.0, 6.13])
    exit_ = np.array([4.64, 4.76, 31.47, np.inf, 4.15, 8.51, np.inf])
    rows = th.Observations.interval(low, high, entry=entry, exit=exit_)
    fit, given = (th.fit(family, rows) for family in (th.Pareto(), th.Pareto(minimum=2.65)))
    for one in (fit, given):
        assert one.certificate.verdict == "boundary"
        assert one.estimates["shape"] == 0.0
        assert np.isnan(one.standard_errors["shape"])
    assert fit.log_likelihood == pytest.approx(given.log_likelihood, rel=1e-12)
    assert fit.certificate.status == {"shape": "boundary", "minimum": "edge"}
