"""The triangular family: the highest of all triangles, its ends and its mode."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th


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
