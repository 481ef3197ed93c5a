"""Threshold models: what the tests of the catalogue do not see of them."""

from __future__ import annotations

import json
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from tests.families import test_declarations as declarations
from tests.families import test_derivatives as derivatives
from tests.families import test_laws as laws
from tests.families.variants import OTHERS

import thetahat as th
from thetahat._errors import ModelError, ParameterError
from thetahat.families import CATALOGUE
from thetahat.families._far_threshold import FAR
from thetahat.families._terms import pairs
from thetahat.numerics.namespace import namespace

DATA = Path(__file__).parents[1] / "reference" / "data"
DILATED = [kind for kind in CATALOGUE if kind.dilation]


def rng():
    return np.random.default_rng(7)


def typical(kind):
    return kind(
        **{
            p.name: 0.6 * p.typical[0] ** 0.5 * p.typical[1] ** 0.5 + 0.7 if p.typical[0] > 0 else 0.3
            for p in kind.declared
        }
    )


def by_name(kinds):
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.__name__)


# ---- The distribution --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept",
    [
        laws.test_total_mass_is_one,
        laws.test_mean_and_variance_are_those_of_the_density,
        laws.test_log_prob_outside_the_support_is_minus_infinity_and_of_nan_is_nan,
        laws.test_scalars_come_out_of_scalars_and_shapes_are_kept,
        laws.test_quantile_and_cdf_are_inverse,
        laws.test_tails_add_up_to_one_and_are_monotone,
        laws.test_samples_follow_the_distribution,
        derivatives.test_interval_masses_by_row_give_what_each_row_gives_alone,
        declarations.test_declarations_are_consistent,
        declarations.test_bad_values_name_the_parameter_and_its_domain,
        declarations.test_unknown_names_are_told_with_those_there_are,
        declarations.test_text_of_a_distribution_makes_it_again,
        declarations.test_documentation_has_the_formula_the_coordinates_and_examples,
    ],
    ids=lambda kept: kept.__name__,
)
@pytest.mark.parametrize("inner", ["Exponential", "LogNormal"])
def test_the_contract_is_kept(kept, inner):
    kept(cls=next(kind for kind in OTHERS if kind.__name__ == f"Shifted-{inner}"))


@pytest.mark.parametrize("points", declarations.AWKWARD.values(), ids=declarations.AWKWARD.keys())
@pytest.mark.parametrize("inner", ["Exponential", "LogNormal"])
def test_start_values_are_inside_whatever_the_points(points, inner):
    kind = next(kind for kind in OTHERS if kind.__name__ == f"Shifted-{inner}")
    declarations.test_start_values_are_inside_whatever_the_points(kind, points)


@by_name(DILATED)
def test_dilation_multiplies_the_values(kind):
    law, c = typical(kind), 3.7
    eta = law.working(law.distribution_theta())
    moved = tuple(item + d * np.log(c) for item, d in zip(eta, law.dilation, strict=True))
    wide = law.carrying(dict(zip([p.name for p in law.declared], law.theta(moved), strict=True)), {})
    p = np.array([0.01, 0.3, 0.9])
    np.testing.assert_allclose(wide.quantile(p), c * law.quantile(p), rtol=1e-12)


@by_name([kind for kind in CATALOGUE if kind.decreasing])
def test_densities_that_fall_are_highest_at_the_end(kind):
    law = typical(kind)
    assert np.all(np.diff(law.log_prob(np.append(0.0, law.quantile(np.linspace(0.001, 0.999, 200))))) < 0)


