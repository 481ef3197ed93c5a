"""The t family of vectors: columns with heavy tails that go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._limit import Limit
from thetahat.families._terms import Coordinates, Rows
from thetahat.families.multivariate._collinear import collinear
from thetahat.families.multivariate._contract import Array, Known, Values
from thetahat.families.multivariate._elliptical import Ellipse
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._planes import fewest_degrees, tightest
from thetahat.families.multivariate._records import Derivatives
from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.gamma_functions import (
    digamma_difference,
    half_step_excess,
    half_step_excess_slope,
)
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive, PositiveDefinite, Reals

STEPS = 30
"""Of the EM algorithm, from the middle of the columns, before Newton's method takes over."""
BEGIN, DEGREES = 5.0, (1.0, 2.5, 6.0, 20.0)
"""Degrees of freedom that they are made with."""
ABOVE = 1.05
"""Times the fewest degrees of freedom that keep the likelihood bounded, from which on a search begins."""
CLUSTERS, CLUSTERED, FEW_STEPS = (0.35, 0.6), 128, 12
"""Shares of the rows in whose tightest clusters further starts are looked for; among how many; and steps from there."""
FEW_ROWS = 512
"""Rows up to which that is done: of more, one hill is high above all others."""
FEW, MORE = 1.2, 3.0
"""Degrees of freedom there, times the fewest."""


