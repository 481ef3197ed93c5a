from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

import thetahat as th
from thetahat.diagnostics.distances import (
    DISTANCES,
    Cells,
    Steps,
    anderson_darling,
    complete,
    cramer_von_mises,
    kolmogorov_smirnov,
)

RNG = np.random.default_rng(8)
SKEWED = RNG.gamma(2.0, 1.5, 120)
COUNTS = RNG.negative_binomial(3, 0.4, 120)


def test_distances_are_those_of_scipy():
    probability = np.sort(RNG.random(40))
    uniform = stats.uniform()
    assert kolmogorov_smirnov(complete(probability)) == pytest.approx(
        stats.kstest(probability, uniform.cdf).statistic, abs=1e-14
    )
    assert cramer_von_mises(complete(probability)) == pytest.approx(
        stats.cramervonmises(probability, uniform.cdf).statistic, rel=1e-12
    )
    i = np.arange(1, 41)
    classical = -40 - ((2 * i - 1) * (np.log(probability) + np.log1p(-probability[::-1]))).sum() / 40
    assert anderson_darling(complete(probability)) == pytest.approx(classical, rel=1e-10)


def test_distances_of_censored_rows_are_their_integrals():
    u, heights, end = np.array([0.1, 0.35, 0.5]), np.array([0.2, 0.3, 0.65]), 0.8

    def gap(x):
        return np.concatenate([[0.0], heights])[np.searchsorted(u, x, side="right")] - x

    places = np.append(u, end)
    steps = Steps(heights, np.log(places), np.log1p(-places), 12.0)
    edges = [0.0, *places]
    pairs = list(pairwise(edges))
    cramer = sum(integrate.quad(lambda x: gap(x) ** 2, *pair)[0] for pair in pairs)
    anderson = sum(integrate.quad(lambda x: gap(x) ** 2 / (x * (1 - x)), *pair)[0] for pair in pairs)
    assert cramer_von_mises(steps) == pytest.approx(12 * cramer, rel=1e-9)
    assert anderson_darling(steps) == pytest.approx(12 * anderson, rel=1e-9)
    assert kolmogorov_smirnov(steps) == pytest.approx(0.2)


def test_distances_of_counts_are_their_sums():
    mass = stats.binom(6, 0.4).pmf(np.arange(7))
    observed = np.array([2, 3, 9, 4, 2, 0, 0])
    heights, below = np.cumsum(observed) / 20, np.cumsum(mass)
    cells = Cells(heights, mass, 20.0)
    weighted = (heights - below)[:-1] ** 2 * mass[:-1] / (below * (1 - below))[:-1]
    assert anderson_darling(cells) == pytest.approx(20 * weighted.sum(), rel=1e-9)
    assert cramer_von_mises(cells) == pytest.approx(20 * ((heights - below) ** 2 * mass).sum(), rel=1e-12)
    assert kolmogorov_smirnov(cells) == pytest.approx(np.abs(heights - below).max(), rel=1e-12)


def statistic_of(fit, name):
    return fit.goodness_of_fit(name, n=1, rng=1).value


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize(
    "family", ["gamma", "weibull", "normal", "student_t", "inverse_gamma", "chi_squared"]
)
def test_statistics_are_those_of_the_fitted_distribution(name, family):
    fit = th.fit(family, SKEWED)
    expected = DISTANCES[name](complete(fit.distribution.cdf(np.sort(SKEWED))))
    assert statistic_of(fit, name) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", [*DISTANCES, "chi_square"])
def test_weights_are_repeated_rows(name):
    values, weights = np.round(SKEWED, 1) + 0.05, RNG.integers(0, 4, SKEWED.size)
    by_weight = th.fit("gamma", values, weights=weights).goodness_of_fit(name, n=19, rng=3)
    by_rows = th.fit("gamma", np.repeat(values, weights)).goodness_of_fit(name, n=19, rng=3)
    assert by_weight.value == pytest.approx(by_rows.value, rel=1e-7)
    assert by_weight.p_value == by_rows.p_value
    assert by_weight.n_obs == weights.sum()


