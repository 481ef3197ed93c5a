"""Families that give zero a probability of its own: what the tests of the catalogue do not see of them."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate

import thetahat as th
from thetahat._errors import ModelError, ParameterError
from thetahat.numerics.namespace import NUMPY

COUNTS = np.repeat([0, 1, 2, 3, 5, 8], [40, 9, 12, 10, 6, 3])
UNDER = np.repeat([1, 2, 3, 4], [5, 20, 18, 4])
"""Counts with fewer zeros than any Poisson distribution has."""


def positives(n=120):
    return np.random.default_rng(8).gamma(2.0, 1.5, n)


# ---- Masses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1e-12, 1e-5, 0.3, 40.0])
@pytest.mark.parametrize("zero_prob", [1e-9, 0.3, 1.0 - 1e-9])
def test_masses_keep_their_digits_where_zeros_are_nearly_all_or_none(rate, zero_prob):
    inflated = th.ZeroInflated(th.Poisson(rate=rate), zero_prob=zero_prob)
    hurdle = th.Hurdle(th.Poisson(rate=rate), zero_prob=zero_prob)
    with mp.workdps(60):
        p, m = mp.mpf(zero_prob), mp.mpf(rate)
        # The logit that holds zero_prob has the rounding of zero_prob itself.
        slack = 1e-15 / min(zero_prob, 1.0 - zero_prob)
        zero = mp.log1p((1 - p) * mp.expm1(-m))
        assert abs(inflated.log_prob(0) - zero) < (1e-14 + slack) * abs(zero) + 1e-300
        for y in (1, 3):
            poisson = -m + y * mp.log(m) - mp.loggamma(y + 1)
            assert abs(inflated.log_prob(y) - (mp.log1p(-p) + poisson)) < 1e-13 * abs(poisson) + slack
            above = mp.log1p(-p) + poisson - mp.log(-mp.expm1(-m))
            assert abs(hurdle.log_prob(y) - above) < 1e-13 * abs(poisson) + slack


def test_intervals_with_and_without_zero_add_up():
    for family in (th.ZeroInflated(th.Poisson(rate=2.0)), th.Hurdle(th.Poisson(rate=2.0))):
        law = type(family)(th.Poisson(rate=2.0), zero_prob=0.4)
        eta = law.working((0.4, 2.0))
        low, high = np.array([-np.inf, 0.0, 2.0, -1.0]), np.array([0.0, 2.0, np.inf, 2.0])
        masses = np.exp(law.log_mass(low, high, {}, eta, 0).value)
        assert masses[:3].sum() == pytest.approx(1.0, rel=1e-14)
        assert masses[0] == pytest.approx(law.density(0), rel=1e-14)
        assert masses[3] == pytest.approx(law.density([0, 1, 2]).sum(), rel=1e-14)


# ---- Positive numbers with zeros -------------------------------------------------------------------------


def test_a_hurdle_over_positive_numbers_is_a_mass_and_a_density():
    law = th.Hurdle(th.Gamma(shape=2.0, rate=0.5), zero_prob=0.3)
    assert law.density(0.0) == pytest.approx(0.3)
    inside = th.Gamma(shape=2.0, rate=0.5)
    np.testing.assert_allclose(law.density([0.1, 4.0]), 0.7 * inside.density([0.1, 4.0]), rtol=1e-14)
    np.testing.assert_allclose(law.cdf([-1.0, 0.0, 4.0]), [0.0, 0.3, 0.3 + 0.7 * inside.cdf(4.0)], rtol=1e-14)
    assert law.sf(300.0) == pytest.approx(0.7 * inside.sf(300.0), rel=1e-12)
    np.testing.assert_allclose(law.quantile([0.0, 0.3]), 0.0)
    np.testing.assert_allclose(law.cdf(law.quantile([0.4, 0.9])), [0.4, 0.9], rtol=1e-12)
    assert law.mean() == pytest.approx(integrate.quad(lambda y: y * law.density(y), 0, 200)[0], rel=1e-9)
    second = integrate.quad(lambda y: y * y * law.density(y), 0, 200)[0]
    assert law.variance() == pytest.approx(second - law.mean() ** 2, rel=1e-9)
    drawn = law.sample(4000, rng=5)
    assert abs(np.mean(drawn == 0) - 0.3) < 0.04
    assert abs(np.mean(drawn) - law.mean()) < 5 * np.sqrt(law.variance() / 4000)


@pytest.mark.parametrize("inside", [th.Gamma(), th.LogNormal(), th.Exponential(), th.Weibull()])
def test_its_maximum_is_that_of_each_part(inside):
    values = positives()
    fit = th.fit(th.Hurdle(inside), np.concatenate([np.zeros(80), values]))
    apart = th.fit(inside, values)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == apart.certificate.scope
    assert fit.estimates["zero_prob"] == pytest.approx(0.4, rel=1e-12)
    for name, value in apart.estimates.items():
        assert fit.estimates[name] == pytest.approx(value, rel=1e-9)
        assert fit.standard_errors[name] == pytest.approx(apart.standard_errors[name], rel=1e-8)
    zeros = 80 * np.log(0.4) + 120 * np.log(0.6)
    assert fit.log_likelihood == pytest.approx(apart.log_likelihood + zeros, rel=1e-13)


def test_a_hurdle_over_counts_is_a_truncated_fit_beside_a_share():
    fit = th.fit(th.Hurdle(th.Poisson()), COUNTS)
    apart = th.fit(th.Truncated(th.Poisson(), low=0), COUNTS[COUNTS > 0])
    assert fit.estimates["rate"] == pytest.approx(apart.estimates["rate"], rel=1e-10)
    assert fit.estimates["zero_prob"] == pytest.approx(0.5, rel=1e-12)
    assert (fit.certificate.verdict, fit.certificate.scope) == ("maximum", "global")


# ---- Where there is no interior maximum ------------------------------------------------------------------


def test_too_few_zeros_leave_the_family_itself():
    fit, plain = th.fit(th.ZeroInflated(th.Poisson()), UNDER), th.fit(th.Poisson(), UNDER)
    assert (fit.certificate.verdict, fit.certificate.parameters) == ("boundary", ("zero_prob",))
    assert fit.estimates["zero_prob"] == 0.0
    assert np.isnan(fit.standard_errors["zero_prob"])
    assert fit.estimates["rate"] == pytest.approx(plain.estimates["rate"], rel=1e-8)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("wrapper", [th.ZeroInflated, th.Hurdle])
def test_zeros_alone_say_nothing_of_the_rest(wrapper):
    fit = th.fit(wrapper(th.Poisson()), np.zeros(20))
    assert fit.certificate.verdict == "boundary"
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)
    assert fit.certificate.status["rate"] == "unidentified"


def test_counts_that_do_not_vary_enough_have_the_wrapped_limit():
    rng = np.random.default_rng(4)
    y = np.where(rng.random(400) < 0.3, 0, rng.binomial(12, 0.4, 400))
    for wrapper in (th.ZeroInflated, th.Hurdle):
        fit = th.fit(wrapper(th.NegativeBinomial()), y)
        limit = th.fit(wrapper(th.Poisson()), y)
        assert (fit.certificate.verdict, fit.certificate.limit) == (
            "at_infinity",
            f"{wrapper.__name__}(Poisson)",
        )
        assert fit.certificate.supremum == pytest.approx(limit.log_likelihood, rel=1e-12)


# ---- What they are made of -------------------------------------------------------------------------------


def test_numbers_of_the_family_inside_are_those_of_the_wrapper(tmp_path):
    given = th.ZeroInflated(th.NegativeBinomial(size=2.0), y="visits")
    assert dict(given.given) == {"size": 2.0}
    assert repr(given) == "ZeroInflated(NegativeBinomial(size=2.0), y='visits')"
    fit = th.fit(th.ZeroInflated(th.NegativeBinomial(size=2.0)), COUNTS)
    assert (fit.estimates["size"], fit.dof) == (2.0, 2)
    fit.save(tmp_path / "fit.json")
    again = th.load(tmp_path / "fit.json")
    assert repr(again.distribution) == repr(fit.distribution)
    assert again.estimates == fit.estimates


def test_trials_are_those_of_the_family_inside():
    rng = np.random.default_rng(2)
    trials = rng.integers(1, 9, 300)
    y = np.where(rng.random(300) < 0.25, 0, rng.binomial(trials, 0.5))
    for wrapper in (th.ZeroInflated, th.Hurdle):
        columns = th.fit(wrapper(th.Binomial(trials="n"), y="y"), {"y": y, "n": trials})
        arrays = th.fit(wrapper(th.Binomial(trials=trials)), y)
        assert columns.estimates == pytest.approx(arrays.estimates, rel=1e-12)
        assert columns.certificate.verdict == "maximum"


def test_names_in_text():
    assert (
        th.fit("zero_inflated(poisson)", COUNTS).estimates
        == th.fit(th.ZeroInflated(th.Poisson()), COUNTS).estimates
    )
    for text, words in (("hurdle", r"hurdle\(poisson\)"), ("hurdle(gama)", "'gamma'")):
        with pytest.raises(ModelError, match=words):
            th.fit(text, COUNTS)


def test_regression_forms_are_wrapped_too():
    form = th.Hurdle(th.Gamma(shape=2.0), zero_prob=0.2, y="cost").regression_form()
    assert repr(form) == "Hurdle(GammaMean(shape=2.0), zero_prob=0.2, y='cost')"
    assert (form.primary, form.y) == ("mean", "cost")
    assert th.ZeroInflated(th.Poisson()).regression_form().primary == "rate"


def test_families_that_cannot_be_wrapped_are_refused():
    for make, words in (
        (lambda: th.ZeroInflated(th.Normal()), "Hurdle"),
        (lambda: th.ZeroInflated(th.Bernoulli()), "counts"),
        (lambda: th.ZeroInflated(th.Gamma()), "Hurdle"),
        (lambda: th.Hurdle(th.Normal()), "positive numbers"),
        (lambda: th.Hurdle(th.Categorical()), "no order"),
        (lambda: th.Hurdle("poisson"), "give a family"),
    ):
        with pytest.raises(ModelError, match=words):
            make()
    with pytest.raises(ParameterError, match="already"):
        th.ZeroInflated(th.Hurdle(th.Poisson()))


def test_they_stand_inside_densities_of_ones_own():
    import jax

    def total(rate):
        return th.ZeroInflated(th.Poisson(rate=rate), zero_prob=0.3).log_prob(COUNTS).sum()

    law = th.ZeroInflated(th.Poisson(rate=2.0), zero_prob=0.3)
    terms = law.derivatives(law.prepare(NUMPY, COUNTS, {}), law.working((0.3, 2.0)))
    with jax.enable_x64(new_val=True):
        assert float(jax.grad(total)(2.0)) == pytest.approx(terms.gradient[1].sum() / 2.0, rel=1e-10)