@by_name([th.Exponential, th.Weibull, th.LogNormal, th.InverseGaussian])
def test_derivatives_agree_with_autodiff_and_those_of_masses_with_differences(kind):
    import jax
    import jax.numpy as jnp

    inner = typical(kind)
    law = th.Shifted(inner, threshold=-1.5)
    eta = tuple(np.float64(item) for item in law.working(law.distribution_theta()))
    y = np.asarray(law.quantile([0.01, 0.2, 0.5, 0.8, 0.999]))
    terms = law.derivatives((y,), eta)

    def log_density(at, value):
        return law.log_density(namespace(value), (value,), tuple(at))

    with jax.enable_x64(new_val=True):
        at, rows = jnp.asarray(np.array(eta)), jnp.asarray(y)
        gradient = np.asarray(jax.vmap(jax.grad(log_density), (None, 0))(at, rows))
        hessian = np.asarray(jax.vmap(jax.hessian(log_density), (None, 0))(at, rows))
    for i, item in enumerate(terms.gradient):
        np.testing.assert_allclose(np.broadcast_to(item, y.shape), gradient[:, i], rtol=1e-9, atol=1e-9)
    for (i, j), item in zip(pairs(len(eta)), terms.hessian, strict=True):
        np.testing.assert_allclose(np.broadcast_to(item, y.shape), hessian[:, i, j], rtol=1e-8, atol=1e-8)
    low, high = (
        np.array([-np.inf, y[1], y[1], y[3], -np.inf]),
        np.array([y[1], y[2], y[1] * 0.999 + y[2] * 0.001, np.inf, y[0]]),
    )
    mass = law.log_mass(low, high, {}, eta, 2)
    width = float(law.quantile(0.01) + 1.5)
    for k in range(len(eta)):
        step = 1e-3 * min(1.0, width)
        sides = []
        for sign in (-1.0, 1.0):
            moved = tuple(item + sign * step * (i == k) for i, item in enumerate(eta))
            sides.append(law.log_mass(low, high, {}, moved, 2))
        before, after = sides
        size = 1.0 + np.abs(mass.gradient[k])
        slope = (after.value - before.value) / (2 * step)
        assert np.all(np.abs(slope - mass.gradient[k]) < 2e-3 * size**2)
        for i in range(len(eta)):
            entry = mass.hessian[pairs(len(eta)).index((max(i, k), min(i, k)))]
            bend = (after.gradient[i] - before.gradient[i]) / (2 * step)
            assert np.all(np.abs(bend - entry) < 5e-3 * (1.0 + np.abs(entry)) * size)


def test_a_value_on_the_threshold_has_the_density_of_the_end_and_its_slope():
    law = th.Shifted(th.Exponential(rate=0.5), threshold=2.0)
    terms = law.derivatives((np.array([2.0, 3.0]),), law.working((2.0, 0.5)))
    assert terms.value[0] == np.log(0.5)
    assert terms.gradient[0] == pytest.approx([0.5, 0.5], rel=1e-7)
    assert (law.log_prob(1.999), law.cdf(2.0), law.sf(1.0)) == (-np.inf, 0.0, 1.0)


@pytest.mark.parametrize("name", FAR)
def test_far_thresholds_have_the_slope_that_they_declare(name):
    limit = FAR[name]
    kinds = {kind().name: kind for kind in CATALOGUE}
    inner, target = kinds[name](), kinds[limit.family]()
    at = dict(zip([p.name for p in target.declared], (0.7, 1.3), strict=True))
    there = type(target)(**at)
    y = np.asarray(there.quantile([0.02, 0.3, 0.5, 0.8, 0.97]))
    small = 1e-4
    shape = small ** (-1.0 / limit.order)
    values = limit.beside(at, shape)
    near = th.Shifted(inner, **values)
    slope = (near.log_prob(y) - there.log_prob(y)) / small
    eta = near.working(near.distribution_theta())
    np.testing.assert_allclose(limit.slope((y,), eta), slope, rtol=3e-3, atol=3e-3)


# ---- Maxima on the smallest value --------------------------------------------------------------------------


def test_the_remission_times_of_gehan_to_the_last_digit():
    expected = json.loads((DATA / "uni_shifted_exponential_gehan.json").read_text())["expected"]
    fit = th.fit(
        th.Shifted(th.Exponential()), np.loadtxt(DATA / "uni_shifted_exponential_gehan.csv", skiprows=1)
    )
    assert fit.estimates == pytest.approx(
        {"threshold": expected["params"]["loc"], "rate": expected["params"]["rate"]}, rel=1e-14
    )
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-14)
    assert (fit.aic, fit.bic) == pytest.approx((expected["aic"], expected["bic"]), rel=1e-13)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.scope == "global"
    assert dict(fit.certificate.status) == {"threshold": "edge", "rate": "regular"}
    assert np.isnan(fit.standard_errors["threshold"])
    assert fit.standard_errors["rate"] == pytest.approx(fit.estimates["rate"] / np.sqrt(21), rel=1e-10)


