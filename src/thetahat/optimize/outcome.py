"""What an optimisation ends in: a point, its tally and its certificate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models import Tally
from thetahat.optimize._optimizer import Trace
from thetahat.optimize.certificate import Certificate

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A point and what is known of it.

    ``natural`` holds the estimates by entry name, with an edge or an infinity where the verdict says so.
    ``regular``
    tells which free coordinates have curvature that may be read as uncertainty; ``information`` is over
    those.
    """

    natural: Mapping[str, float]
    point: Vector
    value: float
    tally: Tally
    regular: NDArray[np.bool_]
    information: NDArray[np.float64]
    certificate: Certificate
    trace: tuple[Trace, ...]
