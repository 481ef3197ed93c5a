"""What thetahat is timed at: estimates, standard errors and certificate."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
from samples import sample

import thetahat as th

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


FEW_ROWS, SAMPLES = 10_000, 199
"""Small samples change from fit to fit, since what was computed for the same numbers before is remembered."""


def fitting(name: str, n: int) -> Callable[[], None]:
    """A fit of a family to the next of its samples, and the sight of all that it gives."""
    family = FAMILIES[name]
    numbers = range(SAMPLES if n <= FEW_ROWS else 1)
    samples = cycle([sample(name, n, number) for number in numbers])

    def fit() -> None:
        found = th.fit(family, next(samples))
        usable = np.isfinite(list(found.standard_errors.values())).all()
        if found.certificate.verdict.value != "maximum" or not usable:
            raise RuntimeError(f"{name}: {found.certificate.sentence}")

    return fit