@pytest.mark.parametrize("inner", [th.Exponential(), th.HalfNormal(), th.Lomax(), th.GeneralizedPareto()])
def test_where_the_density_falls_the_rest_is_the_fit_of_the_distances(inner):
    y = 3.0 + rng().pareto(2.5, 200)
    fit = th.fit(th.Shifted(inner), y)
    apart = th.fit(inner, y - y.min())
    assert fit.certificate.verdict == "boundary"
    assert fit.estimates["threshold"] == y.min()
    for name, value in apart.estimates.items():
        assert fit.estimates[name] == pytest.approx(value, rel=1e-7)
    assert fit.log_likelihood == pytest.approx(apart.log_likelihood, rel=1e-11)


def test_right_censored_rows_leave_the_threshold_on_the_smallest_value():
    y = 2.0 + rng().exponential(1.0, 120)
    rows = th.Observations.right_censored(np.minimum(y, 3.0), y < 3.0)
    fit = th.fit(th.Shifted(th.Exponential()), rows)
    assert fit.estimates["threshold"] == y.min()
    exposure = np.sum(np.minimum(y, 3.0) - y.min())
    assert fit.estimates["rate"] == pytest.approx(np.count_nonzero(y < 3.0) / exposure, rel=1e-9)
    with pytest.raises(ModelError, match="leave those out"):
        th.fit(th.Shifted(th.Exponential()), th.Observations.interval(y - 0.1, y + 0.1))


# ---- Maxima below it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "draw"),
    [
        (th.Weibull(), lambda g: 2.0 * g.weibull(3.0, 300)),
        (th.Gamma(), lambda g: g.gamma(4.0, 2.0, 300)),
        (th.LogNormal(), lambda g: np.exp(g.normal(size=300))),
        (th.InverseGaussian(), lambda g: g.wald(2.0, 4.0, 300)),
        (th.LogLogistic(), lambda g: np.exp(g.logistic(size=300) / 4.0)),
        (th.Frechet(), lambda g: g.weibull(3.0, 300) ** -1.0),
    ],
    ids=lambda item: getattr(item, "title", ""),
)
def test_a_regular_threshold_is_the_top_of_its_profile(inner, draw):
    y = 10.0 + draw(rng())
    fit = th.fit(th.Shifted(inner), y)
    assert fit.certificate.verdict == "maximum"
    assert np.all(np.isfinite(list(fit.standard_errors.values())))
    assert abs(fit.estimates["threshold"] - 10.0) < 5.0 * fit.standard_errors["threshold"]
    for distance in (0.02, 0.1, 0.5, 1.0, 2.0):
        threshold = y.min() - distance * (
            fit.standard_errors["threshold"] + y.min() - fit.estimates["threshold"]
        )
        beside = th.fit(inner, y - threshold)
        assert beside.log_likelihood <= fit.log_likelihood + 1e-9
    pinned = th.fit(th.Shifted(inner), y, fixed={"threshold": fit.estimates["threshold"]})
    assert pinned.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)


def test_an_order_up_to_two_has_no_standard_errors():
    y = 10.0 + 2.0 * rng().weibull(1.5, 200)
    fit = th.fit(th.Shifted(th.Weibull()), y)
    assert fit.certificate.verdict == "maximum"
    assert set(fit.certificate.status.values()) == {"irregular"}
    assert np.isnan(list(fit.standard_errors.values())).all()


@pytest.mark.parametrize("inner", [th.Weibull(), th.Gamma()])
def test_an_order_below_one_is_unbounded_until_values_have_their_rounding(inner):
    y = 10.0 + rng().gamma(0.5, 2.0, 200)
    fit = th.fit(th.Shifted(inner), y)
    assert fit.certificate.verdict == "unbounded"
    assert "nears the smallest value" in fit.certificate.sentence
    assert "interval" in fit.certificate.sentence
    rounded = np.round(y, 1)
    bounded = th.fit(th.Shifted(inner), th.Observations.interval(rounded - 0.05, rounded + 0.05))
    assert bounded.certificate.verdict == "maximum"
    assert 9.9 < bounded.estimates["threshold"] < 10.05


