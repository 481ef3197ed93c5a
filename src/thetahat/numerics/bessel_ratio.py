"""Modified Bessel functions of any order and their ratio, in log space and free of cancellation.

Of an order N with w² = N² + κ² not small, Debye's expansion (Olver, 1974, section 10.7) is taken in its logarithm, as a
series in 1/w whose coefficients are polynomials in x = N²/w²: in this form it holds for every N from 0 up, and is
Hankel's expansion at N = 0. From there the ratio I_{ν+1}/I_ν is recurred down to the order wanted, the direction in
which errors fade (Gautschi, 1967).
"""

from __future__ import annotations

from functools import cache
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WIDE = 24.0
"""The smallest w at which the expansion has all digits."""
TERMS = 20
"""As many as still help there: the last is 3e-17 of the first."""


class BesselTerms(NamedTuple):
    """At order ν: log I_ν(κ) - ν log κ - κ; the ratio A = I_{ν+1}(κ)/I_ν(κ); κ (1 - A); and κ² dA/dκ."""

    log_value: float
    ratio: float
    lack: float
    spread: float


def bessel_terms(order: float, kappa: float) -> BesselTerms:
    """Return the logarithm of a modified Bessel function, less what is simple of it, and the ratio to the next.

    Parameters
    ----------
    order
        ν, from 0 up.
    kappa
        κ, above 0.

    Examples
    --------
    >>> terms = bessel_terms(0.5, 2.0)
    >>> bool(abs(terms.ratio - (1 / np.tanh(2.0) - 0.5)) < 1e-15)
    True
    """
    steps = steps_up(order, kappa)
    log_value, ratio, lack, spread = debye(np, order + steps, kappa)
    for step in range(steps - 1, -1, -1):
        twice = 2.0 * (order + step + 1.0)
        below = twice + kappa * ratio
        lack = kappa * (twice - lack) / below
        ratio = kappa / below
        spread = ratio * ratio * (twice - spread)
        log_value = log_value + np.log(below)
    return BesselTerms(float(log_value), float(ratio), float(lack), float(spread))


def steps_up(order: float, kappa: float) -> int:
    """How far up the order has to go."""
    return max(0, ceil(sqrt(max(WIDE * WIDE - kappa * kappa, 0.0)) - order))


def debye(xp: Any, order: float, kappa: Any) -> tuple[Any, Any, Any, Any]:
    """The terms by the expansion; N - w and the like are written as what is left of them."""
    slopes, values, falls = _series()
    w = xp.sqrt(order * order + kappa * kappa)
    x, rest = (order / w) ** 2, (kappa / w) ** 2
    powers = (1.0 / w) ** np.arange(1, TERMS + 1)
    squares = x ** np.arange(TERMS + 1)
    log_value = order * order / (w + kappa) - order * xp.log(order + w) - 0.5 * xp.log(2.0 * np.pi * w)
    log_value = log_value + powers @ (values @ squares)
    # κ d/dκ of the series, and once more.
    q = slopes @ squares
    once = -rest * (powers @ q)
    twice = -rest * (
        powers @ ((2.0 * x - rest * np.arange(1, TERMS + 1)) * q - 2.0 * rest * (falls @ squares))
    )
    lack = order * (kappa / (w + order) + 1.0) * kappa / (w + kappa) + 0.5 * rest - once
    ratio = kappa * (1.0 / (w + order) - (0.5 + powers @ q) / (w * w))
    spread = order * rest / (1.0 + order / w) + rest * (0.5 - x) + twice - once
    return log_value, ratio, lack, spread


@cache
def _series() -> tuple[Array, Array, Array]:
    """Coefficients in x of the polynomials beside w^-k: of t d/dt of the log series, of it, and of x d/dx of the first.

    With t = N/w the series' slope g = Σ g_k N^-k solves a Riccati equation, from which g_1 = (1 - 5t²)/8 and

        g_{k+1} = t² (1 - t²)(g_k' + Σ g_i g_{k-i})/2 + (t - 2t³) g_k.

    8^k g_k has whole coefficients, which alternate and cancel: they are made exactly.
    """
    # Of g_k the coefficients of t^(k - 1), t^(k + 1), ..., t^(3k - 1), times 8^k.
    exact = [[1, -5]]
    for k in range(1, TERMS):
        inner = [0] * (k + 1)
        for i in range(1, k):
            for a, first in enumerate(exact[i - 1]):
                for b, second in enumerate(exact[k - i - 1]):
                    inner[a + b] += first * second
        following = [0] * (k + 2)
        for at, coefficient in enumerate(exact[-1]):
            # t² (1 - t²) g_k' raises the power by 1 and 3, as (t - 2t³) g_k does.
            own = 4 * (k - 1 + 2 * at) * coefficient + 8 * coefficient
            following[at] += own
            following[at + 1] -= own + 8 * coefficient
        for at, coefficient in enumerate(inner):
            # Σ g_i g_{k-i} begins with t^(k - 2), and t² with 1 beyond it.
            following[at] += 4 * coefficient
            following[at + 1] -= 4 * coefficient
        exact.append(following)
    slopes, values = np.zeros((2, TERMS, TERMS + 1))
    for k, coefficients in enumerate(exact, start=1):
        for at, coefficient in enumerate(coefficients):
            slopes[k - 1, at] = coefficient / 8**k
            values[k - 1, at] = coefficient / (8**k * (k + 2 * at))
    return slopes, values, slopes * np.arange(TERMS + 1)
