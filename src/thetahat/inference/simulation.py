"""Values drawn from a fitted distribution, as they would have been observed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.families import Family, MultivariateFamily
from thetahat.families.truncated import Truncated
from thetahat.models._multivariate_model import MultivariateModel
from thetahat.numerics.generator import generator_of
from thetahat.response import Response
from thetahat.response import Truncated as TruncatedResponse
from thetahat.solution import Solution


def simulated(
    distribution: Family, response: Response, n: int, rng: np.random.Generator | int | None
) -> NDArray[Any]:
    """Draw ``n`` values; between the limits of truncation where all rows have the same ones.

    Raises
    ------
    InferenceError
        If the rows have limits of their own, so that a value without a row has none.
    """
    if not isinstance(response, TruncatedResponse):
        return distribution.sample(n, rng=rng)
    if isinstance(response.entry, str) or isinstance(response.exit, str):
        raise InferenceError(
            f"simulate: the rows of {response.describe()} have limits of truncation of their own, and new values have "
            "none. Draw values as they are before truncation by fit.distribution.sample(n), or between limits of your "
            "choice by th.Truncated(fit.distribution, low=..., high=...).sample(n)"
        )
    law = Truncated(distribution.carrying({}, {}), low=response.entry, high=response.exit)
    return law.carrying(distribution.given, distribution.known_values).sample(n, rng=rng)


def simulated_vectors(
    distribution: MultivariateFamily,
    solution: Solution,
    n: int | None,
    rng: np.random.Generator | int | None,
) -> NDArray[Any]:
    """Draw ``n`` rows of vectors, by default as many as were fitted.

    Where something is known of each row, one for each that counts, (rows, columns), or with ``n`` that many times.
    """
    known = distribution.known_values
    alike = all(name in known and not isinstance(known[name], str) for name in distribution.known)
    if alike:
        return distribution.sample(solution.n_rows if n is None else n, rng)
    likelihood = solution.rows or solution.with_data("simulate()")
    model = likelihood.model
    assert isinstance(model, MultivariateModel)  # noqa: S101 - it was fitted to vectors
    each = [distribution.known_of_rows(model.rows_of(block).rows) for block in likelihood.raw_blocks()]
    told = {name: np.concatenate([part[name] for part in each]) for name in distribution.known}
    law = distribution.knowing(told)
    rows = next(iter(told.values())).size
    generator = generator_of(rng, "simulate()")
    if n is None:
        return law.sample(rows, generator)
    return np.array([law.sample(rows, generator) for _ in range(n)])
