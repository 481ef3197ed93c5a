"""The normal family of vectors: columns with means, variances and covariances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._terms import Rows
from thetahat.families.multivariate._collinear import collinear
from thetahat.families.multivariate._contract import Array, Condensed, Derivatives, Known, Values
from thetahat.families.multivariate._elliptical import Ellipse
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, PositiveDefinite, Reals


@final
class MultivariateNormal(MultivariateFamily):
    """Normal distribution of vectors: log f(y) = -(d log 2π + log |Σ| + (y - μ)ᵀ Σ⁻¹ (y - μ))/2, Σ = ``covariance``.

    Working coordinates are the mean and, of the Cholesky factor L of Σ, log L_aa and L_ab/L_aa. The maximum is the mean
    and the covariance with divisor n (Anderson, 2003, theorem 3.2.1); it exists where no column is a linear function of
    the others over all rows, which takes d + 1 rows at least.

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b"]`` or ``"a, b"``; by default all that hold numbers.
    mean
        d numbers.
    covariance
        A symmetric positive definite matrix of d rows, or its lower triangle row by row.

    Raises
    ------
    ParameterError
        If the numbers are no mean or no covariance, or of different sizes.

    References
    ----------
    Anderson, T. W. (2003). An Introduction to Multivariate Statistical Analysis, third edition. Wiley.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.MultivariateNormal(), [[1.0, 2.0], [2.0, 1.0], [3.0, 6.0], [4.0, 5.0]])
    >>> fit.estimates
    {'mean[0]': 2.5, 'mean[1]': 3.5, 'covariance[0,0]': 1.25, 'covariance[1,0]': 1.75, 'covariance[1,1]': 4.25}
    >>> round(fit.distribution.log_prob([2.0, 3.0]), 6)
    -2.354453
    """

    closed_form: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """Mean and covariance."""
        return (Parameter("mean", Reals(size)), Parameter("covariance", PositiveDefinite(size)))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """The rows, beside an origin from which they are measured: 0, but for pseudo rows."""
        return y, np.broadcast_to(np.zeros(y.shape[1]), y.shape)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """-|z|²/2 - log |L| - d log(2π)/2, z = L⁻¹(y - μ)."""
        mean, free = self.parts(eta)
        scales, ratios = self._domain.scales_and_ratios(free)
        z = (self._beyond(rows, mean) / scales) @ xp.inverse_lower(ratios).T
        return -0.5 * (z * z).sum(axis=1) - xp.log(scales).sum() - mean.shape[0] * LOG_SQRT_2_PI

    def scores(self, rows: Rows, eta: Array) -> Array:
        """-∂q/2, less 1 in each log scale."""
        ellipse, z = self._whitened(rows, eta)
        return -0.5 * ellipse.slopes(z) - self._constant()

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """From Σ w z and Σ w z zᵀ alone."""
        ellipse, z = self._whitened(rows, eta)
        total = float(np.add.reduce(weight))
        first, second = weight @ z, (z * weight[:, np.newaxis]).T @ z
        value = (
            -0.5 * np.einsum("ij,ij->i", z, z) - np.log(ellipse.scales).sum() - ellipse.size * LOG_SQRT_2_PI
        )
        score = ellipse.summed_slopes(first, second) * -0.5 - total * self._constant()
        return Derivatives(value, score, 0.5 * ellipse.bends(total, first, second))

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """E z zᵀ = I."""
        ellipse = Ellipse.of(self._domain, self.parts(eta)[1])
        total, size = float(np.add.reduce(weight)), ellipse.size
        return 0.5 * ellipse.bends(total, np.zeros(size), total * np.eye(size))

    def statistics(self, rows: Rows) -> Array:
        """The rows."""
        return np.asarray(rows[0])

    def solve(self, moments: Moments, fixed: Values) -> Values | None:
        """Mean and covariance; about the fixed mean, where it is."""
        mean = fixed.get("mean", moments.mean)
        if "covariance" in fixed:
            return {"mean": mean, "covariance": fixed["covariance"]}
        return {"mean": mean, "covariance": _about(moments, mean)}

    def condensed(self, moments: Moments) -> Condensed | None:
        """Pairs of points about the mean, which is their origin, so that no offset costs them digits."""
        if moments.n_obs <= 0:
            return None
        size = moments.size
        values, vectors = np.linalg.eigh(_correlation(moments))
        roots = np.sqrt(np.diagonal(moments.scatter) * size / moments.n_obs)
        half = (vectors * np.sqrt(np.maximum(values, 0.0))).T * roots
        points = np.concatenate([half, -half])
        # The rows' true mean has a rest beyond the rounded one, on which the estimate is.
        origin = np.broadcast_to(moments.mean, points.shape)
        return Condensed((points, origin), np.full(2 * size, moments.n_obs / (2 * size)))

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Where rows lie in a plane, in which the density piles up."""
        return None if "covariance" in fixed else collinear(moments, columns, fixed.get("mean"))

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """Mean and covariance, with variances where the covariance is singular."""
        covariance = _about(moments, moments.mean)
        if not self._domain.contains(covariance):
            spread = np.diagonal(covariance)
            covariance = np.diag(np.where(spread > 0, spread, 1.0))
        return {"mean": moments.mean, "covariance": covariance}

    def mean_at(self) -> Array:
        """The mean."""
        return np.array(self.given["mean"])

    def covariance_at(self) -> Array:
        """The covariance."""
        return np.array(self.given["covariance"])

    def entropy_at(self) -> float:
        """(d (1 + log 2π) + log |Σ|)/2."""
        scales, _ = self._domain.scales_and_ratios(self._domain.to_free(self.given["covariance"]))
        return float(scales.size * (0.5 + LOG_SQRT_2_PI) + np.log(scales).sum())

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """μ + L z."""
        lower = np.linalg.cholesky(self.given["covariance"])
        return np.asarray(self.given["mean"] + rng.standard_normal((n, lower.shape[0])) @ lower.T)

    @property
    def _domain(self) -> PositiveDefinite:
        domain = self.declared[1].domain
        assert isinstance(domain, PositiveDefinite)  # noqa: S101 - as declared above
        return domain

    def _whitened(self, rows: Rows, eta: Array) -> tuple[Ellipse, Array]:
        mean, free = self.parts(eta)
        ellipse = Ellipse.of(self._domain, free)
        return ellipse, ellipse.whitened(self._beyond(rows, mean))

    def _constant(self) -> Array:
        """∂ log |L|: 1 in each log scale."""
        rows, columns = np.tril_indices(self._domain.n_rows)
        return np.concatenate([np.zeros(self._domain.n_rows), (rows == columns).astype(float)])

    @staticmethod
    def _beyond(rows: Rows, mean: Any) -> Any:
        """Y - μ, from the origin on."""
        return rows[0] + (rows[1] - mean)


def _about(moments: Moments, mean: Array) -> Array:
    """Covariance with divisor n about a mean."""
    beyond = moments.mean - mean
    return np.asarray(moments.covariance + np.outer(beyond, beyond))


def _correlation(moments: Moments) -> Array:
    roots = np.sqrt(np.diagonal(moments.scatter))
    scale = np.where(roots > 0, roots, 1.0)
    return np.asarray(moments.scatter / scale / scale[:, np.newaxis])
