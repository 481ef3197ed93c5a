"""Verdicts on rows between limits: other data have no maximum than those without limits, and other theorems hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th
from thetahat.numerics.namespace import NUMPY

RNG = np.random.default_rng(0)
NEAR_ENTRY = RNG.exponential(1.0, 200) ** 1.5
RISING = np.array([0.2, 0.9, 0.8, 0.7, 0.5])

# Family, rows, verdict, and what of the certificate is known.
CASES = {
    "all counts the lowest": (
        th.Poisson(),
        th.Observations([1, 1, 1], entry=0),
        "boundary",
        {"rate": 0.0},
        0.0,
    ),
    "all counts the lowest, as a family": (
        th.Truncated(th.Poisson(), low=0),
        [1, 1, 1],
        "boundary",
        {"rate": 0.0},
        0.0,
    ),
    "no failures left": (th.Geometric(), th.Observations([1, 1], entry=0), "boundary", {"prob": 1.0}, 0.0),
    "the mean above the middle": (
        th.Exponential(),
        th.Observations(RISING, exit=1.0),
        "boundary",
        {"rate": 0.0},
        0.0,
    ),
    "constant": (th.Normal(), th.Observations([2.0, 2.0], entry=[0.0, 1.0]), "unbounded", {}, np.inf),
    "all censored": (
        th.Exponential(),
        th.Observations.right_censored([2.0, 3.0], [0, 0], entry=[1.0, 0.0]),
        "boundary",
        {"rate": 0.0},
        0.0,
    ),
    "all at their entry": (
        th.Exponential(),
        th.Observations.left_censored([2.0, 3.0, 4.0], [0, 0, 0], entry=[1.0, 2.0, 0.0]),
        "at_infinity",
        {"rate": np.inf},
        0.0,
    ),
}


@pytest.mark.parametrize(
    ("family", "rows", "verdict", "estimates", "supremum"), CASES.values(), ids=CASES.keys()
)
def test_data_without_an_interior_maximum(family, rows, verdict, estimates, supremum):
    fit = th.fit(family, rows)
    assert fit.certificate.verdict == verdict
    assert fit.certificate.supremum == pytest.approx(supremum, abs=1e-9)
    for name, value in estimates.items():
        assert fit.estimates[name] == value
        assert np.isnan(fit.standard_errors[name])


def test_a_mean_below_the_middle_has_its_maximum_and_it_is_the_only_one():
    fit = th.fit(th.Exponential(), th.Observations(RISING**3, exit=1.0))
    rate = fit.estimates["rate"]
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert np.mean(RISING**3) == pytest.approx(1.0 / rate - 1.0 / np.expm1(rate), rel=1e-10)


def test_values_piled_up_at_their_entry_are_no_normal_ones():
    fit = th.fit(th.Normal(), th.Observations(NEAR_ENTRY, entry=0))
    assert fit.certificate.verdict != "maximum"
    assert fit.certificate.exists is not True
    assert all(np.isnan(error) for error in fit.standard_errors.values())


@pytest.mark.parametrize(
    ("family", "rows", "scope"),
    [
        (th.Normal(), th.Observations([2.0, 3.0, 2.4, 4.0, 3.3], entry=1.0), "global"),
        (
            th.Normal(),
            th.Observations.right_censored([2.0, 3.0, 2.4, 4.0, 3.3], [1, 1, 1, 0, 1], entry=1.0),
            "local",
        ),
        (th.Exponential(), th.Observations.right_censored([2.0, 3.0], [1, 0], entry=1.0), "global"),
        (th.Exponential(), th.Observations.right_censored([2.0, 3.0], [1, 0], entry=1.0, exit=9.0), "local"),
        (th.Geometric(), th.Observations.interval([2.0, 3.0], [4.0, 3.0], entry=1.0), "global"),
        (th.Weibull(), th.Observations([2.0, 3.0, 2.4, 4.0, 3.3], entry=1.0), "local"),
        (th.Weibull(), [2.0, 3.0, 2.4, 4.0, 3.3], "global"),
    ],
)
def test_no_theorem_is_claimed_that_truncation_voids(family, rows, scope):
    certificate = th.fit(family, rows).certificate
    assert certificate.verdict == "maximum"
    assert certificate.scope == scope
    assert (certificate.theorem is None) == (scope == "local")


def test_limits_of_a_family_are_fitted_between_the_same_limits():
    y = np.random.default_rng(1).binomial(5, 0.5, 300).clip(1)
    rows = th.fit(th.NegativeBinomial(), th.Observations(y, entry=0))
    poisson = th.fit(th.Poisson(), th.Observations(y, entry=0))
    assert rows.certificate.verdict == "at_infinity"
    assert rows.certificate.limit == "Poisson"
    assert rows.certificate.supremum == pytest.approx(poisson.log_likelihood, rel=1e-12)
    family = th.fit(th.Truncated(th.NegativeBinomial(), low=0), y, start={"mean": 2.0, "size": 5.0})
    assert family.certificate.verdict == "at_infinity"
    assert family.certificate.limit == "Truncated(Poisson)"
    assert family.certificate.supremum == pytest.approx(poisson.log_likelihood, rel=1e-12)


# ---- Small random data sets ------------------------------------------------------------------------------

HUNTED = (
    th.Exponential(rate=0.7),
    th.Normal(mean=1.0, sd=2.0),
    th.Gamma(shape=1.5, rate=0.5),
    th.Weibull(shape=1.3, scale=2.0),
    th.Logistic(location=0.0, scale=1.0),
    th.Poisson(rate=4.0),
    th.Geometric(prob=0.3),
    th.LogNormal(mean_log=0.5, sd_log=0.7),
)


def drawn(law, seed):
    """A few values with limits below, above, on both sides or the same for all."""
    rng = np.random.default_rng(seed)
    n, kind = int(rng.integers(2, 25)), seed % 4
    y = law.sample(200, rng=rng).astype(float)
    spread = float(law.quantile(0.75) - law.quantile(0.25))
    if law.support.discrete:
        entry, exit_ = y - rng.integers(1, 4, y.size), y + rng.integers(0, 4, y.size)
    else:
        entry, exit_ = y - rng.exponential(spread, y.size), y + rng.exponential(spread, y.size)
    if kind == 3:
        entry = np.full(y.size, np.floor(law.quantile(0.4)))
    entry = np.full(y.size, -np.inf) if kind == 1 else entry
    exit_ = np.full(y.size, np.inf) if kind in {0, 3} else exit_
    seen = np.flatnonzero(y > entry)[:n]
    return y[seen], entry[seen], exit_[seen]


def by_hand(law, y, entry, exit_, eta):
    eta = tuple(map(np.float64, eta))
    support = law.support
    low = np.where(entry < support.lower if support.discrete else entry <= support.lower, -np.inf, entry)
    bounded = np.isfinite(low) | np.isfinite(exit_)
    with np.errstate(all="ignore"):
        value = np.sum(law.log_density(NUMPY, law.prepare(NUMPY, y, {}), eta))
        value -= np.sum(law.log_mass(low[bounded], exit_[bounded], {}, eta, 0).value)
    return float(value) if np.isfinite(value) else -1e300


@pytest.mark.parametrize("law", HUNTED, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("seed", range(4))
def test_no_point_is_higher_than_what_a_verdict_says(law, seed):
    y, entry, exit_ = drawn(law, seed)
    fit = th.fit(type(law)(), th.Observations(y, entry=entry, exit=exit_))
    certificate = fit.certificate
    top = certificate.supremum
    start = np.array(law.working(tuple(law.given.values())), dtype=float)
    if certificate.verdict == "maximum":
        start = np.array(law.working(tuple(fit.estimates.values())), dtype=float)
        assert by_hand(law, y, entry, exit_, start) == pytest.approx(fit.log_likelihood, rel=1e-9, abs=1e-9)
    if certificate.verdict not in {"maximum", "boundary", "at_infinity"}:
        assert certificate.exists is not True
        return
    rng = np.random.default_rng(seed)
    for spread in (0.1, 0.5, 1.5):
        found = optimize.minimize(
            lambda eta: -by_hand(law, y, entry, exit_, eta),
            start + spread * rng.standard_normal(start.size),
            method="Nelder-Mead",
            options={"maxiter": 300},
        )
        assert -found.fun <= top + 1e-6
