"""A likelihood with a penalty added: whoever climbs, judges or profiles one does so unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.models._model import GRADIENT, NO_INFORMATION
from thetahat.models._regression_rows import PackedRegression
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.penalties import BoundPenalty, Coefficients, Layout, Penalty
from thetahat.penalties.firth import cumulants

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Information = Callable[[Vector], Matrix | None]
NUMBERS_AT_ONCE = 1 << 22
MOST_COLUMNS = 400
"""Coefficients, beyond which the third derivatives that Firth's curvature is made of are too many."""


def layout_of(model: Any) -> Layout:
    """Say which of a model's parameters are coefficients."""
    if not isinstance(model, RegressionModel):
        return Layout(model.table)
    laid_out = model.predictors
    coefficients = tuple(
        Coefficients(group.span, group.size, laid_out.designers[group.design].intercept)
        for group in laid_out.groups
        if group.design is not None
    )
    response = model.reader.response
    canonical = (
        len(laid_out.groups) == 1
        and laid_out.groups[0].size == 1
        and (laid_out.groups[0].link is None or laid_out.groups[0].link.trivial)
        and not response.censored
        and not response.truncated
    )
    return Layout(model.table, coefficients, model.family.name if canonical else "")


def penalised(likelihood: Likelihood, penalty: Penalty | None, share: float = 1.0) -> Likelihood:
    """Add a penalty to a likelihood, or ``share`` of it where the likelihood is that of some of the rows."""
    if penalty is None:
        return likelihood
    bound = penalty.bind(layout_of(likelihood.model))
    if penalty.needs_rows:
        return FirthLikelihood(likelihood, penalty, bound, share)
    return PenalisedLikelihood(likelihood, penalty, bound, share)


def with_penalty(expected: Information | None, likelihood: Likelihood) -> Information | None:
    """Add what a penalty adds to a metric."""
    if expected is None or not isinstance(likelihood, PenalisedLikelihood):
        return expected

    def information(free: Vector) -> Matrix | None:
        matrix = expected(free)
        return None if matrix is None else matrix + likelihood.metric(free)

    return information


