"""Small random data sets over all families, and a slow independent look at what a fit claims of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

import thetahat as th
from thetahat.families import CATALOGUE

TRIALS = 7


@dataclass(frozen=True)
class Case:
    """A family with data of every awkward kind."""

    seed: int
    family: Any
    low: np.ndarray
    high: np.ndarray
    weights: np.ndarray | None
    fixed: dict[str, float]

    @property
    def exact(self) -> np.ndarray:
        return self.low == self.high

    def observations(self) -> Any:
        return self.low if self.exact.all() else th.Observations.interval(self.low, self.high)

    def fit(self) -> Any:
        return th.fit(self.family, self.observations(), weights=self.weights, fixed=self.fixed or None)

    def __repr__(self) -> str:
        return (
            f"Case(seed={self.seed}, {type(self.family).__name__}, low={self.low.tolist()}, high={self.high.tolist()}, "
            f"weights={None if self.weights is None else self.weights.tolist()}, fixed={self.fixed})"
        )


def draw(seed: int) -> Case:
    """Make the case of a seed."""
    rng = np.random.default_rng(seed)
    names = [kind.__name__ for kind in CATALOGUE]
    name = names[seed % len(names)]
    n = int(rng.integers(1, 13))
    family, y = _exact(name, n, rng)
    low, high = y.astype(float), y.astype(float)
    kind = getattr(th, name)
    if not kind.labelled and rng.random() < 0.4:
        low, high = _censored(name, low, rng)
    weights = rng.integers(1, 5, n).astype(float) if rng.random() < 0.2 else None
    fixed: dict[str, float] = {}
    parameters = [parameter for parameter in family.declared if not parameter.domain.vector]
    if len(parameters) > 1 and not kind.edges and rng.random() < 0.15:
        parameter = parameters[int(rng.integers(len(parameters)))]
        fixed[parameter.name] = float(rng.uniform(*parameter.typical)) * _unit(
            y, scaled=parameter.name in kind.scales
        )
    if kind.labelled:
        low = high = y
    return Case(seed, family, low, high, weights, fixed)


def _unit(y: np.ndarray, *, scaled: bool) -> float:
    """What a fixed parameter that scales with the data is measured in: their size, where that is out of the ordinary.

    A scale of 7 beside data near 1e186 is no model that anybody fits.
    """
    size = float(np.max(np.abs(y.astype(float)))) if scaled else 1.0
    return size if size > 0 and not 1e-9 < size < 1e9 else 1.0


def _exact(name: str, n: int, rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    kind = getattr(th, name)
    support = kind.support
    if kind.labelled:
        return kind(levels=[0, 1, 2]), rng.choice(3, n, p=rng.dirichlet(np.ones(3)))
    if kind.known:
        return kind(trials=TRIALS), rng.binomial(
            TRIALS, rng.random(n) if rng.random() < 0.5 else rng.random(), n
        )
    if support.discrete and np.isfinite(support.upper):
        return kind(), rng.integers(int(support.lower), int(support.upper) + 1, n)
    if support.discrete:
        counts = _counts(n, rng)
        if np.isfinite(support.lower):
            return kind(), counts + int(support.lower)
        return kind(), counts - _counts(n, rng)
    y = _continuous(n, rng)
    if support.lower == 0 and support.upper == 1:
        y = rng.beta(*(10.0 ** rng.uniform(-1, 2, 2)), n)
        y = np.clip(np.round(y, int(rng.integers(1, 8))) if rng.random() < 0.5 else y, 1e-6, 1 - 1e-6)
    elif np.isfinite(support.upper):
        y = np.clip(
            np.remainder(y - support.lower, support.upper - support.lower) + support.lower, -3.14, 3.14
        )
    elif support.lower == 0:
        y = np.abs(y)
        if not support.includes_lower:
            y = np.where(y == 0, np.max(y) if np.max(y) > 0 else 1.0, y)
        elif kind().atoms():
            y = np.where(rng.random(n) < rng.random(), 0.0, y)
    return kind(), y


def _counts(n: int, rng: np.random.Generator) -> np.ndarray:
    kind = rng.integers(4)
    mean = 10.0 ** rng.uniform(-1, 3)
    size = 10.0 ** rng.uniform(-1, 2)
    if kind == 0:
        return rng.poisson(mean, n)
    if kind == 1:
        return rng.integers(0, 4, n)
    if kind == 2:
        return np.round(mean + rng.random(n) * 2).astype(int)
    return rng.negative_binomial(size, size / (size + mean), n)


def _continuous(n: int, rng: np.random.Generator) -> np.ndarray:
    draws: list[Callable[[], np.ndarray]] = [
        lambda: rng.normal(size=n),
        lambda: rng.standard_cauchy(n),
        lambda: rng.gumbel(size=n),
        lambda: rng.random(n),
        lambda: rng.integers(-3, 4, n).astype(float),
        lambda: rng.gamma(10.0 ** rng.uniform(-1, 1.5), 1.0, n),
        lambda: np.append(rng.normal(size=n - 1), 10.0 ** rng.uniform(0, 6)),
        lambda: rng.integers(0, 2, n) + 0.0,
        lambda: np.linspace(0.0, 1.0, n) ** rng.uniform(0.2, 3.0),
        lambda: rng.choice(rng.normal(size=3), n),
    ]
    y = draws[int(rng.integers(len(draws)))]()
    kind = rng.random()
    if kind < 0.1:
        return y * 10.0 ** rng.uniform(-200, 200)
    if kind < 0.3:
        return y * 10.0 ** rng.uniform(-6, 6)
    if kind < 0.4:
        return y + 10.0 ** rng.uniform(0, 6)
    return y


def _censored(name: str, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    low, high = y.copy(), y.copy()
    kind = getattr(th, name)
    discrete, support = kind.support.discrete, kind.support
    share = rng.choice([0.3, 0.7, 1.0])
    which = rng.random(y.size) < share
    kinds = rng.integers(0, 3, y.size)
    width = 1.0 if discrete else float(np.ptp(y)) or float(np.abs(y).max()) or 1.0
    top = float(TRIALS) if kind.known else support.upper
    for i in np.flatnonzero(which):
        if kinds[i] == 0 and y[i] < top:
            low[i], high[i] = (y[i] - 1 if discrete and y[i] > support.lower else y[i]), np.inf
        elif kind.open_only:
            continue
        elif kinds[i] == 1:
            # Nothing continuous lies below its lowest value.
            low[i] = y[i] if not discrete and y[i] == support.lower else -np.inf
        else:
            low[i], high[i] = y[i] - width, y[i] + (0.0 if discrete else width * rng.random())
            if low[i] == high[i]:
                high[i] = np.inf
    if np.isfinite(support.upper) and not discrete:
        high = np.where((high >= support.upper) & (low != high), np.inf, high)
    return low, high


# ---- The slow look ----------------------------------------------


def log_likelihood(case: Case, free: np.ndarray, scale: dict[str, float]) -> float:
    """ℓ from the distribution's own log_prob and log_cdf/log_sf alone; -inf where it is no number."""
    values = {}
    position = 0
    for parameter in case.family.declared:
        if parameter.name in case.fixed:
            values[parameter.name] = case.fixed[parameter.name]
            continue
        size = parameter.domain.free_size
        part = free[position : position + size]
        value = parameter.domain.from_free(part if parameter.domain.vector else part[0])
        values[parameter.name] = np.asarray(value) * scale.get(parameter.name, 1.0)
        position += size
    try:
        options = {name: case.family.known_values[name] for name in case.family.known}
        if type(case.family).__name__ == "Categorical":
            options["levels"] = [0, 1, 2]
        distribution = type(case.family)(**values, **options)
    except th.ThetahatError:
        return -np.inf
    weights = np.ones(case.low.size) if case.weights is None else case.weights
    exact = case.exact
    with np.errstate(all="ignore"):
        total = 0.0
        if exact.any():
            total += float(np.sum(weights[exact] * distribution.log_prob(case.low[exact])))
        if (~exact).any():
            eta = distribution.working(distribution.distribution_theta())
            known = {name: options[name] for name in case.family.known}
            mass = case.family.log_mass(case.low[~exact], case.high[~exact], known, eta, 0).value
            total += float(np.sum(weights[~exact] * mass))
    return total if np.isfinite(total) else -np.inf


