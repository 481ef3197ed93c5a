"""The Kumaraswamy family: proportions, with a distribution function in closed form."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import NOTHING_KNOWN, Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._quadrature import narrow_refined
from thetahat.families._remembered import remembered
from thetahat.families._support import UNIT_INTERVAL
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import log1mexp
from thetahat.numerics.gamma_functions import digamma_difference, trigamma, trigamma_difference
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive

_NEXT_TO_NOTHING = 600.0
"""-log y^a from which on y^a is below any rounding of 1."""


@final
class Kumaraswamy(Family):
    """Kumaraswamy distribution: f(y) = a b y^(a - 1) (1 - y^a)^(b - 1), 0 < y < 1.

    Working coordinates are log a and log b. The distribution function is 1 - (1 - y^a)^b, so that -log(1 - y^a) is
    exponential with rate b, and mean of y^n is b B(1 + n/a, b) (Kumaraswamy, 1980; Jones, 2009).

    Examples
    --------
    >>> import thetahat as th
    >>> share = th.Kumaraswamy(a=2, b=3)
    >>> round(float(share.cdf(0.5)), 6), round(share.mean(), 6)
    (0.578125, 0.457143)
    >>> round(share.log_prob(0.5), 6)
    0.523248
    """

    declared = (Parameter("a", Positive(), (0.2, 10.0)), Parameter("b", Positive(), (0.2, 10.0)))
    support = UNIT_INTERVAL
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"b": 0.0}, {"a": np.inf}),
        lower=({"a": 0.0}, {"b": np.inf}),
        both={"a": 0.0, "b": 0.0},
        point={"a": np.inf, "b": np.inf},
    )
    spikes: ClassVar[str] = "anywhere"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log a + log b + (a - 1) log y + (b - 1) log(1 - y^a)."""
        (log_y,) = rows
        a, b = xp.exp(eta[0]), xp.exp(eta[1])
        return eta[0] + eta[1] + (a - 1.0) * log_y + (b - 1.0) * xp.log(-xp.expm1(a * log_y))

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With t = -a log y, s = t/(e^t - 1): u = (1 - t + (b - 1) s, 1 + b log(1 - y^a))."""
        (log_y,) = rows
        a, b = np.exp(eta[0]), np.exp(eta[1])
        t = -a * log_y
        s = _share(t)
        hazard = np.log(-np.expm1(-t))
        value = eta[0] + eta[1] + (a - 1.0) * log_y + (b - 1.0) * hazard
        return Terms(
            value,
            (1.0 - t + (b - 1.0) * s, 1.0 + b * hazard),
            (-t + (b - 1.0) * s * (1.0 - t - s), b * s, b * hazard),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """exp(-A) - exp(-B), where A and B are the cumulative hazards -b log(1 - y^a) at the ends."""
        low, high, log_a, log_b = np.broadcast_arrays(low, high, *eta)
        a, b = np.exp(log_a), np.exp(log_b)
        with np.errstate(all="ignore"):
            lower, upper = (-a * np.log(np.clip(end, 0.0, 1.0)) for end in (low, high))
            first, last = (-b * log1mexp(-t) for t in (lower, upper))
            # (1 - high^a)/(1 - low^a) = 1 - (high^a - low^a)/(1 - low^a)
            apart = np.log1p((high - low) / np.maximum(low, 0.0))
            step = np.exp(-lower) * np.expm1(a * apart) / -np.expm1(-lower)
            gap = np.where(step < 0.5, -b * np.log1p(-step), last - first)
            gap = np.where(np.isposinf(last), np.inf, np.where(np.isfinite(gap), gap, last - first))
            value = -first + log1mexp(-gap)
            # Where y^a is next to nothing, or underflows, the mass is b (high^a - low^a).
            little = log_b - upper + log1mexp(np.minimum(upper - lower, 0.0))
            value = np.where((upper > _NEXT_TO_NOTHING) & (log_b - upper < -40.0), little, value)
            if not order:
                return self._refined(Terms(value), low, high, eta, order)
            odds = np.where(np.isposinf(gap), 0.0, 1.0 / np.expm1(gap))
            at_low, at_high = _hazard_terms(lower, first, b), _hazard_terms(upper, last, b)
            moved = [
                np.where(odds > 0, after - before, 0.0) for before, after in zip(at_low, at_high, strict=True)
            ]
            bend = odds * (1.0 + odds)
            by_a, by_b, by_a_a, by_b_a, by_b_b = (
                -before + odds * change for before, change in zip(at_low, moved, strict=True)
            )
            terms = Terms(
                value,
                (by_a, by_b),
                (
                    by_a_a - bend * moved[0] * moved[0],
                    by_b_a - bend * moved[0] * moved[1],
                    by_b_b - bend * moved[1] * moved[1],
                ),
            )
        return self._refined(terms, low, high, eta, order)

    def _refined(self, terms: Terms, low: Array, high: Array, eta: Coordinates, order: int) -> Terms:
        coordinates = [np.broadcast_to(item, low.shape) for item in eta]

        def at(y: Array, rows: Array, order: int) -> Terms:
            there = tuple(item[rows][:, None] for item in coordinates)
            prepared = self.prepare(NUMPY, y, NOTHING_KNOWN)
            return (
                self.derivatives(prepared, there)
                if order
                else Terms(self.log_density(NUMPY, prepared, there))
            )

        clear = high - low < np.minimum(low, 1.0 - high)
        return narrow_refined(terms, low, high, clear, at, order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By the beta distribution of y^a, whose derivatives E[t], E[s] and E[s t + s²] are; see ``_moments``."""
        return _information(*eta)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """From the median and the share of values below it on the scale of log y; a between 0.01 and 10⁶."""
        log_y = np.log(points)
        best, highest = (1.0, 1.0), -np.inf
        scale = max(float(np.mean(-log_y)), 1e-300)
        for a in np.clip(np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]) / scale, 1e-2, 1e6):
            hazard = np.maximum(-log1mexp(np.minimum(a * log_y, -1e-300)), 1e-300)
            b = float(np.clip(1.0 / np.mean(hazard), 1e-6, 1e10))
            height = np.log(a) + np.log(b) + float(np.mean((a - 1.0) * log_y - (b - 1.0) * hazard))
            if height > highest:
                best, highest = (float(a), b), height
        return best

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """(1 - (1 - p)^(1/b))^(1/a)."""
        return np.exp(log1mexp(np.log1p(-probability) / theta[1]) / theta[0])

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Return b B(1 + 1/a, b)."""
        return _moment(1.0, *theta)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Return b B(1 + 2/a, b) less the square of the mean."""
        return _moment(2.0, *theta) - np.square(_moment(1.0, *theta))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion, from exponentials."""
        hazard = rng.standard_exponential(size) / theta[1]
        largest = np.nextafter(1.0, 0.0)
        return np.asarray(np.clip(np.exp(log1mexp(-hazard) / theta[0]), np.finfo(float).tiny, largest))


def _share(t: Array) -> Array:
    """t/(e^t - 1); 1 at 0, and 0 at infinity."""
    with np.errstate(all="ignore"):
        return np.where(t == 0, 1.0, np.where(t > 700.0, 0.0, t / np.expm1(t)))


def _hazard_terms(t: Array, hazard: Array, b: Array) -> tuple[Array, ...]:
    """-b log(1 - e^-t) differentiated: by log a, log b, and twice; at t = 0 and infinity all but ends of it are 0."""
    slope = np.where(np.isposinf(t) | (t == 0), 0.0, -b * _share(t))
    bend = np.where(slope == 0, 0.0, slope * (1.0 - t - _share(t)))
    level = np.where(np.isfinite(hazard), hazard, 0.0)
    return slope, level, bend, slope, level


def _moment(power: float, a: Any, b: Any) -> Any:
    return np.exp(np.log(b) + special.betaln(1.0 + power / np.asarray(a, dtype=float), b))


@remembered
def _information(_log_a: Any, log_b: Any) -> tuple[Any, ...]:
    """E over v = y^a, whose density is b (1 - v)^(b - 1), of minus the second derivatives; s = t v/(1 - v)."""
    b = np.asarray(np.exp(log_b))
    rise = _about(digamma_difference, 2.0, b - 1.0)
    rise_twice = np.square(rise) + trigamma(2.0) - trigamma(b + 1.0)
    gap = b - 2.0
    distance, sign = np.maximum(np.abs(gap), 1e-300), np.sign(gap)
    low = np.minimum(3.0, b + 1.0)
    fall = -trigamma_difference(low, distance) / distance
    further = fall + sign * np.square(digamma_difference(low, distance)) / distance
    mean_t = digamma_difference(1.0, b)
    by_a = mean_t - (rise - rise_twice - 2.0 * further)
    share = np.asarray(np.abs(b - 1.0))
    mean_s = digamma_difference(np.minimum(2.0, b + 1.0), np.maximum(share, 1e-300)) / np.maximum(
        share, 1e-300
    )
    return by_a, -b * mean_s, np.ones_like(b)


def _about(difference: Any, at: float, step: Array) -> Array:
    """f(at + step) - f(at) for steps of either sign."""
    size = np.abs(step)
    return np.asarray(np.sign(step) * difference(np.minimum(at, at + step), size))
