"""The Dirichlet-multinomial family: counts of outcomes whose probabilities vary from row to row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.families._limit import Limit
from thetahat.families._saddle import log_ratio_minus, log_rising, log_rising_terms
from thetahat.families._terms import Coordinates, Rows
from thetahat.families.multivariate._contract import Array, Values
from thetahat.families.multivariate._counts import CountsFamily, log_factorials
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._records import Derivatives, Extreme
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Concentration, Parameter

SMALLEST, LARGEST = 0.01, 100.0
"""Of Σ concentration at the start, in mean trials."""
NEXT_TO_NOTHING = 1e-25
"""A concentration that cannot be told from 0."""
NO_SHARE = -690.0
"""The log of a share that is none, of which products and quotients are still numbers."""
MOST_TOLD = 8


def _multinomial_slope(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/Σα) at Σα = ∞: (Σ y_k (y_k - 1)/p_k - n (n - 1))/2."""
    y, total = rows[0], rows[1]
    p = np.exp(_log_shares(NUMPY, np.asarray(eta)))
    return 0.5 * ((y * (y - 1.0) / np.where(p > 0, p, 1.0)).sum(axis=1) - total * (total - 1.0))


def _one(_values: Mapping[str, float]) -> float:
    return 1.0


@final
class DirichletMultinomial(CountsFamily):
    """Dirichlet-multinomial distribution: counts at ``Multinomial`` probabilities that are ``Dirichlet`` distributed.

    P(Y = y) = n!/Π y_k! Γ(A)/Γ(A + n) Π Γ(α_k + y_k)/Γ(α_k), α = ``concentration``, A = Σ α_k, n = ``trials``
    (Mosimann, 1962). Working coordinates are log A and log(α_k/α_0); the limit of large A is the multinomial, where
    counts vary no more than its. All is written as the multinomial mass at (α_k + y_k)/(A + n) times corrections (in
    the manner of Loader, 2000), so that the score in A keeps its digits however large it is.

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b", "c"]`` or ``"a, b, c"``; by default all that hold numbers.
    concentration
        K positive numbers.
    trials
        A number, or the name of a column, which rows must sum to; by default each row's own sum.

    Raises
    ------
    ParameterError
        If the numbers are not positive, or there is one only.

    References
    ----------
    Mosimann, J. E. (1962). On the compound multinomial distribution, the multivariate β-distribution, and correlations
    among proportions. Biometrika 49, 65-82.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.DirichletMultinomial(trials=10, concentration=[1.0, 2.0, 2.0])
    >>> law.mean().tolist()
    [2.0, 4.0, 4.0]
    >>> th.fit(th.DirichletMultinomial(), [[5, 3, 2], [4, 4, 2], [5, 2, 3]]).certificate.limit
    'Multinomial'
    """

    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            "multinomial",
            "concentration",
            "1/Σ concentration",
            {},
            _multinomial_slope,
            _one,
            moving={"concentration": lambda at, value: np.asarray(at["probs"]) * value},
        ),
    )

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """The concentration."""
        return (Parameter("concentration", Concentration(size), (0.3, 20.0)),)

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """The multinomial mass at (α_k + y_k)/(A + n), corrected."""
        y, total, coefficient = rows
        logs, log_sum = _log_shares(xp, eta), eta[0]
        shares, size = xp.exp(logs), xp.exp(log_sum)
        alpha = size * shares
        ups, corrections = _corrections(xp, y, total, shares, size)
        impossible = ((y > 0) & (logs <= NO_SHARE)).any(axis=1)
        return xp.where(
            impossible,
            -np.inf,
            coefficient
            + (y * (logs + ups)).sum(axis=1)
            + corrections
            + log_rising(xp, alpha, y).sum(axis=1)
            - log_rising(xp, size, total),
        )

    def scores(self, rows: Rows, eta: Array) -> Array:
        """By log A what the corrections leave, by a logit U_j - p_j Σ U_k, U_k = α_k (ψ(α_k + y_k) - ψ(α_k))."""
        return self._parts(rows, eta)[0]

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """From Σ w U_k and Σ w T_k, T = α dU/dα."""
        scores, u, t, by_sum = self._parts(rows, eta)
        information = self._information(weight @ u, weight @ t, float(weight @ by_sum), eta)
        return Derivatives(self.log_density(NUMPY, rows, eta), weight @ scores, information)

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """Sums over the beta-binomial distribution of each count."""
        totals, codes = np.unique(rows[1], return_inverse=True)
        information = np.zeros((eta.size, eta.size))
        for trials, share in zip(totals, np.bincount(codes, weights=weight), strict=True):
            if trials > 0:
                information += share * self._expected(float(trials), eta)
        return information

    def magnitude(self, rows: Rows, eta: Array) -> Array:
        """The log factorials."""
        return np.abs(rows[2])

    def statistics(self, rows: Rows) -> Array:
        """Counts, log coefficients, and which counts are not 0."""
        return np.column_stack([super().statistics(rows), rows[0] > 0])

    def empty(self, moments: Moments) -> Array:
        """Columns without a count, whose share of A falls to 0."""
        return np.asarray(self.largest(moments) == 0)

    def extreme(self, moments: Moments, fixed: Values) -> Extreme | None:
        """Where the trials of every row are alike: as A falls to 0 they have to be, and only the first is a draw.

        A row of n trials alike has the probability p_k Π (p_k A + j)/(A + j), j = 1, ..., n - 1, each factor of which
        rises as A falls.
        """
        if "concentration" in fixed or moments.maximum[self.n_columns] > 0:
            return None
        rows = moments.mean[self.n_columns + 1 :] * moments.n_obs
        shares = rows / rows.sum()
        occurred = shares > 0
        if np.count_nonzero(occurred) == 1:
            values, beside = np.where(occurred, np.nan, 0.0), np.where(occurred, 1.0, NEXT_TO_NOTHING)
            return Extreme({"concentration": values}, {"concentration": beside}, 0.0, None)
        if (self.largest(moments) <= 1).all():
            return None
        supremum = float(rows[occurred] @ np.log(shares[occurred]))
        told = [f"{share:.4g}" for share in shares.tolist()[:MOST_TOLD]]
        told += ["..."] if shares.size > MOST_TOLD else []
        place = (
            f"as all concentrations fall to 0, their shares nearing {', '.join(told)}, for in each row "
            "all trials are alike. Count rows in the place of trials, or fix a parameter"
        )
        nearly = NEXT_TO_NOTHING * np.where(occurred, shares, NEXT_TO_NOTHING)
        return Extreme({"concentration": np.zeros(shares.size)}, {"concentration": nearly}, supremum, place)

    def level(self, moments: Moments, fixed: Values) -> Array | None:
        """log A, where no row has more than one trial: the first is multinomial, whatever A is."""
        alike = moments.maximum[self.n_columns] == 0
        at_most_one = bool((self.largest(moments) <= 1).all() and alike)
        return np.eye(self.size or 1)[0] if at_most_one and "concentration" not in fixed else None

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """Shares of the summed counts, A from the variances of the counts (Mosimann, 1962), within bounds."""
        counts = self.shares(moments) * moments.n_obs + 0.5 / self.n_columns
        p = counts / counts.sum()
        y, total = sample[0], sample[1]
        n = max(float(weight @ total) / float(weight.sum()), 1.0)
        excess = float(weight @ (np.square(y - total[:, np.newaxis] * p) / p).sum(axis=1))
        # E Σ (y_k - n p_k)²/p_k = (K - 1) n (A + n)/(A + 1).
        ratio = excess / ((p.size - 1) * max(float(weight @ total), 1.0))
        size = (
            (n - ratio) / (ratio - 1.0)
            if 1.0 < ratio < n
            else (SMALLEST if ratio >= n > 1.0 else LARGEST) * n
        )
        return {"concentration": p * min(max(size, SMALLEST * n), LARGEST * n)}

    def frozen(self, estimates: Mapping[str, float]) -> Self:
        """The distribution with these numbers; with one outcome alone its concentration may be any.

        Raises
        ------
        ParameterError
            If all are 0, or there is none.
        """
        values = np.array([estimates[name] for name in self.declared[0].names])
        if not (values > 0).any() and np.count_nonzero(np.isnan(values)) == 1:
            names = self.declared[0].names
            estimates = {**estimates, names[int(np.argmax(np.isnan(values)))]: 1.0}
        elif not values.any():
            raise ParameterError(
                "every concentration is 0, which leaves the shares open, so there is no DirichletMultinomial "
                "distribution; see the certificate"
            )
        return super().frozen(estimates)

    def mean_at(self) -> Array:
        """n α/A."""
        alpha = self.given["concentration"]
        return np.asarray(self.one_trials() * alpha / alpha.sum())

    def covariance_at(self) -> Array:
        """n (diag p - p pᵀ)(A + n)/(A + 1)."""
        alpha, n = self.given["concentration"], self.one_trials()
        size = alpha.sum()
        p = alpha / size
        return np.asarray(n * (np.diag(p) - np.outer(p, p)) * ((size + n) / (size + 1.0)))

    def entropy_at(self) -> float:
        """-log n! + log Γ(A + n)/Γ(A) + Σ E (log Y_k! - log Γ(α_k + Y_k)/Γ(α_k))."""
        n, alpha = self.one_trials(), self.given["concentration"]
        size = float(alpha.sum())
        counts = np.arange(n + 1.0)
        total = np.array(float(n))
        entropy = float(NUMPY.log_gamma_ratio(size, total) - log_factorials(total))
        for own in alpha:
            rising = NUMPY.log_gamma_ratio(own, counts)
            entropy += float(
                _beta_binomial(counts, float(n), own, size - own) @ (log_factorials(counts) - rising)
            )
        return entropy

    def divergence_at(self, other: Self) -> float:
        """From E log Γ(α_k + Y_k)/Γ(α_k), each over its beta-binomial distribution; inf between different trials."""
        n, alpha, beta = self.one_trials(), self.given["concentration"], other.given["concentration"]
        if n != other.one_trials():
            return float(np.inf)
        counts, total, size = np.arange(n + 1.0), np.array(float(n)), float(alpha.sum())
        found = float(NUMPY.log_gamma_ratio(float(beta.sum()), total) - NUMPY.log_gamma_ratio(size, total))
        for own, theirs in zip(alpha, beta, strict=True):
            rising = NUMPY.log_gamma_ratio(own, counts) - NUMPY.log_gamma_ratio(theirs, counts)
            found += float(_beta_binomial(counts, float(n), own, size - own) @ rising)
        return max(found, 0.0)

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """Multinomial counts at Dirichlet probabilities."""
        return rng.multinomial(self.trials_of(), rng.dirichlet(self.given["concentration"], size=n), size=n)

    def _parts(self, rows: Rows, eta: Array) -> tuple[Array, Array, Array, Array]:
        """Scores; U and T by count; and of each row -∂²ℓ/∂(log A)²."""
        y, total, _ = rows
        shares, size = np.exp(_log_shares(NUMPY, eta)), np.exp(eta[0])
        alpha = size * shares
        _, corrections = _corrections(NUMPY, y, total, shares, size)
        u, t, rise, bend = _terms(alpha, y)
        _, rise_all, bend_all = log_rising_terms(np.full(total.shape, size), total)
        by_size = corrections + rise.sum(axis=1) - rise_all
        further = y - total[:, np.newaxis] * shares
        spread = (np.square(size * further / (size + total)[:, np.newaxis]) / (alpha + y)).sum(axis=1)
        scores = u - shares * u.sum(axis=1)[:, np.newaxis]
        scores[:, 0] = by_size
        return scores, u, t, -(by_size + bend.sum(axis=1) - bend_all + spread)

    def _information(self, u: Array, t: Array, by_size: float, eta: Array) -> Array:
        """-∂²ℓ of rows whose U and T were summed; ``by_size`` is its entry of log A."""
        p = np.exp(_log_shares(NUMPY, eta))
        bends = np.diag(t) - np.outer(p, t) - np.outer(t, p) + t.sum() * np.outer(p, p)
        bends -= u.sum() * (np.diag(p) - np.outer(p, p))
        bends[0, 1:] = bends[1:, 0] = (t - p * t.sum())[1:]
        information = -bends
        information[0, 0] = by_size
        return np.asarray(information)

    def _expected(self, trials: float, eta: Array) -> Array:
        alpha = np.exp(eta[0]) * np.exp(_log_shares(NUMPY, eta))
        size = float(alpha.sum())
        counts = np.arange(trials + 1.0)
        u, t, bend, spread = np.zeros((4, alpha.size))
        for k, own in enumerate(alpha):
            mass = _beta_binomial(counts, trials, own, size - own)
            terms = _terms(np.array([own]), counts[:, np.newaxis])
            u[k], t[k], bend[k] = (float(mass @ terms[at][:, 0]) for at in (0, 1, 3))
            further = size * (counts - trials * own / size) / (size + trials)
            spread[k] = float(mass @ (np.square(further) / (own + counts)))
        _, _, bend_all = log_rising_terms(np.array([size]), np.array([trials]))
        # The score of log A has mean 0, so that what is left of its slope are bends and the spread.
        by_size = -(float((bend + spread).sum()) - float(bend_all[0]))
        return self._information(u, t, by_size, eta)


