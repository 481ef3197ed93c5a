"""Profile likelihood: the curve of a parameter, and the interval where it stays high enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import InferenceError
from thetahat.optimize.constrained import maximise_constrained, maximise_pinned
from thetahat.parameters import Parameter
from thetahat.solution import Solution

Vector = NDArray[np.float64]
FARTHEST = 700.0
"""A log or logit beyond this is the edge of its domain in double precision."""
AT_INFINITY = 40.0
"""A free coordinate at which a parameter that runs to infinity cannot be told from its limit."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile log-likelihood of one parameter.

    ``signed_roots`` are sign(θ - θ̂) √(2(ℓ(θ̂) - ℓ_profile(θ))), a straight line where the Wald interval is exact.
    """

    name: str
    values: Vector
    log_likelihoods: Vector
    signed_roots: Vector
    estimate: float
    maximum: float

    def plot(self, axes: Any = None) -> Any:
        """Draw the curve below its maximum, with the 95 % cut; returns the axes."""
        from thetahat._lazy import load

        if axes is None:
            axes = load("matplotlib.pyplot", "a plot").subplots()[1]
        axes.plot(self.values, self.log_likelihoods - self.maximum, color="#1f4e79")
        axes.axhline(-0.5 * float(special.chdtri(1, 0.05)), color="#b04a2f", linewidth=0.8, linestyle="--")
        axes.set_xlabel(self.name)
        axes.set_ylabel("profile log-likelihood below its maximum")
        return axes


@dataclass(frozen=True, slots=True)
class _Coordinate:
    """One entry on the scale on which it is profiled: its free coordinate, or the logit of a simplex's entry."""

    estimate: float
    standard_error: float
    lower: float
    upper: float
    to_natural: Callable[[float], float]
    solve: Callable[[float, Vector], tuple[float, float, Vector]]
    held: bool


def interval(solution: Solution, name: str, level: float) -> tuple[float, float]:
    """Ends of {v: 2(ℓ(θ̂) - ℓ_profile(v)) <= χ²_1(level)}; one-sided at an edge or a limit."""
    coordinate = _coordinate(solution, name)
    target = float(np.sqrt(special.chdtri(1, 1 - level)))
    if coordinate.held:
        return _one_sided(solution, coordinate, target)
    lower = _end(solution, coordinate, -1.0, target)
    upper = _end(solution, coordinate, 1.0, target)
    return coordinate.to_natural(lower), coordinate.to_natural(upper)


def curve(solution: Solution, name: str, points: int = 41, reach: float = 3.0) -> Profile:
    """The profile out to signed roots of about ``reach`` on both sides."""
    coordinate = _coordinate(solution, name)
    natural: list[float] = []
    values: list[float] = []
    roots: list[float] = []
    if coordinate.held:
        low, high = _one_sided_ends(solution, coordinate, reach)
        grid = np.linspace(low, high, points)
        centre = high if coordinate.estimate > 0 else low
    else:
        ends = [_end(solution, coordinate, sign, reach) for sign in (-1.0, 1.0)]
        shown = 12.0 * coordinate.standard_error
        low = max(ends[0], coordinate.estimate - shown) if np.isfinite(shown) else ends[0]
        high = min(ends[1], coordinate.estimate + shown) if np.isfinite(shown) else ends[1]
        centre = coordinate.estimate
        grid = np.unique(np.concatenate([np.linspace(low, high, points), [centre]]))
    middle = int(np.searchsorted(grid, centre))
    found: dict[int, float] = {}
    for indices in (range(min(middle, grid.size - 1), -1, -1), range(middle + 1, grid.size)):
        start = solution.point.copy()
        for index in indices:
            found[index], _, start = coordinate.solve(float(grid[index]), start)
    for index, at in enumerate(grid):
        natural.append(coordinate.to_natural(float(at)))
        values.append(found[index])
        drop = max(solution.log_likelihood - found[index], 0.0)
        roots.append(float(np.sign(at - centre) * np.sqrt(2 * drop)))
    return Profile(
        name,
        np.array(natural),
        np.array(values),
        np.array(roots),
        solution.natural[name],
        solution.log_likelihood,
    )


def _coordinate(solution: Solution, name: str) -> _Coordinate:
    parameter, span, entry = solution.table.entry(name)
    solution.refuse_unless_usable("a profile")
    unit = solution.table.unit(parameter.name)
    if parameter.domain.vector:
        return _simplex_coordinate(solution, name, parameter, span, entry)
    likelihood = solution.with_data("a profile likelihood")
    index = span.start
    held = np.flatnonzero(~solution.regular)
    pinned = np.array([index, *held[held != index]], dtype=np.intp)

    def solve(value: float, start: Vector) -> tuple[float, float, Vector]:
        # A parameter held at infinity is its limit in double precision long before.
        begin = np.nan_to_num(start, posinf=AT_INFINITY, neginf=-AT_INFINITY)
        begin[index] = value
        found = maximise_pinned(likelihood, pinned, begin)
        return found.value, found.slope, found.point

    def to_natural(value: float) -> float:
        with np.errstate(over="ignore"):
            return float(parameter.domain.from_free(np.float64(value)) * unit)

    variance = solution.free_covariance()[index, index]
    return _Coordinate(
        float(solution.point[index]),
        float(np.sqrt(variance)),
        -np.inf,
        np.inf,
        to_natural,
        solve,
        held=not solution.regular[index],
    )


