"""A density of one's own with three parameters, beside statsmodels' GenericLikelihoodModel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contest import Row, Topic, faster, here, interleaved, peer
from peers import START
from samples import sample

import thetahat as th

N = 100_000


def log_prob(p: Any, data: Any) -> Any:
    """Student's t, as one would write it."""
    import jax.numpy as jnp
    from jax.scipy.special import gammaln

    z = (data.y - p.location) / p.scale
    constant = gammaln(0.5 * (p.df + 1)) - gammaln(0.5 * p.df) - 0.5 * jnp.log(jnp.pi * p.df)
    return constant - jnp.log(p.scale) - 0.5 * (p.df + 1) * jnp.log1p(z * z / p.df)


def rows(full: bool) -> Iterator[Row]:
    """The second fit of a shape, its kernel compiled; statsmodels by its default method and by its quickest."""
    y = sample("student_t", N)
    model = th.Model(
        log_prob, parameters={"location": th.real(), "scale": th.positive(), "df": th.positive()}
    )

    def fit() -> object:
        return th.fit(model, y, start=START).standard_errors

    with (
        peer("statsmodels", "nm", "student_t", N) as simplex,
        peer("statsmodels", "bfgs", "student_t", N) as quickest,
    ):
        ours, by_default, at_best = interleaved(here(fit), simplex, quickest, repetitions=11 if full else 5)
    work = f"th.Model, 3 parameters, n = {N:,}"
    yield faster(work, ours, by_default, 20.0, "GenericLikelihoodModel.fit()")
    yield faster(work, ours, at_best, None, "GenericLikelihoodModel.fit(method='bfgs')")


TOPIC = Topic("a model of one's own", rows)
