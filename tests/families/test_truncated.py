"""Families between limits: against formulas of other hands, sums and integrals, and rows with limits of their own."""

from __future__ import annotations

import math
import pickle
from copy import copy

import mpmath
import numpy as np
import pytest
from scipy import special, stats

import thetahat as th
from thetahat._errors import ModelError, ParameterError
from thetahat.numerics.namespace import NUMPY

LAWS = {
    "normal above": th.Truncated(th.Normal(mean=1.0, sd=2.0), low=0.5),
    "normal between": th.Truncated(th.Normal(mean=0.0, sd=1.0), low=-0.5, high=2.0),
    "normal far out": th.Truncated(th.Normal(mean=0.0, sd=1.0), low=9.0),
    "normal below": th.Truncated(th.Normal(mean=0.0, sd=1.0), high=0.3),
    "gamma below": th.Truncated(th.Gamma(shape=1.4, rate=1.0), high=2.0),
    "weibull between": th.Truncated(th.Weibull(shape=1.5, scale=2.0), low=0.5, high=5.0),
    "beta between": th.Truncated(th.Beta(alpha=2.0, beta=3.0), low=0.2, high=0.7),
    "student above": th.Truncated(th.StudentT(location=0.0, scale=1.0, df=3.5), low=1.0),
    "log-normal above": th.Truncated(th.LogNormal(mean_log=0.0, sd_log=0.8), low=0.1),
    "gev between": th.Truncated(th.GEV(location=0.0, scale=1.0, shape=0.1), low=-0.5, high=6.0),
    "poisson positive": th.Truncated(th.Poisson(rate=1.5), low=0),
    "poisson between": th.Truncated(th.Poisson(rate=6.0), low=2, high=9),
    "binomial": th.Truncated(th.Binomial(prob=0.3, trials=7), low=0, high=5),
    "negative binomial": th.Truncated(th.NegativeBinomial(mean=3.0, size=1.5), low=0),
    "geometric": th.Truncated(th.Geometric(prob=0.3), low=1, high=12),
}
NODES, WEIGHTS = np.polynomial.legendre.leggauss(30)
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


def eta_of(law):
    return tuple(map(np.float64, law.working(tuple(law.given[p.name] for p in law.declared))))


def untruncated(law):
    return law.inner.carrying(law.given, law.known_values)


def bounds(law):
    low = -np.inf if law.low is None else law.low
    return low, np.inf if law.high is None else law.high


def expectation(law, function):
    """By summation, or by Gauss-Legendre panels between quantiles."""
    if law.support.discrete:
        y = np.arange(law.support.lower, law.quantile(1.0 - 1e-15) + 60.0)
        y = y[y <= law.support.upper]
        return float(np.sum(law.density(y) * function(y)))
    tails = 10.0 ** np.arange(-15.0, -1.0)
    cuts = law.quantile(np.concatenate([[0.0], tails, np.arange(0.1, 0.95, 0.1), 1.0 - tails[::-1], [1.0]]))
    cuts = cuts[np.isfinite(cuts)]
    half, middle = 0.5 * np.diff(cuts)[:, None], 0.5 * (cuts[1:] + cuts[:-1])[:, None]
    y = (middle + half * NODES).ravel()
    return float(np.sum((half * WEIGHTS).ravel() * law.density(y) * function(y)))


def terms_at(law, y, eta=None):
    with np.errstate(all="ignore"):
        return law.derivatives(law.prepare(NUMPY, y, law.known_values), eta_of(law) if eta is None else eta)


# ---- The distribution ------------------------------------------------------------------------------------


@every_law
def test_density_is_that_of_the_family_divided_by_the_mass_between_the_limits(law):
    inner, (low, high) = untruncated(law), bounds(law)
    mass = float(inner.cdf(high) - inner.cdf(low)) if law.low != 9.0 else float(inner.sf(low))
    y = law.sample(50, rng=3)
    assert law.density(y) == pytest.approx(inner.density(y) / mass, rel=1e-10)
    assert expectation(law, np.ones_like) == pytest.approx(1.0, abs=1e-9)


