"""The normal family of vectors: columns with means, variances and covariances."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar, Self, final

import numpy as np

from thetahat._errors import DataError
from thetahat.families._terms import Rows
from thetahat.families.multivariate._collinear import collinear
from thetahat.families.multivariate._contract import Array, Known, Values
from thetahat.families.multivariate._elliptical import Ellipse
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._incomplete import Incomplete, traced_values
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._patterns import PatternMoments, expected_moments, opposed
from thetahat.families.multivariate._records import Condensed, Derivatives, Unseen
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, PositiveDefinite, Reals

FEW_ROWS, MOST_WAYS, FEW_STEPS = 512, 4, 10
"""Rows up to which further starts are made where values are missing; how many, and by how many steps."""


@final
class MultivariateNormal(MultivariateFamily):
    """Normal distribution of vectors: log f(y) = -(d log 2π + log |Σ| + (y - μ)ᵀ Σ⁻¹ (y - μ))/2, Σ = ``covariance``.

    Working coordinates are the mean and, of the Cholesky factor L of Σ, log L_aa and L_ab/L_aa. The maximum is the mean
    and the covariance with divisor n (Anderson, 2003, theorem 3.2.1); it exists where no column is a linear function of
    the others over all rows, which takes d + 1 rows at least.

    With ``missing="marginal"`` a row in which some columns are NaN has the density of the others, which is right where
    what is missing depends on no more than what is known (missing at random; Rubin, 1976). The start is made by the EM
    algorithm (Dempster, Laird & Rubin, 1977), and Newton's method finds the maximum, of which monotone patterns have
    one only (Anderson, 1957) and others may have several. It exists where columns that are known together in some row
    are so in enough of them; a covariance of two that never are is flat. The expected information takes what is missing
    as given, which is right where it depends on nothing; prefer the observed one (Kenward & Molenberghs, 1998).

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b"]`` or ``"a, b"``; by default all that hold numbers.
    mean
        d numbers.
    covariance
        A symmetric positive definite matrix of d rows, or its lower triangle row by row.
    missing
        ``"error"``; ``"drop"`` to leave out rows with missing values; or ``"marginal"`` to take what is known of them,
        leaving out rows of which nothing is. The distribution then gives rows with NaN the density of the rest too,
        and draws whole rows.

    Raises
    ------
    ParameterError
        If the numbers are no mean or no covariance, or of different sizes.

    References
    ----------
    Anderson, T. W. (1957). Maximum likelihood estimates for a multivariate normal distribution when some observations
    are missing. Journal of the American Statistical Association 52, 200-203.

    Anderson, T. W. (2003). An Introduction to Multivariate Statistical Analysis, third edition. Wiley.

    Dempster, A. P., Laird, N. M. & Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM algorithm.
    Journal of the Royal Statistical Society B 39, 1-38.

    Kenward, M. G. & Molenberghs, G. (1998). Likelihood based frequentist inference when data are missing at random.
    Statistical Science 13, 236-247.

    Rubin, D. B. (1976). Inference and missing data. Biometrika 63, 581-592.

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
    handles_missing: ClassVar[tuple[str, ...]] = ("error", "drop", "marginal")
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    monotone: str | None = None
    """The theorem by which rows with missing values, such as they are, have one maximum."""

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """Mean and covariance."""
        return (Parameter("mean", Reals(size)), Parameter("covariance", PositiveDefinite(size)))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """The rows, an origin from which they are measured: 0, but for pseudo rows; and what is known of them."""
        origin = np.broadcast_to(np.zeros(y.shape[1]), y.shape)
        if self.missing != "marginal":
            return y, origin
        known = y == y  # noqa: PLR0124 - NaN, be it NumPy's or JAX's
        return xp.where(known, y, 0.0), origin, known

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """-|z|²/2 - log |L| - d log(2π)/2, z = L⁻¹(y - μ)."""
        mean, free = self.parts(eta)
        scales, ratios = self._domain.scales_and_ratios(free)
        if self.missing == "marginal":
            beyond, known = self._beyond(rows, mean), rows[2]
            if xp.is_jax:
                return traced_values(xp, scales, ratios, beyond, known)
            return Incomplete(scales, ratios).values(beyond, known)
        z = (self._beyond(rows, mean) / scales) @ xp.inverse_lower(ratios).T
        return -0.5 * (z * z).sum(axis=1) - xp.log(scales).sum() - mean.shape[0] * LOG_SQRT_2_PI

    def scores(self, rows: Rows, eta: Array) -> Array:
        """-∂q/2, less 1 in each log scale."""
        if self.missing == "marginal":
            return self._incomplete(eta).scores(self._beyond(rows, self.parts(eta)[0]), rows[2])
        ellipse, z = self._whitened(rows, eta)
        return -0.5 * ellipse.slopes(z) - self._constant()

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """From Σ w z and Σ w z zᵀ alone, by patterns of what is known."""
        if self.missing == "marginal":
            beyond = self._beyond(rows, self.parts(eta)[0])
            return Derivatives(*self._incomplete(eta).summed(beyond, rows[2], weight))
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
        if self.missing == "marginal":
            return self._incomplete(eta).expected(rows[2], weight)
        ellipse = Ellipse.of(self._domain, self.parts(eta)[1])
        total, size = float(np.add.reduce(weight)), ellipse.size
        return 0.5 * ellipse.bends(total, np.zeros(size), total * np.eye(size))

    def statistics(self, rows: Rows) -> Array:
        """The rows."""
        return np.asarray(rows[0])

    def moments_of(self, rows: Rows, weight: Array, n_rows: int) -> Moments:
        """By patterns, where rows may have missing values."""
        if self.missing != "marginal":
            return super().moments_of(rows, weight, n_rows)
        return PatternMoments.of_rows(rows[0], rows[2], weight, n_rows)

    def charted(self, moments: Moments) -> Self:
        """With the theorem that holds for these patterns."""
        if not isinstance(moments, PatternMoments) or not moments.monotone:
            return self
        made = copy(self)
        theorem = "monotone patterns of missing values, a product of regressions (Anderson, 1957)"
        vars(made)["monotone"] = self.uniqueness if moments.complete else theorem
        return made

    def uniqueness_given(self, fixed: Values) -> str | None:
        """With missing values that of their patterns, if there is one."""
        if self.missing != "marginal":
            return self.uniqueness
        return self.monotone if self.monotone == self.uniqueness or not fixed else None

    def solve(self, moments: Moments, fixed: Values) -> Values | None:
        """Mean and covariance; about the fixed mean, where it is. None where values are missing."""
        if isinstance(moments, PatternMoments):
            if moments.complete is None:
                return None
            moments = moments.complete
        mean = fixed.get("mean", moments.mean)
        if "covariance" in fixed:
            return {"mean": mean, "covariance": fixed["covariance"]}
        return {"mean": mean, "covariance": _about(moments, mean)}

    def condensed(self, moments: Moments) -> Condensed | None:
        """Pairs of points about the mean, which is their origin, so that no offset costs them digits."""
        if moments.n_obs <= 0:
            return None
        if not isinstance(moments, PatternMoments):
            points, weight = _points(moments)
            return Condensed((points, np.broadcast_to(moments.mean, points.shape)), weight)
        if sum(2 * columns.size for columns, _ in moments.each) >= moments.n_positive:
            return None
        parts: list[tuple[Array, ...]] = []
        for columns, part in moments.each:
            points, weight = _points(part)
            rows, origin = np.zeros((2, weight.size, moments.size))
            rows[:, columns], origin[:, columns] = points, part.mean
            known = np.broadcast_to(np.isin(np.arange(moments.size), columns), rows.shape)
            parts.append((rows, origin, known, weight))
        *whole, weight = (np.concatenate(items) for items in zip(*parts, strict=True))
        return Condensed(tuple(whole), weight)

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Where rows lie in a plane, in which the density piles up: those that have some columns, in a plane of these.

        Rows of a pattern that is part of another are in no smaller plane than that one's.

        Raises
        ------
        DataError
            If nothing is known of a column.
        """
        unknown = np.flatnonzero(~np.isfinite(moments.minimum)).tolist()
        if unknown:
            title = "column" if len(unknown) == 1 else "columns"
            listed = _listed([columns[at] for at in unknown])
            raise DataError(f"{title} {listed} missing in every row; leave such columns out")
        if "covariance" in fixed:
            return None
        mean = fixed.get("mean")
        if not isinstance(moments, PatternMoments):
            return collinear(moments, columns, mean)
        for known, part in moments.widest:
            names = [columns[at] for at in known.tolist()]
            reason = collinear(part, names, None if mean is None else np.asarray(mean)[known])
            if reason is not None:
                together = (
                    "" if len(names) == len(columns) else f"of the rows in which {_listed(names)} known, "
                )
                return f"{together}{reason}"
        return None

    def unseen(self, moments: Moments, fixed: Values) -> Unseen | None:
        """Covariances of columns that no row has both of."""
        if "covariance" in fixed or not isinstance(moments, PatternMoments):
            return None
        apart = ~moments.together
        row, column = np.tril_indices(moments.size)
        entries = np.flatnonzero(apart[row, column])
        if not entries.size:
            return None
        return Unseen(
            "covariance",
            tuple(entries.tolist()),
            "no row has both columns of these pairs" if entries.size > 1 else "no row has both its columns",
            "Add rows that have both, or leave columns out",
        )

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """Mean and covariance, with variances where the covariance is singular."""
        mean, covariance = moments.mean, _about(moments, moments.mean)
        if isinstance(moments, PatternMoments):
            mean, covariance = expected_moments(moments)
        if not self._domain.contains(covariance):
            spread = np.diagonal(covariance)
            covariance = np.diag(np.where(spread > 0, spread, 1.0))
        return {"mean": mean, "covariance": covariance}

    def further_starts(self, sample: Rows, weight: Array) -> Sequence[Values]:
        """What the EM algorithm makes of columns that go together, or against each other, where rows are few."""
        if self.missing != "marginal" or weight.size > FEW_ROWS:
            return ()
        moments = self.moments_of(sample, weight, weight.size)
        assert isinstance(moments, PatternMoments)  # noqa: S101 - as made above
        found = [
            expected_moments(moments, correlation, FEW_STEPS)
            for correlation in opposed(moments.size, MOST_WAYS)
        ]
        return [
            {"mean": mean, "covariance": covariance}
            for mean, covariance in found
            if self._domain.contains(covariance)
        ]

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

    def divergence_at(self, other: Self) -> float:
        """(tr Σq⁻¹Σ - d - log |Σq⁻¹Σ| + (μ - μq)ᵀΣq⁻¹(μ - μq))/2, by M = Lq⁻¹L, of which Σq⁻¹Σ has the eigenvalues."""
        lower = np.linalg.cholesky(other.given["covariance"])
        ratio = np.linalg.solve(lower, np.linalg.cholesky(self.given["covariance"]))
        gap = np.linalg.solve(lower, self.given["mean"] - other.given["mean"])
        stretch = np.diag(ratio) - 1.0
        # m² - 1 - 2 log m, in what m is more than 1.
        own = stretch * (2.0 + stretch) - 2.0 * np.log1p(stretch)
        return float(0.5 * (own.sum() + np.square(np.tril(ratio, -1)).sum() + gap @ gap))

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

    def _incomplete(self, eta: Array) -> Incomplete:
        return Incomplete.of(self._domain, self.parts(eta)[1])

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


def _points(moments: Moments) -> tuple[Array, Array]:
    """Pairs of points about the mean that have the scatter, and their weights."""
    size = moments.size
    values, vectors = np.linalg.eigh(_correlation(moments))
    roots = np.sqrt(np.diagonal(moments.scatter) * size / moments.n_obs)
    half = (vectors * np.sqrt(np.maximum(values, 0.0))).T * roots
    return np.concatenate([half, -half]), np.full(2 * size, moments.n_obs / (2 * size))


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def _correlation(moments: Moments) -> Array:
    roots = np.sqrt(np.diagonal(moments.scatter))
    scale = np.where(roots > 0, roots, 1.0)
    return np.asarray(moments.scatter / scale / scale[:, np.newaxis])
