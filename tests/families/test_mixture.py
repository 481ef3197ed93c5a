"""Mixtures: what the tests of the catalogue do not see of them."""

from __future__ import annotations

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate

import thetahat as th
from thetahat._errors import ModelError, ParameterError
from thetahat.families._survey import Survey
from thetahat.families._terms import pairs
from thetahat.numerics.namespace import NUMPY


def rng():
    return np.random.default_rng(20)


def two_normals(n=300):
    draws = rng()
    return np.concatenate([draws.normal(-2.0, 1.0, n), draws.normal(3.0, 0.5, n)])


def two_counts():
    draws = rng()
    return np.concatenate([draws.poisson(2.0, 300), draws.poisson(11.0, 150)])


# ---- The distribution --------------------------------------------------------------------------------------


def test_tails_keep_their_digits_far_out():
    law = th.Mixture([th.Normal(mean=0, sd=1), th.Normal(mean=2, sd=3)], weight=[0.999, 0.001])
    with mp.workdps(50):
        for y in (-40.0, -3.0, 0.5, 12.0, 90.0):
            parts = [(mp.mpf(0.999), 0, 1), (mp.mpf(0.001), 2, 3)]
            density = sum(w * mp.npdf(y, m, s) for w, m, s in parts)
            below = sum(w * mp.erfc(-(mp.mpf(y) - m) / s / mp.sqrt(2)) / 2 for w, m, s in parts)
            above = sum(w * mp.erfc((mp.mpf(y) - m) / s / mp.sqrt(2)) / 2 for w, m, s in parts)
            for found, exact in (
                (law.log_prob(y), mp.log(density)),
                (law.log_cdf(y), mp.log(below)),
                (law.log_sf(y), mp.log(above)),
            ):
                assert abs(found - exact) <= 1e-12 * max(1, abs(exact))


@pytest.mark.parametrize(
    "law",
    [
        th.Mixture([th.Normal(mean=-2, sd=0.3), th.Normal(mean=3, sd=1)], weight=[0.3, 0.7]),
        th.Mixture([th.Exponential(rate=2), th.Gamma(shape=3, rate=0.5)], weight=[0.6, 0.4]),
        th.Mixture([th.Normal(mean=1, sd=2), th.Gamma(shape=3, rate=0.5)], weight=[0.2, 0.8]),
        th.Mixture([th.Weibull(scale=1), th.Weibull(scale=4)], tied="shape", shape=2.5, weight=[0.5, 0.5]),
        th.Mixture([th.Poisson(rate=1), th.Zeta(exponent=3.8)], weight=[0.5, 0.5]),
    ],
    ids=lambda law: law.title,
)
def test_score_has_mean_zero_and_variance_the_expected_information(law):
    eta = law.working(law.distribution_theta())
    k = len(eta)
    information = dict(zip(pairs(k), law.expected_information(eta, {}), strict=True))

    def scores(y):
        y = np.atleast_1d(y)
        with np.errstate(all="ignore"):
            terms = law.derivatives(law.prepare(NUMPY, y, {}), eta)
        return np.array([np.broadcast_to(item, y.shape) for item in terms.gradient]), law.density(y)

    if law.support.discrete:
        u, mass = scores(np.arange(0.0, 20_000.0))
        mean, products = u @ mass, (u * mass) @ u.T
    else:
        ends = np.unique(np.concatenate([law.quantile([1e-13, 0.02, 0.3, 0.6, 0.9, 1 - 1e-13]), [0.0]]))

        def integral(function):
            return sum(
                integrate.quad_vec(function, a, b, epsabs=1e-11, epsrel=1e-9)[0] for a, b in pairwise(ends)
            )

        def mean_part(y):
            u, density = scores(y)
            return u[:, 0] * density

        def product_part(y):
            u, density = scores(y)
            return np.outer(u[:, 0], u[:, 0]) * density

        mean, products = integral(mean_part), integral(product_part)
    roots = np.sqrt([information[j, j] for j in range(k)])
    assert np.all(np.abs(mean) < 1e-6 * roots)
    for i, j in pairs(k):
        assert products[i, j] == pytest.approx(information[i, j], abs=2e-6 * roots[i] * roots[j])


def test_values_outside_the_support_of_one_component_come_from_the_other():
    law = th.Mixture([th.Normal(mean=0, sd=1), th.Gamma(shape=2, rate=1)], weight=[0.25, 0.75])
    normal = th.Normal(mean=0, sd=1)
    assert law.density(-1.0) == pytest.approx(0.25 * normal.density(-1.0), rel=1e-14)
    assert law.cdf(-1.0) == pytest.approx(0.25 * normal.cdf(-1.0), rel=1e-14)
    assert law.responsibilities([-1.0]).tolist() == [[1.0, 0.0]]
    eta = law.working(law.distribution_theta())
    with np.errstate(all="ignore"):
        terms = law.log_mass(np.array([-np.inf, -2.0]), np.array([-1.0, 1.0]), {}, eta, 2)
    for item in (terms.value, *terms.gradient, *terms.hessian):
        assert np.all(np.isfinite(item))


