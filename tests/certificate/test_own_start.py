"""A start of the user's own changes how long the search takes, never what is said of the data."""

from __future__ import annotations

from typing import Any

import pytest

import thetahat as th

WAITS = {"x": [0.0, 1, 2, 3, 4, 5], "k": [1.1, 0.7, 2.2, 3.1, 1.5, 4.4]}
COUNTS = {"x": [0.0, 1, 2, 3, 4, 5], "k": [1, 0, 2, 3, 1, 4]}


@pytest.mark.parametrize(
    ("family", "data", "start"),
    [
        (th.Poisson(), COUNTS, {"x": 20.0}),
        (th.Poisson(), COUNTS, {"Intercept": 300.0}),
        (th.Poisson(), COUNTS, {"x": 8.0}),
        (th.NegativeBinomial(), COUNTS, {"Intercept": 300.0}),
        (th.Normal(), WAITS, {"sd": 1e-3, "x": 10.0}),
        (th.Normal(), WAITS, {"Intercept": 1e3}),
        (th.Weibull(), WAITS, {"Intercept": -5.0}),
        (th.Weibull(), WAITS, {"x": -20.0}),
        (th.InverseGaussian(), WAITS, {"x": -3.0}),
        (th.Exponential(), WAITS, {"Intercept": -300.0}),
        (th.Gamma(), WAITS, {"Intercept": -300.0}),
        (th.StudentT(), WAITS, {"x": 20.0}),
    ],
    ids=str,
)
def test_a_regression_started_far_off_finds_what_it_finds_by_itself(
    family: Any, data: dict[str, Any], start: dict[str, float]
) -> None:
    model = th.Regression("k ~ x", family)
    usual, started = th.fit(model, data), th.fit(model, data, start=start)
    assert started.certificate.verdict == usual.certificate.verdict
    assert started.log_likelihood == pytest.approx(usual.log_likelihood, rel=1e-9, nan_ok=True)
    assert started.estimates == pytest.approx(usual.estimates, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize("sd", [1e-9, 1e-3, 1e6])
def test_a_distribution_started_far_off_finds_its_maximum(sd: float) -> None:
    fit = th.fit(th.Normal(), [1.0, 2.0, 4.0], start={"sd": sd})
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["mean"] == pytest.approx(7 / 3, rel=1e-9)


def test_a_penalised_fit_started_far_off_finds_its_maximum() -> None:
    prior = th.Prior({"sd": th.Gamma(shape=2, rate=1)})
    usual = th.fit(th.Normal(), [1.0, 2.0, 4.0], penalty=prior)
    started = th.fit(th.Normal(), [1.0, 2.0, 4.0], penalty=prior, start={"sd": 1e-9})
    assert started.certificate.verdict == usual.certificate.verdict == "maximum"
    assert started.estimates == pytest.approx(usual.estimates, rel=1e-6)
