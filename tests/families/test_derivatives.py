"""Derivatives of every family of the catalogue are those of automatic differentiation, or of differences."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.families.catalogue import (
    ROWS,
    blank,
    distributions,
    eta_of,
    every_family,
    examples,
    intervals,
    known_of,
    ordered_family,
    pairs,
    spread_points,
    terms_at,
    typical,
)

from thetahat.families import CATALOGUE, GEV
from thetahat.numerics.namespace import NUMPY, namespace


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
    # Just above shape 1 the slope tends to its value too slowly to be seen to do so.
    assume(not 1.0 < distribution.given.get("shape", 0.0) < 1.001)
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
    if cls is GEV:
        # A step of a coordinate must not carry the end of the support past the interval.
        first, last = distribution.quantile([0.0, 1.0])
        margin = 1e-2 * distribution.given["scale"]
        there &= (low > first + margin) & (high < last - margin)
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
