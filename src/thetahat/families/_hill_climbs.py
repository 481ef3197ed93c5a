"""Climbs of a function of few coordinates from many starts at once, for start values: Newton's, by differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thetahat.families._terms import Array

Heights = Callable[[Array], Array]
"""ℓ less a constant, (k,), of points (k, d)."""
_DIFFERENCE = 1e-3
_LONGEST = 1.0
_FLATTEST = 1e-4
"""Of the largest curvature, what counts at least for the others."""
_SHARES = np.array([1.0, 0.5, 0.25, 0.08, 0.02])
"""Of a step, which are tried."""
_MOST_ROUNDS, _SETTLED, _SAME = 40, 1e-8, 0.03


def hills(heights: Heights, starts: Array, rounds: int = _MOST_ROUNDS) -> tuple[Array, Array]:
    """Where climbs from these starts (k, d) end, the highest first, and how high; those that meet go on as one.

    Examples
    --------
    >>> def heights(at):
    ...     return -(np.square(np.square(at[:, 0]) - 1.0) + np.square(at[:, 1]) - 0.1 * at[:, 0])
    >>> at, height = hills(heights, np.array([[-2.0, 0.3], [-1.5, 0.0], [0.5, 1.0]]))
    >>> at.round(3).tolist(), height.round(3).tolist()
    ([[1.012, 0.0], [-0.987, 0.0]], [0.101, -0.099])
    """
    size = starts.shape[1]
    stencil, first, second = _stencil(size)
    with np.errstate(all="ignore"):
        at, height = starts, heights(starts)
        kept = np.isfinite(height)
        at, height = (at[kept], height[kept]) if kept.any() else (at[:1], height[:1])
        climbing = np.isfinite(height)
        for _ in range(rounds):
            who = np.flatnonzero(climbing)
            if not who.size:
                break
            around = heights((at[who, np.newaxis] + stencil).reshape(-1, size)).reshape(who.size, -1)
            around = around - height[who, np.newaxis]
            step, gain = _steps(around @ first, (around @ second).reshape(-1, size, size))
            tried = at[who, np.newaxis] + _SHARES[:, np.newaxis] * step[:, np.newaxis]
            found = heights(tried.reshape(-1, size)).reshape(who.size, -1)
            found = np.where(np.isfinite(found), found, -np.inf)
            best = np.argmax(found, axis=1)
            rows = np.arange(who.size)
            higher = found[rows, best] > height[who]
            moved = who[higher]
            at[moved], height[moved] = tried[rows, best][higher], found[rows, best][higher]
            climbing[who] = higher & (gain > _SETTLED)
            at, height, climbing = _apart(at, height, climbing)
    return at, height


def _stencil(size: int) -> tuple[Array, Array, Array]:
    """Points around one, and the weights of their heights above it in its slope and its curvature."""
    unit = np.eye(size)
    i, j = np.triu_indices(size, 1)
    points = np.concatenate([unit, -unit, unit[i] + unit[j], -unit[i] - unit[j]]) * _DIFFERENCE
    first, second = np.zeros((len(points), size)), np.zeros((len(points), size, size))
    for k in range(size):
        first[[k, size + k], k] = 1.0, -1.0
        second[[k, size + k], k, k] = 1.0
    for number, pair in enumerate(zip(i, j, strict=True)):
        for one, other in (pair, pair[::-1]):
            second[[2 * size + number, 2 * size + i.size + number], one, other] = 0.5
            second[[one, size + one, other, size + other], one, other] = -0.5
    return points, first / (2.0 * _DIFFERENCE), second.reshape(len(points), -1) / _DIFFERENCE**2


def _steps(slope: Array, curvature: Array) -> tuple[Array, Array]:
    """Newton's with every curvature counted as that of a hill, none longer than 1; and what they should gain."""
    known = np.asarray(np.isfinite(curvature).all(axis=(1, 2)) & np.isfinite(slope).all(axis=1))
    curvature = np.where(known[:, np.newaxis, np.newaxis], curvature, np.eye(slope.shape[1]))
    slope = np.where(known[:, np.newaxis], slope, 0.0)
    values, vectors = np.linalg.eigh(curvature)
    values = np.abs(values)
    values = np.maximum(values, _FLATTEST * np.max(values, axis=1, keepdims=True) + 1e-12)
    along = np.einsum("kij,ki->kj", vectors, slope) / values
    step = np.einsum("kij,kj->ki", vectors, along)
    shorter = np.maximum(np.max(np.abs(step), axis=1, keepdims=True) / _LONGEST, 1.0)
    return step / shorter, np.sum(slope * step, axis=1)


def _apart(at: Array, height: Array, climbing: Array) -> tuple[Array, Array, Array]:
    """The highest first, and of those that are next to each other the highest alone."""
    order = np.argsort(-height, kind="stable")
    at, height, climbing = at[order], height[order], climbing[order]
    close = np.max(np.abs(at[:, np.newaxis] - at), axis=2) < _SAME
    kept = ~np.tril(close, -1).any(axis=1)
    return at[kept], height[kept], climbing[kept]
