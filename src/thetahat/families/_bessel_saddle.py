"""The mass of a difference of two Poisson counts where they are large, by Debye's expansion of the Bessel function.

I_ν(x) has an expansion in 1/s, s = √(ν² + x²), that holds for all ν from 0 and x from 0 together (Abramowitz &
Stegun, 1964, 9.7.7). With N₁ and N₂ such that N₁ - N₂ = y and N₁ N₂ = rate₁ rate₂, so that N₁ + N₂ = s, its leading
terms make the log mass -D(N₁, rate₁) - D(N₂, rate₂) - log(2πs)/2 with D half the deviance of a Poisson count: nothing
cancels.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np

from thetahat.families._saddle import half_deviance
from thetahat.families._terms import Array
from thetahat.numerics.elementary import horner
from thetahat.numerics.namespace import NUMPY

SMALLEST = 100.0
"""The s from which on the terms kept leave less than rounding."""
_TERMS = 8
_ROUNDING = 38.0
"""Minus the log of what is no more to be seen, with a margin for the coefficients."""

Polynomial = list[Fraction]


class SaddleTerms(NamedTuple):
    """Log mass, E[N₁ | y] - rate₁ and E[N₂ | y] - rate₂, and the variance of either count given y."""

    value: Array
    first: Array
    second: Array
    spread: Array


def log_skellam(y: Array, log_rate1: Array, log_rate2: Array, order: int) -> SaddleTerms:
    """Where s is ``SMALLEST`` or more; at order 0 only the value is meant."""
    rate1, rate2 = np.exp(log_rate1), np.exp(log_rate2)
    half = np.exp(0.5 * (log_rate1 + log_rate2))
    s = np.hypot(y, 2.0 * half)
    larger = 0.5 * (s + np.abs(y))
    smaller = half * (half / larger)
    n1, n2 = np.where(y < 0, smaller, larger), np.where(y < 0, larger, smaller)
    gap = y - (rate1 - rate2)
    beyond1, beyond2 = gap * (rate1 / (rate1 + n2)), -gap * (rate2 / (rate2 + n1))
    # q = ν²/s² is the coordinate of the coefficients; w = log(rate₁ rate₂) moves s and q.
    q, rest = np.square(y / s), np.square(2.0 * half / s)
    value = (
        -half_deviance(NUMPY, n1, -beyond1, log_rate1)
        - half_deviance(NUMPY, n2, -beyond2, log_rate2)
        - 0.5 * np.log(2.0 * np.pi * s)
    )
    n_terms = min(_TERMS, int(np.ceil(_ROUNDING / np.log(np.min(s, initial=np.inf))))) if s.size else 0
    shift, spread = -0.25 * rest, 0.25 * rest * (s - q)
    power = np.ones_like(s)
    for corrections in _corrections()[:n_terms]:
        power = power / s
        value = value + power * horner(corrections[0], q)
        if order:
            shift = shift + power * horner(corrections[1], q)
            spread = spread + power * horner(corrections[2], q)
    return SaddleTerms(value, beyond1 + shift, beyond2 + shift, spread)


@cache
def _corrections() -> list[tuple[Array, Array, Array]]:
    """Coefficients in q of the terms of log Σ U_k/ν^k in 1/s, and of their two derivatives in w."""
    terms = [[Fraction(1)]]
    for k in range(_TERMS):
        terms.append(_next(terms[k], k))
    logs: list[Polynomial] = [[Fraction(0)]]
    for k in range(1, _TERMS + 1):
        found = terms[k]
        for j in range(1, k):
            found = _plus(found, [-Fraction(j, k) * item for item in _times(logs[j], terms[k - j])])
        logs.append(found)
    result = []
    for k in range(1, _TERMS + 1):
        slope = _along(logs[k], k)
        result.append(
            tuple(np.array([float(item) for item in part]) for part in (logs[k], slope, _along(slope, k)))
        )
    return [(a, b, c) for a, b, c in result]


def _next(term: Polynomial, k: int) -> Polynomial:
    """C_{k+1} from C_k, where U_k(p) = p^k C_k(p²): U_{k+1} = p²(1 - p²) U_k'/2 + ∫ (1 - 5t²) U_k/8 from 0 to p."""
    found = [Fraction(0)] * (len(term) + 1)
    for i, item in enumerate(term):
        power = k + 2 * i
        found[i] += item * Fraction(power, 2) + item / 8 / (power + 1)
        found[i + 1] -= item * Fraction(power, 2) + 5 * item / 8 / (power + 3)
    return found


def _along(term: Polynomial, k: int) -> Polynomial:
    """The derivative of term(q)/s^k in w, times s^k: ds/dw = s (1 - q)/2 and dq/dw = -q (1 - q)."""
    slope = [-(i + Fraction(k, 2)) * item for i, item in enumerate(term)]
    return _plus(slope, [Fraction(0), *(-item for item in slope)])


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    found = [Fraction(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            found[i + j] += a * b
    return found


def _plus(left: Polynomial, right: Polynomial) -> Polynomial:
    size = max(len(left), len(right))
    padded = [part + [Fraction(0)] * (size - len(part)) for part in (left, right)]
    return [a + b for a, b in zip(*padded, strict=True)]