def free_point(case: Case, fit: Any) -> tuple[np.ndarray, dict[str, float]]:
    """The estimates as free coordinates, parameters that scale with the data measured in the data's size."""
    ends = np.abs(np.concatenate([case.low[np.isfinite(case.low)], case.high[np.isfinite(case.high)]]))
    size = float(ends.max()) if ends.size and ends.max() > 0 and case.family.scales else 1.0
    scale = dict.fromkeys(case.family.scales, size)
    parts = []
    for parameter in case.family.declared:
        if parameter.name in case.fixed:
            continue
        entries = np.array([fit.estimates[name] for name in parameter.names])
        value = entries if parameter.domain.vector else entries[0]
        parts.append(np.atleast_1d(parameter.domain.to_free(value / scale.get(parameter.name, 1.0))))
    return np.concatenate(parts), scale


def standard_steps(case: Case, fit: Any, scale: dict[str, float]) -> np.ndarray:
    """The curvature's own length of a step in each free coordinate, by differences of ℓ alone."""
    point, _ = free_point(case, fit)
    top = log_likelihood(case, point, scale)
    lengths = np.ones(point.size)
    for j in range(point.size):
        axis = np.zeros(point.size)
        axis[j] = 1.0
        length = 1.0
        for _ in range(200):
            drop = max(top - log_likelihood(case, point + length * axis, scale), 0.0)
            other = max(top - log_likelihood(case, point - length * axis, scale), 0.0)
            drop = max(drop, other)
            if drop > 1.0:
                length /= 2
            elif drop < 0.05:
                length *= 1.7
            else:
                break
            if not 1e-14 < length < 1e6:
                break
        lengths[j] = length
    return lengths


