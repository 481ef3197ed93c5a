"""Regressions whose likelihood has several maxima: where the family offers starts, the highest is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th


def drawn(family, n, seed):
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=n), rng.integers(0, 3, n)
    noise = family.sample(n, rng=rng)
    return {"x": x, "g": group, "y": 0.2 * x + 0.3 * (group == 1) + noise}


def highest(fit, n_starts=6, seed=0):
    """What L-BFGS reaches from all over."""
    likelihood = fit.solution.likelihood

    def cost(free):
        tally = likelihood.tally(free)
        return (-tally.value, -tally.score) if tally.finite else (1e300, np.zeros(free.size))

    rng = np.random.default_rng(seed)
    centre = np.clip(fit.solution.point, -5.0, 5.0)
    found = (
        optimize.minimize(
            cost,
            centre + 0.7 * rng.normal(size=centre.size),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 2000},
        )
        for _ in range(n_starts)
    )
    return max(-one.fun for one in found)


@pytest.mark.parametrize(
    ("family", "law"),
    [
        (th.SkewNormal(), th.SkewNormal(location=0, scale=1, skew=2)),
        (th.SkewNormal(), th.SkewNormal(location=0, scale=1, skew=-3)),
        (th.ExponentiallyModifiedNormal(), th.ExponentiallyModifiedNormal(location=0, scale=0.5, rate=0.8)),
        (th.JohnsonSU(), th.JohnsonSU(gamma=-1, delta=1.2, location=0, scale=1)),
        (th.StudentT(), th.StudentT(location=0, scale=1, df=3)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_higher_is_found_from_all_over(family, law, seed):
    fit = th.fit(th.Regression("y ~ x + C(g)", family), drawn(law, 80, seed))
    assert fit.certificate.verdict in {"maximum", "at_infinity"}
    assert fit.certificate.supremum >= highest(fit) - 1e-6


def test_skewed_errors_are_not_left_where_the_information_is_singular():
    """At skew 0 the score is 0 whatever the data, and a search that begins with no skew stays there."""
    for seed in range(6):
        data = drawn(th.SkewNormal(location=0, scale=1, skew=4), 60, seed)
        fit = th.fit(th.Regression("y ~ x + C(g)", th.SkewNormal()), data)
        normal = th.fit(th.Regression("y ~ x + C(g)", th.Normal()), data)
        assert fit.certificate.verdict in {"maximum", "at_infinity"}
        assert fit.certificate.supremum > normal.log_likelihood + 1e-3


def test_a_start_of_ones_own_is_kept():
    data = drawn(th.SkewNormal(location=0, scale=1, skew=2), 80, 1)
    model = th.Regression("y ~ x + C(g)", th.SkewNormal())
    usual = th.fit(model, data)
    own = th.fit(model, data, start={"skew": 1.5, "scale": 1.0})
    assert own.log_likelihood == pytest.approx(usual.log_likelihood, rel=1e-10)
