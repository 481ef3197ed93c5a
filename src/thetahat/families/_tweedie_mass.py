"""Masses of intervals under Tweedie's distribution: Poisson probabilities of events times masses of gamma sums.

Where many numbers of events matter their sum is an integral to rounding, taken by the trapezoidal rule with the
points held in standard units of Poisson's distribution as derivatives are taken (as in ``numerics/tweedie_series``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from thetahat.families._gamma_mass import gamma_mean_mass
from thetahat.families._terms import Array, Coordinates, Terms, pairs
from thetahat.families._tweedie_law import Events, events_of, place_of
from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.log_mass import LogMass, interval_log_mass
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.numerics.tweedie_series import DROP, SMOOTH_SPREAD, STEP, Remainder, remainder

_SMOOTH_COUNT = 100.0
_LARGEST = 600.0
_NODES_AT_ONCE = 1 << 15
_PAIRS = pairs(3)
_FEW_EVENTS = 0.05
"""Expected events below which a mass above a value is never taken as what is left of one."""
_MOST_NODES = 4096
_NOT_FAR, _ORDINARY = 1e-30, 1e6
"""The probability above which, and the shape below which, SciPy's incomplete gamma functions have all their digits."""


class _Rows(NamedTuple):
    """What rows of intervals share: ends, log mean, log α and log λ, each by row."""

    log_mean: Array
    log_alpha: Array
    log_rate: Array
    slopes: Array
    bends: Array
    q: Array

    def take(self, rows: Array) -> _Rows:
        return _Rows(*(item[..., rows] for item in self))


def tweedie_mass(low: Array, high: Array, eta: Coordinates, order: int) -> Terms:
    """log P(low < Y <= high) with derivatives in working coordinates; an interval from below 0 has the atom."""
    place = place_of(eta)
    events = events_of(eta, place)
    shape = np.broadcast_shapes(np.shape(low), np.shape(high), *(np.shape(item) for item in eta))
    whole = _spread_out(events, eta, place.q, shape)
    low, high = (np.broadcast_to(np.asarray(item, dtype=float), shape).ravel() for item in (low, high))
    low = np.where(low < 0.0, -np.inf, low)
    empty = ~(high > low) | (high < 0.0)
    first, last = np.where(empty, -np.inf, low), np.where(empty, np.inf, high)

    def direct(rows: Array, start: Array, stop: Array, order: int = order) -> LogMass:
        return _direct(whole.take(rows), start, stop, order)

    with np.errstate(all="ignore"):
        found = interval_log_mass(
            direct, first, last, (-np.inf, np.inf), _wide(whole, first, last, direct), 3, order
        )
    value = np.where(empty, -np.inf, found.value).reshape(shape)
    if not order:
        return Terms(value)
    return Terms(
        value,
        tuple(np.where(empty, 0.0, item).reshape(shape) for item in found.gradient),
        tuple(np.where(empty, 0.0, found.hessian[i, j]).reshape(shape) for i, j in _PAIRS),
    )


def _spread_out(events: Events, eta: Coordinates, q: Any, shape: tuple[int, ...]) -> _Rows:
    def column(item: Any) -> Array:
        return np.broadcast_to(np.asarray(item, dtype=float), shape).ravel()

    return _Rows(
        column(eta[0]),
        column(-np.asarray(eta[2])),
        column(np.minimum(events.value, _LARGEST)),
        np.stack([column(item) for item in events.gradient]),
        np.stack([column(item) for item in events.hessian]),
        column(q),
    )


def _wide(whole: _Rows, low: Array, high: Array, direct: Any) -> Array:
    """Where the complement of an interval has the better digits: where that is not nearly everything."""
    mean, rate = np.exp(whole.log_mean), np.exp(whole.log_rate)
    open_low, open_high = np.isneginf(low), np.isposinf(high)
    wide = open_low & (open_high | (high >= mean) | (rate < np.log(2.0)))
    wide |= open_high & (low < mean) & (rate > _FEW_EVENTS)
    unsure = np.flatnonzero(~open_low & ~open_high & (low < mean) & (mean < high))
    if unsure.size:
        wide[unsure] = direct(unsure, low[unsure], high[unsure], 0).value > np.log(0.5)
    return wide


