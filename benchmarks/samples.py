"""Samples of every family, and how scipy.stats fits them as a user would have it do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

import thetahat as th

Fit = Callable[[Any], object]


def sample(name: str, n: int) -> np.ndarray:
    """Draw n values that the family suits."""
    rng = np.random.default_rng(20_240_501)
    draws: dict[str, Callable[[], np.ndarray]] = {
        "normal": lambda: rng.normal(1.0, 2.0, n),
        "log_normal": lambda: rng.lognormal(1.0, 0.5, n),
        "exponential": lambda: rng.exponential(2.0, n),
        "gamma": lambda: rng.gamma(2.0, 1.5, n),
        "weibull": lambda: 3.0 * rng.weibull(1.5, n),
        "logistic": lambda: rng.logistic(1.0, 2.0, n),
        "student_t": lambda: 1.0 + 2.0 * rng.standard_t(4.0, n),
        "gev": lambda: (rng.standard_exponential(n) ** -0.2 - 1.0) / 0.2,
        "beta": lambda: rng.beta(2.0, 3.0, n),
        "bernoulli": lambda: rng.integers(0, 2, n),
        "binomial": lambda: rng.binomial(10, 0.3, n),
        "poisson": lambda: rng.poisson(4.0, n),
        "geometric": lambda: rng.geometric(0.2, n) - 1,
        "negative_binomial": lambda: rng.negative_binomial(3.0, 0.4, n),
        "categorical": lambda: rng.integers(0, 4, n),
    }
    return draws[name]()


FAMILIES: dict[str, Any] = {
    "normal": th.Normal(),
    "log_normal": th.LogNormal(),
    "exponential": th.Exponential(),
    "gamma": th.Gamma(),
    "weibull": th.Weibull(),
    "logistic": th.Logistic(),
    "student_t": th.StudentT(),
    "gev": th.GEV(),
    "beta": th.Beta(),
    "bernoulli": th.Bernoulli(),
    "binomial": th.Binomial(trials=10),
    "poisson": th.Poisson(),
    "geometric": th.Geometric(),
    "negative_binomial": th.NegativeBinomial(),
    "categorical": th.Categorical(),
}

# The location of families on the positive line is known, and scipy is told so.
SCIPY: dict[str, Fit] = {
    "normal": stats.norm.fit,
    "log_normal": lambda y: stats.lognorm.fit(y, floc=0),
    "exponential": lambda y: stats.expon.fit(y, floc=0),
    "gamma": lambda y: stats.gamma.fit(y, floc=0),
    "weibull": lambda y: stats.weibull_min.fit(y, floc=0),
    "logistic": stats.logistic.fit,
    "student_t": stats.t.fit,
    "gev": stats.genextreme.fit,
    "beta": lambda y: stats.beta.fit(y, floc=0, fscale=1),
}


def fitted(name: str, y: np.ndarray) -> th.Fit:
    """Estimates, standard errors and certificate; scipy's fit gives the first of the three."""
    fit = th.fit(FAMILIES[name], y)
    if (
        fit.certificate.verdict.value != "maximum"
        or not np.isfinite(list(fit.standard_errors.values())).all()
    ):
        raise RuntimeError(f"{name}: {fit.certificate.sentence}")
    return fit
