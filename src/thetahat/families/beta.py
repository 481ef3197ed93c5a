"""The beta family: proportions strictly between 0 and 1."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._beta_law import log_mass_of, shapes_of, working_moments
from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import beta_entropy
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._support import UNIT_INTERVAL
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Positive


@final
class Beta(Family):
    """Beta distribution: f(y) = y^(alpha - 1) (1 - y)^(beta - 1) / B(alpha, beta), 0 < y < 1.

    Working coordinates are log alpha and log beta. Mean alpha/(alpha + beta), variance
    mean (1 - mean)/(alpha + beta + 1). The maximum is unique unless all values are equal (a minimal
    exponential family; Barndorff-Nielsen, 1978, theorem 9.13).

    Examples
    --------
    >>> import thetahat as th
    >>> beta = th.Beta(alpha=2, beta=3)
    >>> beta.mean(), beta.variance()
    (0.4, 0.04)
    >>> round(beta.log_prob(0.5), 6)
    0.405465
    """

    declared = (Parameter("alpha", Positive(), (0.1, 20.0)), Parameter("beta", Positive(), (0.1, 20.0)))
    support = UNIT_INTERVAL
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"beta": 0.0}, {"alpha": np.inf}),
        lower=({"alpha": 0.0}, {"beta": np.inf}),
        both={"alpha": 0.0, "beta": 0.0},
        point={"alpha": np.inf, "beta": np.inf},
    )
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    regresses_as: ClassVar[str] = "beta_mean"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y and log(1 - y)."""
        return xp.log(y), xp.log1p(-y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """(alpha - 1) log y + (beta - 1) log(1 - y) - log B(alpha, beta)."""
        log_y, log_rest = rows
        alpha, beta = xp.exp(eta[0]), xp.exp(eta[1])
        return (alpha - 1.0) * log_y + (beta - 1.0) * log_rest - xp.betaln(alpha, beta)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """u = (alpha (log y + ψ(alpha + beta) - ψ(alpha)), beta (log(1 - y) + ψ(alpha + beta) - ψ(beta)))."""
        log_y, log_rest = rows
        alpha, beta = np.exp(eta[0]), np.exp(eta[1])
        value = (alpha - 1.0) * log_y + (beta - 1.0) * log_rest - special.betaln(alpha, beta)
        mean_alpha, mean_beta, bend_alpha, cross, bend_beta = working_moments(*eta)
        by_alpha = alpha * (log_y + mean_alpha)
        by_beta = beta * (log_rest + mean_beta)
        return Terms(
            value,
            (by_alpha, by_beta),
            (
                by_alpha + bend_alpha,
                cross,
                by_beta + bend_beta,
            ),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Incomplete beta in logit y, in log space."""
        alpha, beta = np.exp(eta[0]), np.exp(eta[1])
        terms = log_mass_of(low, high, alpha, beta, order)
        if order == 0:
            return terms
        (first_alpha, first_beta), (alpha_alpha, mixed, beta_beta) = terms.gradient, terms.hessian
        by_alpha, by_beta = alpha * first_alpha, beta * first_beta
        return Terms(
            terms.value,
            (by_alpha, by_beta),
            (
                by_alpha + alpha * alpha * alpha_alpha,
                alpha * beta * mixed,
                by_beta + beta * beta * beta_beta,
            ),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Variances and covariance of the scores, through ψ'."""
        _, _, bend_alpha, cross, bend_beta = working_moments(*eta)
        return -bend_alpha, -cross, -bend_beta

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By moments, with alpha and beta kept between 0.01 and 10¹⁰."""
        return shapes_of(points)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Inverse of the regularised incomplete beta function."""
        return special.betaincinv(theta[0], theta[1], probability)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete beta function from either end."""
        return special.betainc(theta[0], theta[1], y), special.betaincc(theta[0], theta[1], y)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Alpha / (alpha + beta)."""
        return theta[0] / (np.asarray(theta[0]) + theta[1])

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """By Stirling's series and log a - ψ(a)."""
        return beta_entropy(*theta)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean (1 - mean) / (alpha + beta + 1)."""
        total = np.asarray(theta[0]) + theta[1]
        return theta[0] / total * (theta[1] / total) / (total + 1.0)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler."""
        return rng.beta(theta[0], theta[1], size)
