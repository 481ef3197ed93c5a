"""Limits along which several parameters run away, edges of the support, and suprema beyond rounding."""

from __future__ import annotations

import math

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(20240607)
EVEN = RNG.random(50)
"""Lighter tails than any power law, or than the exponential."""


def censored(y, limit):
    return th.Observations.right_censored(np.minimum(y, limit), y < limit)


@pytest.mark.parametrize("limit", [np.inf, 0.8])
def test_lomax_becomes_exponential_where_the_tail_is_light(limit):
    rows = th.Observations(EVEN) if limit == np.inf else censored(EVEN, limit)
    fit, exponential = th.fit(th.Lomax(), rows), th.fit(th.Exponential(), rows)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Exponential"
    assert fit.estimates == {"shape": np.inf, "scale": np.inf}
    assert fit.certificate.status == {"shape": "at_infinity", "scale": "at_infinity"}
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert not fit.certificate.allows_standard_errors
    assert fit.log_likelihood == pytest.approx(exponential.log_likelihood, rel=1e-13)
    assert "standard errors" not in fit.certificate.sentence


@pytest.mark.parametrize("limit", [np.inf, 0.8])
def test_burr_becomes_weibull_and_keeps_its_standard_error(limit):
    rows = th.Observations(EVEN) if limit == np.inf else censored(EVEN, limit)
    fit, weibull = th.fit(th.BurrXII(), rows), th.fit(th.Weibull(), rows)
    assert fit.certificate.limit == "Weibull"
    assert fit.certificate.status == {"c": "regular", "k": "at_infinity", "scale": "at_infinity"}
    assert fit.estimates["c"] == pytest.approx(weibull.estimates["shape"], rel=1e-9)
    # Not conditional on Weibull's scale, for which Burr's has no name there.
    assert fit.standard_errors["c"] == pytest.approx(weibull.standard_errors["shape"], rel=1e-8)


def test_lomax_and_burr_stay_where_their_tails_are_needed():
    heavy = th.Lomax(shape=1.5, scale=2).sample(400, rng=3)
    for family in (th.Lomax(), th.BurrXII()):
        assert th.fit(family, heavy).certificate.verdict == "maximum"


def test_gompertz_is_exponential_on_its_edge_where_the_hazard_falls():
    y = RNG.weibull(0.6, 80)
    fit, exponential = th.fit(th.Gompertz(), y), th.fit(th.Exponential(), y)
    certificate = fit.certificate
    assert certificate.verdict == "boundary"
    assert certificate.exists
    assert certificate.scope == "global"
    assert certificate.limit == "Exponential"
    assert fit.estimates == {"shape": 0.0, "rate": exponential.estimates["rate"]}
    assert fit.standard_errors["rate"] == pytest.approx(exponential.standard_errors["rate"], rel=1e-12)
    assert math.isnan(fit.standard_errors["shape"])


def test_the_smallest_value_of_pareto_is_an_edge_whatever_is_censored():
    y = th.Pareto(shape=1.5, minimum=2).sample(100, rng=4)
    n, total = y.size, float(np.log(y / y.min()).sum())
    fit = th.fit(th.Pareto(), y)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.status == {"shape": "regular", "minimum": "edge"}
    assert fit.estimates["minimum"] == y.min()
    assert fit.estimates["shape"] == pytest.approx(n / total, rel=1e-13)
    assert fit.standard_errors["shape"] == pytest.approx(math.sqrt(n) / total, rel=1e-12)
    cut = np.minimum(y, 5.0)
    fit = th.fit(th.Pareto(), censored(y, 5.0))
    shape = (y < 5.0).sum() / np.log(cut / y.min()).sum()
    assert fit.certificate.status == {"shape": "regular", "minimum": "edge"}
    assert fit.estimates == pytest.approx({"shape": shape, "minimum": y.min()}, rel=1e-9)
    assert fit.standard_errors["shape"] == pytest.approx(shape / math.sqrt((y < 5.0).sum()), rel=1e-8)


