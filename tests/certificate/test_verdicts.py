"""Maxima, limits and boundaries on data made for them, by the documented criteria."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.certificate.checking import CONTINUOUS, POINTS, check, in_good_english

import thetahat as th

RNG = np.random.default_rng(20)
LIGHT_TAILED = RNG.permutation(np.linspace(-2.0, 2.0, 40))
UNDER_DISPERSED = np.array([2, 3, 3, 4, 2, 3, 3, 3, 2, 4])


# ---- maximum ----------------------------------------------------


@pytest.mark.parametrize("family", [*CONTINUOUS, th.Exponential])
def test_interior_maximum(family: Any) -> None:
    y = np.random.default_rng(3).beta(2.0, 3.0, 200)
    if family is th.StudentT:
        y = np.random.default_rng(3).standard_t(3, 200)
    fit = th.fit(family(), y)
    certificate = check(fit, "maximum", exists=True, parameters=())
    assert set(certificate.status.values()) == {"regular"}
    assert certificate.limit is certificate.direction is None
    assert certificate.newton_decrement <= 1e-10
    assert certificate.curvature_change <= 0.25
    assert 1 <= certificate.condition_number < 1e6
    assert all(10 <= digits <= 15 for digits in certificate.digits.values())
    local = family in {th.StudentT, th.GEV}
    assert certificate.scope == ("local" if local else "global")
    assert (certificate.theorem is None) == local
    assert ("in any case" in certificate.sentence) == local


@pytest.mark.parametrize("family", [th.Bernoulli(), th.Poisson(), th.Geometric(), th.NegativeBinomial()])
def test_interior_maximum_of_counts(family: Any) -> None:
    y = [0, 1, 1, 0, 1] if family.name == "bernoulli" else [0, 1, 9, 3, 0, 7]
    assert check(th.fit(family, y), "maximum", exists=True, parameters=()).scope == "global"


def test_all_parameters_fixed_leave_nothing_to_estimate() -> None:
    fit = th.fit(th.Normal(), [3.0, 4.0], fixed={"mean": 2.0, "sd": 1.0})
    certificate = check(fit, "maximum", exists=True, parameters=())
    assert set(certificate.status.values()) == {"fixed"}
    assert not certificate.allows_standard_errors


def test_fixing_a_parameter_keeps_a_concave_likelihood_concave() -> None:
    for fixed in ({"shape": 2.0}, {"scale": 1.0}):
        fit = th.fit(th.Weibull(), [1.0, 2.0, 4.0], fixed=fixed)
        assert check(fit, "maximum", exists=True, parameters=()).scope == "global"
    over_dispersed = th.fit(th.NegativeBinomial(), [0, 1, 9, 3, 0, 7], fixed={"mean": 2.0})
    assert check(over_dispersed, "maximum", exists=True, parameters=()).scope == "local"


def test_irregular_maximum_has_no_standard_errors() -> None:
    fit = th.fit(th.GEV(), -np.random.default_rng(0).weibull(1.5, 300))
    certificate = check(fit, "maximum", exists=True, parameters=())
    assert -1.0 < fit.estimates["shape"] <= -0.5
    assert set(certificate.status.values()) == {"irregular"}
    assert not certificate.allows_standard_errors
    assert "irregular" in certificate.sentence


# ---- at infinity: declared limits -------------------------------


def light_tailed(kind: str) -> dict[str, Any]:
    weights = 1.0 + np.arange(40) % 3
    censored = th.Observations.right_censored(np.minimum(LIGHT_TAILED, 1.5), LIGHT_TAILED < 1.5)
    return {
        "plain": {"data": LIGHT_TAILED},
        "weighted": {"data": LIGHT_TAILED, "weights": weights},
        "censored": {"data": censored},
        "weighted and censored": {"data": censored, "weights": weights},
        "far from 0": {"data": LIGHT_TAILED + 1e6},
        "tiny": {"data": LIGHT_TAILED * 1e-200},
    }[kind]


@pytest.mark.parametrize(
    "kind", ["plain", "weighted", "censored", "weighted and censored", "far from 0", "tiny"]
)
def test_light_tails_lead_to_the_normal(kind: str) -> None:
    arguments = light_tailed(kind)
    fit = th.fit(th.StudentT(), **arguments)
    normal = th.fit(th.Normal(), **arguments)
    certificate = check(fit, "at_infinity", exists=False, parameters=("df",))
    assert certificate.limit == "Normal"
    assert certificate.direction == {"df": 1.0}
    assert fit.estimates["df"] == np.inf
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-12)
    for ours, theirs in (("location", "mean"), ("scale", "sd")):
        assert certificate.status[ours] == "regular"
        tolerance = 1e-8 * normal.standard_errors[theirs]
        assert fit.estimates[ours] == pytest.approx(normal.estimates[theirs], rel=1e-12, abs=tolerance)
        assert fit.standard_errors[ours] == pytest.approx(normal.standard_errors[theirs], rel=1e-6)


@pytest.mark.parametrize("fixed", [{"location": 0.1}, {"scale": 1.5}, {"location": 0.1, "scale": 1.5}])
def test_light_tails_lead_to_the_normal_beside_fixed_parameters(fixed: dict[str, float]) -> None:
    fit = th.fit(th.StudentT(), LIGHT_TAILED, fixed=fixed)
    names = {"location": "mean", "scale": "sd"}
    normal = th.fit(th.Normal(), LIGHT_TAILED, fixed={names[name]: value for name, value in fixed.items()})
    certificate = check(fit, "at_infinity", exists=False, parameters=("df",))
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-12)
    for name, value in fixed.items():
        assert certificate.status[name] == "fixed"
        assert fit.estimates[name] == value
    for name in names.keys() - fixed.keys():
        assert fit.standard_errors[name] == pytest.approx(normal.standard_errors[names[name]], rel=1e-8)


@pytest.mark.parametrize("kind", ["plain", "weighted", "censored", "mean fixed", "variance = mean", "single"])
def test_counts_that_do_not_vary_lead_to_poisson(kind: str) -> None:
    arguments: dict[str, Any] = {
        "plain": {"data": UNDER_DISPERSED},
        "weighted": {"data": UNDER_DISPERSED, "weights": 1.0 + np.arange(10) % 3},
        "censored": {
            "data": th.Observations.right_censored(np.minimum(UNDER_DISPERSED, 3), UNDER_DISPERSED < 4)
        },
        "mean fixed": {"data": UNDER_DISPERSED, "fixed": {"mean": 3.0}},
        "variance = mean": {"data": [0, 2]},
        "single": {"data": [5]},
    }[kind]
    fit = th.fit(th.NegativeBinomial(), **arguments)
    fixed = {"fixed": {"rate": 3.0}} if kind == "mean fixed" else {}
    poisson = th.fit(th.Poisson(), **{**arguments, **fixed})
    certificate = check(fit, "at_infinity", exists=False, parameters=("size",))
    assert certificate.limit == "Poisson"
    assert fit.estimates["size"] == np.inf
    assert fit.log_likelihood == pytest.approx(poisson.log_likelihood, rel=1e-12)
    assert fit.estimates["mean"] == pytest.approx(poisson.estimates["rate"], rel=1e-8)
    if kind != "mean fixed":
        assert fit.standard_errors["mean"] == pytest.approx(poisson.standard_errors["rate"], rel=1e-6)
    assert certificate.scope == (
        "global" if kind in {"plain", "weighted", "variance = mean", "single"} else "local"
    )


def test_barely_over_dispersed_counts_have_a_maximum() -> None:
    rate, size = 4.0, 1e5
    counts = np.arange(40)
    family = th.NegativeBinomial(mean=rate, size=size)
    fit = th.fit(th.NegativeBinomial(), counts, weights=1e6 * family.density(counts))
    check(fit, "maximum", exists=True, parameters=())
    assert fit.estimates["size"] == pytest.approx(size, rel=1e-4)
    assert (
        fit.log_likelihood
        >= th.fit(th.Poisson(), counts, weights=1e6 * family.density(counts)).log_likelihood
    )


def test_barely_heavy_tails_have_a_maximum() -> None:
    grid = np.linspace(-9.0, 9.0, 2001)
    family = th.StudentT(location=0, scale=1, df=1e4)
    fit = th.fit(th.StudentT(), grid, weights=1e6 * family.density(grid))
    check(fit, "maximum", exists=True, parameters=())
    assert fit.estimates["df"] == pytest.approx(1e4, rel=0.01)


@pytest.mark.parametrize("excess", [1e-2, 1e-4, 1e-6, 1e-8])
def test_the_slope_at_the_limit_decides_where_rounding_hides_the_gain(excess: float) -> None:
    """Aragón, Eberly & Eberly: a finite maximum exists just where the variance exceeds the mean."""
    mean, counts = 0.5, [0, 1, 2]
    for sign in (1.0, -1.0):
        twos = 0.5 * (mean**2 + sign * excess)
        weights = 1000 * np.array([1.0 - mean + twos, mean - 2 * twos, twos])
        verdict = th.fit(th.NegativeBinomial(), counts, weights=weights).certificate.verdict
        if sign < 0:
            assert verdict == "at_infinity"
        else:
            assert verdict in ({"maximum"} if excess > 1e-5 else {"maximum", "not_converged"})


# ---- boundary and infinity by gathering -------------------------


@pytest.mark.parametrize(
    ("family", "data", "name", "value"),
    [
        (th.Bernoulli(), [1, 1, 1], "prob", 1.0),
        (th.Bernoulli(), [False, False], "prob", 0.0),
        (th.Binomial(trials=5), [5, 5], "prob", 1.0),
        (th.Binomial(trials=5), [0, 0], "prob", 0.0),
        (th.Poisson(), [0, 0, 0], "rate", 0.0),
        (th.Geometric(), [0, 0, 0], "prob", 1.0),
        (th.Poisson(), th.Observations.left_censored([2.0, 3.0], [False, False]), "rate", 0.0),
        (th.Exponential(), th.Observations.right_censored([2.0, 3.0], [0, 0]), "rate", 0.0),
    ],
)
def test_one_parameter_on_its_edge(family: Any, data: Any, name: str, value: float) -> None:
    fit = th.fit(family, data)
    certificate = check(fit, "boundary", exists=True, parameters=(name,))
    assert fit.estimates[name] == value
    assert fit.log_likelihood == 0.0
    assert certificate.scope == "global"
    assert certificate.status[name] == "boundary"
    assert certificate.direction is not None
    assert certificate.direction[name] == (1.0 if value else -1.0)
    assert f"{name} = {value:g}" in certificate.sentence


@pytest.mark.parametrize(("fixed", "edge"), [({}, "mean"), ({"size": 2.0}, "mean"), ({"mean": 2.0}, "size")])
def test_zeros_do_not_identify_the_other_parameter(fixed: dict[str, float], edge: str) -> None:
    fit = th.fit(th.NegativeBinomial(), [0, 0, 0], fixed=fixed)
    certificate = check(fit, "boundary", exists=True, parameters=(edge,))
    assert fit.estimates[edge] == 0.0
    assert fit.log_likelihood == 0.0
    other = "size" if edge == "mean" else "mean"
    assert certificate.status[other] == ("fixed" if fixed else "unidentified")
    assert np.isnan(fit.estimates[other]) == (not fixed)
    assert ("not identified" in certificate.sentence) == (not fixed)


def test_an_unseen_level_is_on_the_boundary() -> None:
    fit = th.fit(th.Categorical(levels=["a", "b", "c"]), ["a", "b", "a", "a"])
    certificate = check(fit, "boundary", exists=True, parameters=("probs[2]",))
    assert list(fit.estimates.values()) == [0.75, 0.25, 0.0]
    two = th.fit(th.Categorical(), ["a", "b", "a", "a"])
    assert fit.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-14)
    assert certificate.status["probs[0]"] == "regular"
    assert fit.standard_errors["probs[0]"] == pytest.approx(two.standard_errors["probs[0]"], rel=1e-10)
    assert "conditional" in certificate.sentence


def test_an_unseen_reference_keeps_the_others_proportions() -> None:
    fit = th.fit(th.Categorical(levels=["z", "a", "b"]), ["a", "b", "a", "a"])
    check(fit, "boundary", exists=True, parameters=("probs[0]",))
    assert fit.log_likelihood == pytest.approx(3 * np.log(0.75) + np.log(0.25), rel=1e-13)


@pytest.mark.parametrize("order", ["abc", "cab", "acb", "dcab", "dacb"])
@pytest.mark.parametrize("kind", ["observed", "expected", "opg", "sandwich"])
def test_empty_levels_leave_the_standard_errors_whatever_their_place(order: str, kind: str) -> None:
    """Conditional on the empty levels: √(p (1 - p)/n), and -p q/n between the two that are left."""
    fit = th.fit(th.Categorical(levels=list(order)), ["a", "a", "b", "b", "b"])
    names = {label: f"probs[{order.index(label)}]" for label in order}
    covariance = np.asarray(fit.covariance(kind))
    assert fit.certificate.allows_standard_errors
    for label, name in names.items():
        seen = label in "ab"
        assert fit.certificate.status[name] == ("regular" if seen else "boundary")
        expected = np.sqrt(0.4 * 0.6 / 5) if seen else np.nan
        assert fit.standard_errors[name] == pytest.approx(expected, rel=1e-12, nan_ok=True)
    a, b = order.index("a"), order.index("b")
    assert covariance[a, b] == pytest.approx(-0.4 * 0.6 / 5, rel=1e-12)
    assert covariance[b, b] == pytest.approx(0.4 * 0.6 / 5, rel=1e-12)
    assert np.isnan(np.delete(np.delete(covariance, [a, b], axis=0), [a, b], axis=1)).all()


def test_three_levels_beside_an_empty_reference() -> None:
    labels = ["a"] * 2 + ["b"] * 3 + ["c"] * 5
    fit = th.fit(th.Categorical(levels=["z", "a", "b", "c"]), labels)
    without = th.fit(th.Categorical(), labels)
    assert np.asarray(fit.covariance())[1:, 1:] == pytest.approx(np.asarray(without.covariance()), rel=1e-12)


ONLY_RIGHT = th.Observations.right_censored(POINTS, [0, 0, 0])
ONLY_LEFT = th.Observations.left_censored(POINTS, [0, 0, 0])
ONE_INTERVAL = th.Observations.interval([0.2, 0.2], [0.3, 0.3])


@pytest.mark.parametrize(
    ("family", "data", "verdict", "values"),
    [
        (th.Normal(), ONLY_RIGHT, "at_infinity", {"mean": np.inf}),
        (th.Normal(), ONLY_LEFT, "at_infinity", {"mean": -np.inf}),
        (th.Normal(), ONE_INTERVAL, "boundary", {"sd": 0.0}),
        (th.LogNormal(), ONLY_RIGHT, "at_infinity", {"mean_log": np.inf}),
        (th.LogNormal(), ONLY_LEFT, "at_infinity", {"mean_log": -np.inf}),
        (th.LogNormal(), ONE_INTERVAL, "boundary", {"sd_log": 0.0}),
        (th.Logistic(), ONLY_RIGHT, "at_infinity", {"location": np.inf}),
        (th.Logistic(), ONE_INTERVAL, "boundary", {"scale": 0.0}),
        (th.StudentT(), ONLY_LEFT, "at_infinity", {"location": -np.inf}),
        (th.StudentT(), ONE_INTERVAL, "boundary", {"scale": 0.0}),
        (th.Weibull(), ONLY_RIGHT, "at_infinity", {"scale": np.inf}),
        (th.Weibull(), ONLY_LEFT, "boundary", {"scale": 0.0}),
        (th.Weibull(), ONE_INTERVAL, "at_infinity", {"shape": np.inf}),
        (th.Gamma(), ONLY_RIGHT, "boundary", {"rate": 0.0}),
        (th.Gamma(), ONLY_LEFT, "boundary", {"shape": 0.0}),
        (th.Gamma(), ONE_INTERVAL, "at_infinity", {"shape": np.inf, "rate": np.inf}),
        (th.Beta(), ONLY_RIGHT, "boundary", {"beta": 0.0}),
        (th.Beta(), ONLY_LEFT, "boundary", {"alpha": 0.0}),
        (th.Beta(), ONE_INTERVAL, "at_infinity", {"alpha": np.inf, "beta": np.inf}),
        (th.GEV(), ONE_INTERVAL, "boundary", {"scale": 0.0}),
        (th.Exponential(), ONLY_LEFT, "at_infinity", {"rate": np.inf}),
        (th.Poisson(), th.Observations.right_censored([2.0, 3.0], [0, 0]), "at_infinity", {"rate": np.inf}),
    ],
)
def test_rows_that_all_admit_one_place(
    family: Any, data: Any, verdict: str, values: dict[str, float]
) -> None:
    fit = th.fit(family, data)
    certificate = check(fit, verdict, exists=verdict == "boundary", parameters=tuple(values))
    assert {name: fit.estimates[name] for name in values} == values
    assert certificate.supremum == 0.0
    assert certificate.scope == "global"
    assert not certificate.allows_standard_errors
    for name in fit.estimates.keys() - values.keys():
        assert certificate.status[name] == "unidentified"
        assert np.isnan(fit.estimates[name])


@pytest.mark.parametrize("data", [ONLY_RIGHT, ONLY_LEFT])
def test_a_support_that_moves_can_hold_open_rows_in_many_ways(data: Any) -> None:
    fit = th.fit(th.GEV(), data)
    certificate = check(fit, "flat", exists=True, parameters=("location", "scale", "shape"))
    assert certificate.supremum == 0.0


@pytest.mark.parametrize("family", CONTINUOUS)
def test_intervals_that_only_touch_are_parted_at_the_point(family: Any) -> None:
    data = th.Observations.interval([0.2, 0.2, 0.2, 0.3], [0.3, 0.3, 0.3, 0.4])
    certificate = th.fit(family(), data).certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.exists is False
    assert certificate.supremum == pytest.approx(3 * np.log(0.75) + np.log(0.25), rel=1e-14)


@pytest.mark.parametrize("family", [th.Normal, th.LogNormal, th.Logistic, th.Weibull, th.Gamma])
def test_open_rows_that_contradict_each_other_part_the_mass(family: Any) -> None:
    """Known to be above 4, or below 1: a wider spread is always better."""
    data = th.Observations.interval([4.0, -np.inf, -np.inf], [np.inf, 1.0, 1.0])
    certificate = th.fit(family(), data).certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.supremum == pytest.approx(2 * np.log(2 / 3) + np.log(1 / 3), rel=1e-12)
    assert in_good_english(certificate.sentence)


@pytest.mark.parametrize("family", ["weibull", "birnbaum_saunders", "log_logistic"])
def test_values_that_differ_too_little_beside_their_size_are_told_what_to_be_divided_by(family):
    y = 1e9 + 0.02 * np.random.default_rng(5).standard_normal(20)
    found = th.fit(family, y)
    assert found.certificate.verdict == "not_converged"
    assert "Divide them by a number near them" in found.certificate.sentence
    divided = th.fit(family, y / 1e9)
    assert divided.certificate.verdict == "maximum"
    # What rounding leaves open is a small part of a standard error.
    assert (
        abs(found.estimates["scale"] / 1e9 - divided.estimates["scale"])
        < 1e-2 * divided.standard_errors["scale"]
    )
