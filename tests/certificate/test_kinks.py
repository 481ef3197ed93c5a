"""Maxima at kinks: by counting, from place to place, on level stretches, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special

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


# ---- The generalised normal family ------------------------------------------------------------------------------


def generalised(shape, n=200):
    return th.GeneralizedNormal(location=1, scale=2, shape=shape).sample(n, rng=5)


@pytest.mark.parametrize("shape", [0.7, 1.0, 1.4, 3.0])
def test_of_a_generalised_normal_nothing_near_its_maximum_is_higher(shape):
    y = generalised(shape)
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.region == "shape above 1/2"
    errors = np.array(list(fit.standard_errors.values()))
    assert np.isfinite(errors).all()
    rng = np.random.default_rng(1)
    estimates = np.array(list(fit.estimates.values()))
    for size in (1e-3, 0.1, 1.0):
        for _ in range(60):
            location, scale, power = estimates + size * errors * rng.standard_normal(3)
            law = th.GeneralizedNormal(location=location, scale=abs(scale), shape=abs(power))
            assert np.sum(law.log_prob(y)) < fit.log_likelihood
    # At a cusp it is the other values that may be higher.
    for other in y[np.abs(y - estimates[0]) < 2 * errors[0]]:
        law = th.GeneralizedNormal(location=other, scale=estimates[1], shape=estimates[2])
        assert np.sum(law.log_prob(y)) <= fit.log_likelihood + 1e-9


def test_a_cusp_is_at_one_of_the_values_and_standard_errors_are_the_expected_ones():
    y = generalised(0.7)
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.estimates["location"] in y
    assert fit.estimates["shape"] < 1
    assert "kink" in fit.certificate.sentence
    assert fit.covariance() == pytest.approx(fit.covariance("expected"))


def test_from_shape_two_on_it_is_smooth():
    fit = th.fit(th.GeneralizedNormal(), generalised(3.0))
    assert fit.estimates["shape"] > 2
    assert "kink" not in fit.certificate.sentence
    assert not np.allclose(fit.covariance(), fit.covariance("expected"), rtol=1e-6)


@pytest.mark.parametrize(("shape", "family"), [(1.0, th.Laplace()), (2.0, th.Normal())])
def test_known_members_have_the_maxima_of_their_families(shape, family):
    y = generalised(1.5)
    fit, own = th.fit(th.GeneralizedNormal(shape=shape), y), th.fit(family, y)
    assert fit.log_likelihood == pytest.approx(own.log_likelihood, rel=1e-13)
    assert fit.certificate.scope == "global"
    location, spread = own.estimates.values()
    assert fit.estimates["location"] == pytest.approx(location, rel=1e-8)
    assert fit.estimates["scale"] == pytest.approx(spread * (1.0 if shape == 1 else 2**0.5), rel=1e-10)


def test_rows_more_level_than_any_of_them_tend_to_a_uniform_distribution():
    y = np.random.default_rng(3).random(60)
    fit = th.fit(th.GeneralizedNormal(), y)
    certificate = fit.certificate
    assert (certificate.verdict, certificate.limit) == ("at_infinity", "Uniform")
    assert certificate.supremum == pytest.approx(th.fit(th.Uniform(), y).log_likelihood)
    assert fit.estimates["location"] == pytest.approx(0.5 * (np.min(y) + np.max(y)))
    assert fit.estimates["scale"] == pytest.approx(0.5 * np.ptp(y))
    assert fit.estimates["shape"] == np.inf


@pytest.mark.parametrize("shape", [300.0, 1000.0, 1e5])
def test_masses_keep_their_digits_where_powers_underflow(shape):
    law = th.GeneralizedNormal(location=0, scale=1, shape=shape)
    eta = law.working(law.distribution_theta())
    low = np.array([-0.2, 0.1, -np.inf, -0.5, 0.3, 0.99])
    high = np.array([0.4, 0.3, -0.5, 0.3, 0.99, np.inf])
    terms = law.log_mass(low, high, {}, eta, 2)
    masses = np.exp(terms.value)
    height = 0.5 / special.gamma(1.0 + 1.0 / shape)
    assert masses[:2] == pytest.approx([0.6 * height, 0.2 * height], rel=1e-13)
    assert masses[2:].sum() == pytest.approx(1.0, rel=1e-13)
    for position in range(3):
        step = np.eye(3)[position] * 1e-5
        ahead, behind = (law.log_mass(low, high, {}, tuple(eta + way * step), 0).value for way in (1, -1))
        assert np.ravel(terms.gradient[position]) == pytest.approx(
            (ahead - behind) / 2e-5, rel=1e-5, abs=1e-7
        )
    assert law.cdf(law.quantile([0.1, 0.3, 0.7])) == pytest.approx([0.1, 0.3, 0.7], rel=1e-12)
    assert np.std(law.sample(20_000, rng=1)) == pytest.approx(law.variance() ** 0.5, rel=0.02)


def test_censored_rows_too_tend_to_a_uniform_distribution():
    y = np.random.default_rng(3).random(40)
    fit = th.fit(th.GeneralizedNormal(), th.Observations.right_censored(np.minimum(y, 0.8), y < 0.8))
    assert (fit.certificate.verdict, fit.certificate.limit) == ("at_infinity", "Uniform")
    low = fit.estimates["location"] - fit.estimates["scale"]
    high = fit.estimates["location"] + fit.estimates["scale"]
    assert low == pytest.approx(np.min(y))
    # Of n rows r are above c: with low known the best high has (high - c)/(high - low) = r/n.
    above = np.sum(y >= 0.8)
    assert (high - 0.8) / (high - low) == pytest.approx(above / 40, rel=1e-6)


def test_many_rows_at_cusps_and_at_nearly_none_have_their_maximum():
    rng = np.random.default_rng(1)
    for y in (rng.standard_t(3, 4_000), rng.laplace(size=4_000)):
        fit = th.fit(th.GeneralizedNormal(), y)
        assert fit.certificate.verdict == "maximum"
        error = fit.standard_errors["location"]
        for step in (0.02, 0.2, 2.0):
            for way in (1, -1):
                moved = {**fit.estimates, "location": fit.estimates["location"] + way * step * error}
                assert np.sum(th.GeneralizedNormal(**moved).log_prob(y)) < fit.log_likelihood


def test_many_rows_of_a_triangle_have_ends_beyond_all_of_them():
    y = np.random.default_rng(1).normal(size=20_000)
    fit = th.fit(th.Triangular(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["low"] < np.min(y) < np.max(y) < fit.estimates["high"]


def test_rows_with_a_spike_leave_the_regular_region():
    y = np.concatenate([np.zeros(30), np.random.default_rng(1).standard_cauchy(30) ** 3])
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.certificate.verdict == "unbounded"
    assert "shape falls to 0" in fit.certificate.sentence


def test_censored_rows_of_a_generalised_normal():
    y = generalised(1.3, 80)
    observed = np.arange(80) % 4 > 0
    fit = th.fit(th.GeneralizedNormal(), th.Observations.right_censored(y, observed))
    assert fit.certificate.verdict == "maximum"
    rng = np.random.default_rng(2)
    errors = np.array(list(fit.standard_errors.values()))
    for size in (0.01, 0.1, 1.0):
        for _ in range(30):
            near = np.array(list(fit.estimates.values())) + size * errors * rng.standard_normal(3)
            law = th.GeneralizedNormal(location=near[0], scale=abs(near[1]), shape=abs(near[2]))
            value = np.sum(law.log_prob(y[observed])) + np.sum(law.log_sf(y[~observed]))
            assert value < fit.log_likelihood


# ---- The triangular family --------------------------------------------------------------------------------------


def highest_triangle(y):
    """The highest ℓ over all modes among the rows, by a search that knows the density alone."""
    low, high, reach = np.min(y), np.max(y), np.ptp(y)

    def ends(free):
        return low - reach * np.exp(min(free[0], 20.0)), high + reach * np.exp(min(free[1], 20.0))

    def loss(free, mode):
        first, last = ends(free)
        with np.errstate(all="ignore"):
            total = np.sum(th.Triangular(low=first, mode=mode, high=last).log_prob(y))
        return -total if np.isfinite(total) else 1e300

    settings = {"xatol": 1e-9, "fatol": 1e-11, "maxfev": 2000}
    found = [
        optimize.minimize(loss, [-2.0, -2.0], args=(mode,), method="Nelder-Mead", options=settings)
        for mode in np.unique(y)
    ]
    return max(-item.fun for item in found)


@pytest.mark.parametrize("n", [2, 6, 15])
@pytest.mark.parametrize("kind", ["triangular", "normal", "tied", "skewed"])
def test_a_triangle_is_the_highest_over_all_rows(kind, n):
    rng = np.random.default_rng(n)
    y = {
        "triangular": lambda: rng.triangular(0, 1, 4, n),
        "normal": lambda: rng.normal(size=n),
        "tied": lambda: np.append(rng.integers(0, 5, n - 1), 9.0),
        "skewed": lambda: rng.exponential(size=n),
    }[kind]()
    fit = th.fit(th.Triangular(), y)
    assert fit.certificate.verdict in {"maximum", "boundary"}
    assert fit.log_likelihood == pytest.approx(highest_triangle(y), abs=2e-7)
    assert fit.estimates["mode"] in y
    assert set(fit.certificate.status.values()) == {"edge"}
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_a_right_angle_is_a_boundary_that_is_attained():
    y = [1.0, 2.0, 2.5, 3.0, 3.5, 6.0]
    fit = th.fit(th.Triangular(), y)
    certificate = fit.certificate
    assert (certificate.verdict, certificate.exists) == ("boundary", True)
    assert certificate.parameters == ("low", "mode")
    assert fit.estimates["low"] == fit.estimates["mode"] == 1.0
    assert fit.distribution.log_prob(y).sum() == pytest.approx(fit.log_likelihood)
    high = fit.estimates["high"]
    assert np.sum(1 / (high - np.array(y))) == pytest.approx(12 / (high - 1.0))


def test_a_triangle_inside_has_a_mode_at_a_kink_and_level_slopes_in_both_ends():
    y = np.random.default_rng(4).triangular(0, 1, 4, 2000)
    fit = th.fit(th.Triangular(), y)
    assert fit.certificate.verdict == "maximum"
    assert "kink" in fit.certificate.sentence
    assert "bootstrap" in fit.certificate.sentence
    low, mode, high = fit.estimates.values()
    left, right = y[y < mode], y[y > mode]
    by_low = y.size / (high - low) + left.size / (mode - low) - np.sum(1 / (left - low))
    by_high = y.size / (high - low) + right.size / (high - mode) - np.sum(1 / (high - right))
    assert abs(by_low) < 1e-7 * y.size
    assert abs(by_high) < 1e-7 * y.size
    assert mode in y
    for other in y[np.abs(y - mode) < 0.2]:
        law = th.Triangular(low=low, mode=other, high=high)
        assert np.sum(law.log_prob(y)) <= fit.log_likelihood + 1e-9


def test_with_both_ends_known_the_mode_has_a_standard_error():
    y = np.random.default_rng(5).triangular(0, 1, 4, 500)
    fit = th.fit(th.Triangular(low=0, high=4), y)
    mode = fit.estimates["mode"]
    assert fit.standard_errors["mode"] == pytest.approx(np.sqrt(mode * (4 - mode) / 500))


def test_one_value_is_unbounded_under_a_triangle_and_disorder_is_refused():
    assert th.fit(th.Triangular(), [2.0, 2.0]).certificate.verdict == "unbounded"
    with pytest.raises(th.ParameterError, match="low must not exceed mode"):
        th.Triangular(low=1, mode=0, high=2)
    with pytest.raises(th.ParameterError, match="low must lie below high"):
        th.Triangular(low=1, mode=1, high=1)


def test_censored_rows_of_a_triangle():
    y = np.random.default_rng(6).triangular(0, 1, 4, 300)
    observed = np.arange(300) % 5 > 0
    fit = th.fit(th.Triangular(), th.Observations.right_censored(y, observed))
    assert fit.certificate.verdict == "maximum"
    values = np.array(list(fit.estimates.values()))
    rng = np.random.default_rng(7)
    for size in (1e-4, 1e-2, 0.1):
        for _ in range(40):
            low, mode, high = values + size * rng.standard_normal(3)
            law = th.Triangular(low=low, mode=mode, high=high)
            with np.errstate(all="ignore"):
                value = np.sum(law.log_prob(y[observed])) + np.sum(law.log_sf(y[~observed]))
            assert not value > fit.log_likelihood
