"""A column in units of its standard deviation."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._transform import (
    Need,
    State,
    Summary,
    Transform,
    Vector,
    finite,
    flag,
    refuse,
)


@final
@dataclass(frozen=True)
class Scale(Transform):
    """``scale(x)``: (x - mean)/sd over all rows of the fit, sd² = Σ (x - mean)²/(n - ddof).

    Without centring, sd² = Σ x²/(n - ddof), as in R's ``scale``.

    Examples
    --------
    >>> import numpy as np
    >>> summary = Summary.of(np.array([1.0, 2.0, 3.0]), keep=False)
    >>> Scale().learn("scale(x)", summary)
    {'mean': 2.0, 'sd': 1.0}
    """

    center: bool = True
    scale: bool = True
    ddof: float = 1

    spelled: ClassVar[tuple[str, ...]] = ("scale",)

    def __post_init__(self) -> None:
        flag("center", self.center)
        flag("scale", self.scale)
        finite("ddof", self.ddof)

    @property
    def need(self) -> Need:
        """Mean and spread."""
        return "summary"

    def learn(self, call: str, summary: Summary) -> State:
        """Remember mean and standard deviation."""
        mean = summary.mean if self.center else 0.0
        if not self.scale:
            return {"mean": mean, "sd": 1.0}
        squares = summary.squares if self.center else summary.squares + summary.n * summary.mean**2
        if not squares > 0:
            raise refuse(
                call, "all values are equal, so there is no spread to scale by; leave the column out"
            )
        if not summary.n > self.ddof:
            raise refuse(call, f"{summary.n} rows are too few for ddof={self.ddof:g}")
        return {"mean": mean, "sd": float(np.sqrt(squares / (summary.n - self.ddof)))}

    def apply(self, call: str, values: Vector, state: State) -> Vector:
        """Subtract the mean and divide by the standard deviation."""
        return (values - float(state["mean"])) / float(state["sd"])