@every_law
def test_values_outside_the_limits_have_no_density(law):
    low, high = bounds(law)
    outside = [value for value in (low, low - 1.0, high + 1.0) if np.isfinite(value)]
    assert np.all(np.isneginf(law.log_prob(outside)))
    assert math.isnan(law.log_prob(np.nan))
    if np.isfinite(high):
        assert law.cdf(high) == 1
        assert law.sf(high) == 0
        if law.support.discrete:
            assert law.density(high) > 0
    if np.isfinite(low):
        assert law.cdf(low) == 0
        assert law.sf(low) == 1


@every_law
def test_mean_variance_and_information_are_expectations(law):
    mean, variance = law.mean(), law.variance()
    assert mean == pytest.approx(expectation(law, lambda y: y), rel=1e-7)
    assert variance == pytest.approx(expectation(law, lambda y: (y - mean) ** 2), rel=1e-5)
    information = law.expected_information(eta_of(law), law.known_values)
    k = len(law.declared)
    pairs = [(i, j) for i in range(k) for j in range(i + 1)]
    assert len(information) == len(pairs)
    for entry, (i, j) in zip(information, pairs, strict=True):

        def product(y, i=i, j=j):
            gradient = terms_at(law, y).gradient
            return gradient[i] * gradient[j]

        assert entry == pytest.approx(expectation(law, product), rel=1e-5, abs=1e-8)


def test_moments_agree_with_those_of_scipy():
    theirs = stats.truncnorm(-0.5, 2.0)
    assert LAWS["normal between"].mean() == pytest.approx(theirs.mean(), rel=1e-10)
    assert LAWS["normal between"].variance() == pytest.approx(theirs.var(), rel=1e-10)
    shape = 0.3
    piled = th.Truncated(th.Gamma(shape=shape, rate=1.0), high=2.0)
    share = special.gammainc([shape, shape + 1.0, shape + 2.0], 2.0)
    mean = shape * share[1] / share[0]
    assert piled.mean() == pytest.approx(mean, rel=1e-10)
    square = shape * (shape + 1.0) * share[2] / share[0]
    assert piled.variance() == pytest.approx(square - mean * mean, rel=1e-10)
    rate = 1.5
    mean = rate / -math.expm1(-rate)
    assert LAWS["poisson positive"].mean() == pytest.approx(mean, rel=1e-12)
    assert LAWS["poisson positive"].variance() == pytest.approx(mean * (1 + rate - mean), rel=1e-10)


def test_moments_that_do_not_exist_are_infinite_where_the_heavy_tail_is_left():
    cauchy = th.StudentT(location=0.0, scale=1.0, df=1.0)
    assert th.Truncated(cauchy, low=0.0).mean() == np.inf
    assert th.Truncated(cauchy, high=0.0).mean() == -np.inf
    assert th.Truncated(cauchy, low=-1.0, high=1.0).mean() == pytest.approx(0.0, abs=1e-12)
    heavy = th.GEV(location=0.0, scale=1.0, shape=1.2)
    assert th.Truncated(heavy, low=0.0).mean() == np.inf
    assert np.isfinite(th.Truncated(heavy, high=3.0).mean())
    assert th.Truncated(th.StudentT(location=0.0, scale=1.0, df=1.8), low=0.0).variance() == np.inf


def test_far_out_in_a_tail_nothing_is_lost():
    law = th.Truncated(th.Normal(mean=0.0, sd=1.0), low=30.0)
    with mpmath.workdps(60):
        mass = mpmath.ncdf(-30)
        exact = mpmath.log(mpmath.npdf(mpmath.mpf("30.02")) / mass)
        tail = mpmath.log(mpmath.ncdf(mpmath.mpf("-30.1")) / mass)
    assert law.log_prob(30.02) == pytest.approx(float(exact), rel=1e-12)
    assert law.log_sf(30.1) == pytest.approx(float(tail), rel=1e-11)
    assert law.cdf(law.quantile(0.37)) == pytest.approx(0.37, rel=1e-9)