class PenalisedLikelihood(Likelihood):
    """ℓ(φ) + share · penalty(φ), with the derivatives of both.

    Row scores are those of ℓ alone: a penalty is no row.
    """

    def __init__(self, base: Likelihood, penalty: Penalty, bound: BoundPenalty, share: float = 1.0) -> None:
        self.model = base.model
        self.table = base.table
        self.engine = base.engine
        self.given = penalty
        self.bound = bound
        self._base = base
        self._share = share
        self._last: tuple[bytes, int, Tally] | None = None

    @property
    def unpenalised(self) -> Likelihood:
        """ℓ itself."""
        return self._base

    @property
    def condensed(self) -> bool:
        """Whether derivatives come from pseudo rows."""
        return self._base.condensed

    @property
    def shared(self) -> bool:
        """Whether ℓ is summed over rows that whoever gave them can change."""
        return self._base.shared

    @property
    def counted(self) -> bool:
        """Whether the rows are distinct values and their counts."""
        return self._base.counted

    def tally(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """Sum over all rows at a point on the free scale, and add the penalty."""
        point = free.tobytes()
        if self._last is not None:
            at, known, tally = self._last
            if order <= known and at == point:
                return tally
        tally = self._added(self._base.tally, free, order)
        self._last = (point, order, tally)
        return tally

    def over_rows(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """The same over the rows as they are now."""
        return self._added(self._base.over_rows, free, order)

    def _added(self, tally_of: Callable[[Vector, int], Tally], free: Vector, order: int) -> Tally:
        return self.with_terms(tally_of(free, order), free, order)

    def with_terms(self, tally: Tally, free: Vector, order: int) -> Tally:
        """What the penalty adds, added to a tally of the rows at a point."""
        if not tally.finite:
            return tally
        terms = self.bound.terms(free)
        share = self._share
        information = tally.information
        if order > GRADIENT and information.size:
            information = information + share * terms.curvature.dense()
        gradient = share * terms.gradient
        return Tally(
            tally.value + share * terms.value,
            tally.absolute + share * abs(terms.value),
            tally.score if order == VALUE else tally.score + gradient,
            information,
            None if tally.absolute_score is None else tally.absolute_score + np.abs(gradient),
            tally.opg,
            tally.densest,
        )

    def reported(self, point: Vector, regular: NDArray[np.bool_], information: Matrix) -> Matrix:
        """The information behind standard errors, over the regular coordinates: that of what was maximised."""
        return information

    def rows(self) -> Iterator[Any]:
        """Yield the packed rows, block by block."""
        return self._base.rows()

    def reduce(self, function: Callable[[Any], Any]) -> Any:
        """Sum a function of packed rows over all rows."""
        return self._base.reduce(function)

    def expected_information(self, working: Vector) -> Matrix:
        """Sum the expected information of all rows, and add the curvature of the penalty."""
        total = self._base.expected_information(working)
        index = self.table.free_index
        total[np.ix_(index, index)] += self._share * self.bound.terms(working[index]).curvature.dense()
        return total

    def metric(self, free: Vector) -> Matrix:
        """What the penalty adds to a metric that is to be positive definite."""
        curvature = self.bound.terms(free).curvature.dense()
        if self.bound.concave:
            return np.asarray(self._share * curvature)
        return np.diag(self._share * np.maximum(np.diag(curvature), 0.0))


@dataclass(frozen=True, slots=True)
class _Moments:
    """Σ κ₃ q x and, for the curvature, Σ κ₄ q x xᵀ and Σ κ₃ x_j x xᵀ by j, with q = xᵀVx."""

    first: Vector
    second: Matrix
    third: Matrix

    def merge(self, other: _Moments) -> _Moments:
        return _Moments(self.first + other.first, self.second + other.second, self.third + other.third)


class FirthLikelihood(PenalisedLikelihood):
    """ℓ(β) + ½ log |I(β)| with exact first and second derivatives.

    With V = I⁻¹ and I_j = Σ κ₃ x_j x xᵀ, the gradient of the penalty is ½ Σ κ₃ (xᵀVx) x_j = ½ tr V I_j, and its second
    derivatives are ½ Σ κ₄ (xᵀVx) x_j x_k - ½ tr(V I_j V I_k).
    """

    def __init__(self, base: Likelihood, penalty: Penalty, bound: BoundPenalty, share: float = 1.0) -> None:
        super().__init__(base, penalty, bound, share)
        width = base.table.n_working
        if width > MOST_COLUMNS:
            raise ModelError(
                f"th.Firth() takes {width:,} coefficients to the third power, and {MOST_COLUMNS} are the most that it "
                "is for; give a prior instead, such as th.Ridge(1.0)"
            )

    def _added(self, tally_of: Callable[[Vector, int], Tally], free: Vector, order: int) -> Tally:
        tally = tally_of(free, max(order, DERIVATIVES))
        if not tally.finite:
            return tally
        k, share = free.size, self._share
        sign, log_determinant = np.linalg.slogdet(tally.information) if k else (1.0, 0.0)
        if not sign > 0 or not np.isfinite(log_determinant):
            return Tally(-np.inf, tally.absolute, tally.score, tally.information)
        inverse = analyse(tally.information).inverse()
        value = share * 0.5 * float(log_determinant)
        # A rounding of I moves log |I| by tr(V δI), however small the determinant itself.
        felt = share * 0.5 * float(np.sum(np.abs(inverse) * np.abs(tally.information)))
        size = tally.absolute + abs(value) + felt
        if order == VALUE:
            return Tally(tally.value + value, size, tally.score, tally.information)
        moments = self._moments(free, inverse)
        gradient = share * 0.5 * moments.first
        absolute = tally.absolute_score
        return Tally(
            tally.value + value,
            size,
            tally.score + gradient,
            NO_INFORMATION if order == GRADIENT else tally.information - share * 0.5 * moments.second,
            None if absolute is None else absolute + np.abs(gradient),
            tally.opg,
            tally.densest,
        )

    def _moments(self, free: Vector, inverse: Matrix) -> _Moments:
        """Return the gradient, and the second derivatives in the place of ``second``, of log |I|."""
        index = self.table.free_index
        width = self.table.n_working
        covariance = np.zeros((width, width))
        covariance[np.ix_(index, index)] = inverse
        working = self.table.working(free)
        sums = self.reduce(lambda packed: self._moments_of(packed, working, covariance))
        third = sums.third.reshape(width, width, width)[np.ix_(index, index, index)]
        moved = inverse @ third
        traces = moved.reshape(free.size, -1) @ np.swapaxes(moved, 1, 2).reshape(free.size, -1).T
        return _Moments(sums.first[index], sums.second[np.ix_(index, index)] - traces, third)

    def _moments_of(self, packed: PackedRegression, working: Vector, covariance: Matrix) -> _Moments:
        model: Any = self.model
        width = working.size
        total = _Moments(np.zeros(width), np.zeros((width, width)), np.zeros((width, width * width)))
        step = max(NUMBERS_AT_ONCE // max(width * width, 1), 1)
        for whole in packed.parts:
            for start in range(0, whole.n_rows, step):
                part = whole.slice(start, start + step)
                (eta, *_), _ = model.predictors.coordinates(part.designs, part.offsets, working)
                trials = part.known.get("trials", 1.0)
                _, third, fourth = cumulants(model.family.name, eta, trials)
                weight = 1.0 if part.weight is None else part.weight
                design = part.designs[0]
                spread = design.quadratic(covariance)
                matrix = design.dense()
                squares = (matrix[:, :, np.newaxis] * matrix[:, np.newaxis, :]).reshape(part.n_rows, -1)
                total = total.merge(
                    _Moments(
                        design.transpose(weight * third * spread),
                        design.gram(np.asarray(weight * fourth * spread)),
                        (matrix * (weight * third)[:, np.newaxis]).T @ squares,
                    )
                )
        return total

    def expected_information(self, working: Vector) -> Matrix:
        """I, without the curvature of the penalty."""
        return self._base.expected_information(working)

    def reported(self, point: Vector, regular: NDArray[np.bool_], information: Matrix) -> Matrix:
        """I, as is the custom, where there is a maximum."""
        if not regular.all():
            return information
        return np.asarray(self._base.tally(point, DERIVATIVES).information)

    def metric(self, free: Vector) -> Matrix:
        """Nothing."""
        return np.zeros((free.size, free.size))
