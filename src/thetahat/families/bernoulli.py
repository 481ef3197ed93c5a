"""The Bernoulli family: yes or no."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import binary_divergence, binary_entropy
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._log_concave_links import LOG_CONCAVE_LINKS
from thetahat.families._support import BINARY
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import log1p_of_small, log_expit
from thetahat.numerics.namespace import NUMPY, namespace
from thetahat.parameters import Parameter, UnitInterval

FEW_ROWS = 512
FAR_OUT = 490_000.0
"""Sum of squares of logits, below which none is beyond 700 and exp overflows nowhere."""


@final
class Bernoulli(Family):
    """Bernoulli distribution: P(Y = 1) = prob, P(Y = 0) = 1 - prob; false and true count as 0 and 1.

    The working coordinate is the logit, in which the log-likelihood is concave. The maximum is the proportion
    of ones (Johnson, Kemp & Kotz, 2005).

    Examples
    --------
    >>> import thetahat as th
    >>> coin = th.Bernoulli(prob=0.25)
    >>> coin.mean(), coin.variance()
    (0.25, 0.1875)
    >>> round(coin.log_prob(True), 6)
    -1.386294
    """

    declared = (Parameter("prob", UnitInterval(), (0.02, 0.98)),)
    support = BINARY
    gathers: ClassVar[Gathering] = Gathering(upper=({"prob": 1.0},), lower=({"prob": 0.0},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in the logit"
    uniqueness_censored: ClassVar[str | None] = "concave in the logit"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    single_maximum = LOG_CONCAVE_LINKS
    tilted: ClassVar[bool] = True

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def encode(self, y: Any) -> Any:
        """Turn truth values into 0 and 1."""
        if namespace(y).is_jax:
            return y
        array = np.asarray(y)
        return array.astype(float) if array.dtype == bool else array

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Y log prob + (1 - y) log(1 - prob), each by its own tail of the logit."""
        (y,) = rows
        ones = xp.where(y == 0, 0.0, y * xp.log_expit(eta[0]))
        return ones + xp.where(y == 1, 0.0, (1.0 - y) * xp.log_expit(-eta[0]))

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient y - prob, without rounding where prob is near y; Hessian -prob (1 - prob)."""
        (y,) = rows
        if np.ndim(eta[0]):
            return _by_margin(y, eta[0])
        # One probability for all rows, which may be the mean of many and then lies between 0 and 1.
        p, q = special.expit(eta[0]), special.expit(-eta[0])
        return Terms(self.log_density(NUMPY, rows, eta), (y * q - (1.0 - y) * p,), (-p * q,))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The mass of those of 0 and 1 that the interval holds."""
        low, high, logit = np.broadcast_arrays(low, high, eta[0])
        zero = (low < 0) & (high >= 0)
        one = (low < 1) & (high >= 1)
        sign = np.where(one, 1.0, -1.0)
        single = zero ^ one
        value = np.where(single, log_expit(sign * logit), np.where(zero, 0.0, -np.inf))
        if order == 0:
            return Terms(value)
        p, q = special.expit(logit), special.expit(-logit)
        return Terms(value, (np.where(single, np.where(one, q, -p), 0.0),), (np.where(single, -p * q, 0.0),))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Prob (1 - prob)."""
        return (special.expit(eta[0]) * special.expit(-eta[0]),)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The proportion of ones, with half an observation added to each side."""
        return ((float(np.add.reduce(points)) + 0.5) / (points.size + 1.0),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The proportion of ones, edges included."""
        return (float(survey.means[0]),)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A one pulls prob to 1, a zero to 0."""
        return y == 1, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """0 up to P(Y = 0), then 1."""
        return np.where(probability <= np.exp(log_expit(-self.working(theta)[0])), 0.0, 1.0)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Prob."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """-p log p - (1 - p) log(1 - p)."""
        return binary_entropy(theta[0])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """Σ p log(p/q) over both values."""
        return binary_divergence(theta[0], other[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Prob (1 - prob)."""
        return theta[0] * (1.0 - theta[0])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Uniform numbers below prob."""
        return (rng.random(size) < theta[0]).astype(np.int64)


def _by_margin(y: Array, logit: Array) -> Terms:
    """The terms of zeros and ones that have a logit each, from one exponential.

    With the margin m, which is the logit of a one and minus that of a zero, and e = exp(-|m|), they are
    min(m, 0) - log(1 + e), ±1/(1 + exp m) and -e/(1 + e)²: sums and quotients of what is not negative. Of few rows,
    whose operations cost more than their arithmetic, fewer operations make the same of exp(-m).
    """
    sign = y + y - 1.0
    margin = sign * logit
    if margin.ndim == 1 and margin.size <= FEW_ROWS and float(margin.dot(margin)) < FAR_OUT:
        odds = np.exp(-margin)
        value, curvature = np.log1p(odds), 1.0 / (1.0 + odds)
        odds *= curvature
        curvature *= odds
        odds *= sign
        return Terms(np.negative(value, out=value), (odds,), (np.negative(curvature, out=curvature),))
    small = np.abs(margin)
    np.negative(small, out=small)
    np.exp(small, out=small)
    whole = 1.0 + small
    near, far = 1.0 / whole, small / whole
    value = np.minimum(margin, 0.0)
    value -= log1p_of_small(small, whole)
    curvature = near * far
    np.negative(curvature, out=curvature)
    score = far
    np.copyto(score, near, where=margin < 0.0)
    score *= sign
    return Terms(value, (score,), (curvature,))
