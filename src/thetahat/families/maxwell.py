"""The Maxwell family: lengths of normal vectors in space, such as the speeds of molecules."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import EULER
from thetahat.families._root_gamma import RootGamma
from thetahat.families._support import POSITIVE
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive


@final
class Maxwell(RootGamma):
    """Maxwell distribution: f(y) = √(2/π) y²/scale³ exp(-y²/(2 scale²)), y > 0.

    The working coordinate is log scale. Mean 2 scale √(2/π), variance (3 - 8/π) scale². The maximum is scale²
    = mean(y²)/3; censored or not, the log-likelihood is concave in log scale (Prékopa, 1973).

    Examples
    --------
    >>> import thetahat as th
    >>> maxwell = th.Maxwell(scale=2)
    >>> round(maxwell.mean(), 6)
    3.191538
    >>> round(maxwell.log_sf(200.0), 6)
    -4995.620521
    """

    declared = (Parameter("scale", Positive(), (0.01, 100.0)),)
    support = POSITIVE
    half_dimension: ClassVar[float] = 1.5
    spikes: ClassVar[str] = "nowhere"

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """γ - ½ + log(scale √(2π))."""
        return EULER - 0.5 + LOG_SQRT_2_PI + np.log(theta[0])
