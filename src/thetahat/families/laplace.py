"""Laplace's family: the one whose location is estimated by the median."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families import _two_sided
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._starts import centre_and_spread, clipped, median
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._two_sided import Sides
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive, Real

_LOG_2 = float(np.log(2.0))
_SLOPES = ((-1.0, -1.0),)
"""Of the logs of both rates in log scale."""
_CONCAVE = "concave in (1/scale, location/scale) (Burridge, 1981)"


@final
class Laplace(Family):
    """Laplace distribution: f(y) = exp(-|y - location|/scale)/(2 scale).

    Working coordinates are location and log scale. Mean location, variance 2 scale². The maximum of exact rows is the
    median, with the mean distance from it for a scale (Laplace, 1774). There ℓ has a kink in the location, so that
    standard errors come from the expected information: scale/√n for the location (Norton, 1984). Of an even number of
    rows every location between the middle two is a maximum; the estimate is half-way. Its regression minimises the sum
    of absolute deviations (Koenker & Bassett, 1978).

    Examples
    --------
    >>> import thetahat as th
    >>> laplace = th.Laplace(location=0, scale=2)
    >>> laplace.variance(), round(float(laplace.cdf(2.0)), 6)
    (8.0, 0.81606)
    >>> fit = th.fit(th.Laplace(), [1.0, 2.0, 3.0, 4.0, 9.0])
    >>> fit.estimates, fit.certificate.verdict.value
    ({'location': 3.0, 'scale': 2.0}, 'maximum')
    >>> rows = {"x": [0, 1, 2, 3, 4, 5], "y": [1.0, 3.0, 5.0, 6.0, 9.0, 40.0]}
    >>> line = th.fit(th.Regression("y ~ x", th.Laplace()), rows)
    >>> round(line.estimates["Intercept"], 12), round(line.estimates["x"], 12)
    (1.0, 2.0)
    """

    declared = (Parameter("location", Real(), (-5.0, 5.0)), Parameter("scale", Positive(), (0.05, 20.0)))
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    kinked: ClassVar[str] = "location"
    uniqueness: ClassVar[str | None] = _CONCAVE
    uniqueness_censored: ClassVar[str | None] = _CONCAVE

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-|z| - log 2 - log scale."""
        return -xp.abs((rows[0] - eta[0]) / xp.exp(eta[1])) - _LOG_2 - eta[1]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score (sign(z)/scale, |z| - 1)."""
        sides = Sides.of(-np.asarray(eta[1]), -np.asarray(eta[1]))
        value = self.log_density(NUMPY, rows, eta)
        return _two_sided.carried(_two_sided.point_terms(value, rows[0] - eta[0], sides), _SLOPES)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """In closed form."""
        sides = Sides.of(-np.asarray(eta[1]), -np.asarray(eta[1]))
        terms = _two_sided.interval_terms(low - eta[0], high - eta[0], high - low, sides, order)
        return _two_sided.carried(terms, _SLOPES) if order else terms

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """1/scale up to the row's value, and minus that from there on."""
        rate = np.exp(-eta[1])
        return rate, -rate

    def sided(self, above: Any, below: Any, fixed: Mapping[str, Any]) -> Theta:
        """The scale: the mean distance."""
        return (fixed.get("scale", above + below),)

    def quantile_level(self, fixed: Mapping[str, Any]) -> float:
        """The median."""
        return 0.5

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/scale², 0, 1)."""
        return np.exp(-2.0 * eta[1]), 0.0, 1.0

    def regularity(self, theta: Theta) -> str:
        """A kink in the location."""
        return "kinked"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Median, and the mean distance from it."""
        middle = median(points)
        distance = 2.0 * float(np.mean(np.abs(0.5 * points - 0.5 * middle)))
        return middle, clipped(distance if 1e-300 < distance < 1e300 else centre_and_spread(points)[1])

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """Not from means alone: ``sided`` has it from the median."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location ± scale log(2 min(p, 1 - p))."""
        lower = np.log(2.0 * np.minimum(probability, 0.5))
        upper = _LOG_2 + np.log1p(-np.maximum(probability, 0.5))
        return theta[0] + theta[1] * np.where(probability < 0.5, lower, -upper)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + log(2 scale)."""
        return 1.0 + _LOG_2 + np.log(theta[1])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """log of the ratio of scales, plus the mean distance from the other location in its scale, less 1."""
        gap = np.abs(theta[0] - np.asarray(other[0]))
        ratio = theta[1] / np.asarray(other[1])
        return ratio * np.exp(-gap / theta[1]) + gap / other[1] - np.log(ratio) - 1.0

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """2 scale²."""
        return 2.0 * np.square(theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's inversion sampler."""
        return rng.laplace(theta[0], theta[1], size)