def higher_nearby(case: Case, fit: Any, rng: np.random.Generator, tries: int = 60) -> float:
    """How much higher ℓ is anywhere within about half a standard error; rounding not counted."""
    point, scale = free_point(case, fit)
    top = log_likelihood(case, point, scale)
    lengths = standard_steps(case, fit, scale)
    best = top
    for _ in range(tries):
        trial = point + 0.5 * lengths * rng.standard_normal(point.size) * 10.0 ** rng.uniform(-3, 0)
        best = max(best, log_likelihood(case, trial, scale))
    found = optimize.minimize(
        lambda t: -_finite(log_likelihood(case, point + t * lengths, scale)),
        np.zeros(point.size),
        method="Nelder-Mead",
        options={
            "initial_simplex": np.vstack([np.zeros(point.size), 0.1 * np.eye(point.size)]),
            "maxfev": 150 * point.size,
            "xatol": 1e-9,
            "fatol": 1e-13,
        },
    )
    if np.linalg.norm(found.x) < 1.0:
        best = max(best, -float(found.fun))
    return best - top


def highest_anywhere(case: Case, fit: Any, rng: np.random.Generator, starts: int = 6) -> float:
    """How much higher ℓ is than at the estimates, from many starts."""
    point, scale = free_point(case, fit)
    top = log_likelihood(case, point, scale)
    best = top
    for _ in range(starts):
        begin = point + rng.standard_normal(point.size) * rng.choice([0.3, 1.0, 3.0])
        if not np.isfinite(log_likelihood(case, begin, scale)):
            continue
        found = optimize.minimize(
            lambda free: -_finite(log_likelihood(case, np.clip(free, -1e6, 1e6), scale)),
            begin,
            method="Nelder-Mead",
            options={"maxfev": 200 * point.size, "xatol": 1e-8, "fatol": 1e-10},
        )
        best = max(best, -float(found.fun))
    return best - top


def tolerance(case: Case, fit: Any) -> float:
    """What rounding of ℓ and of the distribution's own functions may amount to."""
    largest = max((abs(v) for v in fit.estimates.values() if np.isfinite(v)), default=1.0)
    terms = 1.0 if case.family.scales else largest
    return 1e-9 + 1e-11 * abs(fit.log_likelihood) + case.low.size * (1e-10 + 4e-15 * terms)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else -1e300