def test_a_maximum_that_is_only_local_is_found_and_said_to_be():
    y = 10.0 + np.exp(rng().normal(size=200))
    fit = th.fit(th.Shifted(th.LogNormal()), y)
    assert (fit.certificate.verdict, fit.certificate.scope) == ("maximum", "local")
    assert "rises without bound" in fit.certificate.sentence
    held = th.fit(th.Shifted(th.LogNormal(sd_log=1.0)), y)
    assert "without bound" not in held.certificate.sentence


@pytest.mark.parametrize(
    ("inner", "limit", "draw"),
    [
        (th.LogNormal(), th.Normal(), lambda g: g.normal(size=200) - g.exponential(size=200)),
        (th.Gamma(), th.Normal(), lambda g: g.normal(size=200) - g.exponential(size=200)),
        (th.Weibull(), th.GumbelMin(), lambda g: -g.exponential(size=100)),
        (th.LogLogistic(), th.Logistic(), lambda g: -g.exponential(size=100)),
        (th.Frechet(), th.Gumbel(), lambda g: g.normal(size=100)),
    ],
    ids=lambda item: getattr(item, "title", ""),
)
def test_values_with_the_other_skewness_have_their_supremum_far_below(inner, limit, draw):
    y = draw(rng())
    fit, plain = th.fit(th.Shifted(inner), y), th.fit(limit, y)
    assert (fit.certificate.verdict, fit.certificate.limit) == ("at_infinity", limit.title)
    assert fit.certificate.supremum == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert fit.estimates["threshold"] == -np.inf


def test_equal_values_are_unbounded():
    for inner in (th.Weibull(), th.Exponential()):
        assert th.fit(th.Shifted(inner), [3.0] * 5).certificate.verdict == "unbounded"


# ---- What they are made of ---------------------------------------------------------------------------------


def test_they_compose_and_are_saved(tmp_path):
    y = 10.0 + 2.0 * rng().weibull(3.0, 200)
    cut = y[y < 13.0]
    both = np.concatenate([y, 30.0 + 2.0 * rng().weibull(3.0, 200)])
    for k, (family, values) in enumerate(
        [
            (th.Shifted(th.Weibull()), y),
            (th.Truncated(th.Shifted(th.Weibull()), high=13.0), cut),
            (th.Shifted(th.Mixture([th.Gamma(), th.Gamma()]), threshold=9.0), both),
        ]
    ):
        fit = th.fit(family, values)
        assert fit.certificate.verdict == "maximum", family
        fit.save(tmp_path / f"{k}.json")
        again = th.load(tmp_path / f"{k}.json")
        assert repr(again.distribution) == repr(fit.distribution)


def test_names_in_text():
    y = 10.0 + 2.0 * rng().weibull(3.0, 100)
    assert th.fit("shifted(weibull)", y).estimates == th.fit(th.Shifted(th.Weibull()), y).estimates


def test_what_cannot_be_shifted_is_refused():
    for make, words in (
        (lambda: th.Shifted(th.Normal()), "positive numbers"),
        (lambda: th.Shifted(th.Poisson()), "positive numbers"),
        (lambda: th.Shifted(th.Pareto()), "positive numbers"),
        (lambda: th.Shifted(th.ChiSquared()), "has no scale"),
        (lambda: th.Shifted(th.Gompertz()), "begin anywhere"),
        (lambda: th.fit("shifted", [1.0, 2.0]), r"shifted\(weibull\)|lacks the family"),
    ):
        with pytest.raises(ModelError, match=words):
            make()
    with pytest.raises(ParameterError, match="already"):
        th.Shifted(th.Shifted(th.Weibull()))


def test_masses_keep_their_digits():
    law = th.Shifted(th.Weibull(shape=2.0, scale=3.0), threshold=100.0)
    with mp.workdps(40):
        for y in (100.0001, 103.0, 140.0):
            tail = -(((mp.mpf(y) - 100) / 3) ** 2)
            assert law.log_sf(y) == pytest.approx(float(tail), rel=1e-13)
            # The distance of 100.0001 from 100 has the rounding of 100.
            assert law.log_cdf(y) == pytest.approx(float(mp.log(1 - mp.exp(tail))), rel=1e-11)