def test_pareto_with_a_known_minimum_is_regular():
    y = th.Pareto(shape=1.5, minimum=2).sample(100, rng=4)
    fit = th.fit(th.Pareto(minimum=2), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert fit.standard_errors["shape"] == pytest.approx(fit.estimates["shape"] / 10.0, rel=1e-9)


def test_rows_below_a_value_are_refused_by_pareto():
    with pytest.raises(th.ModelError, match="below"):
        th.fit(th.Pareto(), th.Observations.interval([1.0, 2.0], [1.5, 2.0]))


@pytest.mark.parametrize("family", [th.Lomax(), th.GeneralizedPareto()])
def test_a_power_law_piles_up_on_zeros(family):
    fit = th.fit(family, [0.0, 0.0, 0.3, 0.1, 0.7])
    assert fit.certificate.verdict == "unbounded"


def test_generalised_pareto_is_local_and_irregular_as_it_declares():
    heavy = th.GeneralizedPareto(scale=2, shape=0.3).sample(200, rng=5)
    fit = th.fit(th.GeneralizedPareto(), heavy)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "local"
    assert "regular region (shape above -1)" in fit.certificate.sentence
    short = th.GeneralizedPareto(scale=2, shape=-0.6).sample(200, rng=5)
    fit = th.fit(th.GeneralizedPareto(), short)
    assert fit.certificate.status["shape"] == "irregular"
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_a_supremum_beyond_what_rounding_shows_is_no_maximum():
    fit = th.fit(th.FisherF(), [1.35, 0.51], weights=[4.0, 3.0])
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["df2"] == np.inf
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_a_maximum_that_no_double_holds_is_said_to_be_out_of_range():
    fit = th.fit(th.Nakagami(), [1e-300, 2e-300, 3e-300])
    assert fit.certificate.verdict == "not_converged"
    assert "spread" in fit.certificate.sentence


def test_families_without_an_ordering_parameter_are_not_regressed():
    with pytest.raises(th.ModelError, match="not regressed"):
        th.regress(np.arange(5.0)[:, None], [1.0, 2.0, 0.5, 3.0, 1.5], th.Mixture([th.Normal(), th.Normal()]))


SPREAD_OUT = [1.0, 1.05, 1.3, 2.2, 7.0, 60.0]
"""From a smallest value on, of which there are many near it and few far off."""


def test_burr_becomes_pareto_where_it_begins_at_once():
    fit, pareto = th.fit(th.BurrXII(), SPREAD_OUT), th.fit(th.Pareto(), SPREAD_OUT)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Pareto"
    assert fit.estimates == {"c": np.inf, "k": 0.0, "scale": 1.0}
    assert fit.log_likelihood == pytest.approx(pareto.log_likelihood, rel=1e-12)
    near = th.BurrXII(c=1e6, k=pareto.estimates["shape"] / 1e6, scale=1.0 - 3e-5)
    assert 0 < fit.log_likelihood - np.sum(near.log_prob(SPREAD_OUT)) < 1e-3


def test_dagum_becomes_a_power_law_where_it_ends_at_once_and_frechet_where_it_has_no_lower_tail():
    fit = th.fit(th.Dagum(), 1.0 / np.array(SPREAD_OUT))
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates == {"p": 0.0, "a": np.inf, "scale": 1.0}
    burr = th.fit(th.BurrXII(), SPREAD_OUT)
    jacobian = 2.0 * np.sum(np.log(SPREAD_OUT))
    assert fit.log_likelihood == pytest.approx(burr.log_likelihood + jacobian, rel=1e-10)
    fit, frechet = th.fit(th.Dagum(), 1.0 / EVEN), th.fit(th.Frechet(), 1.0 / EVEN)
    assert fit.certificate.limit == "Frechet"
    assert fit.estimates["a"] == pytest.approx(frechet.estimates["shape"], rel=1e-9)
    assert fit.log_likelihood == pytest.approx(frechet.log_likelihood, rel=1e-13)
    assert (
        th.fit(th.Dagum(), th.Dagum(p=0.5, a=3, scale=2).sample(400, rng=3)).certificate.verdict == "maximum"
    )
