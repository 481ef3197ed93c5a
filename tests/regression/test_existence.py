"""Regressions whose maximum does not exist, or is not determined, say so and say why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parents[1] / "reference" / "data"


def table(name):
    rows = np.genfromtxt(DATA / f"{name}.csv", delimiter=",", names=True)
    return {column: rows[column] for column in rows.dtype.names}


def reference(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["expected"]


def test_quasi_complete_separation_keeps_what_is_finite():
    expected = reference("separation_quasi_endometrial")
    columns = table("endometrial_design")
    fit = th.regress(
        np.column_stack(list(columns.values())),
        table("endometrial")["HG"],
        th.Bernoulli(),
        names=list(columns),
    )
    certificate = fit.certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.exists is False
    assert certificate.parameters == ("NV",)
    assert certificate.supremum == pytest.approx(expected["loglik_supremum"], rel=1e-10)
    assert fit.log_likelihood == certificate.supremum
    assert fit.estimates["NV"] == np.inf
    assert np.isnan(fit.standard_errors["NV"])
    for name, value in expected["finite_coefficients_in_the_limit"].items():
        assert fit.estimates[name] == pytest.approx(value, rel=1e-8)
        assert certificate.status[name] == "regular"
    # The finite submodel is the regression of the rows that are not separated.
    left = columns["NV"] == 0
    kept = [name for name in columns if name != "NV"]
    submodel = th.regress(
        np.column_stack([columns[name][left] for name in kept]),
        table("endometrial")["HG"][left],
        th.Bernoulli(),
        names=kept,
    )
    for name in kept:
        assert fit.standard_errors[name] == pytest.approx(submodel.standard_errors[name], rel=1e-7)
    low, high = fit.intervals(method="profile", parameters="NV")["NV"]
    assert np.isfinite(low)
    assert high == np.inf
    assert "Firth" in certificate.sentence


def test_complete_separation_reaches_the_supremum():
    columns = table("iris_separated_design")
    y = table("iris_separated")
    response = next(values for values in y.values() if set(np.unique(values)) == {0.0, 1.0})
    fit = th.regress(np.column_stack(list(columns.values())), response, th.Bernoulli(), names=list(columns))
    assert fit.certificate.verdict == "at_infinity"
    assert fit.log_likelihood == pytest.approx(
        reference("separation_complete_iris")["loglik_supremum"], abs=1e-9
    )
    assert all(np.isnan(error) for error in fit.standard_errors.values())
    assert "complete separation" in fit.certificate.sentence


GROUP = np.arange(90) % 3
NUMBER = np.random.default_rng(4).standard_normal(90)


def by_group(y, family, **more):
    columns = {"x": NUMBER, "g": GROUP, "y": y, **more}
    response = "censored(y, e)" if "e" in more else "y"
    return th.fit(th.Regression(f"{response} ~ x + C(g)", family), columns)


def drawn(name):
    rng = np.random.default_rng(8)
    return {
        "poisson": rng.poisson(3.0, 90),
        "binary": rng.integers(0, 2, 90),
        "negative_binomial": rng.negative_binomial(2, 0.4, 90),
        "waits": rng.weibull(1.3, 90),
        "classes": rng.integers(0, 3, 90),
    }[name]


@pytest.mark.parametrize(
    ("family", "y", "more", "end"),
    [
        (th.Poisson(), np.where(GROUP == 1, 0, drawn("poisson")), {}, -np.inf),
        (th.NegativeBinomial(), np.where(GROUP == 1, 0, drawn("negative_binomial")), {}, -np.inf),
        (th.Bernoulli(), np.where(GROUP == 1, 1, drawn("binary")), {}, np.inf),
        (th.Weibull(), drawn("waits"), {"e": (GROUP != 1).astype(int)}, np.inf),
        (th.Ordinal(), np.where(GROUP == 1, 2, drawn("classes")), {}, np.inf),
        (th.Geometric(), np.where(GROUP == 1, 0, drawn("poisson")), {}, np.inf),
    ],
    ids=lambda item: getattr(item, "name", None),
)
def test_a_group_that_says_one_thing_only_sends_its_coefficient_to_infinity(family, y, more, end):
    fit = by_group(y, family, **more)
    certificate = fit.certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.parameters == ("C(g)[T.1]",)
    assert fit.estimates["C(g)[T.1]"] == end
    assert np.isfinite(fit.standard_errors["x"])
    # The other groups are as if this one were not there.
    rest = GROUP != 1
    columns = {"x": NUMBER[rest], "g": GROUP[rest], "y": y[rest], **{k: v[rest] for k, v in more.items()}}
    response = "censored(y, e)" if more else "y"
    submodel = th.fit(th.Regression(f"{response} ~ x + C(g)", family), columns)
    assert fit.log_likelihood == pytest.approx(submodel.log_likelihood, rel=1e-9)
    for name in submodel.estimates:
        assert fit.estimates[name] == pytest.approx(submodel.estimates[name], rel=1e-5, abs=1e-7)
        assert fit.standard_errors[name] == pytest.approx(submodel.standard_errors[name], rel=1e-5)


def test_a_softmax_class_that_has_a_group_for_itself_is_at_infinity():
    fit = by_group(np.where(GROUP == 2, 2, np.minimum(drawn("classes"), 1)), th.Categorical())
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["2:C(g)[T.2]"] == np.inf
    assert fit.estimates["2:Intercept"] == -np.inf
    assert np.isfinite(fit.standard_errors["1:x"])


def test_one_row_of_overlap_is_enough_for_a_maximum():
    x = np.concatenate([np.linspace(-2.0, -0.1, 20), np.linspace(0.1, 2.0, 20)])
    y = (x > 0).astype(int)
    matrix = np.column_stack([np.ones(40), x])
    assert th.regress(matrix, y, th.Bernoulli()).certificate.verdict == "at_infinity"
    y[0] = 1
    fit = th.regress(matrix, y, th.Bernoulli())
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"


@pytest.mark.parametrize("y", [np.zeros(30), np.ones(30)])
def test_a_response_with_one_class_is_at_infinity(y):
    matrix = np.column_stack([np.ones(30), np.linspace(0.0, 1.0, 30)])
    fit = th.regress(matrix, y, th.Bernoulli())
    assert fit.certificate.verdict == "at_infinity"
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)


def test_aliased_columns_are_named_with_what_they_are_made_of():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((50, 3))
    y = rng.integers(0, 2, 50)
    for extra, words in (
        (matrix[:, 0] - 2 * matrix[:, 2], r"x3 = x0 - 2 x2"),
        (np.full(50, 4.0), r"x3 is 4 in every row"),
        (matrix[:, 1], r"x3 equals x1"),
        (np.zeros(50), r"x3 is 0 in every row"),
    ):
        with pytest.raises(th.DataError, match=words):
            th.regress(np.column_stack([matrix, extra]), y, th.Bernoulli(), intercept=True)


def test_more_coefficients_than_rows_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(th.DataError, match="5 rows cannot determine 8 coefficients"):
        th.regress(rng.standard_normal((5, 8)), rng.poisson(2.0, 5), th.Poisson())


def test_a_constant_beside_thresholds_is_aliased():
    rng = np.random.default_rng(0)
    matrix = np.column_stack([np.ones(60), rng.standard_normal(60)])
    with pytest.raises(th.DataError, match="aliased"):
        th.regress(matrix, rng.integers(0, 3, 60), th.Ordinal())


def test_nearly_aliased_columns_are_fitted_with_a_condition_that_shows_it():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200)
    matrix = np.column_stack([np.ones(200), x, x + 1e-5 * rng.standard_normal(200)])
    fit = th.regress(matrix, rng.poisson(2.0, 200), th.Poisson())
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.condition_number > 1e8


def test_a_perfect_linear_fit_is_unbounded():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((40, 3))
    fit = th.regress(matrix, matrix @ [1.0, 2.0, 3.0], th.Normal(), intercept=True)
    assert fit.certificate.verdict == "unbounded"


def test_negative_binomial_of_underdispersed_counts_is_poisson():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(300)
    y = rng.binomial(20, 1 / (1 + np.exp(-0.3 * x)))
    matrix = np.column_stack([np.ones(300), x])
    fit = th.regress(matrix, y, th.NegativeBinomial())
    poisson = th.regress(matrix, y, th.Poisson())
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Poisson"
    assert fit.estimates["size"] == np.inf
    assert fit.log_likelihood == pytest.approx(poisson.log_likelihood, rel=1e-10)
    for name in ("x0", "x1"):
        assert fit.estimates[name] == pytest.approx(poisson.estimates[name], rel=1e-6)
        assert fit.standard_errors[name] == pytest.approx(poisson.standard_errors[name], rel=1e-6)


def test_student_t_of_normal_errors_may_be_normal():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(100)
    y = x + rng.uniform(-1.0, 1.0, 100)
    fit = th.regress(np.column_stack([np.ones(100), x]), y, th.StudentT())
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Normal"


def test_a_class_that_becomes_impossible_in_some_rows_leaves_the_others_in_competition():
    labels = list("aabbccccaabb")
    z = np.array([0.0, 1.0, 1.0, 2.0, 5.0, 6.0, 5.0, 6.0, 1.0, 0.0, 1.5, 2.0])
    fit = th.regress(z, labels, th.Categorical(), intercept=True)
    assert fit.certificate.verdict == "at_infinity"
    # In the limit c takes the rows with z >= 5, and a and b share the others, where b follows a without more overlap
    # than at z = 1.
    low = z < 5
    pair = th.regress(z[low], (np.array(labels)[low] == "b").astype(int), th.Bernoulli(), intercept=True)
    assert fit.log_likelihood == pytest.approx(pair.log_likelihood, abs=1e-9)
    if pair.certificate.verdict == "maximum":
        assert fit.estimates["b:x0"] == pytest.approx(pair.estimates["x0"], rel=1e-6)
    assert np.all(np.isfinite(fit.residuals("deviance")))


def test_completely_separated_ordered_classes_reach_probability_one():
    fit = th.regress(np.arange(8.0), list("aabbbccc"), th.Ordinal())
    assert fit.certificate.verdict == "at_infinity"
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)
    assert np.all(np.isfinite(fit.residuals("deviance")))
    assert fit.predict(what="class").tolist() == list("aabbbccc")


def test_standard_errors_are_withheld_where_an_end_point_is_learned_faster_than_usual():
    rng = np.random.default_rng(6)
    x = rng.standard_normal(400)
    # A short upper tail: the end-point of a GEV of shape -0.7.
    y = 0.5 * x + (1 - rng.exponential(size=400) ** 0.7) / 0.7
    fit = th.regress(np.column_stack([np.ones(400), x]), y, th.GEV())
    assert -1 < fit.estimates["shape"] < -0.5
    assert set(fit.certificate.status.values()) == {"irregular"}
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert fit.certificate.region == "shape above -1"
    short = 0.5 * x + (1 - rng.exponential(size=400) ** 0.2) / 0.2
    assert th.regress(np.column_stack([np.ones(400), x]), short, th.GEV()).certificate.allows_standard_errors


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_responses_too_large_or_small_to_be_squared_are_fitted_as_others(size: float) -> None:
    """In their own unit information would be 0 or infinite, and a slope look as if it did not matter."""
    y, x = np.array([1.0, 2.0, 3.5, 3.8]), np.arange(4.0)
    for family in (th.Normal(), th.Logistic(), th.StudentT(df=4)):
        model = th.Regression("y ~ x", family)
        far, near = (th.fit(model, {"x": x, "y": factor * y}) for factor in (size, 1.0))
        assert far.certificate.verdict == "maximum"
        assert far.estimates["x"] / size == pytest.approx(near.estimates["x"], rel=1e-8)
    # A logarithm takes them.
    assert (
        th.fit(th.Regression("y ~ x", th.Gamma()), {"x": x, "y": size * y}).certificate.verdict == "maximum"
    )
