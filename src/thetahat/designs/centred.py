"""The design of a predictor whose columns are far from 0 beside their spread: each less a number near its mean."""

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
class Centred(Designer):
    """Another designer's columns less their centres; the constant takes up what that adds to the predictor.

    With x = c + d the coefficients of 1 and d are β0 + c β1 and β1, which are hardly correlated, and from which the
    table of parameters makes those of 1 and x.

    Parameters
    ----------
    of
        The designer.
    centres
        By position of the column.
    constant
        The position of a column of ones, where that is one of the designer's own columns and no constant that it adds.
    """

    def __init__(self, of: Designer, centres: Mapping[int, float], constant: int | None = None) -> None:
        self._of = of
        self.centres = dict(centres)
        self.names = of.names
        self.columns = of.columns
        self.intercept = of.intercept if constant is None else constant

    @property
    def whole(self) -> Designer:
        """The designer of the columns as they are."""
        return self._of

    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return the design of these rows."""
        matrix = np.array(self._of.build(columns, where).dense(), dtype=float)
        for column, centre in self.centres.items():
            matrix[:, column] -= centre
        return DenseDesign(matrix)

    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> NDArray[np.float64] | None:
        """Return the other designer's offset."""
        return self._of.offset(columns, where)

    def describe(self) -> Mapping[str, Any]:
        """The designer of the columns as they are, the centres by position, and the constant's where it has none."""
        described: dict[str, Any] = {
            "kind": "centred",
            "of": dict(self._of.describe()),
            "centres": {str(column): centre for column, centre in self.centres.items()},
        }
        return described if self._of.intercept is not None else {**described, "constant": self.intercept}
