from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import thetahat as th

RNG = np.random.default_rng(3)
N = 250
X, Z = RNG.normal(size=N), RNG.normal(size=N)
COUNTS = RNG.poisson(np.exp(0.5 + 0.4 * X) * RNG.gamma(2.0, 0.5, N))
HEAVY = RNG.standard_t(4, N)
COLUMNS = {"k": COUNTS, "x": X, "z": Z, "r": HEAVY}


def regression(formula, family, **formulas):
    return th.fit(th.Regression(formula, family, **formulas), COLUMNS)


def only_test(*fits):
    (test,) = th.compare(*fits).tests
    return test


def test_vuongs_statistic_is_as_defined():
    one, two = th.fit("logistic", HEAVY), th.fit("gumbel", HEAVY)
    ratios = one.distribution.log_prob(HEAVY) - two.distribution.log_prob(HEAVY)
    z = np.sqrt(N) * ratios.mean() / ratios.std()
    test = only_test(one, two)
    assert (test.method, test.favours) == ("Vuong", "logistic")
    assert test.statistic == pytest.approx(z, rel=1e-9)
    assert test.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)


def test_vuongs_statistic_of_weights_is_that_of_repeated_rows():
    values, weights = np.round(HEAVY, 1), RNG.integers(1, 4, N)
    repeated = np.repeat(values, weights)
    by_weight = only_test(*(th.fit(name, values, weights=weights) for name in ("logistic", "gumbel")))
    by_rows = only_test(*(th.fit(name, repeated) for name in ("logistic", "gumbel")))
    assert by_weight.statistic == pytest.approx(by_rows.statistic, rel=1e-7)


def test_a_declared_limit_is_tested_at_the_edge():
    small, large = th.fit("poisson", COUNTS), th.fit("negative_binomial", COUNTS)
    test = only_test(small, large)
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    assert (test.method, test.models, test.favours) == (
        "likelihood ratio",
        ("poisson", "negative_binomial"),
        "negative_binomial",
    )
    assert test.statistic == pytest.approx(statistic)
    assert test.p_value == pytest.approx(0.5 * stats.chi2.sf(statistic, 1))


def test_fixed_parameters_are_inside():
    small, large = th.fit(th.StudentT(df=9), HEAVY), th.fit(th.StudentT(), HEAVY)
    test = only_test(small, large)
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    assert test.models == ("student_t(df=9)", "student_t")
    assert test.p_value == pytest.approx(stats.chi2.sf(statistic, 1))


@pytest.mark.parametrize(
    ("small", "large", "edge"),
    [
        (("k ~ x", th.Poisson()), ("k ~ x + z", th.Poisson()), False),
        (("k ~ x", th.Poisson()), ("k ~ x", th.NegativeBinomial()), True),
        (("r ~ x", th.Normal()), ("r ~ x + z", th.Normal()), False),
    ],
)
def test_nested_regressions_are_known_by_their_likelihood(small, large, edge):
    inner, outer = regression(*small), regression(*large)
    test = only_test(inner, outer)
    statistic = 2 * (outer.log_likelihood - inner.log_likelihood)
    assert test.method == "likelihood ratio"
    assert test.p_value == pytest.approx((0.5 if edge else 1) * stats.chi2.sf(statistic, 1))


def test_a_constant_is_inside_its_formula_and_rows_alike_inside_a_regression():
    constant, formula = regression("r ~ x", th.Normal()), regression("r ~ x", th.Normal(), sd="~ x")
    assert only_test(constant, formula).degrees_of_freedom == 1
    alike = th.fit(th.Normal(y="r"), COLUMNS)
    test = only_test(alike, constant)
    assert test.method == "likelihood ratio"
    assert test.degrees_of_freedom == 1


def test_regressions_with_other_predictors_are_not_nested():
    assert (
        only_test(regression("k ~ x", th.Poisson()), regression("k ~ z", th.NegativeBinomial())).method
        == "Vuong"
    )


def test_zeros_beside_a_family_and_apart_from_it():
    inner = th.fit("poisson", COUNTS)
    edge = only_test(inner, th.fit(th.ZeroInflated(th.Poisson()), COUNTS))
    inside = only_test(inner, th.fit(th.Hurdle(th.Poisson()), COUNTS))
    assert edge.p_value == pytest.approx(0.5 * stats.chi2.sf(edge.statistic, 1))
    assert inside.p_value == pytest.approx(stats.chi2.sf(inside.statistic, 1))


def test_densities_that_coincide_are_not_tested():
    values = RNG.gamma(2.0, 1.0, 60)
    test = only_test(th.fit("gamma", values), th.fit("gamma_mean", values))
    assert (test.method, np.isnan(test.p_value)) == ("none", True)
    assert "coincide" in test.note


def test_the_null_distribution_at_the_edge():
    """Half of the samples have a likelihood ratio of 0, and the p-values of the others are uniform on (0, ½)."""
    rejected = 0
    for seed in range(200):
        y = np.random.default_rng(seed).poisson(4.0, 80)
        compared = th.compare(th.fit("poisson", y), th.fit("negative_binomial", y))
        rejected += bool(compared.tests) and compared.tests[0].p_value <= 0.1
    assert 8 <= rejected <= 32


def test_a_fit_without_a_maximum_is_told_apart():
    under = [3, 3, 4, 3, 4, 3]
    compared = th.compare(th.fit("negative_binomial", under), th.fit("poisson", under))
    assert compared.names == ("poisson",)
    assert compared.failures[0].verdict == "at_infinity"
    penalised = th.fit("poisson", under, penalty=th.Prior({"rate": th.Gamma(shape=2, rate=1)}))
    compared = th.compare(penalised, th.fit("geometric", under))
    assert "penalised" in compared.failures[0].reason


@pytest.mark.parametrize(
    ("others", "match"),
    [
        (lambda: th.fit("normal", HEAVY + 1), "different values"),
        (lambda: th.fit("normal", HEAVY[1:]), "fitted to 250 rows"),
        (lambda: th.fit("normal", HEAVY, weights=np.full(N, 2.0)), "observations"),
        (lambda: th.fit("poisson", COUNTS), "the other densities"),
        (lambda: th.fit("normal", th.Observations(HEAVY, entry=-100.0)), "limits"),
    ],
)
def test_fits_of_other_rows_are_refused(others, match):
    with pytest.raises(th.InferenceError, match=match):
        th.compare(th.fit("logistic", HEAVY), others())


def test_fewer_than_two_fits_are_refused():
    with pytest.raises(th.ModelError, match="two fits or more"):
        th.compare(th.fit("normal", HEAVY))
    with pytest.raises(th.ModelError, match="is none"):
        th.compare(th.fit("normal", HEAVY), "normal")


def test_it_renders_and_is_immutable():
    compared = th.compare(regression("k ~ x", th.Poisson()), regression("k ~ x + z", th.Poisson()))
    assert "poisson: k ~ x + z" in compared.names
    text = str(compared)
    assert "tests between them" in text
    assert "likelihood ratio" in text
    assert "likelihood ratio" in compared._repr_html_()
    assert compared.plain()["tests"][0]["method"] == "likelihood ratio"
    with pytest.raises(AttributeError, match="immutable"):
        compared.tests = ()


def test_loaded_fits_are_compared_without_the_data(tmp_path):
    for name in ("poisson", "negative_binomial"):
        th.fit(name, COUNTS).save(tmp_path / name)
    compared = th.compare(*(th.load(tmp_path / name) for name in ("poisson", "negative_binomial")))
    assert compared.tests[0].method == "likelihood ratio"
