"""The beta family by its mean: rates and proportions, in the form that regressions use."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._beta_law import log_mass_of, shapes_of
from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import beta_entropy
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._saddle import log_ratio_minus
from thetahat.families._support import UNIT_INTERVAL
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma, trigamma_minus_inverse
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive, UnitInterval


@final
class BetaMean(Family):
    """Beta distribution by its mean: f(y) = y^(alpha - 1) (1 - y)^(beta - 1) / B(alpha, beta), 0 < y < 1.

    With alpha = mean precision and beta = (1 - mean) precision. Working coordinates are logit mean and log
    precision. Variance mean (1 - mean)/(precision + 1). It is ``Beta`` in the form that regressions use
    (Ferrari & Cribari-Neto, 2004), written as precision times a relative entropy with Stirling's remainders,
    so that nothing cancels at a large precision.

    Examples
    --------
    >>> import thetahat as th
    >>> beta = th.BetaMean(mean=0.4, precision=5)
    >>> beta.mean(), round(beta.variance(), 12)
    (0.4, 0.04)
    >>> round(beta.log_prob(0.5), 6) == round(th.Beta(alpha=2, beta=3).log_prob(0.5), 6)
    True
    """

    declared = (
        Parameter("mean", UnitInterval(), (0.1, 0.9)),
        Parameter("precision", Positive(), (1.0, 50.0)),
    )
    support = UNIT_INTERVAL
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": 1.0},),
        lower=({"mean": 0.0},),
        both={"precision": 0.0},
        point={"precision": np.inf},
        centre=("mean", float),
    )
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y, log y and log(1 - y)."""
        return y, xp.log(y), xp.log1p(-y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-precision D + log(precision mean (1 - mean)/2π)/2 + (remainders) - log y - log(1 - y)."""
        logit, log_precision = eta
        entropy, _ = _relative(xp, rows, logit)
        precision = xp.exp(log_precision)
        alpha, beta = precision * xp.expit(logit), precision * xp.expit(-logit)
        level = 0.5 * (log_precision + xp.log_expit(logit) + xp.log_expit(-logit)) - LOG_SQRT_2_PI
        remainders = (
            xp.stirling_remainder(precision) - xp.stirling_remainder(alpha) - xp.stirling_remainder(beta)
        )
        return (level + remainders) - precision * entropy - rows[1] - rows[2]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With L = logit y - ψ(alpha) + ψ(beta): u in logit mean is precision mean (1 - mean) L."""
        logit, log_precision = eta
        entropy, log_odds_ratio = _relative(NUMPY, rows, logit)
        precision, mean, rest = np.exp(log_precision), special.expit(logit), special.expit(-logit)
        alpha, beta = precision * mean, precision * rest
        weight = alpha * rest
        lag_alpha, lag_beta = log_minus_digamma(alpha), log_minus_digamma(beta)
        by_mean = weight * (log_odds_ratio + (lag_alpha - lag_beta))
        shared = mean * lag_alpha + rest * lag_beta - log_minus_digamma(precision)
        by_precision = precision * (shared - entropy)
        mean_mean, mixed, precision_precision = self.expected_information(eta, {})
        return Terms(
            self.log_density(NUMPY, rows, eta),
            (by_mean, by_precision),
            ((rest - mean) * by_mean - mean_mean, by_mean - mixed, by_precision - precision_precision),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Incomplete beta in logit y, and the chain rule from (alpha, beta)."""
        precision, mean, rest = np.exp(eta[1]), special.expit(eta[0]), special.expit(-eta[0])
        alpha, beta = precision * mean, precision * rest
        terms = log_mass_of(low, high, alpha, beta, order)
        if order == 0:
            return terms
        (by_alpha, by_beta), (alpha_alpha, mixed, beta_beta) = terms.gradient, terms.hessian
        weight = alpha * rest
        by_mean, by_precision = weight * (by_alpha - by_beta), alpha * by_alpha + beta * by_beta
        return Terms(
            terms.value,
            (by_mean, by_precision),
            (
                (rest - mean) * by_mean + weight * weight * ((alpha_alpha - mixed) + (beta_beta - mixed)),
                by_mean + weight * (alpha * (alpha_alpha - mixed) - beta * (beta_beta - mixed)),
                by_precision
                + alpha * alpha * alpha_alpha
                + 2.0 * alpha * beta * mixed
                + beta * beta * beta_beta,
            ),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Through ψ', with w = precision mean (1 - mean): (w² (ψ'(alpha) + ψ'(beta)), ...)."""
        precision, mean, rest = np.exp(eta[1]), special.expit(eta[0]), special.expit(-eta[0])
        alpha, beta = precision * mean, precision * rest
        weight = alpha * rest
        beyond_alpha, beyond_beta = trigamma_minus_inverse(alpha), trigamma_minus_inverse(beta)
        whole = precision * precision * trigamma_minus_inverse(precision)
        return (
            weight * weight * (trigamma(alpha) + trigamma(beta)),
            weight * (alpha * beyond_alpha - beta * beyond_beta),
            alpha * alpha * beyond_alpha + beta * beta * beyond_beta - whole,
        )

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By moments."""
        alpha, beta = shapes_of(points)
        return float(np.clip(alpha / (alpha + beta), 1e-15, 1.0 - 1e-15)), alpha + beta

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Inverse of the regularised incomplete beta function."""
        mean, precision = np.asarray(theta[0]), theta[1]
        return special.betaincinv(mean * precision, (1.0 - mean) * precision, probability)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete beta function from either end."""
        alpha, beta = theta[0] * theta[1], (1.0 - theta[0]) * theta[1]
        return special.betainc(alpha, beta, y), special.betaincc(alpha, beta, y)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That of Beta."""
        return beta_entropy(theta[0] * np.asarray(theta[1]), (1.0 - np.asarray(theta[0])) * theta[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean (1 - mean)/(precision + 1)."""
        mean = np.asarray(theta[0])
        return mean * (1.0 - mean) / (np.asarray(theta[1]) + 1.0)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler."""
        mean, precision = np.asarray(theta[0]), theta[1]
        return rng.beta(mean * precision, (1.0 - mean) * precision, size)


def _relative(xp: Any, rows: Rows, logit: Any) -> tuple[Any, Any]:
    """Entropy D = mean log(mean/y) + (1 - mean) log((1 - mean)/(1 - y)), and the log odds ratio of y to mean.

    For a pseudo row of means, whose logarithms are none of its y, the differences of the two are added.
    """
    y, log_y, log_rest = rows
    mean, rest = xp.expit(logit), xp.expit(-logit)
    ratio, rest_ratio = log_y - xp.log_expit(logit), log_rest - xp.log_expit(-logit)
    excess = xp.where(logit > 0, rest - (1.0 - y), y - mean)
    beyond = log_y - xp.log(y), log_rest - xp.log1p(-y)
    entropy = mean * (log_ratio_minus(xp, excess / mean, ratio - beyond[0]) + beyond[0]) + rest * (
        log_ratio_minus(xp, -excess / rest, rest_ratio - beyond[1]) + beyond[1]
    )
    return -entropy, ratio - rest_ratio