@every_law
def test_quantile_and_cdf_are_inverse(law):
    probability = np.array([1e-8, 1e-3, 0.2, 0.5, 0.77, 0.999, 1.0 - 1e-9])
    y = law.quantile(probability)
    assert np.all(np.diff(y) >= 0)
    assert np.all(law.support.contains(y))
    if law.support.discrete:
        assert np.all(law.cdf(y) >= probability)
        assert np.all(law.cdf(y - 1.0) < probability)
    else:
        assert np.all(law.cdf(y) >= probability)
        assert np.all(law.cdf(np.nextafter(y, -np.inf)) < probability)
    assert law.quantile(0.0) == law.support.lower
    assert law.quantile(1.0) == law.support.upper
    assert np.array_equal(law.quantile(probability.reshape(7, 1))[:, 0], y)


@every_law
def test_samples_follow_the_distribution(law):
    sample = law.sample(4000, rng=11)
    assert np.array_equal(sample, law.sample(4000, rng=11))
    assert np.all(law.support.contains(sample))
    values = np.unique(sample)
    gap = np.abs(np.searchsorted(np.sort(sample), values, side="right") / sample.size - law.cdf(values))
    assert gap.max() < math.sqrt(math.log(2e10) / (2.0 * sample.size))
    assert law.sample(0, rng=1).shape == (0,)


# ---- Derivatives -----------------------------------------------------------------------------------------


def differences(function, eta, j, step=2e-4):
    total = 0.0
    for k, coefficient in {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}.items():
        up, down = list(eta), list(eta)
        up[j], down[j] = eta[j] + k * step, eta[j] - k * step
        total = total + coefficient * (np.asarray(function(tuple(up))) - np.asarray(function(tuple(down))))
    return total / step


