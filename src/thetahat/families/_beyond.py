"""What an integral has left beyond the last place at which numbers can hold its integrand."""

from __future__ import annotations

import numpy as np

from thetahat.families._terms import Array
from thetahat.numerics.adaptive import Integrals

NOTHING = -1500.0
"""A log probability at which no number that is finite in double precision contributes."""
_SETTLED = 0.5
_LINEAR = 1e-6


def beyond(log_weight: Array, values: Array, step: float, size: Array, endless: Array) -> Integrals | None:
    """Integrate from the last of three places to infinity, where densities fall as powers of the distance.

    In the logarithm t of the distance a function times them falls so too, or is straight in t, as logarithms are: the
    one of the two that fits better is integrated. None where neither fits.

    Parameters
    ----------
    log_weight, values
        Log densities per dt, (3,), and k functions, (k, 3), at places ``step`` apart on the way out.
    step
        How far apart they are, in t.
    size
        Integrals of the absolute values so far, (k,).
    endless
        Which integrals are known to be infinite, (k,).
    """
    with np.errstate(all="ignore"):
        logs = np.where(log_weight < NOTHING, -np.inf, log_weight + np.log(np.abs(values)))
        sign, at_end = np.sign(values[:, 2]), logs[:, 2]
        before, slope = (logs[:, 1] - logs[:, 0]) / step, (at_end - logs[:, 1]) / step
        change = np.abs(slope - before) / np.abs(slope)
        power = np.exp(at_end) / np.abs(slope)
        power_off = power * (10.0 * change + 1e-12)
        # Where it falls ever faster, that is more than there is.
        faster = (slope < 0) & (slope < before)
        power_off = np.where(faster, np.minimum(power_off, power), power_off)
        falls, fell = log_weight[2] - log_weight[1], log_weight[1] - log_weight[0]
        falls, fell = falls / step, fell / step
        weight, gradient = np.exp(log_weight[2]), (values[:, 2] - values[:, 1]) / step
        bend = np.abs(values[:, 2] - 2.0 * values[:, 1] + values[:, 0]) / step**2
        straight = weight * (values[:, 2] / -falls + gradient / falls**2)
        steadily = np.abs(falls - fell) / np.abs(falls)
        straight_off = np.abs(straight) * (10.0 * steadily + 1e-12)
        straight_off = straight_off + 4.0 * weight * bend / np.abs(falls) ** 3
        straighter = (falls < 0) & (straight_off < power_off)
        negligible = ~endless & (np.isneginf(at_end) | ((at_end < np.log(size) - 45.0) & (slope < 0)))
        settled = negligible | endless | straighter | faster | ((slope < 0) & (change < _SETTLED))
    if not settled.all():
        return None
    rest = np.where(straighter, straight, sign * power)
    value = np.where(negligible, 0.0, np.where(endless, sign * np.inf, rest))
    off = np.where(negligible, power, np.where(straighter, straight_off, power_off))
    error = np.where(endless | np.isneginf(at_end), 0.0, off)
    return Integrals(value, error, np.where(endless | negligible, 0.0, np.abs(rest)))


def level(log_weight: Array, values: Array, step: float) -> Array:
    """Which functions times the density do not fall at the last of three places, nor did before, (k,)."""
    with np.errstate(all="ignore"):
        logs = np.where(log_weight < NOTHING, -np.inf, log_weight + np.log(np.abs(values)))
        before, slope = np.diff(logs, axis=1).T / step
        return np.asarray((slope >= -1e-9) & (before >= -1e-6))


def outgrows(t: Array, y: Array, values: Array, far_t: Array, far_y: Array, log_weight: Array) -> Array:
    """Which functions, too large for numbers where they end, grow faster than the density falls, (k,).

    A function is taken to go on as it was at the last two of three places: as an exponential of y, where its logarithm
    was straight in y, else as a power.

    Parameters
    ----------
    t, y, values
        Three places on the way out, the last that numbers can hold, and the functions there, (k, 3).
    far_t, far_y, log_weight
        Places beyond them, and the log density there per dt.
    """
    with np.errstate(all="ignore"):
        logs = np.log(np.abs(values))
        by_y = np.diff(logs, axis=1) / np.diff(y)
        by_t = (logs[:, 2] - logs[:, 1]) / (t[2] - t[1])
        exponential = np.abs(by_y[:, 1] - by_y[:, 0]) <= _LINEAR * np.abs(by_y[:, 1])
        growth = np.where(
            exponential[:, None],
            by_y[:, 1:] * (far_y - y[2]),
            by_t[:, None] * (far_t - t[2]),
        )
        held = np.isfinite(log_weight)
        after = logs[:, 2:] + growth[:, held] + log_weight[held]
        if after.shape[1] < 2:
            return np.zeros(values.shape[0], dtype=bool)
        rise = after[:, -1] - after[:, -2]
        return np.asarray(rise >= -1e-9 * np.abs(far_t[held][-1] - far_t[held][-2]))
