"""Regressions of families with a kink: least absolute deviations and quantiles, against linear programmes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

import thetahat as th
from thetahat._errors import DataError, InferenceError, ModelError
from thetahat.optimize.regression.check_loss import least_check_loss

RNG = np.random.default_rng(20250301)
N = 120
X, Z = RNG.normal(size=N), RNG.integers(0, 3, N).astype(float)
Y = 1.0 + 2.0 * X - Z + RNG.standard_t(3, N)
DATA = {"x": X, "z": Z, "y": Y, "w": RNG.integers(0, 4, N).astype(float)}
DESIGN = np.column_stack([np.ones(N), X, Z])


def loss(design, y, tau, coefficients, weight=None):
    residual = y - design @ coefficients
    each = np.maximum(tau * residual, (tau - 1.0) * residual)
    return float(np.sum(each if weight is None else weight * each))


def least(design, y, tau, weight=None):
    """The least loss, as a linear programme over both signs of the residuals."""
    n, p = design.shape
    weight = np.ones(n) if weight is None else weight
    cost = np.concatenate([np.zeros(p), tau * weight, (1.0 - tau) * weight])
    equal = np.hstack([design, np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * p + [(0, None)] * (2 * n)
    return float(optimize.linprog(cost, A_eq=equal, b_eq=y, bounds=bounds, method="highs").fun)


# ---- The linear programme ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["continuous", "rounded", "weighted"])
def test_the_loss_is_that_of_the_programme_and_multipliers_prove_it(kind, seed):
    rng = np.random.default_rng(seed)
    n, p, tau = int(rng.integers(5, 60)), int(rng.integers(1, 5)), float(rng.choice([0.1, 0.25, 0.5, 0.9]))
    columns = [rng.normal(size=n) if j % 2 else rng.integers(0, 3, n).astype(float) for j in range(p - 1)]
    design = np.column_stack([np.ones(n), *columns])
    y = design @ rng.normal(size=p) + rng.standard_t(2, n)
    y = np.round(y) if kind == "rounded" else y
    weight = rng.integers(1, 4, n).astype(float) if kind == "weighted" else None
    found = least_check_loss(design, y, weight, tau)
    expected = least(design, y, tau, weight)
    assert found.proved
    for end in (found.coefficients, *found.ends):
        assert loss(design, y, tau, end, weight) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    scaled = found.multipliers if weight is None else found.multipliers * weight
    assert np.all((found.multipliers <= tau + 1e-8) & (found.multipliers >= tau - 1.0 - 1e-8))
    assert scaled @ design == pytest.approx(np.zeros(p), abs=1e-8 * n)


def test_what_is_called_unique_has_no_level_direction():
    design = np.column_stack([np.ones(6), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
    unique = least_check_loss(design, np.array([1.0, 2.0, 4.0, 3.0, 5.0, 9.0]), None, 0.5)
    assert unique.unique
    assert unique.coefficients == pytest.approx([2.0, 3.0])
    level = least_check_loss(design[:5], np.array([1.0, 2.0, 4.0, 3.0, 5.0]), None, 0.5)
    assert not level.unique
    assert level.coefficients == pytest.approx([2.0, 2.0])
    assert sorted(level.ends[:, 1]) == pytest.approx([1.0, 3.0])


def test_ties_beside_the_basis_do_not_hide_a_level_stretch():
    y = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    found = least_check_loss(np.ones((6, 1)), y, None, 0.5)
    assert not found.unique
    assert found.coefficients == pytest.approx([0.5])
    assert least_check_loss(np.ones((6, 1)), y, None, 0.4).unique


# ---- Fits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_coefficients_are_those_of_quantile_regression(tau):
    fit = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=tau)), DATA)
    coefficients = [fit.estimates[name] for name in ("Intercept", "x", "z")]
    least_loss = least(DESIGN, Y, tau)
    assert loss(DESIGN, Y, tau, coefficients) == pytest.approx(least_loss, rel=1e-12)
    assert fit.estimates["scale"] == pytest.approx(least_loss / N, rel=1e-12)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert "meets 3 rows" in fit.certificate.sentence
    assert np.mean(fit.predict(DATA, "location") > Y) == pytest.approx(tau, abs=4 / N)


@pytest.mark.parametrize(
    ("tau", "theirs"),
    [
        (0.25, [0.608084138, 1.81109789, -1.19394856]),
        (0.5, [1.52450268, 1.70706738, -1.12262892]),
        (0.9, [2.90410042, 1.67246932, -1.03178247]),
    ],
)
def test_coefficients_are_those_of_a_peer(tau, theirs):
    """Of QuantReg of statsmodels 0.15.0, with p_tol=1e-13."""
    own = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=tau)), DATA)
    assert list(own.estimates.values())[:3] == pytest.approx(theirs, abs=1e-6)


def test_laplace_is_least_absolute_deviations_with_expected_standard_errors():
    fit = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA)
    half = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=0.5)), DATA)
    assert list(fit.estimates.values())[:3] == pytest.approx(list(half.estimates.values())[:3], rel=1e-12)
    scale = fit.estimates["scale"]
    residual = Y - fit.predict(DATA)
    assert scale == pytest.approx(np.mean(np.abs(residual)), rel=1e-12)
    assert fit.log_likelihood == pytest.approx(-N * (np.log(2 * scale) + 1), rel=1e-12)
    errors = np.sqrt(np.diag(np.linalg.inv(DESIGN.T @ DESIGN))) * scale
    assert list(fit.standard_errors.values()) == pytest.approx([*errors, scale / np.sqrt(N)])
    assert fit.covariance() == pytest.approx(fit.covariance("expected"))


def test_a_constant_alone_has_the_verdict_of_the_rows_themselves():
    for y in ([0.0, 0.1, 5.0, 5.1], [1.0, 2.0, 2.5, 4.0], [3.0, 1.0, 2.0]):
        fit, alone = th.fit(th.Regression("y ~ 1", th.Laplace()), {"y": y}), th.fit(th.Laplace(), y)
        assert list(fit.estimates.values()) == pytest.approx(list(alone.estimates.values()))
        assert fit.certificate.verdict == alone.certificate.verdict
        assert fit.log_likelihood == pytest.approx(alone.log_likelihood)
        assert list(fit.standard_errors.values()) == pytest.approx(
            list(alone.standard_errors.values()), nan_ok=True
        )
        assert ("only one" in fit.certificate.sentence) == (len(y) == 3)


def test_weights_are_rows_repeated_and_offsets_are_taken_off():
    regression = th.Regression("y ~ x", th.Laplace())
    weighted = th.fit(regression, DATA, weights="w")
    times = DATA["w"].astype(int)
    repeated = th.fit(regression, {name: np.repeat(column, times) for name, column in DATA.items()})
    assert weighted.estimates == pytest.approx(repeated.estimates, rel=1e-9)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
    assert weighted.standard_errors == pytest.approx(repeated.standard_errors, rel=1e-9)
    shifted = th.fit(th.Regression("y ~ x + offset(z)", th.Laplace()), DATA)
    plain = th.fit(regression, {"x": X, "y": Y - Z})
    assert shifted.estimates == pytest.approx(plain.estimates, rel=1e-12)


def test_what_is_fixed_stays_and_the_rest_is_the_least():
    held = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA, fixed={"x": 2.0})
    assert held.estimates["x"] == 2.0
    assert np.isnan(held.standard_errors["x"])
    absolute = 2.0 * least(DESIGN[:, [0, 2]], Y - 2.0 * X, 0.5)
    assert held.estimates["scale"] == pytest.approx(absolute / N, rel=1e-12)
    scaled = th.fit(th.Regression("y ~ x + z", th.Laplace(scale=2.0)), DATA)
    free = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA)
    assert scaled.estimates["x"] == pytest.approx(free.estimates["x"], rel=1e-12)
    assert scaled.dof == 3


def test_profiles_maximise_over_the_other_coefficients():
    fit = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA)
    ends = fit.intervals(method="profile")
    for end in ends["x"]:
        scale = 2.0 * least(DESIGN[:, [0, 2]], Y - end * X, 0.5) / N
        drop = 2.0 * (fit.log_likelihood + N * (np.log(2.0 * scale) + 1.0))
        assert drop == pytest.approx(3.841458820694124, rel=1e-5)


def test_rows_that_are_all_met_have_no_maximum():
    met = {"x": X, "y": 1.0 + 2.0 * X}
    fit = th.fit(th.Regression("y ~ x", th.Laplace()), met)
    assert (fit.certificate.verdict, fit.certificate.exists) == ("unbounded", False)
    known = th.fit(th.Regression("y ~ x", th.Laplace(scale=1.0)), met)
    assert known.certificate.verdict == "maximum"
    assert known.estimates["x"] == pytest.approx(2.0, rel=1e-12)


def test_it_is_predicted_from_saved_and_compared(tmp_path):
    fit = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=0.8)), DATA)
    assert fit.predict(DATA, "quantile", probability=0.8) == pytest.approx(fit.predict(DATA, "location"))
    assert np.std(fit.residuals("quantile")) == pytest.approx(1.0, abs=0.4)
    null = fit.null_model()
    assert null.estimates["Intercept"] == pytest.approx(np.quantile(Y, 0.8, method="averaged_inverted_cdf"))
    assert fit.log_likelihood > null.log_likelihood
    fit.save(tmp_path / "fit.json")
    assert th.load(tmp_path / "fit.json").predict(DATA) == pytest.approx(fit.predict(DATA))


def test_many_rows_take_few_steps():
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(20_000), rng.normal(size=(20_000, 4))])
    y = design.sum(axis=1) + rng.standard_t(3, 20_000)
    found = least_check_loss(design, y, None, 0.9)
    assert found.proved
    assert found.unique
    assert found.met.size == 5


# ---- What is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "family", "options", "words"),
    [
        ("y ~ x", th.AsymmetricLaplace(), {}, "tau is free: give it"),
        ("y ~ x", th.GeneralizedNormal(), {}, "kinks in the location"),
        ("y ~ x", th.Truncated(th.Laplace(), low=-90), {}, "regress the family inside it"),
        ("censored(y, w) ~ x", th.Laplace(), {}, "known exactly"),
        ("y ~ x", th.Laplace(), {"penalty": th.Ridge(1.0)}, "takes no penalty"),
    ],
)
def test_what_is_not_done_is_refused_with_what_to_do(formula, family, options, words):
    data = {**DATA, "w": DATA["w"] > 0}
    with pytest.raises(ModelError, match=words):
        th.fit(th.Regression(formula, family), data, **options)


def test_other_formulas_and_aliases_are_refused():
    with pytest.raises(ModelError, match="one was given for scale"):
        th.fit(th.Regression("y ~ x", th.Laplace(), scale="~ z"), DATA)
    with pytest.raises(DataError, match="aliased"):
        th.fit(th.Regression("y ~ x + x2", th.Laplace()), {**DATA, "x2": 2.0 * X})


# ---- Covariances ------------------------------------------------------------------------------------------------


def numbers_of_engel():
    table = np.loadtxt(Path(__file__).parent / "engel.csv", delimiter=",", skiprows=1)
    return {"income": table[:, 0], "food": table[:, 1]}


def test_covariances_are_those_of_quantreg_on_engels_data():
    """Koenker's (2005) vignette of quantreg prints 19.25066 and 0.02828 for se = "nid"."""
    fit = th.fit(th.Regression("food ~ income", th.AsymmetricLaplace(tau=0.5)), numbers_of_engel())
    assert list(fit.estimates.values())[:2] == pytest.approx([81.48225, 0.56018], abs=1e-5)
    nid = np.sqrt(np.diag(fit.covariance("nid")))
    assert nid[:2] == pytest.approx([19.25066, 0.02828], abs=5e-6)


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("weights", [None, "w"])
def test_the_kernel_sandwich_is_powells(tau, weights):
    data = DATA if weights is None else {**DATA, "w": DATA["w"] + 1.0}
    fit = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=tau)), data, weights=weights)
    times = np.ones(N, dtype=int) if weights is None else data["w"].astype(int)
    design, y = np.repeat(DESIGN, times, axis=0), np.repeat(Y, times)
    n = y.size
    residual = y - design @ list(fit.estimates.values())[:3]
    z = stats.norm.ppf(tau)
    width = (
        n ** (-1 / 3)
        * stats.norm.ppf(0.975) ** (2 / 3)
        * (1.5 * stats.norm.pdf(z) ** 2 / (2 * z**2 + 1)) ** (1 / 3)
    )
    while tau - width <= 0 or tau + width >= 1:
        width /= 2
    spread = min(np.std(residual, ddof=1), (np.quantile(residual, 0.75) - np.quantile(residual, 0.25)) / 1.34)
    h = (stats.norm.ppf(tau + width) - stats.norm.ppf(tau - width)) * spread
    bread = np.linalg.inv((design.T * stats.norm.pdf(residual / h) / h) @ design)
    expected = tau * (1 - tau) * bread @ design.T @ design @ bread
    assert fit.covariance("ker")[:3, :3] == pytest.approx(expected, rel=1e-8)
    # Rows that are met have slopes with which the score is 0.
    slope = np.where(residual > 1e-9, tau, tau - 1.0)
    met = np.abs(residual) <= 1e-9
    slope[met] = 0.0
    slope[met] = np.linalg.lstsq(design[met].T, -slope @ design, rcond=None)[0]
    robust = bread @ (design.T * slope**2) @ design @ bread
    assert fit.covariance("sandwich")[:3, :3] == pytest.approx(robust, rel=1e-8)
    assert fit.covariance("HC1") == pytest.approx(fit.covariance("sandwich") * n / (n - 3), rel=1e-12)


