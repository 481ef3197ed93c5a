"""Quantiles of continuous families by Newton's method on the log of the smaller tail, in a bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thetahat.families._terms import Array

_MOST = 200
_ROUNDING = 1.0
"""Units in the last place within which a quantile is as good as its neighbours."""


def inverted(
    probability: Array,
    tail: Callable[[Array, bool], Array],
    log_density: Callable[[Array], Array],
    low: float,
    high: float,
    noise: float = 0.0,
) -> Array:
    """The y with F(y) = ``probability``, between finite ``low`` and ``high``.

    Parameters
    ----------
    probability
        Any shape.
    tail
        ``tail(y, upper)``: log P(Y > y) where ``upper``, else log P(Y <= y).
    log_density
        At y.
    low, high
        Ends of the support, or what surely brackets the quantiles.
    noise
        The error of log tails, in nats and relative, within which a place is as good as found.

    Examples
    --------
    >>> def tail(y, upper):
    ...     return np.log1p(-y * y) if upper else np.log(y * y)
    >>> root = inverted(np.array([0.25, 0.81]), tail, lambda y: np.log(2.0 * y), 0.0, 1.0)
    >>> bool(np.allclose(root, [0.5, 0.9], rtol=1e-15))
    True
    """
    p = np.ravel(np.asarray(probability, dtype=float))
    below = p < 0.5
    with np.errstate(all="ignore"):
        target = np.where(below, np.log(p), np.log1p(-p))
        found = np.where(p == 0.0, low, high)
        rows = np.flatnonzero((p > 0.0) & (p < 1.0))
        floor, ceiling = np.full(rows.size, low), np.full(rows.size, high)
        y = 0.5 * floor + 0.5 * ceiling
        for _ in range(_MOST):
            if not rows.size:
                break
            upper = ~below[rows]
            value = np.where(upper, np.nan, 0.0)
            for side in (False, True):
                here = upper == side
                if here.any():
                    value[here] = tail(y[here], side)
            gap = np.where(upper, value - target[rows], target[rows] - value)
            floor, ceiling = np.where(gap > 0, y, floor), np.where(gap > 0, ceiling, y)
            moved = y + gap * np.exp(value - log_density(y))
            moved = np.where((moved > floor) & (moved < ceiling), moved, 0.5 * floor + 0.5 * ceiling)
            close = np.abs(moved - y) <= _ROUNDING * np.spacing(np.abs(y))
            exact = np.isfinite(value) & (np.abs(gap) <= noise * (1.0 + np.abs(value)))
            moved, close = np.where(exact, y, moved), close | exact
            found[rows] = moved
            rows, floor, ceiling, y = rows[~close], floor[~close], ceiling[~close], moved[~close]
    return np.asarray(found.reshape(np.shape(probability)))
