"""Links of probabilities, whose working coordinate is the logit; accurate far in either tail."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.links._link import Link, unchanged

Array = NDArray[Any]
_ROOT_2_OVER_PI = np.sqrt(2 / np.pi)
_ROOT_HALF = np.sqrt(0.5)
_SMALL = 1e-4


def _probit(predictor: Array) -> tuple[Array, Array, Array]:
    """w = log Φ(η) - log Φ(-η); with r = φ/Φ, w' = r(η) + r(-η)."""
    below, above = special.log_ndtr(predictor), special.log_ndtr(-predictor)
    left = _ROOT_2_OVER_PI / special.erfcx(-predictor * _ROOT_HALF)
    right = _ROOT_2_OVER_PI / special.erfcx(predictor * _ROOT_HALF)
    return below - above, left + right, right * (right - predictor) - left * (left + predictor)


def _cloglog(predictor: Array) -> tuple[Array, Array, Array]:
    """prob = 1 - exp(-t), t = exp η: w = log(exp t - 1), w' = t/(1 - exp -t)."""
    rate = np.exp(predictor)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mass = -np.expm1(-rate)
        working = np.where(rate < _SMALL, predictor + 0.5 * rate, rate + np.log(mass))
        slope = np.where(rate < _SMALL, 1.0 + 0.5 * rate, rate / mass)
        # 1 - exp(-t)(1 + t) cancels for small t, where it is t²/2 - t³/3.
        rest = np.where(rate < _SMALL, rate**2 * (0.5 - rate / 3.0), mass - rate * np.exp(-rate))
        curvature = np.where(rate < _SMALL, 0.5 * rate, rate * rest / mass**2)
    return working, slope, curvature


def _loglog(predictor: Array) -> tuple[Array, Array, Array]:
    """prob = exp(-exp(-η)), the mirror image of the complementary one."""
    working, slope, curvature = _cloglog(-predictor)
    return -working, slope, -curvature


def _cauchit(predictor: Array) -> tuple[Array, Array, Array]:
    """prob = 1/2 + arctan(η)/π, as an angle that keeps its digits in either tail."""
    below = np.arctan2(1.0, -predictor) / np.pi
    above = np.arctan2(1.0, predictor) / np.pi
    density = 1.0 / (np.pi * (1.0 + predictor**2))
    slope = density / (below * above)
    bend = -2.0 * predictor / (1.0 + predictor**2)
    return np.log(below) - np.log(above), slope, slope * (bend - slope * (above - below))


def _log(predictor: Array) -> tuple[Array, Array, Array]:
    """prob = exp η, η < 0."""
    predictor = np.where(predictor < 0, predictor, np.nan)
    rest = -np.expm1(predictor)
    return predictor - np.log(rest), 1.0 / rest, np.exp(predictor) / rest**2


def _identity(predictor: Array) -> tuple[Array, Array, Array]:
    """prob = η, 0 < η < 1."""
    predictor = np.where((predictor > 0) & (predictor < 1), predictor, np.nan)
    slope = 1.0 / (predictor * (1.0 - predictor))
    return special.logit(predictor), slope, (2.0 * predictor - 1.0) * slope**2


LINKS = (
    Link("logit", unchanged, special.logit, special.expit, trivial=True),
    Link("probit", _probit, special.ndtri, special.ndtr),
    Link(
        "cloglog",
        _cloglog,
        lambda value: np.log(-np.log1p(-value)),
        lambda predictor: -np.expm1(-np.exp(predictor)),
    ),
    Link(
        "loglog",
        _loglog,
        lambda value: -np.log(-np.log(value)),
        lambda predictor: np.exp(-np.exp(-predictor)),
    ),
    Link(
        "cauchit",
        _cauchit,
        lambda value: np.tan(np.pi * (value - 0.5)),
        lambda predictor: np.arctan2(1.0, -predictor) / np.pi,
    ),
    Link("log", _log, np.log, np.exp, everywhere=False, ends=(-np.inf, 0.0)),
    Link("identity", _identity, np.asarray, np.asarray, everywhere=False, ends=(0.0, 1.0)),
)
