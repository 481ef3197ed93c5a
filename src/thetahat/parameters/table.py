"""The table of a model's parameters: names <-> flat free vector, with fixed values and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ParameterError
from thetahat._lazy import once
from thetahat.parameters._domain import Domain
from thetahat.parameters._parameter import Parameter

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class ParameterTable:
    """Parameters in declared order, which of them are fixed, and the unit each is measured in.

    A model computes in working coordinates, one block per parameter. The free vector holds the working
    coordinates of those parameters that are not fixed. ``units`` are powers of two by which natural values are
    multiplied on the way out, so that data near 1e300 are fitted near 1. ``shifts`` are linear: the natural value of a
    number on the line is its coordinate plus multiples of other estimated ones, as that of a constant beside columns
    that were centred.

    Examples
    --------
    >>> from thetahat.parameters import Positive, Real
    >>> table = ParameterTable((Parameter("mean", Real()), Parameter("sd", Positive())), fixed={"sd": 1.0})
    >>> table.free_names, table.n_free
    (('mean',), 1)
    """

    parameters: tuple[Parameter, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, float] = field(default_factory=dict)
    shifts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.fixed.items():
            if name not in self.by_name:
                choice = f"choose from: {', '.join(self.by_name)}"
                if not self.by_name:
                    choice = "where labels are not known before the data, name them first: levels=[...]"
                raise ParameterError(
                    f"fixed={{{name!r}: ...}}: there is no parameter {name!r} that can be fixed; {choice}"
                )
            domain = self.by_name[name].domain
            if not self._inside(domain, value):
                raise ParameterError(f"fixed={{{name!r}: {value!r}}}: {name} must be {domain.describe()}")

    @once
    def by_name(self) -> Mapping[str, Parameter]:
        """The parameters by their names."""
        return {parameter.name: parameter for parameter in self.parameters}

    @staticmethod
    def _inside(domain: Domain, value: Any) -> bool:
        try:
            return (domain.vector or np.ndim(value) == 0) and domain.contains(value)
        except (TypeError, ValueError):
            return False

    @once
    def names(self) -> tuple[str, ...]:
        """Every entry's name, fixed ones too."""
        return tuple(name for parameter in self.parameters for name in parameter.names)

    @once
    def free_parameters(self) -> tuple[Parameter, ...]:
        """The parameters that are estimated."""
        if not self.fixed:
            return self.parameters
        return tuple(parameter for parameter in self.parameters if parameter.name not in self.fixed)

    @once
    def free_names(self) -> tuple[str, ...]:
        """The names of the estimated entries."""
        if not self.fixed:
            return self.names
        return tuple(name for parameter in self.free_parameters for name in parameter.names)

    @once
    def n_free(self) -> int:
        """The number of free coordinates, which is the number of degrees of freedom."""
        if not self.fixed:
            return self.n_working
        return sum(parameter.domain.free_size for parameter in self.free_parameters)

    @once
    def n_working(self) -> int:
        """The number of working coordinates, fixed ones included."""
        return sum(parameter.domain.free_size for parameter in self.parameters)

    @once
    def free_index(self) -> NDArray[np.intp]:
        """The positions of the free coordinates among the working ones."""
        if not self.fixed:
            return np.arange(self.n_working, dtype=np.intp)
        positions: list[int] = []
        start = 0
        for parameter in self.parameters:
            size = parameter.domain.free_size
            if parameter.name not in self.fixed:
                positions.extend(range(start, start + size))
            start += size
        return np.array(positions, dtype=np.intp)

    @once
    def all_free(self) -> bool:
        """Whether nothing is fixed."""
        return not self.fixed

    @once
    def all_scalar(self) -> bool:
        """Whether every estimated parameter is one number, so that the Jacobian is diagonal."""
        return not self.shifts and not any(parameter.domain.vector for parameter in self.free_parameters)

    @once
    def on_line(self) -> NDArray[np.bool_]:
        """Which free coordinates are the numbers themselves, in their own units."""
        flags: list[bool] = []
        for parameter in self.free_parameters:
            flags.extend([parameter.domain.identity] * parameter.domain.free_size)
        return np.array(flags, dtype=bool)

    @once
    def straight(self) -> bool:
        """Whether the free vector is that of the estimates."""
        return bool(self.on_line.all()) and not self.units and not self.shifts

    @once
    def free_slices(self) -> tuple[slice, ...]:
        """For each estimated parameter, its slice of the free vector."""
        slices = []
        start = 0
        for parameter in self.free_parameters:
            slices.append(slice(start, start + parameter.domain.free_size))
            start += parameter.domain.free_size
        return tuple(slices)

    @once
    def _fixed_working(self) -> Vector:
        working = np.zeros(self.n_working)
        start = 0
        for parameter in self.parameters:
            size = parameter.domain.free_size
            if parameter.name in self.fixed:
                value = np.asarray(self.fixed[parameter.name], dtype=float) / self.unit(parameter.name)
                working[start : start + size] = parameter.domain.to_free(value)
            start += size
        return working

    def unit(self, name: str) -> float:
        """Return the unit of a parameter."""
        return self.units.get(name, 1.0)

    def working(self, free: Vector) -> Vector:
        """Insert the fixed coordinates: free vector -> working vector."""
        if not self.fixed:
            return free
        working = self._fixed_working.copy()
        working[self.free_index] = free
        return working

    def free_from_natural(self, values: Mapping[str, Any]) -> Vector:
        """Map natural values of the estimated parameters (vectors whole) to the free vector."""
        parts = []
        for parameter in self.free_parameters:
            value = np.asarray(values[parameter.name], dtype=float)
            unit = self.unit(parameter.name)
            if parameter.name in self.shifts:
                value = value - sum(
                    factor * values[other] for other, factor in self.shifts[parameter.name].items()
                )
            parts.append(np.atleast_1d(parameter.domain.to_free(value if unit == 1.0 else value / unit)))
        return np.concatenate(parts).astype(float) if parts else np.zeros(0)

    def natural(self, free: Vector) -> dict[str, float]:
        """Map the free vector to natural values by entry name, fixed ones included, in declared order."""
        if self.straight and not self.fixed:
            return dict(zip(self.names, free.tolist(), strict=True))
        values: dict[str, float] = {}
        start = 0
        with np.errstate(over="ignore", under="ignore"):
            for parameter in self.parameters:
                if parameter.name in self.fixed:
                    entries = parameter.domain.entries(self.fixed[parameter.name])
                elif parameter.domain.vector:
                    coordinates = free[start : start + parameter.domain.free_size]
                    entries = np.asarray(parameter.domain.from_free(coordinates)) * self.unit(parameter.name)
                    start += parameter.domain.free_size
                else:
                    values[parameter.name] = float(
                        parameter.domain.from_free(free[start]) * self.unit(parameter.name)
                    )
                    start += 1
                    continue
                values.update(zip(parameter.names, entries.tolist(), strict=True))
        for name, others in self.shifts.items():
            values[name] += sum(factor * values[other] for other, factor in others.items())
        return values

    def slopes(self, free: Vector) -> Vector:
        """The diagonal of the Jacobian, of a table that is ``all_scalar``."""
        if self.straight:
            return np.ones(self.n_free)
        return np.array(
            [
                (1.0 if parameter.domain.identity else parameter.domain.derivative(free[at]))
                * self.unit(parameter.name)
                for at, parameter in enumerate(self.free_parameters)
            ]
        )

    def jacobian(self, free: Vector) -> Vector:
        """d natural / d free over the free entries: (entries, n_free)."""
        jacobian = np.zeros((len(self.free_names), self.n_free))
        row = 0
        for parameter, span in zip(self.free_parameters, self.free_slices, strict=True):
            block = parameter.domain.derivative(free[span])
            rows = slice(row, row + parameter.domain.size)
            jacobian[rows, span] = (block if parameter.domain.vector else block[:, None]) * self.unit(
                parameter.name
            )
            row += parameter.domain.size
        for name, others in self.shifts.items():
            for other, factor in others.items():
                jacobian[self.free_names.index(name), self.entry(other)[1]] += factor * self.unit(other)
        return jacobian

    @once
    def _entries(self) -> Mapping[str, tuple[Parameter, slice, int]]:
        return {
            name: (parameter, span, index)
            for parameter, span in zip(self.free_parameters, self.free_slices, strict=True)
            for index, name in enumerate(parameter.names)
        }

    def entry(self, name: str) -> tuple[Parameter, slice, int]:
        """Find an estimated entry: its parameter, the parameter's slice of the free vector, its index inside."""
        if name in self._entries:
            return self._entries[name]
        if name in self.names:
            raise ParameterError(f"{name!r} is fixed, so there is nothing to estimate about it")
        raise ParameterError(f"there is no parameter {name!r}; the parameters are: {', '.join(self.names)}")
