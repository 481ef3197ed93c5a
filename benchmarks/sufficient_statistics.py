"""Fits of a million rows through sufficient statistics, beside NumPy computing those statistics once."""

from __future__ import annotations

from collections.abc import Iterator

from contest import Row, Topic, at_most, here, interleaved, peer
from fits import fitting

N = 1_000_000


def rows(full: bool) -> Iterator[Row]:
    """The whole fit, checks of every row and certificate included."""
    for family in ("gamma", "normal", "poisson"):
        with peer("NumPy", family, family, N) as apart:
            contestants = here(fitting(family, N)), apart
            ours, theirs = interleaved(*contestants, repetitions=51 if full else 21)
        yield at_most(f"{family}, n = {N:,}", ours, theirs, 3.0, "NumPy's statistics")


TOPIC = Topic("sufficient statistics", rows)
