"""Families, links, designs and kinds of observation to regress, with data drawn from the model itself."""

from __future__ import annotations

from typing import Any

import numpy as np

import thetahat as th
from thetahat.families import CATALOGUE, Family
from thetahat.links import links_of
from thetahat.models._predictors import primary_of
from thetahat.parameters import Real

N_ROWS = 120
LEVELS = ("low", "middle", "high")
SMALL_STEP = 0.15
"""How far apart rows are in working coordinates: enough to tell, not so much that anything is extreme."""


def regressed_families() -> list[Family]:
    """Every family of the catalogue that can be regressed and is smooth, in regression form."""
    made = []
    for kind in CATALOGUE:
        family = kind(trials=8) if "trials" in kind.known else kind()
        if family.labelled:
            family = kind(levels=list(LEVELS))
        if family.regressed and family.regression_form() is family and not (family.edges or family.kinked):
            made.append(family)
    return made


def typical_theta(family: Family) -> tuple[Any, ...]:
    """Natural parameters in the middle of the typical ranges."""
    theta: list[Any] = []
    for parameter in family.declared:
        low, high = parameter.typical
        domain = parameter.domain
        if domain.vector:
            theta.append(np.asarray(domain.from_free(np.linspace(-0.4, 0.3, domain.free_size))))
        elif isinstance(domain, Real):
            theta.append(0.5 * (low + high))
        elif domain.lower == 0 and np.isinf(domain.upper):
            theta.append(float(np.sqrt(low * high)))
        else:
            theta.append(0.5 * (low + high))
    return tuple(theta)


def design(rng: np.random.Generator, kind: str, n: int = N_ROWS) -> np.ndarray:
    """A design with a constant and two columns: numeric, grouped, or badly scaled."""
    if kind == "numeric":
        return np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    if kind == "grouped":
        group = np.arange(n) % 3
        return np.column_stack([np.ones(n), group == 1, group == 2]).astype(float)
    return np.column_stack([np.ones(n), 1e6 + 1e3 * rng.standard_normal(n), 1e-5 * rng.standard_normal(n)])


def drawn(family: Family, matrix: np.ndarray, rng: np.random.Generator) -> Any:
    """One response a row, the primary coordinate moving with the centred design."""
    centred = matrix - matrix.mean(axis=0)
    spread = np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1.0)
    move = SMALL_STEP * (centred / spread) @ np.array([0.0, 1.0, -0.7])
    eta = family.working(typical_theta(family))
    names = [parameter.name for parameter in family.declared]
    position = names.index(primary_of(family))
    values = []
    for step in move:
        here = list(eta)
        here[position] = here[position] + step
        theta = family.theta(tuple(np.float64(item) for item in here))
        known = dict.fromkeys(family.known, 8)
        values.append(family.sample_at(rng, 1, theta, known)[0])
    return np.array(values)


def links_for(family: Family) -> list[str]:
    """The links of the primary parameter."""
    domain = next(p.domain for p in family.declared if p.name == primary_of(family))
    return [link.name for link in links_of(domain)] or ["logit"]


def observed(kind: str, y: np.ndarray, rng: np.random.Generator, *, discrete: bool) -> Any:
    """The responses as they are, or known less exactly."""
    if kind == "exact":
        return y
    width = 1.0 if discrete else 0.3 * float(np.std(y)) + 1e-3
    if kind == "right":
        limit = np.quantile(y, 0.7)
        return th.Observations.right_censored(np.minimum(y, limit), y < limit)
    if kind == "interval":
        low = np.floor(y / width) * width
        return th.Observations.interval(
            np.where(rng.random(y.size) < 0.5, y, low), np.maximum(y, low + width)
        )
    raise AssertionError(kind)