def test_responsibilities_are_those_of_bayes():
    law = th.Mixture([th.Poisson(rate=2), th.Poisson(rate=7), th.Geometric(prob=0.1)], weight=[0.5, 0.3, 0.2])
    y = np.array([[0, 3], [9, 40]])
    found = law.responsibilities(y)
    parts = [th.Poisson(rate=2), th.Poisson(rate=7), th.Geometric(prob=0.1)]
    weighted = np.stack(
        [w * part.density(y) for w, part in zip([0.5, 0.3, 0.2], parts, strict=True)], axis=-1
    )
    np.testing.assert_allclose(found, weighted / weighted.sum(axis=-1, keepdims=True), rtol=1e-12)
    assert np.isnan(law.responsibilities(-1)).all()


def test_moments_that_a_component_lacks_the_mixture_lacks():
    heavy = th.Mixture([th.Normal(mean=0, sd=1), th.Lomax(shape=1.5, scale=1)], weight=[0.5, 0.5])
    assert (heavy.mean(), heavy.variance()) == (1.0, np.inf)
    assert np.isnan(
        th.Mixture([th.Cauchy(location=0, scale=1), th.Normal(mean=0, sd=1)], weight=[0.5, 0.5]).mean()
    )


# ---- Fits --------------------------------------------------------------------------------------------------


def test_labels_are_in_the_order_of_the_primary_parameter_whatever_the_start():
    y = two_normals()
    fit = th.fit(th.Mixture([th.Normal(), th.Normal()]), y)
    assert fit.estimates["component[0].mean"] < 0 < fit.estimates["component[1].mean"]
    crossed = {
        "weight": [0.5, 0.5],
        "component[0].mean": 3.0,
        "component[0].sd": 0.5,
        "component[1].mean": -2.0,
        "component[1].sd": 1.0,
    }
    again = th.fit(th.Mixture([th.Normal(), th.Normal()]), y, start=crossed)
    assert again.estimates == pytest.approx(fit.estimates, rel=1e-7)


def test_components_with_numbers_keep_their_places():
    y = two_normals()
    fit = th.fit(th.Mixture([th.Normal(mean=3.0), th.Normal(mean=-2.0)]), y)
    assert fit.certificate.verdict == "maximum"
    assert (fit.estimates["component[0].mean"], fit.estimates["component[1].mean"]) == (3.0, -2.0)
    assert fit.estimates["component[0].sd"] == pytest.approx(0.5, abs=0.1)
    assert fit.dof == 3


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (
            th.Mixture([th.Normal(), th.Normal(), th.Normal()]),
            np.concatenate([two_normals(), rng().normal(9, 1, 100)]),
        ),
        (
            th.Mixture([th.Normal(), th.Normal()]),
            np.concatenate([rng().normal(0, 1, 300), rng().normal(0, 6, 99)]),
        ),
        (
            th.Mixture([th.Gamma(), th.Gamma()]),
            np.concatenate([rng().gamma(2, 1, 200), rng().gamma(30, 0.5, 200)]),
        ),
        (
            th.Mixture([th.Exponential(), th.Weibull()]),
            rng().permuted(np.append(rng().exponential(1, 200), 8 + rng().random(99))),
        ),
        (
            th.Mixture([th.NegativeBinomial(), th.Poisson()]),
            np.append(two_counts(), rng().negative_binomial(2, 0.05, 150)),
        ),
        (
            th.Mixture([th.Normal(), th.Uniform(low=-9, high=9)]),
            np.append(rng().normal(2, 0.5, 200), rng().uniform(-9, 9, 60)),
        ),
    ],
    ids=lambda item: item.title if isinstance(item, th.Mixture) else "",
)
def test_no_start_around_the_maximum_leads_higher(family, y):
    fit = th.fit(family, y)
    assert fit.certificate.verdict == "maximum"
    draws = rng()
    for _ in range(4):
        start = {
            name: value + 0.3 * draws.standard_normal() * fit.standard_errors[name]
            for name, value in fit.estimates.items()
            if not name.startswith("weight") and np.isfinite(fit.standard_errors[name])
        }
        other = th.fit(family, y, start=start)
        assert other.log_likelihood <= fit.log_likelihood + 1e-8 * abs(fit.log_likelihood)