def _simplex_coordinate(
    solution: Solution, name: str, parameter: Parameter, span: slice, entry: int
) -> _Coordinate:
    likelihood = solution.with_data("a profile likelihood")
    if parameter.domain.free_size == 0:
        raise InferenceError(
            f"{name} is 1 whatever the data, since there is one label only; it has no profile"
        )
    if not solution.regular.all():
        raise InferenceError(
            f"a profile of {name} is not available where a probability is on the edge; drop the empty category"
        )

    def constraint(free: Vector) -> tuple[float, Vector]:
        probabilities = np.asarray(parameter.domain.from_free(free[span]))
        p = float(probabilities[entry])
        rest = float(np.sum(np.delete(probabilities, entry)))
        gradient = np.zeros_like(free)
        gradient[span] = parameter.domain.derivative(free[span])[entry] / (p * rest)
        return float(np.log(p) - np.log(rest)), gradient

    def solve(value: float, start: Vector) -> tuple[float, float, Vector]:
        found = maximise_constrained(likelihood, constraint, value, start)
        return found.value, found.slope, found.point

    estimate, gradient = constraint(solution.point)
    error = float(np.sqrt(gradient @ solution.free_covariance() @ gradient))
    return _Coordinate(
        estimate, error, -np.inf, np.inf, lambda value: float(special.expit(value)), solve, held=False
    )


def _end(solution: Solution, coordinate: _Coordinate, sign: float, target: float) -> float:
    """Solve r(v) = target on one side by Newton with dr/dv = -slope/r, kept inside a bracket."""
    inside, outside = coordinate.estimate, np.inf * sign
    error = coordinate.standard_error
    step = target * error if np.isfinite(error) and error > 0 else 1.0
    at = coordinate.estimate + sign * step
    start = solution.point
    for _ in range(100):
        value, slope, found = coordinate.solve(at, start)
        drop = solution.log_likelihood - value
        root = float(np.sqrt(2 * max(drop, 0.0)))
        if abs(root - target) <= 1e-11 * max(target, 1.0):
            return at
        if np.isfinite(value):
            start = found
        if root < target and np.isfinite(value):
            inside = at
        else:
            outside = at
        rate = -slope / root * sign if root > 0 else 0.0
        move = (target - root) / rate if rate > 0 else np.inf
        widest = 3 * max(abs(inside - coordinate.estimate), step)
        proposal = at + sign * min(max(move, -widest), widest)
        if np.isfinite(outside):
            between = min(inside, outside) < proposal < max(inside, outside)
            at_next = proposal if between else 0.5 * (inside + outside)
        else:
            at_next = proposal
        if abs(at_next - at) <= 1e-15 * max(abs(at), 1.0):
            return at_next
        at = at_next
        if abs(at) > _farthest(coordinate):
            return sign * np.inf
    return at


def _farthest(coordinate: _Coordinate) -> float:
    # On a log or logit scale 700 is the edge; on the line, a million standard errors never come back.
    error = coordinate.standard_error
    spread = 1e6 * error if np.isfinite(error) else 0.0
    return max(FARTHEST, abs(coordinate.estimate) + spread)


def _one_sided(solution: Solution, coordinate: _Coordinate, target: float) -> tuple[float, float]:
    low, high = _one_sided_ends(solution, coordinate, target)
    if coordinate.estimate > 0:
        return coordinate.to_natural(low), coordinate.to_natural(np.inf)
    return coordinate.to_natural(-np.inf), coordinate.to_natural(high)


def _one_sided_ends(solution: Solution, coordinate: _Coordinate, target: float) -> tuple[float, float]:
    """From the edge inwards: bracket r(v) = target by doublings of the distance to 0, then bisect and polish."""
    sign = 1.0 if coordinate.estimate > 0 else -1.0
    near = sign * min(abs(coordinate.estimate), 40.0)

    def root(at: float) -> float:
        value = coordinate.solve(at, solution.point)[0]
        return float(np.sqrt(2 * max(solution.log_likelihood - value, 0.0))) if np.isfinite(value) else np.inf

    inside, at = near, near - sign
    while root(at) < target:
        inside, at = at, at - sign * max(1.0, abs(near - at))
        if abs(at) > FARTHEST:
            break
    outside = at
    for _ in range(200):
        middle = 0.5 * (inside + outside)
        if root(middle) < target:
            inside = middle
        else:
            outside = middle
        if abs(outside - inside) <= 1e-13 * max(abs(middle), 1.0):
            break
    return (inside, near) if sign > 0 else (near, inside)
