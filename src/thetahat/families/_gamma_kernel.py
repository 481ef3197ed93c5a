"""The log of a gamma variable over its mean, in standard form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat.families._remembered import remembered
from thetahat.families._standard import Standard, StandardFamily, unstretched
from thetahat.families._terms import Array, Coordinates, EndTerms, end_terms
from thetahat.numerics.elementary import log1mexp
from thetahat.numerics.gamma_functions import (
    log_minus_digamma,
    stirling_remainder,
    trigamma_minus_inverse,
)
from thetahat.numerics.incomplete_gamma import log_gamma_mass
from thetahat.numerics.normal import LOG_SQRT_2_PI

_LOWEST = -600.0
_UNDERFLOWING = -700.0
_FAR_APART = 100.0


class GammaKernel(StandardFamily):
    """a exp(z) is standard gamma of shape a; the shape coordinate is log a."""

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-a (exp(z) - 1 - z) + log(a/2π)/2 - (Stirling's remainder)."""
        return gamma_log_density(xp, z, shapes[0])

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -a (exp(z) - 1)."""
        return gamma_terms(z, shapes[0])

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Incomplete gamma."""
        return gamma_mass(low, high, shapes[0], order)


def gamma_log_density(xp: Any, z: Any, log_a: Any) -> Any:
    """Log density of z, in which nothing cancels at a large a."""
    a = xp.exp(xp.asarray(log_a))
    return a * (z - xp.expm1(z)) + (0.5 * log_a - LOG_SQRT_2_PI) - xp.stirling_remainder(a)


def gamma_terms(z: Any, log_a: Any) -> Standard:
    """``gamma_log_density`` with its derivatives."""
    a, constant, lag, bend = of_shape(log_a)
    excess = np.expm1(z)
    departure = z - excess
    first = -a * excess
    score = a * (lag + departure)
    return unstretched(
        z, a * departure + constant, first, -a * (excess + 1.0), (score,), (first,), (score - bend,)
    )


def gamma_mass(low: Array, high: Array, log_a: Any, order: int) -> EndTerms:
    """Incomplete gamma, its derivatives in the shape moved from fixed a exp(z) to fixed z."""
    # So far down that exp(z) underflows the distribution function is a power of it, however much lies below.
    deep = np.isfinite(low) & (low < _UNDERFLOWING) & (low < np.minimum(high, _LOWEST) - _FAR_APART)
    if not np.any(deep):
        return _mass_above(low, high, log_a, order)
    whole = _mass_above(np.where(deep, -np.inf, low), high, log_a, order)
    return _without_power(whole, low, log_a, deep, order)


def _mass_above(low: Array, high: Array, log_a: Any, order: int) -> EndTerms:
    """The same where ``low`` is either -inf or not much farther down than ``high``, or than where exp(z) underflows."""
    a, constant, lag, _ = of_shape(log_a)
    # So far down the density is a power, exp(a z), and the interval may be moved to where exp(z) does not underflow.
    with np.errstate(invalid="ignore"):
        shift = np.where(high < _LOWEST, _LOWEST - high, 0.0)
        low, high, lift = low + shift, high + shift, a * shift
    mass, by_a, by_a_twice = log_gamma_mass(a * np.exp(low), a * np.exp(high), a, order)
    mass = mass - lift
    if by_a is None or by_a_twice is None:
        return EndTerms(mass, 0.0, 0.0, 0.0, 0.0, 0.0)

    def at(z: Array) -> tuple[Array, Array, tuple[Array]]:
        excess = np.expm1(z)
        density = np.where(np.isfinite(z), a * (z - excess) + constant - lift, -np.inf)
        return density, -a * excess, (a * (z + lag) - lift,)

    with np.errstate(all="ignore"):
        by_log_a = a * by_a - lift
        end = end_terms(mass, at(low), at(high), (by_log_a,), (by_log_a + a * a * by_a_twice,))
        low_row, high_row = end.low_low + end.low_high, end.low_high + end.high_high
        return end._replace(
            s=(end.s[0] + end.low + end.high,),
            low_s=(end.low_s[0] + low_row,),
            high_s=(end.high_s[0] + high_row,),
            s_s=(end.s_s[0] + 2.0 * (end.low_s[0] + end.high_s[0]) + low_row + high_row,),
        )


def _without_power(whole: EndTerms, low: Array, log_a: Any, deep: Array, order: int) -> EndTerms:
    """From the mass up to an end that between two ends, in the rows where the lower one is ``deep``.

    Below it lies exp(a low) a^a/Γ(a + 1).
    """
    low = np.where(deep, low, 0.0)
    a = np.exp(log_a)
    log_below = a * (low + log_a) - special.gammaln(1.0 + a)
    with np.errstate(all="ignore"):
        gap = np.where(deep, log_below - whole.value, -np.inf)
        value = whole.value + log1mexp(gap)
        if not order:
            return whole._replace(value=value)
        # M = log(exp(A) - exp(B)) has M_x = p A_x - m B_x, M_xy = p A_xy - m B_xy - p m (A - B)_x (A - B)_y.
        m = 1.0 / np.expm1(-gap)
        p = 1.0 + m
        pull = a * (low + log_a + 1.0 - special.digamma(1.0 + a))
        bend = pull + a - a * a * special.polygamma(1, 1.0 + a)
        lead = whole.s[0] - pull
        less = EndTerms(
            value,
            -m * a,
            p * whole.high,
            -p * m * a * a,
            p * m * a * whole.high,
            p * whole.high_high - p * m * whole.high**2,
            (p * whole.s[0] - m * pull,),
            (m * a * (p * lead - 1.0),),
            (p * whole.high_s[0] - p * m * whole.high * lead,),
            (p * whole.s_s[0] - m * bend - p * m * lead**2,),
        )
    return EndTerms(*(chosen(deep, *pair) for pair in zip(less, whole, strict=True)))


def chosen(where: Array, one: Any, other: Any) -> Any:
    """Items of one record where told, and of another elsewhere."""
    if isinstance(one, tuple):
        return tuple(np.where(where, *pair) for pair in zip(one, other, strict=True))
    return np.where(where, one, other)


@remembered
def of_shape(log_a: Any) -> tuple[Any, ...]:
    """Of the shape alone: a, the log constant, log a - ψ(a), and a² ψ'(a) - a."""
    a = np.exp(log_a)
    constant = (0.5 * log_a - LOG_SQRT_2_PI) - stirling_remainder(a)
    return a, constant, log_minus_digamma(a), a * a * trigamma_minus_inverse(a)
