"""Profile likelihood: the curve of a parameter, and the interval where it stays high enough."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import InferenceError
from thetahat.inference.coordinate import FARTHEST, Coordinate, edge_between, farthest, not_known
from thetahat.inference.curve import Profile
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import Constrained, along_the_ridge, maximise_constrained, maximise_pinned
from thetahat.optimize.newton import DECREMENT, Newton
from thetahat.parameters import Parameter, Real
from thetahat.solution import AT_INFINITY, NEAR_LIMIT, Solution

Vector = NDArray[np.float64]
UNDETERMINED = frozenset({"flat", "unidentified"})
"""Statuses of parameters that these data say nothing of."""
RETURNS = (0.0, 2.0, 4.0)
"""Free coordinates from which a parameter at infinity is tried for a finite maximum beside a pinned one."""
FINEST = 1 / 16
"""The shortest part of a way that is gone at once, where the whole way is too far."""
MOST_RETREATS = 8
"""How often an end is looked for nearer the estimate, where the profile is not known."""
A_FIRST_STEP = 1e-3
"""Of a coefficient, where no standard error tells how far its interval may reach."""
AT_THE_EDGE = 1e-3
"""How near the edge of the regular region an interval that has not ended yet ends there."""


def interval(solution: Solution, name: str, level: float) -> tuple[float, float]:
    """Ends of {v: 2(ℓ(θ̂) - ℓ_profile(v)) <= χ²_1(level)}; one-sided at an edge or a limit.

    The profile is that within the regular region, where the family declares one; an interval that reaches the
    region's edge ends there.

    Raises
    ------
    InferenceError
        If an end rests on points at which the search did not converge, if the profile rises above the maximum, if
        the data have changed since the fit, or if the model is irregular at the estimates.
    """
    coordinate = _coordinate(solution, name)
    target = float(np.sqrt(special.chdtri(1, 1 - level)))
    if coordinate.held:
        return _one_sided(solution, coordinate, target)
    lower = _end(solution, coordinate, -1.0, target)
    upper = _end(solution, coordinate, 1.0, target)
    return coordinate.to_natural(lower), coordinate.to_natural(upper)


def undetermined(solution: Solution, name: str) -> bool:
    """Whether these data say nothing of a parameter, or of one that its profile would have to hold somewhere."""
    status = solution.certificate.status
    return status[name] in UNDETERMINED or "unidentified" in status.values()


def irregular(solution: Solution, name: str) -> bool:
    """Whether no χ² says how far a parameter's profile may fall."""
    return solution.certificate.status[name] in {"irregular", "singular", "edge"}


def curve(solution: Solution, name: str, points: int = 41, reach: float = 3.0) -> Profile:
    """The profile out to signed roots of about ``reach`` on both sides, or as far as it is known.

    Raises
    ------
    InferenceError
        As ``interval``, but for points that are not known, which are NaN.
    """
    coordinate = _coordinate(solution, name)
    if coordinate.held:
        low, high = _one_sided_ends(solution, coordinate, reach)
        grid = np.linspace(low, high, points)
        centre = high if coordinate.estimate > 0 else low
    else:
        ends = [_end(solution, coordinate, sign, reach, known=True) for sign in (-1.0, 1.0)]
        shown = 12.0 * coordinate.standard_error
        low = max(ends[0], coordinate.estimate - shown) if np.isfinite(shown) else ends[0]
        high = min(ends[1], coordinate.estimate + shown) if np.isfinite(shown) else ends[1]
        centre = coordinate.estimate
        grid = np.unique(np.concatenate([np.linspace(low, high, points), [centre]]))
    middle = int(np.searchsorted(grid, centre))
    values = np.full(grid.size, np.nan)
    for indices in (range(min(middle, grid.size - 1), -1, -1), range(middle + 1, grid.size)):
        at, start = centre, solution.point
        for index in indices:
            found = _reached(solution, coordinate, float(grid[index]), at, start)
            if not found.converged:
                break
            values[index], at, start = found.value, float(grid[index]), found.point
    natural = [coordinate.to_natural(float(at)) for at in grid]
    return Profile(
        name,
        np.array(natural),
        values,
        np.sign(grid - centre) * _root(solution, values),
        solution.natural[name],
        solution.objective,
    )


def _root(solution: Solution, value: Any) -> Any:
    # A value may stand above the maximum by its rounding; by more it was refused.
    return np.sqrt(2 * np.maximum(solution.objective - value, 0.0))


