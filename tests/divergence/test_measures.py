"""Entropies and divergences against fifty digits, against formulas, against sums and against fits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import thetahat as th
from thetahat.families import CATALOGUE, Family
from thetahat.families._divergences import _single
from thetahat.families._expectation import log_density_of

NUMBERS = [kind for kind in CATALOGUE if not kind().labelled]


def drawn(kind: Any, rng: np.random.Generator) -> Family:
    values: dict[str, Any] = {}
    for parameter in kind().declared:
        low, high = parameter.typical
        u = rng.uniform(0.1, 0.9)
        value = low ** (1 - u) * high**u if low > 0 else low + (high - low) * u
        values[parameter.name] = (
            round(value) if parameter.domain.describe().endswith("whole number") else value
        )
    return kind(**values, **dict.fromkeys(kind.known, 12))


def integrated_entropy(p: Family) -> float:
    return _single(p, lambda _y, log_p, _mass: -log_p[None])[0]


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_formula_of_the_entropy_agrees_with_its_integral(kind: Any) -> None:
    rng = np.random.default_rng(5)
    for _ in range(3):
        p = drawn(kind, rng)
        value, error = th.entropy(p, return_error=True)
        assert value == pytest.approx(integrated_entropy(p), abs=1e-10)
        assert error <= 1e-8 * max(1.0, abs(value))
        assert p.entropy() == value


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_divergence_is_above_zero_and_that_from_itself_is_zero(kind: Any) -> None:
    rng = np.random.default_rng(6)
    p, q = drawn(kind, rng), drawn(kind, rng)
    assert th.kl_divergence(p, p) == 0.0
    assert th.kl_divergence(p, q) > 0.0
    gap = th.cross_entropy(p, q) - th.entropy(p)
    assert gap == pytest.approx(th.kl_divergence(p, q), rel=1e-8, abs=1e-10)


SAME = [
    (th.Normal(mean=1, sd=2), th.Normal(mean=-1, sd=0.7)),
    (th.LogNormal(mean_log=1, sd_log=2), th.LogNormal(mean_log=-1, sd_log=0.7)),
    (th.Exponential(rate=2), th.Exponential(rate=0.3)),
    (th.ExponentialMean(mean=2), th.ExponentialMean(mean=0.3)),
    (th.Gamma(shape=0.4, rate=2), th.Gamma(shape=3, rate=0.3)),
    (th.GammaMean(mean=0.4, shape=2), th.GammaMean(mean=3, shape=0.3)),
    (th.Poisson(rate=3), th.Poisson(rate=7)),
    (th.Bernoulli(prob=0.3), th.Bernoulli(prob=0.9)),
    (th.Binomial(prob=0.3, trials=9), th.Binomial(prob=0.9, trials=9)),
    (th.Geometric(prob=0.3), th.Geometric(prob=0.05)),
]


@pytest.mark.parametrize(("p", "q"), SAME)
def test_a_formula_of_the_divergence_agrees_with_its_integral(p: Family, q: Family) -> None:
    log_q = log_density_of(q)
    found = _single(p, lambda y, log_p, _mass: (log_p - log_q(y))[None], q)[0]
    assert p.divergence_at(p.distribution_theta(), q.distribution_theta(), p.known_values) == pytest.approx(
        found
    )


def test_gamma_shapes_near_each_other_leave_their_digits() -> None:
    shape, other = 1e7, 1e7 * (1 + 1e-5)
    with mpmath.workdps(60):
        a, b = mpmath.mpf(shape), mpmath.mpf(other)
        exact = (a - b) * mpmath.digamma(a) - mpmath.loggamma(a) + mpmath.loggamma(b)
    found = th.kl_divergence(th.Gamma(shape=shape, rate=1), th.Gamma(shape=other, rate=1))
    assert found == pytest.approx(float(exact), rel=1e-6)


def test_entropies_at_large_and_small_shapes_against_fifty_digits() -> None:
    for shape in (1e-4, 0.5, 3.0, 1e4, 1e9):
        with mpmath.workdps(50):
            a = mpmath.mpf(shape)
            gamma = a + mpmath.loggamma(a) + (1 - a) * mpmath.digamma(a)
            inverse = a + mpmath.loggamma(a) - (1 + a) * mpmath.digamma(a)
            beta = mpmath.log(mpmath.beta(a, 2 * a)) - (a - 1) * mpmath.digamma(a)
            beta += -(2 * a - 1) * mpmath.digamma(2 * a) + (3 * a - 2) * mpmath.digamma(3 * a)
        assert th.entropy(th.Gamma(shape=shape, rate=1)) == pytest.approx(float(gamma), rel=1e-12)
        assert th.entropy(th.InverseGamma(shape=shape, scale=1)) == pytest.approx(float(inverse), rel=1e-12)
        if shape < 1e9:
            assert th.entropy(th.Beta(alpha=shape, beta=2 * shape)) == pytest.approx(float(beta), rel=1e-11)


def test_divergences_across_families_against_fifty_digits() -> None:
    with mpmath.workdps(30):
        normal = mpmath.npdf
        log_logistic = lambda y: -y / 2 - mpmath.log(2) - 2 * mpmath.log(1 + mpmath.exp(-y / 2))  # noqa: E731
        exact = mpmath.quad(
            lambda y: normal(y) * (mpmath.log(normal(y)) - log_logistic(y)), [-30, -3, 0, 3, 30]
        )
        zeta = mpmath.zeta(2.5)
        cross = mpmath.log(zeta) - 2.5 * mpmath.zeta(2.5, derivative=1) / zeta
    found = th.kl_divergence(th.Normal(mean=0, sd=1), th.Logistic(location=0, scale=2), return_error=True)
    assert abs(found[0] - float(exact)) <= max(found[1], 1e-14)
    assert th.entropy(th.Zeta(exponent=2.5)) == pytest.approx(float(cross), rel=1e-12)


def test_heavy_tails_count_to_the_end_and_are_infinite_where_they_must_be() -> None:
    normal = th.Normal(mean=0, sd=1)
    for df in (2.01, 2.5, 5.0):
        exact = 0.5 * np.log(2 * np.pi) + 0.5 * df / (df - 2)
        assert th.cross_entropy(th.StudentT(location=0, scale=1, df=df), normal) == pytest.approx(
            exact, rel=1e-9
        )
    for df in (0.5, 1.0, 2.0):
        assert th.kl_divergence(th.StudentT(location=0, scale=1, df=df), normal) == np.inf
    grows = th.GumbelMin(location=0, scale=2)
    for p in (
        th.Cauchy(location=0, scale=1),
        th.StudentT(location=0, scale=1, df=600),
        th.LogNormal(mean_log=0, sd_log=1),
        th.Logistic(location=0, scale=2.5),
        th.Exponential(rate=0.5),
    ):
        assert th.kl_divergence(p, grows) == np.inf
    expected = np.log(2) + np.exp(0.5 * 0.75**2)
    assert th.cross_entropy(th.Normal(mean=0, sd=1.5), grows) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(th.InferenceError, match="neither computed"):
        th.kl_divergence(th.Normal(mean=0, sd=80), grows)
    assert th.cross_entropy(th.Zeta(exponent=1.9), th.Geometric(prob=0.5)) == np.inf
    assert th.cross_entropy(th.Zeta(exponent=2.2), th.Geometric(prob=0.5)) == pytest.approx(
        (1 + float(mpmath.zeta(1.2) / mpmath.zeta(2.2))) * np.log(2), rel=1e-9
    )


def test_support_that_is_not_covered_is_infinitely_far() -> None:
    real, positive = th.Normal(mean=0, sd=1), th.Gamma(shape=2, rate=1)
    assert th.kl_divergence(real, positive) == th.cross_entropy(real, positive) == np.inf
    assert np.isfinite(th.kl_divergence(positive, real))
    assert th.kl_divergence(th.Uniform(low=0, high=1), th.Uniform(low=0.1, high=1)) == np.inf
    assert th.kl_divergence(th.Uniform(low=0, high=1), th.Uniform(low=-1, high=1)) == pytest.approx(np.log(2))
    assert th.kl_divergence(th.Poisson(rate=1), th.Binomial(prob=0.5, trials=9)) == np.inf
    assert th.kl_divergence(th.Binomial(prob=0.5, trials=9), th.Poisson(rate=1)) > 0
    narrow = th.Truncated(real, low=0.0)
    assert th.kl_divergence(real, narrow) == np.inf
    assert th.kl_divergence(narrow, real) == pytest.approx(np.log(2))


def test_an_edge_of_a_family_is_what_it_is() -> None:
    ones = th.fit(th.Bernoulli(), [1, 1]).distribution
    even = th.Bernoulli(prob=0.5)
    assert th.kl_divergence(even, ones) == np.inf
    assert th.kl_divergence(ones, even) == pytest.approx(np.log(2))
    assert th.entropy(ones) == 0.0
    assert th.cross_entropy([0, 1], ones) == np.inf


def test_a_location_far_from_zero_is_no_edge() -> None:
    far = th.kl_divergence(th.Logistic(location=5000, scale=1), th.Normal(mean=5000, sd=1))
    near = th.kl_divergence(th.Logistic(location=0, scale=1), th.Normal(mean=0, sd=1))
    assert far == pytest.approx(near, rel=1e-10)


def test_points_of_mass_beside_a_density() -> None:
    gamma, inside = th.Gamma(shape=2, rate=1), th.Exponential(rate=1)
    spending = th.Hurdle(gamma, zero_prob=0.3)
    assert th.kl_divergence(spending, gamma) == np.inf
    assert th.kl_divergence(gamma, spending) == pytest.approx(-np.log(0.7))
    expected = 0.3 * np.log(0.3 / 0.4) + 0.7 * (np.log(0.7 / 0.6) + th.kl_divergence(gamma, inside))
    assert th.kl_divergence(spending, th.Hurdle(inside, zero_prob=0.4)) == pytest.approx(expected)
    assert th.entropy(spending) == pytest.approx(th.entropy(even_of(0.3)) + 0.7 * th.entropy(gamma))


def even_of(prob: float) -> Family:
    return th.Bernoulli(prob=prob)


def test_counts_and_densities_have_no_common_measure() -> None:
    with pytest.raises(th.InferenceError, match="no common measure"):
        th.kl_divergence(th.Poisson(rate=1), th.Normal(mean=0, sd=1))
    with pytest.raises(th.InferenceError, match="no common measure"):
        th.cross_entropy(th.Normal(mean=0, sd=1), th.Poisson(rate=1))


def test_labels_are_matched_by_name() -> None:
    p = th.Categorical(probs=[0.2, 0.8], levels=["a", "b"])
    assert th.kl_divergence(p, th.Categorical(probs=[0.8, 0.2], levels=["b", "a"])) == pytest.approx(
        0.0, abs=1e-15
    )
    assert th.kl_divergence(p, th.Categorical(probs=[0.8, 0.2], levels=["b", "c"])) == np.inf
    with pytest.raises(th.InferenceError, match="levels"):
        th.kl_divergence(p, th.Categorical(probs=[0.8, 0.2]))
    with pytest.raises(th.InferenceError, match="distribution of labels"):
        th.kl_divergence(p, th.Poisson(rate=1))


def test_many_whole_numbers_are_as_good_as_few() -> None:
    wide = th.NegativeBinomial(mean=3e4, size=0.5)
    y = np.arange(3_000_000)
    log_p = np.asarray(wide.log_prob(y))
    assert th.entropy(wide) == pytest.approx(-float(np.exp(log_p) @ log_p), rel=1e-9)
    skellam = th.Skellam(rate1=4, rate2=3)
    assert th.cross_entropy(skellam, skellam) == pytest.approx(th.entropy(skellam))


def test_the_identity_for_counts_and_labels() -> None:
    counts, weights = np.array([0, 1, 2, 3, 7]), np.array([3.0, 5.0, 4.0, 1.0, 1.0])
    fit = th.fit(th.NegativeBinomial(), counts, weights=weights)
    both = th.entropy(counts, weights=weights) + th.kl_divergence(counts, fit, weights=weights)
    assert fit.cross_entropy == pytest.approx(both, rel=1e-12)
    assert th.cross_entropy(counts, fit, weights=weights) == pytest.approx(both, rel=1e-12)
    labels = ["x", "y", "x", "z"]
    found = th.fit(th.Categorical(), labels)
    assert found.cross_entropy == pytest.approx(th.entropy(labels))
    assert th.kl_divergence(labels, found) == pytest.approx(0.0, abs=1e-15)


def test_densities_of_data_have_no_divergence_but_a_cross_entropy() -> None:
    data = [0.5, 1.25, 2.0]
    fit = th.fit(th.Gamma(), data)
    assert th.cross_entropy(data, fit) == pytest.approx(fit.cross_entropy)
    with pytest.raises(th.InferenceError, match="points have no density"):
        th.kl_divergence(data, fit)
    with pytest.raises(th.InferenceError, match="points have no density"):
        th.kl_divergence([1, 2, 3], fit)
    with pytest.raises(th.InferenceError, match="points have no density"):
        th.entropy(data)
    assert th.cross_entropy([1.0, -1.0], fit) == np.inf


def test_every_kind_of_rows_has_a_cross_entropy() -> None:
    rows = th.Observations.right_censored([1.0, 2.0], [1, 0])
    q = th.Exponential(rate=0.5)
    assert th.cross_entropy(rows, q) == pytest.approx((0.5 - np.log(0.5) + 1.0) / 2)
    columns = {"y": [1.0, 2.0, 4.0], "n": [1, 1, 2]}
    named = th.Exponential(rate=0.5, y="y")
    assert th.cross_entropy(columns, named, weights="n") == pytest.approx(11 / 4 * 0.5 - np.log(0.5))
    regression = {"x": [0.0, 1.0, 2.0], "y": [1, 2, 4]}
    fit = th.fit(th.Regression("y ~ x", th.Poisson()), regression)
    assert th.cross_entropy(regression, fit) == pytest.approx(fit.cross_entropy)
    with pytest.raises(th.InferenceError, match="not known exactly"):
        th.entropy(rows)


def test_soft_labels_are_weighted_rows() -> None:
    soft = np.random.default_rng(1).dirichlet([1.0, 2.0, 3.0], size=20)
    fit = th.fit(th.Categorical(), np.tile(["a", "b", "c"], 20), weights=soft.ravel())
    probs = np.array(list(fit.estimates.values()))
    assert probs == pytest.approx(soft.mean(axis=0))
    assert fit.cross_entropy == pytest.approx(-(soft @ np.log(probs)).mean())
    assert fit.n_obs == pytest.approx(20.0)


def test_what_is_no_distribution_is_named() -> None:
    with pytest.raises(th.ParameterError, match="without numbers"):
        th.entropy(th.Gamma())
    with pytest.raises(th.ModelError, match="q must be a distribution"):
        th.kl_divergence(th.Poisson(rate=1), [1, 2])
    with pytest.raises(th.ModelError, match="gamma"):
        th.entropy("gamma")
    with pytest.raises(th.ModelError, match="weights belong"):
        th.entropy(th.Poisson(rate=1), weights=[1.0])
    with pytest.raises(th.DataError, match="negative"):
        th.entropy([1, 2], weights=[1.0, -1.0])
    with pytest.raises(th.InferenceError, match="neither computed"):
        th.entropy(th.Poisson(rate=1e12))


VECTORS = {
    "normal": (
        th.MultivariateNormal(mean=[0.0, 1.0], covariance=[[1.0, 0.3], [0.3, 2.0]]),
        th.MultivariateNormal(mean=[0.5, 0.2], covariance=[[1.5, -0.2], [-0.2, 0.8]]),
    ),
    "dirichlet": (th.Dirichlet(concentration=[1.5, 2.0, 3.0]), th.Dirichlet(concentration=[2.0, 1.0, 4.0])),
    "von Mises-Fisher": (
        th.VonMisesFisher(direction=[0.0, 0.6, 0.8], concentration=3.0),
        th.VonMisesFisher(direction=[1.0, 0.0, 0.0], concentration=1.5),
    ),
    "multinomial": (
        th.Multinomial(probs=[0.2, 0.3, 0.5], trials=6),
        th.Multinomial(probs=[0.4, 0.4, 0.2], trials=6),
    ),
    "dirichlet multinomial": (
        th.DirichletMultinomial(concentration=[1.5, 2.0, 3.0], trials=6),
        th.DirichletMultinomial(concentration=[2.0, 1.0, 4.0], trials=6),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_divergence_between_distributions_of_vectors(name: str) -> None:
    p, q = VECTORS[name]
    value = th.kl_divergence(p, q)
    if name.endswith("multinomial"):
        rows = np.array([(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)])
        own = p.log_prob(rows)
        assert value == pytest.approx(float(np.exp(own) @ (own - q.log_prob(rows))), rel=1e-12)
    else:
        rows = p.sample(200_000, rng=1)
        gaps = p.log_prob(rows) - q.log_prob(rows)
        assert abs(value - gaps.mean()) < 4.5 * gaps.std() / np.sqrt(gaps.size)
    assert th.kl_divergence(p, p) == pytest.approx(0.0, abs=1e-12)
    assert th.cross_entropy(p, q) == pytest.approx(p.entropy() + value, rel=1e-14)


def test_one_dimension_of_a_normal_is_the_normal() -> None:
    p, q = (
        th.MultivariateNormal(mean=[mean], covariance=[[sd * sd]])
        for mean, sd in ((0.3, 1.2), (0.3, 1.2 + 1e-9))
    )
    assert th.kl_divergence(p, q) == pytest.approx((1e-9 / 1.2) ** 2, rel=1e-6)


def test_vectors_without_a_formula_say_so() -> None:
    t = th.MultivariateT(location=[0, 0], scatter=[[1, 0], [0, 1]], df=3)
    p, _ = VECTORS["normal"]
    for first, second in ((t, t), (p, t), (t, p)):
        with pytest.raises(th.ModelError, match="is a distribution of vectors"):
            th.kl_divergence(first, second)
    with pytest.raises(th.ModelError, match="p has 2 columns and q has 3"):
        th.kl_divergence(p, th.MultivariateNormal(mean=np.zeros(3), covariance=np.eye(3)))
    few, many = (th.Multinomial(probs=[0.2, 0.8], trials=trials) for trials in (3, 4))
    assert th.kl_divergence(few, many) == np.inf