def test_censoring_after_the_last_row_changes_nothing_but_where_it_ends():
    rows = th.Observations.right_censored(SKEWED, np.ones(SKEWED.size, dtype=int))
    for name in DISTANCES:
        assert statistic_of(th.fit("gamma", rows), name) == pytest.approx(
            statistic_of(th.fit("gamma", SKEWED), name), rel=1e-9
        )


def test_units_change_nothing():
    small = th.fit("gamma", SKEWED).goodness_of_fit(n=19, rng=2)
    large = th.fit("gamma", SKEWED * 2.0**600).goodness_of_fit(n=19, rng=2)
    assert (small.value, small.p_value) == pytest.approx((large.value, large.p_value), rel=1e-9)


def p_values(draw, family, n_sets, **how):
    found = []
    for seed in range(n_sets):
        fit = th.fit(family, draw(np.random.default_rng(seed)))
        if fit.certificate.verdict == "maximum":
            found.append(fit.goodness_of_fit(rng=seed, **how).p_value)
    return np.array(found)


def right_censored(rng):
    time, limit = 3.0 * rng.weibull(1.5, 60), rng.exponential(4.0, 60)
    return th.Observations.right_censored(np.minimum(time, limit), (time <= limit).astype(int))


@pytest.mark.parametrize(
    ("draw", "family", "statistic"),
    [
        (lambda rng: rng.exponential(2.0, 30), "exponential", "anderson_darling"),
        (lambda rng: rng.normal(2.0, 3.0, 25), "normal", "kolmogorov_smirnov"),
        (lambda rng: rng.gamma(2.0, 1.0, 40), "gamma", "cramer_von_mises"),
        (right_censored, "weibull", "anderson_darling"),
        (lambda rng: rng.poisson(3.0, 60), "poisson", "anderson_darling"),
        (lambda rng: rng.poisson(3.0, 60), "poisson", "chi_square"),
        (
            lambda rng: th.Observations(rng.exponential(1.0, 30) + 2.0, entry=2.0),
            "exponential",
            "anderson_darling",
        ),
    ],
)
def test_p_values_are_uniform_under_the_model(draw, family, statistic):
    found = p_values(draw, family, 60, statistic=statistic, n=39)
    assert found.size == 60
    # At the hundredth part of a per cent; p-values are multiples of 1/40, and those of counts a little too large.
    assert stats.kstest(found, stats.uniform().cdf).statistic < 2.23 / np.sqrt(60) + 1 / 40


@pytest.mark.parametrize(
    ("rows", "family", "statistic"),
    [
        (RNG.gamma(0.5, 1.0, 150), "exponential", "anderson_darling"),
        (RNG.standard_t(2, 150), "normal", "cramer_von_mises"),
        (RNG.lognormal(0.0, 1.0, 150), "weibull", "kolmogorov_smirnov"),
        (RNG.negative_binomial(1, 0.2, 150), "poisson", "chi_square"),
        (RNG.negative_binomial(1, 0.2, 150), "poisson", "anderson_darling"),
        (RNG.lognormal(0.0, 1.0, 300), "exponential", "chi_square"),
    ],
)
def test_a_wrong_family_is_found_out(rows, family, statistic):
    tested = th.fit(family, rows).goodness_of_fit(statistic, n=39, rng=1)
    assert tested.p_value == 1 / 40


def test_known_parameters_are_not_fitted_again():
    """With every parameter given, the statistic's distribution is the classical one of a known distribution."""
    rows = np.random.default_rng(5).normal(0.0, 1.0, 50)
    fit = th.fit(th.Normal(mean=0.0), rows, fixed={"sd": 1.0})
    tested = fit.goodness_of_fit("kolmogorov_smirnov", n=999, rng=1)
    exact = stats.kstest(rows, stats.norm.cdf).pvalue
    assert abs(tested.p_value - exact) < 4 * tested.p_error