def _direct(rows: _Rows, low: Array, high: Array, order: int) -> LogMass:
    """By the sum itself, in chunks that bound its memory."""
    mean = np.exp(rows.log_mean)
    # The number of events where the interval's nearest point to the mean has its largest term.
    log_nearest = rows.q * (np.log(np.clip(mean, np.maximum(low, 0.0), high)) - rows.log_mean)
    centre = np.exp(rows.log_rate + log_nearest)
    wider = 1.0 + np.exp(rows.log_alpha)
    smooth = (centre >= _SMOOTH_COUNT) & (centre / wider >= SMOOTH_SPREAD)
    third = DROP / 3.0
    down, up = np.sqrt(2.0 * DROP * centre), third + np.sqrt(third * third + 2.0 * DROP * centre)
    step = np.where(smooth, STEP * np.sqrt(centre / wider), 1.0)
    begin = np.where(smooth, -np.ceil(down / step), np.maximum(np.floor(centre - down), 1.0))
    end = np.where(smooth, np.ceil(up / step), np.maximum(np.ceil(centre + up), 1.0))
    lost = ~(np.isfinite(end) & np.isfinite(begin) & (end - begin < _MOST_NODES))
    begin, end = np.where(lost, 1.0, begin), np.where(lost, 1.0, end)
    n_nodes = (end - begin).astype(np.intp) + 2
    bounds = np.searchsorted(np.cumsum(n_nodes), np.arange(0, n_nodes.sum(), _NODES_AT_ONCE))
    chunks = np.split(np.arange(low.size), np.unique(bounds)[1:])
    parts = [
        _chunk(
            rows.take(some),
            low[some],
            high[some],
            (begin[some], n_nodes[some], step[some], smooth[some], log_nearest[some]),
            order,
        )
        for some in chunks
        if some.size
    ]
    found = np.concatenate(parts, axis=1)
    found[:, lost] = np.nan
    square = np.empty((3, 3, low.size)) if order else np.empty((0, 0, low.size))
    if order:
        for item, (i, j) in zip(found[4:], _PAIRS, strict=True):
            square[i, j] = square[j, i] = item
    return LogMass(found[0], found[1:4] if order else found[:0], square)


def _gamma_values(
    ends: tuple[Array, Array], log_mean: Array, log_shape: Array, weight: Array, offset: Array, row: Array
) -> Array:
    """Log masses of gamma variables: of tails that are not far out by SciPy's functions.

    Where a row has a far larger term, a mass that is far out is left at its bound.
    """
    low, high = ends
    shape = np.exp(log_shape)
    upper = np.isposinf(high)
    end = np.where(upper, low, high) * np.exp(log_shape - log_mean)
    tail = np.where(upper, special.gammaincc(shape, np.maximum(end, 0.0)), special.gammainc(shape, end))
    simple = (upper | (low <= 0.0)) & (shape < _ORDINARY)
    far = ~(tail > _NOT_FAR)
    value = np.where(simple, np.log(np.maximum(tail, _NOT_FAR)), 0.0)
    top = np.maximum.reduceat(np.where(simple & ~far, weight + value, -np.inf), offset)
    left = np.flatnonzero(~simple | (far & (weight + value > top[row] - DROP)))
    if left.size:
        value[left] = gamma_mean_mass(low[left], high[left], log_mean[left], log_shape[left], 0).value
    return value


class _Counts(NamedTuple):
    """Numbers of events at nodes: j/λ - 1 =: v with its log terms, Stirling's rest, and log Poisson probabilities."""

    v: Array
    excess: Array
    log_ratio: Array
    minus: Array
    log_count: Array
    rest: Remainder
    weight: Array


def _counts(log_rate: Array, log_nearest: Array, index: Array, step: Array, smooth: Array) -> _Counts:
    rate = np.exp(log_rate)
    apart = np.expm1(log_nearest)
    excess = np.where(smooth, rate * apart + index * step, index - rate)
    v = np.where(smooth, apart + index * step / rate, excess / rate)
    near = np.abs(v) < 0.5
    safe = np.where(near, v, 0.0)
    log_count = np.where(smooth, log_rate + np.log1p(v), np.log(index))
    log_ratio = np.where(near, np.log1p(safe), log_count - log_rate)
    minus = np.where(near, log1p_minus(safe), log_ratio - v)
    count = np.exp(np.minimum(log_count, _LARGEST))
    rest = remainder(count)
    core = np.where(near, rate * (minus + v * log_ratio), count * log_ratio - excess)
    weight = np.log(step) - core - rest.value - LOG_SQRT_2_PI - 0.5 * log_count
    return _Counts(v, excess, log_ratio, minus, log_count, rest, weight)


