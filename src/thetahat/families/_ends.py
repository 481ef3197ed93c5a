"""Families whose two parameters are the ends of their support, which the outermost values estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from thetahat.families._censored_ends import Covering, Ends, best_ends
from thetahat.families._contract import Known, Theta
from thetahat.families._entered_ends import Entered, best_entered_ends
from thetahat.families._family import Family
from thetahat.families._mixed_ends import Mixed
from thetahat.families._mixed_search import best_mixed_ends
from thetahat.families._survey import Survey
from thetahat.families._terms import Coordinates
from thetahat.numerics.namespace import namespace


class BetweenEnds(Family):
    """Parameters ``low`` and ``high``; ℓ rises as they close in, until they meet the outermost values."""

    edges: ClassVar[tuple[str, ...]] = ("low", "high")
    regressed: ClassVar[bool] = False
    ends_truncated: ClassVar[bool] = True
    between_ends: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "the density falls as its support grows beyond the outermost values"
    uniqueness_truncated: ClassVar[str | None] = (
        "no row's density between its limits falls as the ends close in on the outermost values"
    )
    strictly: ClassVar[bool]
    """Whether low must lie below high, or may be equal to it."""

    def misplaced(self, values: Mapping[str, Any]) -> str | None:
        """Ends in the wrong order."""
        if not {"low", "high"} <= values.keys() or namespace(values["low"], values["high"]).is_jax:
            return None
        low, high = np.asarray(values["low"]), np.asarray(values["high"])
        if np.all(low < high if self.strictly else low <= high):
            return None
        return f"low must {'lie below' if self.strictly else 'not exceed'} high"

    def regularity(self, theta: Theta) -> str:
        """The support ends at the parameters, which are learned at the rate 1/n."""
        return "edge"

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The smallest and the largest value."""
        return survey.minimum, survey.maximum

    def solve_given(self, survey: Survey, known: Known, fixed: Mapping[str, Any]) -> Theta | None:
        """Each end by itself; None where a fixed one leaves a value outside."""
        low = float(fixed.get("low", survey.minimum))
        high = float(fixed.get("high", survey.maximum))
        return (low, high) if low <= survey.minimum and survey.maximum <= high else None

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """The outermost values of exact rows between limits; others have a closed form, or a search of their own."""
        if not (survey.truncated and survey.all_exact):
            return {}
        return {"low": survey.minimum, "high": survey.maximum}

    def ends_of_rows(self, rows: Covering, fixed: Mapping[str, Any]) -> Ends | None:
        """By the signs of one-sided slopes."""
        low, high = (None if name not in fixed else float(fixed[name]) for name in self.edges)
        return best_ends(rows, low, high)

    def ends_of_entered(self, rows: Entered | Mixed, fixed: Mapping[str, Any]) -> Ends | None:
        """By bounds: between any two values of the end towards which rows are open, or over boxes of both ends."""
        low, high = (None if name not in fixed else float(fixed[name]) for name in self.edges)
        if isinstance(rows, Mixed):
            return best_mixed_ends(rows, low, high)
        return best_entered_ends(rows, low, high)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """None exists: the score does not have the mean 0."""
        none = np.full(np.broadcast_shapes(np.shape(eta[0]), np.shape(eta[1])), np.nan)
        return none, none, none

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """A little outside the outermost points."""
        low, high = float(np.min(points)), float(np.max(points))
        gap = max(0.05 * (0.5 * high - 0.5 * low), 1e-3 * max(abs(low), abs(high)), 1e-300)
        return self.outwards(low - gap, high + gap)

    def outwards(self, low: float, high: float) -> Theta:
        """Ends that the parameters may take at or beyond these."""
        return low, high
