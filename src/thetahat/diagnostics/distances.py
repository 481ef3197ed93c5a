"""How far the distribution of rows lies from a fitted one: Kolmogorov-Smirnov, Cramér-von Mises, Anderson-Darling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]
_SMOOTH = 0.5
"""The most that log F and log(1 - F) change over a narrow piece."""
_NODES, _WEIGHTS = (0.5 * item for item in np.polynomial.legendre.leggauss(12))
_NODES = _NODES + 0.5


@dataclass(frozen=True, slots=True)
class Steps:
    """An empirical distribution function beside a continuous fitted one.

    It is 0 before the first of the m points and ``heights[j]`` from point j on. ``log_cdf`` and ``log_sf`` are those of
    the fitted distribution at the points, and at the end beyond which nothing was seen: the last observation under
    censoring, else infinity; (m + 1,) each.
    """

    heights: Vector
    log_cdf: Vector
    log_sf: Vector
    n_obs: float


@dataclass(frozen=True, slots=True)
class Cells:
    """An empirical distribution function beside a fitted one of whole numbers, at each of them in a range."""

    heights: Vector
    mass: Vector
    n_obs: float


@dataclass(frozen=True, slots=True)
class Lines:
    """An estimate of a distribution function beside a continuous fitted one F, piecewise linear in F.

    From F = 0 to F = 1 there are m pieces with ``starts`` and ``stops``, (m,) each; ``log_cdf`` and ``log_sf`` are
    those of the fitted distribution at the m + 1 places between which they lie, ``width`` each probability.
    """

    starts: Vector
    stops: Vector
    log_cdf: Vector
    log_sf: Vector
    width: Vector
    n_obs: float


def kolmogorov_smirnov(rows: Steps | Cells | Lines) -> float:
    """sup |F_n - F|.

    Examples
    --------
    >>> u = np.array([0.1, 0.4, 0.7])
    >>> kolmogorov_smirnov(complete(u))
    0.3
    """
    if isinstance(rows, Cells):
        return float(np.abs(rows.heights - np.minimum(np.cumsum(rows.mass), 1.0)).max())
    if isinstance(rows, Lines):
        low, high = _gaps(rows)
        return float(max(np.abs(low).max(), np.abs(high).max()))
    probability = np.exp(rows.log_cdf)
    before = np.concatenate([[0.0], rows.heights])
    # Between steps F rises, so that the distance is largest just before one, or at it.
    return float(
        max(np.abs(before - probability).max(), np.abs(rows.heights - probability[:-1]).max(initial=0.0))
    )


def cramer_von_mises(rows: Steps | Cells | Lines) -> float:
    """n ∫ (F_n - F)² dF.

    Examples
    --------
    >>> u = np.array([0.1, 0.4, 0.7])
    >>> cramer_von_mises(complete(u)), float(1 / 36 + sum((u - np.array([1, 3, 5]) / 6) ** 2))
    (0.06, 0.06)
    """
    if isinstance(rows, Cells):
        gap = rows.heights - np.cumsum(rows.mass)
        return float(rows.n_obs * (gap * gap * rows.mass).sum())
    if isinstance(rows, Lines):
        low, high = _gaps(rows)
        return float(rows.n_obs * (rows.width * (high * high + high * low + low * low)).sum() / 3.0)
    probability = np.exp(rows.log_cdf)
    begin = np.concatenate([[0.0], probability[:-1]])
    height = np.concatenate([[0.0], rows.heights])
    low, high = begin - height, probability - height
    # (high³ - low³)/3 without the cancellation.
    return float(rows.n_obs * ((high - low) * (high * high + high * low + low * low)).sum() / 3.0)


def anderson_darling(rows: Steps | Cells | Lines) -> float:
    """n ∫ (F_n - F)²/(F(1 - F)) dF (Anderson & Darling, 1952); of counts a sum (Choulakian, Lockhart & Stephens, 1994).

    Examples
    --------
    >>> u = np.array([0.1, 0.4, 0.7])
    >>> classical = -3 - sum(np.array([1, 3, 5]) * (np.log(u) + np.log(1 - u[::-1]))) / 3
    >>> anderson_darling(complete(u)), float(classical)
    (0.366028, 0.366028)
    """
    if isinstance(rows, Cells):
        below = np.cumsum(rows.mass)
        above = max(1.0 - float(below[-1]), 0.0) + np.append(np.cumsum(rows.mass[:0:-1])[::-1], 0.0)
        inside = (below > 0) & (above > 0)
        gap = np.where(below < 0.5, rows.heights - below, above - (1.0 - rows.heights))
        share = np.where(inside, below * above, 1.0)
        return float(rows.n_obs * np.where(inside, gap * gap * rows.mass / share, 0.0).sum())
    if isinstance(rows, Lines):
        return float(rows.n_obs * _weighted(rows))
    height = np.concatenate([[0.0], rows.heights])
    rest = 1.0 - height
    begin_cdf = np.concatenate([[-np.inf], rows.log_cdf[:-1]])
    begin_sf = np.concatenate([[0.0], rows.log_sf[:-1]])
    with np.errstate(invalid="ignore"):
        # ∫ (h - u)²/(u(1 - u)) du = h² log u - (1 - h)² log(1 - u) - u; where a factor is 0 so is the product.
        rising = np.where(height > 0, height * height * (rows.log_cdf - begin_cdf), 0.0)
        falling = np.where(rest > 0, rest * rest * (rows.log_sf - begin_sf), 0.0)
    width = np.diff(np.concatenate([[0.0], np.exp(rows.log_cdf)]))
    return float(rows.n_obs * (rising - falling - width).sum())


def _gaps(rows: Lines) -> tuple[Vector, Vector]:
    """F_n - F where each piece starts and stops; above the middle by what is left of each."""
    below, above = np.exp(rows.log_cdf), np.exp(rows.log_sf)
    upper = below > 0.5
    starts = np.where(upper[:-1], above[:-1] - (1.0 - rows.starts), rows.starts - below[:-1])
    return starts, np.where(upper[1:], above[1:] - (1.0 - rows.stops), rows.stops - below[1:])


def _weighted(rows: Lines) -> float:
    """∫ (a + c u)²/(u(1 - u)) du = a² log u - (a + c)² log(1 - u) - c² u, where F_n - u = a + c u on each piece.

    Of narrow pieces the terms cancel; there the weight is smooth, and quadrature does.
    """
    low, high = _gaps(rows)
    some = rows.width > 0.0
    slope = np.where(some, (high - low) / np.where(some, rows.width, 1.0), 0.0)
    # What the line through the piece is at u = 0, and at u = 1: 0 where the piece begins, or ends, there.
    at_0 = np.where(np.isneginf(rows.log_cdf[:-1]), low, low - slope * np.exp(rows.log_cdf[:-1]))
    at_1 = np.where(np.isneginf(rows.log_sf[1:]), high, high + slope * np.exp(rows.log_sf[1:]))
    with np.errstate(invalid="ignore"):
        rising = np.where(at_0 != 0.0, at_0 * at_0 * np.diff(rows.log_cdf), 0.0)
        falling = np.where(at_1 != 0.0, at_1 * at_1 * np.diff(rows.log_sf), 0.0)
        narrow = (np.abs(np.diff(rows.log_cdf)) < _SMOOTH) & (np.abs(np.diff(rows.log_sf)) < _SMOOTH)
    whole = np.where(some & ~narrow, rising - falling - slope * slope * rows.width, 0.0)
    low, high, width = low[narrow], high[narrow], rows.width[narrow]
    below, above = np.exp(rows.log_cdf[:-1][narrow]), np.exp(rows.log_sf[1:][narrow])
    part = _NODES[:, None]
    gap = low + (high - low) * part
    each = gap * gap / ((below + width * part) * (above + width * (1.0 - part)))
    return float(whole.sum() + (_WEIGHTS @ each) @ width)


DISTANCES: dict[str, Callable[[Steps | Cells | Lines], float]] = {
    "anderson_darling": anderson_darling,
    "cramer_von_mises": cramer_von_mises,
    "kolmogorov_smirnov": kolmogorov_smirnov,
}


def complete(probability: Vector) -> Steps:
    """The steps of ascending values that are all known exactly, from F at each."""
    n = probability.size
    with np.errstate(divide="ignore"):
        log_cdf, log_sf = np.log(probability), np.log1p(-probability)
    return Steps(np.arange(1, n + 1) / n, np.append(log_cdf, 0.0), np.append(log_sf, -np.inf), float(n))
