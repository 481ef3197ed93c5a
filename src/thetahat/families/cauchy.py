"""The Cauchy family: symmetric, with tails so heavy that there is no mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._growth import log_one_plus_square
from thetahat.families._location_scale import LocationScale
from thetahat.families._standard import Standard
from thetahat.families._starts import robust_centre_and_spread
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, end_terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive, Real

_LOG_PI = float(np.log(np.pi))


@final
class Cauchy(LocationScale):
    """Cauchy distribution: f(y) = 1/(π scale (1 + z²)), z = (y - location)/scale.

    Working coordinates are location and log scale. It is Student's t with one degree of freedom, without mean
    or variance. There is at most one stationary point in location and scale, but for samples half of which
    equal one value and half another (Copas, 1975); where more than half equal one value, the likelihood
    rises without bound.

    Examples
    --------
    >>> import thetahat as th
    >>> cauchy = th.Cauchy(location=0, scale=2)
    >>> round(cauchy.quantile(0.75), 6)
    2.0
    >>> round(cauchy.log_sf(1e30), 6)
    -69.529135
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
    uniqueness: ClassVar[str | None] = "unique in location and scale (Copas, 1975)"

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-log(1 + z²) - log π."""
        return _log_density(xp, z)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """With r = 1/(1 + z²) and w = 1 - r: z g' = -2 w."""
        square = np.square(z)
        r, w = 1.0 / (1.0 + square), 1.0 / (1.0 + 1.0 / square)
        pull = 1.0 / (z + 1.0 / z)
        return Standard(
            _log_density(NUMPY, z),
            -2.0 * pull,
            2.0 * (w - r) * r,
            -2.0 * w,
            -4.0 * r * pull,
            -4.0 * w * r,
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """A difference of arctangents as one angle, or what is left of π where that is small."""
        with np.errstate(all="ignore"):
            low, high, gap = np.broadcast_arrays(low, high, gap)
            lower, upper = np.isneginf(low), np.isposinf(high)
            size_low, size_high = np.maximum(np.abs(low), 1.0), np.maximum(np.abs(high), 1.0)
            across = 1.0 / size_low / size_high + (low / size_low) * (high / size_high)
            angle = np.arctan2(gap / size_low / size_high, across)
            below, above = np.arctan2(1.0, -low), np.arctan2(1.0, high)
            angle = np.where(upper, np.arctan2(1.0, low), np.where(lower, np.arctan2(1.0, -high), angle))
            outside = np.where(lower, 0.0, below) + np.where(upper, 0.0, above)
            mass = np.where(angle > 0.5 * np.pi, np.log1p(-outside / np.pi), np.log(angle) - _LOG_PI)
            mass = np.where(lower & upper, 0.0, np.where(gap > 0, mass, -np.inf))
            if not order:
                return EndTerms(mass, 0.0, 0.0, 0.0, 0.0, 0.0)
            return end_terms(mass, _end(low), _end(high))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/(2 scale²), 0, 1/2)."""
        return 0.5 * np.exp(-2.0 * eta[1]), 0.0, 0.5

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """For a given location the score in log scale falls throughout."""
        return (
            "unique in the scale for a fixed location"
            if set(fixed) == {"location"} and survey.all_exact
            else None
        )

    def outweighed(self, fixed: Mapping[str, Any]) -> float | None:
        """A row gains one log scale on its value and loses one off it (Copas, 1975)."""
        return None if "scale" in fixed else 1.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Median, and the median distance from it."""
        middle, spread = robust_centre_and_spread(points)
        return middle, spread / 1.4826

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode is the location."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location - scale/tan(π p)."""
        lower = np.minimum(probability, 1.0 - probability)
        z = -1.0 / np.tan(np.pi * lower)
        return theta[0] + theta[1] * np.where(probability < 0.5, z, np.where(probability > 0.5, -z, 0.0))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """There is none."""
        return np.full(np.shape(theta[0]), np.nan)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """log(4π scale)."""
        return np.log(4.0 * np.pi * np.asarray(theta[1]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """There is none."""
        return np.full(np.shape(theta[0]), np.nan)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's ratio of normals."""
        return np.asarray(theta[0] + theta[1] * rng.standard_cauchy(size))


def _log_density(xp: Any, z: Any) -> Any:
    return -log_one_plus_square(xp, z) - _LOG_PI


def _end(z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
    return np.where(np.isfinite(z), _log_density(NUMPY, z), -np.inf), -2.0 / (z + 1.0 / z), ()