def test_covariances_of_laplace_are_those_of_the_median_and_fixed_ones_are_left_out():
    fit = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA)
    half = th.fit(th.Regression("y ~ x + z", th.AsymmetricLaplace(tau=0.5)), DATA)
    for kind in ("ker", "nid", "sandwich"):
        own = fit.covariance(kind)
        assert own[:3, :3] == pytest.approx(half.covariance(kind)[:3, :3], rel=1e-9)
        # The scale, twice that of the asymmetric one, is estimated by the mean distance.
        distance = np.abs(Y - fit.predict(DATA))
        assert np.sqrt(own[3, 3]) == pytest.approx(np.std(distance) / np.sqrt(N), rel=1e-9)
    held = th.fit(th.Regression("y ~ x + z", th.Laplace()), DATA, fixed={"x": fit.estimates["x"]})
    assert held.free_names == ("Intercept", "z", "scale")
    assert held.covariance("ker").shape == (3, 3)
    assert held.covariance("ker")[0, 0] < fit.covariance("ker")[0, 0]


def test_clusters_are_summed_before_they_are_squared():
    doubled = {name: np.concatenate([column, column]) for name, column in DATA.items()}
    fit = th.fit(th.Regression("y ~ x", th.Laplace()), doubled)
    pairs = np.concatenate([np.arange(N), np.arange(N)])
    once, together = fit.covariance("sandwich"), fit.covariance("sandwich", cluster=pairs)
    assert together == pytest.approx(2.0 * once, rel=1e-9)


