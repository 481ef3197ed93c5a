"""The asymmetric Laplace family, whose location is a quantile: what quantile regression maximises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families import _two_sided
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._two_sided import Sides
from thetahat.numerics.elementary import log_expit
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive, Real, UnitInterval

_OUTERMOST = 0.02
"""Of tau and 1 - tau, the least that a search begins with."""


def _slope_at_exponential(sign: float) -> Any:
    """∂ log f/∂scale at scale 0, where 1/(1 + rate scale) of tau or of 1 - tau is left on the side of the rows."""

    def slope(rows: Rows, eta: Coordinates) -> Any:
        # The rate of the limit, from logit tau = ±log(rate scale).
        rate = np.exp(sign * eta[2] - eta[1])
        distance = sign * (rows[0] - eta[0])
        return np.where(distance >= 0, rate * (rate * distance - 2.0), 0.0)

    return slope


def _tau_at(sign: float) -> Any:
    def tau(limit: Mapping[str, Any], scale: float) -> Any:
        small = np.float64(limit["rate"]) * scale
        return small / (1.0 + small) if sign > 0 else 1.0 / (1.0 + small)

    return tau


@final
class AsymmetricLaplace(Family):
    """Asymmetric Laplace distribution: f(y) = tau (1 - tau) exp(-z (tau - 1{z < 0}))/scale, z = (y - location)/scale.

    Working coordinates are location, log scale and logit tau. P(Y <= location) = tau, mean location + scale (1 - 2
    tau)/(tau (1 - tau)). With tau fixed the maximum of exact rows is their tau quantile (Koenker & Machado, 1999). With
    tau free it lies at one of the rows, and with d⁺ and d⁻ the mean distances of those above and below, tau/(1 - tau)
    = √(d⁻/d⁺) and scale = √(d⁺ d⁻), where √d⁺ + √d⁻ is least (Kotz, Kozubowski & Podgórski, 2001); at an outermost row
    only an exponential distribution is neared. With tau fixed its regression is that of the tau quantile. ℓ has
    a kink in the location, so that standard errors come from the expected information.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.AsymmetricLaplace(location=1, scale=2, tau=0.25)
    >>> round(float(law.cdf(1.0)), 6), round(law.mean(), 6)
    (0.25, 6.333333)
    >>> fit = th.fit(th.AsymmetricLaplace(tau=0.75), [1.0, 2.0, 4.0, 7.0, 11.0])
    >>> fit.estimates["location"], fit.estimates["scale"]
    (7.0, 1.3)
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
        Parameter("tau", UnitInterval(), (0.1, 0.9)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    limits: ClassVar[tuple[Limit, ...]] = tuple(
        Limit(
            family=family,
            parameter="scale",
            chart="scale",
            names={"threshold": "location"} if sign > 0 else {},
            slope=_slope_at_exponential(sign),
            scale=lambda limit: 1.0 / limit["rate"],
            moving={"tau": _tau_at(sign)}
            if sign > 0
            else {"tau": _tau_at(sign), "location": lambda limit, _: -limit["threshold"]},
            order=-1.0,
        )
        for family, sign in (("shifted_exponential", 1.0), ("reflected_shifted_exponential", -1.0))
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    kinked: ClassVar[str] = "location"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log tau + log(1 - tau) - log scale, less z tau above the location or -z (1 - tau) below it."""
        z = (rows[0] - eta[0]) / xp.exp(eta[1])
        slope = xp.where(z >= 0, xp.expit(eta[2]), -xp.expit(-eta[2]))
        return xp.log_expit(eta[2]) + xp.log_expit(-eta[2]) - eta[1] - z * slope

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """By the rates on either side, tau/scale above and (1 - tau)/scale below."""
        value = self.log_density(NUMPY, rows, eta)
        terms = _two_sided.point_terms(value, rows[0] - eta[0], _sides(eta))
        return _two_sided.carried(terms, *_course(eta))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """In closed form."""
        terms = _two_sided.interval_terms(low - eta[0], high - eta[0], high - low, _sides(eta), order)
        return _two_sided.carried(terms, *_course(eta)) if order else terms

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """tau/scale up to the row's value, and -(1 - tau)/scale from there on."""
        sides = _sides(eta)
        return sides.above, -sides.below

    def sided(self, above: Any, below: Any, fixed: Mapping[str, Any]) -> Theta:
        """Scale and tau; NaN where one of the distances is 0, so that both run to 0."""
        with np.errstate(all="ignore"):
            if "tau" in fixed:
                tau = fixed["tau"]
                return fixed.get("scale", tau * above + (1.0 - tau) * below), tau
            if "scale" in fixed:
                lean = (above - below) / fixed["scale"]
                least = 2.0 / (2.0 + np.abs(lean) + np.hypot(lean, 2.0))
                return fixed["scale"], np.where(lean > 0, least, 1.0 - least)
            inside = (above > 0) & (below > 0)
            up, down = np.sqrt(above), np.sqrt(below)
            return np.where(inside, up * down, np.nan), np.where(inside, down / (up + down), np.nan)

    def quantile_level(self, fixed: Mapping[str, Any]) -> float | None:
        """Tau, where it is fixed."""
        return float(fixed["tau"]) if "tau" in fixed else None

    def one_sided(self, survey: Survey) -> tuple[tuple[Mapping[str, float], float, str], ...]:
        """The exponential distributions above the smallest value and below the largest."""
        mean, n = float(survey.means[0]), survey.n_exact
        found = []
        for end, tau, side in ((survey.minimum, 0.0, "above"), (survey.maximum, 1.0, "below")):
            distance = abs(mean - end)
            supremum = -n * (np.log(distance) + 1.0) if distance > 0 else np.inf
            place = f"an exponential distribution {side} the {'smallest' if tau == 0 else 'largest'} value"
            found.append(({"location": end, "scale": 0.0, "tau": tau}, float(supremum), place))
        return tuple(found)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """With k = tau (1 - tau): (k/scale², 0, 1, -k/scale, 2 tau - 1, 1 - 2k)."""
        tau, scale = NUMPY.expit(eta[2]), np.exp(eta[1])
        product = tau * NUMPY.expit(-eta[2])
        return product / scale / scale, 0.0, 1.0, -product / scale, 2.0 * tau - 1.0, 1.0 - 2.0 * product

    def regularity(self, theta: Theta) -> str:
        """A kink in the location."""
        return "kinked"

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """For a given tau the density is a log-concave one, moved and stretched."""
        return "concave in (1/scale, location/scale) (Burridge, 1981)" if "tau" in fixed else None

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The maximum of the points themselves."""
        ordered = np.sort(points)
        half = 0.5 * ordered
        mean = np.mean(half)
        offset, moment = half - mean, np.cumsum(half - mean)
        share = np.arange(1, points.size + 1) / points.size
        below = np.maximum(share * offset - moment / points.size, 0.0)
        above = np.maximum(below - offset, 0.0)
        best = int(np.argmin(np.where((above > 0) & (below > 0), np.sqrt(above) + np.sqrt(below), np.inf)))
        up, down = float(np.sqrt(above[best])), float(np.sqrt(below[best]))
        if not 1e-150 < up + down < 1e150:
            return float(ordered[points.size // 2]), clipped(centre_and_spread(points)[1] / 3.0), 0.5
        tau = min(max(down / (up + down), _OUTERMOST), 1.0 - _OUTERMOST)
        scale = 2.0 * (tau * float(above[best]) + (1.0 - tau) * float(below[best]))
        return float(ordered[best]), clipped(scale), tau

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """Not from means alone: ``sided`` has it from distances."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale log(p/tau)/(1 - tau) up to p = tau, and likewise beyond."""
        tau = np.asarray(theta[2])
        lower = np.log(np.minimum(probability, tau) / tau) / (1.0 - tau)
        upper = -(np.log1p(-np.maximum(probability, tau)) - np.log1p(-tau)) / tau
        return theta[0] + theta[1] * np.where(probability < tau, lower, upper)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location + scale (1 - 2 tau)/(tau (1 - tau))."""
        tau = np.asarray(theta[2])
        return theta[0] + theta[1] * (1.0 - 2.0 * tau) / (tau * (1.0 - tau))

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + log(scale/(tau (1 - tau)))."""
        tau = np.asarray(theta[2])
        return 1.0 + np.log(theta[1]) - np.log(tau) - np.log1p(-tau)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² (1/tau² + 1/(1 - tau)²)."""
        tau = np.asarray(theta[2])
        return np.square(theta[1] / tau) + np.square(theta[1] / (1.0 - tau))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """The difference of two exponentials."""
        up, down = rng.standard_exponential(size), rng.standard_exponential(size)
        tau = np.asarray(theta[2])
        return np.asarray(theta[0] + theta[1] * (up / tau - down / (1.0 - tau)))


def _sides(eta: Coordinates) -> Sides:
    log_scale, logit = np.asarray(eta[1], dtype=float), np.asarray(eta[2], dtype=float)
    return Sides.of(log_expit(logit) - log_scale, log_expit(-logit) - log_scale)


def _course(eta: Coordinates) -> tuple[tuple[tuple[Any, Any], ...], tuple[Any, ...]]:
    """How the logs of both rates move with log scale and logit tau: slopes, and second derivatives."""
    tau, other = NUMPY.expit(eta[2]), NUMPY.expit(-np.asarray(eta[2]))
    return ((-1.0, -1.0), (other, -tau)), (0.0, 0.0, -tau * other)
