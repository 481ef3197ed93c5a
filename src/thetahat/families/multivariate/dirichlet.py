"""The Dirichlet family: shares that sum to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, final

import numpy as np
from scipy import special

from thetahat.families._terms import Rows
from thetahat.families.multivariate._contract import Array, Condensed, Derivatives, Known, Values
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positives

SUM = 1e-8
"""How far the shares of a row may be from 1 in sum."""
LARGEST = 1e12
"""Of a concentration from moments: rows of nearly equal shares."""


@final
class Dirichlet(MultivariateFamily):
    """Dirichlet distribution of shares: f(y) = Γ(Σα)/Π Γ(α_k) Π y_k^(α_k - 1), y_k > 0, Σ y_k = 1.

    α is ``concentration``, and the density is with respect to all shares but one. Working coordinates are log α_k; ℓ is
    concave in α, so that there is one maximum unless all rows are equal. It solves ψ(α_k) - ψ(Σα) = mean(log y_k)
    (Minka, 2000).

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b", "c"]`` or ``"a, b, c"``; by default all that hold numbers.
    concentration
        K positive numbers.

    Raises
    ------
    ParameterError
        If the numbers are not positive, or there is one only.

    References
    ----------
    Minka, T. P. (2000). Estimating a Dirichlet distribution. Technical report, MIT.

    Examples
    --------
    >>> import thetahat as th
    >>> shares = th.Dirichlet(concentration=[2.0, 3.0, 5.0])
    >>> shares.mean().tolist()
    [0.2, 0.3, 0.5]
    >>> fit = th.fit(th.Dirichlet(), [[0.2, 0.3, 0.5], [0.1, 0.3, 0.6], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}
    {'concentration[0]': 5.3893, 'concentration[1]': 9.4652, 'concentration[2]': 11.9588}
    """

    takes: ClassVar[str] = "vectors of shares: positive numbers that sum to 1"
    fewest: ClassVar[int] = 2
    uniqueness: ClassVar[str | None] = (
        "concave in concentration (exponential family; Barndorff-Nielsen, 1978)"
    )

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """The concentration."""
        return (Parameter("concentration", Positives(size), (0.3, 20.0)),)

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """-Σ α_k log(p_k/y_k) - Σ log y_k and what Stirling's formula leaves, p = α/Σα; nothing cancels for large α."""
        total = self._log_sum(xp, eta)
        alpha = xp.exp(eta)
        size = eta.shape[0]
        constant = (
            0.5 * (eta.sum() - total)
            - (size - 1) * LOG_SQRT_2_PI
            + xp.stirling_remainder(xp.exp(total))
            - xp.stirling_remainder(alpha).sum()
        )
        return constant - ((eta - total - rows[0]) * alpha).sum(axis=1) - rows[0].sum(axis=1)

    def scores(self, rows: Rows, eta: Array) -> Array:
        """α_k (ψ(Σα) - ψ(α_k) + log y_k)."""
        return np.asarray(np.exp(eta) * (rows[0] + self._digammas(eta)))

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """ψ' is all that curves."""
        alpha, n = np.exp(eta), float(np.add.reduce(weight))
        score = alpha * (weight @ rows[0] + n * self._digammas(eta))
        information = n * self._curvature(eta) - np.diag(score)
        return Derivatives(self.log_density(NUMPY, rows, eta), score, information)

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """α_j α_k (ψ'(α_k) 1{j = k} - ψ'(Σα))."""
        return float(np.add.reduce(weight)) * self._curvature(eta)

    def statistics(self, rows: Rows) -> Array:
        """Log y."""
        return np.asarray(rows[0])

    def condensed(self, moments: Moments) -> Condensed | None:
        """The mean of log y."""
        return Condensed((moments.mean[np.newaxis],), np.array([moments.n_obs]))

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Where all rows are equal, on which the density piles up."""
        if "concentration" in fixed or not moments.constant.all():
            return None
        rows = "there is one row" if moments.n_positive == 1 else f"all {moments.n_positive:,} rows are equal"
        return (
            f"{rows}, on which the density piles up as the concentration grows; it takes two different rows"
        )

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows with a share that is not above 0, or off the simplex."""
        bad = np.asarray((y <= 0).any(axis=1))
        if bad.any():
            return bad, (
                "shares must be above 0 (a share of 0 has density 0 or infinity: leave the column out, join it with "
                "another, or replace zeros by what could not be seen)"
            )
        off = np.asarray(np.abs(y.sum(axis=1) - 1.0) > SUM)
        return off, "the shares of a row must sum to 1; divide each row by its sum"

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """Shares from their means, the sum from the spread of the logarithms, which is Σ_k ψ'(α_k) in sum."""
        shares = np.exp(moments.mean - special.logsumexp(moments.mean))
        spread = float(np.trace(moments.covariance))
        # ψ'(x) is near 1/x + 1/(2 x²): its sum over p_k A falls in A, and is solved by a few halvings in log A.
        low, high = np.log(1e-6), np.log(LARGEST)
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if trigamma(shares * np.exp(middle)).sum() > spread else (low, middle)
        return {"concentration": np.maximum(shares * np.exp(middle), 1e-6)}

    def mean_at(self) -> Array:
        """α/Σα."""
        alpha = self.given["concentration"]
        return np.asarray(alpha / alpha.sum())

    def covariance_at(self) -> Array:
        """(diag(p) - p pᵀ)/(Σα + 1)."""
        p = self.mean_at()
        return np.asarray((np.diag(p) - np.outer(p, p)) / (self.given["concentration"].sum() + 1.0))

    def entropy_at(self) -> float:
        """log B(α) + (Σα - K) ψ(Σα) - Σ (α_k - 1) ψ(α_k)."""
        alpha = self.given["concentration"]
        total = alpha.sum()
        log_beta = special.gammaln(alpha).sum() - special.gammaln(total)
        rest = (total - alpha.size) * special.digamma(total) - ((alpha - 1.0) * special.digamma(alpha)).sum()
        return float(log_beta + rest)

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """Gamma variables over their sum, by their logarithms, which do not underflow for small α."""
        alpha = self.given["concentration"]
        # G(α) = G(α + 1) U^(1/α) (Marsaglia & Tsang, 2000).
        logs = (
            np.log(rng.standard_gamma(alpha + 1.0, (n, alpha.size)))
            + np.log1p(-rng.random((n, alpha.size))) / alpha
        )
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares = shares / shares.sum(axis=1, keepdims=True)
        return np.maximum(shares, np.finfo(float).tiny)

    def inner_point(self) -> Array:
        """Equal shares."""
        size = self.size or 1
        return np.full(size, 1.0 / size)

    @staticmethod
    def _log_sum(xp: Any, eta: Any) -> Any:
        largest = eta.max()
        return largest + xp.log(xp.exp(eta - largest).sum())

    def _digammas(self, eta: Array) -> Array:
        """ψ(Σα) - ψ(α_k), whose logarithms do not cancel."""
        total = self._log_sum(NUMPY, eta)
        return np.asarray((total - eta) + log_minus_digamma(np.exp(eta)) - log_minus_digamma(np.exp(total)))

    def _curvature(self, eta: Array) -> Array:
        alpha, total = np.exp(eta), np.exp(self._log_sum(NUMPY, eta))
        return np.asarray(np.diag(alpha * alpha * trigamma(alpha)) - np.outer(alpha, alpha) * trigamma(total))
