"""How Tweedie's density depends on its mean, and how many events it is made of, in working coordinates."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thetahat.families._terms import Array, Coordinates
from thetahat.numerics.elementary import expm1_minus, log_expit


class Place(NamedTuple):
    """What (log mean, log dispersion, logit(power - 1)) say beside the rows.

    ``q`` is 2 - power and ``rest`` power - 1; ``log_size`` is log m, m = mean^q/dispersion; ``turn`` and ``bend`` are
    the first and second derivative of q in the last coordinate.
    """

    q: Any
    rest: Any
    log_size: Any
    turn: Any
    bend: Any


def place_of(eta: Coordinates) -> Place:
    """Read working coordinates."""
    log_mean, log_dispersion, logit = eta
    q, rest = np.exp(log_expit(-np.asarray(logit))), np.exp(log_expit(logit))
    turn = -q * rest
    return Place(q, rest, q * log_mean - log_dispersion, turn, -turn * (rest - q))


class Events(NamedTuple):
    """Log of the expected number of events, λ = m/q, with its derivatives: gradient, lower triangle."""

    value: Any
    gradient: tuple[Any, Any, Any]
    hessian: tuple[Any, Any, Any, Any, Any, Any]


def events_of(eta: Coordinates, place: Place) -> Events:
    """log λ = q log mean - log dispersion - log q."""
    log_mean, _, logit = eta
    q, rest, log_size, turn, bend = place
    return Events(
        log_size - log_expit(-np.asarray(logit)),
        (q, -1.0, turn * log_mean + rest),
        (0.0, 0.0, 0.0, turn, 0.0, bend * log_mean - turn),
    )


def half_deviance(x: Any, place: Place) -> tuple[Any, Any, Any]:
    """The deviance over -2 dispersion of rows at x = log(y/mean), with two derivatives in the last coordinate.

    It is m G with G = A(q x)/(q (1 - q)) - A(x)/(1 - q), A(u) = exp(u) - 1 - u; the derivatives are those of G times m,
    and log m is held.
    """
    q, rest, log_size, turn, _ = place
    size = np.exp(log_size)
    inner = expm1_minus(q * x)
    outer = expm1_minus(x)
    odds = q / rest
    pull = x * np.expm1(q * x)
    inner_odds = np.where(q > 0, inner / q, 0.0)
    value = inner_odds / rest - outer / rest
    first = -pull + inner_odds * (rest - q) / rest + outer * odds
    second = (
        -turn * np.square(x) * np.exp(q * x)
        - (rest - q) * pull
        + inner_odds * (rest + q * odds)
        - outer * odds
    )
    return size * value, size * first, size * second


def scaled_excess(x: Array, place: Place) -> Any:
    """m (y/mean - 1), the score in log mean."""
    return np.exp(place.log_size) * np.expm1(x)
