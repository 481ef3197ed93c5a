"""How the score of all rows bends along a step, as a sample of the rows tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, GRADIENT
from thetahat.numerics.linear_algebra import SymmetricFactor

Vector = NDArray[np.float64]
LARGEST = 0.5
"""The share of a step that may be added to it; a larger one would tell that nothing is known of where it ends."""


class Bend:
    """Newton steps that are made longer or shorter by what a sample knows of third and higher derivatives.

    With score u and information A of all rows, and u_s and A_s of the sample times the share of rows that it stands
    for, Newton's step δ = A⁻¹u from x leaves over u(x + δ), which is nearly u_s(x + δ) - u_s(x) + A_s δ. A step by that
    much more leaves over what differs between sample and rows of it alone, so that a pass over all rows is spared. (As
    the sample's likelihood with its first two derivatives replaced: Jordan, Lee & Yang, 2019.)

    Parameters
    ----------
    sample
        The likelihood of some of the rows.
    share
        How many times as many rows there are.
    """

    def __init__(self, sample: Likelihood, share: float) -> None:
        self._sample = sample
        self._share = share

    def further(self, point: Vector, step: Vector, factor: SymmetricFactor) -> Vector:
        """Return a step with the bend, or the step itself where the sample does not tell.

        Parameters
        ----------
        point
            x.
        step
            δ.
        factor
            Of A.
        """
        here = self._sample.tally(point, DERIVATIVES)
        there = self._sample.tally(point + step, GRADIENT)
        if not here.finite or not there.finite:
            return step
        left = self._share * (there.score - here.score + here.information @ step)
        added = factor.solve(left)
        # In the metric of A, in which the step has the length √(uᵀδ).
        share = factor.half_square(left) / float(step @ self._metric(factor, step))
        return step + added if share <= 0.5 * LARGEST**2 else step

    @staticmethod
    def _metric(factor: SymmetricFactor, step: Vector) -> Vector:
        return np.asarray(factor.roots * (factor.scaled @ (factor.roots * step)))
