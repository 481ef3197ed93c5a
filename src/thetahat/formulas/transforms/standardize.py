"""A column in units of its standard deviation, in patsy's spelling."""

from __future__ import annotations

from typing import ClassVar, final

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._transform import Need, State, Summary, Transform, Vector
from thetahat.formulas.transforms.scale import Scale


@final
@dataclass(frozen=True)
class Standardize(Transform):
    """``standardize(x)``: ``scale`` with the divisor n, as patsy has it.

    Examples
    --------
    >>> import numpy as np
    >>> summary = Summary.of(np.array([1.0, 3.0]), keep=False)
    >>> Standardize().learn("standardize(x)", summary)
    {'mean': 2.0, 'sd': 1.0}
    """

    center: bool = True
    rescale: bool = True
    ddof: float = 0

    spelled: ClassVar[tuple[str, ...]] = ("standardize",)

    def __post_init__(self) -> None:
        self._scale()

    def _scale(self) -> Scale:
        return Scale(self.center, self.rescale, self.ddof)

    @property
    def need(self) -> Need:
        """Mean and spread."""
        return "summary"

    def learn(self, call: str, summary: Summary) -> State:
        """Remember mean and standard deviation."""
        return self._scale().learn(call, summary)

    def apply(self, call: str, values: Vector, state: State) -> Vector:
        """Subtract the mean and divide by the standard deviation."""
        return self._scale().apply(call, values, state)
