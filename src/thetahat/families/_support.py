"""The set of values that a family gives positive density or mass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Support:
    """An interval of the line or of the integers, with or without its ends.

    Examples
    --------
    >>> Support(0.0, np.inf, includes_lower=False).describe()
    'numbers above 0'
    """

    lower: float
    upper: float
    discrete: bool = False
    includes_lower: bool = True
    includes_upper: bool = True

    def contains(self, y: Any) -> NDArray[np.bool_]:
        """Whether each value lies in the support."""
        y = np.asarray(y)
        above = y >= self.lower if self.includes_lower else y > self.lower
        below = y <= self.upper if self.includes_upper else y < self.upper
        inside = above & below & np.isfinite(y)
        return inside & (y == np.floor(y)) if self.discrete else inside

    def spans(self, minimum: float, maximum: float) -> bool:
        """Whether a range of finite values lies inside; for integers the caller looks at wholeness."""
        above = minimum >= self.lower if self.includes_lower else minimum > self.lower
        below = maximum <= self.upper if self.includes_upper else maximum < self.upper
        return above and below

    def describe(self) -> str:
        """Say what a value must be, as a plural."""
        noun = "whole numbers" if self.discrete else "numbers"
        low, high = self.lower, self.upper
        if np.isneginf(low) and np.isposinf(high):
            return f"finite {noun}"
        if np.isposinf(high):
            return f"{noun} {'from' if self.includes_lower else 'above'} {low:g}{' up' if self.includes_lower else ''}"
        if self.includes_lower and self.includes_upper:
            return f"{noun} from {low:g} to {high:g}"
        first = f"{'from' if self.includes_lower else 'above'} {low:g}"
        return f"{noun} {first} and {'up to' if self.includes_upper else 'below'} {high:g}"


REAL_LINE = Support(-np.inf, np.inf)
POSITIVE = Support(0.0, np.inf, includes_lower=False)
NON_NEGATIVE = Support(0.0, np.inf)
UNIT_INTERVAL = Support(0.0, 1.0, includes_lower=False, includes_upper=False)
COUNTS = Support(0.0, np.inf, discrete=True)
FROM_ONE = Support(1.0, np.inf, discrete=True)
INTEGERS = Support(-np.inf, np.inf, discrete=True)
BINARY = Support(0.0, 1.0, discrete=True)
