"""Gumbel's distribution and its power transformations on rows with a value far out on their steep side."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th


def profile_of_smallest(log_y, scale):
    """ℓ of z - exp(z), z = (log y - location)/scale, at the best location, whose mean of exp(z) is 1."""
    highest = log_y.max()
    location = highest + scale * np.log(np.mean(np.exp((log_y - highest) / scale)))
    return float(np.sum((log_y - location) / scale - 1.0 - np.log(scale)))


@pytest.mark.parametrize(
    ("family", "df", "rows", "seed"),
    [
        ("gumbel", 3, 1000, 5),
        ("gumbel", 2, 300, 11),
        ("gumbel_min", 3, 1000, 19),
        ("gumbel_min", 2, 300, 7),
        ("weibull", 3, 1000, 9),
        ("frechet", 2, 300, 11),
    ],
)
def test_heavy_tails_have_the_maximum_that_a_search_over_scales_finds(family, df, rows, seed):
    y = np.random.default_rng(seed).standard_t(df, rows)
    sign = 1.0 if family in ("gumbel_min", "weibull") else -1.0
    rows = y if family.startswith("gumbel") else np.exp(0.1 * y)
    line = sign * (rows if family.startswith("gumbel") else np.log(rows))
    best = optimize.minimize_scalar(
        lambda log_scale: -profile_of_smallest(line, np.exp(log_scale)), bounds=(-5.0, 12.0), method="bounded"
    )
    found = th.fit(family, rows)
    assert found.certificate.verdict == "maximum"
    jacobian = 0.0 if family.startswith("gumbel") else -float(np.sum(np.log(rows)))
    assert np.isclose(found.log_likelihood, -best.fun + jacobian, rtol=1e-8)


def test_moments_serve_where_no_value_is_far_out():
    y = np.random.default_rng(1).gumbel(size=50)
    started = th.Gumbel().start(y, {})
    assert np.allclose(started[1], np.sqrt(6.0) / np.pi * np.std(y))
    assert np.allclose(started[0], np.mean(y) - np.euler_gamma * started[1])


def test_a_far_value_far_from_the_start_is_no_way_without_bound():
    # From where the user begins, the density of the farthest value is exp(-exp(60)).
    y = np.append(np.random.default_rng(2).normal(size=40), -60.0)
    found = th.fit("gumbel", y, start={"location": 0.0, "scale": 1.0})
    assert found.certificate.verdict == "maximum"
    assert np.isclose(found.log_likelihood, th.fit("gumbel", y).log_likelihood)
