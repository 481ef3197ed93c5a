"""Maxima at kinks: by counting, from place to place, on level stretches, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat._errors import InferenceError, ModelError
from thetahat.models import _places
from thetahat.optimize.kinks import kinks, places

SAMPLE = np.random.default_rng(20250101).laplace(3.0, 2.0, 301)


@pytest.fixture
def few_places(monkeypatch):
    """Make the passes that data larger than memory need necessary for small data."""
    for module in (_places, places, kinks):
        monkeypatch.setattr(module, "MOST_PLACES", 16)
    monkeypatch.setattr(places, "PARTS", 8)


def brute_force(y, low, high, scales, locations):
    """The highest ℓ of a Laplace distribution on a grid, rows being intervals where low < high."""
    best = -np.inf
    for scale in scales:
        for location in locations:
            law = th.Laplace(location=location, scale=scale)
            exact = low == high
            total = np.sum(law.log_prob(y[exact]))
            with np.errstate(all="ignore"):
                eta = law.working(law.distribution_theta())
                total += np.sum(law.log_mass(low[~exact], high[~exact], {}, eta, 0).value)
            best = max(best, total)
    return best


# ---- Exact rows -------------------------------------------------------------------------------------------------


def test_of_an_odd_number_of_rows_the_location_is_the_middle_one():
    fit = th.fit(th.Laplace(), SAMPLE)
    middle = np.median(SAMPLE)
    assert fit.estimates["location"] == middle
    assert fit.estimates["scale"] == pytest.approx(np.mean(np.abs(SAMPLE - middle)), rel=1e-14)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert fit.certificate.digits["location"] == 15
    assert "kink" in fit.certificate.sentence
    error = fit.estimates["scale"] / np.sqrt(SAMPLE.size)
    assert list(fit.standard_errors.values()) == pytest.approx([error, error])


def test_of_an_even_number_of_rows_it_is_halfway_and_the_stretch_is_told():
    y = SAMPLE[:300]
    fit = th.fit(th.Laplace(), y)
    low, high = np.sort(y)[149:151]
    assert fit.estimates["location"] == 0.5 * low + 0.5 * high
    assert f"from {low:.6g} to {high:.6g}" in fit.certificate.sentence
    assert "only one" not in fit.certificate.sentence
    assert 0 < fit.certificate.digits["location"] < 3
    for location in (low, high):
        law = th.Laplace(location=location, scale=fit.estimates["scale"])
        assert np.sum(law.log_prob(y)) == pytest.approx(fit.log_likelihood, rel=1e-14)


def test_a_stretch_longer_than_a_standard_error_is_flat():
    fit = th.fit(th.Laplace(), [0.0, 0.1, 5.0, 5.1])
    certificate = fit.certificate
    assert (certificate.verdict, certificate.exists) == ("flat", True)
    assert certificate.parameters == ("location",)
    assert dict(certificate.status) == {"location": "flat", "scale": "regular"}
    assert fit.estimates["location"] == 2.55
    assert np.isnan(fit.standard_errors["location"])
    assert fit.standard_errors["scale"] == pytest.approx(fit.estimates["scale"] / 2)


def test_ties_and_weights_are_as_rows_repeated():
    y = np.round(SAMPLE)
    values, counts = np.unique(y, return_counts=True)
    together, weighted = th.fit(th.Laplace(), y), th.fit(th.Laplace(), values, weights=counts)
    assert weighted.estimates == pytest.approx(together.estimates, rel=1e-14)
    assert weighted.log_likelihood == pytest.approx(together.log_likelihood, rel=1e-14)
    assert weighted.standard_errors == pytest.approx(together.standard_errors, rel=1e-14)
    assert together.estimates["location"] == np.median(y)


@pytest.mark.usefixtures("few_places")
@pytest.mark.parametrize("n", [299, 300, 301])
@pytest.mark.parametrize("kind", ["plain", "far apart", "tied", "offset", "weighted"])
def test_counting_in_passes_finds_the_same_as_sorting(kind, n):
    y = SAMPLE[:n]
    weights = None
    if kind == "far apart":
        y = np.sign(y) * np.abs(y) ** 40
    elif kind == "tied":
        y = np.round(y)
    elif kind == "offset":
        y = y + 1e9
    elif kind == "weighted":
        weights = np.random.default_rng(3).integers(0, 4, n)
    fit = th.fit(th.Laplace(), y, weights=weights)
    assert fit.estimates["location"] == np.median(y if weights is None else np.repeat(y, weights))
    assert fit.certificate.verdict == "maximum"


@pytest.mark.usefixtures("few_places")
def test_a_climb_among_more_places_than_are_held_ends_where_one_among_all_does():
    observed = np.arange(SAMPLE.size) % 3 > 0
    data = th.Observations.right_censored(SAMPLE, observed)
    few = th.fit(th.Laplace(), data)
    assert few.certificate.verdict == "maximum"
    assert few.estimates["location"] in {*SAMPLE[observed], few.estimates["location"]}
    law = few.distribution
    for step in (1e-4, -1e-4):
        moved = th.Laplace(location=few.estimates["location"] + step, scale=few.estimates["scale"])
        value = np.sum(moved.log_prob(SAMPLE[observed])) + np.sum(moved.log_sf(SAMPLE[~observed]))
        assert value < few.log_likelihood
    assert np.sum(law.log_prob(SAMPLE[observed])) + np.sum(law.log_sf(SAMPLE[~observed])) == pytest.approx(
        few.log_likelihood, rel=1e-13
    )


def test_keys_are_in_the_order_of_the_numbers_and_lead_back():
    numbers = np.array([-np.inf, -1e300, -2.5, -1e-310, 0.0, 5e-324, 1.0, 1.0 + 2.0**-52, 1e300, np.inf])
    keys = _places.keys_of(numbers)
    assert np.all(np.diff(keys) > 0)
    assert np.array_equal(_places.values_of(keys), numbers)
    assert _places.keys_of(np.array([-0.0])) == _places.keys_of(np.array([0.0]))


# ---- Other rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["right", "left", "interval"])
def test_censored_rows_have_the_highest_likelihood_of_a_fine_grid(kind):
    y = SAMPLE[:41]
    low, high = y.copy(), y.copy()
    some = np.arange(41) % 3 == 0
    if kind == "right":
        high[some] = np.inf
    elif kind == "left":
        low[some] = -np.inf
    else:
        low[some], high[some] = np.floor(y[some]), np.floor(y[some]) + 1.0
    fit = th.fit(th.Laplace(), th.Observations.interval(low, high))
    assert fit.certificate.verdict == "maximum"
    location, scale = fit.estimates.values()
    around = brute_force(
        y,
        low,
        high,
        scale * np.exp(np.linspace(-0.4, 0.4, 17)),
        np.concatenate([location + scale * np.linspace(-1, 1, 41), y[~some]]),
    )
    assert -1e-12 < fit.log_likelihood - around < 0.05
    assert np.isfinite(list(fit.standard_errors.values())).all()


def test_a_maximum_between_two_values_is_found_there():
    # Two exact rows far apart, and interval rows whose mass bends ℓ between them.
    low, high = np.array([0.0, 10.0, 3.0, 3.5, 4.0]), np.array([0.0, 10.0, 5.0, 5.5, 6.0])
    fit = th.fit(th.Laplace(), th.Observations.interval(low, high))
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["location"] == pytest.approx(4.5, abs=1e-6)
    assert "has a kink there" not in fit.certificate.sentence
    assert "outer product" in fit.certificate.sentence


def test_fixed_parameters_keep_their_values():
    held = th.fit(th.Laplace(scale=2.0), SAMPLE)
    assert held.estimates == {"location": np.median(SAMPLE), "scale": 2.0}
    assert held.standard_errors["location"] == pytest.approx(2.0 / np.sqrt(SAMPLE.size))
    centred = th.fit(th.Laplace(location=3.0), SAMPLE)
    assert centred.estimates["scale"] == pytest.approx(np.mean(np.abs(SAMPLE - 3.0)), rel=1e-12)


def test_profiles_follow_the_kink():
    fit = th.fit(th.Laplace(), SAMPLE)
    ends = fit.intervals(method="profile")
    for name, place in (("location", 0), ("scale", 1)):
        for end in ends[name]:
            theta = [np.median(SAMPLE), end]
            if place == 0:
                theta = [end, np.mean(np.abs(SAMPLE - end))]
            law = th.Laplace(location=theta[0], scale=theta[1])
            drop = 2 * (fit.log_likelihood - np.sum(law.log_prob(SAMPLE)))
            assert drop == pytest.approx(3.841458820694124, rel=1e-6)


def test_limits_and_maps_keep_the_kink():
    y = SAMPLE[SAMPLE > 0]
    limited = th.fit(th.Truncated(th.Laplace(), low=0), y)
    assert limited.certificate.verdict == "maximum"
    for step in (1e-5, -1e-5):
        moved = {**limited.estimates, "location": limited.estimates["location"] + step}
        assert np.sum(th.Truncated(th.Laplace(**moved), low=0).log_prob(y)) < limited.log_likelihood
    mapped = th.fit(th.Transformed(th.Laplace(), "exp"), np.exp(SAMPLE))
    assert mapped.estimates["location"] == pytest.approx(np.median(SAMPLE), rel=1e-13)


# ---- What is refused --------------------------------------------------------------------------------------------


def test_what_kinks_do_not_allow_is_refused_with_what_to_do():
    with pytest.raises(ModelError, match="kinks in the location"):
        th.regress(np.ones((301, 1)), SAMPLE, th.GeneralizedNormal())
    with pytest.raises(ModelError, match="fix location"):
        th.fit(th.Laplace(), SAMPLE, penalty=th.Prior({"scale": th.Gamma(shape=2, rate=1)}))
    with pytest.raises(ModelError, match="Logistic"):
        th.Mixture([th.Laplace(), th.Normal()])
    with pytest.raises(InferenceError, match="give location"):
        th.project(th.Normal(mean=0, sd=1), th.Laplace())


# ---- The asymmetric Laplace family ------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_places")
@pytest.mark.parametrize("tau", [0.07, 0.3, 0.5, 0.9])
def test_with_tau_fixed_the_location_is_a_quantile(tau):
    fit = th.fit(th.AsymmetricLaplace(tau=tau), SAMPLE)
    assert fit.estimates["location"] == np.quantile(SAMPLE, tau, method="inverted_cdf")
    distance = SAMPLE - fit.estimates["location"]
    assert fit.estimates["scale"] == pytest.approx(np.mean(distance * (tau - (distance < 0))), rel=1e-12)
    assert fit.certificate.scope == "global"
    shared = np.array([tau * (1 - tau), 0.0, 1.0])
    scale = fit.estimates["scale"]
    errors = np.array([scale / np.sqrt(shared[0]), scale]) / np.sqrt(SAMPLE.size)
    assert list(fit.standard_errors.values())[:2] == pytest.approx(errors)


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_with_tau_free_the_location_is_the_best_of_all_rows(seed, few, request):
    if few:
        request.getfixturevalue("few_places")
    rng = np.random.default_rng(seed)
    kind = seed % 3
    y = [rng.normal(size=201), rng.gamma(2.0, size=201), rng.laplace(size=201) * [-1.0, 3.0][seed % 2]][kind]
    up, down = (np.mean(np.maximum(s * (y[:, None] - y), 0.0), axis=0) for s in (1, -1))
    heights = -y.size * (2.0 * np.log(np.sqrt(up) + np.sqrt(down)) + 1.0)
    best = int(np.argmax(heights))
    fit = th.fit(th.AsymmetricLaplace(), y)
    assert fit.log_likelihood == pytest.approx(heights[best], rel=1e-13)
    if 0 < np.sum(y < y[best]) < y.size - 1:
        assert fit.certificate.verdict == "maximum"
        assert fit.certificate.scope == "global"
        assert fit.estimates["location"] == y[best]
        expected = [
            np.sqrt(up[best] * down[best]),
            np.sqrt(down[best]) / (np.sqrt(up[best]) + np.sqrt(down[best])),
        ]
        assert [fit.estimates["scale"], fit.estimates["tau"]] == pytest.approx(expected, rel=1e-12)
    else:
        assert fit.certificate.verdict == "at_infinity"


def test_at_an_outermost_row_an_exponential_distribution_is_only_neared():
    y = np.random.default_rng(1).exponential(2.0, 50)
    for sign, tau, word in ((1.0, 0.0, "smallest"), (-1.0, 1.0, "largest")):
        fit = th.fit(th.AsymmetricLaplace(), sign * y)
        certificate = fit.certificate
        assert (certificate.verdict, certificate.exists, certificate.scope) == (
            "at_infinity",
            False,
            "global",
        )
        assert fit.estimates == {"location": sign * np.min(y), "scale": 0.0, "tau": tau}
        assert word in certificate.sentence
        distance = np.mean(y) - np.min(y)
        assert certificate.supremum == pytest.approx(-50 * (1 + np.log(distance)), rel=1e-13)
        assert np.isnan(list(fit.standard_errors.values())).all()


def test_with_the_scale_fixed_tau_solves_its_equation():
    fit = th.fit(th.AsymmetricLaplace(scale=0.7), SAMPLE)
    assert fit.certificate.verdict == "maximum"
    tau, distance = fit.estimates["tau"], SAMPLE - fit.estimates["location"]
    assert SAMPLE.size * (1 - 2 * tau) / (tau * (1 - tau)) == pytest.approx(np.sum(distance) / 0.7, rel=1e-10)


def test_censored_rows_have_a_maximum_that_nothing_nearby_exceeds():
    y = th.AsymmetricLaplace(location=1, scale=2, tau=0.3).sample(200, rng=1)
    observed = np.arange(200) % 4 > 0
    fit = th.fit(th.AsymmetricLaplace(), th.Observations.right_censored(y, observed))
    assert fit.certificate.verdict == "maximum"
    assert np.isfinite(list(fit.standard_errors.values())).all()
    rng = np.random.default_rng(2)
    errors = np.array(list(fit.standard_errors.values()))
    for size in (0.01, 0.1, 1.0):
        for _ in range(40):
            near = np.array(list(fit.estimates.values())) + size * errors * rng.standard_normal(3)
            law = th.AsymmetricLaplace(location=near[0], scale=near[1], tau=near[2])
            value = np.sum(law.log_prob(y[observed])) + np.sum(law.log_sf(y[~observed]))
            assert value < fit.log_likelihood
