"""A solved likelihood: the point, its curvature, its certificate, and the likelihood while the data are there."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError
from thetahat.likelihood import Likelihood
from thetahat.models import SCORES, VALUE, Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.single_blas import held_for
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.climb import Conditions
from thetahat.optimize.evidence import SOLID
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

if TYPE_CHECKING:
    from thetahat.penalised_likelihood import PenalisedLikelihood

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
AT_INFINITY = 40.0
"""A free coordinate at which a parameter that runs to infinity cannot be told from its limit."""
FAR_ON_THE_LINE = 1e12
"""That for a parameter which is its own free coordinate, such as a skewness, at the limit that is another family."""
UNCHANGED = 64.0
"""How many roundings of ℓ two sums over the same rows may differ by, be it in another order or from statistics."""
MODERATE = (1e-200, 1e200)
"""Between which variances were summed without a product that over- or underflows and matters."""
NEAR_LIMIT = 1e-9
"""In nats an observation, what ℓ at ``AT_INFINITY`` may differ by from its limit."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Plain facts of a fit, and the likelihood while the data are there.

    ``point`` is in free coordinates; ``regular`` tells which of them have curvature that may be read as uncertainty;
    ``information`` is the observed one over the regular coordinates (over all where the verdict is ``flat``).
    ``conditions`` tell how ``likelihood`` was climbed; ``rows`` reads the data as they were given, again at each pass.
    All three are None in a loaded fit. ``penalised`` is ℓ with the penalty, which ``likelihood`` and ``rows`` then
    have in them; ``log_likelihood`` is without.
    """

    table: ParameterTable
    natural: Mapping[str, float]
    point: Vector
    log_likelihood: float
    information: Matrix
    regular: NDArray[np.bool_]
    certificate: Certificate
    n_rows: int
    n_obs: float
    likelihood: Likelihood | None
    description: Mapping[str, Any]
    conditions: Conditions | None = None
    rows: Likelihood | None = None
    penalised: float | None = None

    @property
    def objective(self) -> float:
        """What was maximised: ℓ, or ℓ with the penalty."""
        return self.log_likelihood if self.penalised is None else self.penalised

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        table: ParameterTable,
        n_rows: int,
        n_obs: float,
        likelihood: Likelihood,
        description: Mapping[str, Any],
        conditions: Conditions,
        rows: Likelihood,
    ) -> Solution:
        """Put an outcome beside what it is about."""
        value, information, penalty = outcome.value, outcome.information, None
        if likelihood.unpenalised is not likelihood:
            likelihood = cast("PenalisedLikelihood", likelihood)
            penalty = outcome.value
            at = np.nan_to_num(outcome.point, posinf=AT_INFINITY, neginf=-AT_INFINITY)
            value = likelihood.unpenalised.tally(at, VALUE).value if np.isfinite(penalty) else penalty
            information = likelihood.reported(at, outcome.regular, outcome.information)
            description = {**description, "penalty": _described(likelihood)}
        return cls(
            table,
            outcome.natural,
            outcome.point,
            value,
            information,
            outcome.regular,
            outcome.certificate,
            n_rows,
            n_obs,
            likelihood,
            description,
            conditions,
            rows,
            penalty,
        )

    def with_data(self, purpose: str) -> Likelihood:
        """Return the likelihood, or say that this needs the data."""
        if self.likelihood is None:
            raise InferenceError(
                f"{purpose} needs the data, and this fit was loaded from a file, which holds none. "
                "Fit the model to the data again"
            )
        return self.likelihood

    @property
    def too_many(self) -> bool:
        """Whether no covariance was computed, there being too many coefficients."""
        return "too_many" in self.certificate.status.values()

    @property
    def finite_point(self) -> Vector:
        """The point, with what is at infinity so far out that it cannot be told from its limit."""
        return np.nan_to_num(self.point, posinf=AT_INFINITY, neginf=-AT_INFINITY)

    @property
    def law_point(self) -> Vector:
        """The point from which the distribution of rows is computed, that of the limit where there is one."""
        point = self.finite_point
        if self.certificate.limit is None:
            return point
        far = np.isinf(self.point) & self.table.on_line
        return np.where(far, np.copysign(FAR_ON_THE_LINE, point), point)

    def tally_again(self, purpose: str, order: int = VALUE) -> Tally:
        """Sum over the rows once more at the point.

        Raises
        ------
        InferenceError
            If the fit has no data, or ℓ is no longer what it was: someone has changed the arrays that were fitted.
        """
        likelihood = self.with_data(purpose)
        if self.rows is not None and not likelihood.counted:
            likelihood = self.rows
        return self._unchanged(likelihood, purpose, order)

    def refuse_if_changed(self, purpose: str) -> None:
        """Raise where the data, read again as they were given, have another ℓ than the fit."""
        if self.rows is not None and np.isfinite(self.objective):
            self._unchanged(self.rows, purpose, VALUE)

    def _unchanged(self, likelihood: Likelihood, purpose: str, order: int) -> Tally:
        changed = f"{purpose} is refused: the data have changed since the fit; fit again"
        from_statistics = self.likelihood is not None and self.likelihood.condensed
        try:
            tally = likelihood.over_rows(self.finite_point, SCORES if from_statistics else order)
        except DataError as error:
            raise InferenceError(f"{changed} ({error})") from error
        slack = UNCHANGED * tally.rounding
        if from_statistics and tally.absolute_score is not None:
            # Sums over rows feel the rounding of a location far from 0, which sufficient statistics do not.
            rounding = 4 * float(np.finfo(float).eps) * np.abs(self.finite_point)
            slack += float(rounding @ tally.absolute_score)
        if self.certificate.verdict is not Verdict.MAXIMUM:
            slack += NEAR_LIMIT * self.n_obs
        if {"at_infinity", "boundary"} <= set(self.certificate.status.values()) or self._past_the_point:
            # A row on the edge that the limit has is half as likely there at any finite point: no two values compare.
            return tally
        if not abs(tally.value - self.objective) <= slack:
            raise InferenceError(
                f"{changed}. Their log-likelihood at the estimates is {tally.value:.10g}, and was "
                f"{self.objective:.10g}"
            )
        return tally

    @property
    def _past_the_point(self) -> bool:
        """Whether ℓ is a limit's that no finite point shows: coordinates go there together, or rows are its edge."""
        certificate, infinite = self.certificate, np.isinf(self.point)
        if certificate.limit is None or not infinite.any():
            return False
        return bool(infinite.sum() > 1 or (~infinite & ~self.regular).any())

    def free_covariance(self, information: Matrix | None = None) -> Matrix:
        """Inverse information on the free scale; NaN where the certificate forbids standard errors."""
        k = self.table.n_free
        if self.too_many:
            raise InferenceError(
                f"{k:,} coefficients are too many for a covariance of all of them. Read the estimates, predict, or "
                "choose columns and fit again"
            )
        if not self.regular.any():
            return np.full((k, k), np.nan)
        matrix = self.information if information is None else information
        with held_for(k):
            return self._inverse(matrix)

    def _inverse(self, matrix: Matrix) -> Matrix:
        """Of an information of the free coordinates, or of the regular ones; NaN for the others."""
        k = self.table.n_free
        factor = analyse(matrix)
        if self.regular.all() and factor.smallest > factor.error_bound:
            return factor.inverse()
        covariance = np.full((k, k), np.nan)
        if self.regular.all():
            return covariance
        inside = np.ix_(self.regular, self.regular)
        if matrix.shape[0] == k:
            # A flat direction: the others' variances are those of the pseudo-inverse, which leaves it out.
            solid = factor.eigenvalues > SOLID
            half = factor.eigenvectors[:, solid] / np.sqrt(factor.eigenvalues[solid]) / factor.roots[:, None]
            covariance[inside] = (half @ half.T)[inside]
        elif factor.smallest > factor.error_bound:
            covariance[inside] = factor.inverse()
        return covariance

    def jacobian(self) -> Matrix:
        """d natural / d free at the point; NaN rows where the point is not finite."""
        with np.errstate(all="ignore"):
            return self.table.jacobian(np.where(np.isfinite(self.point), self.point, np.nan))

    @property
    def _lost(self) -> NDArray[np.bool_]:
        """The entries that have no standard error; the others move with the regular coordinates alone."""
        return np.array(
            [self.certificate.status[name] != "regular" for name in self.table.free_names], dtype=bool
        )

    def natural_covariance(self, free: Matrix) -> Matrix:
        """Move a covariance from the free scale to the natural one, NaN staying with its own parameters."""
        jacobian, lost = self.jacobian(), self._lost
        kept = np.ix_(self.regular, self.regular)
        inner = np.where(np.isnan(jacobian), 0.0, jacobian)[:, self.regular]
        with np.errstate(all="ignore"):
            covariance = inner @ free[kept] @ inner.T
        covariance[lost, :] = np.nan
        covariance[:, lost] = np.nan
        return np.asarray(covariance)

    def standard_errors(self, free: Matrix | None = None) -> dict[str, float]:
        """Standard errors by name, scaled so that neither a rate of 1e250 nor its square overflows."""
        if self.too_many:
            return dict.fromkeys(self.table.names, float(np.nan))
        if self.table.all_scalar and self.regular.all():
            return self._scalar_errors(self._variances() if free is None else free.diagonal())
        free = self.free_covariance() if free is None else free
        errors = dict.fromkeys(self.table.names, float(np.nan))
        jacobian = self.jacobian()
        if self.regular.all() and set(self.certificate.status.values()) <= {"regular", "fixed"}:
            with np.errstate(all="ignore"):
                variances = np.add.reduce((jacobian @ free) * jacobian, axis=1).tolist()
            if all(MODERATE[0] < variance < MODERATE[1] for variance in variances):
                errors.update(zip(self.table.free_names, map(sqrt, variances), strict=True))
                return errors
        if not self.regular.all():
            free, jacobian = free[np.ix_(self.regular, self.regular)], jacobian[:, self.regular]
        if not jacobian.size:
            return errors
        with np.errstate(all="ignore"):
            roots = np.sqrt(free.diagonal())
            correlation = free / (roots[:, None] * roots)
            # A NaN reaches those entries only that depend on its coordinate.
            scaled = np.where(jacobian != 0, jacobian * roots, 0.0)
            largest = np.abs(scaled).max(axis=1)
            unit = scaled / largest[:, None]
            squares = (unit @ np.where(np.isnan(correlation), 0.0, correlation) * unit).sum(axis=1)
            found = np.where(self._lost, np.nan, largest * np.sqrt(squares))
        errors.update(zip(self.table.free_names, found.tolist(), strict=True))
        return errors

    def _variances(self) -> NDArray[np.float64]:
        """The diagonal of ``free_covariance()``, for regular coordinates throughout."""
        with held_for(self.regular.size):
            factor = analyse(self.information)
            if not self.regular.size or not factor.smallest > factor.error_bound:
                return np.full(self.regular.size, np.nan)
            return factor.inverse_diagonal()

    def _scalar_errors(self, variances: NDArray[np.float64]) -> dict[str, float]:
        """Standard errors where each entry depends on its own coordinate alone: slopes times roots of variances."""
        table, status = self.table, self.certificate.status
        errors = dict.fromkeys(table.names, float(np.nan))
        slopes = [1.0] * variances.size
        if not table.straight:
            with np.errstate(all="ignore"):
                slopes = table.slopes(self.point).tolist()
        for name, slope, variance in zip(table.free_names, slopes, variances.tolist(), strict=True):
            if status[name] == "regular" and variance >= 0.0:
                errors[name] = abs(slope) * sqrt(variance)
        return errors

    def refuse_unless_usable(self, purpose: str) -> None:
        """Raise where the verdict leaves nothing to infer from."""
        if self.certificate.verdict in {Verdict.UNBOUNDED, Verdict.SADDLE, Verdict.NOT_CONVERGED}:
            raise InferenceError(
                f"{purpose} is not available: the verdict is {self.certificate.verdict.value}. "
                f"{self.certificate.sentence}"
            )


def _described(likelihood: PenalisedLikelihood) -> dict[str, Any]:
    penalty = likelihood.given
    return {"title": penalty.title, **penalty.describe()}