def _slope_at_normal(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/df) at df = ∞: (q² - 2 d q + d (d - 2))/4."""
    values = np.asarray(eta)
    size = rows[0].shape[1]
    ellipse = Ellipse.of(PositiveDefinite(size), values[size:-1])
    q = np.square(ellipse.whitened(rows[0] - values[:size])).sum(axis=1)
    return 0.25 * (q * (q - 2.0 * size) + size * (size - 2.0))


def _one(_values: Mapping[str, float]) -> float:
    return 1.0


@final
class MultivariateT(MultivariateFamily):
    """Multivariate t distribution: f(y) ∝ |Σ|^(-1/2) (1 + q/df)^(-(df + d)/2), q = (y - μ)ᵀ Σ⁻¹ (y - μ).

    μ is ``location`` and Σ ``scatter``; the covariance is Σ df/(df - 2) where df > 2. Working coordinates are the
    location, of the Cholesky factor L of Σ log L_aa and L_ab/L_aa, and log df. The limit of many degrees of freedom is
    the multivariate normal. The likelihood rises without bound as the scatter shrinks around m rows in a plane of e < d
    dimensions when df < m (d - e)/(n - m) (Kent & Tyler, 1991), so that df is sought above what rows without ties
    allow. The start is made by the EM algorithm (Lange, Little & Taylor, 1989).

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b"]`` or ``"a, b"``; by default all that hold numbers.
    location
        d numbers.
    scatter
        A symmetric positive definite matrix of d rows, or its lower triangle row by row.
    df
        Degrees of freedom, above 0.

    Raises
    ------
    ParameterError
        If the numbers are none of these, or of different sizes.

    References
    ----------
    Kent, J. T. & Tyler, D. E. (1991). Redescending M-estimates of multivariate location and scatter. Annals of
    Statistics 19, 2102-2119.

    Lange, K. L., Little, R. J. A. & Taylor, J. M. G. (1989). Robust statistical modeling using the t distribution.
    Journal of the American Statistical Association 84, 881-896.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.MultivariateT(location=[0, 1], scatter=[[1, 0.5], [0.5, 1]], df=4)
    >>> law.covariance().tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    >>> round(law.log_prob([0.0, 1.0]), 6)
    -1.694036
    """

    piles_up: ClassVar[bool] = True
    region_of: ClassVar[tuple[str, ...]] = ("df",)
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            "multivariate_normal",
            "df",
            "1/df",
            {"mean": "location", "covariance": "scatter"},
            _slope_at_normal,
            _one,
        ),
    )

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """Location, scatter and degrees of freedom."""
        return (
            Parameter("location", Reals(size)),
            Parameter("scatter", PositiveDefinite(size)),
            Parameter("df", Positive(), (1.0, 50.0)),
        )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """The rows."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """log Γ((df + d)/2)/Γ(df/2) - d log(π df)/2 - log |L| - (df + d) log(1 + q/df)/2."""
        location, free, log_df = self.parts(eta)
        scales, ratios = self._domain.scales_and_ratios(free)
        z = ((rows[0] - location) / scales) @ xp.inverse_lower(ratios).T
        q = (z * z).sum(axis=1)
        df, size = xp.exp(log_df), location.shape[0]
        constant = xp.log_gamma_ratio(0.5 * df, 0.5 * size) - 0.5 * size * (log_df - np.log(2.0))
        return constant - size * LOG_SQRT_2_PI - xp.log(scales).sum() - 0.5 * (df + size) * xp.log1p(q / df)

    def scores(self, rows: Rows, eta: Array) -> Array:
        """By the distance through q; by log df what the tails ask for."""
        ellipse, z, df = self._whitened(rows, eta)
        q, size = np.square(z).sum(axis=1), ellipse.size
        pull = (df + size) / (df + q)
        by_shape = -0.5 * pull[:, np.newaxis] * ellipse.slopes(z) - self._constant()
        return np.column_stack([by_shape, self._by_df(q, df, size)])

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """h(q, df) of each row, with weights h_q in the place of the normal's, and what h_qq adds."""
        ellipse, z, df = self._whitened(rows, eta)
        q, size = np.square(z).sum(axis=1), ellipse.size
        pull = (df + size) / (df + q)
        slopes = ellipse.slopes(z)
        pulled = weight * pull
        information = np.zeros((eta.size, eta.size))
        inner = 0.5 * ellipse.bends(
            float(np.add.reduce(pulled)), pulled @ z, (z * pulled[:, np.newaxis]).T @ z
        )
        # h_q = -pull/2, h_qq = pull/(2 (df + q)).
        inner -= (slopes * (0.5 * pulled / (df + q))[:, np.newaxis]).T @ slopes
        information[:-1, :-1] = inner
        # ∂h_q/∂log df = -df (q - d)/(2 (df + q)²).
        mixed = (weight * (0.5 * df * (q - size) / np.square(df + q))) @ slopes
        information[-1, :-1] = information[:-1, -1] = mixed
        by_df = self._by_df(q, df, size)
        information[-1, -1] = -float(weight @ self._by_df_twice(q, df, size, by_df))
        score = np.append(
            -0.5 * pulled @ slopes - float(np.add.reduce(weight)) * self._constant(), weight @ by_df
        )
        return Derivatives(self.log_density(NUMPY, rows, eta), score, information)

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """Lange, Little & Taylor (1989): df/(df + q) is beta distributed."""
        _, free, log_df = self.parts(eta)
        ellipse, df = Ellipse.of(self._domain, free), float(np.exp(log_df))
        size = ellipse.size
        shrunk = 0.5 / (df + size + 2.0)
        information = np.zeros((eta.size, eta.size))
        information[:-1, :-1] = 0.5 * ellipse.bends(1.0, np.zeros(size), np.eye(size))
        information[:-1, :-1] -= ellipse.outer(shrunk, shrunk)
        both = df / ((df + size) * (df + size + 2.0))
        information[-1, :-1] = information[:-1, -1] = -2.0 * both * self._constant()
        _, bend = _excess(df, size)
        information[-1, -1] = 0.5 * size * size / (df + size) - 0.5 * df * df * bend - size * both
        return float(np.add.reduce(weight)) * information

    def statistics(self, rows: Rows) -> Array:
        """The rows, which are those of the normal."""
        return np.asarray(rows[0])

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Where rows lie in a plane, in which the density piles up."""
        return None if "scatter" in fixed else collinear(moments, columns, fixed.get("location"))

    def lowest(self, sample: Rows, weight: Array) -> Array | None:
        """The log of the fewest degrees of freedom that keep the likelihood bounded."""
        bounds = np.full(sum(parameter.domain.free_size for parameter in self.declared), -np.inf)
        bounds[-1] = np.log(fewest_degrees(sample[0], weight))
        return bounds

    def region(self) -> str | None:
        """The degrees of freedom that keep the likelihood bounded."""
        return "df above m (d - e)/(n - m) for m = e + 1 rows, or m rows with equal values, in a plane of e dimensions"

    def unbounded_in_theory(self, fixed: Values) -> str | None:
        """Unless scatter or df is fixed."""
        if "scatter" in fixed or "df" in fixed:
            return None
        return "with few degrees of freedom the likelihood rises without bound as the scatter shrinks around some rows"

    def uniqueness_given(self, fixed: Values) -> str | None:
        """Location and scatter have one stationary point from one degree of freedom on."""
        if set(fixed) != {"df"} or not float(fixed["df"]) >= 1.0:
            return None
        return "unique in location and scatter for df fixed at 1 or above (Kent & Tyler, 1991)"

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """The best of what the EM algorithm makes of some of the rows for a few degrees of freedom."""
        y = sample[0]
        fewest = fewest_degrees(y, weight)
        degrees = [df for df in DEGREES if df > ABOVE * fewest] or [
            ABOVE * fewest if fewest < np.inf else BEGIN
        ]
        best: Values = {"location": moments.mean, "scatter": np.diag(_spread(moments)), "df": degrees[-1]}
        highest = -np.inf
        for df in degrees:
            values = self._settled(y, weight, df, np.arange(y.shape[0]), STEPS)
            if values is None:
                continue
            with np.errstate(all="ignore"):
                value = float(weight @ self.log_density(NUMPY, (y,), self.working(values)))
            if value > highest:
                best, highest = values, value
        return best

    def further_starts(self, sample: Rows, weight: Array) -> Sequence[Values]:
        """What the EM algorithm makes of the tightest clusters of several sizes, with few degrees of freedom."""
        if sample[0].shape[0] > FEW_ROWS:
            return ()
        step = max(1, sample[0].shape[0] // CLUSTERED)
        y, weight = sample[0][::step], weight[::step]
        fewest, size = fewest_degrees(y, weight), y.shape[1]
        if not fewest < np.inf:
            return ()
        counts = {max(size + 2, int(np.ceil(share * y.shape[0]))) for share in CLUSTERS}
        found = [
            self._settled(y, weight, df, tightest(y, count), FEW_STEPS)
            for count in sorted(counts)
            if count < y.shape[0]
            for df in (FEW * fewest, max(1.0, MORE * fewest))
        ]
        return [values for values in found if values is not None]

    def mean_at(self) -> Array:
        """The location where df > 1."""
        location = np.array(self.given["location"])
        return location if self.given["df"] > 1 else np.full_like(location, np.nan)

    def covariance_at(self) -> Array:
        """Scatter df/(df - 2) where df > 2; infinite variances from 1 to 2."""
        scatter, df = np.array(self.given["scatter"]), self.given["df"]
        if df > 2:
            return np.asarray(scatter / (1.0 - 2.0 / df))
        none = np.full_like(scatter, np.nan)
        if df > 1:
            np.fill_diagonal(none, np.inf)
        return none

    def entropy_at(self) -> float:
        """(df + d)(ψ((df + d)/2) - ψ(df/2))/2 less the log constant."""
        df, domain = self.given["df"], self._domain
        scales, _ = domain.scales_and_ratios(domain.to_free(self.given["scatter"]))
        size = scales.size
        constant = NUMPY.log_gamma_ratio(0.5 * df, 0.5 * size) - 0.5 * size * np.log(np.pi * df)
        tails = 0.5 * (df + size) * digamma_difference(0.5 * df, 0.5 * size)
        return float(tails - constant + np.log(scales).sum())

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """Normal rows over the root of a chi-squared variable over df."""
        lower, df = np.linalg.cholesky(self.given["scatter"]), self.given["df"]
        rows = rng.standard_normal((n, lower.shape[0])) @ lower.T
        return np.asarray(self.given["location"] + rows / np.sqrt(rng.chisquare(df, n) / df)[:, np.newaxis])

    def _settled(self, y: Array, weight: Array, df: float, about: Array, steps: int) -> Values | None:
        """Location and scatter after some steps of the EM algorithm, from rows in the middle of which it begins.

        None where the scatter shrinks to nothing.
        """
        size = y.shape[1]
        location = np.median(y[about], axis=0)
        beyond = y[about] - location
        scatter = (beyond * weight[about, np.newaxis]).T @ beyond / float(weight[about].sum())
        for _ in range(steps):
            if not self._domain.contains(scatter):
                return None
            beyond = y - location
            q = np.einsum("ij,ji->i", beyond, np.linalg.solve(scatter, beyond.T))
            pull = weight * (df + size) / (df + q)
            location = location + (pull @ beyond) / float(pull.sum())
            beyond = y - location
            # Over Σ w pull in the place of Σ w: it arrives sooner (Kent, Tyler & Vardi, 1994).
            scatter = (beyond * pull[:, np.newaxis]).T @ beyond / float(pull.sum())
        return (
            {"location": location, "scatter": scatter, "df": df} if self._domain.contains(scatter) else None
        )

    @property
    def _domain(self) -> PositiveDefinite:
        domain = self.declared[1].domain
        assert isinstance(domain, PositiveDefinite)  # noqa: S101 - as declared above
        return domain

    def _whitened(self, rows: Rows, eta: Array) -> tuple[Ellipse, Array, float]:
        location, free, log_df = self.parts(eta)
        ellipse = Ellipse.of(self._domain, free)
        return ellipse, ellipse.whitened(rows[0] - location), float(np.exp(log_df))

    def _constant(self) -> Array:
        """∂ log |L|: 1 in each log scale."""
        rows, columns = np.tril_indices(self._domain.n_rows)
        return np.concatenate([np.zeros(self._domain.n_rows), (rows == columns).astype(float)])

    @staticmethod
    def _by_df(q: Array, df: float, size: int) -> Array:
        """∂ℓ/∂log df; all its terms fall with 1/df."""
        w = q / (df + q)
        return np.asarray(0.5 * (df * (_excess(df, size)[0] - log1p_minus(q / df)) + (size - q) * w))

    @staticmethod
    def _by_df_twice(q: Array, df: float, size: int, by_df: Array) -> Array:
        """∂²ℓ/∂(log df)²."""
        w = q / (df + q)
        return np.asarray(
            by_df + 0.5 * (df * df * _excess(df, size)[1] - size * w + (q - size) * w * (1.0 - w))
        )


def _excess(df: float, size: int) -> tuple[float, float]:
    """ψ((df + d)/2) - ψ(df/2) - d/df and its derivative in df, by whole steps, so that nothing cancels."""
    odd = size % 2
    value = float(half_step_excess(df)) if odd else 0.0
    slope = float(half_step_excess_slope(df)) if odd else 0.0
    steps = odd + 2.0 * np.arange(size // 2)
    value -= float((2.0 * steps / (df * (df + steps))).sum())
    slope += float((2.0 * steps * (2.0 * df + steps) / np.square(df * (df + steps))).sum())
    return value, slope


def _spread(moments: Moments) -> Array:
    variances = np.diagonal(moments.covariance)
    return np.asarray(np.where(variances > 0, variances, 1.0))
