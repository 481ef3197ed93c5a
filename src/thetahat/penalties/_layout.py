"""What a penalty is told of a model: its parameters, and which of them are coefficients."""

from __future__ import annotations

from thetahat._dataclass import dataclass
from thetahat.parameters import ParameterTable


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The coefficients of one predictor, or of the ``size`` predictors of a softmax, one after another.

    ``span`` is their part of the working vector; ``intercept`` the position of the constant among the columns.
    """

    span: slice
    size: int
    intercept: int | None

    @property
    def width(self) -> int:
        """How many columns the design has."""
        return (self.span.stop - self.span.start) // self.size


@dataclass(frozen=True, slots=True)
class Layout:
    """The parameters of a model; ``coefficients`` is empty where it has no predictors.

    ``canonical`` names the family where the one predictor there is drives its natural parameter, and is empty
    elsewhere.
    """

    table: ParameterTable
    coefficients: tuple[Coefficients, ...] = ()
    canonical: str = ""
