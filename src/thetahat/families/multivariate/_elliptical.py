"""The squared distance q = (y - μ)ᵀ S⁻¹ (y - μ) of rows, with its derivatives in μ and in the coordinates of S.

With S = L Lᵀ and L = diag(e) R, R's diagonal 1, the coordinates are log e_a and R_ab. Then z = R⁻¹ ((y - μ)/e) has
q = |z|², and with v = R⁻ᵀ z and ξ = R z

    ∂q/∂μ_a = -2 v_a/e_a,    ∂q/∂R_ab = -2 v_a z_b,    ∂q/∂log e_a = -2 v_a ξ_a,

so that, whatever the columns are measured in, all but the first are free of units.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.numerics.lower_triangle import inverse_lower
from thetahat.parameters import PositiveDefinite

Array = NDArray[Any]


@dataclass(frozen=True)
class Ellipse:
    """S by its factor: ``scales`` e and ``ratios`` R."""

    scales: Array
    ratios: Array

    @classmethod
    def of(cls, domain: PositiveDefinite, free: Array) -> Ellipse:
        """That of the free coordinates of S."""
        return cls(*domain.scales_and_ratios(free))

    @property
    def size(self) -> int:
        """How many columns there are."""
        return int(self.scales.size)

    @cached_property
    def inverse(self) -> Array:
        """R⁻¹."""
        return inverse_lower(self.ratios)

    @cached_property
    def triangle(self) -> tuple[Array, Array]:
        """Rows and columns of the entries of the lower triangle."""
        return np.tril_indices(self.size)

    def whitened(self, rows: Array) -> Array:
        """z of rows y - μ, (n, size)."""
        return np.asarray((rows / self.scales) @ self.inverse.T)

    def slopes(self, z: Array) -> Array:
        """∂q of each row: by μ, then by the coordinates of S in their order."""
        rows, columns = self.triangle
        v, along = z @ self.inverse, z @ self.ratios.T
        other = np.where(rows == columns, along[:, rows], z[:, columns])
        return np.concatenate([v / self.scales, v[:, rows] * other], axis=1) * -2.0

    def summed_slopes(self, first: Array, second: Array) -> Array:
        """Σ ω ∂q over rows with Σ ω z = first and Σ ω z zᵀ = second."""
        rows, columns = self.triangle
        crossed = self.inverse.T @ second
        along = np.einsum("ab,ab->a", crossed, self.ratios)
        other = np.where(rows == columns, along[rows], crossed[rows, columns])
        return np.concatenate([self.inverse.T @ first / self.scales, other]) * -2.0

    def bends(self, total: float, first: Array, second: Array) -> Array:
        """Σ ω ∂²q over rows with Σ ω = total, Σ ω z = first and Σ ω z zᵀ = second."""
        size, (a, b) = self.size, self.triangle
        q, gram = self.inverse, self.inverse.T @ self.inverse
        crossed = q.T @ second
        # Half of what ∂q/∂ρ_ab and ∂q/∂ρ_cd make where L_ab = e_a ρ_ab, the diagonal's too.
        bends = np.zeros((size + a.size,) * 2)
        bends[size:, size:] = (
            q[b[np.newaxis, :], a[:, np.newaxis]] * crossed[a[np.newaxis, :], b[:, np.newaxis]]
            + gram[np.ix_(a, a)] * second[np.ix_(b, b)]
            + crossed[a[:, np.newaxis], b[np.newaxis, :]] * q[b[:, np.newaxis], a[np.newaxis, :]]
        )
        mixed = (gram[a] * first[b][:, np.newaxis] + (q.T @ first)[a][:, np.newaxis] * q[b]) / self.scales
        bends[size:, :size], bends[:size, size:] = mixed, mixed.T
        bends[:size, :size] = total * gram / self.scales / self.scales[:, np.newaxis]
        bends = self._chained(2.0 * bends)
        # L_ab = exp(log e_a) R_ab bends too.
        slopes = -2.0 * crossed[a, b]
        own, ratios = self._own, self.ratios[a, b]
        at = size + np.arange(a.size)
        np.add.at(bends, (own, own), slopes * ratios)
        off = a != b
        bends[own[off], at[off]] += slopes[off]
        bends[at[off], own[off]] += slopes[off]
        return np.asarray(bends)

    def outer(self, first: float, fourth: float) -> Array:
        """E ω ∂q ∂qᵀ of spherical z with E ω z zᵀ = first·I and E ω z_i z_j z_k z_l = fourth·(sums of pairs)."""
        size, (a, b) = self.size, self.triangle
        q, gram = self.inverse, self.inverse.T @ self.inverse
        outer = np.zeros((size + a.size,) * 2)
        outer[:size, :size] = first * gram / self.scales / self.scales[:, np.newaxis]
        own = q[b, a]
        outer[size:, size:] = fourth * (
            np.outer(own, own)
            + gram[np.ix_(a, a)] * (b[:, np.newaxis] == b)
            + q[b[np.newaxis, :], a[:, np.newaxis]] * q[b[:, np.newaxis], a[np.newaxis, :]]
        )
        return self._chained(4.0 * outer)

    @cached_property
    def _own(self) -> Array:
        """For each entry of the triangle, the coordinate of its row's scale."""
        rows, columns = self.triangle
        return np.asarray(self.size + np.flatnonzero(rows == columns)[rows])

    def _chained(self, matrix: Array) -> Array:
        """From derivatives in all L_ab/e_a to those in the coordinates: log e_a moves the whole row."""
        rows, columns = self.triangle
        starts = self.size + np.flatnonzero(columns == 0)
        own = self.size + np.flatnonzero(rows == columns)
        ratios = self.ratios[rows, columns]
        for side in (matrix, matrix.T):
            # Rows of the triangle are neighbours; each sum takes the place of the diagonal's own.
            side[own] = np.add.reduceat(side[self.size :] * ratios[:, np.newaxis], starts - self.size, axis=0)
        return matrix
