"""The contract of a bound penalty: what a penalty is for the parameters of one model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.penalties._curvature import Curvature

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]


class PenaltyTerms(NamedTuple):
    """A penalty at a point of the free scale: its value, its gradient, and minus its second derivatives."""

    value: float
    gradient: Vector
    curvature: Curvature


class BoundPenalty(ABC):
    """A function of the free coordinates that is added to ℓ.

    ``penalised`` tells which coordinates it holds: with the others fixed, it falls without bound as they run away.
    ``floor`` is a number that its curvature in those coordinates nowhere falls below, 0 where there is none.
    ``concave`` tells whether it is so on the free scale.
    """

    penalised: Mask
    floor: float
    concave: bool

    @abstractmethod
    def terms(self, free: Vector) -> PenaltyTerms:
        """Return value, gradient and curvature at a point."""
