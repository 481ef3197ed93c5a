"""Fits of a million rows through sufficient statistics, beside NumPy computing those statistics once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from contest import Row, Topic, at_most, interleaved
from samples import fitted, sample
from scipy import special

N = 1_000_000


def normal_statistics(y: np.ndarray) -> tuple[float, float]:
    """Mean, and the sum of squares around it."""
    mean = y.mean()
    return mean, np.square(y - mean).sum()


def gamma_statistics(y: np.ndarray) -> tuple[float, float]:
    """Mean, and the mean of the logarithms."""
    return y.mean(), np.log(y).mean()


def poisson_statistics(y: np.ndarray) -> tuple[float, float]:
    """Sum, and the constant log y!, over counts."""
    counts = np.bincount(y)
    values = np.arange(counts.size)
    return counts @ values, counts @ special.gammaln(values + 1.0)


STATISTICS: dict[str, Callable[[np.ndarray], object]] = {
    "gamma": gamma_statistics,
    "normal": normal_statistics,
    "poisson": poisson_statistics,
}


def rows(full: bool) -> Iterator[Row]:
    """The whole fit, checks of every row and certificate included."""
    for name, statistics in STATISTICS.items():
        y = sample(name, N)
        ours, peer = interleaved(
            lambda name=name, y=y: fitted(name, y),
            lambda statistics=statistics, y=y: statistics(y),
            repetitions=51 if full else 21,
        )
        yield at_most(f"{name}, n = 1,000,000", ours, peer, 3.0, "NumPy's statistics")


TOPIC = Topic("sufficient statistics", rows)
