"""The logarithmic series family: how many individuals of each species were seen."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile, root_in_bracket
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass
from thetahat.families._remembered import remembered
from thetahat.families._support import FROM_ONE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import expm1_minus, log_expit, softplus
from thetahat.parameters import Parameter, UnitInterval

_FAR = -37.0
"""Logits below which log(1 + e^logit) is e^logit to rounding."""


@final
class LogSeries(Family):
    """Logarithmic series distribution: P(Y = y) = -prob^y / (y log(1 - prob)), y = 1, 2, ...

    The working coordinate is the logit of prob. The maximum is where the mean, -prob/((1 - prob) log(1 - prob)), equals
    that of the data, and it is the only one (a minimal exponential family; Fisher, Corbet & Williams, 1943).

    Examples
    --------
    >>> import thetahat as th
    >>> species = th.LogSeries(prob=0.9)
    >>> round(species.mean(), 6), round(float(species.cdf(1)), 6)
    (3.908650, 0.390865)
    >>> th.fit(th.LogSeries(), [1, 1, 4, 2, 12]).certificate.verdict.value
    'maximum'
    """

    declared = (Parameter("prob", UnitInterval(), (0.05, 0.98)),)
    support = FROM_ONE
    gathers: ClassVar[Gathering] = Gathering(upper=({"prob": 1.0},), lower=({"prob": 0.0},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y."""
        return y, xp.log(y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Y log prob - log y - log(-log(1 - prob)), where -log(1 - prob) = softplus of the logit."""
        y, log_y = rows
        far = eta[0] < _FAR
        log_s = xp.where(far, eta[0], xp.log(xp.softplus(xp.where(far, 0.0, eta[0]))))
        return y * xp.log_expit(eta[0]) - log_y - log_s

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient (1 - prob)(y - mean)."""
        y, log_y = rows
        return _point_terms(y, 2, log_y, eta[0], *_moments(eta[0]))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller."""
        middle = np.exp(np.minimum(np.asarray(eta[0]), 690.0))
        return lattice_mass(
            np.asarray(low) - 1.0,
            np.asarray(high) - 1.0,
            (eta[0], *_moments(eta[0])),
            (np.zeros_like(middle), np.sqrt(middle), np.inf),
            lambda y, order, logit, *moments: _point_terms(y + 1.0, order, np.log1p(y), logit, *moments),
            order,
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """(1 - prob)² times the variance."""
        return (_moments(eta[0])[2],)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The root for the points' mean."""
        scale = float(np.max(points))
        mean = scale * float(np.mean(points / scale))
        return (_prob(max(min(mean, 1e12), 1.0 + 0.5 / points.size)),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The root for the mean; 0, the edge, where every value is 1."""
        mean = float(survey.means[0])
        if mean > 1e12:
            return None
        return (_prob(mean) if mean > 1.0 else 0.0,)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Ones pull prob down."""
        return False, y == 1

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers, by bisection."""
        eta = self.working(theta)
        return 1.0 + lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k + 1.0, known, eta, 0).value),
            np.zeros_like(probability),
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """-prob/((1 - prob) log(1 - prob))."""
        return _moments(self.working(theta)[0])[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean (1/(1 - prob) - mean)."""
        return _moments(self.working(theta)[0])[1]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler (Kemp, 1981)."""
        return rng.logseries(theta[0], size)


@remembered
def _moments(logit: Any) -> tuple[Any, ...]:
    """Mean, variance, and (1 - prob)² times the variance.

    With s = -log(1 - prob), 1/(1 - prob) = e^s: mean = (e^s - 1)/s, and variance = mean (e^s - mean).
    """
    s = softplus(logit)
    rise = np.expm1(s)
    mean = np.where(s > 0, rise / np.where(s > 0, s, 1.0), 1.0)
    # e^s - (e^s - 1)/s = (s e^s - e^s + 1)/s = (s (e^s - 1) - (e^s - 1 - s))/s
    excess = np.where(s > 0, rise - expm1_minus(s) / np.where(s > 0, s, 1.0), 0.0)
    variance = mean * excess
    return mean, variance, np.exp(-s) * mean * (np.exp(-s) * excess)


def _point_terms(
    y: Array, order: int, log_y: Array, logit: Any, mean: Any, _variance: Any, spread: Any
) -> Terms:
    s = softplus(logit)
    log_s = np.where(np.asarray(logit) < _FAR, logit, np.log(s))
    value = y * log_expit(logit) - log_y - log_s
    if order == 0:
        return Terms(value)
    q, p = np.exp(-s), -np.expm1(-s)
    return Terms(value, (q * y - q * mean,), (-p * (q * y - q * mean) - spread,))


def _prob(mean: float) -> float:
    """The prob with this mean, by bisection and Newton on s = -log(1 - prob) for (e^s - 1)/s = mean."""

    def excess(s: float) -> tuple[float, float]:
        rise = float(np.expm1(s))
        slope = (rise - float(expm1_minus(s)) / s) / s
        return float(expm1_minus(s)) / s - (mean - 1.0), slope

    s = root_in_bracket(excess, 2.0 * (mean - 1.0) / (1.0 + mean), 1e-300, 40.0)
    return float(-np.expm1(-s))
