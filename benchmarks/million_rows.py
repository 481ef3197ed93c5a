"""Fits of a million rows by iteration, beside scipy.stats and a generic optimiser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from contest import Row, Topic, faster, interleaved
from samples import SCIPY, fitted, sample
from scipy import optimize, stats

N = 1_000_000


def generic_negative_binomial(y: np.ndarray) -> np.ndarray:
    """scipy.optimize.minimize from the moments, over the log of mean and size, with scipy's mass function."""

    def loss(point: np.ndarray) -> float:
        mean, size = np.exp(point)
        return -float(stats.nbinom.logpmf(y, size, size / (size + mean)).mean())

    mean, variance = float(y.mean()), float(y.var())
    start = np.log([mean, mean * mean / (variance - mean)])
    return optimize.minimize(loss, start).x


def rows(full: bool) -> Iterator[Row]:
    """Each to be many times faster than its peer."""
    for name, factor, peer_repetitions in (("weibull", 20.0, 3), ("student_t", 60.0, 1)):
        y = sample(name, N)
        ours, peer = interleaved(
            lambda name=name, y=y: fitted(name, y),
            lambda name=name, y=y: SCIPY[name](y),
            repetitions=5 if full else peer_repetitions,
        )
        yield faster(f"{name}, n = 1,000,000", ours, peer, factor, "scipy.stats")
    y = sample("negative_binomial", N)
    ours, peer = interleaved(
        lambda: fitted("negative_binomial", y),
        lambda: generic_negative_binomial(y),
        repetitions=5 if full else 2,
    )
    yield faster("negative_binomial, n = 1,000,000", ours, peer, 100.0, "scipy.optimize")


TOPIC = Topic("1,000,000 rows", rows)
