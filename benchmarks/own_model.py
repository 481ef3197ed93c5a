"""A density of one's own with three parameters, beside statsmodels' GenericLikelihoodModel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from contest import Row, Topic, faster, interleaved
from samples import sample
from scipy import special
from statsmodels.base.model import GenericLikelihoodModel

import thetahat as th

N = 100_000
START = {"location": 0.0, "scale": 1.0, "df": 5.0}


def log_prob(p: Any, data: Any) -> Any:
    """Student's t, as one would write it."""
    import jax.numpy as jnp
    from jax.scipy.special import gammaln

    z = (data.y - p.location) / p.scale
    constant = (
        gammaln(0.5 * (p.df + 1)) - gammaln(0.5 * p.df) - 0.5 * jnp.log(jnp.pi * p.df) - jnp.log(p.scale)
    )
    return constant - 0.5 * (p.df + 1) * jnp.log1p(z * z / p.df)


class Generic(GenericLikelihoodModel):
    """The same density; scale and df by their logarithms, so that any step is allowed."""

    def loglikeobs(self, params: np.ndarray) -> np.ndarray:
        """Log density by row."""
        location, scale, df = params[0], np.exp(params[1]), np.exp(params[2])
        z = (self.endog - location) / scale
        constant = special.gammaln(0.5 * (df + 1)) - special.gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
        return constant - np.log(scale) - 0.5 * (df + 1) * np.log1p(z * z / df)


def rows(full: bool) -> Iterator[Row]:
    """The second fit of a shape, its kernel compiled; statsmodels by its default method and by its quickest."""
    y = sample("student_t", N)
    model = th.Model(
        log_prob, parameters={"location": th.real(), "scale": th.positive(), "df": th.positive()}
    )
    start = np.array([START["location"], np.log(START["scale"]), np.log(START["df"])])

    def ours() -> object:
        fit = th.fit(model, y, start=START)
        return fit.standard_errors

    def generic(method: str) -> object:
        return Generic(y).fit(start_params=start, method=method, maxiter=1_000, disp=0).bse

    ours_taken, simplex, quasi_newton = interleaved(
        ours, lambda: generic("nm"), lambda: generic("bfgs"), repetitions=5 if full else 2
    )
    work = "th.Model, 3 parameters, n = 100,000"
    yield faster(work, ours_taken, simplex, 20.0, "GenericLikelihoodModel.fit()")
    yield faster(work, ours_taken, quasi_newton, None, "GenericLikelihoodModel.fit(method='bfgs')")


TOPIC = Topic("a model of one's own", rows)
