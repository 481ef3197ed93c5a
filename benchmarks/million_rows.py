"""Fits of a million rows by iteration, beside scipy.stats and a generic optimiser."""

from __future__ import annotations

from collections.abc import Iterator

from contest import Row, Topic, faster, here, interleaved, peer
from fits import fitting

N = 1_000_000
# Family, peer, how many times faster, and how often to repeat what takes the peer long.
CONTESTS = (
    ("weibull", "scipy.stats", 20.0, 5),
    ("student_t", "scipy.stats", 60.0, 1),
    ("negative_binomial", "scipy.optimize", 100.0, 3),
)


def rows(full: bool) -> Iterator[Row]:
    """Each to be many times faster than its peer."""
    for family, name, factor, repetitions in CONTESTS:
        with peer(name, family, family, N) as apart:
            contestants = here(fitting(family, N)), apart
            ours, theirs = interleaved(*contestants, repetitions=5 if full else repetitions)
        yield faster(f"{family}, n = {N:,}", ours, theirs, factor, name)


TOPIC = Topic("1,000,000 rows", rows)