def _log_shares(xp: Any, eta: Any) -> Any:
    logits = xp.concatenate([xp.zeros_like(eta[:1]), eta[1:]])
    largest = logits.max()
    return xp.maximum(logits - (largest + xp.log(xp.exp(logits - largest).sum())), NO_SHARE)


def _corrections(xp: Any, y: Any, total: Any, shares: Any, size: Any) -> tuple[Any, Any]:
    """log of (α_k + y_k)/(A + n)/p_k, and Σ α_k times that less what it sums to."""
    ups = xp.log1p(y / (size * shares)) - xp.log1p(total / size)[:, None]
    relative = (y - total[:, None] * shares) / (shares * (size + total)[:, None])
    return ups, (size * shares * log_ratio_minus(xp, relative, ups)).sum(axis=1)


def _terms(alpha: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """U, T, and of what Stirling's formula leaves x d/dx and x² d²/dx²."""
    _, rise, bend = log_rising_terms(
        np.broadcast_to(alpha, y.shape) if y.shape[1] == alpha.size else alpha, y
    )
    ratio = y / alpha
    grown = np.log1p(ratio)
    curved = alpha * log_ratio_minus(NUMPY, ratio, grown) + y * (y / (alpha + y))
    return alpha * grown + rise, curved + rise + bend, rise, bend


def _beta_binomial(counts: Array, trials: float, alpha: float, beta: float) -> Array:
    """Masses of one of the counts."""
    ratio = NUMPY.log_gamma_ratio
    failures = trials - counts
    logs = (
        log_factorials(np.array(trials))
        - log_factorials(counts)
        - log_factorials(failures)
        + ratio(alpha, counts)
        + ratio(beta, failures)
        - ratio(alpha + beta, np.array(trials))
    )
    mass = np.exp(logs)
    return np.asarray(mass / mass.sum())
