"""Where random numbers come from: a generator of the user's own, a seed, or a fresh one."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat._errors import InferenceError


def generator_of(rng: Any, purpose: str) -> np.random.Generator:
    """Return the generator itself, one that a seed begins, or for None a fresh one.

    Raises
    ------
    InferenceError
        If it is none of these.

    Examples
    --------
    >>> int(generator_of(3, "simulate()").integers(0, 10)) == int(np.random.default_rng(3).integers(0, 10))
    True
    """
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise InferenceError(
            f"{purpose}: rng={rng!r} is no source of random numbers; give a whole number from 0 up as a seed, a "
            "generator (numpy.random.default_rng(1)), or None"
        ) from None


def is_count(n: Any) -> bool:
    """Whether something is a whole number from 0 up.

    Examples
    --------
    >>> is_count(3), is_count(3.0), is_count(2.5), is_count("3")
    (True, True, False, False)
    """
    number = isinstance(n, int | float | np.integer | np.floating) and not isinstance(n, bool)
    return bool(number and n >= 0 and int(n) == n) if number and np.isfinite(n) else False
