"""Penalties: what is added to a log-likelihood before it is maximised, most of them log densities of a prior."""

from __future__ import annotations

from thetahat.penalties._bound import BoundPenalty, PenaltyTerms
from thetahat.penalties._curvature import Curvature
from thetahat.penalties._layout import Coefficients, Layout
from thetahat.penalties._penalty import Penalty
from thetahat.penalties.firth import Firth
from thetahat.penalties.prior import Prior
from thetahat.penalties.ridge import Ridge

__all__ = [
    "BoundPenalty",
    "Coefficients",
    "Curvature",
    "Firth",
    "Layout",
    "Penalty",
    "PenaltyTerms",
    "Prior",
    "Ridge",
]