def test_em_does_not_move_the_maximum():
    y = two_normals()
    fit = th.fit(th.Mixture([th.Normal(), th.Normal()]), y)
    share = fit.distribution.responsibilities(y)
    assert share.mean(axis=0) == pytest.approx(
        [fit.estimates["weight[0]"], fit.estimates["weight[1]"]], rel=1e-9
    )
    means = share.T @ y / share.sum(axis=0)
    assert means == pytest.approx([fit.estimates[f"component[{k}].mean"] for k in (0, 1)], rel=1e-9)


def test_collapsed_counts_censored_rows_and_weights():
    y = two_counts()
    family = th.Mixture([th.Poisson(), th.Poisson()])
    values, counts = np.unique(y, return_counts=True)
    plain = th.fit(family, y)
    assert th.fit(family, values, weights=counts).estimates == pytest.approx(plain.estimates, rel=1e-9)
    x = two_normals()
    censored = th.Observations.right_censored(np.minimum(x, 2.9), x < 2.9)
    fit = th.fit(th.Mixture([th.Normal(), th.Normal()], tied=["sd"]), censored)
    assert fit.certificate.verdict == "maximum"
    law = fit.distribution
    expected = law.log_prob(x[x < 2.9]).sum() + np.count_nonzero(x >= 2.9) * law.log_sf(2.9)
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-12)


def test_trials_are_those_of_the_components():
    draws = rng()
    trials = draws.integers(5, 15, 300)
    y = draws.binomial(trials, np.where(draws.random(300) < 0.4, 0.2, 0.8))
    columns = th.fit(
        th.Mixture([th.Binomial(trials="n"), th.Binomial(trials="n")], y="y"), {"y": y, "n": trials}
    )
    assert columns.certificate.verdict == "maximum"
    assert columns.estimates["component[0].prob"] == pytest.approx(0.2, abs=0.05)
    assert columns.estimates["component[1].prob"] == pytest.approx(0.8, abs=0.05)


# ---- Where there is no such maximum ------------------------------------------------------------------------


@pytest.mark.parametrize("y", [np.repeat([1, 2, 3, 4], [5, 20, 18, 4]), np.full(10, 2)])
def test_counts_of_one_component_leave_the_others_flat(y):
    fit, plain = th.fit(th.Mixture([th.Poisson(), th.Poisson()]), y), th.fit(th.Poisson(), y)
    assert fit.certificate.verdict == "flat"
    assert "Fewer components" in fit.certificate.sentence
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert plain.estimates["rate"] == pytest.approx(
        next(fit.estimates[f"component[{k}].rate"] for k in (1, 0) if fit.estimates[f"weight[{k}]"] > 0),
        rel=1e-5,
    )


def test_components_that_collapse_are_unbounded():
    fit = th.fit(th.Mixture([th.Normal(), th.Normal()]), [1.0] * 8)
    assert fit.certificate.verdict == "unbounded"
    assert np.isnan(list(fit.estimates.values())).all()


def test_three_values_are_no_mixture_of_two():
    """Rounding decides whether the search sees a component collapse, or one that does as well without the other."""
    fit = th.fit(th.Mixture([th.Normal(), th.Normal()]), [1.0, 2.0, 3.0])
    assert fit.certificate.verdict in {"unbounded", "flat"}
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_fixed_spreads_cannot_collapse():
    fit = th.fit(th.Mixture([th.Normal(sd=1.0), th.Normal(sd=0.5)]), two_normals())
    assert fit.certificate.verdict == "maximum"
    assert "Day" not in fit.certificate.sentence
    one = th.fit(th.Mixture([th.Normal(sd=1.0), th.Normal()]), two_normals())
    assert "Day" in one.certificate.sentence


# ---- What they are made of ---------------------------------------------------------------------------------


def test_they_compose_and_are_saved(tmp_path):
    counts = np.append(two_counts(), np.zeros(80))
    positive = np.abs(two_normals())
    for k, (family, y) in enumerate(
        [
            (th.ZeroInflated(th.Mixture([th.Poisson(), th.Poisson()])), counts),
            (th.Mixture([th.ZeroInflated(th.Poisson()), th.Poisson()]), counts),
            (th.Truncated(th.Mixture([th.Normal(), th.Normal()], tied=["sd"]), low=0), positive),
            (th.Mixture([th.Truncated(th.Normal(), low=0), th.Gamma()]), positive),
        ]
    ):
        fit = th.fit(family, y)
        assert fit.certificate.verdict == "maximum", family
        fit.save(tmp_path / f"{k}.json")
        again = th.load(tmp_path / f"{k}.json")
        assert repr(again.distribution) == repr(fit.distribution)
        assert again.estimates == fit.estimates
        assert family.title in str(again.summary())


