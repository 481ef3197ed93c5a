"""A support cut off at limits of truncation."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat._errors import ParameterError
from thetahat.families._contract import FamilyContract
from thetahat.families._support import Support


def limit_of(name: str, value: Any) -> float | None:
    """Return a limit as a number, or None where there is none."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"Truncated({name}={value!r}): give a number, or None where there is no limit"
        ) from error
    if np.isnan(number):
        raise ParameterError(f"Truncated({name}=nan): give a number, or None where there is no limit")
    return number


def cut(inner: FamilyContract, low: float | None, high: float | None) -> tuple[Support, float, float]:
    """Return the support that is left, and the limits as far as they bind."""
    support = inner.support
    lower, upper = -np.inf if low is None else low, np.inf if high is None else high
    if support.discrete:
        lower, upper = float(np.floor(lower)), float(np.floor(upper))
    binds_below = lower >= support.lower if support.discrete else lower > support.lower
    binds_above = upper < support.upper
    shown = f"Truncated({type(inner).__name__}, low={low}, high={high})"
    if not (binds_below or binds_above):
        raise ParameterError(
            f"{shown}: this leaves out nothing of the support, {support.describe()}; give low or high inside it, or "
            f"use {type(inner).__name__} itself"
        )
    least = lower + 1.0 if support.discrete else lower
    left = Support(
        least if binds_below else support.lower,
        upper if binds_above else support.upper,
        support.discrete,
        support.includes_lower if not binds_below else support.discrete,
        support.includes_upper or binds_above,
    )
    if left.lower > left.upper or (left.lower == left.upper and not support.discrete):
        raise ParameterError(f"{shown}: no value of the support lies above low and not above high")
    if left.lower == left.upper:
        raise ParameterError(f"{shown}: only {left.lower:g} is left, so that there is nothing to estimate")
    return left, lower if binds_below else -np.inf, upper if binds_above else np.inf
