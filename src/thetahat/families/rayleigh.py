"""The Rayleigh family: lengths of normal vectors in the plane, such as wave heights and wind speeds."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import EULER
from thetahat.families._root_gamma import RootGamma
from thetahat.families._support import POSITIVE
from thetahat.parameters import Parameter, Positive


@final
class Rayleigh(RootGamma):
    """Rayleigh distribution: f(y) = y/scale² exp(-y²/(2 scale²)), y > 0.

    The working coordinate is log scale. Mean scale √(π/2), variance (2 - π/2) scale². The maximum is scale² =
    mean(y²)/2; censored or not, the log-likelihood is concave in log scale (Prékopa, 1973).

    Examples
    --------
    >>> import thetahat as th
    >>> rayleigh = th.Rayleigh(scale=2)
    >>> round(rayleigh.mean(), 6)
    2.506628
    >>> round(rayleigh.log_sf(200.0), 6)
    -5000.0
    """

    declared = (Parameter("scale", Positive(), (0.01, 100.0)),)
    support = POSITIVE
    half_dimension: ClassVar[float] = 1.0
    spikes: ClassVar[str] = "nowhere"

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + γ/2 + log(scale/√2)."""
        return 1.0 + 0.5 * EULER + np.log(np.asarray(theta[0]) / np.sqrt(2.0))
