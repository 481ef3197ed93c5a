"""Families at the regression estimates of other software: its log-likelihood, and scores that vanish there."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import thetahat as th
from thetahat.families import Family
from thetahat.numerics.namespace import NUMPY

DATA = Path(__file__).parent / "data"
LEVELS = ("Low", "Medium", "High")


class Case(NamedTuple):
    """A family, its response, and how R's numbers make working coordinates of it."""

    family: Family
    response: str
    coordinates: Callable[[dict[str, float], dict[str, np.ndarray]], dict[str, Any]]


def predictor(numbers: dict[str, float], design: dict[str, np.ndarray], prefix: str = "") -> np.ndarray:
    return sum(numbers[prefix + name] * column for name, column in design.items() if prefix + name in numbers)


def ordinal(link: str) -> Case:
    def coordinates(numbers, design):
        first, second = numbers["Low|Medium"], numbers["Medium|High"]
        return {"location": predictor(numbers, design), "first": first, "gap": np.log(second - first)}

    return Case(th.Ordinal(link=link, levels=LEVELS).regression_form(), "Sat", coordinates)


def with_zero(wrapper: Any, inner: Family, sign: float) -> Case:
    def coordinates(numbers, design):
        found = {
            "zero_prob": sign * predictor(numbers, design, "zero:"),
            "count": predictor(numbers, design, "count:"),
        }
        return {**found, "size": np.log(numbers["theta"])} if "theta" in numbers else found

    return Case(wrapper(inner), "art", coordinates)


def with_shape(family: Family, response: str, name: str) -> Case:
    return Case(family, response, lambda n, design: {"mean": predictor(n, design), "other": np.log(n[name])})


CASES = {
    "reg_gamma_log_clotting": with_shape(th.Gamma().regression_form(), "time", "shape"),
    "reg_invgauss_log_trees": with_shape(th.InverseGaussian(), "Volume", "shape"),
    "reg_beta_petrol": with_shape(th.Beta().regression_form(), "yield", "phi"),
    "reg_aft_loglogistic_lung": Case(
        th.LogLogistic(),
        "time",
        lambda n, design: {"shape": -np.log(n["scale"]), "scale": predictor(n, design)},
    ),
    "reg_ordinal_logistic_housing": ordinal("logit"),
    "reg_ordinal_probit_housing": ordinal("probit"),
    "reg_ordinal_cloglog_housing": ordinal("cloglog"),
    "reg_zip_biochemists": with_zero(th.ZeroInflated, th.Poisson(), 1.0),
    "reg_zinb_biochemists": with_zero(th.ZeroInflated, th.NegativeBinomial(), 1.0),
    "reg_hurdle_poisson_biochemists": with_zero(th.Hurdle, th.Poisson(), -1.0),
    "reg_hurdle_negbin_biochemists": with_zero(th.Hurdle, th.NegativeBinomial(), -1.0),
}


def table(name: str) -> dict[str, np.ndarray]:
    with (DATA / name).open(newline="") as file:
        header, *rows = csv.reader(file)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return {key: np.array(values) for key, values in columns.items()}


@pytest.mark.parametrize("name", CASES)
def test_log_likelihood_and_scores_at_the_estimates(name):
    family, response, coordinates = CASES[name]
    case = json.loads((DATA / f"{name}.json").read_text())
    columns = table(case["data"])
    stem = case["data"].removesuffix(".csv")
    design = {key: values.astype(float) for key, values in table(f"{stem}_design.csv").items()}
    y = family.encode(columns[response] if family.labelled else columns[response].astype(float))
    weight = columns["Freq"].astype(float) if "Freq" in columns else np.ones(y.size)
    working = coordinates(case["expected"]["params"], design)
    eta = tuple(working.values())
    with np.errstate(all="ignore"):
        terms = family.derivatives(family.prepare(NUMPY, y, {}), eta)
        if "status" in columns:
            beyond = family.log_mass(y, np.full_like(y, np.inf), {}, eta, 2)
            event = columns["status"] == "1"
            parts = zip((terms.value, *terms.gradient), (beyond.value, *beyond.gradient), strict=True)
            value, *gradient = (np.where(event, exact, later) for exact, later in parts)
        else:
            value, gradient = terms.value, list(terms.gradient)
    assert weight @ value == pytest.approx(case["expected"]["loglik"], rel=1e-12)
    for slope, coordinate in zip(gradient, eta, strict=True):
        score = np.broadcast_to(slope, y.shape)
        scale = np.sqrt(weight @ np.square(score))
        if not np.ndim(coordinate):
            assert abs(weight @ score) < 1e-5 * scale
            continue
        for label, column in design.items():
            if label == "intercept" and family.labelled:
                continue
            reach = np.sqrt(weight @ np.square(score * column))
            assert abs(weight @ (score * column)) < 1e-5 * reach
