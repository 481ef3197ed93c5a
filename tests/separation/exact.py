"""The recession cone of small integer conditions in rational arithmetic: every extreme ray, one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np

from thetahat.optimize.separation.rows import Signed


def echelon(rows):
    """Reduced rows and their pivot columns."""
    rows = [[Fraction(int(entry)) for entry in row] for row in rows]
    pivots, done = [], 0
    for column in range(len(rows[0]) if rows else 0):
        place = next((place for place in range(done, len(rows)) if rows[place][column]), None)
        if place is None:
            continue
        rows[done], rows[place] = rows[place], rows[done]
        rows[done] = [entry / rows[done][column] for entry in rows[done]]
        for other, row in enumerate(rows):
            if other != done and row[column]:
                rows[other] = [a - row[column] * b for a, b in zip(row, rows[done], strict=True)]
        pivots.append(column)
        done += 1
    return rows[:done], pivots


def null_vector(rows, width):
    """The one null vector of rank width - 1, or None."""
    reduced, pivots = echelon(rows)
    if len(pivots) != width - 1:
        return None
    free = next(column for column in range(width) if column not in pivots)
    vector = [Fraction(0)] * width
    vector[free] = Fraction(1)
    for row, pivot in zip(reduced, pivots, strict=True):
        vector[pivot] = -row[free]
    return vector


def product(row, vector):
    return sum(Fraction(int(a)) * b for a, b in zip(row, vector, strict=True))


def cone(conditions, inequality, equality):
    """(separated rows, limit by column, aliased columns) of the recession cone."""
    matrix = np.asarray(conditions, dtype=int)
    taken = matrix[inequality | equality]
    _, pivots = echelon(taken.tolist()) if len(taken) else ([], [])
    aliased = tuple(column for column in range(matrix.shape[1]) if column not in pivots)
    small = matrix[:, pivots]
    width = len(pivots)
    distinct = {tuple(row) for row in small[inequality | equality].tolist() if any(row)}
    rays = []
    for subset in combinations(sorted(distinct), max(width - 1, 0)):
        vector = null_vector([list(row) for row in subset], width) if width > 1 else [Fraction(1)] * width
        if vector is None or not vector:
            continue
        for sign in (1, -1):
            ray = [sign * entry for entry in vector]
            fits = all(product(row, ray) >= 0 for row in small[inequality])
            if fits and all(product(row, ray) == 0 for row in small[equality]):
                rays.append(ray)
    separated = [
        place
        for place, row in enumerate(small)
        if inequality[place] and any(product(row, ray) > 0 for ray in rays)
    ]
    limits = {}
    for place, column in enumerate(pivots):
        signs = {int(np.sign(ray[place])) for ray in rays} - {0}
        if signs:
            limits[column] = np.nan if len(signs) > 1 else np.inf * signs.pop()
    return separated, limits, aliased


def stopping_point(conditions, inequality, equality, iterations):
    """Newton's method on Σ log logistic(b·θ) - Σ (e·θ)²/2, whose recession cone is that of the conditions."""
    whole = conditions.product(np.eye(conditions.shape[1]))
    point = np.zeros(conditions.shape[1])
    for _ in range(iterations):
        there = np.clip(whole @ point, -700, 700)
        slack = 1 / (1 + np.exp(there))
        multipliers = np.where(inequality, slack, np.where(equality, -there, 0.0))
        weights = np.where(inequality, slack * (1 - slack), np.where(equality, 1.0, 0.0))
        information = whole.T @ (weights[:, None] * whole)
        step = np.linalg.lstsq(information, whole.T @ multipliers, rcond=1e-13)[0]
        point += step * min(1.0, 4.0 / max(np.max(np.abs(whole @ step), initial=0.0), 1e-300))
    there = np.clip(whole @ point, -700, 700)
    multipliers = np.where(inequality, 1 / (1 + np.exp(there)), np.where(equality, -there, 0.0))
    return multipliers, point


def rows(matrix, signs=None):
    """Conditions of an array, all signs plus unless given."""
    matrix = np.asarray(matrix, dtype=np.float64)
    return Signed(matrix, np.ones(len(matrix)) if signs is None else signs)
