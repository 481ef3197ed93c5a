"""Tweedie's compound Poisson-gamma family: totals that are zero when nothing happens, such as claims and rain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import positive_mean
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._inversion import inverted
from thetahat.families._limit import Limit
from thetahat.families._starts import clipped
from thetahat.families._support import NON_NEGATIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._tweedie_information import series_information
from thetahat.families._tweedie_law import events_of, half_deviance, place_of, scaled_excess
from thetahat.families._tweedie_mass import tweedie_mass
from thetahat.numerics.elementary import expm1_minus
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.numerics.tweedie_series import log_series, remainder, tweedie_series
from thetahat.parameters import Bounded, Parameter, Positive

_LEAST_POWER = 1.01
_MANY_EVENTS = 1e15
"""A mean from which on a Poisson number is its mean to the digits that a gamma variable shows."""
_LOG_ENDS, _NOISE = (-745.0, 709.0), 4e-15
_WAYS = np.concatenate([-(2.0 ** np.arange(10.0, -2.0, -1.0)), 2.0 ** np.arange(-3.0, 11.0)])
"""Distances from log mean between which quantiles are looked for."""


def _gamma_slope(rows: Rows, eta: Coordinates) -> Any:
    """From Stirling's series of the number of events, which grows as 1/(2 - power)."""
    log_y, log_mean, shape = rows[1], eta[0], np.exp(-eta[1])
    x = log_y - log_mean
    excess = expm1_minus(x)
    _, first, second = remainder(shape)
    by_mean = shape * (0.5 * x * x - excess * (1.0 + log_mean))
    by_shape = (0.5 - first) * (log_y + 1.0) - 0.5
    return by_mean + by_shape + (0.5 * (first * first - second) - 0.125) / shape


def _shape_inverse(at_limit: Mapping[str, Any], _: float) -> Any:
    return 1.0 / np.float64(at_limit["shape"])


_FURTHER_POWERS = (np.array([1.1, 1.25, 1.4]), np.array([1.6, 1.8, 1.95]))


