"""The zeta family: counts with a tail that is a power, such as frequencies of words (Zipf's law)."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile, root_in_bracket
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass
from thetahat.families._remembered import remembered
from thetahat.families._support import FROM_ONE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.zeta import log_zeta, log_zeta_terms
from thetahat.parameters import Above, Parameter


@final
class Zeta(Family):
    """Zeta distribution: P(Y = y) = y^-exponent / ζ(exponent), y = 1, 2, ..., exponent > 1.

    The working coordinate is log(exponent - 1). The maximum is where -ζ'/ζ equals the mean of log y, and it is the
    only one (a minimal exponential family; Seal, 1952). The mean exists for an exponent above 2, the variance above 3.

    Examples
    --------
    >>> import thetahat as th
    >>> words = th.Zeta(exponent=4)
    >>> round(words.log_prob(10), 6), round(words.mean(), 6)
    (-9.289451, 1.110627)
    >>> round(words.log_sf(10**6), 6)
    -42.624255
    """

    declared = (Parameter("exponent", Above(1.0), (3.5, 4.2)),)
    support = FROM_ONE
    singly: ClassVar[tuple[str, ...]] = ("sample_at",)
    gathers: ClassVar[Gathering] = Gathering(upper=({"exponent": 1.0},), lower=({"exponent": np.inf},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    increasing: ClassVar[bool] = False

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-exponent log y - log ζ(exponent)."""
        (log_y,) = rows
        gap = xp.exp(eta[0])
        return -log_y - gap * log_y - log_zeta(xp, gap)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient (exponent - 1)(-ζ'/ζ - log y)."""
        return _point_terms(rows[0], 2, eta[0], *_terms(eta[0]))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller."""
        # Where about half the mass lies below; the mean need not exist.
        middle = np.exp(np.minimum(np.exp(-np.asarray(eta[0])), 690.0) * np.log(2.0)) - 1.0
        return lattice_mass(
            np.asarray(low) - 1.0,
            np.asarray(high) - 1.0,
            (eta[0], *_terms(eta[0])),
            (np.zeros_like(middle), middle, np.inf),
            lambda y, order, log_gap, *normaliser: _point_terms(np.log1p(y), order, log_gap, *normaliser),
            order,
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """(exponent - 1)² times the variance of log y."""
        return (_terms(eta[0])[2],)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The root for the points' mean of logs, between 1 + 10⁻⁶ and 50."""
        return (float(np.clip(_exponent(max(float(np.mean(np.log(points))), 1e-12)), 1.0 + 1e-6, 50.0)),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The root for the mean of logs; infinite, a limit, where every value is 1."""
        mean = float(survey.means[0])
        return (_exponent(mean),) if 1e-280 < mean < 1e14 else None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Ones pull the exponent up."""
        return y == 1, False

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers, by bisection."""
        eta = self.working(theta)
        gap = theta[0] - 1.0
        return 1.0 + lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k + 1.0, known, eta, 0).value),
            np.floor(np.exp(np.minimum(-np.log1p(-probability) / gap, 690.0)) - 1.0),
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """ζ(exponent - 1)/ζ(exponent) above 2, infinite below."""
        return _ratio(theta[0], 1.0)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """ζ(exponent - 2)/ζ(exponent) less the mean squared above 3, infinite below."""
        exponent = np.asarray(theta[0], dtype=float)
        with np.errstate(invalid="ignore"):
            return np.where(exponent > 3.0, _ratio(exponent, 2.0) - np.square(_ratio(exponent, 1.0)), np.inf)[
                ()
            ]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Devroye's (1986) rejection from a continuous power, in floating point since values may pass any integer."""
        gap = float(theta[0]) - 1.0
        drawn = np.empty(0)
        b = 2.0**gap
        while drawn.size < size:
            more = size - drawn.size
            x = np.floor(np.exp(np.minimum(rng.standard_exponential(2 * more + 8) / gap, 709.0)))
            t = np.exp(gap * np.log1p(1.0 / x))
            accepted = rng.random(x.size) * x * (t - 1.0) / (b - 1.0) <= t / b
            drawn = np.append(drawn, x[accepted])
        return drawn[:size]


@remembered
def _terms(log_gap: Any) -> tuple[Any, ...]:
    """log ζ(1 + gap), gap times its first derivative and gap² times its second, which is the information."""
    gap = np.exp(log_gap)
    value, first, second = log_zeta_terms(gap)
    return value, gap * first, gap * gap * second


def _point_terms(log_y: Array, order: int, log_gap: Any, value: Any, first: Any, spread: Any) -> Terms:
    gap = np.exp(log_gap)
    density = -log_y - gap * log_y - value
    if order == 0:
        return Terms(density)
    slope = -gap * log_y - first
    return Terms(density, (slope,), (slope - spread,))


def _exponent(mean_log: float) -> float:
    """The root of -(log ζ)' = mean of logs, on log(exponent - 1)."""

    def excess(log_gap: float) -> tuple[float, float]:
        # In logs, since -ζ'/ζ runs over all positive numbers.
        _, first, spread = _terms(log_gap)
        return float(np.log(mean_log) - np.log(-first) + log_gap), float(spread / -first)

    guess = -np.log(mean_log) if mean_log > 0.5 else np.log(np.maximum(-np.log(mean_log) / np.log(2.0), 1.0))
    return 1.0 + float(np.exp(root_in_bracket(excess, float(guess), -40.0, 7.0)))


def _ratio(exponent: Any, less: float) -> Any:
    exponent = np.asarray(exponent, dtype=float)
    exists = exponent > 1.0 + less
    return np.where(
        exists, special.zeta(np.where(exists, exponent - less, 2.0)) / special.zeta(exponent), np.inf
    )[()]
