"""Average marginal effects against the formulas written out, and against counterfactual predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse, special

import thetahat as th

RNG = np.random.default_rng(8)
N = 160
X = RNG.normal(size=N)
Z = RNG.uniform(1.0, 3.0, N)
G = RNG.choice(["a", "b", "c"], N)
CENTRE = 0.2 + 0.6 * X - 0.3 * Z + 0.4 * (G == "b")
COLUMNS: dict[str, Any] = {
    "x": X,
    "z": Z,
    "g": G,
    "k": RNG.integers(1, 4, N),
    "h": X + RNG.normal(size=N) > 0.1,
    "t": RNG.uniform(0.5, 2.0, N),
    "yes": (RNG.random(N) < special.expit(CENTRE)).astype(int),
    "count": RNG.poisson(np.exp(CENTRE)),
    "w": RNG.integers(1, 4, N),
    "time": np.exp(CENTRE) * RNG.weibull(1.5, N),
}


def test_logit_as_statsmodels_and_margins_have_it() -> None:
    """dy/dx = β mean(p q); its gradient in β is mean(p q) e_j + β_j mean(p q (1 - 2p) x)."""
    matrix = np.column_stack([np.ones(N), X, Z])
    for design in (matrix, sparse.csr_matrix(matrix)):
        fit = th.regress(design, COLUMNS["yes"], th.Bernoulli())
        beta = np.array(list(fit.estimates.values()))
        p = special.expit(matrix @ beta)
        slope, bend = p * (1 - p), p * (1 - p) * (1 - 2 * p)
        found = fit.marginal_effects()
        assert list(found) == ["x0", "x1", "x2"]
        for j, name in enumerate(found):
            gradient = beta[j] * (bend @ matrix) / N
            gradient[j] += slope.mean()
            error = np.sqrt(gradient @ fit.covariance() @ gradient)
            np.testing.assert_allclose(found[name].estimate, beta[j] * slope.mean(), rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(found[name].standard_error, error, rtol=1e-6)
    z = special.ndtri(0.975)
    effect = found["x1"]
    np.testing.assert_allclose(effect.low, effect.estimate - z * effect.standard_error, rtol=1e-12)
    np.testing.assert_allclose(
        effect.p_value, 2 * special.ndtr(-abs(effect.estimate / effect.standard_error)), rtol=1e-9
    )
    assert "x1" in str(found)


def test_an_interaction_a_category_and_weights() -> None:
    fit = th.fit(th.Regression("count ~ x*g + offset(log(t))", th.Poisson()), COLUMNS, weights="w")
    b = fit.estimates
    by_level = {"a": 0.0, "b": b["x:g[T.b]"], "c": b["x:g[T.c]"]}
    slope = b["x"] + np.array([by_level[level] for level in G])
    found = fit.marginal_effects()
    mean = fit.predict()
    assert list(found) == ["x", "g[b]", "g[c]"]
    w = COLUMNS["w"]
    np.testing.assert_allclose(found["x"].estimate, np.average(mean * slope, weights=w), rtol=1e-9)
    changed = [fit.predict({**COLUMNS, "g": [level] * N}) for level in "ab"]
    np.testing.assert_allclose(
        found["g[b]"].estimate, np.average(changed[1] - changed[0], weights=w), rtol=1e-12
    )
    # The exposure counts when it is asked for.
    np.testing.assert_allclose(
        fit.marginal_effects("t")["t"].estimate, np.average(mean / COLUMNS["t"], weights=w), rtol=1e-8
    )


def brute(fit: th.Fit, statistic: Any, refit: Any) -> float:
    """Standard error of a statistic of a fit, the estimates moved one by one."""
    gradient = []
    for name in fit.free_names:
        step = 1e-3 * fit.standard_errors[name]
        ends = []
        for sign in (1.0, -1.0):
            held = {key: fit.estimates[key] + sign * step * (key == name) for key in fit.free_names}
            ends.append(statistic(refit(held)))
        gradient.append((ends[0] - ends[1]) / (2 * step))
    return float(np.sqrt(gradient @ fit.covariance() @ np.array(gradient)))


@pytest.mark.parametrize(
    ("formula", "family", "formulas"),
    [
        ("count ~ bs(x, df=5) + C(k) + h", th.Poisson(), {}),
        ("time ~ poly(z, 2) + log(z)*x", th.Weibull(), {"shape": "~ x"}),
        ("yes ~ x*h", th.Bernoulli(), {}),
    ],
)
def test_against_predictions_with_a_column_moved(formula: str, family: Any, formulas: Any) -> None:
    model = th.Regression(formula, family, **formulas)
    fit = th.fit(model, COLUMNS)
    found = fit.marginal_effects()
    # At the ends of its range a spline says no more, so that the row's own middle is taken.
    inner = np.clip(X, np.sort(X)[1], np.sort(X)[-2]) if "bs" in formula else X

    def slope(of: th.Fit) -> float:
        by = 1e-5
        high, low = (of.predict({**COLUMNS, "x": inner + sign * by}) for sign in (1, -1))
        return float(np.mean(high - low) / (2 * by))

    expected = slope(fit)
    tolerance = 2e-2 if "bs" in formula else 1e-6
    np.testing.assert_allclose(found["x"].estimate, expected, rtol=tolerance)
    if "bs" not in formula:
        error = brute(fit, slope, lambda held: th.fit(model, COLUMNS, fixed=held))
        np.testing.assert_allclose(found["x"].standard_error, error, rtol=1e-4)
    for name, column, values in (("k[3]", "k", (3, 1)), ("h", "h", (True, False))):
        if name not in found:
            continue

        def change(of: th.Fit, column: str = column, values: Any = values) -> float:
            high, low = (of.predict({**COLUMNS, column: np.full(N, value)}) for value in values)
            return float(np.mean(high - low))

        np.testing.assert_allclose(found[name].estimate, change(fit), rtol=1e-10)
        error = brute(fit, change, lambda held: th.fit(model, COLUMNS, fixed=held))
        np.testing.assert_allclose(found[name].standard_error, error, rtol=1e-4)


def test_a_spline_at_the_ends_of_its_range() -> None:
    """A parabola written as a B-spline has the parabola's slope everywhere, the outermost rows included."""
    spline = th.fit(th.Regression("count ~ bs(x, df=2, degree=2)", th.Poisson()), COLUMNS)
    plain = th.fit(th.Regression("count ~ x + I(x**2)", th.Poisson()), COLUMNS)
    one, other = spline.marginal_effects()["x"], plain.marginal_effects()["x"]
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-7)
    np.testing.assert_allclose(one.standard_error, other.standard_error, rtol=1e-6)