def check_derivatives(function, eta, size):
    """``function(eta)`` returns terms of ``size`` rows."""
    terms = function(eta)
    k = len(eta)
    for j in range(k):
        slope = differences(lambda at: function(at).value, eta, j)
        assert np.allclose(np.broadcast_to(terms.gradient[j], size), slope, rtol=1e-6, atol=1e-7)
        bends = differences(
            lambda at: np.array([np.broadcast_to(g, size) for g in function(at).gradient]), eta, j
        )
        for i in range(k):
            a, b = max(i, j), min(i, j)
            entry = np.broadcast_to(terms.hessian[a * (a + 1) // 2 + b], size)
            assert np.allclose(entry, bends[i], rtol=1e-5, atol=1e-6)


@every_law
def test_derivatives_agree_with_differences(law):
    y = law.sample(6, rng=4).astype(float)
    check_derivatives(lambda eta: terms_at(law, y, eta), eta_of(law), y.size)
    terms, rows = terms_at(law, y), law.prepare(NUMPY, y, law.known_values)
    assert np.allclose(law.log_density(NUMPY, rows, eta_of(law)), terms.value, rtol=1e-12)


@every_law
def test_masses_of_intervals_are_those_of_the_part_between_the_limits(law):
    a, b = (float(value) for value in law.quantile([0.2, 0.8]))
    low = np.array([-np.inf, a, a, -1e9])
    high = np.array([b, np.inf, max(b, a + 1.0), 1e9])

    def mass(eta):
        with np.errstate(all="ignore"):
            return law.log_mass(low, high, law.known_values, eta, 2)

    value = mass(eta_of(law)).value
    expected = [law.log_cdf(b), law.log_sf(a), math.log(law.cdf(max(b, a + 1.0)) - law.cdf(a)), 0.0]
    assert np.allclose(value, expected, rtol=1e-9, atol=1e-12)
    check_derivatives(mass, eta_of(law), low.size)
    lowest, highest = bounds(law)
    empty = law.log_mass(
        np.array([lowest - 3.0, highest]), np.array([lowest, highest + 1.0]), law.known_values, eta_of(law), 2
    )
    outside = [np.isfinite(lowest), np.isfinite(highest)]
    assert np.all(np.isneginf(empty.value[outside]))


@every_law
def test_coordinates_by_row_give_what_each_row_gives_alone(law):
    y = law.sample(5, rng=4).astype(float)
    shift = np.linspace(-0.05, 0.05, y.size)
    eta = tuple(item + shift for item in eta_of(law))
    known = {name: np.full(y.size, value) for name, value in law.known_values.items()}
    with np.errstate(all="ignore"):
        together = law.derivatives(law.prepare(NUMPY, y, known), eta)
        information = law.expected_information(eta, known)
        theta = law.theta(eta)
        means = law.mean_at(theta, known)
        middle = law.quantile_at(np.full(y.size, 0.5), theta, known)
    for row in range(y.size):
        alone = terms_at(law, y[row : row + 1], tuple(item[row] for item in eta))
        for both, one in zip(
            (together.value, *together.gradient, *together.hessian),
            (alone.value, *alone.gradient, *alone.hessian),
            strict=True,
        ):
            assert np.allclose(np.broadcast_to(both, y.shape)[row], one, rtol=1e-10, atol=1e-12)
        frozen = law.carrying(
            {p.name: item[row] for p, item in zip(law.declared, theta, strict=True)}, law.known_values
        )
        assert means[row] == pytest.approx(frozen.mean(), rel=1e-9)
        assert middle[row] == pytest.approx(frozen.quantile(0.5), rel=1e-13)
        here = law.expected_information(eta_of(frozen), law.known_values)
        for both, one in zip(information, here, strict=True):
            assert np.allclose(both[row], one, rtol=1e-8)


def test_in_a_density_of_ones_own_it_is_differentiated_by_jax():
    import jax
    import jax.numpy as jnp
    from jax.scipy import stats as jax_stats

    def ours(point, y):
        law = th.Truncated(th.Normal(mean=point[0], sd=jnp.exp(point[1])), low=0.5, high=4.0)
        return law.log_prob(y)

    def theirs(point, y):
        mean, sd = point[0], jnp.exp(point[1])
        mass = jax_stats.norm.cdf(4.0, mean, sd) - jax_stats.norm.cdf(0.5, mean, sd)
        return jax_stats.norm.logpdf(y, mean, sd) - jnp.log(mass)

    def all_of(function):
        return jax.jit(
            lambda point, y: (
                function(point, y),
                jax.jacfwd(function)(point, y),
                jax.hessian(function)(point, y),
            )
        )

    with jax.enable_x64(new_val=True):
        point, y = jnp.array([1.0, 0.3]), jnp.array([0.7, 1.5, 3.9])
        for one, other in zip(all_of(ours)(point, y), all_of(theirs)(point, y), strict=True):
            assert np.allclose(one, other, rtol=1e-9, atol=1e-9)

    def law(parameters, data):
        return th.Truncated(th.Poisson(rate=parameters.rate), low=0).log_prob(data.y)

    own = th.fit(th.Model(law, parameters={"rate": th.positive()}), {"y": [1.0, 1.0, 2.0, 3.0]})
    built_in = th.fit(th.Truncated(th.Poisson(), low=0), [1, 1, 2, 3])
    assert own.estimates["rate"] == pytest.approx(built_in.estimates["rate"], rel=1e-9)
    assert own.standard_errors["rate"] == pytest.approx(built_in.standard_errors["rate"], rel=1e-7)


@pytest.mark.parametrize(
    ("family", "limit"),
    [
        (th.StudentT(location=0.3, scale=1.2, df=3.0), th.Normal(mean=0.3, sd=1.2)),
        (th.NegativeBinomial(mean=3.0, size=2.0), th.Poisson(rate=3.0)),
    ],
)
def test_limits_are_those_of_the_family_between_the_same_limits(family, limit):
    law = th.Truncated(family, low=0.0, high=8.0)
    declared = law.limits[0]
    position = [p.name for p in law.declared].index(declared.parameter)
    target = law.limiting(limit)
    y = np.asarray(target.quantile([0.05, 0.4, 0.9]), dtype=float)
    far = list(eta_of(law))
    far[position] = np.log(1e5)
    slope = declared.slope(law.prepare(NUMPY, y, {}), tuple(far))
    near = law.carrying({**law.given, declared.parameter: 1e6}, {})
    assert np.allclose(slope, (near.log_prob(y) - target.log_prob(y)) * 1e6, rtol=1e-4, atol=1e-6)


# ---- Fits ------------------------------------------------------------------------------------------------


@every_law
def test_a_fit_is_that_of_rows_with_these_limits(law):
    y = law.sample(300, rng=17)
    family = law.carrying({}, law.known_values)
    inner = law.inner.carrying({}, law.known_values)
    wrapped = th.fit(family, y)
    rows = th.fit(inner, th.Observations(y, entry=law.low, exit=law.high))
    assert wrapped.certificate.verdict == rows.certificate.verdict
    assert wrapped.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-10)
    if wrapped.certificate.verdict == "maximum":
        assert list(wrapped.estimates.values()) == pytest.approx(list(rows.estimates.values()), rel=1e-5)
        assert np.allclose(wrapped.covariance("opg"), rows.covariance("opg"), rtol=1e-4)
        assert np.all(np.isfinite(wrapped.covariance("expected")))


def test_an_exponential_family_has_the_expected_information_that_is_observed():
    y = LAWS["normal above"].sample(400, rng=1)
    fit = th.fit(th.Truncated(th.Normal(), low=0.5), y)
    assert np.allclose(fit.covariance("expected"), fit.covariance(), rtol=1e-8)


def test_censored_rows_between_limits_are_those_of_truncated_rows():
    rng = np.random.default_rng(2)
    time = LAWS["weibull between"].sample(200, rng=rng)
    end = rng.uniform(0.6, 5.0, 200)
    rows = (np.minimum(time, end), (time <= end).astype(float))
    wrapped = th.fit(th.Truncated(th.Weibull(), low=0.5, high=5.0), th.Observations.right_censored(*rows))
    apart = th.fit(th.Weibull(), th.Observations.right_censored(*rows, entry=0.5, exit=5.0))
    assert wrapped.log_likelihood == pytest.approx(apart.log_likelihood, rel=1e-12)
    assert list(wrapped.estimates.values()) == pytest.approx(list(apart.estimates.values()), rel=1e-6)


def test_a_regression_is_that_of_truncated_rows():
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(300), rng.standard_normal(300)])
    y = rng.poisson(np.exp(X @ [0.5, 0.4]))
    X, y = X[y > 0], y[y > 0]
    wrapped = th.regress(X, y, th.Truncated(th.Poisson(), low=0))
    rows = th.regress(X, th.Observations(y, entry=0), th.Poisson())
    assert wrapped.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-12)
    assert list(wrapped.estimates.values()) == pytest.approx(list(rows.estimates.values()), rel=1e-8)


