"""The binomial family: successes among a known number of trials."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile, misfit_trials
from thetahat.families._entropies import binary_divergence
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass
from thetahat.families._log_concave_links import LOG_CONCAVE_LINKS
from thetahat.families._saddle import log_binomial
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import log_expit
from thetahat.numerics.incomplete_beta import log_beta_mass
from thetahat.parameters import Parameter, UnitInterval

EXACT_COEFFICIENT = 150
"""Trials, up to which the number of orders is a product to the last digits but one, and its log correct."""


@final
class Binomial(Family):
    """Binomial distribution: P(Y = y) = C(trials, y) prob^y (1 - prob)^(trials - y), y = 0, ..., trials.

    ``trials`` are known: a number, an array or a column. The working coordinate is the logit of prob, in
    which the log-likelihood is concave, that of intervals too: each is the probability that the logit lies
    between two order statistics of logistic variables, whose joint density is log-concave (Prékopa, 1973).
    The maximum is the proportion of successes. Tails are those of the beta distribution,
    P(Y > k) = I_prob(k + 1, trials - k).

    Examples
    --------
    >>> import thetahat as th
    >>> binomial = th.Binomial(trials=10, prob=0.25)
    >>> binomial.mean(), binomial.variance()
    (2.5, 1.875)
    >>> round(binomial.log_prob(3), 6)
    -1.385166
    """

    declared = (Parameter("prob", UnitInterval(), (0.02, 0.98)),)
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(upper=({"prob": 1.0},), lower=({"prob": 0.0},))
    known: ClassVar[tuple[str, ...]] = ("trials",)
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in the logit"
    uniqueness_censored: ClassVar[str | None] = "concave in the logit (Prékopa, 1973)"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    single_maximum = LOG_CONCAVE_LINKS
    tilted: ClassVar[bool] = True

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Trials that are no counts, and more successes than trials."""
        return misfit_trials(y, known["trials"])

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return successes, failures and the log of the number of orders, -inf where there can be none."""
        trials = known["trials"]
        failures = trials - y
        possible = failures >= 0
        fewer = xp.where(possible, xp.minimum(y, failures), 0.0)
        return y, failures, xp.where(possible, _log_orders(xp, trials, fewer), -np.inf)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Successes log prob + failures log(1 - prob) + log C, each by its own tail of the logit."""
        successes, failures, orders = rows
        value = xp.where(successes == 0, 0.0, successes * xp.log_expit(eta[0]))
        return value + xp.where(failures == 0, 0.0, failures * xp.log_expit(-eta[0])) + orders

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient y - trials prob, without rounding where prob is near an edge."""
        successes, failures, orders = rows
        p, q = special.expit(eta[0]), special.expit(-eta[0])
        value = np.where(successes == 0, 0.0, successes * log_expit(eta[0]))
        value = value + np.where(failures == 0, 0.0, failures * log_expit(-eta[0])) + orders
        return Terms(value, (successes * q - failures * p,), (-(successes + failures) * (p * q),))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """One tail by the incomplete beta function, two-sided intervals by quadrature over their points."""
        trials = np.asarray(known["trials"], dtype=float)
        mean = trials * special.expit(eta[0])
        shape = np.minimum(np.floor(mean + special.expit(eta[0])), trials), mean, trials
        return lattice_mass(low, high, (eta[0], trials), shape, _point_terms, order, tail=_tail)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Trials prob (1 - prob)."""
        return (known["trials"] * (special.expit(eta[0]) * special.expit(-eta[0])),)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The proportion of successes, with half of one added to each side."""
        trials = np.maximum(np.broadcast_to(known["trials"], points.shape), points).astype(float)
        scale = max(float(np.max(trials)), 1.0)
        successes, total = float(np.mean(points / scale)), float(np.mean(trials / scale))
        half = 0.5 / (scale * points.size)
        return (float(np.clip((successes + half) / (total + 2.0 * half), 1e-15, 1.0 - 1e-15)),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The proportion of successes, edges included; None where no trial was made."""
        successes, failures = float(survey.means[0]), float(survey.means[1])
        return (successes / (successes + failures),) if successes + failures > 0 else None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Successes alone pull prob to 1, failures alone to 0; a row without trials says nothing."""
        return y == known["trials"], y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The proportion of successes; any prob, such as a half, where no trial was made."""
        trials = np.broadcast_to(np.asarray(known["trials"], dtype=float), np.shape(y))
        return np.where(trials > 0, y / np.where(trials > 0, trials, 1.0), 0.5)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers around the inverse of the incomplete beta function."""
        eta = self.working(theta)
        trials = known["trials"]
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value),
            special.bdtrik(probability, trials, theta[0]),
            trials,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Trials prob."""
        return known["trials"] * theta[0]

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """That of one trial, times the trials."""
        return known["trials"] * binary_divergence(theta[0], other[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Trials prob (1 - prob)."""
        return known["trials"] * (theta[0] * (1.0 - theta[0]))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's inversion and rejection sampler."""
        return rng.binomial(np.asarray(known["trials"]).astype(np.int64), theta[0], size)


def _log_orders(xp: Any, trials: Any, fewer: Any) -> Any:
    """log C(trials, fewer)."""
    if not xp.is_jax and np.max(trials, initial=0.0) <= EXACT_COEFFICIENT:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(special.binom(trials, fewer))
    rest = xp.where(fewer <= trials, trials - fewer, 0.0)
    return xp.log_gamma_ratio(rest + 1.0, fewer) - xp.gammaln(fewer + 1.0)


def _point_terms(y: Array, order: int, logit: Array, trials: Array) -> Terms:
    value = log_binomial(y, trials, logit)
    if order == 0:
        return Terms(value)
    p, q = special.expit(logit), special.expit(-logit)
    return Terms(value, (y * q - (trials - y) * p,), (-trials * (p * q),))


def _tail(k: Array, upper: Array, logit: Array, trials: Array) -> tuple[Array, Array, Array]:
    value = log_beta_mass(
        np.where(upper, -np.inf, logit), np.where(upper, logit, np.inf), k + 1.0, trials - k
    )[0]
    edge = log_binomial(k, trials, logit) + np.log(trials - k) + log_expit(logit)
    return value, edge, (k + 1.0) * special.expit(-logit) - (trials - k) * special.expit(logit)
