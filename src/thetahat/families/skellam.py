"""The Skellam family: the difference of two Poisson counts, such as goals for and against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._bessel_saddle import SMALLEST, SaddleTerms, log_skellam
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._integers import integer_mass, integer_quantile
from thetahat.families._saddle import log_poisson
from thetahat.families._support import INTEGERS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Positive

_TERMS = 20


@final
class Skellam(Family):
    """Skellam distribution: P(Y = y) = exp(-rate1 - rate2) (rate1/rate2)^(y/2) I_|y|(2 √(rate1 rate2)).

    y = ..., -1, 0, 1, ...; Y = N₁ - N₂ of independent Poisson counts (Skellam, 1946). Working coordinates are
    log rate1 and log rate2. Mean rate1 - rate2, variance rate1 + rate2. The score is the mean of the two counts given
    y less the rates. Where counts are large and the exponents of the Bessel function would cancel, its expansion by
    Debye is used, written as deviances of the two counts that are most likely given y.

    Examples
    --------
    >>> import thetahat as th
    >>> goals = th.Skellam(rate1=2, rate2=1.5)
    >>> goals.mean(), goals.variance()
    (0.5, 3.5)
    >>> round(goals.log_prob(1), 6), round(float(goals.cdf(0)), 6)
    (-1.563087, 0.506438)
    """

    declared = (Parameter("rate1", Positive(), (0.1, 30.0)), Parameter("rate2", Positive(), (0.1, 30.0)))
    support = INTEGERS
    singly: ClassVar[tuple[str, ...]] = ("quantile_at",)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"rate1": np.inf},), lower=({"rate2": np.inf},), both={"rate1": np.inf, "rate2": np.inf}
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log of the sum over the smaller count."""
        (y,) = rows
        if xp.is_jax:
            from thetahat.families._host import host_function

            return host_function(_point_terms_of, 1, "Skellam's mass")(y, *eta)
        return _point_terms(y, 0, *eta).value

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient E[N₁ | y] - rate1 and E[N₂ | y] - rate2."""
        return _point_terms(rows[0], 2, *eta)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of what is outside where that is less."""
        mode = np.floor(np.exp(eta[0]) - np.exp(eta[1]))
        return integer_mass(low, high, eta, mode, _point_terms, order, 2)

    def collapse(self, survey: Survey) -> tuple[Mapping[str, float], float, str] | None:
        """Zeros alone, which no events at all explain best."""
        if survey.minimum == survey.maximum == 0.0:
            return {"rate1": 0.0, "rate2": 0.0}, 0.0, "0"
        return None

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """E u uᵀ, summed over the integers that have mass."""
        log_rates = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in eta))
        found = np.empty((3, log_rates[0].size))
        for index, pair in enumerate(zip(*(np.ravel(item) for item in log_rates), strict=True)):
            found[:, index] = _information(*pair)
        return tuple(item.reshape(log_rates[0].shape)[()] for item in found)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Moments: half the variance plus and minus the mean, each kept above a share of what there is."""
        scale = max(float(np.max(np.abs(points))), 1.0)
        mean = scale * float(np.mean(points / scale))
        spread = min(scale * float(np.mean(np.square(points / scale - mean / scale))) * scale, 1e300)
        least = 0.01 * (spread + abs(mean)) + 0.5 / points.size
        return max(0.5 * (spread + mean), least), max(0.5 * (spread - mean), least)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Integers, from the mean on."""
        eta = self.working(theta)
        return integer_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value),
            float(np.floor(theta[0] - theta[1])),
            float(np.sqrt(theta[0] + theta[1])),
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Rate1 - rate2."""
        return np.asarray(theta[0]) - theta[1]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Rate1 + rate2."""
        return np.asarray(theta[0]) + theta[1]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Differences of Poisson counts."""
        return rng.poisson(theta[0], size) - rng.poisson(theta[1], size)


def _point_terms(y: Array, order: int, log_rate1: Any, log_rate2: Any) -> Terms:
    """The log mass, its derivatives by the moments of the smaller count j given y."""
    arrays = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (y, log_rate1, log_rate2)))
    shape = arrays[0].shape
    y, log_rate1, log_rate2 = (np.ravel(item) for item in arrays)
    found = np.empty((4, y.size))
    with np.errstate(all="ignore"):
        product = np.exp(log_rate1 + log_rate2)
        large = np.hypot(y, 2.0 * np.sqrt(product)) >= SMALLEST
        few = ~large & (product <= np.abs(y) + 1.0)
        for rows, way in ((large, log_skellam), (few, _by_series), (~large & ~few, _by_bessel)):
            if rows.any():
                found[:, rows] = way(y[rows], log_rate1[rows], log_rate2[rows], order)
        value, first, second, spread = found
        rate1, rate2 = np.exp(log_rate1), np.exp(log_rate2)
    items = [item.reshape(shape) for item in (value, first, second, spread - rate1, spread, spread - rate2)]
    return Terms(items[0], tuple(items[1:3]), tuple(items[3:])) if order else Terms(items[0])


def _by_series(y: Array, log_rate1: Array, log_rate2: Array, order: int) -> SaddleTerms:
    """The sum over j as it is, from Poisson's mass with j = 0, where its terms fall like 1/j!."""
    distance = np.abs(y)
    product = np.exp(log_rate1 + log_rate2)
    term, total = np.ones_like(product), np.zeros_like(product)
    first, second = np.zeros_like(product), np.zeros_like(product)
    for j in range(1, _TERMS):
        term = term * product / (j * (distance + j))
        total = total + term
        if order:
            first, second = first + j * term, second + j * j * term
    more, fewer = np.where(y < 0, log_rate2, log_rate1), np.where(y < 0, log_rate1, log_rate2)
    value = log_poisson(distance, more) - np.exp(fewer) + np.log1p(total)
    mean = first / (1.0 + total)
    return _from_smaller(y, log_rate1, log_rate2, value, mean, second / (1.0 + total) - mean * mean)


