"""The contract of a model: what it makes of a block of rows, and the tally that a likelihood sums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.data import Block
from thetahat.parameters import ParameterTable

Array = NDArray[Any]
Vector = NDArray[np.float64]

ROUNDING = 8 * float(np.finfo(float).eps)
VALUE, GRADIENT, ROUGHLY, DERIVATIVES, SCORES = range(5)
"""What a tally is to hold: ℓ alone; the score too; information too, to a few digits for a step, or to all of them; the
outer product of row scores as well.

Only models of which it is asked, those whose information is dear, tell ``GRADIENT`` and ``ROUGHLY`` from the third.
"""
LARGE = 1 << 16
"""Numbers of a matrix, from which on a fresh one costs more than the sum."""
NO_INFORMATION = np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over rows at one point, in working coordinates: an associative record.

    ``absolute`` is Σ w |ℓ_i| or a bound a little above it, from which the rounding of ℓ is known; ``absolute_score``
    Σ w |u_i|; of a row that is a difference, such as one given its limits, both count the parts, since it is they that
    are rounded; ``opg`` Σ w u_i u_iᵀ. ``densest`` is the largest log density of an exact row plus the log of that
    row's rounding unit, or a bound for it where that is far below 0.
    """

    value: float
    absolute: float
    score: Vector
    information: Array
    absolute_score: Vector | None = None
    opg: Array | None = None
    densest: float = -np.inf

    def merge(self, other: Tally) -> Tally:
        """Add the sums of the rows that follow."""
        return Tally(
            self.value + other.value,
            self.absolute + other.absolute,
            self.score + other.score,
            _added(self.information, other.information),
            None
            if self.absolute_score is None or other.absolute_score is None
            else self.absolute_score + other.absolute_score,
            None if self.opg is None or other.opg is None else self.opg + other.opg,
            max(self.densest, other.densest),
        )

    def restrict(self, index: NDArray[np.intp]) -> Tally:
        """Keep the coordinates in ``index``."""
        square = np.ix_(index, index)
        return Tally(
            self.value,
            self.absolute,
            self.score[index],
            self.information[square] if self.information.size else self.information,
            None if self.absolute_score is None else self.absolute_score[index],
            None if self.opg is None else self.opg[square],
            self.densest,
        )

    @property
    def finite(self) -> bool:
        """Whether the log-likelihood is a number; a trial point where it is not is rejected whole."""
        return isfinite(self.value)

    @property
    def rounding(self) -> float:
        """A bound for the rounding error of ``value``."""
        return ROUNDING * self.absolute


def _added(left: Array, right: Array) -> Array:
    """The sum, in the left one's place where it is large: a tally that is merged is not asked again."""
    return np.add(left, right, out=left if left.size > LARGE and left.flags.writeable else None)


Packed = TypeVar("Packed")


class Model(ABC, Generic[Packed]):
    """A parametric density of rows.

    A model packs a block of columns once, and makes tallies of it at any point. It is final data: nothing about it
    changes during a fit.
    """

    table: ParameterTable
    search_order: ClassVar[int] = SCORES
    """The most that a search asks of it; row scores of a regression cost as much as its information."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns it reads from a source."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the model is called in a report."""

    @abstractmethod
    def pack(self, block: Block) -> Packed:
        """Read, check and prepare one block of rows."""

    def portions(self, packed: Packed) -> Sequence[Packed]:
        """Packed rows in the portions that threads share, which every pass sums in the same order."""
        return (packed,)

    @abstractmethod
    def tally(self, packed: Packed, working: Vector, order: int) -> Tally:
        """Sum log-likelihood and derivatives over packed rows at a working vector."""

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """The specification as plain data, enough to build the model again."""
