"""Masses of counts as a saturated mass less a half deviance, so that nothing cancels (Loader, 2000)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from thetahat.families._terms import Array
from thetahat.numerics.gamma_functions import stirling_remainder
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.stirling import stirling_remainders, stirling_rises

_LOG_2_PI = float(np.log(2.0 * np.pi))
_NEAR = 0.5
SMALL = 64
"""Counts up to which what depends on them alone is looked up."""
_MANY = 256
"""Counts from which on they are looked up for their number alone."""
_COUNTS = np.arange(SMALL + 1.0)
_LOGS = np.log(np.maximum(_COUNTS, 1.0))
# What rounding takes from the log of a count is the same in all rows that have it, so that their sum would keep it.
_REST = _COUNTS * (np.log(np.maximum(_COUNTS, 1.0).astype(np.longdouble)) - _LOGS).astype(float)


def small_counts(y: Any) -> Array | None:
    """Places of a vector of counts in tables that begin at 0; None where it holds others than small ones."""
    if np.ndim(y) != 1 or not y.size or not (y.min() >= 0 and y.max() <= SMALL):
        return None
    places = y.astype(np.intp)
    return places if y.dtype.kind in "iu" or (places == y).all() else None


def log_saturated(xp: Any, y: Any) -> Any:
    """Log Poisson mass of a count at a rate equal to itself: y log y - y - log y!."""
    if not xp.is_jax and np.size(y) >= _MANY:
        places = small_counts(y)
        if places is not None:
            return log_saturated(xp, _COUNTS)[places]
    zero = y == 0
    safe = xp.where(zero, 1.0, y)
    return xp.where(zero, 0.0, -0.5 * (xp.log(safe) + _LOG_2_PI) - xp.stirling_remainder(safe))


def log_powers(y: Array, places: Array, log_rate: Any) -> Array:
    """y log(rate/y) of small counts and their places."""
    return np.asarray(y * (log_rate - _LOGS[places]) - _REST[places])


def half_deviance(xp: Any, y: Any, excess: Any, log_rate: Any) -> Any:
    """y log(y/rate) + rate - y, from ``excess`` = rate - y and log rate; the rate itself where y is 0."""
    zero = y == 0
    safe = xp.where(zero, 1.0, y)
    relative = excess / safe
    near = xp.abs(relative) < _NEAR
    curved = xp.log1p_minus(xp.where(near, relative, 0.0))
    return xp.where(zero, excess, -safe * xp.where(near, curved, log_rate - xp.log(safe) - relative))


def log_ratio_minus(xp: Any, relative: Any, log_ratio: Any) -> Any:
    """log(1 + t) - t where t = ``relative`` is near 0, and by ``log_ratio`` = log(1 + t) elsewhere."""
    near = xp.abs(relative) < _NEAR
    return xp.where(near, xp.log1p_minus(xp.where(near, relative, 0.0)), log_ratio - relative)


def log_rising(xp: Any, x: Any, a: Any) -> Any:
    """log Γ(x + a)/Γ(x) less ∫ log from x to x + a, the part of it that Stirling's formula knows."""
    return xp.stirling_remainder(x + a) - xp.stirling_remainder(x) - 0.5 * xp.log1p(a / x)


def log_rising_terms(x: Array, a: Array) -> tuple[Array, Array, Array]:
    """``log_rising``, x d/dx and x² d²/dx² of it, to full relative precision however large x is."""
    if np.ndim(x) == 0:
        places = small_counts(a)
        if places is not None:
            value, first, second = rising_of_small(float(x))
            return value[places], first[places], second[places]
    return _rising_terms(x, a)


@lru_cache(maxsize=16)
def rising_of_small(x: float) -> tuple[Array, Array, Array]:
    """``log_rising_terms`` of the counts 0, 1, ..., ``SMALL``, made once for all blocks of rows."""
    return _rising_terms(np.float64(x), _COUNTS)


def _rising_terms(x: Any, a: Array) -> tuple[Array, Array, Array]:
    share = a / (x + a)
    value, first, second = _rises(x, a)
    return (
        value - 0.5 * np.log1p(a / x),
        0.5 * share + x * first,
        -0.5 * share * (1.0 + x / (x + a)) + x * (x * second),
    )


def _rises(x: Array, a: Array) -> tuple[Array, ...]:
    """What Stirling's formula leaves of lgamma at x + a less that at x, with two derivatives in x."""
    if a is _COUNTS:
        return stirling_rises(float(x), SMALL)
    return tuple(high - low for high, low in zip(stirling_remainders(x + a), _remainders(x), strict=True))


def _remainders(x: Array) -> tuple[Any, Any, Any]:
    if np.ndim(x):
        return stirling_remainders(x)
    value, first, second = (stirling_remainder(x, order) for order in (0, 1, 2))
    return value, first, second


def log_poisson(y: Array, log_rate: Array) -> Array:
    """Log Poisson mass, to a relative precision that does not depend on the size of the counts."""
    xp = NUMPY
    return log_saturated(xp, y) - half_deviance(xp, y, np.exp(log_rate) - y, log_rate)


def log_binomial(y: Array, trials: Array, logit: Array) -> Array:
    """Log binomial mass, likewise."""
    xp = NUMPY
    failures = trials - y
    gap = trials * xp.expit(logit) - y
    # n p - y from the tail in which p is small
    gap = np.where(logit > 0, failures - trials * xp.expit(-logit), gap)
    return np.asarray(
        binomial_saturated(xp, y, failures) - binomial_deviance(xp, y, failures, -gap, (0.0, 0.0), logit)
    )


def binomial_saturated(xp: Any, y: Any, failures: Any) -> Any:
    """Log binomial mass of successes at a probability equal to their own share."""
    return log_saturated(xp, y) + log_saturated(xp, failures) - log_saturated(xp, y + failures)


def binomial_deviance(
    xp: Any, y: Any, failures: Any, further: Any, shift: tuple[Any, Any], logit: Any
) -> Any:
    """Half the binomial deviance at a probability whose log odds are split in two.

    ``further`` is y - n p at the probability p, log p is log expit(logit) + shift[0], and log(1 - p) is
    log expit(-logit) + shift[1].
    """
    trials = y + failures
    log_trials = xp.log(xp.where(trials > 0, trials, 1.0))
    return half_deviance(xp, y, -further, log_trials + (xp.log_expit(logit) + shift[0])) + half_deviance(
        xp, failures, further, log_trials + (xp.log_expit(-logit) + shift[1])
    )