def test_the_p_value_is_made_of_its_replicates():
    tested = th.fit("gamma", SKEWED).goodness_of_fit(n=99, rng=4)
    assert tested.replicates.size == tested.n == 99
    assert tested.p_value == (1 + (tested.replicates >= tested.value).sum()) / 100
    assert tested.p_error == pytest.approx(np.sqrt(tested.p_value * (1 - tested.p_value) / 99))
    again = th.fit("gamma", SKEWED).goodness_of_fit(n=99, rng=np.random.default_rng(4))
    assert np.array_equal(tested.replicates, again.replicates)
    with pytest.raises(ValueError, match="read-only"):
        tested.replicates[0] = 0.0
    with pytest.raises(AttributeError):
        tested.value = 0.0


def test_cells_are_expected_five_times_and_hold_all_rows():
    tested = th.fit("negative_binomial", COUNTS).goodness_of_fit("chi_square", n=19, rng=1)
    observed, expected = np.array(list(tested.cells.values())).T
    assert observed.sum() == COUNTS.size
    assert expected.sum() == pytest.approx(COUNTS.size)
    assert expected.min() >= 5
    assert tested.value == pytest.approx(((observed - expected) ** 2 / expected).sum())
    assert tested.cells["0"][0] == (COUNTS == 0).sum()
    assert "observed" in str(tested)
    assert "<table" in tested._repr_html_()


def test_given_times_of_censoring_are_kept():
    time, limit = 3.0 * RNG.weibull(1.5, 80), RNG.exponential(4.0, 80)
    rows = th.Observations.right_censored(np.minimum(time, limit), (time <= limit).astype(int))
    tested = th.fit("weibull", rows).goodness_of_fit(n=39, rng=1, censoring=limit)
    assert tested.p_value > 0.05
    assert "product-limit" in str(tested)
    with pytest.raises(th.DataError, match="for 80 observations"):
        th.fit("weibull", rows).goodness_of_fit(n=9, censoring=limit[1:])
    with pytest.raises(th.InferenceError, match="known exactly"):
        th.fit("weibull", SKEWED).goodness_of_fit(n=9, censoring=SKEWED)


@pytest.mark.parametrize(
    ("fit", "arguments", "match"),
    [
        (lambda: th.fit("gamma", SKEWED), {"statistic": "foo"}, "choose from anderson_darling"),
        (lambda: th.fit("gamma", SKEWED), {"method": "tables"}, "bootstrap"),
        (lambda: th.fit("gamma", SKEWED), {"n": 0}, "number of samples"),
        (lambda: th.fit("gamma", SKEWED, weights=np.full(120, 0.3001)), {}, "whole number"),
        (lambda: th.fit("negative_binomial", [3, 3, 4, 3]), {}, "at_infinity"),
        (lambda: th.fit("categorical", ["a", "b", "b"]), {}, "proportion"),
        (lambda: th.fit("uniform", SKEWED), {}, "is infinite"),
        (
            lambda: th.fit("weibull", th.Observations.interval([1, 2, 3.0], [2, 4, 5.0])),
            {},
            "censoring=, an array \\(n_rows, k\\)",
        ),
        (
            lambda: th.fit("weibull", th.Observations(SKEWED + 1, entry=np.linspace(0.1, 0.9, 120))),
            {},
            "of their own",
        ),
        (
            lambda: th.fit(th.Binomial(trials="n"), {"y": [1, 2, 3], "n": [4, 5, 6]}),
            {},
            "the response must be named",
        ),
        (
            lambda: th.fit(th.Binomial(y="y", trials="n"), {"y": [1, 2, 3], "n": [4, 5, 6]}),
            {},
            "varies by row",
        ),
        (
            lambda: th.fit("gamma", SKEWED, penalty=th.Prior({"rate": th.Gamma(shape=2, rate=1)})),
            {},
            "penalty",
        ),
        (lambda: th.fit("poisson", [1, 2, 3, 2]), {"statistic": "chi_square"}, "no more than"),
        (
            lambda: th.regress([[0.0], [1.0], [2.0]], [1.0, 2.0, 2.5], th.Normal(), intercept=True),
            {},
            "residuals",
        ),
    ],
)
def test_what_it_cannot_do_it_says(fit, arguments, match):
    with pytest.raises(th.ThetahatError, match=match):
        fit().goodness_of_fit(**{"n": 9, **arguments})
