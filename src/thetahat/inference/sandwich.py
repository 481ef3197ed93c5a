"""What covariances need of the rows beside the information: sums of products of their scores, and expectations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.inference.clusters import cluster_scores, clustered_vectors
from thetahat.inference.leverage import Leverage
from thetahat.inference.rows import Piece, Rows
from thetahat.models import SCORES
from thetahat.models._multivariate_model import MultivariateModel
from thetahat.models._regression_sums import Sums
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.numerics.sums import Total
from thetahat.solution import Solution
from thetahat.solved import Solved

Matrix = NDArray[np.float64]
POWERS = {"HC2": 1, "HC3": 2}
"""The power of 1 - h by which a row's outer product is divided."""


Gradient = Callable[[Piece], tuple[Any, ...]]


def meat(solved: Solved, kind: str, cluster: Any, gradient: Gradient | None = None) -> tuple[float, Matrix]:
    """Return a factor and B, the covariance of the score, over the free coordinates.

    ``gradient`` gives the scores of rows where they are not the family's own, as of rows that lie on a kink.
    """
    solution = solved.solution
    if cluster is None and gradient is not None:
        return _factor(solution, kind), _outer(Rows(solved, f"covariance({kind!r})"), gradient)
    if cluster is None and kind not in POWERS:
        return _factor(solution, kind), _outer_product(solution, kind)
    purpose = f"covariance({kind!r}{'' if cluster is None else ', cluster=...'})"
    if cluster is None:
        return 1.0, _leveraged(Rows(solved, purpose), POWERS[kind])
    vectors = solved.multivariate is not None
    found = (
        clustered_vectors(solved, cluster, purpose)
        if vectors
        else cluster_scores(Rows(solved, purpose), cluster, gradient)
    )
    count = found.labels.size
    sums = found.sums[:, solution.table.free_index]
    factor = 1.0 if kind == "sandwich" else count / (count - 1)
    if kind == "HC1":
        factor *= _factor(solution, kind) * (solution.n_obs - 1) / solution.n_obs
    return factor, sums.T @ sums


def _leveraged(rows: Rows, power: int) -> Matrix:
    """Σ w u uᵀ/(1 - h)^power, h the leverage of one observation of the row."""
    leverage = Leverage(rows)
    if len(rows.primary) > 1:
        raise InferenceError(
            f"{rows.purpose} divides by 1 - h, and a row of {rows.family.name} has several predictors; use 'sandwich'"
        )

    def scaled(piece: Piece) -> tuple[Any, ...]:
        gradient = piece.slopes(rows.family).gradient
        single = leverage.single(piece)
        leverage.refuse_whole(piece, single)
        return tuple(item / np.sqrt((1.0 - single) ** power) for item in gradient)

    return _outer(rows, scaled)


def _outer(rows: Rows, gradient: Gradient) -> Matrix:
    """Σ w u uᵀ over the free coordinates."""
    k = rows.working.size

    def outer(pieces: list[Piece], _: Any) -> Total[Matrix]:
        total = np.zeros((k, k))
        for piece in pieces:
            scores = gradient(piece)
            products = [scores[i] * scores[j] for i in range(len(scores)) for j in range(i + 1)]
            total += Sums(rows.groups, piece.part, k).matrix(tuple(products))
        return Total(total)

    index = rows.table.free_index
    return np.asarray(rows.reduce(outer).value[np.ix_(index, index)])


def _factor(solution: Solution, kind: str) -> float:
    n, k = solution.n_obs, _n_coefficients(solution, kind)
    if kind == "HC1":
        if n <= k:
            raise InferenceError(f"covariance('HC1') divides by n - k, which is {n:g} - {k}; use 'sandwich'")
        return n / (n - k)
    if kind == "stata":
        if n <= 1:
            raise InferenceError(f"covariance('stata') divides by n - 1, which is {n:g} - 1; use 'sandwich'")
        return n / (n - 1)
    return 1.0


def _n_coefficients(solution: Solution, kind: str) -> int:
    """Estimated coefficients of predictors, as is the custom in regression; elsewhere estimated parameters."""
    model = solution.with_data(f"covariance({kind!r})").model
    if not isinstance(model, RegressionModel):
        return solution.table.n_free
    free = solution.table.free_index
    spans = [group.span for group in model.predictors.groups if group.design is not None]
    return sum(int(np.sum((free >= span.start) & (free < span.stop))) for span in spans)


def _outer_product(solution: Solution, kind: str) -> Matrix:
    tally = solution.tally_again(f"covariance({kind!r})", SCORES)
    if tally.opg is None:
        raise InferenceError(
            f"covariance({kind!r}) needs the score of each row, and this log_prob returns one number for all rows. "
            "Return one log density a row"
        )
    return tally.opg


def expected_information(solution: Solution) -> Matrix:
    """The expected information over the regular free coordinates."""
    likelihood = solution.with_data("covariance('expected')")
    model = likelihood.model
    if not isinstance(model, IndependentModel | RegressionModel | MultivariateModel):
        raise InferenceError(
            "covariance('expected') needs the expectation of the information, which a density of one's own does not "
            "give. "
            "Use 'observed' or 'sandwich'"
        )
    if not isinstance(model, MultivariateModel):
        _refuse_bounds(model)
    if likelihood.shared:
        solution.refuse_if_changed("covariance('expected')")
    total = likelihood.expected_information(likelihood.table.working(solution.finite_point))
    index = likelihood.table.free_index
    matrix = total[np.ix_(index, index)]
    return np.asarray(matrix[np.ix_(solution.regular, solution.regular)])


def _refuse_bounds(model: IndependentModel | RegressionModel) -> None:
    """Raise where rows are censored or truncated."""
    response = model.response if isinstance(model, IndependentModel) else model.reader.response
    if response.censored:
        raise InferenceError(
            "covariance('expected') does not exist here: under censoring the expected information needs the potential "
            "censoring time of every row, also of those that were not censored. Use 'observed'"
        )
    if response.truncated:
        raise InferenceError(
            "covariance('expected') is not there for rows with limits of truncation. Use 'observed', or fit "
            "th.Truncated where the same limits hold for all rows"
        )
