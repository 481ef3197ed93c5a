"""Distributions of every family of the catalogue, drawn and typical, and grids to integrate over them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.families.variants import VARIANTS

from thetahat.families import CATALOGUE, Family, Mixture
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Whole

KNOWN = {"trials": 7.0}
"""A value for each quantity that a family may need to know."""
LABELS = (0, 1, 2)
KINDS = (*CATALOGUE, *VARIANTS)
OUTER = np.array([1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.15, 0.3])
PROBABILITIES = np.concatenate([OUTER, [0.5], 1.0 - OUTER[::-1]])
FALSE_ALARM = 1e-10
GRADES = 0.25 ** np.arange(2.0, 26.0)
ROWS = 9

every_family = pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.__name__)
ordered_family = pytest.mark.parametrize(
    "cls", [cls for cls in KINDS if cls.ordered], ids=lambda cls: cls.__name__
)

smooth_family = pytest.mark.parametrize(
    "cls", [cls for cls in CATALOGUE if not cls.edges], ids=lambda cls: cls.__name__
)


def examples(most):
    return settings(
        max_examples=most,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


def known_of(cls):
    return {name: KNOWN[name] for name in cls.known}


def blank(cls) -> Family:
    return cls().with_levels(LABELS) if cls.labelled else cls()


def draw_value(draw, parameter):
    low, high = parameter.typical
    domain = parameter.domain
    if domain.vector:
        free = [draw(st.floats(-1.5, 1.5)) for _ in range(domain.free_size)]
        return domain.from_free(np.array(free))
    if domain.lower == 0 and domain.upper == np.inf:
        return float(np.exp(draw(st.floats(np.log(low), np.log(high)))))
    if isinstance(domain, Whole):
        return float(draw(st.integers(int(low), int(high))))
    return draw(st.floats(low, high))


def with_values(cls, values) -> Family:
    distribution = cls(**values, **known_of(cls))
    return distribution if cls.ordered else distribution.with_levels(LABELS)


@st.composite
def distributions(draw, cls) -> Family:
    values = {parameter.name: draw_value(draw, parameter) for parameter in blank(cls).declared}
    return with_values(cls, values)


def typical(cls) -> Family:
    """The distribution in the middle of the typical ranges."""
    return with_values(cls, values_in_the_middle(blank(cls)))


def values_in_the_middle(family):
    values = {}
    for parameter in family.declared:
        low, high = parameter.typical
        domain = parameter.domain
        if domain.vector:
            values[parameter.name] = domain.from_free(np.linspace(-0.4, 0.6, domain.free_size))
        elif domain.lower == 0 and domain.upper == np.inf:
            values[parameter.name] = float(np.sqrt(low * high))
        else:
            middle = 0.55 * low + 0.45 * high
            values[parameter.name] = float(np.round(middle)) if isinstance(domain, Whole) else middle
    return values


def eta_of(distribution):
    theta = tuple(distribution.given[p.name] for p in distribution.declared)
    return tuple(np.float64(item) for item in distribution.working(theta))


def terms_at(distribution, y, eta=None):
    with np.errstate(all="ignore"):
        rows = distribution.prepare(NUMPY, y, known_of(distribution))
        return distribution.derivatives(rows, eta_of(distribution) if eta is None else eta)


def spread_points(distribution):
    """Values in the bulk and far in both tails, all inside the support."""
    if distribution.labelled:
        return np.array([float(code) for code in range(len(LABELS))] * 3)
    bulk = np.asarray(distribution.quantile([1e-12, 1e-4, 0.1, 0.35, 0.6, 0.9, 0.9999, 1.0 - 1e-12]))
    y = np.append(bulk, distribution.quantile(0.5))
    return y[distribution.support.contains(y)]


def pairs(k):
    return [(i, j) for i in range(k) for j in range(i + 1)]


@dataclass
class Grid:
    """Points and log weights for expectations; ``gap`` is the mass that no float64 of the support reaches."""

    y: np.ndarray
    log_weight: np.ndarray
    gap: float = 0.0


NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def grid_over(distribution) -> Grid:
    support = distribution.support
    if distribution.labelled:
        return Grid(np.arange(float(len(LABELS))), np.zeros(len(LABELS)))
    if support.discrete:
        last = distribution.quantile(1.0 - 1e-14)
        first = support.lower if np.isfinite(support.lower) else distribution.quantile(1e-14)
        y = np.arange(first, last + 1.0)
        return Grid(y, np.zeros(y.size))
    grid = density_grid(distribution)
    atoms = np.array(distribution.atoms())
    # In the middle, since the outermost points tell how much the tails weigh.
    middle = grid.y.size // 2
    return Grid(np.insert(grid.y, middle, atoms), np.insert(grid.log_weight, middle, 0.0 * atoms), grid.gap)


def density_grid(distribution) -> Grid:
    support = distribution.support
    # An atom, where there is one, is the lower end, and quantiles are those of the other values.
    atom = float(np.sum(distribution.density(np.array(distribution.atoms()))))
    quantiles = np.asarray(distribution.quantile(atom + (1.0 - atom) * PROBABILITIES))
    low_end, high_end = np.isfinite(support.lower), np.isfinite(support.upper)
    gap = 0.0
    if low_end and high_end:
        width = support.upper - support.lower
        inside = (quantiles - support.lower) / width
        edges = np.log(inside) - np.log1p(-np.minimum(inside, 1.0 - 1e-16))
        edges = np.clip(edges, -690.0, 18.0)
        outside = [np.arange(-690.0, edges[0], 4.0), np.arange(edges[-1], 18.0, 1.0), [18.0]]
        gap = float(distribution.sf(support.lower + width / (1.0 + np.exp(-18.0))))
    elif low_end:
        edges = np.clip(np.log(quantiles - support.lower), -690.0, 690.0)
        outside = [np.arange(-690.0, edges[0], 4.0), np.arange(edges[-1], 690.0, 2.0)]
    else:
        middle, scale = quantiles[len(OUTER)], quantiles[-7] - quantiles[6]
        if distribution.kinked:
            # Ever finer towards a kink, which may be a cusp.
            graded = scale * np.concatenate([-GRADES, [0.0], GRADES[::-1]])
            quantiles = np.sort(np.append(quantiles, distribution.given[distribution.kinked] + graded))
        if isinstance(distribution, Mixture):
            # A component may be far narrower than the whole.
            given = distribution.given
            parts = [
                part.carrying({p.name: given[f"component[{k}].{p.name}"] for p in part.declared}, {})
                for k, part in enumerate(distribution.components)
            ]
            quantiles = np.sort(
                np.concatenate([quantiles, *(part.quantile(PROBABILITIES) for part in parts)])
            )
        edges = np.arcsinh((quantiles - middle) / scale)
        outside = [-np.arange(-edges[0], 600.0, 2.0)[::-1], np.arange(edges[-1], 600.0, 2.0)]
    edges = np.unique(np.concatenate([edges, *outside]))
    half = 0.5 * np.diff(edges)[:, None]
    t = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * NODES).ravel()
    log_weight = np.log(half * WEIGHTS).ravel()
    with np.errstate(all="ignore"):
        if low_end and high_end:
            fraction = 1.0 / (1.0 + np.exp(-t))
            return Grid(
                support.lower + width * fraction,
                log_weight + np.log(width) + np.log(fraction) - np.log1p(np.exp(t)),
                gap,
            )
        if low_end:
            return Grid(support.lower + np.exp(t), log_weight + t)
        y = middle + scale * np.sinh(t)
        return Grid(y, log_weight + np.log(scale) + np.logaddexp(t, -t) - np.log(2.0))


def trimmed(distribution, grid, least=-700.0):
    """The grid's points of positive mass, and their masses' logs."""
    log_mass = distribution.log_prob(grid.y) + grid.log_weight
    keep = log_mass > least
    return grid.y[keep], log_mass[keep]


def intervals(distribution):
    """Five that share the line, then narrow ones and one far out in each tail; ends as arrays of one row."""
    q = np.asarray(distribution.quantile([0.02, 0.3, 0.6, 0.97, 1e-12, 1e-11, 1 - 1e-11, 1 - 1e-12]))
    ends = [-np.inf, *q[:4], np.inf]
    found = list(pairwise(ends))
    step = 1.0 if distribution.support.discrete else 1e-3 * (q[2] - q[1])
    found += [(q[1], q[1] + step), (q[4], q[5]), (q[6], q[7])]
    return [(np.array([low]), np.array([high])) for low, high in found]
