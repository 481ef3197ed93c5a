"""Every status that a certificate can hold is documented and has its words in a report."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from tests.certificate import hunting

import thetahat as th
from thetahat import optimize
from thetahat.families import CATALOGUE
from thetahat.optimize.certificate import Certificate
from thetahat.report.intervals import _REASONS

OPTIMIZE = Path(inspect.getfile(optimize)).parent
NOT_STATUSES = {"smooth", "kinked"}
"""Kinds of regularity that a certificate calls regular."""


def documented() -> set[str]:
    text = inspect.getdoc(Certificate)
    assert text is not None
    entry = re.search(r"^status\n(.*?)^parameters\n", text, re.DOTALL | re.MULTILINE)
    assert entry is not None
    return set(re.findall(r"``(\w+)``", entry.group(1)))


def texts(node: ast.AST) -> set[str]:
    """The texts of an expression, but for those that it only compares with."""
    if isinstance(node, ast.Compare):
        return set()
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    return set().union(*(texts(child) for child in ast.iter_child_nodes(node)))


def is_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "status"


def written_in(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target], value=value) if is_status(target):
                found |= texts(value)
            case ast.keyword(arg="status", value=value):
                found |= texts(value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="status"), attr="update"), args=[values]):
                found |= texts(values)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="status"), attr="get"), args=[_, default]):
                found |= texts(default)
    return found


def produced() -> set[str]:
    found: set[str] = set()
    for path in OPTIMIZE.glob("*.py"):
        found |= written_in(ast.parse(path.read_text(encoding="utf-8")))
    for family in CATALOGUE:
        tree = ast.parse(dedent(inspect.getsource(family.regularity)))
        found |= {
            text
            for node in ast.walk(tree)
            if isinstance(node, ast.Return) and node.value
            for text in texts(node.value)
        }
    return found - NOT_STATUSES


def test_what_can_be_produced_is_documented() -> None:
    assert {"boundary", "at_infinity", "unidentified", "irregular", "fixed"} <= produced()
    assert produced() <= documented()


def test_every_status_without_a_standard_error_has_its_words() -> None:
    assert set(_REASONS) == documented() - {"regular"}
    assert produced() <= set(_REASONS) | {"regular"}


def test_statuses_of_many_awkward_data_sets_are_documented() -> None:
    known = documented()
    for seed in range(60):
        case = hunting.draw(seed)
        assert set(case.fit().certificate.status.values()) <= known, case


@pytest.mark.parametrize("family", [th.Normal, th.LogNormal, th.Logistic, th.StudentT])
def test_a_centre_that_is_only_neared_has_a_documented_status(family: type[th.Family]) -> None:
    data = th.Observations.interval([0.2, 0.2, 0.2, 0.3], [0.3, 0.3, 0.3, 0.4])
    fit = th.fit(family(), data)
    centre = next(iter(fit.estimates))
    assert fit.certificate.status[centre] == "at_infinity"
    assert np.isfinite(fit.estimates[centre])
    assert np.isnan(fit.standard_errors[centre])


@pytest.mark.parametrize("wrapper", [th.ZeroInflated, th.Hurdle])
@pytest.mark.parametrize("y", [[1, 1, 1], [2, 3, 2, 3, 2], [0, 0, 1, 1], [0, 1, 0, 0], [3, 3, 3, 0]])
def test_a_limit_on_its_own_edge_has_no_standard_error_there(wrapper: type[th.Family], y: list[int]) -> None:
    fit = th.fit(wrapper(th.NegativeBinomial()), y)
    status = fit.certificate.status
    assert fit.certificate.verdict in {"at_infinity", "boundary"}
    for name, value in fit.estimates.items():
        assert (status[name] == "regular") == np.isfinite(fit.standard_errors[name])
        assert value == 0 or not value < 1e-6, "next to the edge"
        if value == 0:
            assert status[name] == "boundary"
            assert name in fit.certificate.parameters
            assert fit.certificate.direction[name] < 0
    poisson = th.fit(wrapper(th.Poisson()), y)
    assert fit.certificate.supremum == pytest.approx(poisson.certificate.supremum, abs=1e-9)
    inner = "mean" if status["mean"] == "regular" else "zero_prob"
    same = {"mean": "rate"}.get(inner, inner)
    assert fit.standard_errors[inner] == pytest.approx(poisson.standard_errors[same], rel=1e-6, nan_ok=True)


def test_a_regression_in_a_limit_on_its_edge_has_no_standard_error_there() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    data = {"x": x, "y": rng.binomial(8, 1 / (1 + np.exp(-0.5 * x - 0.5))) + 1}
    model = th.Regression("y ~ x", th.ZeroInflated(th.NegativeBinomial()))
    fit = th.fit(model, data)
    plain = th.fit(th.Regression("y ~ x", th.Poisson()), data)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["zero_prob"] == 0.0
    assert fit.certificate.status["zero_prob"] == "boundary"
    assert np.isnan(fit.standard_errors["zero_prob"])
    for name in ("Intercept", "x"):
        assert fit.standard_errors[name] == pytest.approx(plain.standard_errors[name], rel=1e-6)
