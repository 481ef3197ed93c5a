"""Johnson's SU family: moments, starts, and the limits along which several parameters move."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import thetahat as th
from thetahat.families._johnson_start import johnson_start, log_normal_start

LEVELS = special.ndtri((np.arange(60) + 0.5) / 60)


def test_density_is_that_of_a_bent_normal():
    family = th.JohnsonSU(gamma=-1.0, delta=2.0, location=0.5, scale=3.0)
    y = np.array([-20.0, 0.0, 1.0, 40.0])
    z = (y - 0.5) / 3.0
    w = -1.0 + 2.0 * np.arcsinh(z)
    expected = np.log(2.0 / 3.0) - 0.5 * np.log(2.0 * np.pi) - 0.5 * np.log1p(z * z) - 0.5 * w * w
    assert np.allclose(family.log_prob(y), expected, rtol=1e-14)
    assert np.allclose(family.log_cdf(y), special.log_ndtr(w), rtol=1e-12)


@pytest.mark.parametrize(("gamma", "delta"), [(-1.0, 1.2), (0.0, 2.0), (1.0, 1.5)])
def test_quantiles_of_a_distribution_lead_back_to_it(gamma, delta):
    y = th.JohnsonSU(gamma=gamma, delta=delta, location=2.0, scale=0.5).quantile(special.ndtr(LEVELS))
    found = th.fit(th.JohnsonSU(), y)
    assert found.certificate.verdict == "maximum"
    started = th.JohnsonSU(**dict(zip(found.estimates, johnson_start(y), strict=True)))
    assert started.log_prob(y).sum() > found.log_likelihood - 0.05
    around = [
        th.JohnsonSU(**{**found.estimates, name: value + step}).log_prob(y).sum()
        for name, value in found.estimates.items()
        for step in (-1e-3, 1e-3)
    ]
    assert max(around) < found.log_likelihood


@pytest.mark.parametrize(("sign", "limit"), [(1.0, "Shifted(LogNormal)"), (-1.0, "Shifted(LogNormal) of -y")])
@pytest.mark.parametrize("spread", [0.03, 0.3])
def test_light_tails_have_the_log_normal_limit_of_their_side(sign, limit, spread):
    # Lighter in the tails than the log-normal of this skewness; nearly normal where the spread of logs is small.
    bent = np.expm1(spread * LEVELS) / spread
    y = sign * (bent - 0.02 * LEVELS**3)
    found = th.fit(th.JohnsonSU(), y)
    assert found.certificate.verdict == "at_infinity"
    assert found.certificate.limit == limit
    inside = th.fit(th.Shifted(th.LogNormal()), sign * y)
    assert np.isclose(found.log_likelihood, inside.log_likelihood, rtol=1e-10)
    assert found.estimates["scale"] == 0.0
    assert found.estimates["gamma"] == -sign * np.inf
    assert np.isclose(found.estimates["delta"], 1.0 / inside.estimates["sd_log"], rtol=1e-6)


def test_symmetric_light_tails_have_the_normal_limit():
    y = np.linspace(-1.0, 1.0, 21)
    found = th.fit(th.JohnsonSU(), y)
    assert found.certificate.verdict == "at_infinity"
    assert found.certificate.limit == "Normal"
    assert np.isclose(found.log_likelihood, th.fit(th.Normal(), y).log_likelihood, rtol=1e-12)


def test_nearly_normal_rows_with_a_threshold_far_below_have_a_maximum():
    y = np.expm1(0.02 * LEVELS) / 0.02
    threshold, mean_log, sd_log = log_normal_start(y)
    assert abs(sd_log - 0.02) < 0.003
    found = th.fit(th.Shifted(th.LogNormal()), y)
    assert found.certificate.verdict == "maximum"
    started = th.Shifted(th.LogNormal(mean_log=mean_log, sd_log=sd_log), threshold=threshold)
    assert started.log_prob(y).sum() > found.log_likelihood - 1e-6


def test_a_value_held_by_many_rows_makes_the_likelihood_unbounded():
    found = th.fit(th.JohnsonSU(), [1.0, 1.0, 1.0, 1.0, 1.0, 4.0, -3.0])
    assert found.certificate.verdict == "unbounded"


def test_random_rows_end_in_a_verdict():
    rng = np.random.default_rng(7)
    draws = (rng.standard_normal, lambda n: rng.standard_t(3, n), rng.random, rng.standard_exponential)
    verdicts = [
        th.fit(th.JohnsonSU(), draw(20)).certificate.verdict.value for draw in draws for _ in range(2)
    ]
    assert "not_converged" not in verdicts
    assert set(verdicts) <= {"maximum", "at_infinity", "unbounded"}


@pytest.mark.parametrize(
    ("y", "highest"),
    [
        ([0.518, 0.525, 5.36, 1.207, 1.474, 0.741, 0.607, 0.415, 4.675], -10.472909),
        ([-34.75, 0.575, -20.637, 1.054, 0.675, -1.152, -1.759], -20.431432),
        ([0.203, 0.222, 2.524, 0.025, 0.244, 0.103, 0.946, 2.197], -6.859563),
        ([0.872, -0.703, 0.958, 1.379, -2.384], -7.827125),
    ],
)
def test_a_maximum_of_few_rows_is_found_before_no_bound_is_declared(y, highest):
    # Their values are those of a search by L-BFGS-B from forty starts, polished by Newton's method.
    found = th.fit(th.JohnsonSU(), y)
    assert found.certificate.verdict == "maximum"
    assert found.log_likelihood == pytest.approx(highest, abs=1e-6)


def test_no_row_of_many_sways_where_a_start_is():
    y = th.JohnsonSU(gamma=-0.5, delta=1.2, location=0.0, scale=1.0).sample(1_500, rng=3)
    found = th.fit(th.JohnsonSU(), y)
    started = th.JohnsonSU(**dict(zip(found.estimates, johnson_start(y), strict=True)))
    assert started.log_prob(y).sum() > found.log_likelihood - 1e-3
    # As small samples do not: of many rows quantiles are looked at first, and all rows at the top.
    assert found.certificate.verdict == "maximum"
