"""Covariance of the estimates: observed, expected, outer product of scores, sandwich and its corrections."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.numerics.linear_algebra import analyse
from thetahat.solved import Solved

Matrix = NDArray[np.float64]
KINDS = ("observed", "expected", "opg", "sandwich", "HC0", "HC1", "stata", "HC2", "HC3", "ker", "nid")
CLUSTERED = ("sandwich", "HC1", "stata")


def free_covariance(solved: Solved, kind: str = "observed", cluster: Any = None) -> Matrix:
    """Covariance on the free scale; NaN where the certificate forbids standard errors."""
    _check(kind, cluster)
    kind = "sandwich" if kind == "HC0" else kind
    solution = solved.solution
    observed = solution.free_covariance()
    if kind == "observed" or not solution.regular.any():
        return observed
    # What asks the rows again needs much of the house; most fits are asked for the observed information alone.
    from thetahat.inference.sandwich import POWERS, expected_information, meat

    if kind == "expected":
        return solution.free_covariance(expected_information(solution))
    from thetahat.inference.quantile_density import DENSITIES, is_kinked, quantile_covariance

    inside = np.ix_(solution.regular, solution.regular)
    bread, gradient = observed[inside], None
    if kind in DENSITIES or (kind != "opg" and is_kinked(solution, kind)):
        if kind in POWERS:
            raise InferenceError(
                f"covariance({kind!r}) divides by 1 - h, and rows of a quantile regression have no leverage h; use "
                "'sandwich'"
            )
        quantile = quantile_covariance(solved, kind)
        bread, gradient = quantile.bread, quantile.gradient
    factor, products = meat(solved, "sandwich" if kind in DENSITIES else kind, cluster, gradient)
    if kind in DENSITIES:
        products[np.ix_(quantile.location, quantile.location)] = quantile.middle
    scores = products[inside]
    covariance = np.full_like(observed, np.nan)
    if kind == "opg":
        outer = analyse(scores)
        if outer.smallest > outer.error_bound:
            covariance[inside] = outer.inverse()
        return covariance
    covariance[inside] = factor * (bread @ scores @ bread)
    return covariance


def _check(kind: str, cluster: Any) -> None:
    if kind not in KINDS:
        raise InferenceError(f"covariance({kind!r}): choose from {', '.join(KINDS)}")
    if cluster is not None and kind not in CLUSTERED:
        raise InferenceError(
            f"covariance({kind!r}, cluster=...): with clusters choose from {', '.join(CLUSTERED)}"
        )


def covariance(solved: Solved, kind: str = "observed", cluster: Any = None) -> Matrix:
    """Covariance of the natural parameters, (k, k) over the free names."""
    return solved.solution.natural_covariance(free_covariance(solved, kind, cluster))


def information(solved: Solved, kind: str = "observed") -> Matrix:
    """Information of the natural parameters: the inverse of the covariance of the same kind."""
    return np.asarray(analyse(covariance(solved, kind)).inverse())
