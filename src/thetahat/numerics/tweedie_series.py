"""The series in the density of a Poisson number of gamma variables, by its terms or by quadrature through them.

With j* = exp(``log_peak``) and α = exp(``log_shape``) it is

    W = Σ_{j ≥ 1} exp(-(1 + α)(j log(j/j*) - j + j*) - r(j) - r(α j)),

where r is what Stirling's formula leaves of lgamma: the terms of Dunn & Smyth (2005), each divided by Stirling's value
of the largest. Where many terms matter the sum is, by Poisson's summation formula, the integral over all j to rounding,
and that is as exact a sum over thirty points however many terms there are. There the points are held in standard
units, z = √J (j/j* - 1) with J = (1 + α) j*, as the derivatives are taken, and nothing cancels however large J is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.stirling import stirling_remainders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SMOOTH_PEAK, SMOOTH_SPREAD = 40.0, 2.25
"""J, and the terms' variance J/(1 + α)², from which on the sum is the integral to rounding."""
STEP = 2.0 / 3.0
NODES = STEP * np.arange(-14.0, 18.0)
DROP = 40.0
"""Nats below the largest term at which others are left out."""
MOST_TERMS = 128
"""More than the terms of any sum that is no integral."""
_TERMS_AT_ONCE = 1 << 17
_LARGEST = 600.0
_SMALLEST = 1e-150
_OUTERMOST = -0.999


class Series(NamedTuple):
    """log W with its derivatives in (log_peak, log_shape): lower triangle; None beyond the order asked for."""

    value: Any
    gradient: tuple[Any, ...] = ()
    hessian: tuple[Any, ...] = ()


class Remainder(NamedTuple):
    """r(x) with two derivatives in log x."""

    value: Any
    first: Any
    second: Any


def remainder(x: FloatArray) -> Remainder:
    """Return what Stirling's formula leaves of lgamma(x), with two derivatives in log x."""
    x = np.maximum(x, _SMALLEST)
    value, first, second = stirling_remainders(x)
    scaled = x * first
    return Remainder(value, scaled, scaled + x * (x * second))


