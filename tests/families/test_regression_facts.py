"""What families declare for regressions: where rows pull the primary parameter, and where each is at its highest."""

from __future__ import annotations

import numpy as np
import pytest
from tests.families.variants import OTHERS, VARIANTS

from thetahat.families import CATALOGUE
from thetahat.numerics.namespace import NUMPY

LABELS = (0, 1, 2, 3)
TRIALS = np.array([0.0, 1.0, 1.0, 5.0, 5.0, 5.0])
SUCCESSES = np.array([0.0, 0.0, 1.0, 0.0, 2.0, 5.0])
ALONG = np.linspace(-30.0, 30.0, 121)
"""Primary working coordinates, from where one end of the parameter space is reached to where the other is."""
SMALL = 1e-3
OUTERMOST = 690.0
"""A log or logit that stands for the edge, and whose exponential is still a number."""
LOWEST = -1e250
"""A log-density that counts as -inf."""

every_family = pytest.mark.parametrize("cls", [*CATALOGUE, *VARIANTS, *OTHERS], ids=lambda cls: cls.__name__)
smoothly_regressed_family = pytest.mark.parametrize(
    "cls",
    [cls for cls in [*CATALOGUE, *VARIANTS, *OTHERS] if cls.regressed and not cls.edges],
    ids=lambda cls: cls.__name__,
)

regressed_family = pytest.mark.parametrize(
    "cls", [cls for cls in [*CATALOGUE, *VARIANTS, *OTHERS] if cls.regressed], ids=lambda cls: cls.__name__
)


def blank(cls):
    return cls().with_levels(LABELS) if cls.labelled else cls()


def primary_of(family):
    """Name and domain of the primary parameter, and the position of its first working coordinate."""
    name = family.primary or family.declared[0].name
    start = 0
    for parameter in family.declared:
        if parameter.name == name:
            return parameter, start
        start += parameter.domain.free_size
    raise AssertionError(f"{name} is no parameter of {family!r}")


def values_of(family):
    """Exact values, at the edges of the support where it includes them, with what is known of them."""
    if family.known:
        return SUCCESSES, {"trials": TRIALS}
    support = family.support
    if family.labelled:
        return np.arange(float(len(LABELS))), {}
    if support.discrete:
        return np.arange(max(support.lower, -3.0), min(support.upper, 6.0) + 1.0), {}
    if np.isfinite(support.upper):
        return np.array([0.01, 0.3, 0.5, 0.9]), {}
    edge = [0.0] if support.includes_lower and support.lower == 0 else []
    return np.array([*edge, 0.05, 0.5, 1.0, 3.0, 40.0]), {}


def thetas(family):
    """Natural parameters from all over the typical ranges."""
    rng = np.random.default_rng(20240501)
    for _ in range(8):
        values = []
        for parameter in family.declared:
            domain, (low, high) = parameter.domain, parameter.typical
            if domain.vector:
                values.append(domain.from_free(rng.normal(0.0, 1.0, domain.free_size)))
            elif (domain.lower, domain.upper) == (0.0, np.inf):
                values.append(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
            else:
                values.append(float(rng.uniform(low, high)))
        yield tuple(values)


def log_density(family, y, known, eta):
    with np.errstate(all="ignore"):
        value = family.log_density(NUMPY, family.prepare(NUMPY, y, known), eta)
    return np.broadcast_to(value, y.shape)


def moved(eta, position, values):
    return (*eta[:position], values, *eta[position + 1 :])


@every_family
def test_the_primary_parameter_is_one_of_the_family(cls):
    family = blank(cls)
    parameter, _ = primary_of(family)
    assert family.regression_form().primary in {"", *(p.name for p in family.regression_form().declared)}
    if family.regression_form() is family and not parameter.domain.vector:
        assert parameter.domain.free_size == 1


@regressed_family
def test_values_grow_or_fall_with_the_primary_coordinate_as_declared(cls):
    family = blank(cls)
    parameter, position = primary_of(family)
    if (
        parameter.domain.vector
        or family.labelled
        or not family.ordered_by_primary
        or family.support.upper == np.pi
    ):
        # Neither labels nor directions have an order.
        return
    y = np.array([values_of(family)[0][-2]])
    known = dict.fromkeys(family.known, 5.0)
    for theta in thetas(family):
        eta = family.working(theta)
        steps = np.array([-0.5, 0.0, 0.5]) + eta[position]
        with np.errstate(all="ignore"):
            tails = [
                float(family.log_mass(y, np.array([np.inf]), known, moved(eta, position, step), 0).value[0])
                for step in steps
            ]
        ordered = np.array(tails if family.increasing else tails[::-1])
        assert np.all(ordered[1:] >= ordered[:-1])


@smoothly_regressed_family
def test_rows_pull_the_primary_coordinate_where_they_say_and_nowhere_else(cls):
    family = blank(cls)
    parameter, position = primary_of(family)
    y, known = values_of(family)
    up, down = (np.broadcast_to(item, y.shape) for item in family.recession(y, known))
    if parameter.domain.vector:
        assert not up.any()
        assert not down.any()
        return
    along = ALONG if np.isfinite(parameter.domain.lower) else 10.0 * ALONG
    always = [np.ones(y.shape, dtype=bool) for _ in range(3)]
    for theta in thetas(family):
        eta = family.working(theta)
        curves = np.array([log_density(family, y, known, moved(eta, position, step)) for step in along])
        curves = np.maximum(curves, LOWEST)
        slack = 1e-9 * (1.0 + np.abs(curves[1:]))
        always[0] &= np.all(curves[1:] >= curves[:-1] - slack, axis=0)
        always[1] &= np.all(curves[1:] <= curves[:-1] + slack, axis=0)
        always[2] &= np.ptp(curves, axis=0) > 1e-12
    for found, declared in zip(always, (up, down, ~(up & down)), strict=True):
        np.testing.assert_array_equal(found, declared)


@every_family
def test_each_rows_density_is_highest_at_its_saturated_value(cls):
    family = blank(cls)
    parameter, position = primary_of(family)
    y, known = values_of(family)
    for theta in thetas(family):
        with np.errstate(divide="ignore"):
            best = family.saturated(y, theta, known)
        if best is None:
            return
        if parameter.domain.vector:
            heights = [
                log_density(family, y, known, family.working((share * best + (1 - share) / len(best),)))
                for share in (0.5, 0.9, 0.999, 1.0 - 1e-9)
            ]
            assert np.all(np.diff(heights, axis=0) > 0)
            continue
        with np.errstate(divide="ignore"):
            at = np.broadcast_to(parameter.domain.to_free(best), y.shape)
        up, down = (np.broadcast_to(item, y.shape) for item in family.recession(y, known))
        np.testing.assert_array_equal(np.isposinf(at), up & ~down)
        np.testing.assert_array_equal(np.isneginf(at), down & ~up)
        eta, at = family.working(theta), np.clip(at, -OUTERMOST, OUTERMOST)
        top = log_density(family, y, known, moved(eta, position, at))
        for step in (-1.0, -SMALL, SMALL, 1.0):
            beside = np.clip(at + step, -OUTERMOST, OUTERMOST)
            other = log_density(family, y, known, moved(eta, position, beside))
            assert np.all(other <= top + 1e-12 * (1.0 + np.abs(top)))


@every_family
def test_theorems_are_told_by_link(cls):
    for link, theorem in blank(cls).single_maximum.items():
        assert link == "*" or link.isidentifier()
        assert len(theorem) > 10
