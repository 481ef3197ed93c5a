"""The log of a gamma variable, standardised so that it becomes normal smoothly: Prentice's form."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import special

from thetahat.families._gamma_kernel import chosen, gamma_mass
from thetahat.families._log_concave_mass import log_concave_mass, log_concave_quantile
from thetahat.families._remembered import remembered
from thetahat.families._standard import Standard, StandardFamily, reflected, unstretched
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.numerics.elementary import horner
from thetahat.numerics.gamma_functions import stirling_remainder
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile

_FOURTH = 1.0 / special.factorial(np.arange(20.0) + 4.0)
"""Of (exp(v) - 1 - v - v²/2 - v³/6)/v⁴ in powers of v."""
_SECOND = 1.0 / special.factorial(np.arange(9.0) + 2.0)
_NEAR, _NEAR_FOR_JAX = 1.0, 0.1
_SMALL = 0.05
"""Below this q Stirling's remainder of q^-2 is summed in q."""
_THROUGH_GAMMA = 0.5
"""From this q on masses are those of a gamma variable; nearer to 0 their derivatives in q would cancel there."""
_TINY = 1e-7
"""A q up to which z is normal to seven digits, near enough to begin with."""
_NODES = np.arange(-40.0, 40.01, 0.125)
_ROUNDED = 0.1
"""Up to this q a quantile of so large a gamma shape loses digits, and is refined."""


class PrenticeKernel(StandardFamily):
    """exp(q z)/q² is standard gamma of shape 1/q², and z standard normal at q = 0; the shape coordinate is q."""

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-z² E(q z) - log √(2π) - (Stirling's remainder of q^-2), E(v) = (exp(v) - 1 - v)/v²."""
        (q,) = shapes
        return -z * z * _excess(xp, q * z) - LOG_SQRT_2_PI - _remainder(xp, q)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -(exp(q z) - 1)/q."""
        return prentice_terms(z, shapes)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Incomplete gamma, and near q = 0 by quadrature outwards from the mode."""
        (q,) = shapes
        far = np.abs(q) >= _THROUGH_GAMMA
        if np.all(far):
            return _through_gamma(low, high, q, order)
        if not np.any(far):
            return _by_quadrature(low, high, q, order)
        low, high, q, far = np.broadcast_arrays(low, high, q, far)
        there = _through_gamma(low[far], high[far], q[far], order)
        here = _by_quadrature(low[~far], high[~far], q[~far], order)
        return EndTerms(*(_joined(far, *pair) for pair in zip(there, here, strict=True)))


def prentice_terms(z: Any, shapes: Coordinates) -> Standard:
    """The log density of z with its derivatives in z and q."""
    return _terms_given(_remainder_slopes(shapes[0]), z, shapes)


def _terms_given(of_q: tuple[Any, ...], z: Any, shapes: Coordinates) -> Standard:
    """The same from what of it depends on q alone."""
    (q,) = shapes
    excess, slope, bend, pull, growth = _excess_terms(q * z)
    square = z * z
    by_q, by_q_twice, remainder = of_q
    return unstretched(
        z,
        -square * excess - LOG_SQRT_2_PI - remainder,
        -z * pull,
        -growth,
        (-square * z * slope - by_q,),
        (-square * (excess + q * z * slope),),
        (-square * square * bend - by_q_twice,),
    )


def prentice_quantile(probability: Array, q: Array) -> Array:
    """z with P(Z <= z) = ``probability``."""
    normal = np.abs(q) < _TINY
    safe = np.where(normal, 1.0, q)
    a = 1.0 / np.square(safe)
    upper = q < 0
    with np.errstate(all="ignore"):
        gamma = np.where(upper, special.gammainccinv(a, probability), special.gammaincinv(a, probability))
        # P(G < g) -> g^a/Γ(a + 1) where g underflows.
        log_tail = np.where(upper, np.log1p(-probability), np.log(probability))
        far = (log_tail + special.gammaln(a + 1.0)) / a
        log_gamma = np.where(gamma > 1e-290, np.log(gamma), far)
        z = np.where(normal, normal_quantile(probability), (log_gamma - np.log(a)) / safe)
    if not np.any(np.abs(q) < _ROUNDED):
        return z
    z, probability, q = np.broadcast_arrays(z, probability, q)
    rounded = np.abs(q) < _ROUNDED
    z = np.array(z)
    z[rounded] = log_concave_quantile(prentice_terms, probability[rounded], (q[rounded],), 0.0, z[rounded])
    return z


def _by_quadrature(low: Array, high: Array, q: Any, order: int) -> EndTerms:
    density = prentice_terms if np.ndim(q) else partial(_terms_given, _remainder_slopes(q))
    return log_concave_mass(density, low, high, (q,), 0.0, order)


def _through_gamma(low: Array, high: Array, q: Array, order: int) -> EndTerms:
    """The mass of v = q z between q low and q high, its derivatives moved to fixed z."""
    with np.errstate(invalid="ignore", over="ignore"):
        upright = _of_positive(np.abs(q), np.where(q > 0, low, -high), np.where(q > 0, high, -low), order)
    if not order:
        return upright
    # Z of -q is -Z of q.
    mirrored = reflected(upright)
    mirrored = mirrored._replace(
        s=(-mirrored.s[0],), low_s=(-mirrored.low_s[0],), high_s=(-mirrored.high_s[0],)
    )
    return EndTerms(*(chosen(q > 0, *pair) for pair in zip(upright, mirrored, strict=True)))


def _of_positive(q: Array, low: Array, high: Array, order: int) -> EndTerms:
    end = gamma_mass(q * low, q * high, -2.0 * np.log(q), order)
    if not order:
        return end
    # q enters by both ends, and as log a = -2 log q.
    low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)
    by_log_a, by_log_a_twice = end.s[0], end.s_s[0]
    per_q = -2.0 / q
    low_row = low * end.low_low + high * end.low_high + per_q * end.low_s[0]
    high_row = low * end.low_high + high * end.high_high + per_q * end.high_s[0]
    shape_row = low * end.low_s[0] + high * end.high_s[0] + per_q * by_log_a_twice
    return EndTerms(
        end.value,
        q * end.low,
        q * end.high,
        q * q * end.low_low,
        q * q * end.low_high,
        q * q * end.high_high,
        (low * end.low + high * end.high + per_q * by_log_a,),
        (end.low + q * low_row,),
        (end.high + q * high_row,),
        (low * low_row + high * high_row + per_q * (shape_row - by_log_a / q),),
    )


