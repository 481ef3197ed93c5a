"""What a search from a start of the user's own may claim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thetahat.optimize.certificate import Verdict
from thetahat.optimize.outcome import Outcome

ROUNDING = 1e-9
"""In nats a row, what one value must be above another to be higher."""


def from_elsewhere_too(outcome: Outcome, usual: Callable[[], Outcome], n_obs: float) -> Outcome:
    """The outcome of a given start if it is a maximum, else what the usual start leads to where that is no lower.

    A search that begins far from all maxima says nothing of whether there is one.
    """
    if outcome.certificate.verdict is Verdict.MAXIMUM:
        return outcome
    other = usual()
    higher = np.isfinite(outcome.value) and outcome.value > other.value + ROUNDING * n_obs
    if other.certificate.verdict is Verdict.MAXIMUM:
        proved = outcome.certificate.verdict in {Verdict.AT_INFINITY, Verdict.BOUNDARY}
        return outcome if proved and higher else other
    return outcome if higher else other