@final
class Tweedie(Family):
    """Tweedie distribution with 1 < power < 2: the sum of N gamma variables, N of Poisson, so that P(Y = 0) = exp(-λ).

    λ = mean^(2 - power)/(dispersion (2 - power)) is the mean of N, each variable has the shape
    α = (2 - power)/(power - 1) and the scale dispersion (power - 1) mean^(power - 1), and above 0 there is a density.
    Working coordinates are log mean, log dispersion and log((power - 1)/(2 - power)). The variance is
    dispersion · mean^power (Tweedie, 1984; Jørgensen, 1987). The density is Dunn & Smyth's (2005) series, its largest
    term apart, with the sum over the others exact to rounding however many there are. At power 2, the edge, it is
    the gamma distribution of shape 1/dispersion; towards power 1 the mass gathers on multiples of the dispersion.

    Examples
    --------
    >>> import thetahat as th
    >>> claims = th.Tweedie(mean=2, dispersion=1.5, power=1.5)
    >>> claims.mean(), round(claims.variance(), 6)
    (2.0, 4.242641)
    >>> round(claims.log_prob(3.0), 6), round(float(claims.cdf(0)), 6)
    (-2.13337, 0.151735)
    """

    declared = (
        Parameter("mean", Positive(), (0.1, 20.0)),
        Parameter("dispersion", Positive(), (0.2, 5.0)),
        Parameter("power", Bounded(1.0, 2.0), (1.15, 1.9)),
    )
    support = NON_NEGATIVE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": np.inf},),
        lower=({"mean": 0.0}, {"dispersion": np.inf}),
        both={"mean": np.inf, "dispersion": np.inf},
        point={"dispersion": 0.0},
        centre=("mean", float),
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            "gamma_mean",
            "power",
            "2 - power",
            {"mean": "mean"},
            _gamma_slope,
            lambda _: 0.5,
            {"dispersion": _shape_inverse},
            order=-1.0,
            sign=-1.0,
            at=2.0,
        ),
    )
    spikes: ClassVar[str] = "anywhere"
    unbounded_in_theory: ClassVar[str | None] = (
        "towards power 1 the density piles up on multiples of the dispersion, which may meet all values"
    )
    region_of: ClassVar[tuple[str, ...]] = ("power",)
    tilted: ClassVar[bool] = True
    singly: ClassVar[tuple[str, ...]] = ("quantile_at",)

    def atoms(self) -> tuple[float, ...]:
        """Zero, beside a density."""
        return (0.0,)

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Whether power is clear of 1."""
        return bool(np.min(eta[2]) > np.log((_LEAST_POWER - 1.0) / (2.0 - _LEAST_POWER)))

    def region(self) -> str | None:
        """Power above 1.01."""
        return f"power > {_LEAST_POWER}"

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where power is fixed, unless all values above 0 are equal, which is told as a spike."""
        return None if "power" in fixed else self.unbounded_in_theory

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The score in the mean is n (average - mean)/(dispersion mean^power)."""
        if "dispersion" not in fixed or "power" not in fixed or not survey.all_exact:
            return None
        return "with dispersion and power fixed, the score in the mean vanishes at the average alone"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return 1 where y is 0, and log y elsewhere."""
        zero = y == 0
        return xp.where(zero, 1.0, 0.0), xp.log(xp.where(zero, 1.0, y))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-λ at 0; above it minus half the scaled deviance, less log y, plus the log of the series."""
        if not xp.is_jax:
            return self._terms(rows, eta, 0).value
        zero, log_y = rows
        log_mean, log_dispersion, logit = eta
        q, rest = xp.expit(-logit), xp.expit(logit)
        log_size = q * log_mean - log_dispersion
        x = log_y - log_mean
        inner, outer = xp.expm1(q * x) - q * x, xp.expm1(x) - x
        unit = xp.exp(log_size) * (inner / q - outer) / rest
        series = log_series(xp, q * log_y - log_dispersion - xp.log_expit(-logit), -logit)
        value = unit - 0.5 * logit - 2.0 * LOG_SQRT_2_PI - log_y + series
        return xp.where(zero > 0, -xp.exp(log_size - xp.log_expit(-logit)), value)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Through the mean m (y/mean - 1), m = mean^q/dispersion; through the series by moments of its terms."""
        return self._terms(rows, eta, 2)

    def _terms(self, rows: Rows, eta: Coordinates, order: int) -> Terms:
        zero, log_y = rows
        at_zero = zero > 0
        log_mean, log_dispersion, logit = eta
        place = place_of(eta)
        q, rest, _, turn, bend = place
        x = log_y - log_mean
        with np.errstate(all="ignore"):
            events = events_of(eta, place)
            rate = np.exp(events.value)
            log_gamma_peak = q * log_y - log_dispersion - NUMPY.log_expit(logit)
            series = tweedie_series(log_gamma_peak + logit, -np.asarray(logit), order)
            unit, unit_first, unit_second = half_deviance(x, place)
            value = unit - 0.5 * logit - 2.0 * LOG_SQRT_2_PI - log_y + series.value
            value = np.where(at_zero, -rate, value)
            if not order:
                return Terms(value)
            # The series' peak q log y - log dispersion - log q and log m, by the last coordinate.
            by_peak, by_shape = series.gradient
            moved, moved_twice = turn * log_y + rest, bend * log_y - turn
            size, size_twice = turn * log_mean, bend * log_mean
            excess = scaled_excess(x, place)
            by_power = unit_first + size * unit
            peak_peak, peak_shape, shape_shape = series.hessian
            gradient = (excess, -unit - by_peak, by_power - 0.5 + moved * by_peak - by_shape)
            hessian = (
                q * excess - excess - np.exp(place.log_size),
                -excess,
                unit + peak_peak,
                size * excess,
                -by_power - moved * peak_peak + peak_shape,
                unit_second
                + 2.0 * size * unit_first
                + (size * size + size_twice) * unit
                + moved_twice * by_peak
                + moved * moved * peak_peak
                - 2.0 * moved * peak_shape
                + shape_shape,
            )
            slopes = events.gradient
            squares = [slopes[i] * slopes[j] for i in range(3) for j in range(i + 1)]
            return Terms(
                value,
                tuple(
                    np.where(at_zero, -rate * own, item) for own, item in zip(slopes, gradient, strict=True)
                ),
                tuple(
                    np.where(at_zero, -rate * (own + square), item)
                    for own, square, item in zip(events.hessian, squares, hessian, strict=True)
                ),
            )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Poisson probabilities of the number of events, times incomplete gamma functions."""
        return tweedie_mass(low, high, eta, order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """m for the mean, orthogonal to the others (Jørgensen, 1987); those by quadrature at mean 1."""
        place = place_of(eta)
        dispersion, mixed, power = series_information(self, place.log_size, eta[2])
        moved = -place.turn * eta[0]
        nothing = np.zeros(np.shape(place.log_size))
        return (
            np.exp(place.log_size),
            nothing,
            dispersion,
            nothing,
            mixed + moved * dispersion,
            power + 2.0 * moved * mixed + moved * moved * dispersion,
        )

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The mean, the variance and the share of zeros, none of which is taken for less than half a row's."""
        mean = positive_mean(points)
        spread = max(float(np.mean(np.square(points / mean - 1.0))), 1e-6)
        share = np.clip(np.mean(points == 0), 0.5 / points.size, 1.0 - 0.5 / points.size)
        q = float(np.clip(1.0 / (-np.log(share) * spread), 0.1, 0.9))
        return mean, clipped(spread * float(np.exp(q * np.log(mean)))), 2.0 - q

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Other powers with the same mean and variance, a kind for many events a row and for few."""
        mean = positive_mean(points)
        spread = max(float(np.mean(np.square(points / mean - 1.0))), 1e-6)
        return tuple(
            (
                np.full(powers.size, mean),
                np.clip(spread * np.exp((2.0 - powers) * np.log(mean)), 1e-300, 1e300),
                powers,
            )
            for powers in _FURTHER_POWERS
        )

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the mean down."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mean at y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Zero up to its probability; then Newton's method in log y on the log of the smaller tail."""
        eta = self.working(theta)
        place = place_of(eta)
        none = np.exp(-np.exp(events_of(eta, place).value))

        def tail(log_y: Array, upper: bool) -> Array:
            y, edge = np.exp(log_y), np.full(log_y.shape, np.inf if upper else -np.inf)
            return np.asarray(
                tweedie_mass(y, edge, eta, 0).value if upper else tweedie_mass(edge, y, eta, 0).value
            )

        def log_density(log_y: Array) -> Array:
            return np.asarray(self._terms((np.zeros(log_y.shape), log_y), eta, 0).value + log_y)

        p = np.asarray(probability, dtype=float)
        above = (p > none) & (p < 1.0)
        if not above.any():
            return np.where(p <= none, 0.0, np.inf)
        ways = np.clip(float(eta[0]) + _WAYS, *_LOG_ENDS)
        low = ways[max(np.searchsorted(tail(ways, upper=False), np.log(np.min(p[above]))) - 1, 0)]
        high = ways[-max(np.searchsorted(tail(ways[::-1], upper=True), np.log1p(-np.max(p[above]))), 1)]
        found = np.exp(inverted(np.where(above, p, 1.0), tail, log_density, low, high, _NOISE))
        return np.where(above, found, np.where(p <= none, 0.0, np.inf))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Dispersion · mean^power."""
        return theta[1] * np.asarray(theta[0]) ** theta[2]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """A Poisson number of events, and a gamma variable of their joint shape."""
        eta = self.working(theta)
        rate = np.exp(events_of(eta, place_of(eta)).value)
        events = np.where(rate < _MANY_EVENTS, rng.poisson(np.minimum(rate, _MANY_EVENTS), size), rate)
        log_shape = -np.asarray(eta[2])
        shape = np.where(events > 0, events * np.exp(log_shape), 1.0)
        # A gamma variable of a small shape is one of a larger shape times a power, below which numbers may end.
        log_total = np.log(rng.standard_gamma(shape + 1.0)) + np.log(rng.random(size)) / shape
        scale = eta[1] + np.log(special.expit(eta[2])) + (1.0 - special.expit(-np.asarray(eta[2]))) * eta[0]
        total = np.maximum(np.exp(log_total + scale), np.finfo(float).tiny)
        return np.where(events > 0, total, 0.0)
