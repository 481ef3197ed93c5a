"""The geometric family: failures before the first success."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import positive_mean
from thetahat.families._entropies import binary_divergence, binary_entropy
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._log_concave_links import LOG_CONCAVE_LINKS
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import expm1_minus, log1mexp, log_expit
from thetahat.parameters import Parameter, UnitInterval


@final
class Geometric(Family):
    """Geometric distribution: P(Y = y) = prob (1 - prob)^y, y = 0, 1, ... failures before the first success.

    The working coordinate is the logit of prob, in which the log-likelihood is concave, that of intervals
    too: it is the log of a power of 1 - prob times the distribution function of a log-concave variable. The
    maximum is prob = 1/(1 + ȳ) (Johnson, Kemp & Kotz, 2005).

    Examples
    --------
    >>> import thetahat as th
    >>> geometric = th.Geometric(prob=0.25)
    >>> geometric.mean(), geometric.variance()
    (3.0, 12.0)
    >>> round(geometric.log_sf(999), 6)
    -287.682072
    """

    declared = (Parameter("prob", UnitInterval(), (0.02, 0.98)),)
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(upper=({"prob": 0.0},), lower=({"prob": 1.0},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in the logit"
    uniqueness_censored: ClassVar[str | None] = "concave in the logit"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    uniqueness_entered: ClassVar[str | None] = "concave in log(1 - prob)"
    increasing: ClassVar[bool] = False
    single_maximum = LOG_CONCAVE_LINKS
    tilted: ClassVar[bool] = True

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log prob + y log(1 - prob)."""
        (y,) = rows
        return xp.log_expit(eta[0]) + xp.where(y == 0, 0.0, y * xp.log_expit(-eta[0]))

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient 1 - prob - y prob, Hessian -(1 + y) prob (1 - prob)."""
        (y,) = rows
        p, q = special.expit(eta[0]), special.expit(-eta[0])
        value = log_expit(eta[0]) + np.where(y == 0, 0.0, y * log_expit(-eta[0]))
        return Terms(value, (q - y * p,), (-(1.0 + y) * (p * q),))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Reach the interval, then stop in it: a log(1 - prob) + log(1 - (1 - prob)^m), m points from a."""
        below, above, logit = np.broadcast_arrays(np.floor(low), np.floor(high), eta[0])
        first = np.maximum(below + 1.0, 0.0)
        width = np.maximum(above + 1.0 - first, 0.0)
        step = -log_expit(-logit)
        # (1 - prob)^m = exp(-m step), and B = x / (e^x - 1) with x = m step.
        scaled = width * step
        bounded = np.isfinite(width)
        value = np.where(bounded, log1mexp(-scaled), 0.0) - np.where(first == 0, 0.0, first * step)
        if order == 0:
            return Terms(value)
        p, q = special.expit(logit), special.expit(-logit)
        growth = np.expm1(scaled)
        stays, falls = scaled / growth, expm1_minus(scaled) / growth
        large = scaled > 700.0
        stays, falls = np.where(large, 0.0, stays), np.where(large, 1.0, falls)
        share = p / step
        stop = share * stays
        # 1 - share without cancellation where prob is small
        rest = expm1_minus(-step) / step + share * falls
        reach = first * p
        empty = width <= 0
        return Terms(
            value,
            (np.where(empty, 0.0, stop - reach),),
            (np.where(empty, 0.0, np.where(stop > 0, stop * (rest - p - width * p), 0.0) - reach * q),),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """1 - prob."""
        return (special.expit(-eta[0]),)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """1/(1 + mean)."""
        return (1.0 / (1.0 + positive_mean(points)),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """1/(1 + ȳ); 1, the edge, where every count is 0."""
        return (1.0 / (1.0 + float(survey.means[0])),)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero pulls prob to 1."""
        return y == 0, False

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """1/(1 + y)."""
        return 1.0 / (1.0 + y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers around log(1 - p)/log(1 - prob) - 1."""
        step = -log_expit(-self.working(theta)[0])
        guess = np.maximum(np.ceil(-np.log1p(-probability) / step - 1.0), 0.0)

        def cdf(k: Array) -> Array:
            return np.exp(log1mexp(-(k + 1.0) * step))

        guess = np.where((guess > 0) & (cdf(guess - 1.0) >= probability), guess - 1.0, guess)
        return np.where(cdf(guess) < probability, guess + 1.0, guess)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """(1 - prob)/prob."""
        return (1.0 - theta[0]) / theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That of one trial, times the mean number of trials 1/prob."""
        return binary_entropy(theta[0]) / theta[0]

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """That of one trial, times the mean number of trials 1/prob."""
        return binary_divergence(theta[0], other[0]) / theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(1 - prob)/prob²."""
        return (1.0 - theta[0]) / theta[0] / theta[0]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler, which counts the success too, less one."""
        return rng.geometric(theta[0], size) - 1
