"""A sample for every family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def binary(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """A constant, p - 1 normal columns, and a response that follows them."""
    rng = np.random.default_rng(1)
    matrix = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    probability = 1.0 / (1.0 + np.exp(-matrix @ (rng.standard_normal(p) / np.sqrt(p))))
    return matrix, (rng.random(n) < probability).astype(int)


def sample(name: str, n: int, number: int = 0) -> np.ndarray:
    """Draw n values that the family suits: one sample after another."""
    rng = np.random.default_rng(20_240_501 + number)
    draws: dict[str, Callable[[], np.ndarray]] = {
        "normal": lambda: rng.normal(1.0, 2.0, n),
        "log_normal": lambda: rng.lognormal(1.0, 0.5, n),
        "exponential": lambda: rng.exponential(2.0, n),
        "gamma": lambda: rng.gamma(2.0, 1.5, n),
        "weibull": lambda: 3.0 * rng.weibull(1.5, n),
        "logistic": lambda: rng.logistic(1.0, 2.0, n),
        "student_t": lambda: 1.0 + 2.0 * rng.standard_t(4.0, n),
        "gev": lambda: (rng.standard_exponential(n) ** -0.2 - 1.0) / 0.2,
        "beta": lambda: rng.beta(2.0, 3.0, n),
        "bernoulli": lambda: rng.integers(0, 2, n),
        "binomial": lambda: rng.binomial(10, 0.3, n),
        "poisson": lambda: rng.poisson(4.0, n),
        "geometric": lambda: rng.geometric(0.2, n) - 1,
        "negative_binomial": lambda: rng.negative_binomial(3.0, 0.4, n),
        "categorical": lambda: rng.integers(0, 4, n),
        "weibull-right": lambda: right_censored(rng, 3.0 * rng.weibull(1.5, n)),
        "weibull-interval": lambda: between(rng, 3.0 * rng.weibull(1.5, n)),
        "log_normal-right": lambda: right_censored(rng, rng.lognormal(1.0, 0.5, n)),
        "log_normal-interval": lambda: between(rng, rng.lognormal(1.0, 0.5, n)),
    }
    return draws[name]()


def right_censored(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Two rows of bounds: the time itself, or that of the last sight and infinity."""
    sight = rng.uniform(0.5, 8.0, time.size)
    return np.array([np.minimum(time, sight), np.where(time <= sight, time, np.inf)])


def between(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Two rows of bounds around the time, of which one upper bound in five is infinite."""
    low, high = time * rng.uniform(0.5, 1.0, time.size), time * rng.uniform(1.0, 1.5, time.size)
    return np.array([low, np.where(rng.random(time.size) < 0.2, np.inf, high)])
