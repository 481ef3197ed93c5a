"""What families are of a threshold far below the values, their shape running along: families of the whole line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Theta
from thetahat.families._johnson_start import log_normal_start
from thetahat.families._limit import Limit
from thetahat.families._terms import Coordinates, Rows

# Where the family inside is of log-location-scale with σ = 1/shape, threshold = m - s/σ and scale = s/σ, it is
# w = log(1 + σ z)/σ, z = (y - m)/s, that has the standard density exp g. Then log f = g(w) - log s - log(1 + σ z),
# whose derivative in σ at 0 is -g'(z) z²/2 - z.


def _standardised(rows: Rows, eta: Coordinates, log_scale: Any, shape: Any) -> Any:
    """z: the scale itself is that of the limit times the shape, and the threshold so far below."""
    scale = np.exp(log_scale)
    return (rows[0] - (eta[0] + scale)) * (shape / scale)


def _log_normal(rows: Rows, eta: Coordinates) -> Any:
    z = _standardised(rows, eta, eta[1], np.exp(-eta[2]))
    return z * (0.5 * z * z - 1.0)


def _weibull(rows: Rows, eta: Coordinates) -> Any:
    z = _standardised(rows, eta, eta[2], np.exp(eta[1]))
    return 0.5 * z * z * np.expm1(z) - z


def _frechet(rows: Rows, eta: Coordinates) -> Any:
    z = _standardised(rows, eta, eta[2], np.exp(eta[1]))
    return -0.5 * z * z * np.expm1(-z) - z


def _log_logistic(rows: Rows, eta: Coordinates) -> Any:
    z = _standardised(rows, eta, eta[2], np.exp(eta[1]))
    return 0.5 * z * z * np.tanh(0.5 * z) - z


def _gamma(rows: Rows, eta: Coordinates) -> Any:
    """Half the skewness 2/√shape times the third Hermite polynomial over 3 (Edgeworth, 1905)."""
    root, rate = np.exp(0.5 * eta[1]), np.exp(eta[2])
    z = (rows[0] - (eta[0] + root * root / rate)) * (rate / root)
    return z * (z * z - 3.0) / 3.0


def _of_shape(family: str, place: str, spread: str, slope: Any) -> Limit:
    def threshold(limit: Mapping[str, float], shape: float) -> float:
        return limit[place] - shape * limit[spread]

    def scale(limit: Mapping[str, float], shape: float) -> float:
        return shape * limit[spread]

    moving = {"threshold": threshold, "scale": scale}
    return Limit(family, "shape", "1/shape", {}, slope, lambda _: 10.0, moving)


FAR: Mapping[str, Limit] = {
    "log_normal": Limit(
        "normal",
        "sd_log",
        "sd_log",
        {},
        _log_normal,
        lambda _: 0.1,
        {
            "threshold": lambda limit, sd_log: limit["mean"] - limit["sd"] / sd_log,
            "mean_log": lambda limit, sd_log: float(np.log(limit["sd"] / sd_log)),
        },
        -1.0,
    ),
    "gamma": Limit(
        "normal",
        "shape",
        "1/√shape",
        {},
        _gamma,
        lambda _: 100.0,
        {
            "threshold": lambda limit, shape: limit["mean"] - limit["sd"] * shape**0.5,
            "rate": lambda limit, shape: shape**0.5 / limit["sd"],
        },
        0.5,
    ),
    "weibull": _of_shape("gumbel_min", "location", "scale", _weibull),
    "frechet": _of_shape("gumbel", "location", "scale", _frechet),
    "log_logistic": _of_shape("logistic", "location", "scale", _log_logistic),
}
"""By the name of the family inside, the limit as its threshold falls to minus infinity."""

NEAR: Mapping[str, Callable[[NDArray[np.float64]], Theta | None]] = {"log_normal": log_normal_start}
"""By the name of the family inside, a start that does not depend on how far below the values the threshold is."""
