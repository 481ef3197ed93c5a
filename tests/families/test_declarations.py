"""What every family of the catalogue declares, starts from and says is so; a new one is tested by being listed."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.families.catalogue import (
    KINDS,
    blank,
    distributions,
    eta_of,
    every_family,
    examples,
    known_of,
    pairs,
    smooth_family,
    terms_at,
    typical,
    values_in_the_middle,
    with_values,
)

from thetahat._errors import ParameterError
from thetahat.families import CATALOGUE, WRAPPERS, limit_named
from thetahat.families._survey import Survey
from thetahat.numerics.namespace import NUMPY


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
    for small in (1e-7, 1e-6):
        near = with_values(cls, limit.beside(given_values, limit.placed(small ** (-1.0 / limit.order))))
        # What a parameter leaves to 1 has few digits next to it.
        if not any(0.0 < 1.0 - value < 2e-7 for value in near.given.values()):
            break
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
