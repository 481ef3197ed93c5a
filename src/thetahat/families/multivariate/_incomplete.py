"""The normal density of what is known of each row, with its derivatives, by patterns of what is known.

With S = L Lᵀ, L = diag(e) R and x = (y - μ)/e as in ``_elliptical.py``, the columns O that are known have the scatter
T_O of T = R Rᵀ. Padded with zeros, P = T_O⁻¹ and v = P x; then for a coordinate in which L moves by diag(e) K, T moves
by E = K Rᵀ + R Kᵀ, and over rows of one pattern with Σ w = n, Σ w x = s, Σ w x xᵀ = C and Q = P C P

    ∂ℓ/∂μ = P s/e,    ∂ℓ/∂φ_i = tr(G E_i),  G = (Q - n P)/2,
    -∂²ℓ/∂μ² = n P/(e eᵀ),    -∂²ℓ/∂μ ∂φ_i = P E_i P s/e,    -∂²ℓ/∂φ_i ∂φ_j = tr(E_i P E_j (Q - n P/2)) - tr(G ∂²T).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families.multivariate._patterns import Flags, patterns
from thetahat.numerics.lower_triangle import inverse_lower
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import PositiveDefinite

Array = NDArray[Any]


class Part(NamedTuple):
    """The rows of one pattern: their places, the columns known, x of these, L_O⁻¹ of T_O = L_O L_Oᵀ and log |S_O|/2."""

    places: NDArray[np.intp]
    columns: NDArray[np.intp]
    x: Array
    inverse: Array
    log_root: float


@dataclass(frozen=True)
class Incomplete:
    """S by its factor: ``scales`` e and ``ratios`` R."""

    scales: Array
    ratios: Array

    @classmethod
    def of(cls, domain: PositiveDefinite, free: Array) -> Incomplete:
        """That of the free coordinates of S."""
        return cls(*domain.scales_and_ratios(free))

    @property
    def size(self) -> int:
        """How many columns there are."""
        return int(self.scales.size)

    @cached_property
    def moves(self) -> Array:
        """K of each coordinate: row a of R in log e_a, one entry in R_ab."""
        rows, columns = np.tril_indices(self.size)
        moves = np.zeros((rows.size, self.size, self.size))
        at = np.arange(rows.size)
        moves[at, rows, columns] = 1.0
        diagonal = np.flatnonzero(rows == columns)
        moves[diagonal, np.arange(self.size)] = self.ratios
        return moves

    @cached_property
    def turns(self) -> Array:
        """E of each coordinate."""
        half = self.moves @ self.ratios.T
        return np.asarray(half + half.transpose(0, 2, 1))

    def parts(self, beyond: Array, known: Flags) -> Iterator[Part]:
        """Rows y - μ by pattern."""
        for flags, places in patterns(known):
            columns = np.flatnonzero(flags)
            if columns.size == self.size:
                lower = self.ratios
            else:
                # The triangle of R_Oᵀ is L_Oᵀ but for signs, without the squares of R_O R_Oᵀ.
                upper = np.asarray(np.linalg.qr(self.ratios[columns].T, mode="r"))
                lower = upper.T * np.where(np.diagonal(upper) < 0, -1.0, 1.0)
            x = beyond[np.ix_(places, columns)] / self.scales[columns]
            log_root = np.log(self.scales[columns]).sum() + np.log(np.diagonal(lower)).sum()
            yield Part(places, columns, x, inverse_lower(lower), float(log_root))

    def values(self, beyond: Array, known: Flags) -> Array:
        """Log density of each row."""
        found = np.zeros(beyond.shape[0])
        for part in self.parts(beyond, known):
            found[part.places] = _values(part)
        return found

    def scores(self, beyond: Array, known: Flags) -> Array:
        """∂ log density of each row: with u = Rᵀ v, v_a u_b - (P R)_ab in R_ab, and v_a x_a - 1 in log e_a."""
        rows, columns = np.tril_indices(self.size)
        own = rows == columns
        found = np.zeros((beyond.shape[0], self.size + rows.size))
        for part in self.parts(beyond, known):
            v, x = np.zeros((2, part.places.size, self.size))
            v[:, part.columns] = part.x @ (part.inverse.T @ part.inverse)
            x[:, part.columns] = part.x
            u = v @ self.ratios
            precision = np.zeros((self.size, self.size))
            precision[part.columns] = (part.inverse.T @ part.inverse) @ self.ratios[part.columns]
            there = np.isin(rows, part.columns)
            other = np.where(own, x[:, rows], u[:, columns])
            found[part.places] = np.concatenate(
                [v / self.scales, v[:, rows] * other - np.where(own, there, precision[rows, columns])],
                axis=1,
            )
        return found

    def summed(self, beyond: Array, known: Flags, weight: Array) -> tuple[Array, Array, Array]:
        """Log density of each row, and over rows Σ w u and -Σ w ∂²ℓ."""
        size = self.size
        values = np.zeros(beyond.shape[0])
        k = size + self.moves.shape[0]
        score, information = np.zeros(k), np.zeros((k, k))
        slope = np.zeros((size, size))
        for part in self.parts(beyond, known):
            values[part.places] = _values(part)
            w = weight[part.places]
            # Of z = L_O⁻¹ x, whose moments have no unit.
            z = part.x @ part.inverse.T
            total, first, second = float(np.add.reduce(w)), w @ z, (z * w[:, np.newaxis]).T @ z
            slope[np.ix_(part.columns, part.columns)] += self._add(
                part, total, first, second, score, information
            )
        self._finish(slope, score, information)
        return values, score, information

    def expected(self, known: Flags, weight: Array) -> Array:
        """-Σ w E ∂²ℓ, given which columns are known."""
        k = self.size + self.moves.shape[0]
        information = np.zeros((k, k))
        for part in self.parts(np.zeros(known.shape), known):
            total = float(np.add.reduce(weight[part.places]))
            n = part.columns.size
            self._add(part, total, np.zeros(n), total * np.eye(n), np.zeros(k), information)
        return information

    def _add(
        self, part: Part, total: float, first: Array, second: Array, score: Array, information: Array
    ) -> Array:
        """Add a pattern's share of what is in μ and of tr(E P E B); return its G."""
        columns, inverse = part.columns, part.inverse
        precision = inverse.T @ inverse
        scales = self.scales[columns]
        pulled = inverse.T @ first
        score[columns] += pulled / scales
        information[np.ix_(columns, columns)] += total * precision / np.outer(scales, scales)
        turns = self.turns[:, columns[:, np.newaxis], columns]
        information[columns, self.size :] += precision @ (turns @ pulled).T / scales[:, np.newaxis]
        square = inverse.T @ second @ inverse
        turned = ((square - 0.5 * total * precision) @ turns @ precision).reshape(turns.shape[0], -1)
        information[self.size :, self.size :] += turned @ turns.reshape(turns.shape[0], -1).T
        return np.asarray(0.5 * (square - total * precision))

    def _finish(self, slope: Array, score: Array, information: Array) -> None:
        """Add what is linear in G: the score of S's coordinates, and the bends of T."""
        size, moves = self.size, self.moves
        rows, columns = np.tril_indices(size)
        along = slope @ self.ratios
        score[size:] = 2.0 * np.einsum("iab,ab->i", moves, along)
        turned = (slope @ moves).reshape(moves.shape[0], -1)
        bends = 2.0 * turned @ moves.reshape(moves.shape[0], -1).T
        # L_ab = exp(log e_a) R_ab bends too.
        own = np.flatnonzero(rows == columns)
        bends[own, own] += 2.0 * (self.ratios * along).sum(axis=1)
        for at in np.flatnonzero(rows != columns).tolist():
            a = own[rows[at]]
            bends[a, at] += 2.0 * along[rows[at], columns[at]]
            bends[at, a] += 2.0 * along[rows[at], columns[at]]
        information[size:, size:] -= bends
        information[size:, :size] = information[:size, size:].T


def _values(part: Part) -> Array:
    z = part.x @ part.inverse.T
    constant = part.log_root + part.columns.size * LOG_SQRT_2_PI
    return np.asarray(-0.5 * np.einsum("ij,ij->i", z, z) - constant)


def traced_values(xp: Any, scales: Any, ratios: Any, beyond: Any, known: Any) -> Any:
    """Log density of each row, NumPy's or JAX's, by a factor of each, what is not known being noise of its own."""
    flags = known * 1.0
    scatter = (ratios @ ratios.T) * flags[:, :, None] * flags[:, None, :]
    lower = xp.cholesky(scatter + (1.0 - flags)[:, :, None] * np.eye(scales.shape[0]))
    x = beyond / scales * flags
    total: Any = -(flags * (xp.log(scales) + LOG_SQRT_2_PI)).sum(axis=1)
    parts: list[Any] = []
    for a in range(scales.shape[0]):
        left = x[:, a]
        for b, held in enumerate(parts):
            left = left - lower[:, a, b] * held
        parts.append(left / lower[:, a, a])
        total = total - xp.log(lower[:, a, a]) - 0.5 * xp.square(parts[-1])
    return total
