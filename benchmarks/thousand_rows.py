"""Fits of 1,000 rows with every family, beside scipy.stats where it fits the family."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from contest import Row, Topic, here, interleaved, peer, seconds
from fits import FAMILIES, fitting

N = 1_000
CALLS = 10
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
IN_SCIPY = ("normal", "log_normal", "exponential", "gamma", "weibull", "logistic", "student_t", "gev", "beta")
FASTER = {"weibull": 4.0, "student_t": 15.0}
ABOUT = 1.5
"""How much "about" allows."""


def rows(full: bool) -> Iterator[Row]:
    """Estimates, standard errors and certificate; scipy.stats gives estimates."""
    for name in FAMILIES:
        contestants = [here(fitting(name, N), CALLS)]
        with ExitStack() as apart:
            if name in IN_SCIPY:
                contestants.append(apart.enter_context(peer("scipy.stats", name, name, N, CALLS)))
            ours, *theirs = interleaved(*contestants, repetitions=101 if full else 21)
        limit, slack = (0.3e-3, ABOUT) if name in CLOSED else (2e-3, 1.0)
        target = f"{'about' if name in CLOSED else 'at most'} {seconds(limit)}"
        met = ours <= limit * slack
        ratio = peer_text = ""
        if theirs:
            ratio, peer_text = f"{theirs[0] / ours:.2g} x", f"{seconds(theirs[0])} scipy.stats"
        if name in FASTER:
            target += f", {FASTER[name]:g} x faster"
            met = met and theirs[0] >= FASTER[name] * ours
        yield Row(f"{name}, n = {N:,}", seconds(ours), peer_text, ratio, target, met)


TOPIC = Topic("1,000 rows", rows)
