"""The Dirichlet family: shares that sum to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, final

import numpy as np
from scipy import special

from thetahat.families._terms import Rows
from thetahat.families.multivariate._contract import Array, Known, Values
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._records import Condensed, Derivatives
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma_minus_inverse
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Concentration, Parameter

SUM = 1e-8
"""How far the shares of a row may be from 1 in sum."""
SMALLEST, LARGEST = 1e-6, 1e15
"""Of a concentration from moments."""


@final
class Dirichlet(MultivariateFamily):
    """Dirichlet distribution of shares: f(y) = Γ(Σα)/Π Γ(α_k) Π y_k^(α_k - 1), y_k > 0, Σ y_k = 1.

    α is ``concentration``, and the density is with respect to all shares but one. Working coordinates are log Σα
    and log(α_k/α_0); ℓ is concave in α, so that there is one maximum unless all rows are equal. It solves
    ψ(α_k) - ψ(Σα) = mean(log y_k) (Minka, 2000).

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
        return (Parameter("concentration", Concentration(size), (0.3, 20.0)),)

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """-A Σ p_k log(p_k/y_k) - Σ log y_k and what Stirling's formula leaves, A = Σα; nothing cancels for large A."""
        logs, log_sum = self._log_shares(xp, eta), eta[0]
        shares, total, size = xp.exp(logs), xp.exp(log_sum), eta.shape[0]
        constant = (
            0.5 * (logs.sum() + (size - 1) * log_sum)
            - (size - 1) * LOG_SQRT_2_PI
            + xp.stirling_remainder(total)
            - xp.stirling_remainder(total * shares).sum()
        )
        return constant - total * ((logs - rows[0]) * shares).sum(axis=1) - rows[0].sum(axis=1)

    def scores(self, rows: Rows, eta: Array) -> Array:
        """By log A Σ r(α_k) - r(A) - A Σ p_k log(p_k/y_k), r(x) = x (log x - ψ(x)); by a logit α_j (d_j - Σ p_k d_k).

        d_k = log y_k - log p_k + log α_k - ψ(α_k).
        """
        logs = self._log_shares(NUMPY, eta)
        shares, total = np.exp(logs), np.exp(eta[0])
        beyond = rows[0] - logs
        behind = log_minus_digamma(total * shares)
        moved = beyond + behind
        scores = total * shares * (moved - (moved @ shares)[:, np.newaxis])
        scores[:, 0] = total * (beyond @ shares + (behind @ shares - log_minus_digamma(total)))
        return np.asarray(scores)

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """The expected information, less what of the score the logits bend."""
        n = float(np.add.reduce(weight))
        average = (weight @ rows[0]) / n
        score = n * self.scores((average[np.newaxis],), eta)[0]
        shares = np.exp(self._log_shares(NUMPY, eta))
        bends = np.diag(score)
        bends[1:, 1:] -= np.outer(shares[1:], score[1:]) + np.outer(score[1:], shares[1:])
        bends[0, 1:], bends[1:, 0] = score[1:], score[1:]
        return Derivatives(self.log_density(NUMPY, rows, eta), score, n * self._information(eta) - bends)

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """With q(x) = x² ψ'(x) - x: Σ q(α_k) - q(A) in log A, and A (diag p - p pᵀ) and what q adds in the logits."""
        return float(np.add.reduce(weight)) * self._information(eta)

    def magnitude(self, rows: Rows, eta: Array) -> Array:
        """A Σ p_k |log y_k|, as many times as which the logarithms were rounded."""
        return np.asarray(np.exp(eta[0]) * (np.abs(rows[0]) @ np.exp(self._log_shares(NUMPY, eta))))

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
        """Shares from their means, the sum from their variances, which are p_k (1 - p_k)/(A + 1)."""
        y = np.exp(sample[0])
        n = float(np.add.reduce(weight))
        shares = np.maximum((weight @ y) / n, SMALLEST)
        shares = shares / shares.sum()
        spread = float(((weight @ np.square(y - shares)) / n).sum())
        total = float((shares * (1.0 - shares)).sum()) / spread - 1.0 if spread > 0 else LARGEST
        return {"concentration": shares * min(max(total, SMALLEST), LARGEST)}

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

    def divergence_at(self, other: Self) -> float:
        """log B(β) - log B(α) + Σ (α_k - β_k)(ψ(α_k) - ψ(Σα))."""
        alpha, beta = self.given["concentration"], other.given["concentration"]
        log_betas = [special.gammaln(own).sum() - special.gammaln(own.sum()) for own in (alpha, beta)]
        moved = (alpha - beta) @ (special.digamma(alpha) - special.digamma(alpha.sum()))
        return float(max(log_betas[1] - log_betas[0] + moved, 0.0))

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
    def _log_shares(xp: Any, eta: Any) -> Any:
        """log p of the logits."""
        logits = xp.concatenate([xp.zeros_like(eta[:1]), eta[1:]])
        largest = logits.max()
        return logits - (largest + xp.log(xp.exp(logits - largest).sum()))

    def _information(self, eta: Array) -> Array:
        """Of one row."""
        shares, total = np.exp(self._log_shares(NUMPY, eta)), np.exp(eta[0])
        alpha = total * shares
        q = alpha * alpha * trigamma_minus_inverse(alpha)
        h = alpha + q
        information = (
            np.diag(h) - np.outer(shares, h) - np.outer(h, shares) + h.sum() * np.outer(shares, shares)
        )
        information[0, 1:] = (q - shares * q.sum())[1:]
        information[1:, 0] = information[0, 1:]
        information[0, 0] = q.sum() - total * total * trigamma_minus_inverse(total)
        return np.asarray(information)
