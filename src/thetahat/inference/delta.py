"""The delta method: any function of the estimates, with its standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.inference.covariance import free_covariance
from thetahat.solution import Solution
from thetahat.solved import Solved

Array = NDArray[Any]
STEP = 1e-2
"""First step of the differences, in standard errors: small against curvature, large against rounding."""


@final
class Values(Mapping[str, float]):
    """Parameter values by name and, where the name is a Python name, by attribute."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __getattr__(self, name: str) -> float:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(
                f"there is no parameter {name!r}; there are: {', '.join(self._values)}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Values({self._values})"


@dataclass(frozen=True, slots=True)
class Transformed:
    """A function of the estimates: its value (invariance of the maximum), standard error and interval."""

    estimate: Any
    standard_error: Any
    interval: tuple[Any, Any]
    level: float
    covariance: Array


def transform(
    solved: Solved,
    function: Callable[[Values], Any],
    level: float = 0.95,
    method: str = "delta",
    covariance: str = "observed",
) -> Transformed:
    """Standard error √(∇gᵀ V ∇g), with ∇g by Richardson-extrapolated differences on the free scale."""
    if method != "delta":
        raise InferenceError(f"transform(method={method!r}): choose 'delta'")
    if not callable(function):
        raise InferenceError(
            f"transform({function!r}): give a function of the estimates, such as lambda shape, rate: shape / rate"
        )
    if not isinstance(level, int | float) or not 0 < level < 1:
        raise InferenceError(f"level={level!r}: the confidence level must lie between 0 and 1, such as 0.95")
    solution = solved.solution
    solution.refuse_unless_usable("a function of the estimates")
    function = _by_name(function, solution)
    centre = _call(function, solution.natural)
    free = free_covariance(solved, covariance)
    regular = np.flatnonzero(solution.regular)
    errors = np.sqrt(np.diag(free))
    gradient = np.zeros((centre.size, regular.size))
    for column, index in enumerate(regular):
        gradient[:, column] = _derivative(solution, function, int(index), float(errors[index]), centre)
    # In units of the free standard errors and of each function's own spread, so that no square over- or underflows.
    spread = gradient * errors[regular]
    sizes = np.max(np.abs(spread), axis=1, initial=0.0)
    sizes = np.where((sizes > 0) & np.isfinite(sizes), sizes, 1.0)
    scaled = spread / sizes[:, None]
    with np.errstate(all="ignore"):
        correlation = free[np.ix_(regular, regular)] / errors[regular] / errors[regular][:, None]
        inner = scaled @ correlation @ scaled.T
        matrix = inner * sizes * sizes[:, None]
    concerned = not solution.regular.all() and _depends_on_lost(solution, function, centre)
    if concerned or not regular.size:
        matrix, inner = np.full_like(matrix, np.nan), np.full_like(inner, np.nan)
    error = (np.sqrt(np.diag(inner)) * sizes).reshape(centre.shape)
    width = float(special.ndtri(0.5 + level / 2)) * error
    if centre.ndim == 0:
        return Transformed(
            float(centre), float(error), (float(centre - width), float(centre + width)), level, matrix
        )
    return Transformed(centre, error, (centre - width, centre + width), level, matrix)


def _by_name(function: Callable[..., Any], solution: Solution) -> Callable[[Values], Any]:
    """Let a function name the parameters it takes: ``lambda shape, rate: shape / rate``."""
    try:
        arguments = list(signature(function).parameters)
    except (TypeError, ValueError):
        return function
    if not arguments or not set(arguments) <= set(solution.table.names):
        return function
    return lambda values: function(**{name: values[name] for name in arguments})


def _derivative(
    solution: Solution, function: Callable[[Values], Any], index: int, error: float, centre: Array
) -> Array:
    def difference(step: float) -> Array:
        ends = []
        for sign in (1.0, -1.0):
            point = solution.point.copy()
            point[index] += sign * step
            moved = {**solution.natural, **_regular_values(solution, point)}
            ends.append(_call(function, moved).ravel())
        return np.asarray((ends[0] - ends[1]) / (2 * step))

    step = STEP * error if error > 0 and np.isfinite(error) else STEP
    table = [difference(step / 2**level) for level in range(4)]
    # Richardson: errors are in even powers of the step, so each sweep removes one of them.
    for order in range(1, 4):
        table = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(table)]
    if not np.isfinite(table[0]).all():
        raise InferenceError(
            f"the function given to transform is not finite near the estimates (value there: {centre.tolist()})"
        )
    return table[0]


def _regular_values(solution: Solution, point: Array) -> dict[str, float]:
    natural = solution.table.natural(np.where(np.isfinite(point), point, 0.0))
    status = solution.certificate.status
    return {name: value for name, value in natural.items() if status[name] in {"regular", "irregular"}}


def _depends_on_lost(solution: Solution, function: Callable[[Values], Any], centre: Array) -> bool:
    """Whether the function uses a parameter that has no standard error."""
    status = solution.certificate.status
    for name, value in solution.natural.items():
        if status[name] in {"regular", "fixed"}:
            continue
        moved = {**solution.natural, name: value / 2 if np.isfinite(value) and value else 0.5}
        if not np.array_equal(_call(function, moved), centre, equal_nan=True):
            return True
    return False


def _call(function: Callable[[Values], Any], values: Mapping[str, float]) -> Array:
    result = np.asarray(function(Values(values)))
    if result.dtype.kind not in "fiub":
        raise InferenceError(f"the function given to transform returned {result.dtype}, not numbers")
    return result.astype(float)