def tweedie_series(log_peak: Any, log_shape: Any, order: int = 0) -> Series:
    """Return log W by row, with its derivatives when ``order`` is 2.

    Examples
    --------
    >>> found = tweedie_series(np.array([np.log(2.0)]), 0.0)
    >>> j = np.arange(1.0, 60.0)
    >>> from scipy.special import gammaln
    >>> rest = (j - 0.5) * np.log(j) - j + 0.5 * np.log(2.0 * np.pi) - gammaln(j)
    >>> direct = np.exp(-2.0 * (j * np.log(j / 2.0) - j + 2.0) + 2.0 * rest).sum()
    >>> bool(abs(found.value[0] - np.log(direct)) < 1e-14)
    True
    """
    peak, shape = np.broadcast_arrays(
        np.asarray(log_peak, dtype=np.float64), np.asarray(log_shape, dtype=np.float64)
    )
    dimensions, peak, shape = peak.shape, peak.ravel(), shape.ravel()
    columns = np.full((6 if order else 1, peak.size), np.nan)
    with np.errstate(all="ignore"):
        log_size = peak + np.logaddexp(0.0, shape)
        smooth = (log_size >= np.log(SMOOTH_PEAK)) & (
            log_size - 2.0 * np.logaddexp(0.0, shape) >= np.log(SMOOTH_SPREAD)
        )
        for rows, kernel in ((np.flatnonzero(smooth), _integral), (np.flatnonzero(~smooth), _sum)):
            step = max(_TERMS_AT_ONCE // (NODES.size if kernel is _integral else MOST_TERMS), 1)
            for first in range(0, rows.size, step):
                some = rows[first : first + step]
                columns[:, some] = kernel(peak[some], shape[some], order)
    value, *rest = columns.reshape(len(columns), *dimensions)
    return Series(value, tuple(rest[:2]), tuple(rest[2:]))


def log_series(xp: Any, log_peak: Any, log_shape: Any) -> Any:
    """log W for NumPy or for JAX, where as many terms of the sum are taken for every row as any row may need."""
    if not xp.is_jax:
        return tweedie_series(log_peak, log_shape).value
    import jax
    import jax.numpy as jnp

    wider = xp.softplus(log_shape)
    log_size = log_peak + wider
    smooth = (log_size >= np.log(SMOOTH_PEAK)) & (log_size - 2.0 * wider >= np.log(SMOOTH_SPREAD))

    # Each form is fed values at which it is finite, so that neither's gradient poisons the other.
    far = jnp.expand_dims(jnp.where(smooth, log_peak, 10.0), -1)
    far_shape = jnp.expand_dims(jnp.where(smooth, log_shape, 0.0), -1)
    far_size = far + xp.softplus(far_shape)
    v = NODES * xp.exp(-0.5 * far_size)
    inside = v > _OUTERMOST
    v = jnp.where(inside, v, 0.0)
    log_ratio = xp.log1p(v)
    core = xp.exp(far_size) * (xp.log1p_minus(v) + v * log_ratio)

    near = jnp.expand_dims(jnp.where(smooth, 0.0, log_peak), -1)
    near_shape = jnp.expand_dims(jnp.where(smooth, 0.0, log_shape), -1)
    place, alpha = xp.exp(near), xp.exp(near_shape)
    spread = xp.sqrt(2.0 * DROP * place / (1.0 + alpha))
    first = jax.lax.stop_gradient(xp.maximum(jnp.floor(place - spread), 1.0))
    j = first + jnp.arange(float(MOST_TERMS))
    whole = (1.0 + alpha) * (j * (xp.log(j) - near) - j + place)

    # All remainders at once: they are what takes JAX its time to compile.
    points = xp.exp(far + log_ratio)
    many = [points, xp.exp(far_shape) * points, *jnp.broadcast_arrays(j, alpha * j)]
    rest = xp.stirling_remainder(xp.concatenate(many, axis=-1))
    n, m = NODES.size, MOST_TERMS
    counts, gammas = rest[..., :n], rest[..., n : 2 * n]
    log_sum = jax.scipy.special.logsumexp(jnp.where(inside, -core - counts - gammas, -jnp.inf), axis=-1)
    integral = log_peak - 0.5 * log_size + np.log(STEP) + log_sum
    counts, gammas = rest[..., 2 * n : 2 * n + m], rest[..., 2 * n + m :]
    return jnp.where(smooth, integral, jax.scipy.special.logsumexp(-whole - counts - gammas, axis=-1))


def _integral(peak: FloatArray, shape: FloatArray, order: int) -> FloatArray:
    """log ∫ by the trapezoidal rule in z: log j* - ½ log J + log ∫ exp(-J φ(z/√J) - r(j) - r(α j)) dz."""
    wider = np.logaddexp(0.0, shape)
    log_size = np.minimum(peak + wider, _LARGEST)[:, None]
    size = np.exp(log_size)
    v = NODES * np.exp(-0.5 * log_size)
    inside = v > _OUTERMOST
    v = np.where(inside, v, 0.0)
    log_ratio, minus = np.log1p(v), log1p_minus(v)
    counts = remainder(np.exp(np.minimum(peak[:, None] + log_ratio, _LARGEST)))
    gammas = remainder(np.exp(np.minimum(peak[:, None] + shape[:, None] + log_ratio, _LARGEST)))
    log_term = np.where(inside, -size * (minus + v * log_ratio) - counts.value - gammas.value, -np.inf)
    log_sum, mean = _moments(log_term)
    value = peak - 0.5 * (peak + wider) + np.log(STEP) + log_sum
    if not order:
        return value[None]
    # As J grows at a fixed z: d v/d log J = -v/2, so that log j and log α j move by less than j* does.
    q = np.exp(shape - wider)[:, None]
    relative = v / (1.0 + v)
    lag = 0.5 * relative
    bend = 0.25 * v / np.square(1.0 + v)
    pull = size * (minus + 0.5 * v * log_ratio)
    stiff = pull - 0.25 * size * v * (log_ratio - relative)
    by_peak = -pull - (counts.first + gammas.first) * (1.0 - lag)
    by_shape = -q * pull + counts.first * (q * lag) - gammas.first * (1.0 - q * lag)
    both = -stiff - (counts.first + gammas.first) * bend
    peak_peak = both - (counts.second + gammas.second) * np.square(1.0 - lag)
    peak_shape = q * both + (
        counts.second * (1.0 - lag) * q * lag - gammas.second * (1.0 - lag) * (1.0 - q * lag)
    )
    turn = q * (1.0 - q)
    shape_shape = (
        q * q * both
        - turn * (pull - (counts.first + gammas.first) * lag)
        - counts.second * np.square(q * lag)
        - gammas.second * np.square(1.0 - q * lag)
    )
    first, second, squares = _combined(
        mean, lambda item: item[:, None], (by_peak, by_shape), (peak_peak, peak_shape, shape_shape)
    )
    outer = 0.5 * q[:, 0]
    return np.stack(
        [value, 0.5 + first, second - outer, squares[0], squares[1], squares[2] - 0.5 * turn[:, 0]]
    )


def _sum(peak: FloatArray, shape: FloatArray, order: int) -> FloatArray:
    """log Σ over the whole numbers j that matter, all rows' terms in one array."""
    alpha = np.exp(shape)
    place = np.exp(peak)
    size = (1.0 + alpha) * place
    # φ(v) = (1 + v) log(1 + v) - v is at least v²/2 below 0 and v²/(2 + 2v/3) above.
    lower = np.maximum(np.floor(place - np.sqrt(2.0 * DROP * size) / (1.0 + alpha)), 1.0)
    third = DROP / 3.0
    upper = np.ceil(place + (third + np.sqrt(third * third + 2.0 * DROP * size)) / (1.0 + alpha)) + 1.0
    bad = ~(np.isfinite(upper) & (upper - lower < MOST_TERMS))
    lower, upper = np.where(bad, 1.0, lower), np.where(bad, 1.0, upper)
    n_terms = (upper - lower).astype(np.intp) + 1
    begin = np.cumsum(n_terms) - n_terms
    rows = np.repeat(np.arange(peak.size), n_terms)
    j = lower[rows] + (np.arange(rows.size) - begin[rows])
    counts, gammas = _remainders_of(j, alpha, rows)
    v = (j - place[rows]) / place[rows]
    wider = 1.0 + alpha[rows]
    near = np.abs(v) < 0.5
    log_ratio = np.where(near, np.log1p(np.where(near, v, 0.0)), np.log(j) - peak[rows])
    # j log(j/j*) - j + j*, the second form where j* may be too small to divide by
    core = np.where(
        near,
        place[rows] * (log1p_minus(np.where(near, v, 0.0)) + v * log_ratio),
        j * log_ratio - j + place[rows],
    )
    log_term = -wider * core - counts.value - gammas.value
    top = np.maximum.reduceat(log_term, begin)
    share = np.exp(log_term - top[rows])
    total = np.add.reduceat(share, begin)
    value = np.where(bad, np.nan, top + np.log(total))
    if not order:
        return value[None]
    share /= total[rows]

    def mean(item: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(share * item, begin))

    excess = j - place[rows]
    by_peak, by_shape = wider * excess, -alpha[rows] * core - gammas.first
    seconds = (
        -wider * place[rows],
        alpha[rows] * excess,
        -alpha[rows] * core - gammas.second,
    )
    first, second, squares = _combined(mean, lambda item: item[rows], (by_peak, by_shape), seconds)
    return np.stack([value, first, second, *squares])


def _remainders_of(j: FloatArray, alpha: FloatArray, rows: Any) -> tuple[Remainder, Remainder]:
    """r(j) and r(α j) of terms, from a table where the rows share α."""
    first, last = j.min(), j.max()
    # Few terms may be as far apart as their peaks: the table is laid out only where it is no longer than they are.
    shared = last - first < j.size
    table = np.arange(first, last + 1.0) if shared else j
    places = (j - first).astype(np.intp) if shared else slice(None)
    counts = Remainder(*(item[places] for item in remainder(table)))
    if shared and np.all(alpha == alpha[0]):
        gammas = Remainder(*(item[places] for item in remainder(alpha[0] * table)))
    else:
        gammas = remainder(alpha[rows] * j)
    return counts, gammas


def _moments(log_term: FloatArray) -> tuple[FloatArray, Any]:
    """Log of the sum along the last axis, and the mean under its shares."""
    top = log_term.max(axis=1)
    share = np.exp(log_term - top[:, None])
    total = share.sum(axis=1)
    share /= total[:, None]
    return top + np.log(total), lambda item: np.sum(share * item, axis=1)


def _combined(
    mean: Any, spread: Any, firsts: tuple[FloatArray, ...], seconds: tuple[FloatArray, ...]
) -> tuple[FloatArray, FloatArray, tuple[FloatArray, ...]]:
    """E of the first derivatives, and E of the second ones with the covariances of the first."""
    means = [mean(item) for item in firsts]
    apart = [item - spread(at) for item, at in zip(firsts, means, strict=True)]
    squares = tuple(
        mean(second + apart[i] * apart[j])
        for second, (i, j) in zip(seconds, ((0, 0), (1, 0), (1, 1)), strict=True)
    )
    return means[0], means[1], squares