def test_names_in_text():
    y = two_counts()
    family = th.Mixture([th.Poisson(), th.Poisson()])
    assert th.fit("mixture(poisson, poisson)", y).estimates == th.fit(family, y).estimates
    tied = th.fit("mixture(normal, normal, tied=sd)", two_normals())
    assert list(tied.estimates)[-1] == "sd"
    cut = th.fit("truncated(mixture(poisson, geometric), high=30)", y)
    assert repr(cut.distribution).endswith("high=30.0)")
    for text, words in (
        ("mixture(poisson)", "two families or more"),
        ("mixture(poisson, poison)", "'poisson'"),
        ("mixture(poisson, poisson, bound=3)", "takes: tied"),
    ):
        with pytest.raises(ModelError, match=words):
            th.fit(text, y)


def test_what_cannot_be_mixed_is_refused():
    for make, words in (
        (lambda: th.Mixture([th.Normal()]), "two families or more"),
        (lambda: th.Mixture(th.Normal()), "two families or more"),
        (lambda: th.Mixture([th.Normal(), th.Poisson()]), "do not add up"),
        (lambda: th.Mixture([th.Normal(), th.Categorical()]), "no order"),
        (lambda: th.Mixture([th.Normal(), th.Gamma()], tied=["sd"]), "in common: nothing"),
        (lambda: th.fit(th.Mixture([th.Normal(), th.Uniform()]), two_normals()), "give its number"),
    ):
        with pytest.raises(ModelError, match=words):
            make()
    with pytest.raises(ParameterError, match="give it once"):
        th.Mixture([th.Normal(sd=1.0), th.Normal(sd=2.0)], tied="sd")
    with pytest.raises(ParameterError, match=r"component\[1\]: low must lie below high"):
        th.Mixture([th.Normal(), th.Uniform(low=2)], **{"component[1].high": 1.0})


def test_they_stand_inside_densities_of_ones_own():
    import jax

    y = two_normals(20)

    def total(mean):
        law = th.Mixture([th.Normal(mean=mean, sd=1), th.Normal(mean=3, sd=0.5)], weight=[0.5, 0.5])
        return law.log_prob(y).sum()

    law = th.Mixture([th.Normal(mean=-2, sd=1), th.Normal(mean=3, sd=0.5)], weight=[0.5, 0.5])
    terms = law.derivatives(law.prepare(NUMPY, y, {}), law.working(law.distribution_theta()))
    with jax.enable_x64(new_val=True):
        assert float(jax.grad(total)(-2.0)) == pytest.approx(terms.gradient[1].sum(), rel=1e-10)


@pytest.mark.parametrize(
    "components",
    [
        [th.Normal(), th.Normal()],
        [th.Normal(), th.Logistic()],
        [th.LogNormal(), th.LogNormal()],
        [th.Weibull(), th.Gamma()],
        [th.Cauchy(), th.Normal()],
    ],
)
def test_a_component_collapses_without_bound(components: list[th.Family]) -> None:
    y = np.array([1.0, 2.5, 3.0, 7.0])
    mixture = th.Mixture(components)
    survey = Survey(4, 4.0, 4.0, 1.0, 7.0, np.zeros(1), 0.0)
    heights = mixture.heights(survey)
    eta = [mixture.working(theta) for theta in heights]
    rows = mixture.prepare(NUMPY, y, {})
    with np.errstate(over="ignore"):
        values = [float(np.sum(mixture.log_density(NUMPY, rows, point))) for point in eta]
    assert len(values) > 3
    assert np.all(np.diff(values) > 1.0)


@pytest.mark.parametrize("y", [[1, 2], [1, 2, 3], [1, 1, 2, 2], [1, 2, 4]])
@pytest.mark.parametrize("scale", [1.0, 0.1, 1e3])
def test_fewer_values_than_parameters_leave_it_without_bound(y: list[float], scale: float) -> None:
    """Whatever the units: rounding decided here between flat and unbounded."""
    for shift in (0.0, 0.1):
        certificate = th.fit(th.Mixture([th.Normal(), th.Normal()]), np.array(y) * scale + shift).certificate
        assert certificate.verdict == "unbounded"
        assert certificate.exists is False


def test_points_far_out_are_outside_the_region_without_a_warning():
    mixture = th.Mixture([th.LogNormal(), th.Gamma()])
    fit = th.fit(mixture, np.random.default_rng(5).gamma(2.0, 1.0, 60))
    conditions = fit.solution.conditions
    assert conditions is not None
    assert conditions.allowed is not None
    far = fit.solution.point.copy()
    far[-1] = 1e4
    assert not conditions.allowed(far)
