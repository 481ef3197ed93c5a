"""The design of a predictor that has nothing but a constant, and perhaps an offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._dense import DenseDesign
from thetahat.designs._design import Design
from thetahat.designs._designer import Designer
from thetahat.response._response import RowNumbers

Array = NDArray[Any]


@final
class ConstantDesigner(Designer):
    """A column of ones, with the offset of another designer.

    Parameters
    ----------
    of
        The designer whose place it takes.
    prefix
        Stands before its coefficient's name: ``sd:``.
    """

    def __init__(self, of: Designer, prefix: str = "") -> None:
        self._of = of
        self._prefix = prefix
        self.names = (f"{prefix}Intercept",)
        self.columns = of.columns
        self.intercept = 0

    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return a column of ones."""
        n_rows = next(iter(columns.values())).shape[0]
        return DenseDesign(np.ones((n_rows, 1)))

    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> NDArray[np.float64] | None:
        """Return the other designer's offset."""
        return self._of.offset(columns, where)

    def describe(self) -> Mapping[str, Any]:
        """The designer whose place it takes, and the prefix."""
        return {"kind": "constant", "prefix": self._prefix, "of": dict(self._of.describe())}
