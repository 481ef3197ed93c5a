"""Confidence intervals: Wald on the free or the natural scale, and profile likelihood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import InferenceError
from thetahat.parameters import Real
from thetahat.rendering import Table, alike
from thetahat.solution import Solution

METHODS = ("wald", "profile")
SCALES = ("free", "natural")


@final
class Intervals(Mapping[str, tuple[float, float]]):
    """Intervals by parameter name; renders as a table.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.Poisson(), [2, 4, 3, 5, 1])
    >>> low, high = fit.intervals()["rate"]
    >>> round(low, 4), round(high, 4)
    (1.8086, 4.9762)
    """

    def __init__(
        self, ends: Mapping[str, tuple[float, float]], *, level: float, method: str, scale: str
    ) -> None:
        self._ends = dict(ends)
        self.level = level
        self.method = method
        self.scale = scale

    def __getitem__(self, name: str) -> tuple[float, float]:
        return self._ends[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ends)

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def title(self) -> str:
        """What the table shows."""
        how = f"{self.method}, {self.scale} scale" if self.method == "wald" else self.method
        return f"{100 * self.level:g} % intervals ({how})"

    def __repr__(self) -> str:
        return f"{self.title}\n{self._table().text()}"

    def _repr_html_(self) -> str:
        return self._table().html(self.title)

    def _table(self) -> Table:
        rows = []
        for name, (low, high) in self._ends.items():
            # Ends of an interval are about four standard errors apart.
            rows.append((name, *alike([low, high], (high - low) / 4)))
        return Table(("parameter", "low", "high"), tuple(rows))


def intervals(
    solution: Solution,
    level: float = 0.95,
    method: str = "wald",
    parameters: Sequence[str] | str | None = None,
    scale: str = "free",
    free: NDArray[np.float64] | None = None,
) -> Intervals:
    """Intervals for the estimated parameters; Wald's from ``free``, a covariance on the free scale, if it is given."""
    if not 0 < level < 1:
        raise InferenceError(f"level={level!r}: the confidence level must lie between 0 and 1, such as 0.95")
    if method not in METHODS:
        raise InferenceError(f"method={method!r}: choose from {', '.join(METHODS)}")
    if scale not in SCALES:
        raise InferenceError(f"scale={scale!r}: choose from {', '.join(SCALES)}")
    names = _names(solution, parameters)
    if method == "profile":
        from thetahat.inference import profile

        nowhere = (float(np.nan), float(np.nan))
        # Those that have none are left empty where all were asked for, and refused where they were named.
        empty = {
            name
            for name in names
            if profile.undetermined(solution, name)
            or (parameters is None and profile.irregular(solution, name))
        }
        if len(empty) == len(names):
            empty = {name for name in names if profile.undetermined(solution, name)}
        ends = {name: nowhere if name in empty else profile.interval(solution, name, level) for name in names}
    else:
        ends = _wald(solution, names, level, scale, free)
    return Intervals(ends, level=level, method=method, scale=scale)


def _names(solution: Solution, parameters: Sequence[str] | str | None) -> list[str]:
    if parameters is None:
        return list(solution.table.free_names)
    names = [parameters] if isinstance(parameters, str) else list(parameters)
    for name in names:
        solution.table.entry(name)
    return names


def _wald(
    solution: Solution, names: list[str], level: float, scale: str, free: NDArray[np.float64] | None
) -> dict[str, tuple[float, float]]:
    if solution.too_many:
        return dict.fromkeys(names, (float(np.nan), float(np.nan)))
    free = solution.free_covariance() if free is None else free
    width = float(special.ndtri(0.5 + level / 2))
    errors = solution.standard_errors(free)
    ends: dict[str, tuple[float, float]] = {}
    for name in names:
        parameter, span, entry = solution.table.entry(name)
        estimate, error = solution.natural[name], errors[name]
        unit = solution.table.unit(parameter.name)
        if np.isnan(error):
            ends[name] = (float(np.nan), float(np.nan))
        elif scale == "natural" or isinstance(parameter.domain, Real):
            ends[name] = (estimate - width * error, estimate + width * error)
        elif parameter.domain.vector:
            values = [solution.natural[other] / unit for other in parameter.names]
            at, slope = parameter.domain.line(values, entry)
            spread = width * slope * error / unit
            low, high = (parameter.domain.from_line(at + sign * spread, entry) * unit for sign in (-1.0, 1.0))
            ends[name] = (low, high)
        else:
            at, spread = solution.point[span.start], width * np.sqrt(free[span.start, span.start])
            low, high = (parameter.domain.from_line(at + sign * spread) * unit for sign in (-1.0, 1.0))
            ends[name] = (low, high)
    return ends
