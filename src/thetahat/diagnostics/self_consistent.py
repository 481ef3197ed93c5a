"""The nonparametric maximum-likelihood estimate of a distribution from rows that are known to lie in intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_MOST_ROUNDS = 2_000
_ENOUGH = 1e-7
"""Log-likelihood that may be left to gain."""
_MOST_BY_NEWTON, _FEW_ROUNDS, _MOST_STEPS, _MOST_HALVINGS = 600, 100, 100, 40
"""Intervals up to which Newton's method takes over after few rounds, its steps, and halvings of one."""
_SUM = 1e3
_LEAST = 1e-3
"""Of what a sweep leaves of a mass, the least that a longer step leaves: a mass of 0 would stay so."""


class Masses(NamedTuple):
    """Probability ``mass`` in the innermost intervals (begins, ends], or at points where the two are equal."""

    begins: Vector
    ends: Vector
    mass: Vector


def self_consistent(low: Vector, high: Vector, weight: Vector) -> Masses:
    """The masses that make rows (low, high], or at a point where the two are equal, most likely (Turnbull, 1976).

    Only intervals that begin where a row does and end where the next one does can have any. Their masses are found by
    sweeps of expectation and maximisation, lengthened by squared extrapolation (Varadhan & Roland, 2008), and where
    these are slow by Newton's method without negative masses (Wang, 2007), until ℓ may gain no more than 1e-7: a sweep
    multiplies mass j by p_j, and n (max p_j - 1) bounds the gain.

    Examples
    --------
    >>> found = self_consistent(np.array([0.0, 1.0, 1.0]), np.array([2.0, 3.0, np.inf]), np.ones(3))
    >>> found.begins, found.ends, found.mass
    (array([1.]), array([2.]), array([1.]))
    """
    rows, index = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    counts = np.bincount(index.ravel(), weight, rows.shape[0])
    begins, ends, first, last = _innermost(rows[:, 0], rows[:, 1])
    mass = _maximised(first, last, counts / counts.sum(), float(counts.sum()), begins.size)
    return Masses(begins, ends, mass)


def _innermost(low: Vector, high: Vector) -> tuple[Vector, Vector, NDArray[np.intp], NDArray[np.intp]]:
    """The innermost intervals in order, and which of them each row holds: from ``first`` up to before ``last``."""
    # An interval begins just after its low end, where an exact value begins at itself: ranks in half steps.
    places = np.unique(np.concatenate([low, high]))
    begin = 2 * np.searchsorted(places, low) + (low < high)
    finish = 2 * np.searchsorted(places, high)
    is_begin = np.zeros(2 * places.size + 1, dtype=bool)
    is_finish = np.zeros(2 * places.size + 1, dtype=bool)
    is_begin[begin], is_finish[finish] = True, True
    # Each finish takes the last begin at or before it, unless another finish lies between.
    steps = np.arange(is_begin.size)
    latest = np.maximum.accumulate(np.where(is_begin, steps, -1))
    before = np.maximum.accumulate(np.where(is_finish, steps, -1))
    before = np.concatenate([[-1], before[:-1]])
    chosen = np.flatnonzero(is_finish & (latest > before))
    starts = latest[chosen]
    first, last = np.searchsorted(starts, begin), np.searchsorted(chosen, finish, side="right")
    return places[starts // 2], places[chosen // 2], first, last


class _Rows:
    """Row i, a ``share`` of all, holds the intervals from ``first`` up to before ``last``."""

    def __init__(self, first: NDArray[np.intp], last: NDArray[np.intp], share: Vector, size: int) -> None:
        self.first, self.last, self.share, self.size = first, last, share, size

    def pulls(self, mass: Vector) -> tuple[Vector, float]:
        """By how much a sweep multiplies each mass, and the mean log probability of the rows."""
        cumulative = np.concatenate([[0.0], np.cumsum(mass)])
        held = np.maximum(cumulative[self.last] - cumulative[self.first], 1e-300)
        each = self.share / held
        ends = np.bincount(self.first, each, self.size + 1) - np.bincount(self.last, each, self.size + 1)
        return np.maximum(np.cumsum(ends)[:-1], 0.0), float(self.share @ np.log(held))


def _maximised(
    first: NDArray[np.intp], last: NDArray[np.intp], share: Vector, total: float, size: int
) -> Vector:
    rows = _Rows(first, last, share, size)
    mass = np.full(size, 1.0 / size)
    few = size <= _MOST_BY_NEWTON
    for _ in range(_FEW_ROUNDS if few else _MOST_ROUNDS):
        pull, height = rows.pulls(mass)
        if total * (pull.max() - 1.0) <= _ENOUGH:
            return mass
        one = mass * pull
        two = one * rows.pulls(one)[0]
        step, bend = one - mass, (two - one) - (one - mass)
        size_of_bend = float(np.sqrt(bend @ bend))
        length = float(np.sqrt(step @ step)) / size_of_bend if size_of_bend > 0.0 else 1.0
        longer = mass + length * (2.0 * step + length * bend)
        longer = np.maximum(longer, _LEAST * two)
        longer = longer / longer.sum()
        mass = longer if length > 1.0 and rows.pulls(longer)[1] > height else two
        mass = mass / mass.sum()
    return _by_newton(rows, mass, total) if few else mass


def _by_newton(rows: _Rows, mass: Vector, total: float) -> Vector:
    """Newton steps, each a least-squares problem without negative masses (Wang, 2007)."""
    from scipy.optimize import nnls

    places = np.arange(rows.size)
    holds = ((rows.first[:, None] <= places) & (places < rows.last[:, None])).astype(float)
    root = np.sqrt(rows.share)
    for _ in range(_MOST_STEPS):
        held = holds @ mass
        scaled = holds / held[:, None]
        pull = rows.share @ scaled
        if total * (pull.max() - 1.0) <= _ENOUGH:
            break
        # ℓ is -|S m' - 2|²/2 but for what does not depend on m', to second order; the last row holds Σ m' at 1.
        taken = (mass > 0.0) | (pull > 1.0)
        sides = np.vstack([scaled[:, taken] * root[:, None], np.full((1, int(taken.sum())), _SUM)])
        found = np.zeros(rows.size)
        found[taken] = nnls(sides, np.append(2.0 * root, _SUM))[0]
        change = found / found.sum() - mass
        height, slope, length = float(rows.share @ np.log(held)), float(pull @ change), 1.0
        for _ in range(_MOST_HALVINGS):
            there = holds @ (mass + length * change)
            if there.min() > 0.0 and rows.share @ np.log(there) >= height + length * slope / 3.0:
                break
            length *= 0.5
        mass = np.maximum(mass + length * change, 0.0)
    return mass