def _joined(far: Array, there: Any, here: Any) -> Any:
    """One item of both kinds of rows."""
    if isinstance(there, tuple):
        return tuple(_joined(far, *pair) for pair in zip(there, here, strict=True))
    joined = np.zeros(far.shape)
    joined[far], joined[~far] = there, here
    return joined


def _excess(xp: Any, v: Any) -> Any:
    """(exp(v) - 1 - v)/v², by its series near 0."""
    if not xp.is_jax:
        return _excess_terms(v)[0]
    # A short series compiles fast, and a threefold derivative loses no more than it leaves out.
    near = xp.abs(v) < _NEAR_FOR_JAX
    inner, outer = xp.where(near, v, 0.0), xp.where(near, 2.0, v)
    total = 0.0 * inner + _SECOND[-1]
    for coefficient in _SECOND[-2::-1]:
        total = total * inner + coefficient
    return xp.where(near, total, (xp.expm1(outer) - outer) / outer / outer)


def _excess_terms(v: Any) -> tuple[Any, ...]:
    """``_excess`` E with two derivatives, and (exp(v) - 1)/v and exp(v).

    The remainders φ_k of the exponential series after k terms, over v^k, have φ_k = 1/k! + v φ_(k+1), and
    φ_k' = φ_k - k φ_(k+1); E is the second.
    """
    v = np.asarray(v, dtype=float)
    growth = np.exp(v)
    near = np.abs(v) < _NEAR
    if near.all():
        return *_near_terms(v), growth
    outer = np.where(near, 2.0, v)
    value = (np.expm1(outer) - outer) / outer / outer
    # Divided one by one, for exp(v) may be near the largest number.
    slope = (growth / outer - 1.0 / outer) / outer - 2.0 * value / outer
    bend = growth / outer / outer - 2.0 * value / outer / outer - 4.0 * slope / outer
    found = (value, slope, bend, np.expm1(outer) / outer)
    if near.any():
        for item, better in zip(found, _near_terms(v[near]), strict=True):
            item[near] = better
    return *found, growth


def _near_terms(v: Any) -> tuple[Any, ...]:
    fourth = horner(_FOURTH, v)
    third = 1.0 / 6.0 + v * fourth
    second = 0.5 + v * third
    return second, second - 2.0 * third, second - 4.0 * third + 6.0 * fourth, 1.0 + v * second


def _remainder(xp: Any, q: Any) -> Any:
    """Stirling's remainder of q^-2: q²/12 - q⁶/360 + ... near 0."""
    if not xp.is_jax:
        return _remainder_slopes(q)[2]
    small = xp.abs(q) < _SMALL
    inner, outer = xp.where(small, q, 0.0), xp.where(small, 1.0, q)
    return xp.where(small, _remainder_series(inner), xp.stirling_remainder(1.0 / (outer * outer)))


def _remainder_series(q: Any) -> Any:
    square = q * q
    return square * (1.0 / 12.0 - square * square * (1.0 / 360.0 - square * square / 1260.0))


@remembered
def _remainder_slopes(q: Any) -> tuple[Any, ...]:
    """Its two derivatives in q, and itself."""
    small = np.abs(q) < _SMALL
    inner, outer = np.where(small, q, 0.0), np.where(small, 1.0, q)
    fourth = inner**4
    a = 1.0 / (outer * outer)
    first, second = stirling_remainder(a, 1), stirling_remainder(a, 2)
    by_q, by_q_twice = -2.0 * a / outer, 6.0 * a * a
    return (
        np.where(small, inner * (1.0 / 6.0 - fourth * (1.0 / 60.0 - fourth / 126.0)), first * by_q),
        np.where(
            small,
            1.0 / 6.0 - fourth * (1.0 / 12.0 - fourth / 14.0),
            second * by_q * by_q + first * by_q_twice,
        ),
        np.where(small, _remainder_series(inner), stirling_remainder(a)),
    )


def prentice_nodes(q: float) -> tuple[Array, Array]:
    """Values of z with their probabilities."""
    # In units of the slower tail, whose decay is 1/|q| where q is large.
    z = _NODES * max(1.0, abs(q))
    return z, (z[1] - z[0]) * np.exp(prentice_terms(z, (np.float64(q),)).value)