def _solved(solution: Solution, coordinate: Coordinate, at: float, start: Vector) -> Constrained:
    """The constrained maximum, refused where it is higher than what was called the maximum."""
    found = coordinate.solve(at, start)
    if not np.isfinite(found.value):
        return found
    slack = 4 * found.rounding + 2 * DECREMENT
    if solution.certificate.verdict is not Verdict.MAXIMUM:
        slack += NEAR_LIMIT * solution.n_obs
    excess = found.value - solution.objective
    if excess > slack:
        start_values = ", ".join(
            f"{name!r}: {value:.6g}"
            for name, value in solution.table.natural(found.point).items()
            if name not in solution.table.fixed
        )
        raise InferenceError(
            f"the profile of {coordinate.name} found a higher point: with {coordinate.name} = "
            f"{coordinate.to_natural(at):.6g} the log-likelihood is {excess:.3g} nats above the fit's, which is only a "
            f"local maximum. Fit again from there: start={{{start_values}}}"
        )
    return found


def _reached(
    solution: Solution, coordinate: Coordinate, at: float, origin: float, start: Vector
) -> Constrained:
    """The constrained maximum at ``at``, from that at ``origin``: in shorter steps where one is too long."""
    found = _solved(solution, coordinate, at, start)
    whole = at - origin
    share, gone = 0.5, 0.0
    while not (found.converged or found.outside) and share >= FINEST:
        # What is left may be a rounding less than the step that leads there.
        trial = at if gone + share >= 1.0 else origin + (gone + share) * whole
        step = _solved(solution, coordinate, trial, start)
        if not step.converged:
            share /= 2
        elif trial == at:
            return step
        else:
            gone, start = gone + share, step.point
    return found


def _coordinate(solution: Solution, name: str) -> Coordinate:
    parameter, span, entry = solution.table.entry(name)
    solution.refuse_unless_usable("a profile")
    if solution.too_many:
        raise InferenceError(
            f"a profile of {name} is not available: it would maximise {solution.table.n_free - 1:,} other coefficients "
            "at each of its points"
        )
    unit = solution.table.unit(parameter.name)
    likelihood = solution.with_data("a profile likelihood")
    if undetermined(solution, name):
        raise InferenceError(
            f"a profile of {name} is not available: the likelihood does not determine it, or not what it depends on. "
            f"{solution.certificate.sentence}"
        )
    if irregular(solution, name):
        raise InferenceError(
            f"a profile of {name} is not available: the model is irregular at the estimates, and no χ² says how far "
            "the likelihood may fall. Use a parametric bootstrap"
        )
    if likelihood.shared:
        solution.refuse_if_changed("a profile likelihood")
    if name in solution.table.shifts:
        return _shifted_coordinate(solution, name)
    if parameter.domain.vector:
        return _entry_coordinate(solution, name, parameter, span, entry)
    conditions = _conditions(solution)
    index = span.start
    # Coefficients that hold rows on the edge where predictors end move along it.
    moves = _moving(solution)
    held = np.flatnonzero(~solution.regular & ~moves)
    others = held[held != index]
    if solution.certificate.verdict is Verdict.FLAT:
        # Along a level direction one coordinate may stand anywhere; held is one, since two would be a constraint.
        others = others[:1]
    pinned = np.array([index, *others], dtype=np.intp)
    returns = solution.certificate.verdict is Verdict.AT_INFINITY and others.size > 0

    def solve(value: float, start: Vector) -> Constrained:
        # A parameter held at infinity is its limit in double precision long before.
        begin = np.nan_to_num(start, posinf=AT_INFINITY, neginf=-AT_INFINITY)
        if follows:
            begin = along_the_ridge(likelihood, begin, pinned, value, conditions)
        begin[index] = value
        best = maximise_pinned(likelihood, pinned, begin, conditions)
        if not returns:
            return best
        for nearer in RETURNS:
            # Away from the estimate the parameter that ran to infinity may come back.
            begin[others] = nearer
            found = maximise_pinned(likelihood, pinned[:1], begin, conditions)
            if found.converged and found.value > best.value + found.rounding:
                best = found
        return best

    # Where other maxima are not excluded, a long step may end on another ridge, below that of the estimate.
    follows = solution.certificate.scope != "global"

    def allowed(value: float) -> bool:
        point = solution.finite_point
        point[index] = value
        return conditions.allowed is None or conditions.allowed(point)

    def to_natural(value: float) -> float:
        with np.errstate(over="ignore"):
            return float(parameter.domain.from_free(np.float64(value)) * unit)

    variance = solution.free_covariance()[index, index]
    if moves[index]:
        # Not an uncertainty, only a length to begin with.
        variance = (A_FIRST_STEP * max(abs(float(solution.point[index])), A_FIRST_STEP)) ** 2
    return Coordinate(
        name,
        float(solution.point[index]),
        float(np.sqrt(variance)),
        -np.inf,
        np.inf,
        to_natural,
        solve,
        held=not (solution.regular[index] or moves[index]),
        line=isinstance(parameter.domain, Real),
        allowed=allowed,
    )


