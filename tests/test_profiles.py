"""Profiles stay inside the regular region and below their maximum, and inference refuses data that have changed."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.inference.profile import curve, interval

KINDS = ("expected", "opg", "sandwich")


def small_gev(seed, n=12, shape=-0.4):
    rng = np.random.default_rng(seed)
    return th.fit(th.GEV(), th.GEV(location=0.0, scale=1.0, shape=shape).sample(n, rng=rng))


def no_higher_point(fit, name):
    profile = curve(fit.solution, name, points=7)
    known = np.isfinite(profile.log_likelihoods)
    assert known.any()
    assert np.all(profile.log_likelihoods[known] <= fit.log_likelihood + 1e-9)
    np.testing.assert_array_equal(np.isnan(profile.signed_roots), ~known)


# ---- Profiles --------------------------------------------------------------------------------------------


# The scale of 4, 18, 24 and 26 and the location of 22, 24, 26 and 37 once stood up to 7 nats above the maximum.
@pytest.mark.parametrize(
    ("seed", "name"),
    [
        *((seed, "scale") for seed in (4, 5, 18, 24, 26)),
        *((seed, "location") for seed in (22, 24, 26, 37)),
        *((seed, "shape") for seed in (5, 24)),
    ],
)
def test_no_profile_of_few_extremes_stands_above_its_maximum(seed, name):
    no_higher_point(small_gev(seed), name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "family",
    [
        th.Weibull(shape=0.7, scale=3.0),
        th.Gamma(shape=0.4, rate=2.0),
        th.StudentT(location=1.0, scale=2.0, df=2.0),
        th.NegativeBinomial(mean=4.0, size=2.0),
        th.Beta(alpha=0.5, beta=2.0),
        th.Logistic(location=5.0, scale=1.0),
    ],
    ids=lambda family: family.name,
)
def test_no_profile_of_small_samples_stands_above_its_maximum(family, seed):
    fit = th.fit(type(family)(), family.sample(9, rng=np.random.default_rng(seed)))
    for name in fit.free_names:
        no_higher_point(fit, name)


def test_an_interval_that_reaches_the_edge_of_the_region_ends_there():
    low, high = small_gev(4).intervals(method="profile", parameters="shape")["shape"]
    assert low == pytest.approx(-1.0, abs=1e-12)
    assert high == pytest.approx(-0.0306, abs=1e-3)


def test_an_end_that_rests_on_searches_that_fail_is_refused():
    fit = small_gev(12)
    with pytest.raises(th.InferenceError, match=r"the profile of scale is not known beyond 2\.2"):
        fit.intervals(method="profile", parameters="scale")
    profile = curve(fit.solution, "scale", points=5)
    assert np.nanmax(profile.values) < 2.3


def test_a_point_above_the_maximum_is_told_with_where_it_is():
    # Two clusters and few degrees of freedom: each has a maximum of its own, and the left one is the lower.
    y = np.r_[np.linspace(-0.5, 0.5, 8), 20.0 + np.linspace(-0.5, 0.5, 40)]
    fit = th.fit(th.StudentT(), y, fixed={"df": 0.5, "scale": 0.5}, start={"location": 0.0})
    assert abs(fit.estimates["location"]) < 2
    with pytest.raises(th.InferenceError, match=r"profile of location found a higher point.*'location': "):
        interval(fit.solution, "location", 1 - 1e-12)


def test_profiles_use_the_optimiser_of_the_fit():
    y = np.random.default_rng(0).weibull(1.5, 60)
    start = th.fit(th.Weibull(), y).estimates
    fit = th.fit(th.Weibull(), y, start=start, optimizer=th.Newton(max_iterations=0))
    assert fit.certificate.verdict.value == "maximum"
    with pytest.raises(th.InferenceError, match="does not converge"):
        fit.intervals(method="profile", parameters="shape")


def test_no_profile_where_the_model_is_irregular():
    fit = small_gev(0, n=30, shape=-0.6)
    assert fit.certificate.status["shape"] == "irregular"
    with pytest.raises(th.InferenceError, match="irregular"):
        fit.profile("shape")


# ---- Data that changed after the fit ---------------------------------------------------------------------


def positive():
    return np.random.default_rng(1).gamma(2.0, 3.0, 200)


@pytest.mark.parametrize("kind", KINDS)
def test_covariances_over_rows_refuse_changed_data(kind):
    y = positive()
    fit = th.fit(th.Weibull(), y)
    before = fit.covariance(kind)
    y[7] *= 1.5
    with pytest.raises(th.InferenceError, match="the data have changed since the fit; fit again"):
        fit.covariance(kind)
    y[7] /= 1.5
    np.testing.assert_allclose(fit.covariance(kind), before, rtol=1e-12)


def test_profiles_over_rows_refuse_changed_data():
    y = positive()
    fit = th.fit(th.Weibull(), y)
    y += 1.0
    for ask in (lambda: fit.intervals(method="profile"), lambda: fit.profile("shape")):
        with pytest.raises(th.InferenceError, match="the data have changed"):
            ask()


def test_profiles_from_sums_do_not_feel_the_change():
    y = positive()
    fit = th.fit(th.Gamma(), y)
    before = dict(fit.intervals(method="profile"))
    y += 1.0
    for name, ends in fit.intervals(method="profile").items():
        assert ends == pytest.approx(before[name], rel=1e-9)
    with pytest.raises(th.InferenceError, match="the data have changed"):
        fit.covariance("sandwich")


@pytest.mark.parametrize("spoilt", [np.nan, -1.0, 50.0])
def test_the_digest_refuses_changed_data(tmp_path, spoilt):
    y = positive()
    fit = th.fit(th.Gamma(), y)
    y[0] = spoilt
    with pytest.raises(th.InferenceError, match="digest of the data is refused: the data have changed"):
        fit.save(tmp_path / "fit.json")


def test_changed_weights_are_changed_data():
    y, weights = positive(), np.ones(200)
    fit = th.fit(th.Weibull(), y, weights=weights)
    weights[3] = 2.0
    with pytest.raises(th.InferenceError, match="the data have changed"):
        fit.covariance("sandwich")


def test_counted_data_keep_their_counts_but_not_their_digest():
    y = np.random.default_rng(2).poisson(3.0, 100)
    fit = th.fit(th.NegativeBinomial(), y)
    before = fit.covariance("sandwich")
    y[0] += 5
    np.testing.assert_array_equal(fit.covariance("sandwich"), before)
    with pytest.raises(th.InferenceError, match="the data have changed"):
        fit.data_digest  # noqa: B018 - reading it is what is refused


def test_a_density_of_ones_own_refuses_changed_data():
    jnp = pytest.importorskip("jax.numpy")
    y = positive()
    density = th.Model(
        lambda p, data: jnp.log(p["rate"]) - p["rate"] * data["y"], parameters={"rate": th.positive()}
    )
    fit = th.fit(density, {"y": y})
    assert fit.covariance("sandwich").shape == (1, 1)
    y[0] *= 3
    for ask in (lambda: fit.covariance("sandwich"), lambda: fit.profile("rate"), lambda: fit.data_digest):
        with pytest.raises(th.InferenceError, match="the data have changed"):
            ask()


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12])
def test_unchanged_data_are_not_suspected(offset):
    y = offset + np.random.default_rng(3).normal(size=500)
    for family in (th.Normal(), th.StudentT()):
        fit = th.fit(family, y)
        assert len(fit.data_digest) == 64
        assert fit.covariance("sandwich").shape[0] == len(fit.free_names)


@pytest.mark.parametrize("k", [0, 2, 5])
def test_thresholds_are_profiled_as_the_shares_below_them(k):
    # Without predictors the likelihood of c_k is that of the share of values up to k.
    y = np.repeat(np.arange(7), [6, 14, 21, 13, 4, 1, 1])
    fit = th.fit(th.Ordinal(), y)
    share = th.regress(np.ones((y.size, 1)), (y <= k).astype(int), th.Bernoulli(), names=["logit"])
    found = fit.intervals(method="profile", parameters=f"thresholds[{k}]")[f"thresholds[{k}]"]
    np.testing.assert_allclose(found, share.intervals(method="profile")["logit"], rtol=1e-8)
    assert np.isfinite(curve(fit.solution, f"thresholds[{k}]", points=11).log_likelihoods).all()


def test_a_limit_on_the_edge_of_its_support_is_no_changed_data(tmp_path):
    x = np.abs(np.random.default_rng(3).standard_normal(60))
    fit = th.fit(th.SkewNormal(), x)
    assert set(fit.certificate.status.values()) == {"at_infinity", "boundary", "regular"}
    fit.save(tmp_path / "fit.json")
    assert th.load(tmp_path / "fit.json").data_digest == fit.data_digest
