"""Log mass of an interval under the standard Gumbel distribution, in its ends."""

from __future__ import annotations

import numpy as np
from scipy import special

from thetahat.families._terms import Array, EndTerms
from thetahat.numerics.elementary import expm1_minus, log1mexp


def gumbel_ends(low: Array, high: Array, gap: Array) -> EndTerms:
    """Return log(F(high) - F(low)), F(w) = exp(-exp(-w)), with its derivatives in both ends.

    With t = exp(-w) and d = t_low - t_high the mass is exp(-t_high)(1 - exp(-d)). Near the right tail t
    vanishes, so ratios such as t_low/d = 1/(1 - exp(-gap)) are taken from the gap, high - low, and log d from
    w.
    """
    with np.errstate(all="ignore"):
        t_high = np.exp(-high)
        log_share = np.log(-np.expm1(-gap))
        log_d = log_share - low
        d = np.exp(log_d)
        share_low = -1.0 / np.expm1(-gap)
        share_high = 1.0 / np.expm1(gap)
        decay = 1.0 / special.exprel(d)
        growth = np.where(d < 1e-8, 0.5 * d, np.where(d > 40.0, d - 1.0, d - expm1_minus(d) / np.expm1(d)))

        value = np.where(d < 1e-8, log_d - 0.5 * d, log1mexp(-d) - t_high)
        pull = share_low * decay
        push = share_high * decay
        by_high = t_high + push
        empty = np.isposinf(t_high)
        return EndTerms(
            np.where(empty, -np.inf, value),
            np.where(empty, 0.0, -pull),
            np.where(empty, 0.0, by_high),
            np.where(empty | (pull == 0), 0.0, -pull * share_low * (growth + np.exp(-gap))),
            np.where(empty | (by_high == 0), 0.0, pull * by_high),
            np.where(empty | (by_high == 0), 0.0, -by_high * (1.0 + push)),
        )
