"""Covariance of the estimates: observed, expected, outer product of scores, sandwich and its corrections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.models import SCORES
from thetahat.models.iid import IndependentModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.solution import Solution

Matrix = NDArray[np.float64]
KINDS = ("observed", "expected", "opg", "sandwich", "HC1", "stata")


def free_covariance(solution: Solution, kind: str = "observed") -> Matrix:
    """Covariance on the free scale; NaN where the certificate forbids standard errors."""
    if kind not in KINDS:
        raise InferenceError(f"covariance({kind!r}): choose from {', '.join(KINDS)}")
    observed = solution.free_covariance()
    if kind == "observed" or not solution.regular.any():
        return observed
    if kind == "expected":
        return solution.free_covariance(_expected(solution))
    inside = np.ix_(solution.regular, solution.regular)
    scores = _outer_product(solution, kind)[inside]
    covariance = np.full_like(observed, np.nan)
    if kind == "opg":
        factor = analyse(scores)
        if factor.smallest > factor.error_bound:
            covariance[inside] = factor.inverse()
        return covariance
    covariance[inside] = _factor(solution, kind) * (observed[inside] @ scores @ observed[inside])
    return covariance


def covariance(solution: Solution, kind: str = "observed") -> Matrix:
    """Covariance of the natural parameters, (k, k) over the free names."""
    return solution.natural_covariance(free_covariance(solution, kind))


def information(solution: Solution, kind: str = "observed") -> Matrix:
    """Information of the natural parameters: the inverse of the covariance of the same kind."""
    return np.asarray(analyse(covariance(solution, kind)).inverse())


def _factor(solution: Solution, kind: str) -> float:
    n, k = solution.n_obs, solution.table.n_free
    if kind == "HC1":
        if n <= k:
            raise InferenceError(f"covariance('HC1') divides by n - k, which is {n:g} - {k}; use 'sandwich'")
        return n / (n - k)
    if kind == "stata":
        if n <= 1:
            raise InferenceError(f"covariance('stata') divides by n - 1, which is {n:g} - 1; use 'sandwich'")
        return n / (n - 1)
    return 1.0


def _outer_product(solution: Solution, kind: str) -> Matrix:
    tally = solution.tally_again(f"covariance({kind!r})", SCORES)
    if tally.opg is None:
        raise InferenceError(
            f"covariance({kind!r}) needs the score of each row, and this log_prob returns one number for all rows. "
            "Return one log density a row"
        )
    return tally.opg


def _expected(solution: Solution) -> Matrix:
    likelihood = solution.with_data("covariance('expected')")
    model = likelihood.model
    if not isinstance(model, IndependentModel):
        raise InferenceError(
            "covariance('expected') needs the expectation of the information, which a density of one's own does not "
            "give. "
            "Use 'observed' or 'sandwich'"
        )
    if model.response.censored:
        raise InferenceError(
            "covariance('expected') does not exist here: under censoring the expected information needs the potential "
            "censoring time of every row, also of those that were not censored. Use 'observed'"
        )
    if model.response.truncated:
        raise InferenceError(
            "covariance('expected') is not there for rows with limits of truncation. Use 'observed', or fit "
            "th.Truncated where the same limits hold for all rows"
        )
    if likelihood.shared:
        solution.refuse_if_changed("covariance('expected')")
    total = likelihood.expected_information(likelihood.table.working(solution.finite_point))
    index = likelihood.table.free_index
    matrix = total[np.ix_(index, index)]
    return np.asarray(matrix[np.ix_(solution.regular, solution.regular)])
