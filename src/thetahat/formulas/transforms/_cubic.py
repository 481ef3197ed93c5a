"""Cubic regression splines by their values at the knots (Wood, 2006, section 4.1.2)."""

from __future__ import annotations

import numpy as np

from thetahat.formulas.transforms._transform import Matrix, Vector


def cubic_basis(values: Vector, knots: Vector, *, cyclic: bool) -> Matrix:
    """Cardinal cubic splines at each value: the k-th is 1 at knot k and 0 at the others.

    A natural spline has no curvature at its ends and goes on straight beyond them. A cyclic one meets itself there:
    its last knot is its first, and values beyond wrap around.
    """
    if cyclic:
        low, high = knots[0], knots[-1]
        beyond = (values < low) | (values > high)
        if beyond.any():
            values = np.where(beyond, low + np.mod(values - low, high - low), values)
    curvature = _cyclic_curvature(knots) if cyclic else _natural_curvature(knots)
    count = curvature.shape[0]
    left = np.clip(np.searchsorted(knots, values) - 1, 0, knots.size - 2)
    right = (left + 1) % count
    width = np.diff(knots)[left]
    after, before = values - knots[left], knots[left + 1] - values
    rows = np.arange(values.size)
    bend_left = (np.where(values > knots[-1], 0.0, before**3 / width) - width * before) / 6
    bend_right = (np.where(values < knots[0], 0.0, after**3 / width) - width * after) / 6
    basis = bend_left[:, np.newaxis] * curvature[left] + bend_right[:, np.newaxis] * curvature[right]
    basis[rows, left] += before / width
    basis[rows, right] += after / width
    return basis


def _natural_curvature(knots: Vector) -> Matrix:
    """Second derivatives at the knots of each cardinal spline, zero at the ends."""
    gaps = np.diff(knots)
    count = knots.size
    inner = count - 2
    system = np.zeros((inner, inner))
    slopes = np.zeros((inner, count))
    at = np.arange(inner)
    system[at, at] = (gaps[:-1] + gaps[1:]) / 3
    system[at[:-1], at[1:]] = system[at[1:], at[:-1]] = gaps[1:-1] / 6
    slopes[at, at] = 1 / gaps[:-1]
    slopes[at, at + 1] = -1 / gaps[:-1] - 1 / gaps[1:]
    slopes[at, at + 2] = 1 / gaps[1:]
    curvature = np.zeros((count, count))
    if inner:
        curvature[1:-1] = np.linalg.solve(system, slopes)
    return curvature


def _cyclic_curvature(knots: Vector) -> Matrix:
    """Second derivatives at the knots of each cardinal spline, the last knot being the first."""
    gaps = np.diff(knots)
    count = gaps.size
    system = np.zeros((count, count))
    slopes = np.zeros((count, count))
    for k in range(count):
        before, after = gaps[k - 1], gaps[k]
        system[k, k] += (before + after) / 3
        system[k, k - 1] += before / 6
        system[k, (k + 1) % count] += after / 6
        slopes[k, k] -= 1 / before + 1 / after
        slopes[k, k - 1] += 1 / before
        slopes[k, (k + 1) % count] += 1 / after
    return np.asarray(np.linalg.solve(system, slopes))
