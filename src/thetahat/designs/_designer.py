"""The contract of a designer: how the columns of a block become a design, fixed before the first pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._design import Design
from thetahat.response._response import RowNumbers

Array = NDArray[Any]


class Designer(ABC):
    """Makes the design of one linear predictor from a block's columns.

    ``names`` are those of its coefficients, ``columns`` those that it reads, ``intercept`` the position of the
    constant column, or None. Immutable: whatever depends on all rows, such as levels and knots, is known already.
    ``centres`` are what was taken off columns, by position, for the constant to take up.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    intercept: int | None
    centres: Mapping[int, float] = MappingProxyType({})

    @abstractmethod
    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return the design of these rows.

        Raises
        ------
        DataError
            If a value is missing or infinite, or a level was never seen.
        """

    @abstractmethod
    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> NDArray[np.float64] | None:
        """Return what is added to the predictor of each row, or None where nothing is."""

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """The specification as plain data, enough to make the designer again."""
