"""The curve of a profile likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile log-likelihood of one parameter.

    ``signed_roots`` are sign(θ - θ̂) √(2(ℓ(θ̂) - ℓ_profile(θ))), a straight line where the Wald interval is exact.
    Both are NaN from where on the search for the other parameters' maximum did not converge.
    """

    name: str
    values: Vector
    log_likelihoods: Vector
    signed_roots: Vector
    estimate: float
    maximum: float

    def plot(self, axes: Any = None) -> Any:
        """Draw the curve below its maximum, with the 95 % cut; returns the axes."""
        from thetahat._lazy import load

        if axes is None:
            axes = load("matplotlib.pyplot", "a plot").subplots()[1]
        axes.plot(self.values, self.log_likelihoods - self.maximum, color="#1f4e79")
        axes.axhline(-0.5 * float(special.chdtri(1, 0.05)), color="#b04a2f", linewidth=0.8, linestyle="--")
        axes.set_xlabel(self.name)
        axes.set_ylabel("profile log-likelihood below its maximum")
        return axes
