"""What every family of vectors must keep: derivatives, expectations, samples, text and pickles."""

from __future__ import annotations

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.multivariate.cases import MADE, blank, every_law, working

import thetahat as th
from thetahat.families import MULTIVARIATE
from thetahat.numerics.namespace import NUMPY, namespace

every = pytest.mark.parametrize("law", every_law(), ids=lambda law: law.title)
DRAWS = 40_000
SIGMAS = 5.0
"""Standard errors by which a mean of draws may be off."""


def prepared(law, y):
    return law.prepare(NUMPY, np.asarray(y, dtype=float), law.known_values)


def test_every_family_is_examined():
    assert set(MADE) == {kind.__name__ for kind in MULTIVARIATE}


@every
def test_derivatives_are_those_of_the_density(law):
    rng = np.random.default_rng(5)
    rows = prepared(law, law.sample(9, rng))
    weight = rng.uniform(0.5, 2.0, 9)
    with jax.enable_x64(True):  # noqa: FBT003 - its only argument
        xp = namespace(jnp.ones(1))
        traced = tuple(jnp.asarray(item) for item in rows)

        def density(eta):
            return law.log_density(xp, traced, eta)

        slopes, bends = jax.jit(jax.jacfwd(density)), jax.jit(jax.hessian(lambda eta: weight @ density(eta)))
        for spread in (0.0, 0.3, 1.0):
            eta = working(law) + spread * rng.standard_normal(working(law).size)
            value, score, information = law.derivatives(rows, weight, eta)
            np.testing.assert_allclose(value, law.log_density(NUMPY, rows, eta), rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(value, density(jnp.asarray(eta)), rtol=1e-11, atol=1e-11)
            expected = np.asarray(slopes(jnp.asarray(eta)))
            scale = np.abs(expected).max()
            np.testing.assert_allclose(law.scores(rows, eta), expected, rtol=1e-9, atol=1e-11 * scale)
            np.testing.assert_allclose(score, weight @ expected, rtol=1e-9, atol=1e-10 * scale)
            curvature = -np.asarray(bends(jnp.asarray(eta)))
            np.testing.assert_allclose(
                information, curvature, rtol=1e-8, atol=1e-10 * np.abs(curvature).max()
            )


@every
def test_scores_have_mean_zero_and_the_expected_information_as_covariance(law):
    eta = working(law)
    rows = prepared(law, law.sample(DRAWS, rng=3))
    scores = law.scores(rows, eta)
    expected = law.expected_information(rows, np.ones(DRAWS), eta) / DRAWS
    roots = np.sqrt(np.diag(expected))
    assert np.abs(scores.mean(axis=0) / roots).max() < SIGMAS / np.sqrt(DRAWS)
    for i in range(eta.size):
        for j in range(i + 1):
            product = scores[:, i] * scores[:, j]
            error = product.std() / np.sqrt(DRAWS)
            assert abs(product.mean() - expected[i, j]) < SIGMAS * error + 1e-12 * roots[i] * roots[j]
    # The curvature of all rows has the same expectation (Bartlett, 1953).
    observed = law.derivatives(rows, np.full(DRAWS, 1.0 / DRAWS), eta).information
    assert np.abs((observed - expected) / np.outer(roots, roots)).max() < 0.1


@every
def test_draws_have_the_moments_and_the_entropy(law):
    y = law.sample(DRAWS, rng=11)
    assert y.shape == (DRAWS, law.size)
    error = np.sqrt(law.variance() / DRAWS)
    assert np.abs((y.mean(axis=0) - law.mean()) / error).max() < SIGMAS
    centred = y - law.mean()
    for i in range(law.size):
        for j in range(i + 1):
            product = centred[:, i] * centred[:, j]
            spread = product.std() / np.sqrt(DRAWS)
            assert abs(product.mean() - law.covariance()[i, j]) < SIGMAS * spread
    loss = -law.log_prob(y)
    assert abs(loss.mean() - law.entropy()) < SIGMAS * loss.std() / np.sqrt(DRAWS)
    assert th.entropy(law) == law.entropy()
    np.testing.assert_array_equal(law.sample(5, rng=2), law.sample(5, rng=np.random.default_rng(2)))
    assert law.sample(0, rng=1).shape == (0, law.size)


@every
def test_log_prob_takes_one_vector_or_many(law):
    y = law.sample(6, rng=1)
    whole = law.log_prob(y)
    assert whole.shape == (6,)
    assert law.log_prob(y[0]) == whole[0]
    assert isinstance(law.log_prob(y[0]), float)
    np.testing.assert_array_equal(law.log_prob(y.reshape(2, 3, law.size)), whole.reshape(2, 3))
    np.testing.assert_array_equal(law.density(y), np.exp(whole))
    assert np.isnan(law.log_prob(np.full(law.size, np.nan)))
    assert law.log_prob(np.full(law.size, np.inf)) == -np.inf
    with pytest.raises(th.ParameterError, match="vectors of"):
        law.log_prob(y[:, 1:])


@every
def test_log_prob_stands_inside_a_density_of_ones_own(law):
    y = law.sample(4, rng=1)
    with jax.enable_x64(True):  # noqa: FBT003 - its only argument
        np.testing.assert_allclose(law.log_prob(jnp.asarray(y)), law.log_prob(y), rtol=1e-11)
        traced = jax.jit(law.log_prob)(jnp.asarray(y))
        np.testing.assert_allclose(traced, law.log_prob(y), rtol=1e-11)
        numbers = {name: jnp.asarray(value) for name, value in law.given.items()}
        made = type(law)(**numbers, **law.known_values)
        np.testing.assert_allclose(made.log_prob(jnp.asarray(y)), law.log_prob(y), rtol=1e-11)


@every
def test_text_and_pickle_make_the_distribution_again(law):
    y = law.sample(3, rng=1)
    spoken = eval(repr(law), {law.title: type(law)})  # noqa: S307 - our own text
    pickled = pickle.loads(pickle.dumps(law))  # noqa: S301 - likewise
    for again in (spoken, pickled):
        assert repr(again) == repr(law)
        np.testing.assert_array_equal(again.log_prob(y), law.log_prob(y))
        assert dict(again.parameters) == dict(law.parameters)
    with pytest.raises(AttributeError, match="immutable"):
        law.size = 5


@every
def test_what_vectors_do_not_have_is_refused(law):
    for what in ("cdf", "sf", "log_cdf", "log_sf", "quantile"):
        with pytest.raises(th.ModelError, match="no order"):
            getattr(law, what)(0.5)
    with pytest.raises(th.ParameterError, match="whole number"):
        law.sample(1.5)


@every
def test_a_family_without_numbers_says_so(law):
    family = blank(law)
    for call in (family.mean, family.covariance, family.entropy, lambda: family.sample(3)):
        with pytest.raises(th.ParameterError, match="does not know how many columns"):
            call()
    with pytest.raises(th.ParameterError, match="has no parameter 'colour'"):
        type(law)(colour=1)
    with pytest.raises(th.ParameterError, match="names of columns"):
        type(law)(y=[1, 2])
    name = next(iter(law.given))
    with pytest.raises(th.ParameterError, match=name):
        type(law)(**{name: "red"})
    with pytest.raises(th.ParameterError, match=name):
        type(law)(**{name: np.full(np.shape(law.given[name]), np.nan)})
    assert law.given.keys() <= {parameter.name for parameter in law.declared}


@every
def test_families_are_public_and_listed(law):
    assert getattr(th, law.title) is type(law)
    assert law.name in th.families()
    assert law.title in dir(th)
