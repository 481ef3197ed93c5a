"""How far the distribution of rows lies from a fitted one: Kolmogorov-Smirnov, Cramér-von Mises, Anderson-Darling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]


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


def kolmogorov_smirnov(rows: Steps | Cells) -> float:
    """sup |F_n - F|.

    Examples
    --------
    >>> u = np.array([0.1, 0.4, 0.7])
    >>> kolmogorov_smirnov(complete(u))
    0.3
    """
    if isinstance(rows, Cells):
        return float(np.abs(rows.heights - np.minimum(np.cumsum(rows.mass), 1.0)).max())
    probability = np.exp(rows.log_cdf)
    before = np.concatenate([[0.0], rows.heights])
    # Between steps F rises, so that the distance is largest just before one, or at it.
    return float(
        max(np.abs(before - probability).max(), np.abs(rows.heights - probability[:-1]).max(initial=0.0))
    )


def cramer_von_mises(rows: Steps | Cells) -> float:
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
    probability = np.exp(rows.log_cdf)
    begin = np.concatenate([[0.0], probability[:-1]])
    height = np.concatenate([[0.0], rows.heights])
    low, high = begin - height, probability - height
    # (high³ - low³)/3 without the cancellation.
    return float(rows.n_obs * ((high - low) * (high * high + high * low + low * low)).sum() / 3.0)


def anderson_darling(rows: Steps | Cells) -> float:
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


DISTANCES: dict[str, Callable[[Steps | Cells], float]] = {
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
