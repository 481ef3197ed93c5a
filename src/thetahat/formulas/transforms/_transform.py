"""The contract of a transform that looks at all rows once and remembers what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
State = Mapping[str, Any]
"""What was learned, as plain data that JSON holds."""
Need = Literal["nothing", "summary", "values"]

LARGEST_BASIS = 1_000
"""Columns of a basis; beyond them a spline is a mistake."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Count, mean, Σ (x - mean)², ends and, where asked for, all values of a column; an associative record."""

    n: int
    mean: float
    squares: float
    minimum: float
    maximum: float
    values: list[Vector] = field(default_factory=list)

    @classmethod
    def of(cls, values: Vector, *, keep: bool) -> Summary:
        """Summarise one block."""
        if values.size == 0:
            return cls(0, 0.0, 0.0, np.inf, -np.inf)
        mean = float(values.mean())
        centred = values - mean
        return cls(
            values.size,
            mean,
            float(centred @ centred),
            float(values.min()),
            float(values.max()),
            [values] if keep else [],
        )

    def merge(self, other: Summary) -> Summary:
        """Join the rows that follow (Chan, Golub & LeVeque, 1983)."""
        if not self.n or not other.n:
            return other if not self.n else self
        n = self.n + other.n
        gap = other.mean - self.mean
        return Summary(
            n,
            self.mean + gap * (other.n / n),
            self.squares + other.squares + gap * gap * (self.n * (other.n / n)),
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.values + other.values,
        )

    @property
    def all_values(self) -> Vector:
        """The values of all rows, in order."""
        return np.concatenate(self.values)


class Transform(ABC):
    """One call of a transform with its options; the column that it transforms is not part of it.

    A subclass is a frozen dataclass whose fields are the options in the order in which a formula may give them.
    """

    spelled: ClassVar[tuple[str, ...]]
    """The names by which formulas call it."""

    @property
    @abstractmethod
    def need(self) -> Need:
        """What ``learn`` has to know of the column."""

    @abstractmethod
    def learn(self, call: str, summary: Summary) -> State:
        """Fix what depends on all rows.

        Raises
        ------
        FormulaError
            If the column does not allow it, such as too few distinct values for the knots.
        """

    @abstractmethod
    def apply(self, call: str, values: Vector, state: State) -> Vector | Matrix:
        """Transform a column's values to (n,) or (n, k) numbers."""

    def fields(self, state: State) -> tuple[str, ...] | None:
        """Names of the columns that it makes, or None where it makes one."""
        return None

    @property
    def spans_intercept(self) -> bool:
        """Whether its columns add up to a constant."""
        return False


def refuse(call: str, reason: str) -> FormulaError:
    """Return the error that names the call."""
    return FormulaError(f"{call}: {reason}")


def whole(option: str, value: Any, lowest: int, highest: int) -> None:
    """Refuse an option that is no whole number between two ends."""
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise FormulaError(f"{option}={value!r} must be a whole number from {lowest} to {highest:,}")
    if not lowest <= value <= highest:
        raise FormulaError(f"{option}={value!r} must be a whole number from {lowest} to {highest:,}")


def flag(option: str, value: Any) -> None:
    """Refuse an option that is not True or False."""
    if not isinstance(value, bool):
        raise FormulaError(f"{option}={value!r} must be True or False")


def finite(option: str, value: Any) -> None:
    """Refuse an option that is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise FormulaError(f"{option}={value!r} must be a finite number")
