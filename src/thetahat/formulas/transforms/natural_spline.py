"""Natural cubic regression splines."""

from __future__ import annotations

from typing import ClassVar, final

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._cubic_spline import CubicSpline


@final
@dataclass(frozen=True)
class NaturalSpline(CubicSpline):
    """``cr(x, df=)`` (also ``cs``): cubic splines without curvature at their ends, by their values at the knots.

    The columns add up to one, so beside an intercept the first is left out. Wood (2006), section 4.1.2.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.formulas.transforms._transform import Summary
    >>> x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    >>> spline = NaturalSpline(df=3)
    >>> state = spline.learn("cr(x, df=3)", Summary.of(x, keep=True))
    >>> spline.apply("cr(x, df=3)", np.array([0.0, 2.0, 4.0]), state).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    spelled: ClassVar[tuple[str, ...]] = ("cr", "cs")

    @property
    def cyclic(self) -> bool:
        """It has two ends."""
        return False
