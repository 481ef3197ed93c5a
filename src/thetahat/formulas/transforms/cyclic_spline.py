"""Cyclic cubic regression splines."""

from __future__ import annotations

from typing import ClassVar, final

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._cubic_spline import CubicSpline


@final
@dataclass(frozen=True)
class CyclicSpline(CubicSpline):
    """``cc(x, df=)``: cubic splines whose ends meet with equal slope and curvature, for hours, months and angles.

    Set ``lower_bound`` and ``upper_bound`` to the period, such as 0 and 24: else it runs from the smallest to the
    largest value. The columns add up to one, so beside an intercept the first is left out.
    Wood (2006), section 4.1.3.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.formulas.transforms._transform import Summary
    >>> spline = CyclicSpline(knots=(8.0, 16.0), lower_bound=0.0, upper_bound=24.0)
    >>> state = spline.learn("cc(hour)", Summary.of(np.empty(0), keep=False))
    >>> spline.apply("cc(hour)", np.array([0.0, 16.0, 24.0]), state).round(12).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    spelled: ClassVar[tuple[str, ...]] = ("cc",)

    @property
    def cyclic(self) -> bool:
        """It has no ends."""
        return True
