"""Built-in families inside JAX: values are NumPy's, derivatives are analytic, in every mode of differentiation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy import stats

import thetahat as th
from thetahat._errors import ModelError

ROWS = np.array([0.05, 0.3, 0.6, 0.95])
CASES = [
    (th.Gamma, {"shape": 2.5, "rate": 1.7}, {}),
    (th.Beta, {"alpha": 2.0, "beta": 3.0}, {}),
    (th.StudentT, {"location": 0.2, "scale": 1.5, "df": 4.0}, {}),
    (th.GEV, {"location": 0.1, "scale": 0.7, "shape": 0.2}, {}),
    (th.NegativeBinomial, {"mean": 3.0, "size": 1.5}, {}),
    (th.Binomial, {"prob": 0.3}, {"trials": 12.0}),
]


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(new_val=True):
        yield


@pytest.mark.parametrize("tail", ["log_sf", "log_cdf"])
@pytest.mark.parametrize(("family", "theta", "known"), CASES)
def test_tails_are_numpys_with_the_familys_own_derivatives(family, theta, known, tail):
    y = np.array([0.0, 1.0, 4.0, 7.0]) if family in {th.NegativeBinomial, th.Binomial} else ROWS
    numbers = family(**theta, **known)
    eta = np.array(numbers.working(tuple(theta.values())))

    def total(working):
        law = family(**dict(zip(theta, numbers.theta(tuple(working)), strict=True)), **known)
        return getattr(law, tail)(y)

    with np.errstate(all="ignore"):
        low, high = (y, np.full(4, np.inf)) if tail == "log_sf" else (np.full(4, -np.inf), y)
        terms = numbers.log_mass(low, high, known, tuple(eta), 2)
    k = eta.size
    gradient = np.stack([np.broadcast_to(item, (4,)) for item in terms.gradient], axis=1)
    hessian = np.zeros((4, k, k))
    for position, (i, j) in enumerate(zip(*np.tril_indices(k), strict=True)):
        hessian[:, i, j] = hessian[:, j, i] = terms.hessian[position]

    close = {"rtol": 1e-11, "atol": 1e-12}
    np.testing.assert_allclose(total(jnp.array(eta)), getattr(numbers, tail)(y), rtol=1e-13)
    np.testing.assert_allclose(jax.jacfwd(total)(jnp.array(eta)), gradient, **close)
    np.testing.assert_allclose(jax.jacrev(total)(jnp.array(eta)), gradient, **close)
    np.testing.assert_allclose(jax.jit(jax.hessian(total))(jnp.array(eta)), hessian, **close)
    np.testing.assert_allclose(jax.jacrev(jax.jacrev(total))(jnp.array(eta)), hessian, **close)


def test_derivatives_in_the_value_are_those_of_the_density():
    def ours(y, mean, sd):
        return th.Normal(mean=mean, sd=sd).log_sf(y)

    at = (1.3, 0.4, 0.8)
    for derivatives in (jax.grad, jax.hessian):
        mine, reference = (
            derivatives(ours, argnums=(0, 1, 2))(*at),
            derivatives(stats.norm.logsf, argnums=(0, 1, 2))(*at),
        )
        np.testing.assert_allclose(np.array(mine), np.array(reference), rtol=1e-10)
    slope = jax.grad(lambda y: th.Gamma(shape=2.0, rate=1.5).cdf(y))(0.7)
    assert slope == pytest.approx(th.Gamma(shape=2.0, rate=1.5).density(0.7), rel=1e-12)


def test_vmap_over_parameters_and_over_rows():
    shapes = jnp.array([0.5, 2.0, 8.0])

    def log_sf(shape, y):
        return th.Gamma(shape=shape, rate=1.0).log_sf(y)

    expected = np.stack([th.Gamma(shape=float(shape), rate=1.0).log_sf(ROWS) for shape in shapes])
    np.testing.assert_allclose(jax.vmap(lambda s: log_sf(s, ROWS))(shapes), expected, rtol=1e-13)
    by_row = jax.vmap(jax.vmap(log_sf, (None, 0)), (0, None))(shapes, jnp.array(ROWS))
    np.testing.assert_allclose(by_row, expected, rtol=1e-13)
    slopes = jax.vmap(jax.grad(log_sf), (0, None))(shapes, 0.6)
    np.testing.assert_allclose(slopes, [jax.grad(log_sf)(float(s), 0.6) for s in shapes], rtol=1e-12)
    # A parameter for each row, as in a regression.
    rows = th.Gamma(shape=shapes, rate=1.0).log_sf(jnp.array([0.1, 1.0, 9.0]))
    np.testing.assert_allclose(
        rows, [log_sf(float(s), y) for s, y in zip(shapes, (0.1, 1.0, 9.0), strict=True)]
    )


def test_outside_the_support_there_is_no_density_and_no_slope():
    y = jnp.array([-1.0, 0.5])
    rate = jnp.array(2.0)
    law = th.Exponential(rate=rate)
    np.testing.assert_array_equal(law.log_prob(y)[0], -np.inf)
    np.testing.assert_array_equal(law.log_sf(y)[0], 0.0)
    np.testing.assert_array_equal(law.log_cdf(y)[0], -np.inf)
    np.testing.assert_allclose(jax.jacfwd(lambda r: th.Exponential(rate=r).log_sf(y))(rate), [0.0, -0.5])
    assert th.Poisson(rate=rate).log_prob(1.5) == -np.inf
    assert np.isnan(law.log_sf(jnp.array(np.nan)))


def test_a_third_derivative_and_one_in_what_is_known_are_refused():
    def log_sf(shape):
        return th.Gamma(shape=shape, rate=1.0).log_sf(1.0)

    with pytest.raises(ModelError, match="at most twice"):
        jax.grad(jax.grad(jax.grad(log_sf)))(2.0)
    with pytest.raises(ModelError, match="no derivative in trials"):
        jax.grad(lambda n: th.Binomial(prob=0.5, trials=n).log_sf(3.0))(9.0)
    with pytest.raises(ModelError, match="no order"):
        th.Categorical(probs=jnp.array([0.5, 0.5])).log_cdf(1)


def test_single_precision_stays_single():
    with jax.enable_x64(new_val=False):
        value = th.Gamma(shape=jnp.float32(2.0), rate=1.0).log_sf(jnp.ones(3))
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, np.full(3, th.Gamma(shape=2.0, rate=1.0).log_sf(1.0)), rtol=1e-6)
