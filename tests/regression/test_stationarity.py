"""Regressions end where the score vanishes, over families, links, designs and kinds of observation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.regression.grid import design, drawn, links_for, observed, regressed_families

import thetahat as th
from thetahat.links import link_named
from thetahat.models import DERIVATIVES
from thetahat.models._predictors import primary_of
from thetahat.numerics.namespace import namespace

STATIONARY = 1e-8
FAMILIES = regressed_families()
CORE = [
    family
    for family in FAMILIES
    if family.name
    in {
        "bernoulli",
        "beta_mean",
        "binomial",
        "categorical",
        "gamma_mean",
        "negative_binomial",
        "normal",
        "ordinal",
        "poisson",
        "student_t",
        "weibull",
    }
]
RIDGED = {"burr_xii", "dagum"}
"""Families whose likelihood of coarse intervals is a ridge, along which two shapes run away together."""
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
core_family = pytest.mark.parametrize("family", CORE, ids=lambda family: family.name)
SETTLED = {"maximum", "at_infinity", "boundary"}


def scaled_score(fit):
    solution = fit.solution
    tally = solution.likelihood.tally(solution.point, DERIVATIVES)
    return np.abs(tally.score) / np.sqrt(np.diag(tally.information))


def regressed(family, matrix, y, link=None):
    links = None if link is None else {primary_of(family): link}
    return th.regress(matrix, y, family, links=links)


@each_family
def test_the_score_vanishes(family):
    check(family, "numeric")


@core_family
@pytest.mark.parametrize("kind", ["grouped", "scaled"])
def test_the_score_vanishes_whatever_the_design(family, kind):
    check(family, kind)


def check(family, kind):
    rng = np.random.default_rng(7)
    matrix = design(rng, kind)
    y = drawn(family, matrix, rng)
    if family.holds_constant:
        matrix = matrix[:, 1:]
    fit = regressed(family, matrix, y)
    assert fit.certificate.verdict in SETTLED, fit.certificate
    if fit.certificate.verdict == "maximum":
        assert np.all(scaled_score(fit) <= STATIONARY)
        assert np.all(np.isfinite(list(fit.standard_errors.values())))


@pytest.mark.parametrize(
    ("family", "link"),
    [(family, link) for family in CORE if not family.holds_constant for link in links_for(family)[1:]],
    ids=lambda item: getattr(item, "name", item),
)
def test_the_score_vanishes_under_every_link(family, link):
    rng = np.random.default_rng(11)
    matrix = design(rng, "grouped")
    y = drawn(family, matrix, rng)
    domain = next(p.domain for p in family.declared if p.name == primary_of(family))
    if link in {"log", "inverse"} and np.isneginf(domain.lower):
        # A location through such a link has one sign.
        y = y - y.min() + y.std()
    fit = regressed(family, matrix, y, link)
    assert fit.certificate.verdict in SETTLED, fit.certificate
    if fit.certificate.verdict == "maximum":
        assert np.all(scaled_score(fit) <= STATIONARY)
        # The groups are saturated, so that no link fits better than another.
        plain = regressed(family, matrix, y)
        if plain.certificate.verdict == "maximum":
            assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "family",
    [family for family in FAMILIES if family.ordered and not family.labelled and family.support.upper != 1],
    ids=lambda f: f.name,
)
@pytest.mark.parametrize("kind", ["right", "interval"])
def test_the_score_vanishes_under_censoring(family, kind):
    rng = np.random.default_rng(13)
    matrix = design(rng, "numeric")
    y = drawn(family, matrix, rng)
    if family.name in RIDGED:
        kind = "right"
    if kind == "interval" and (np.isfinite(family.support.upper) or family.known):
        kind = "right"
    fit = regressed(family, matrix, observed(kind, y, rng, discrete=family.support.discrete))
    assert fit.certificate.verdict in SETTLED, fit.certificate
    if fit.certificate.verdict == "maximum":
        assert np.all(scaled_score(fit) <= STATIONARY)


@core_family
def test_the_score_is_that_of_automatic_differentiation_and_the_information_its_derivative(family):
    rng = np.random.default_rng(5)
    matrix = design(rng, "numeric", 12)
    y = drawn(family, matrix, rng)
    if family.holds_constant:
        matrix = matrix[:, 1:]
    fit = regressed(family, matrix, y)
    likelihood = fit.solution.likelihood
    model = likelihood.model
    point = np.where(np.isfinite(fit.solution.point), fit.solution.point, 1.0)
    point = point + 0.05 * rng.standard_normal(point.size)
    tally = likelihood.tally(point, DERIVATIVES)
    rows = next(iter(likelihood.rows())).parts[0].rows

    def total(at):
        eta = []
        for group in model.predictors.groups:
            if group.design is None:
                eta.append(at[group.span.start])
            else:
                eta.extend(at[group.span].reshape(group.size, -1) @ matrix.T)
        return family.log_density(
            namespace(at), tuple(jnp.asarray(column) for column in rows), tuple(eta)
        ).sum()

    with jax.enable_x64(new_val=True):
        score = np.asarray(jax.grad(total)(jnp.asarray(point)))
    size = np.sqrt(np.abs(np.diag(tally.information))) + 1e-8
    np.testing.assert_allclose(tally.score / size, score / size, atol=1e-7)
    for j in range(point.size):
        move = 1e-6 / size[j] * np.eye(point.size)[j]
        up, down = (likelihood.tally(point + sign * move, DERIVATIVES).score for sign in (1, -1))
        curvature = (up - down) / (2e-6 / size[j])
        np.testing.assert_allclose(
            -tally.information[j] / size / size[j], curvature / size / size[j], atol=1e-6
        )


def test_derivatives_through_a_link_follow_the_chain_rule():
    rng = np.random.default_rng(3)
    matrix = design(rng, "numeric", 40)
    y = (rng.random(40) < 0.4).astype(int)
    for name in ("probit", "cloglog", "loglog", "cauchit"):
        likelihood = th.regress(matrix, y, th.Bernoulli(), links={"prob": name}).solution.likelihood
        link = link_named(name, "prob", th.unit_interval())
        point = np.array([0.2, -0.3, 0.1])
        tally = likelihood.tally(point, DERIVATIVES)
        step = 1e-5
        for j in range(3):
            move = step * np.eye(3)[j]
            up, down = (likelihood.tally(point + sign * move, DERIVATIVES) for sign in (1, -1))
            assert tally.score[j] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-6, abs=1e-6)
            np.testing.assert_allclose(
                -tally.information[j], (up.score - down.score) / (2 * step), rtol=1e-6, atol=1e-5
            )
        assert link.name == name
