"""From the covariance of the estimates to the standard error of a quantity of each row, by the delta method."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat.inference.covariance import free_covariance
from thetahat.parameters import Real
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.quantities import Point, Quantity, Value

Array = NDArray[Any]
Vector = NDArray[np.float64]

AT_ONCE: Final = 1 << 22
"""Numbers of a Jacobian held at once."""
STEP: Final = 0.1
"""First step of the differences on the real line, in standard errors of the coordinate."""
STEP_OF_LOGS: Final = 0.05
"""The same in logs and logits, in which functions vary over about 1."""
LARGEST_ERROR: Final = 1e100
"""Standard errors up to this size, and from its inverse on, can be squared."""


@final
class Uncertainty:
    """The covariance of the estimates, as rows see it.

    Parameters
    ----------
    laws
        Those of the fit.
    kind
        As in ``fit.covariance``.
    """

    def __init__(self, laws: Laws, kind: str = "observed") -> None:
        self.laws = laws
        free = laws.table.free_index
        regular = laws.solution.regular
        self.kept = free[regular]
        self.lost = free[~regular]
        whole = free_covariance(laws.solved, kind) if regular.any() else np.zeros((free.size, free.size))
        inside = np.asarray(whole[np.ix_(regular, regular)])
        with np.errstate(all="ignore"):
            self.errors = np.sqrt(np.diag(inside))
            self.correlation = inside / self.errors / self.errors[:, np.newaxis]

    def jacobian(self, rows: LawRows, slopes: Sequence[Any]) -> Array:
        """Derivatives by the estimates of (n, k) of a quantity with these slopes by coordinate."""
        whole = np.zeros((rows.n_rows, self.laws.table.n_working))
        for k, slope in enumerate(slopes):
            self._add(whole, rows, k, slope)
        return np.asarray(whole[:, self.kept])

    def _add(self, whole: Array, rows: LawRows, k: int, slope: Any) -> None:
        bend, group, span = rows.bends[k], self.laws.group_of[k], self.laws.spans[k]
        by_predictor = rows.full(slope) * (1.0 if bend is None else bend[0])
        if group.design is None:
            whole[:, span.start] += by_predictor * self.laws.unit_slopes[span.start]
            return
        whole[:, span] += by_predictor[:, np.newaxis] * rows.designs[group.design].dense()

    def spread(self, rows: LawRows, slopes: Sequence[Any]) -> Vector:
        """Standard errors by row; NaN where a row depends on what has none.

        Slopes are by coordinate; None says that the quantity does not depend on it.
        """
        concerned = [k for k, slope in enumerate(slopes) if slope is not None]
        if len(concerned) == 1 and self._squarable:
            (k,) = concerned
            error = np.abs(rows.full(slopes[k])) * self._of_coordinate(rows, k)
            return np.where(self._lost(rows, slopes), np.nan, error)
        width = self.laws.table.n_working
        step = max(AT_ONCE // max(width, 1), 64)
        pieces = []
        for start in range(0, rows.n_rows, step):
            piece = rows_between(rows, start, min(start + step, rows.n_rows))
            some = [None if slope is None else _cut(slope, start, start + step) for slope in slopes]
            matrix = self.jacobian(piece, [0.0 if slope is None else slope for slope in some])
            pieces.append(np.where(self._lost(piece, some), np.nan, self.length(matrix)))
        return np.concatenate(pieces) if pieces else np.zeros(0)

    @cached_property
    def _squarable(self) -> bool:
        return bool(((self.errors < LARGEST_ERROR) & (self.errors > 1.0 / LARGEST_ERROR)).all())

    @cached_property
    def _whole(self) -> Array:
        """The covariance over all working coordinates, 0 where there is none."""
        size = self.laws.table.n_working
        whole = np.zeros((size, size))
        whole[np.ix_(self.kept, self.kept)] = self.correlation * self.errors * self.errors[:, np.newaxis]
        return whole

    def _of_coordinate(self, rows: LawRows, k: int) -> Vector:
        """Standard errors of one working coordinate, from its own block of the covariance."""
        bend, group, span = rows.bends[k], self.laws.group_of[k], self.laws.spans[k]
        block = np.ascontiguousarray(self._whole[span, span])
        if group.design is None:
            return rows.full(np.sqrt(block[0, 0]) * abs(self.laws.unit_slopes[span.start]))
        square = rows.designs[group.design].quadratic(block)
        return np.sqrt(np.maximum(square, 0.0)) * (1.0 if bend is None else np.abs(bend[0]))

    def summed(self, rows: LawRows, slopes: Sequence[Any], weights: Vector) -> tuple[Vector, bool]:
        """Σ w J over rows, and whether a row of weight depends on what has no standard error."""
        total = np.zeros(self.laws.table.n_working)
        for k, slope in enumerate(slopes):
            if slope is None:
                continue
            bend, group, span = rows.bends[k], self.laws.group_of[k], self.laws.spans[k]
            item = rows.full(slope) * (1.0 if bend is None else bend[0]) * weights
            item = np.where(weights == 0.0, 0.0, item)
            if group.design is None:
                total[span.start] += np.add.reduce(item) * self.laws.unit_slopes[span.start]
            else:
                total[span] += rows.designs[group.design].transpose(np.ascontiguousarray(item))
        return total[self.kept], bool((self._lost(rows, slopes) & (weights != 0.0)).any())

    def length(self, jacobian: Array) -> Vector:
        """Root of J V Jᵀ by row, in units of the standard errors and of each row's largest term.

        No square then over- or underflows.
        """
        if not jacobian.size:
            return np.zeros(jacobian.shape[0])
        spread = jacobian * self.errors
        sizes = np.max(np.abs(spread), axis=1)
        sizes = np.where((sizes > 0.0) & np.isfinite(sizes), sizes, 1.0)
        spread = spread / sizes[:, np.newaxis]
        squares = np.sum((spread @ self.correlation) * spread, axis=1)
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)) * sizes)

    def _lost(self, rows: LawRows, slopes: Sequence[Any]) -> NDArray[np.bool_]:
        """Rows that depend on an estimate without standard error, or whose coordinate has run to infinity."""
        lost = np.zeros(rows.n_rows, dtype=bool)
        for k, slope in enumerate(slopes):
            if slope is None:
                continue
            moving = rows.moving[k]
            if moving is not None:
                lost |= moving
            span, group = self.laws.spans[k], self.laws.group_of[k]
            without = self.lost[(self.lost >= span.start) & (self.lost < span.stop)] - span.start
            if not without.size:
                continue
            depends = rows.full(slope) != 0.0
            if group.design is None:
                lost |= depends
            else:
                matrix = rows.designs[group.design].dense()
                lost |= depends & (matrix[:, without] != 0.0).any(axis=1)
        return lost

    def of_coordinate(self, rows: LawRows, k: int) -> Vector:
        """Standard errors of a working coordinate."""
        slopes: list[Any] = [None] * len(rows.eta)
        slopes[k] = 1.0
        return self.spread(rows, slopes)

    def of_predictor(self, rows: LawRows, k: int) -> Vector:
        """Standard errors of a linear predictor, before its link."""
        bend = rows.bends[k]
        slopes: list[Any] = [None] * len(rows.eta)
        slopes[k] = 1.0 if bend is None else 1.0 / bend[0]
        return self.spread(rows, slopes)

    def with_slopes(self, rows: LawRows, quantity: Quantity, found: Value) -> tuple[Array | None, ...]:
        """Slopes of a quantity by coordinate: its own, or Richardson-extrapolated differences.

        None for a coordinate on which it does not depend.
        """
        slopes: Sequence[Any]
        if found.slopes is None:
            slopes = [
                self._edge(rows, quantity, k, found.value)
                if self._at_edge(k)
                else self._difference(rows, quantity, k, found.value)
                for k in range(len(rows.eta))
            ]
        else:
            slopes = [
                self._edge(rows, quantity, k, found.value)
                if slope is not None and self._at_edge(k)
                else slope
                for k, slope in enumerate(found.slopes)
            ]
        return tuple(
            None
            if slope is None or _idle(slope, rows.moving[k])
            else np.broadcast_to(slope, found.value.shape)
            for k, slope in enumerate(slopes)
        )

    def _at_edge(self, k: int) -> bool:
        """Whether a coordinate is a number without standard error."""
        return self.laws.group_of[k].design is None and self.laws.spans[k].start in self.lost

    def _edge(self, rows: LawRows, quantity: Quantity, k: int, value: Array) -> Array:
        """NaN where a quantity depends on such a number: at an edge differences would vanish all the same."""
        with np.errstate(all="ignore"):
            eta = (*rows.eta[:k], 0.01 * rows.eta[k] + 0.25, *rows.eta[k + 1 :])
            moved = quantity(Point(eta, rows.known, rows.n_rows)).value
        return np.where((moved != value) & ~(np.isnan(moved) & np.isnan(value)), np.nan, 0.0)

    def _difference(self, rows: LawRows, quantity: Quantity, k: int, value: Array) -> Array:
        step = self._step(rows, k)
        eta = list(rows.eta)

        def moved(by: Array) -> Array:
            eta[k] = rows.full(rows.eta[k]) + by
            with np.errstate(all="ignore"):
                return quantity(Point(tuple(eta), rows.known, rows.n_rows)).value

        def difference(by: Vector) -> Array:
            with np.errstate(invalid="ignore"):
                rise = moved(by) - moved(-by)
            return rise / (2.0 * (by if value.ndim == 1 else by[:, np.newaxis]))

        table = [difference(step / 2**level) for level in range(4)]
        # Errors are in even powers of the step, so each sweep removes one of them (Richardson, 1911).
        for order in range(1, 4):
            table = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(table)]
        return np.asarray(table[0])

    def _step(self, rows: LawRows, k: int) -> Vector:
        if not isinstance(self.laws.domain(k), Real):
            return np.full(rows.n_rows, STEP_OF_LOGS)
        error = STEP * self.of_coordinate(rows, k)
        size = np.abs(rows.full(rows.eta[k]))
        otherwise = 1e-3 * np.where(np.isfinite(size) & (size > 0.0), size, 1.0)
        return np.where(np.isfinite(error) & (error > 0.0), error, otherwise)


def rows_between(rows: LawRows, start: int, stop: int) -> LawRows:
    """Some consecutive rows."""
    if start == 0 and stop >= rows.n_rows:
        return rows

    def cut(item: Any) -> Any:
        return _cut(item, start, stop)

    return LawRows(
        rows.start,
        rows.place[start:stop],
        tuple(design.rows(start, stop) for design in rows.designs),
        tuple(map(cut, rows.predictors)),
        tuple(map(cut, rows.eta)),
        tuple(None if bend is None else (cut(bend[0]), cut(bend[1])) for bend in rows.bends),
        tuple(None if moving is None else moving[start:stop] for moving in rows.moving),
        {name: cut(value) for name, value in rows.known.items()},
    )


def _cut(item: Any, start: int, stop: int) -> Any:
    return item[start:stop] if np.ndim(item) else item


def _idle(slope: Any, moving: NDArray[np.bool_] | None) -> bool:
    """Whether a slope is zero in every row, not counting those whose coordinate has run off."""
    if moving is None or not np.ndim(slope):
        return not np.any(slope)
    return not moving.all() and not np.any(slope[~moving])
