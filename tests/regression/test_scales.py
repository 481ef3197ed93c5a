"""Columns far from 0 beside their spread are fitted as if they were near it, with an exact way back."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(3)
# Multiples of 2**-20, which 1e9 does not round.
NEAR = np.round(RNG.normal(size=100) * 2**20) / 2**20
GROUP = RNG.integers(0, 3, 100)
FAR = 1e9
Y = 1 + 2 * NEAR + RNG.normal(size=100)
RESPONSES = {
    "normal": (th.Normal(), Y, {}),
    "spread": (th.Normal(), Y, {"sd": "~ x"}),
    "student": (th.StudentT(df=5), Y, {}),
    "poisson": (th.Poisson(), RNG.poisson(np.exp(0.5 * NEAR)), {}),
    "negative_binomial": (th.NegativeBinomial(), RNG.negative_binomial(2, 2 / (2 + np.exp(0.5 * NEAR))), {}),
    "logistic": (th.Bernoulli(), (NEAR + RNG.logistic(size=100) > 0).astype(int), {}),
}


def fits(name):
    family, y, formulas = RESPONSES[name]
    model = th.Regression("y ~ x + C(g)", family, **formulas)
    return [th.fit(model, {"x": NEAR + shift, "g": GROUP, "y": y}) for shift in (FAR, 0.0)]


@pytest.mark.parametrize("name", RESPONSES)
def test_a_column_at_a_thousand_million_gives_the_fit_of_the_one_at_0(name):
    far, near = fits(name)
    assert far.certificate.verdict == near.certificate.verdict == "maximum"
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-13)
    covariance = near.covariance()
    names = near.free_names
    back = np.eye(len(names))
    for prefix in ("", "sd:"):
        if f"{prefix}x" in names:
            back[names.index(f"{prefix}Intercept"), names.index(f"{prefix}x")] = -FAR
    expected = back @ covariance @ back.T
    # Estimates of numbers without a predictor are where they were.
    moved = back @ np.array([near.estimates[name] for name in names])
    assert [far.estimates[name] for name in names] == pytest.approx(moved.tolist(), rel=1e-8)
    errors = np.sqrt(np.diag(expected))
    assert [far.standard_errors[name] for name in names] == pytest.approx(errors.tolist(), rel=1e-7)
    assert far.covariance() / errors / errors[:, None] == pytest.approx(
        expected / errors / errors[:, None], abs=1e-7
    )
    assert min(far.certificate.digits[name] for name in ("Intercept", "x")) > 8


def test_what_is_made_of_such_a_fit_agrees():
    far, near = fits("poisson")
    rows = [{"x": NEAR[:7] + shift, "g": GROUP[:7]} for shift in (FAR, 0.0)]
    assert far.predict(rows[0]) == pytest.approx(near.predict(rows[1]), rel=1e-13)
    for kind in ("pearson", "deviance"):
        assert far.residuals(kind) == pytest.approx(near.residuals(kind), abs=1e-12)
    assert far.leverage() == pytest.approx(near.leverage(), rel=1e-10)
    for kind in ("sandwich", "HC3"):
        x = far.free_names.index("x")
        assert far.covariance(kind)[x, x] == pytest.approx(near.covariance(kind)[x, x], rel=1e-9)
    profiles = far.intervals(method="profile")
    assert profiles["x"] == pytest.approx(near.intervals(method="profile")["x"], rel=1e-9)
    # The constant is that of x = 0, a thousand million standard deviations away.
    low, high = profiles["Intercept"]
    assert (low, high) == pytest.approx((-FAR * profiles["x"][1], -FAR * profiles["x"][0]), rel=1e-6)
    effects = [fit.marginal_effects()["x"] for fit in (far, near)]
    assert effects[0].estimate == pytest.approx(effects[1].estimate, rel=1e-9)
    assert "Intercept" in str(far.summary())


def test_such_a_fit_is_saved_and_loaded(tmp_path):
    far, _ = fits("normal")
    far.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.estimates == far.estimates
    assert loaded.standard_errors == far.standard_errors
    rows = {"x": NEAR[:7] + FAR, "g": GROUP[:7]}
    assert loaded.predict(rows).tolist() == far.predict(rows).tolist()


def test_arrays_classes_starts_and_penalties():
    labels = np.random.default_rng(5).integers(0, 3, 100)
    far, near = (
        th.regress(np.column_stack([NEAR + shift, NEAR**2]), labels, th.Categorical(), intercept=True)
        for shift in (FAR, 0.0)
    )
    for name in ("1:x0", "2:x0", "1:x1"):
        assert far.estimates[name] == pytest.approx(near.estimates[name], rel=1e-8)
        assert far.standard_errors[name] == pytest.approx(near.standard_errors[name], rel=1e-8)
    model = th.Regression("y ~ x", th.Normal())
    columns = [{"x": NEAR + shift, "y": Y} for shift in (FAR, 0.0)]
    started = th.fit(model, columns[0], start={"Intercept": -2e9, "x": 2.0})
    assert started.certificate.verdict == "maximum"
    held = [th.fit(model, data, penalty=th.Ridge(5.0)) for data in columns]
    assert held[0].certificate.verdict == "maximum"
    assert held[0].estimates["x"] == pytest.approx(held[1].estimates["x"], rel=1e-9)


def test_separation_far_from_0_moves_the_constant_too():
    fit = th.fit(th.Regression("y ~ x", th.Bernoulli()), {"x": NEAR + FAR, "y": (NEAR > 0).astype(int)})
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates == {"Intercept": -np.inf, "x": np.inf}
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)


TINY, HUGE = 2.0**-996, 2.0**996


def test_what_is_made_of_a_limit_far_from_0_agrees():
    counts = RESPONSES["poisson"][1]
    far, near = (
        th.fit(th.Regression("y ~ x", th.NegativeBinomial()), {"x": NEAR + shift, "y": counts})
        for shift in (FAR, 0.0)
    )
    assert far.certificate.limit == near.certificate.limit == "Poisson"
    back = np.array([1.0, -FAR])
    for kind in ("observed", "sandwich", "opg"):
        found, expected = far.covariance(kind), near.covariance(kind)
        assert found[1, 1] == pytest.approx(expected[1, 1], rel=1e-9)
        assert found[0, 0] == pytest.approx(back @ expected[:2, :2] @ back, rel=1e-9)
    found, expected = (fit.intervals(method="profile", parameters=["x"])["x"] for fit in (far, near))
    assert found == pytest.approx(expected, rel=1e-7)


def test_a_profile_beside_a_limit_follows_the_ridge():
    # Without that a step of the constant began at rates of e^100 and took minutes.
    counts = RESPONSES["poisson"][1]
    far, poisson = (
        th.fit(th.Regression("y ~ x", family), {"x": NEAR + 900.0, "y": counts})
        for family in (th.NegativeBinomial(), th.Poisson())
    )
    assert far.certificate.limit == "Poisson"
    names = ["Intercept", "x"]
    found, expected = (fit.intervals(method="profile", parameters=names) for fit in (far, poisson))
    assert found["Intercept"] == pytest.approx(expected["Intercept"], rel=1e-6)
    assert found["x"] == pytest.approx(expected["x"], rel=1e-6)


@pytest.mark.parametrize(
    "family", [th.Normal(), th.StudentT(), th.Logistic(), th.Gumbel()], ids=lambda item: item.name
)
@pytest.mark.parametrize("size", [TINY, HUGE, 2.0**500])
def test_responses_whose_sums_overflow_are_fitted_in_another_unit(family, size, tmp_path):
    model = th.Regression("y ~ x + C(g)", family)
    y = 1 + 2 * NEAR + np.random.default_rng(8).standard_t(3, size=100)
    far, near = (th.fit(model, {"x": NEAR, "g": GROUP, "y": y * factor}) for factor in (size, 1.0))
    assert far.certificate.verdict == near.certificate.verdict == "maximum"
    shift = 100 * np.log(size)
    assert far.log_likelihood == pytest.approx(near.log_likelihood - shift, rel=1e-13)
    for name in near.estimates:
        factor = 1.0 if name == "df" else size
        assert far.estimates[name] / factor == pytest.approx(near.estimates[name], rel=1e-9)
        assert far.standard_errors[name] / factor == pytest.approx(near.standard_errors[name], rel=1e-8)
    rows = {"x": NEAR[:7], "g": GROUP[:7]}
    assert far.predict(rows) / size == pytest.approx(near.predict(rows), rel=1e-9)
    assert far.residuals("response") / size == pytest.approx(near.residuals("response"), rel=1e-8)
    assert far.residuals("deviance") == pytest.approx(near.residuals("deviance"), rel=1e-7)
    assert far.simulate(1) / size == pytest.approx(near.simulate(1), rel=1e-8)
    for method in ("wald", "profile"):
        ends, usual = (fit.intervals(method=method, parameters="x")["x"] for fit in (far, near))
        assert [end / size for end in ends] == pytest.approx(usual, rel=1e-8)
    effects = [fit.marginal_effects()["x"] for fit in (far, near)]
    assert effects[0].standard_error / size == pytest.approx(effects[1].standard_error, rel=1e-8)
    constants = [fit.null_model().log_likelihood for fit in (far, near)]
    assert constants[0] == pytest.approx(constants[1] - shift, rel=1e-12)
    far.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.estimates == far.estimates
    assert loaded.predict(rows).tolist() == far.predict(rows).tolist()


@pytest.mark.parametrize("size", [TINY, HUGE])
def test_other_units_go_with_spreads_offsets_censoring_and_fixed_numbers(size):
    offset = 0.3 * np.cos(np.arange(100.0))
    event = (np.arange(100) % 4 != 0).astype(int)
    for model, more in (
        (th.Regression("y ~ x", th.Normal(), sd="~ x"), {}),
        (th.Regression("y ~ x + offset(o)", th.Normal()), {}),
        (th.Regression("censored(y, e) ~ x", th.Normal()), {}),
        (th.Regression("y ~ x", th.Normal()), {"fixed": "sd"}),
        (th.Regression("y ~ x", th.Normal()), {"start": "x"}),
    ):
        far, near = (
            th.fit(
                model,
                {"x": NEAR, "y": Y * factor, "o": offset * factor, "e": event},
                **{what: {name: 1.5 * factor} for what, name in more.items()},
            )
            for factor in (size, 1.0)
        )
        assert far.certificate.verdict == near.certificate.verdict == "maximum"
        for name, estimate in near.estimates.items():
            if name == "sd:Intercept":
                assert far.estimates[name] - np.log(size) == pytest.approx(estimate, abs=1e-9)
            else:
                factor = 1.0 if name == "sd:x" else size
                assert far.estimates[name] / factor == pytest.approx(estimate, rel=1e-8)
                error = near.standard_errors[name]
                assert far.standard_errors[name] / factor == pytest.approx(error, rel=1e-7, nan_ok=True)


def test_other_units_are_refused_beside_a_link_or_penalty_of_ones_own():
    data = {"x": NEAR, "y": Y * HUGE}
    with pytest.raises(th.DataError, match=r"y has values of about .* Divide them by"):
        th.fit(th.Regression("y ~ x", th.Normal()), data, penalty=th.Ridge(1.0))
    with pytest.raises(th.DataError, match="Divide them by"):
        th.fit(th.Regression("y ~ x", th.Normal(), sd="~ x", links={"sd": "identity"}), data)


def test_columns_near_0_are_left_as_they_are():
    fit = th.fit(th.Regression("y ~ x", th.Normal()), {"x": NEAR + 100.0, "y": Y})
    assert not fit.solution.table.shifts


@pytest.mark.parametrize("size", [2.0**-200, 2.0**34, 2.0**70, 2.0**200])
@pytest.mark.parametrize("family", [th.StudentT(), th.Logistic()], ids=lambda item: item.name)
def test_the_scale_of_the_response_does_not_matter(family, size):
    model = th.Regression("y ~ x", family)
    y = 1 + 2 * NEAR + np.random.default_rng(8).standard_t(3, size=100)
    large, usual = (th.fit(model, {"x": NEAR, "y": y * factor}) for factor in (size, 1.0))
    assert large.certificate.verdict == "maximum"
    for name in ("Intercept", "x", "scale"):
        assert large.estimates[name] == pytest.approx(usual.estimates[name] * size, rel=1e-8)
        assert large.standard_errors[name] == pytest.approx(usual.standard_errors[name] * size, rel=1e-7)
