"""A column less its mean."""

from __future__ import annotations

from typing import ClassVar, final

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._transform import Need, State, Summary, Transform, Vector


@final
@dataclass(frozen=True)
class Center(Transform):
    """``center(x)``: x - mean(x), the mean over all rows of the fit.

    Examples
    --------
    >>> import numpy as np
    >>> summary = Summary.of(np.array([1.0, 2.0, 6.0]), keep=False)
    >>> state = Center().learn("center(x)", summary)
    >>> Center().apply("center(x)", np.array([3.0, 4.0]), state).tolist()
    [0.0, 1.0]
    """

    spelled: ClassVar[tuple[str, ...]] = ("center",)

    @property
    def need(self) -> Need:
        """The mean."""
        return "summary"

    def learn(self, call: str, summary: Summary) -> State:
        """Remember the mean."""
        return {"mean": summary.mean}

    def apply(self, call: str, values: Vector, state: State) -> Vector:
        """Subtract the mean."""
        return values - float(state["mean"])
