from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.families import CATALOGUE

PROBABILITY = np.array([1e-8, 1e-3, 0.1, 0.4, 0.5, 0.7, 0.95, 0.9999])
GIVEN = {
    "beta": th.Beta(alpha=0.7, beta=3.0),
    "beta_mean": th.BetaMean(mean=0.3, precision=8.0),
    "chi_squared": th.ChiSquared(df=3.7),
    "gamma": th.Gamma(shape=2.3, rate=0.4),
    "gamma_mean": th.GammaMean(mean=5.0, shape=0.8),
    "generalized_gamma": th.GeneralizedGamma(mu=0.4, sigma=0.8, q=1.3),
    "inverse_gamma": th.InverseGamma(shape=2.0, scale=3.0),
    "log_normal": th.LogNormal(mean_log=0.5, sd_log=1.2),
    "normal": th.Normal(mean=-1.0, sd=3.0),
    "student_t": th.StudentT(location=1.0, scale=2.0, df=4.5),
}


def test_every_family_that_has_them_is_here():
    quick = {kind().name for kind in CATALOGUE if any("tails_at" in vars(part) for part in kind.__mro__[:2])}
    assert quick == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_tails_are_those_of_the_distribution(name):
    law = GIVEN[name]
    y = law.quantile(PROBABILITY)
    below, above = law.tails_at(y, law.distribution_theta(), law.known_values)
    assert below == pytest.approx(law.cdf(y), rel=1e-9)
    assert above == pytest.approx(law.sf(y), rel=1e-9)
