"""Every family of the catalogue is a distribution: masses, moments, tails, quantiles and samples agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.families.catalogue import (
    FALSE_ALARM,
    LABELS,
    PROBABILITIES,
    distributions,
    eta_of,
    every_family,
    examples,
    grid_over,
    intervals,
    known_of,
    ordered_family,
    pairs,
    smooth_family,
    spread_points,
    terms_at,
    trimmed,
    typical,
)

from thetahat._errors import DataError, ModelError
from thetahat.families import CATALOGUE


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
        # Within a few roundings of 1 the next number's cdf may be the smaller.
        distinct = (below < 1.0 - 1e-13) & (distribution.cdf(k - 1.0) < below)
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