def _by_bessel(y: Array, log_rate1: Array, log_rate2: Array, order: int) -> SaddleTerms:
    """By scaled Bessel functions, where order and argument are moderate.

    E[j | y] = √(rate1 rate2) I_{|y|+1}/I_{|y|}, and E[j (j - 1) | y] likewise with |y| + 2.
    """
    distance = np.abs(y)
    root1, root2 = np.exp(0.5 * log_rate1), np.exp(0.5 * log_rate2)
    half = root1 * root2
    scaled = special.ive(distance, 2.0 * half)
    value = np.log(scaled) - np.square(root1 - root2) + 0.5 * y * (log_rate1 - log_rate2)
    mean = spread = np.zeros_like(value)
    if order:
        mean = half * special.ive(distance + 1.0, 2.0 * half) / scaled
        spread = half * half * special.ive(distance + 2.0, 2.0 * half) / scaled + mean - mean * mean
    return _from_smaller(y, log_rate1, log_rate2, value, mean, spread)


def _from_smaller(
    y: Array, log_rate1: Array, log_rate2: Array, value: Array, mean: Array, spread: Array
) -> SaddleTerms:
    """Terms from mean and variance of the smaller count j given y."""
    first = mean + np.maximum(y, 0.0) - np.exp(log_rate1)
    return SaddleTerms(value, first, mean + np.maximum(-y, 0.0) - np.exp(log_rate2), spread)


def _point_terms_of(inputs: tuple[Array, ...], order: int) -> Terms:
    return _point_terms(inputs[0], order, *inputs[1:])


def _information(log_rate1: float, log_rate2: float) -> Array:
    """By the trapezoidal rule over at most some hundreds of integers, where there are many as good as an integral."""
    rate1, rate2 = float(np.exp(log_rate1)), float(np.exp(log_rate2))
    reach = 12.0 * np.sqrt(rate1 + rate2) + 30.0
    step = max(1.0, np.floor(reach / 200.0))
    y = np.floor(rate1 - rate2) + step * np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1.0)
    terms = _point_terms(y, 2, log_rate1, log_rate2)
    mass = step * np.exp(terms.value)
    first, second = terms.gradient
    return np.array(
        [np.sum(mass * first * first), np.sum(mass * first * second), np.sum(mass * second * second)]
    )
