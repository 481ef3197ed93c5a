"""Log mass of an interval under the standard logistic distribution, in its ends."""

from __future__ import annotations

import numpy as np
from scipy import special

from thetahat.families._terms import Array, EndTerms
from thetahat.numerics.elementary import log1mexp, softplus


def logistic_ends(low: Array, high: Array, gap: Array) -> EndTerms:
    """Return log(F(high) - F(low)), F = expit, with its derivatives in both ends; ``gap`` is high - low.

    The mass is (1 - exp(-gap)) (1 - F(low)) F(high), in which nothing cancels.
    """
    with np.errstate(all="ignore"):
        low, high, gap = np.broadcast_arrays(low, high, gap)
        share = np.where(np.isposinf(gap), 0.0, 1.0 / np.expm1(gap))
        mixed = np.where(np.isposinf(gap), 0.0, share * (1.0 + share))
        below, above = special.expit(low), special.expit(-high)
        return EndTerms(
            log1mexp(-gap) - softplus(low) - softplus(-high),
            -share - below,
            share + above,
            -mixed - below * special.expit(-low),
            mixed,
            -mixed - above * special.expit(high),
        )
