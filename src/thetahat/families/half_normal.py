"""The half-normal family: sizes of normal deviations from zero."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._contract import Known, Theta
from thetahat.families._root_gamma import RootGamma
from thetahat.families._support import NON_NEGATIVE
from thetahat.parameters import Parameter, Positive


@final
class HalfNormal(RootGamma):
    """Half-normal distribution: f(y) = √(2/π)/scale exp(-y²/(2 scale²)), y >= 0.

    The working coordinate is log scale. Mean scale √(2/π), variance (1 - 2/π) scale². The maximum is scale² =
    mean(y²); censored or not, the log-likelihood is concave in log scale (Prékopa, 1973).

    Examples
    --------
    >>> import thetahat as th
    >>> half_normal = th.HalfNormal(scale=2)
    >>> round(half_normal.mean(), 6)
    1.595769
    >>> round(half_normal.log_sf(200.0), 6)
    -5004.831062
    """

    declared = (Parameter("scale", Positive(), (0.01, 100.0)),)
    support = NON_NEGATIVE
    decreasing: ClassVar[bool] = True
    half_dimension: ClassVar[float] = 0.5
    spikes: ClassVar[str] = "at 0"

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """½ + log(scale √(π/2))."""
        return 0.5 + 0.5 * np.log(0.5 * np.pi) + np.log(theta[0])
