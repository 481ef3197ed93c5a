"""Increasing maps between intervals of the line, by name, with what they do to a density."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError

_HOW = "write log, exp, logit, expit, sqrt, power(p) with p above 0, or affine(a, b) with b above 0"


@dataclass(frozen=True, slots=True)
class Bijection:
    """y = g(x), increasing from ``lower`` to ``upper``.

    ``forward`` and ``back`` are g and its inverse, ``log_slope`` is log(dx/dy) at y, all with the names of NumPy or JAX
    as first argument. ``degree`` is the power of c by which y is multiplied when x is multiplied by c; None where there
    is none.
    """

    text: str
    lower: float
    upper: float
    forward: Callable[[Any, Any], Any]
    back: Callable[[Any, Any], Any]
    log_slope: Callable[[Any, Any], Any]
    degree: float | None = None


def _log() -> Bijection:
    return Bijection(
        "log", 0.0, np.inf, lambda xp, x: xp.log(x), lambda xp, y: xp.exp(y), lambda xp, y: xp.asarray(y)
    )


def _exp() -> Bijection:
    return Bijection(
        "exp", -np.inf, np.inf, lambda xp, x: xp.exp(x), lambda xp, y: xp.log(y), lambda xp, y: -xp.log(y)
    )


def _logit() -> Bijection:
    return Bijection(
        "logit",
        0.0,
        1.0,
        lambda xp, x: xp.logit(x),
        lambda xp, y: xp.expit(y),
        lambda xp, y: xp.log_expit(y) + xp.log_expit(-y),
    )


def _expit() -> Bijection:
    return Bijection(
        "expit",
        -np.inf,
        np.inf,
        lambda xp, x: xp.expit(x),
        lambda xp, y: xp.logit(y),
        lambda xp, y: -xp.log(y) - xp.log1p(-y),
    )


def _sqrt() -> Bijection:
    return Bijection(
        "sqrt",
        0.0,
        np.inf,
        lambda xp, x: xp.sqrt(x),
        lambda xp, y: xp.square(y),
        lambda xp, y: xp.log(y) + np.log(2.0),
        0.5,
    )


def _power(p: float) -> Bijection:
    return Bijection(
        f"power({p:.17g})",
        0.0,
        np.inf,
        lambda xp, x: xp.asarray(x) ** p,
        lambda xp, y: xp.asarray(y) ** (1.0 / p),
        lambda xp, y: (1.0 / p - 1.0) * xp.log(y) - np.log(p),
        p,
    )


def _affine(a: float, b: float) -> Bijection:
    return Bijection(
        f"affine({a:.17g}, {b:.17g})",
        -np.inf,
        np.inf,
        lambda xp, x: a + b * xp.asarray(x),
        lambda xp, y: (xp.asarray(y) - a) / b,
        lambda xp, y: xp.zeros_like(xp.asarray(y)) - np.log(b),
        1.0 if a == 0 else None,
    )


_NAMED: Mapping[str, tuple[int, Callable[..., Bijection]]] = {
    "log": (0, _log),
    "exp": (0, _exp),
    "logit": (0, _logit),
    "expit": (0, _expit),
    "sqrt": (0, _sqrt),
    "power": (1, _power),
    "affine": (2, _affine),
}


def bijection_of(text: Any) -> Bijection:
    """Return the map of a name.

    Raises
    ------
    ModelError
        If there is none of this name, or its numbers are not such as it takes.

    Examples
    --------
    >>> bijection_of("power(2)").text
    'power(2)'
    """
    parts = re.fullmatch(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*", text) if isinstance(text, str) else None
    if parts is None or parts[1] not in _NAMED:
        raise ModelError(f"there is no bijection {text!r}; {_HOW}")
    count, make = _NAMED[parts[1]]
    try:
        numbers = [float(item) for item in parts[2].split(",")] if parts[2] else []
    except ValueError:
        numbers = [np.nan]
    fits = len(numbers) == count and bool(np.isfinite(numbers).all()) and (not count or numbers[-1] > 0)
    if not fits:
        raise ModelError(f"the bijection {text!r} does not take these numbers; {_HOW}")
    return make(*numbers)
