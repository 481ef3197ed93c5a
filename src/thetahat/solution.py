"""A solved likelihood: the point, its curvature, its certificate, and the likelihood while the data are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.likelihood import Likelihood
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Solution:
    """Plain facts of a fit, and the likelihood while the data are there.

    ``point`` is in free coordinates; ``regular`` tells which of them have curvature that may be read as uncertainty;
    ``information`` is the observed one over the regular coordinates (over all where the verdict is ``flat``).
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

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        table: ParameterTable,
        n_rows: int,
        n_obs: float,
        likelihood: Likelihood,
        description: Mapping[str, Any],
    ) -> Solution:
        """Put an outcome beside what it is about."""
        return cls(
            table,
            outcome.natural,
            outcome.point,
            outcome.value,
            outcome.information,
            outcome.regular,
            outcome.certificate,
            n_rows,
            n_obs,
            likelihood,
            description,
        )

    def with_data(self, purpose: str) -> Likelihood:
        """Return the likelihood, or say that this needs the data."""
        if self.likelihood is None:
            raise InferenceError(
                f"{purpose} needs the data, and this fit was loaded from a file, which holds none. "
                "Fit the model to the data again"
            )
        return self.likelihood

    def free_covariance(self, information: Matrix | None = None) -> Matrix:
        """Inverse information on the free scale; NaN where the certificate forbids standard errors."""
        k = self.table.n_free
        covariance = np.full((k, k), np.nan)
        if not self.regular.any():
            return covariance
        matrix = self.information if information is None else information
        factor = analyse(matrix)
        if self.regular.all():
            return factor.inverse() if factor.smallest > factor.error_bound else covariance
        inside = np.ix_(self.regular, self.regular)
        if matrix.shape[0] == k:
            # A flat direction: the others' variances are those of the pseudo-inverse, which leaves it out.
            solid = factor.eigenvalues > 1e-8
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
        free = self.free_covariance() if free is None else free
        free, jacobian = free[np.ix_(self.regular, self.regular)], self.jacobian()[:, self.regular]
        errors = dict.fromkeys(self.table.names, float(np.nan))
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

    def refuse_unless_usable(self, purpose: str) -> None:
        """Raise where the verdict leaves nothing to infer from."""
        if self.certificate.verdict in {Verdict.UNBOUNDED, Verdict.SADDLE, Verdict.NOT_CONVERGED}:
            raise InferenceError(
                f"{purpose} is not available: the verdict is {self.certificate.verdict.value}. "
                f"{self.certificate.sentence}"
            )
