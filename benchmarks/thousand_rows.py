"""Fits of 1,000 rows with every family, beside scipy.stats where it fits the family."""

from __future__ import annotations

from collections.abc import Iterator

from contest import Row, Topic, interleaved, seconds
from samples import FAMILIES, SCIPY, fitted, sample

CLOSED = (
    "normal",
    "log_normal",
    "exponential",
    "bernoulli",
    "binomial",
    "poisson",
    "geometric",
    "categorical",
)
FASTER = {"weibull": 4.0, "student_t": 15.0}


def rows(full: bool) -> Iterator[Row]:
    """Estimates, standard errors and certificate; scipy.stats gives estimates."""
    for name in FAMILIES:
        y = sample(name, 1_000)
        contestants = [lambda name=name, y=y: fitted(name, y)]
        if name in SCIPY:
            contestants.append(lambda name=name, y=y: SCIPY[name](y))
        ours, *peer = interleaved(*contestants, repetitions=101 if full else 21)
        limit, slack = (0.3e-3, 1.5) if name in CLOSED else (2e-3, 1.0)
        target = f"{'about' if name in CLOSED else 'at most'} {seconds(limit)}"
        met = ours <= limit * slack
        ratio = peer_text = ""
        if peer:
            ratio, peer_text = f"{peer[0] / ours:.2g} x faster", f"{seconds(peer[0])} scipy.stats"
        if name in FASTER:
            target += f", {FASTER[name]:g} x faster"
            met = met and peer[0] >= FASTER[name] * ours
        yield Row(f"{name}, n = 1,000", seconds(ours), peer_text, ratio, target, met)


TOPIC = Topic("1,000 rows", rows)
