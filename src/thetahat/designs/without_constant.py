"""The design of a predictor whose constant stands elsewhere in the model, as in the thresholds of an ordinal one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._design import Design
from thetahat.designs._designer import Designer
from thetahat.response._response import RowNumbers

Array = NDArray[Any]


@final
class WithoutConstant(Designer):
    """Another designer's columns less the constant, beside which its factors were coded.

    Parameters
    ----------
    of
        The designer.
    """

    def __init__(self, of: Designer) -> None:
        self._of = of
        at = of.intercept
        self.names = tuple(name for place, name in enumerate(of.names) if place != at)
        self.columns = of.columns
        self.intercept = None

    @property
    def whole(self) -> Designer:
        """The designer that has the constant."""
        return self._of

    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return the design of these rows."""
        design, at = self._of.build(columns, where), self._of.intercept
        return design if at is None else design.without(at)

    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> NDArray[np.float64] | None:
        """Return the other designer's offset."""
        return self._of.offset(columns, where)

    def describe(self) -> Mapping[str, Any]:
        """The designer that has the constant."""
        return {"kind": "without_constant", "of": dict(self._of.describe())}