def test_standard_errors_for_any_scatter_cover_where_those_of_the_family_do_not():
    rng = np.random.default_rng(11)
    covered = dict.fromkeys(("expected", "ker", "nid"), 0)
    for _ in range(60):
        x = rng.uniform(0.0, 2.0, 300)
        y = 1.0 + x + (0.2 + x) * rng.normal(size=300)
        fit = th.fit(th.Regression("y ~ x", th.Laplace()), {"x": x, "y": y})
        for kind in covered:
            covered[kind] += abs(fit.estimates["x"] - 1.0) < 1.96 * np.sqrt(fit.covariance(kind)[1, 1])
    assert covered["expected"] < 53
    assert min(covered["ker"], covered["nid"]) >= 53


def test_covariances_that_do_not_exist_are_refused_with_others():
    fit = th.fit(th.Regression("y ~ x", th.Laplace()), DATA)
    for kind in ("HC2", "HC3"):
        with pytest.raises(InferenceError, match="no leverage"):
            fit.covariance(kind)
    assert np.isfinite(fit.covariance("opg")).all()
    normal = th.fit(th.Regression("y ~ x", th.Normal()), DATA)
    for kind in ("ker", "nid"):
        with pytest.raises(InferenceError, match="quantile regressions"):
            normal.covariance(kind)
        with pytest.raises(InferenceError, match="choose from sandwich"):
            fit.covariance(kind, cluster=np.arange(N))
    assert "covariance('nid')" in fit.certificate.sentence


def test_a_column_far_from_zero_is_fitted_as_one_near_it():
    rng = np.random.default_rng(0)
    # Whole multiples of 2^-20 are exact beside 2^30.
    x = np.round(rng.normal(size=60) * 2.0**20) / 2.0**20
    y = 1.0 + 2.0 * x + rng.standard_t(3, 60)
    near = th.fit(th.Regression("y ~ x", th.Laplace()), {"x": x, "y": y})
    far = th.fit(th.Regression("y ~ x", th.Laplace()), {"x": x + 2.0**30, "y": y})
    assert far.certificate.verdict == near.certificate.verdict == "maximum"
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-13)
    for name in ("x", "scale"):
        assert far.estimates[name] == pytest.approx(near.estimates[name], rel=1e-12)
        assert far.standard_errors[name] == pytest.approx(near.standard_errors[name], rel=1e-12)
    there = far.predict({"x": [2.0**30]}, "mean", level=0.95)
    here = near.predict({"x": [0.0]}, "mean", level=0.95)
    assert there.low[0] == pytest.approx(here.low[0], rel=1e-10)
