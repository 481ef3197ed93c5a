"""Rows at a limit that is another family, and rows of families that have no parameter for a formula to drive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import thetahat as th

RNG = np.random.default_rng(3)
SKEWED = RNG.exponential(size=100)
FALLING = RNG.pareto(1.5, size=200)
TOGETHER = {
    "lomax": th.Weibull(shape=2, scale=3).sample(300, rng=1),
    "johnson_su": np.exp(np.random.default_rng(8).normal(size=100)),
    "generalized_gamma": th.Pareto(shape=2, minimum=1).sample(300, rng=1),
}


@pytest.mark.parametrize("family", TOGETHER)
def test_parameters_that_go_to_their_ends_together_have_no_law(family: str) -> None:
    rows = TOGETHER[family]
    fit = th.fit(family, rows)
    assert fit.certificate.limit is not None
    asked: list[Any] = [
        lambda: fit.predict(rows[:3]),
        lambda: fit.predict(rows[:3], "quantile", probability=0.5),
        lambda: fit.predict(rows[:3], "log_prob"),
        lambda: fit.residuals("quantile"),
        lambda: fit.cross_entropy_on(rows),
    ]
    for ask in asked:
        with pytest.raises(th.InferenceError, match="go to their ends together") as caught:
            ask()
        assert f"Fit {fit.certificate.limit}" in str(caught.value)
    assert len(fit.data_digest) > 8


def test_a_limit_along_one_parameter_has_the_law_of_the_other_family() -> None:
    fit = th.fit("gompertz", FALLING)
    limit = th.fit("exponential", FALLING)
    assert fit.certificate.limit == "Exponential"
    np.testing.assert_allclose(fit.predict(FALLING[:2]), limit.predict(FALLING[:2]), rtol=1e-8)
    np.testing.assert_allclose(
        fit.predict(FALLING[:2], "quantile", probability=0.9),
        limit.predict(FALLING[:2], "quantile", probability=0.9),
        rtol=1e-8,
    )
    np.testing.assert_allclose(fit.predict(FALLING, "log_prob").sum(), fit.log_likelihood, rtol=1e-12)


def test_an_infinite_skewness_is_the_half_normal() -> None:
    fit = th.fit("skew_normal", SKEWED)
    assert fit.certificate.limit == "Shifted(HalfNormal)"
    location, scale = fit.estimates["location"], fit.estimates["scale"]
    np.testing.assert_allclose(fit.predict(SKEWED[:1]), location + scale * np.sqrt(2 / np.pi), rtol=1e-10)
    beyond = (SKEWED - location) / scale
    inside = beyond > 1e-6
    np.testing.assert_allclose(
        special.ndtr(fit.residuals("quantile")[inside]), special.erf(beyond[inside] / np.sqrt(2)), rtol=1e-8
    )


def test_an_infinite_mean_has_no_interval() -> None:
    rows = np.random.default_rng(3).gamma(2, 2, 30)
    fit = th.fit("fisher_f", rows)
    assert np.isinf(fit.predict(rows[:2])).all()
    found = fit.predict(rows[:2], level=0.9)
    assert np.isnan(found.standard_error).all()


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (
            th.Mixture([th.Normal(), th.Normal()]),
            np.concatenate([RNG.normal(0, 1, 60), RNG.normal(6, 1.5, 60)]),
        ),
        (th.Shifted(th.Weibull()), 3 + RNG.gamma(2, 2, 80)),
        (th.Pareto(), 1 + RNG.gamma(2, 2, 80)),
        (th.Triangular(), RNG.gamma(2, 2, 80)),
    ],
    ids=lambda value: getattr(value, "title", ""),
)
def test_residuals_of_mixtures_thresholds_and_ends(model: Any, rows: Any) -> None:
    fit = th.fit(model, rows)
    law = fit.distribution
    np.testing.assert_allclose(special.ndtr(fit.residuals("quantile")), law.cdf(rows), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(fit.residuals("cox_snell"), -law.log_sf(rows), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(fit.residuals("response"), rows - law.mean(), rtol=1e-10)


def test_a_mixture_has_no_parameter_to_deviate_from() -> None:
    fit = th.fit(th.Mixture([th.Poisson(), th.Poisson()]), [0, 0, 1, 0, 7, 9, 8, 1, 0, 10])
    with pytest.raises(
        th.InferenceError, match=r"Mixture\(Poisson, Poisson\) has none; use residuals\('quantile'\)"
    ):
        fit.residuals("deviance")