def _moving(solution: Solution) -> NDArray[np.bool_]:
    """Which coordinates are on an edge that is none of their own: numbers on the line, at a finite estimate."""
    table, status = solution.table, solution.certificate.status
    moves = np.zeros(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if isinstance(parameter.domain, Real) and status[parameter.name] == "boundary":
            moves[span] = np.isfinite(solution.point[span])
    return moves


def _conditions(solution: Solution) -> Conditions:
    """Those of the fit; its region holds only for estimates inside, which fixed parameters may prevent."""
    given = solution.conditions or Conditions(Newton())
    if given.allowed is not None and not given.allowed(solution.finite_point):
        return replace(given, allowed=None)
    return given


def _shifted_coordinate(solution: Solution, name: str) -> Coordinate:
    """A constant beside columns that were centred: a line in the coordinates."""
    table = solution.table
    if not solution.regular.all():
        raise InferenceError(
            f"a profile of {name} is not available where other coefficients have no finite estimate and columns are "
            "far from 0; subtract a number near their means from the columns"
        )
    likelihood = solution.with_data("a profile likelihood")
    gradient = table.jacobian(solution.point)[table.free_names.index(name)]

    def solve(value: float, start: Vector) -> Constrained:
        return maximise_constrained(
            likelihood, lambda free: (table.natural(free)[name], gradient), value, start
        )

    estimate, error = solution.natural[name], solution.standard_errors()[name]
    return Coordinate(name, estimate, error, -np.inf, np.inf, float, solve, held=False, line=True)


def _entry_coordinate(
    solution: Solution, name: str, parameter: Parameter, span: slice, entry: int
) -> Coordinate:
    likelihood = solution.with_data("a profile likelihood")
    if parameter.domain.free_size == 0:
        raise InferenceError(
            f"{name} is 1 whatever the data, since there is one label only; it has no profile"
        )
    if not solution.regular.all():
        raise InferenceError(
            f"a profile of {name} is not available where {parameter.name} is on the edge; drop the empty category"
        )

    def constraint(free: Vector) -> tuple[float, Vector]:
        at, slope = parameter.domain.line(parameter.domain.from_free(free[span]), entry)
        gradient = np.zeros_like(free)
        gradient[span] = slope * parameter.domain.derivative(free[span])[entry]
        return at, gradient

    def solve(value: float, start: Vector) -> Constrained:
        return maximise_constrained(likelihood, constraint, value, start, bends=span)

    estimate, gradient = constraint(solution.point)
    error = float(np.sqrt(gradient @ solution.free_covariance() @ gradient))
    back, line = partial(parameter.domain.from_line, entry=entry), parameter.domain.on_line(entry)
    return Coordinate(name, estimate, error, -np.inf, np.inf, back, solve, held=False, line=line)


def _end(
    solution: Solution, coordinate: Coordinate, sign: float, target: float, *, known: bool = False
) -> float:
    """Solve r(v) = target on one side by Newton with dr/dv = -slope/r, kept inside a bracket.

    Where the profile is not known so far out, the end is refused, or with ``known`` the last known point returned.
    """
    inside, outside, edge = coordinate.estimate, np.inf * sign, np.inf * sign
    error = coordinate.standard_error
    step = target * error if np.isfinite(error) and error > 0 else 1.0
    at = coordinate.estimate + sign * step
    start = solution.point
    retreats = 0
    for _ in range(100):
        if not coordinate.allowed(at):
            outside = edge = edge_between(coordinate, inside, at)
            at = 0.5 * (inside + edge)
        if np.isfinite(edge) and abs(edge - inside) <= AT_THE_EDGE * max(abs(edge), 1.0):
            return inside if known else edge
        found = _reached(solution, coordinate, at, inside, start)
        if not (found.converged or found.outside):
            retreats += 1
            if retreats > MOST_RETREATS:
                break
            at = 0.5 * (inside + at)
            continue
        value = found.value
        root = float(_root(solution, value))
        if abs(root - target) <= 1e-11 * max(target, 1.0):
            return at
        if root < target:
            inside, start = at, found.point
        else:
            outside = at
        rate = -found.slope / root * sign if root > 0 else 0.0
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
        if abs(at) > farthest(coordinate):
            return sign * np.inf
    if retreats > MOST_RETREATS and not known:
        raise not_known(coordinate, inside)
    return inside if retreats > MOST_RETREATS else at


def _one_sided(solution: Solution, coordinate: Coordinate, target: float) -> tuple[float, float]:
    low, high = _one_sided_ends(solution, coordinate, target)
    if coordinate.estimate > 0:
        return coordinate.to_natural(low), coordinate.to_natural(np.inf)
    return coordinate.to_natural(-np.inf), coordinate.to_natural(high)


def _one_sided_ends(solution: Solution, coordinate: Coordinate, target: float) -> tuple[float, float]:
    """From the edge inwards: bracket r(v) = target by doublings of the distance to 0, then bisect and polish."""
    sign = 1.0 if coordinate.estimate > 0 else -1.0
    near = sign * min(abs(coordinate.estimate), 40.0)

    def root(at: float) -> float:
        found = _reached(solution, coordinate, at, near, solution.point)
        if not (found.converged or found.outside):
            raise not_known(coordinate, at)
        return float(_root(solution, found.value))

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
