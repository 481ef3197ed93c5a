"""Every family of the catalogue keeps its contract; a new one is tested by being listed there."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.families.variants import VARIANTS

from thetahat._errors import DataError, ModelError, ParameterError
from thetahat.families import CATALOGUE, GEV, WRAPPERS, Family, limit_named
from thetahat.families._survey import Survey
from thetahat.numerics.namespace import NUMPY, namespace
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


# ---- Drawing distributions -------------------------------------------------------------------------------


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


# ---- Integration over the support ------------------------------------------------------------------------


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


@every_family
@examples(10)
@given(data=st.data())
def test_total_mass_is_one(cls, data):
    distribution = data.draw(distributions(cls))
    grid = grid_over(distribution)
    _, log_mass = trimmed(distribution, grid)
    assert abs(np.exp(log_mass).sum() + grid.gap - 1.0) < 1e-8


@every_family
@examples(10)
@given(data=st.data())
def test_mean_and_variance_are_those_of_the_density(cls, data):
    distribution = data.draw(distributions(cls))
    mean, variance = distribution.mean(), distribution.variance()
    grid = grid_over(distribution)
    y, log_mass = trimmed(distribution, grid)
    mass = np.exp(log_mass)
    upper = distribution.support.upper if grid.gap else 0.0
    if np.isfinite(mean):
        log_size = np.log(np.maximum(np.abs(y), 1e-300)) + log_mass
        total = float(np.sum(np.sign(y) * np.exp(log_size))) + grid.gap * upper
        # A mean that hardly exists converges slowly; then only the digits that it has are compared.
        tail = max(np.exp(log_size[0]), np.exp(log_size[-1]))
        scale = abs(mean) + (math.sqrt(variance) if np.isfinite(variance) else float(np.exp(log_size).sum()))
        if tail < 1e-12 * scale:
            assert abs(total - mean) < 1e-7 * scale
    if np.isfinite(mean) and np.isfinite(variance):
        with np.errstate(over="ignore"):
            parts = np.exp(2.0 * np.log(np.maximum(np.abs(y - mean), 1e-300)) + log_mass)
        if max(parts[0], parts[-1]) < 1e-12 * variance:
            assert abs(parts.sum() + grid.gap * (upper - mean) ** 2 - variance) < 1e-6 * variance
    assert mass.sum() > 0


@smooth_family
@examples(8)
@given(data=st.data())
def test_score_has_mean_zero_and_variance_the_expected_information(cls, data):
    distribution = data.draw(distributions(cls))
    theta = tuple(distribution.given[p.name] for p in distribution.declared)
    regularity = distribution.regularity(theta)
    assume(regularity in {"smooth", "kinked"})
    grid = grid_over(distribution)
    assume(grid.gap < 1e-11)
    y, log_mass = trimmed(distribution, grid, -80.0)
    terms = terms_at(distribution, y)
    mass = np.exp(log_mass)
    score = [np.broadcast_to(item, y.shape) for item in terms.gradient]
    with np.errstate(all="ignore"):
        expected = distribution.expected_information(eta_of(distribution), known_of(cls))
    k = len(score)
    information = dict(zip(pairs(k), expected, strict=True))
    sizes = [math.sqrt(float(information[j, j])) for j in range(k)]
    for j in range(k):
        assert abs(np.sum(mass * score[j])) < 1e-7 * sizes[j]
    hessian = dict(zip(pairs(k), terms.hessian, strict=True))
    # Near an irregular point much of the information is about an end-point, beyond the outermost quantile.
    outer = np.zeros(y.size, dtype=bool)
    if not distribution.support.discrete:
        outer = (y < distribution.quantile(1e-12)) | (y > distribution.quantile(1.0 - 1e-12))
    if cls.kinked:
        spread = distribution.quantile(0.9) - distribution.quantile(0.1)
        outer |= np.abs(y - distribution.given[cls.kinked]) < 1e-10 * spread
    reached = [np.sum((mass * score[j] ** 2)[outer]) < 1e-8 * information[j, j] for j in range(k)]
    for i, j in pairs(k):
        if not (reached[i] and reached[j]):
            continue
        tolerance = 1e-6 * sizes[i] * sizes[j]
        assert abs(np.sum(mass * score[i] * score[j]) - information[i, j]) < tolerance
        if regularity == "smooth":
            assert abs(np.sum(mass * hessian[i, j]) + information[i, j]) < tolerance


# ---- The support -----------------------------------------------------------------------------------------


@ordered_family
def test_log_prob_outside_the_support_is_minus_infinity_and_of_nan_is_nan(cls):
    distribution = typical(cls)
    support = distribution.support
    outside = [np.inf, -np.inf]
    if np.isfinite(support.lower):
        outside += [support.lower - 1.0, *([] if support.includes_lower else [support.lower])]
    if np.isfinite(support.upper):
        outside += [support.upper + 1.0, *([] if support.includes_upper else [support.upper])]
    if support.discrete:
        outside.append(float(distribution.quantile(0.5)) + 0.5)
    assert np.all(np.isneginf(distribution.log_prob(outside)))
    assert np.all(distribution.density(outside) == 0)
    for function in (distribution.log_prob, distribution.log_cdf, distribution.log_sf, distribution.cdf):
        assert math.isnan(function(np.nan))
    assert distribution.log_cdf(np.inf) == 0
    assert distribution.log_sf(-np.inf) == 0
    assert np.isneginf(distribution.log_cdf(-np.inf))
    assert np.isneginf(distribution.log_sf(np.inf))
    if np.isfinite(support.lower):
        assert np.isneginf(distribution.log_cdf(support.lower - 1.0))
        assert distribution.log_sf(support.lower - 1.0) == 0


@pytest.mark.parametrize("cls", [cls for cls in CATALOGUE if not cls.ordered])
def test_labels_that_are_no_levels_are_named_and_labels_have_no_order(cls):
    distribution = typical(cls)
    with pytest.raises(DataError, match="-5"):
        distribution.log_prob([0, -5])
    for function in (distribution.log_cdf, distribution.log_sf, distribution.quantile):
        with pytest.raises(ModelError, match="order"):
            function(1)


@every_family
def test_scalars_come_out_of_scalars_and_shapes_are_kept(cls):
    distribution = typical(cls)
    point = 1.0 if cls.labelled else float(distribution.quantile(0.4))
    functions = [distribution.log_prob, distribution.density]
    if cls.ordered:
        functions += [distribution.log_cdf, distribution.log_sf, distribution.cdf, distribution.sf]
        assert type(distribution.quantile(0.4)) is float
        assert distribution.quantile(np.full((2, 3), 0.4)).shape == (2, 3)
    for function in functions:
        assert isinstance(function(point), float)
        assert function(np.full((2, 3), point)).shape == (2, 3)
        assert np.isclose(function([point, point])[1], function(point), rtol=1e-14)
        assert function(np.array([])).shape == (0,)
    assert type(distribution.mean()) is float
    assert type(distribution.variance()) is float
    assert distribution.sample(5, rng=1).shape == (5,)


# ---- Distribution functions, quantiles and samples -------------------------------------------------------


@ordered_family
@examples(6)
@given(data=st.data())
def test_the_outermost_quantiles_are_the_ends_of_the_support(cls, data):
    distribution = data.draw(distributions(cls))
    low, high = distribution.quantile([0.0, 1.0])
    if cls.labelled:
        assert (low, high) == (LABELS[0], LABELS[-1])
        return
    support = distribution.support
    inner = distribution.quantile([1e-14, 1.0 - 1e-14])
    assert support.lower <= low <= inner[0]
    assert inner[1] <= high <= support.upper
    if np.isfinite(low):
        assert distribution.log_cdf(low - 1.0 if support.discrete else np.nextafter(low, -np.inf)) == -np.inf
    if np.isfinite(high):
        assert distribution.log_sf(high) == -np.inf
        assert not support.discrete or distribution.log_sf(high - 1.0) > -np.inf


@ordered_family
@examples(10)
@given(data=st.data())
def test_quantile_and_cdf_are_inverse(cls, data):
    distribution = data.draw(distributions(cls))
    probability = np.concatenate([PROBABILITIES, [0.123456789]])
    y = np.asarray(distribution.quantile(probability))
    assert np.all(np.diff(y[:-1]) >= 0)
    if distribution.support.discrete:
        assert np.all(distribution.cdf(y) >= probability)
        assert np.all(distribution.cdf(y - 1.0) < probability)
        k = np.unique(y)
        below = distribution.cdf(k)
        distinct = (below < 1.0) & (distribution.cdf(k - 1.0) < below)
        assert np.array_equal(distribution.quantile(below[distinct]), k[distinct])
        return
    # Where floats are coarse, as for a beta near 1, a quantile is as good as its neighbours allow.
    slack = np.abs(distribution.cdf(np.nextafter(y, np.inf)) - distribution.cdf(np.nextafter(y, -np.inf)))
    lower = probability <= 0.5
    assert np.all(
        np.abs(distribution.cdf(y) - probability) < 1e-9 * np.where(lower, probability, 1.0) + slack
    )


@ordered_family
@examples(10)
@given(data=st.data())
def test_tails_add_up_to_one_and_are_monotone(cls, data):
    distribution = data.draw(distributions(cls))
    y = np.sort(spread_points(distribution))
    log_cdf, log_sf = distribution.log_cdf(y), distribution.log_sf(y)
    assert np.all(np.abs(np.logaddexp(log_cdf, log_sf)) < 1e-13)
    assert np.all(log_cdf[1:] >= log_cdf[:-1] - 1e-14)
    assert np.all(log_sf[1:] <= log_sf[:-1] + 1e-14)
    with np.errstate(all="ignore"):
        eta, known = eta_of(distribution), known_of(cls)
        whole = np.logaddexp.reduce(
            [
                distribution.log_mass(low, high, known, eta, 0).value
                for low, high in intervals(distribution)[:5]
            ],
            axis=0,
        )
    assert np.all(np.abs(whole) < 1e-13)


def intervals(distribution):
    """Five that share the line, then narrow ones and one far out in each tail; ends as arrays of one row."""
    q = np.asarray(distribution.quantile([0.02, 0.3, 0.6, 0.97, 1e-12, 1e-11, 1 - 1e-11, 1 - 1e-12]))
    ends = [-np.inf, *q[:4], np.inf]
    found = list(pairwise(ends))
    step = 1.0 if distribution.support.discrete else 1e-3 * (q[2] - q[1])
    found += [(q[1], q[1] + step), (q[4], q[5]), (q[6], q[7])]
    return [(np.array([low]), np.array([high])) for low, high in found]


@every_family
def test_samples_follow_the_distribution(cls):
    distribution = typical(cls)
    sample = distribution.sample(4000, rng=20240229)
    assert np.array_equal(sample, distribution.sample(4000, rng=np.random.default_rng(20240229)))
    codes = np.sort(np.asarray(distribution.encode(sample), dtype=float))
    assert np.all(distribution.support.contains(codes))
    values = np.unique(codes)
    if cls.labelled:
        cdf = np.cumsum(distribution.density(list(LABELS)))[values.astype(int)]
    else:
        cdf = distribution.cdf(values)
    at, before = np.searchsorted(codes, values, side="right"), np.searchsorted(codes, values, side="left")
    gap = np.abs(at / codes.size - cdf)
    if not distribution.support.discrete:
        atoms = np.isin(values, distribution.atoms()) * distribution.density(values)
        gap = np.maximum(gap, np.abs(before / codes.size - (cdf - atoms)))
    # Dvoretzky, Kiefer & Wolfowitz with Massart's (1990) constant
    assert gap.max() < math.sqrt(math.log(2.0 / FALSE_ALARM) / (2.0 * codes.size))


# ---- Derivatives -----------------------------------------------------------------------------------------


@cache
def by_autodiff(cls):
    """Value, gradient and Hessian of ``log_density`` by JAX, one row at a time, compiled once a family."""
    import jax
    import jax.numpy as jnp

    family = blank(cls)

    def log_density(eta, y):
        xp = namespace(y)
        return family.log_density(xp, family.prepare(xp, y, known_of(cls)), tuple(eta))

    def gradient_of(eta, y):
        value, gradient = jax.value_and_grad(log_density)(eta, y)
        return gradient, (value, gradient)

    def all_of(eta, y):
        hessian, (value, gradient) = jax.jacfwd(gradient_of, has_aux=True)(eta, y)
        return value, gradient, hessian

    compiled = jax.jit(jax.vmap(all_of, in_axes=(None, 0)))

    def run(eta, y):
        with jax.enable_x64(new_val=True):
            padded = np.full(ROWS, y[0])
            padded[: y.size] = y
            found = compiled(jnp.asarray(np.array(eta, dtype=float)), jnp.asarray(padded))
            return [np.asarray(item)[: y.size] for item in found]

    return run


@every_family
@examples(12)
@given(data=st.data())
def test_derivatives_agree_with_autodiff_of_the_same_code(cls, data):
    distribution = data.draw(distributions(cls))
    y, eta = spread_points(distribution), eta_of(distribution)
    if cls.kinked:
        # At a kink there are two slopes, and automatic derivatives take whichever is written first.
        y = y[y != distribution.given[cls.kinked]]
    terms = terms_at(distribution, y)
    value, gradient, hessian = by_autodiff(cls)(eta, y)
    scale = 1.0 + np.abs(terms.value)
    assert np.all(np.isfinite(terms.value))
    with np.errstate(all="ignore"):
        rows = distribution.prepare(NUMPY, y, known_of(cls))
        assert np.all(np.abs(distribution.log_density(NUMPY, rows, eta) - terms.value) < 1e-13 * scale)
    assert np.all(np.abs(value - terms.value) < 1e-10 * scale)
    for j, item in enumerate(terms.gradient):
        assert np.all(np.abs(gradient[:, j] - item) < 1e-8 * (scale + np.abs(item)))
    for (i, j), item in zip(pairs(len(eta)), terms.hessian, strict=True):
        assert np.all(np.abs(hessian[:, i, j] - item) < 1e-7 * (scale + np.abs(item)))


@pytest.mark.parametrize("cls", [cls for cls in CATALOGUE if cls.kinked], ids=lambda cls: cls.__name__)
@examples(12)
@given(data=st.data())
def test_slopes_on_both_sides_of_a_kink_are_those_declared(cls, data):
    distribution = data.draw(distributions(cls))
    eta, place = eta_of(distribution), distribution.given[cls.kinked]
    spread = distribution.quantile(0.9) - distribution.quantile(0.1)
    value, terms = distribution.log_prob(place), terms_at(distribution, np.array([place]))
    slopes = distribution.kink(eta)
    for side, slope in zip((-1.0, 1.0), slopes, strict=True):
        found = []
        for step in (1e-3 * spread, 1e-6 * spread):
            moved = type(distribution)(**{**distribution.given, cls.kinked: place + side * step})
            found.append(side * (moved.log_prob(place) - value) / step)
        # Close above shape 1 a slope tends to its value as slowly as one likes.
        if np.isinf(slope):
            assert side * found[1] < side * found[0] < 0
        else:
            error = [abs(item - slope) for item in found]
            assert error[1] < 1e-5 * (abs(slope) + 1.0 / spread) + 0.9999 * error[0]
    mean = np.mean(slopes) if np.isfinite(slopes).all() else 0.0
    position = [parameter.name for parameter in blank(cls).declared].index(cls.kinked)
    assert terms.gradient[position] == pytest.approx(mean, abs=1e-12 * (1.0 + abs(mean)))


STENCIL = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}


def differences(function, eta, j, step=3e-4):
    """Sixth-order central difference along coordinate j."""
    total = 0.0
    for k, coefficient in STENCIL.items():
        up, down = list(eta), list(eta)
        up[j], down[j] = eta[j] + k * step, eta[j] - k * step
        total = total + coefficient * (np.asarray(function(tuple(up))) - np.asarray(function(tuple(down))))
    return total / step


@ordered_family
@examples(5)
@given(data=st.data())
def test_derivatives_of_interval_masses_agree_with_differences(cls, data):
    distribution = data.draw(distributions(cls))
    eta, known = eta_of(distribution), known_of(cls)
    ends = [pair for pair in intervals(distribution) if pair[1] > pair[0]]
    if cls.edges:
        # Not so near its ends that they would be crossed; whole numbers cannot be moved at all.
        ends = [] if distribution.support.discrete else ends[:6]
    if not ends:
        return
    low, high = (np.concatenate(side) for side in zip(*ends, strict=True))

    def mass(at, order=0):
        with np.errstate(all="ignore"):
            return distribution.log_mass(low, high, known, at, order)

    there = np.isfinite(mass(eta).value)
    low, high = low[there], high[there]
    terms = mass(eta, 2)
    assert np.all(np.abs(terms.value - mass(eta).value) < 1e-12 * (1.0 + np.abs(terms.value)))
    for j in range(len(eta)):
        # Short steps where an end of the support may be near, as it is for a GEV whose shape is negative.
        step = 2e-5 if cls.edges or cls is GEV else 3e-4
        slope = differences(lambda at: mass(at).value, eta, j, step)
        found = np.broadcast_to(terms.gradient[j], low.shape)
        scale = 1.0 + np.abs(found) + np.abs(terms.value)
        assert np.all(np.abs(slope - found) < 1e-7 * scale)
        curvature = differences(
            lambda at: np.array([np.broadcast_to(g, low.shape) for g in mass(at, 2).gradient]), eta, j, step
        )
        for i in range(len(eta)):
            item = terms.hessian[pairs(len(eta)).index((max(i, j), min(i, j)))]
            scale = 1.0 + np.abs(item) + np.abs(terms.value)
            assert np.all(np.abs(curvature[i] - item) < 1e-6 * scale)


def varying_by_row(eta, n):
    """Coordinates of which all, each alone, and all but each vary by row, the others being numbers."""
    shift = np.linspace(-0.05, 0.05, n)
    k = len(eta)
    choices = {frozenset(range(k)), *(frozenset({j}) for j in range(k))}
    choices |= {frozenset(range(k)) - {j} for j in range(k)} - {frozenset()}
    for chosen in sorted(choices, key=sorted):
        yield tuple(item + shift if j in chosen else item for j, item in enumerate(eta))


def at_row(eta, row):
    return tuple(item[row] if np.ndim(item) else item for item in eta)


@every_family
def test_coordinates_by_row_give_what_each_row_gives_alone(cls):
    distribution = typical(cls)
    y = spread_points(distribution)
    known = {name: np.full(y.size, value) for name, value in known_of(cls).items()}
    for eta in varying_by_row(eta_of(distribution), y.size):
        with np.errstate(all="ignore"):
            together = distribution.derivatives(distribution.prepare(NUMPY, y, known), eta)
            information = distribution.expected_information(eta, known)
        for row in range(y.size):
            single = at_row(eta, row)
            alone = terms_at(distribution, y[row : row + 1], single)
            for both, one in zip(
                (together.value, *together.gradient, *together.hessian),
                (alone.value, *alone.gradient, *alone.hessian),
                strict=True,
            ):
                assert np.allclose(np.broadcast_to(both, y.shape)[row], one, rtol=1e-12, atol=1e-14)
            with np.errstate(all="ignore"):
                one_row = distribution.expected_information(single, known_of(cls))
            for both, one in zip(information, one_row, strict=True):
                assert np.allclose(
                    np.broadcast_to(both, y.shape)[row],
                    one,
                    rtol=1e-10,
                    atol=1e-14,
                    equal_nan=bool(cls.edges),
                )


@ordered_family
def test_interval_masses_by_row_give_what_each_row_gives_alone(cls):
    distribution = typical(cls)
    ends = [pair for pair in intervals(distribution) if pair[1] > pair[0]]
    low, high = (np.concatenate(side) for side in zip(*ends, strict=True))
    known = {name: np.full(low.size, value) for name, value in known_of(cls).items()}
    for eta in varying_by_row(eta_of(distribution), low.size):
        with np.errstate(all="ignore"):
            together = distribution.log_mass(low, high, known, eta, 2)
            for row in range(low.size):
                span = slice(row, row + 1)
                alone = distribution.log_mass(low[span], high[span], known_of(cls), at_row(eta, row), 2)
                for both, one in zip(
                    (together.value, *together.gradient, *together.hessian),
                    (alone.value, *alone.gradient, *alone.hessian),
                    strict=True,
                ):
                    assert np.allclose(np.broadcast_to(both, low.shape)[row], one, rtol=1e-9, atol=1e-11)


# ---- Starting and solving --------------------------------------------------------------------------------


def survey_of(family, y, known) -> Survey:
    rows = [np.broadcast_to(column, y.shape) for column in family.prepare(NUMPY, y, known)]
    means = np.array([math.fsum(column) / y.size for column in rows])
    spread = math.fsum(np.square(rows[0] - means[0]))
    survey = Survey(y.size, float(y.size), float(y.size), y.min(), y.max(), means, spread, n_positive=y.size)
    refine = family.refinement(survey)
    if refine is None:
        return survey
    return replace(survey, refined=math.fsum(refine(tuple(rows))) / y.size)


@smooth_family
@examples(10)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_closed_forms_are_stationary(cls, data, seed):
    distribution = data.draw(distributions(cls))
    y = np.asarray(distribution.encode(distribution.sample(200, rng=seed)), dtype=float)
    with np.errstate(all="ignore"):
        theta = distribution.solve(survey_of(distribution, y, known_of(cls)), known_of(cls))
    if theta is None:
        return
    declared = distribution.declared
    assume(
        not any(
            p.domain.is_edge(v)
            for p, value in zip(declared, theta, strict=True)
            for v in np.atleast_1d(value)
        )
    )
    eta = tuple(np.float64(item) for item in distribution.working(theta))
    terms = terms_at(distribution, y, eta)
    for j, score in enumerate(terms.gradient):
        curvature = -math.fsum(np.broadcast_to(terms.hessian[pairs(len(eta)).index((j, j))], y.shape))
        assert abs(math.fsum(np.broadcast_to(score, y.shape))) <= 1e-8 * math.sqrt(curvature)


AWKWARD = {
    "one": [3.0],
    "one of a half": [0.5],
    "zeros": [0.0] * 5,
    "one zero": [0.0],
    "ones": [1.0] * 4,
    "equal": [0.7] * 5,
    "equal and negative": [-12.5] * 3,
    "tiny": [1e-300, 2e-300, 5e-300],
    "huge": [1e300, 3e300, 2e300],
    "huge both ways": [-1e300, 1e300],
    "far apart": [1e-300, 1e300],
    "offset": list(1e9 + np.array([-1.3, 0.2, 0.9, 0.5])),
    "offset counts": [1e9, 1e9 + 1, 1e9 + 5],
    "equal but for one": [2.0] * 20 + [3.0],
    "mostly zero": [0.0] * 50 + [1.0],
    "near the ends": [1e-300, 1.0 - 1e-16],
    "near one": [1.0 - 1e-16, 1.0 - 2e-16],
}


@every_family
@pytest.mark.parametrize("points", AWKWARD.values(), ids=AWKWARD.keys())
def test_start_values_are_inside_whatever_the_points(cls, points):
    family = blank(cls)
    y = np.array(points)
    if not np.all(family.support.contains(y)):
        return
    with np.errstate(all="ignore"):
        theta = family.start(y, known_of(cls))
    for parameter, value in zip(family.declared, theta, strict=True):
        assert parameter.domain.contains(np.asarray(value, dtype=float)), (parameter.name, value)
    assert np.all(np.isfinite([float(item) for item in family.working(theta)]))


# ---- Limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "limit"),
    [(cls, limit) for cls in KINDS for limit in cls.limits],
    ids=lambda item: getattr(item, "family", "of"),
)
def test_limits_are_reached_with_the_slope_that_they_declare(cls, limit):
    distribution = typical(cls)
    target = distribution.limiting(limit_named(limit.family))
    given_values = {
        **values_in_the_middle(target),
        **{name: distribution.given[own] for name, own in limit.names.items()},
    }
    target = target.carrying(given_values, known_of(target))
    y = np.asarray(target.quantile([0.01, 0.3, 0.5, 0.8, 0.999]))
    assert limit.parameter in [p.name for p in distribution.declared]
    assert limit.scale(dict(target.given)) > 0
    small = 1e-7
    near = with_values(cls, limit.beside(given_values, limit.placed(small ** (-1.0 / limit.order))))
    slope = (near.log_prob(y) - target.log_prob(y)) / small
    rows = distribution.prepare(NUMPY, y, known_of(cls))
    assert np.allclose(limit.slope(rows, eta_of(near)), slope, rtol=1e-4, atol=1e-5)


# ---- Declarations, errors and text -----------------------------------------------------------------------


@every_family
def test_declarations_are_consistent(cls):
    family = blank(cls)
    names = [parameter.name for parameter in family.declared]
    assert len(set(names)) == len(names) > 0
    assert not {"y", "weights", "links", "fixed", "start", "levels"} & {*names, *cls.known}
    assert set(cls.scales) <= set(names)
    assert cls.affine in {"", "affine", "quadratic"}
    assert cls.spikes in {"anywhere", "at 0", "at 1", "nowhere"}
    for parameter in family.declared:
        if not parameter.domain.vector:
            assert all(parameter.domain.contains(end) for end in parameter.typical)
    eta = eta_of(typical(cls))
    assert len(eta) == sum(parameter.domain.free_size for parameter in family.declared)
    back = typical(cls).theta(eta)
    for value, parameter in zip(back, family.declared, strict=True):
        assert np.allclose(value, typical(cls).given[parameter.name], rtol=1e-13)
    if cls.affine == "quadratic":
        assert len(family.prepare(NUMPY, np.array([0.5]), known_of(cls))) == 1


@every_family
def test_bad_values_name_the_parameter_and_its_domain(cls):
    for parameter in blank(cls).declared:
        domain = parameter.domain
        bad = [np.nan, "three", np.inf]
        bad += [end for end in (domain.lower, domain.upper) if np.isfinite(end)]
        for value in bad:
            whole = [value] * domain.size if domain.vector else value
            with pytest.raises(ParameterError) as caught:
                cls(**{parameter.name: whole})
            assert parameter.name in str(caught.value)
            assert domain.describe() in str(caught.value)


@every_family
def test_unknown_names_are_told_with_those_there_are(cls):
    with pytest.raises(ParameterError, match="no parameter 'nonsense'") as caught:
        cls(nonsense=1.0)
    assert all(parameter.name in str(caught.value) for parameter in blank(cls).declared)


@every_family
def test_what_is_missing_is_named(cls):
    with pytest.raises(ParameterError, match=blank(cls).declared[0].name):
        cls().mean()


@every_family
def test_text_of_a_distribution_makes_it_again(cls):
    distribution = typical(cls)
    known = {kind.__name__: kind for kind in (*CATALOGUE, *WRAPPERS)}
    again = eval(repr(distribution), known)  # noqa: S307 - text that this test made itself
    assert repr(again) == repr(distribution)
    assert again.parameters == distribution.parameters
    assert distribution.complete
    if cls in CATALOGUE:
        assert repr(cls(y="wait")) == f"{cls.__name__}(y='wait')"


@every_family
def test_documentation_has_the_formula_the_coordinates_and_examples(cls):
    text = cls.__doc__ or ""
    assert "=" in text.partition("Examples\n")[0]
    assert "orking coordinate" in text
    assert "Examples\n" in text
    assert ">>> import thetahat as th" in text


def test_no_warnings_come_from_ordinary_use():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cls in KINDS:
            distribution = typical(cls)
            sample = distribution.sample(20, rng=3)
            distribution.log_prob(sample)
            if cls.ordered:
                distribution.log_cdf(sample)
                distribution.quantile([0.0, 0.5, 1.0])
