"""The multinomial family: how often each of K outcomes occurred."""

from __future__ import annotations

from typing import Any, ClassVar, Self, final

import numpy as np
from scipy import special

from thetahat.families._saddle import log_binomial
from thetahat.families._terms import Rows
from thetahat.families.multivariate._contract import Array, Values
from thetahat.families.multivariate._counts import CountsFamily, log_factorials
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._records import Condensed, Derivatives
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Simplex


@final
class Multinomial(CountsFamily):
    """Multinomial distribution: P(Y = y) = n!/Π y_k! Π probs[k]^y_k, counts y_k with the sum n = ``trials``.

    Working coordinates are the logits log(probs[k]/probs[0]), in which the log-likelihood is concave. The maximum is at
    the summed counts over their sum (Johnson, Kotz & Balakrishnan, 1997).

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b", "c"]`` or ``"a, b, c"``; by default all that hold numbers.
    probs
        K positive numbers that sum to 1.
    trials
        A number, or the name of a column, which rows must sum to; by default each row's own sum.

    Raises
    ------
    ParameterError
        If the numbers are no probabilities, or there is one only.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.Multinomial(), [[3, 1, 6], [2, 2, 4], [5, 1, 1]])
    >>> fit.estimates
    {'probs[0]': 0.4, 'probs[1]': 0.16, 'probs[2]': 0.44}
    >>> th.Multinomial(trials=10, probs=[0.4, 0.16, 0.44]).mean().tolist()
    [4.0, 1.6, 4.4]
    """

    closed_form: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "concave in the logits"

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """The probabilities."""
        return (Parameter("probs", Simplex(size), (0.05, 1.0)),)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """log n!/Π y_k! + Σ y_k log p_k."""
        logs = _log_shares(xp, eta)
        impossible = ((rows[0] > 0) & (xp.exp(logs) == 0.0)).any(axis=1)
        return xp.where(impossible, -np.inf, rows[2] + rows[0] @ logs)

    def scores(self, rows: Rows, eta: Array) -> Array:
        """Y - n p."""
        return np.asarray(rows[0][:, 1:] - np.outer(rows[1], np.exp(_log_shares(NUMPY, eta))[1:]))

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """The curvature does not depend on the counts."""
        score = weight @ self.scores(rows, eta)
        return Derivatives(
            self.log_density(NUMPY, rows, eta), score, self.expected_information(rows, weight, eta)
        )

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """n (diag p - p pᵀ)."""
        p = np.exp(_log_shares(NUMPY, eta))[1:]
        return float(weight @ rows[1]) * (np.diag(p) - np.outer(p, p))

    def magnitude(self, rows: Rows, eta: Array) -> Array:
        """The log factorials."""
        return np.abs(rows[2])

    def solve(self, moments: Moments, fixed: Values) -> Values | None:
        """Summed counts over their sum."""
        return {"probs": fixed.get("probs", self.shares(moments))}

    def condensed(self, moments: Moments) -> Condensed | None:
        """The mean counts and coefficient."""
        counts, coefficient = np.split(moments.mean[: self.n_columns + 1], [self.n_columns])
        rows = counts[np.newaxis], np.array([counts.sum()]), coefficient
        return Condensed(rows, np.array([moments.n_obs]))

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """The shares, with half a count added to each."""
        counts = moments.mean[: self.n_columns] * moments.n_obs + 0.5
        return {"probs": counts / counts.sum()}

    def mean_at(self) -> Array:
        """n p."""
        return np.asarray(self.one_trials() * self.given["probs"])

    def covariance_at(self) -> Array:
        """n (diag p - p pᵀ)."""
        p = self.given["probs"]
        return np.asarray(self.one_trials() * (np.diag(p) - np.outer(p, p)))

    def entropy_at(self) -> float:
        """-log n! + n Σ entr(p_k) + Σ E log Y_k!, each over its binomial distribution."""
        n, p = self.one_trials(), self.given["probs"]
        counts = np.arange(n + 1.0)
        expected = 0.0
        for share in p[(p > 0) & (p < 1)]:
            mass = np.exp(log_binomial(counts, np.full_like(counts, n), special.logit(share)))
            expected += float(mass @ log_factorials(counts))
        sure = float(np.sum(p == 1) * log_factorials(np.array(float(n))))
        return float(n * special.entr(p).sum() + expected + sure - log_factorials(np.array(float(n))))

    def divergence_at(self, other: Self) -> float:
        """n Σ p_k log(p_k/q_k); inf between different numbers of trials."""
        trials = self.one_trials()
        if trials != other.one_trials():
            return float(np.inf)
        return float(trials * max(special.rel_entr(self.given["probs"], other.given["probs"]).sum(), 0.0))

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """NumPy's draws."""
        p = self.given["probs"]
        return rng.multinomial(self.trials_of(), p / p.sum(), size=n)


def _log_shares(xp: Any, eta: Any) -> Any:
    logits = xp.concatenate([xp.zeros_like(eta[:1]), eta])
    largest = logits.max()
    return logits - (largest + xp.log(xp.exp(logits - largest).sum()))
