"""The laws of the latent variable that thresholds cut into ordered categories, one for each link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.families._cauchy_ends import cauchy_ends
from thetahat.families._gumbel_ends import gumbel_ends
from thetahat.families._logistic_ends import logistic_ends
from thetahat.families._logistic_standard import logistic_terms
from thetahat.families._normal_ends import normal_ends
from thetahat.families._standard import reflected
from thetahat.families._terms import Array, EndTerms
from thetahat.links import link_named
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import UnitInterval

_LOG_2 = float(np.log(2.0))
_LOG_PI = float(np.log(np.pi))
Density = tuple[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class CutLaw:
    """A distribution function F on the line, whose inverse is the link.

    Parameters
    ----------
    ends
        (low, high, high - low) -> log(F(high) - F(low)) with derivatives in its ends (NumPy).
    density
        z -> log density with two derivatives (NumPy).
    log_cdf, log_sf
        (xp, z) -> log F(z), log(1 - F(z)).
    log_between
        (xp, low, high, high - low) -> log(F(high) - F(low)), for finite ends.
    centre
        (low, high, high - low) -> the shift of the ends at which the mass between them is largest.
    quantile
        The link itself, F⁻¹.
    theorem
        Why thresholds and coefficients have one maximum, or None where they may have more.
    """

    ends: Callable[[Array, Array, Array], EndTerms]
    density: Callable[[Array], Density]
    log_cdf: Callable[[Any, Any], Any]
    log_sf: Callable[[Any, Any], Any]
    log_between: Callable[[Any, Any, Any, Any], Any]
    centre: Callable[[Array, Array, Array], Array]
    quantile: Callable[[Array], Array]
    theorem: str | None


def _log_share(xp: Any, gap: Any) -> Any:
    """log(1 - exp(-gap)), gap > 0."""
    near = gap < _LOG_2
    fine = xp.log(-xp.expm1(-xp.where(near, gap, 1.0)))
    return xp.where(near, fine, xp.log1p(-xp.exp(-xp.where(near, 1.0, gap))))


def _logistic_density(z: Array) -> Density:
    terms = logistic_terms(z)
    return terms.value, terms.first, terms.second


def _logistic_between(xp: Any, low: Any, high: Any, gap: Any) -> Any:
    return _log_share(xp, gap) + xp.log_expit(-low) + xp.log_expit(high)


def _normal_density(z: Array) -> Density:
    return -0.5 * z * z - LOG_SQRT_2_PI, -z, -1.0


def _normal_between(xp: Any, low: Any, high: Any, _gap: Any) -> Any:
    mirrored = low + high < 0
    near, far = xp.where(mirrored, -high, low), xp.where(mirrored, -low, high)
    upper = xp.log_ndtr(-near)
    return upper + _log_share(xp, upper - xp.log_ndtr(-far))


def _minimum_density(z: Array) -> Density:
    power = np.exp(z)
    return z - power, 1.0 - power, -power


def _minimum_ends(low: Array, high: Array, gap: Array) -> EndTerms:
    return reflected(gumbel_ends(-high, -low, gap))


def _minimum_log_cdf(xp: Any, z: Any) -> Any:
    return _log_share(xp, xp.exp(z))


def _minimum_log_sf(xp: Any, z: Any) -> Any:
    return -xp.exp(z)


def _minimum_between(xp: Any, low: Any, _high: Any, gap: Any) -> Any:
    hazard = xp.exp(low)
    return _log_share(xp, hazard * xp.expm1(gap)) - hazard


def _minimum_centre(_low: Array, high: Array, gap: Array) -> Array:
    return np.asarray(high + np.log(-np.expm1(-gap) / gap))


def _maximum_density(z: Array) -> Density:
    value, first, second = _minimum_density(-z)
    return value, -first, second


def _maximum_between(xp: Any, low: Any, high: Any, gap: Any) -> Any:
    return _minimum_between(xp, -high, -low, gap)


def _maximum_centre(low: Array, high: Array, gap: Array) -> Array:
    return -_minimum_centre(-high, -low, gap)


def _cauchy_density(z: Array) -> Density:
    size = np.hypot(1.0, z)
    ratio = z / size
    return -_LOG_PI - 2.0 * np.log(size), -2.0 * ratio / size, 2.0 * (2.0 * ratio * ratio - 1.0) / size / size


def _cauchy_between(xp: Any, low: Any, high: Any, gap: Any) -> Any:
    return xp.log(xp.arctan2(gap, 1.0 + low * high)) - _LOG_PI


def _middle(low: Array, _high: Array, gap: Array) -> Array:
    return np.asarray(low + 0.5 * gap)


def _link(name: str) -> Callable[[Array], Array]:
    return link_named(name, "prob", UnitInterval()).predictor


_CONCAVE = "concave in thresholds and coefficients, the latent density being log-concave (Pratt, 1981)"

LAWS: Mapping[str, CutLaw] = MappingProxyType(
    {
        "logit": CutLaw(
            logistic_ends,
            _logistic_density,
            lambda xp, z: xp.log_expit(z),
            lambda xp, z: xp.log_expit(-z),
            _logistic_between,
            _middle,
            _link("logit"),
            _CONCAVE,
        ),
        "probit": CutLaw(
            normal_ends,
            _normal_density,
            lambda xp, z: xp.log_ndtr(z),
            lambda xp, z: xp.log_ndtr(-z),
            _normal_between,
            _middle,
            _link("probit"),
            _CONCAVE,
        ),
        "cloglog": CutLaw(
            _minimum_ends,
            _minimum_density,
            _minimum_log_cdf,
            _minimum_log_sf,
            _minimum_between,
            _minimum_centre,
            _link("cloglog"),
            _CONCAVE,
        ),
        "loglog": CutLaw(
            gumbel_ends,
            _maximum_density,
            lambda xp, z: _minimum_log_sf(xp, -z),
            lambda xp, z: _minimum_log_cdf(xp, -z),
            _maximum_between,
            _maximum_centre,
            _link("loglog"),
            _CONCAVE,
        ),
        "cauchit": CutLaw(
            cauchy_ends,
            _cauchy_density,
            lambda xp, z: xp.log(xp.arctan2(1.0, -z)) - _LOG_PI,
            lambda xp, z: xp.log(xp.arctan2(1.0, z)) - _LOG_PI,
            _cauchy_between,
            _middle,
            _link("cauchit"),
            None,
        ),
    }
)
"""By the name of the link; the first is the default."""
