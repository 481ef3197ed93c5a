"""Linear programmes over a cone of many rows and few coordinates, solved on a growing subset of the rows."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.optimize.separation.rows import Array, Conditions

_FEASIBLE = 1e-10
"""The tightest tolerance that HiGHS takes."""
_TIE = 1e-9
"""The part of a row below which it counts as zero along a direction: ten times what the linear programme promises, and
a thousandth of an overlap of one in a million, which must not be overlooked."""
_ROUNDING = 8 * float(np.finfo(np.float64).eps)
_CERTAIN = 1e-7
"""The largest gain, of a sum of rows scaled to 1, that a certificate may leave open."""
_EXPLICIT = 20_000_000
"""Up to so many entries rows are kept in the coordinates of the cone."""
_WHITENED = 600
_ROUNDS = 1000
_BLOCK = 8192


@final
class Cone:
    """The directions d = N y with b_i·d >= 0 in a set of rows.

    Coordinates y are chosen so that the rows b_i N have second moments of the identity, for then neither units nor
    large means of columns make the margins of a direction look small.

    Parameters
    ----------
    conditions
        All rows b.
    basis
        (p, q), the subspace within which directions are sought.
    candidates
        (m,), the rows that bound them.
    """

    def __init__(self, conditions: Conditions, basis: Array, candidates: NDArray[np.bool_]) -> None:
        self._conditions = conditions
        self.positions = np.flatnonzero(candidates)
        self._moments: Array | None = None
        self.basis = self._prepare(basis, candidates)
        self._explicit = self._in_coordinates() if self._small() else None
        noise = np.sqrt(conditions.squared_product(np.sum(self.basis**2, axis=1)))[self.positions]
        self._noise = _ROUNDING * np.sqrt(self.basis.shape[0]) * noise
        self.norms = self._norms()
        self.active = self.norms > self._noise
        self._working = np.zeros(0, dtype=np.intp)

    def _prepare(self, basis: Array, candidates: NDArray[np.bool_]) -> Array:
        """Coordinates with moderate second moments, which are kept where they are not the identity."""
        count = max(self.positions.size, 1)
        gram = basis.T @ self._conditions.gram(candidates.astype(np.float64)) @ basis / count
        squares = np.diag(gram).copy()
        squares[squares <= 0] = 1.0
        basis = basis / np.sqrt(squares)
        gram = gram / np.sqrt(squares)[:, None] / np.sqrt(squares)
        if basis.shape[1] > _WHITENED:
            self._moments = gram
            return basis
        rotation, doubtful = _whitening(gram)
        basis = basis @ rotation
        if doubtful:
            # A Gram matrix squares the condition number; the rows in coordinates that are nearly right do not.
            moments = np.zeros_like(gram)
            for start in range(0, self.positions.size, _BLOCK):
                part = self._conditions.take(self.positions[start : start + _BLOCK]) @ basis
                moments += part.T @ part
            basis = basis @ _whitening(moments / count)[0]
        return basis

    def _small(self) -> bool:
        return self.positions.size * self.basis.shape[1] <= _EXPLICIT

    def _in_coordinates(self) -> Array:
        rows = np.empty((self.positions.size, self.basis.shape[1]))
        for start in range(0, self.positions.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            rows[block] = self._conditions.take(self.positions[block]) @ self.basis
        return rows

    def _norms(self) -> Array:
        if self._explicit is not None:
            return np.sqrt(np.einsum("ij,ij->i", self._explicit, self._explicit))
        total = np.zeros(self.positions.size)
        for column in range(0, self.basis.shape[1], 8):
            part = self._conditions.product(self.basis[:, column : column + 8])[self.positions]
            total += np.einsum("ij,ij->i", part, part)
        return np.sqrt(total)

    def margins(self, coordinates: Array) -> Array:
        """b_i·N y by candidate row."""
        if self._explicit is not None:
            return self._explicit @ coordinates
        return self._conditions.product(self.basis @ coordinates)[self.positions]

    def ties(self, coordinates: Array) -> Array:
        """The size below which each margin counts as zero."""
        return (_TIE * self.norms + self._noise) * float(np.linalg.norm(coordinates))

    def contains(self, coordinates: Array) -> bool:
        """Whether a direction is strictly positive in every row that can be."""
        return bool(np.all((self.margins(coordinates) > self.ties(coordinates))[self.active]))

    def _sum(self, weights: Array) -> Array:
        if self._explicit is not None:
            return weights @ self._explicit
        spread = np.zeros(self._conditions.shape[0])
        spread[self.positions] = weights
        return self.basis.T @ self._conditions.transposed(spread)

    def project(self, direction: Array) -> Array:
        """Coordinates of what a direction does to the candidate rows."""
        total = self._sum(self._conditions.product(direction)[self.positions]) / max(self.positions.size, 1)
        if self._moments is None:
            return total
        return np.linalg.lstsq(self._moments, total, rcond=1e-14)[0].astype(np.float64, copy=False)

    def widest(self, guess: Array | None) -> tuple[list[Array], NDArray[np.bool_]]:
        """Directions whose sum is strictly positive in every row in which any direction is, and those rows.

        Each round maximises the sum over the rows that no direction has raised yet; a direction that raises one is
        independent of the earlier ones, so there are at most q + 1 rounds. A sum that cannot be raised comes with
        multipliers that prove it (Stiemke, 1915).
        """
        found: list[Array] = []
        raised = np.zeros(self.positions.size, dtype=bool)
        for proposal in () if guess is None else (guess,):
            margins, ties = self.margins(proposal), self.ties(proposal)
            if np.all(margins >= -ties) and np.any(self.active & (margins > ties)):
                found.append(proposal)
                raised = self.active & (margins > ties)
        while True:
            rest = self.active & ~raised
            if not rest.any():
                return found, raised
            total = self._sum(np.where(rest, 1.0 / np.where(rest, self.norms, 1.0), 0.0))
            size = float(np.linalg.norm(total))
            # Rows that cancel are their own certificate: none can rise unless another falls.
            if size <= _FEASIBLE * int(np.count_nonzero(rest)):
                return found, raised
            coordinates = self.furthest(total / size)
            if coordinates is None:
                return found, raised
            gained = rest & (self.margins(coordinates) > self.ties(coordinates))
            if not gained.any():
                return found, raised
            found.append(coordinates)
            raised |= gained

    def furthest(self, objective: Array) -> Array | None:
        """The direction within the unit box that goes furthest along an objective; None where none goes any way."""
        if not self._working.size:
            # Rows against the objective bound it first; an even sample covers the rest.
            along = self.margins(objective) / np.where(self.active, self.norms, np.inf)
            count = self._batch()
            spread = np.linspace(0, self.positions.size - 1, min(count, self.positions.size)).astype(np.intp)
            self._working = np.union1d(np.argsort(along, kind="stable")[:count], spread)
            self._working = self._working[self.active[self._working]]
        for _ in range(_ROUNDS):
            coordinates = self._solve(objective)
            if coordinates is None:
                return None
            short = self.margins(coordinates) + self.ties(coordinates)
            short[~self.active] = 0.0
            broken = np.flatnonzero(short < 0)
            broken = np.setdiff1d(broken, self._working, assume_unique=True)
            if not broken.size:
                return coordinates
            worst = np.argsort(short[broken] / self.norms[broken], kind="stable")
            self._working = np.union1d(self._working, broken[worst[: self._batch()]])
        raise InferenceError(_UNDECIDED)

    def _solve(self, objective: Array) -> Array | None:
        """Maximise over the working rows; None where their multipliers prove that there is nothing to gain."""
        rows = self._rows(self._working)
        for method in ("highs-ds", "highs-ipm"):
            answer = _programme(objective, rows, method)
            if answer.status != 0:
                continue
            coordinates = np.asarray(answer.x)
            multipliers = -np.asarray(answer.ineqlin.marginals)
            open_gain = float(np.sum(np.abs(objective + np.maximum(multipliers, 0.0) @ rows)))
            if open_gain <= _CERTAIN:
                return None
            # The origin is the one vertex of a cone inside the box.
            size = float(np.max(np.abs(coordinates), initial=0.0))
            if size > 0.5 and np.min(rows @ coordinates, initial=0.0) >= -_TIE * size:
                return coordinates / size
        raise InferenceError(_UNDECIDED)

    def _rows(self, places: NDArray[np.intp]) -> Array:
        if self._explicit is not None:
            rows = self._explicit[places]
        else:
            rows = self._conditions.take(self.positions[places]) @ self.basis
        return rows / self.norms[places][:, None]

    def signs(self, functionals: Array, inside: Array) -> Array:
        """By row f of an array: +1 or -1 where y -> f·y has that sign in the whole interior, else nan.

        f has both signs if ``inside`` can be moved across f·y = 0 within the cone; and one sign if and only if it is a
        combination Σ λ_i b_i with λ >= 0 (Farkas, 1902), which is looked for by non-negative least squares among the
        rows nearest to ``inside`` before the linear programme is asked.
        """
        margins = self.margins(inside)
        nearness = np.where(self.active, margins / np.where(self.active, self.norms, 1.0), np.inf)
        nearest = self._rows(np.argsort(nearness, kind="stable")[: self._batch()]).T
        known = [inside / float(np.linalg.norm(inside))]
        answer = np.full(len(functionals), np.nan)
        for place, functional in enumerate(functionals):
            size = float(np.linalg.norm(functional))
            values = np.array(known) @ functional
            sign = float(np.sign(values[0]))
            if abs(values[0]) <= _TIE * size or np.any(sign * values < -_TIE * size):
                continue
            unit = sign * functional / size
            if self._crosses(unit, inside, margins):
                continue
            other = self._opposed(unit, nearest)
            if other is None:
                answer[place] = sign
            else:
                # What has turned against one coordinate is likely to have turned against others.
                known.append(other / float(np.linalg.norm(other)))
        return answer

    def _crosses(self, unit: Array, inside: Array, margins: Array) -> bool:
        """Whether f·y, positive at a point inside, is negative straight across from there."""
        slopes = self.margins(unit)
        falling = self.active & (slopes > self.ties(unit))
        room = np.min(margins[falling] / slopes[falling], initial=np.inf)
        return bool(room > float(unit @ inside) * (1 + 1e-6))

    def _opposed(self, unit: Array, nearest: Array) -> Array | None:
        """A direction along which f·y is negative; None where there is none."""
        from scipy.optimize import nnls

        # A row that is the coordinate itself settles its sign.
        if np.any(self.margins(unit)[self.active] >= (1 - 1e-12) * self.norms[self.active]):
            return None
        combination, _ = nnls(nearest, unit)
        if np.linalg.norm(nearest @ combination - unit) <= _TIE:
            return None
        other = self.furthest(-unit)
        return None if other is None or float(-unit @ other) <= _TIE * float(np.linalg.norm(other)) else other

    def _batch(self) -> int:
        return min(4 * self.basis.shape[1] + 50, int(np.count_nonzero(self.active)))


_UNDECIDED = (
    "the linear programme that decides whether the maximum exists could not be certified in double precision; rescale "
    "or centre the columns, or give a prior such as th.Ridge(1.0), with which the maximum always exists"
)


def _whitening(moments: Array) -> tuple[Array, bool]:
    """A change of coordinates to unit second moments, and whether rounding of the moments may hide some."""
    values, vectors = np.linalg.eigh(moments)
    largest = float(values[-1]) if values.size and values[-1] > 0 else 1.0
    # Directions that rounding hides keep a moderate length.
    return vectors / np.sqrt(np.maximum(values, 1e-14 * largest)), bool(np.any(values < 1e-8 * largest))


def _programme(objective: Array, rows: Array, method: str) -> Any:
    from scipy.optimize import linprog

    return linprog(
        -objective,
        A_ub=-rows if len(rows) else None,
        b_ub=np.zeros(len(rows)) if len(rows) else None,
        bounds=(-1.0, 1.0),
        method=method,
        options={"primal_feasibility_tolerance": _FEASIBLE, "dual_feasibility_tolerance": _FEASIBLE},
    )