def test_trials_may_be_a_column():
    rng = np.random.default_rng(4)
    trials = rng.integers(3, 9, 200)
    y = rng.binomial(trials, 0.3)
    data = {"y": y[y > 0], "n": trials[y > 0]}
    wrapped = th.fit(th.Truncated(th.Binomial(y="y", trials="n"), low=0), data)
    rows = th.fit(th.Binomial(y="truncated(y, entry=0)", trials="n"), data)
    assert wrapped.estimates["prob"] == pytest.approx(rows.estimates["prob"], rel=1e-9)
    up, down = th.Truncated(th.Binomial(trials=5), low=0).recession(
        np.array([1.0, 3.0, 5.0]), {"trials": 5.0}
    )
    assert (up.tolist(), down.tolist()) == ([False, False, True], [True, False, False])


def test_numbers_that_are_given_are_fixed():
    fit = th.fit(
        th.Truncated(th.StudentT(df=5), low=0.0), np.abs(np.random.default_rng(1).standard_t(5, 100))
    )
    assert fit.estimates["df"] == 5
    assert fit.free_names == ("location", "scale")


# ---- Text, storage, errors -------------------------------------------------------------------------------


@every_law
def test_text_pickles_and_copies_make_it_again(law):
    again = eval(repr(law), vars(th) | {name: getattr(th, name) for name in dir(th)})  # noqa: S307 - our own text
    for other in (again, pickle.loads(pickle.dumps(law)), copy(law)):  # noqa: S301 - our own bytes
        assert repr(other) == repr(law)
        assert other.parameters == law.parameters
        assert other.mean() == law.mean()
        assert len(other.limits) == len(law.limits)