def _chunk(rows: _Rows, low: Array, high: Array, nodes: tuple[Array, ...], order: int) -> Array:
    """Value, gradient and lower triangle of rows; the last node of each is the atom."""
    begin, n_nodes, step, smooth, log_nearest = nodes
    offset = np.cumsum(n_nodes) - n_nodes
    row = np.repeat(np.arange(low.size), n_nodes)
    at = rows.take(row)
    atom = np.zeros(row.size, dtype=bool)
    atom[offset + n_nodes - 1] = True
    index = begin[row] + (np.arange(row.size) - offset[row])
    counts = _counts(at.log_rate, log_nearest[row], index, step[row], smooth[row])
    ends = low[row], high[row]
    place = at.log_mean + counts.log_ratio, at.log_alpha + counts.log_count
    gamma = (
        gamma_mean_mass(*ends, *place, order)
        if order
        else Terms(_gamma_values(ends, *place, counts.weight, offset, row))
    )
    none = np.where(ends[0] < 0.0, -np.exp(at.log_rate), -np.inf)
    log_term = np.where(atom, none, counts.weight + gamma.value)
    log_term = np.where(np.isnan(log_term), -np.inf, log_term)
    top = np.maximum.reduceat(log_term, offset)
    top = np.where(np.isfinite(top), top, 0.0)
    share = np.exp(log_term - top[row])
    total = np.add.reduceat(share, offset)
    value = top + np.log(total)
    if not order:
        return value[None]
    share /= np.where(total > 0, total, 1.0)[row]

    def mean(item: Array) -> Array:
        return np.asarray(np.add.reduceat(np.where(share > 0, share * item, 0.0), offset))

    alive = (share > 0) & ~atom
    masses = Terms(
        gamma.value,
        tuple(np.where(alive, item, 0.0) for item in gamma.gradient),
        tuple(np.where(alive, item, 0.0) for item in gamma.hessian),
    )
    first, second = _node_derivatives(at, counts, masses, smooth[row], atom)
    gradient = [mean(item) for item in first]
    apart = [item - at_row[row] for item, at_row in zip(first, gradient, strict=True)]
    hessian = [mean(item + apart[i] * apart[j]) for item, (i, j) in zip(second, _PAIRS, strict=True)]
    return np.stack([value, *gradient, *hessian])


def _node_derivatives(
    at: _Rows, counts: _Counts, masses: Terms, smooth: Array, atom: Array
) -> tuple[list[Array], list[Array]]:
    """Gradient and lower triangle of log terms.

    A term depends on log λ, and the gamma's mean and shape on that and on the coordinates: whole numbers of events are
    held, others move with log λ.
    """
    rate, v, rest = np.exp(at.log_rate), counts.v, counts.rest
    relative = v / (1.0 + v)
    lag = np.where(smooth, 0.5 * relative, 1.0)
    follow = 1.0 - lag
    bend = np.where(smooth, 0.25 * v / np.square(1.0 + v), 0.0)
    pull = rate * (counts.minus + 0.5 * v * counts.log_ratio)
    by_rate = np.where(smooth, 0.5 * lag - pull - rest.first * follow, counts.excess)
    stiff = pull - 0.25 * rate * v * (counts.log_ratio - relative)
    bends_rate = -stiff - rest.second * np.square(follow) - (rest.first + 0.5) * bend
    by_rate_twice = np.where(smooth, bends_rate, -rate)
    by_rate, by_rate_twice = np.where(atom, -rate, by_rate), np.where(atom, -rate, by_rate_twice)
    m, s = masses.gradient
    mm, ms, ss = masses.hessian
    slopes, bends = at.slopes, at.bends
    by_mean = [(1.0 if i == 0 else 0.0) - lag * slope for i, slope in enumerate(slopes)]
    by_shape = [follow * slope - (1.0 if i == 2 else 0.0) for i, slope in enumerate(slopes)]
    first = [by_rate * slopes[i] + m * by_mean[i] + s * by_shape[i] for i in range(3)]
    second = [
        by_rate_twice * slopes[i] * slopes[j]
        + by_rate * bends[position]
        + m * (bend * slopes[i] * slopes[j] - lag * bends[position])
        + s * (bend * slopes[i] * slopes[j] + follow * bends[position])
        + mm * by_mean[i] * by_mean[j]
        + ms * (by_mean[i] * by_shape[j] + by_shape[i] * by_mean[j])
        + ss * by_shape[i] * by_shape[j]
        for position, (i, j) in enumerate(_PAIRS)
    ]
    return first, second