def test_probabilities_of_labels() -> None:
    fit = th.fit(th.Regression("g ~ x + h", th.Categorical()), COLUMNS)
    found = fit.marginal_effects()
    b = fit.estimates
    shares = fit.predict(what="probability")
    slopes = np.array([0.0, b["b:x"], b["c:x"]])
    expected = np.mean(shares * (slopes - (shares @ slopes)[:, np.newaxis]), axis=0)
    np.testing.assert_allclose(found["x"].estimate, expected, rtol=1e-8)
    np.testing.assert_allclose(np.sum(found["h"].estimate), 0.0, atol=1e-12)
    assert found.labels == ("a", "b", "c")
    assert (found["x"].standard_error > 0).all()
    held = fit.marginal_effects("x", at={"h": True})
    rows = fit.predict({**COLUMNS, "h": N * [True]}, "probability")
    expected = np.mean(rows * (slopes - (rows @ slopes)[:, np.newaxis]), axis=0)
    np.testing.assert_allclose(held["x"].estimate, expected, rtol=1e-8)


def test_loaded_fits_average_over_new_rows(tmp_path: Any) -> None:
    fit = th.fit(th.Regression("yes ~ x + g", th.Bernoulli()), COLUMNS)
    fit.save(tmp_path / "fit.json")
    back = th.load(tmp_path / "fit.json")
    assert str(back.marginal_effects(data=COLUMNS)) == str(fit.marginal_effects())
    with pytest.raises(th.InferenceError, match="give data="):
        back.marginal_effects()


def test_separation_leaves_effects_without_errors() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 2.0, 4.0, 5.0]), np.array([0, 0, 0, 1, 1, 1])
    found = th.regress(x, y, th.Bernoulli(), intercept=True).marginal_effects()
    assert np.isnan(found["x0"].standard_error)


def test_what_has_no_effect() -> None:
    fit = th.fit(th.Regression("count ~ x", th.Poisson()), COLUMNS)
    for arguments, said in (
        (("age",), "no variable 'age'; choose from x"),
        ((None, "means"), "must be 'overall'"),
        ((None, "overall", 95), "between 0 and 1"),
    ):
        with pytest.raises(th.InferenceError, match=said):
            fit.marginal_effects(*arguments)
    with pytest.raises(th.InferenceError, match="depends on no columns"):
        th.fit(th.Poisson(), COLUMNS["count"]).marginal_effects()