def test_a_saved_fit_comes_back_with_its_limits(tmp_path):
    fit = th.fit(th.Truncated(th.Binomial(trials=7), low=0, high=5), [1, 2, 5, 3, 2, 1])
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert repr(loaded.distribution) == repr(fit.distribution)
    assert "Truncated(Binomial)" in str(loaded.summary())
    text = (tmp_path / "fit.json").read_text()
    for damaged in (
        text.replace('"low": 0.0', '"low": 9.0'),
        text.replace('"of"', '"off"'),
        text.replace('"family": "binomial"', '"family": "nonsense"'),
        text.replace('"family": "truncated"', '"family": "poisson"'),
    ):
        assert damaged != text
        (tmp_path / "damaged.json").write_text(damaged)
        with pytest.raises(th.SourceError, match="damaged"):
            th.load(tmp_path / "damaged.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "leaves out nothing"),
        ({"low": -1.0}, "leaves out nothing"),
        ({"low": np.nan}, "nan"),
        ({"low": "zero"}, "'zero'"),
        ({"low": 5, "high": 3}, "no value"),
        ({"low": 2, "high": 3}, "only 3 is left"),
    ],
)
def test_limits_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        th.Truncated(th.Poisson(), **arguments)


def test_what_cannot_be_truncated_is_refused():
    with pytest.raises(ModelError, match="labels"):
        th.Truncated(th.Categorical(), low=0)
    with pytest.raises(ModelError, match="give a family"):
        th.Truncated("poisson", low=0)
    with pytest.raises(ParameterError, match="no parameter 'nonsense'"):
        th.Truncated(th.Poisson(), low=0, nonsense=1.0)
    with pytest.raises(th.DataError, match="row 2"):
        th.fit(th.Truncated(th.Poisson(), low=0), [1, 2, 0, 3])


def test_wrappers_are_public_and_not_in_the_list_of_families():
    assert "Truncated" in dir(th)
    assert "truncated" not in th.families()
    nested = th.Truncated(th.Truncated(th.Normal(mean=0.0, sd=1.0), low=-1.0), high=1.0)
    both = th.Truncated(th.Normal(mean=0.0, sd=1.0), low=-1.0, high=1.0)
    assert nested.log_prob([0.3, 0.9]) == pytest.approx(both.log_prob([0.3, 0.9]), rel=1e-12)
    assert nested.title == "Truncated(Truncated(Normal))"


@pytest.mark.parametrize(
    ("mean", "size"), [(3.0, 2.0), (1e-8, 0.5), (2.0, 1e-60), (5.0, 1e9), (1e-12, 1e12), (1e5, 3e4)]
)
def test_a_negative_binomial_without_zeros_keeps_its_digits(mean, size):
    law = th.NegativeBinomial(mean=mean, size=size)
    eta = tuple(map(np.float64, law.working((mean, size))))
    found = law.log_mass(np.array([0.0, -np.inf]), np.array([np.inf, 4.0]), {}, eta, 2)
    with mpmath.workdps(60):

        def log_mass(log_mean, log_size):
            none = -mpmath.exp(log_size) * mpmath.log1p(mpmath.exp(log_mean - log_size))
            return mpmath.log(-mpmath.expm1(none))

        point = tuple(mpmath.mpf(float(item)) for item in eta)
        orders = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
        expected = [float(mpmath.diff(log_mass, point, order)) for order in orders]
    terms = [found.value, *found.gradient, *found.hessian]
    assert [float(item[0]) for item in terms] == pytest.approx(expected, rel=1e-13, abs=1e-13)
    assert found.value[1] == pytest.approx(law.log_cdf(4.0), rel=1e-14)
