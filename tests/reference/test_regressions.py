"""Regressions against the answers of R, to all the digits that those have."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parent / "data"
LOG_LIKELIHOOD = 1e-12
ESTIMATES = 1e-7
"""In standard errors: R's own searches ended with the score below this."""
CURVATURE = 1e-6
PROFILE = 1e-6


@cache
def table(name: str) -> dict[str, np.ndarray]:
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {column: [row[column] for row in rows] for column in rows[0]}
    return {column: as_array(values) for column, values in columns.items()}


def as_array(values: list[str]) -> np.ndarray:
    try:
        return np.array([float(value) for value in values])
    except ValueError:
        return np.array(values)


@cache
def reference(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@cache
def design(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    columns = table(Path(reference(name)["design"]).stem)
    return np.column_stack(list(columns.values())), tuple(columns)


def regressed(name: str, y: Any, family: th.Family, **options: Any) -> th.Fit:
    matrix, names = design(name)
    return th.regress(matrix, y, family, names=names, **options)


def response(name: str, column: str) -> np.ndarray:
    return table(name)[column]


def survival(name: str, family: th.Family) -> th.Fit:
    columns = table("lung")
    return regressed(name, th.Observations.right_censored(columns["time"], columns["status"]), family)


def cars() -> th.Fit:
    columns = table("reg_heteroscedastic_cars")
    matrix = np.column_stack([np.ones_like(columns["speed"]), columns["speed"]])
    names = ("mean:intercept", "mean:speed")
    return th.regress(matrix, columns["dist"], th.Normal(), names=names, designs={"sd": matrix})


def esoph() -> th.Fit:
    name = "reg_logistic_esoph_grouped"
    cases, controls = response(name, "ncases"), response(name, "ncontrols")
    return regressed(name, cases, th.Binomial(trials=cases + controls))


def tobit() -> th.Fit:
    y = response("reg_tobit_tobin", "durable")
    return regressed("reg_tobit_tobin", th.Observations.left_censored(y, y > 0), th.Normal())


def insurance() -> th.Fit:
    name = "reg_poisson_insurance"
    return regressed(name, response(name, "Claims"), th.Poisson(), offset=np.log(response(name, "Holders")))


def budworm() -> th.Fit:
    columns = table("inf_profile_budworm")
    matrix = np.column_stack([np.ones(12), columns["male"], columns["ldose"]])
    names = ("intercept", "male", "ldose")
    return th.regress(matrix, columns["dead"], th.Binomial(trials=columns["n"]), names=names)


def housing(family: th.Family) -> th.Fit:
    columns = table("housing")
    matrix, names = np.column_stack(list(table("housing_design").values())), tuple(table("housing_design"))
    return th.regress(matrix, columns["Sat"], family, names=names, weights=columns["Freq"])


def ordered_housing(link: str) -> th.Fit:
    columns, matrix = table("housing"), table("housing_design")
    names = tuple(name for name in matrix if name != "intercept")
    family = th.Ordinal(link=link, levels=["Low", "Medium", "High"])
    return th.regress(
        np.column_stack([matrix[name] for name in names]),
        columns["Sat"],
        family,
        names=names,
        weights=columns["Freq"],
    )


def articles(family: th.Family) -> th.Fit:
    right = "~ fem + C(mar, ref='Single') + kid5 + phd + ment"
    return th.fit(th.Regression(f"art {right}", family, zero_prob=right), dict(table("biochemists")))


def same(value: float) -> float:
    return value


def negative(value: float) -> float:
    return -value


BIOCHEMISTS = {
    "intercept": "Intercept",
    "femWomen": "fem[T.Women]",
    "marMarried": "C(mar, ref='Single')[T.Married]",
    "kid5": "kid5",
    "phd": "phd",
    "ment": "ment",
}


@dataclass(frozen=True)
class Case:
    """How a case is fitted, and what R calls a parameter: our name, and the map from our value to R's."""

    fit: Callable[[], th.Fit]
    others: Mapping[str, tuple[str, Callable[[float], float]]] = field(default_factory=dict)


def reciprocal(value: float) -> float:
    return 1.0 / value


def parts(zero: Callable[[float], float]) -> dict[str, tuple[str, Callable[[float], float]]]:
    """R's names of the two parts of a model of articles, whose zero part may have the other sign."""
    names = {f"count:{theirs}": (ours, same) for theirs, ours in BIOCHEMISTS.items()}
    return names | {f"zero:{theirs}": (f"zero_prob:{ours}", zero) for theirs, ours in BIOCHEMISTS.items()}


THRESHOLDS = {"Low|Medium": ("thresholds[0]", same), "Medium|High": ("thresholds[1]", same)}
CASES: dict[str, Case] = {
    "reg_gaussian_norris_nist": Case(
        lambda: regressed("reg_gaussian_norris_nist", response("reg_gaussian_norris_nist", "y"), th.Normal()),
        {"sigma": ("sd", same)},
    ),
    "reg_gaussian_stackloss": Case(
        lambda: regressed(
            "reg_gaussian_stackloss", response("reg_gaussian_stackloss", "stack.loss"), th.Normal()
        ),
        {"sigma": ("sd", same)},
    ),
    "reg_heteroscedastic_cars": Case(
        cars, {"logsigma:intercept": ("sd:x0", same), "logsigma:speed": ("sd:x1", same)}
    ),
    "reg_logistic_infert": Case(
        lambda: regressed("reg_logistic_infert", response("reg_logistic_infert", "case"), th.Bernoulli())
    ),
    "reg_logistic_esoph_grouped": Case(esoph),
    "reg_probit_menarche": Case(
        lambda: regressed(
            "reg_probit_menarche",
            response("reg_probit_menarche", "Menarche"),
            th.Binomial(trials=response("reg_probit_menarche", "Total")),
            links={"prob": "probit"},
        )
    ),
    "reg_cloglog_flourbeetle": Case(
        lambda: regressed(
            "reg_cloglog_flourbeetle",
            response("reg_cloglog_flourbeetle", "killed"),
            th.Binomial(trials=response("reg_cloglog_flourbeetle", "exposed")),
            links={"prob": "cloglog"},
        )
    ),
    "reg_poisson_insurance": Case(insurance),
    "reg_negbin_quine": Case(
        lambda: regressed("reg_negbin_quine", response("reg_negbin_quine", "Days"), th.NegativeBinomial()),
        {"theta": ("size", same)},
    ),
    "reg_gamma_log_clotting": Case(
        lambda: regressed("reg_gamma_log_clotting", response("reg_gamma_log_clotting", "time"), th.Gamma()),
        {"shape": ("shape", same)},
    ),
    "reg_multinomial_housing": Case(lambda: housing(th.Categorical(levels=["Low", "Medium", "High"]))),
    "reg_aft_weibull_lung": Case(
        lambda: survival("reg_aft_weibull_lung", th.Weibull()), {"scale": ("shape", reciprocal)}
    ),
    "reg_aft_lognormal_lung": Case(
        lambda: survival("reg_aft_lognormal_lung", th.LogNormal()), {"scale": ("sd_log", same)}
    ),
    "reg_tobit_tobin": Case(tobit, {"sigma": ("sd", same)}),
    "inf_profile_budworm": Case(budworm),
    "reg_aft_loglogistic_lung": Case(
        lambda: survival("reg_aft_loglogistic_lung", th.LogLogistic()), {"scale": ("shape", reciprocal)}
    ),
    "reg_beta_petrol": Case(
        lambda: regressed("reg_beta_petrol", response("reg_beta_petrol", "yield"), th.Beta()),
        {"phi": ("precision", same)},
    ),
    "reg_invgauss_log_trees": Case(
        lambda: regressed(
            "reg_invgauss_log_trees", response("reg_invgauss_log_trees", "Volume"), th.InverseGaussian()
        )
    ),
    "reg_ordinal_logistic_housing": Case(lambda: ordered_housing("logit"), THRESHOLDS),
    "reg_ordinal_probit_housing": Case(lambda: ordered_housing("probit"), THRESHOLDS),
    "reg_ordinal_cloglog_housing": Case(lambda: ordered_housing("cloglog"), THRESHOLDS),
    "reg_zip_biochemists": Case(lambda: articles(th.ZeroInflated(th.Poisson())), parts(same)),
    "reg_zinb_biochemists": Case(
        lambda: articles(th.ZeroInflated(th.NegativeBinomial())), parts(same) | {"theta": ("size", same)}
    ),
    "reg_hurdle_poisson_biochemists": Case(lambda: articles(th.Hurdle(th.Poisson())), parts(negative)),
    "reg_hurdle_negbin_biochemists": Case(
        lambda: articles(th.Hurdle(th.NegativeBinomial())), parts(negative) | {"theta": ("size", same)}
    ),
}
every_case = pytest.mark.parametrize("name", CASES)


@cache
def fitted(name: str) -> th.Fit:
    return CASES[name].fit()


def ours(name: str, theirs: str) -> tuple[str, Callable[[float], float]]:
    return CASES[name].others.get(theirs, (theirs, same))


@every_case
def test_the_log_likelihood_keeps_every_constant(name):
    expected = reference(name)["expected"]
    assert fitted(name).log_likelihood == pytest.approx(expected["loglik"], rel=LOG_LIKELIHOOD)
    assert fitted(name).dof == expected["n_params"]
    assert fitted(name).aic == pytest.approx(expected["aic"], rel=LOG_LIKELIHOOD)


@every_case
def test_estimates_agree_to_a_small_part_of_a_standard_error(name):
    expected = reference(name)["expected"]
    fit = fitted(name)
    assert fit.certificate.verdict == "maximum"
    for theirs, value in expected["params"].items():
        mine, to_theirs = ours(name, theirs)
        assert abs(to_theirs(fit.estimates[mine]) - value) <= ESTIMATES * expected["se"][theirs], theirs


@every_case
def test_standard_errors_and_covariances_are_those_of_the_observed_information(name):
    expected = reference(name)["expected"]
    fit = fitted(name)
    names = [ours(name, theirs) for theirs in expected["vcov_order"]]
    index = [fit.free_names.index(mine) for mine, _ in names]
    slopes = np.array([slope(to_theirs, fit.estimates[mine]) for mine, to_theirs in names])
    covariance = fit.covariance()[np.ix_(index, index)] * np.outer(slopes, slopes)
    theirs = np.array(expected["vcov"])
    errors = np.sqrt(np.diag(theirs))
    np.testing.assert_allclose(
        covariance / np.outer(errors, errors), theirs / np.outer(errors, errors), atol=CURVATURE
    )
    for (mine, _), factor, label in zip(names, slopes, expected["vcov_order"], strict=True):
        assert fit.standard_errors[mine] * abs(factor) == pytest.approx(expected["se"][label], rel=CURVATURE)


def slope(function: Callable[[float], float], at: float) -> float:
    return {same: 1.0, negative: -1.0}.get(function, -1.0 / at**2)


@every_case
def test_profile_intervals_end_where_the_profile_has_dropped(name):
    expected = reference(name)["expected"]
    for theirs, ends in list(expected.get("ci_profile_95", {}).items())[:3]:
        mine, to_theirs = ours(name, theirs)
        found = sorted(
            to_theirs(end) for end in fitted(name).intervals(method="profile", parameters=mine)[mine]
        )
        for low, high in zip(found, ends, strict=True):
            assert abs(low - high) <= PROFILE * expected["se"][theirs], theirs
