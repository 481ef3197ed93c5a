"""What natural and cyclic cubic regression splines share."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.formulas.transforms._cubic import cubic_basis
from thetahat.formulas.transforms._knots import check_options, confined, ends, inside, zeroed
from thetahat.formulas.transforms._transform import (
    LARGEST_BASIS,
    Matrix,
    Need,
    State,
    Summary,
    Transform,
    Vector,
    refuse,
    whole,
)

CHUNK = 65_536


@dataclass(frozen=True)
class CubicSpline(Transform):
    """A cubic regression spline with inner knots at equally spaced quantiles of the distinct values.

    ``constraints="center"`` takes away the direction in which the spline's mean over the rows of the fit moves.
    """

    df: int | None = None
    knots: tuple[float, ...] | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    constraints: str | None = None
    extrapolation: str = "extend"

    def __post_init__(self) -> None:
        name = self.spelled[0]
        check_options(self.knots, self.lower_bound, self.upper_bound, self.extrapolation)
        if self.constraints not in {None, "center"}:
            raise FormulaError(f"constraints={self.constraints!r} must be 'center' or left out")
        if (self.df is None) == (self.knots is None):
            raise FormulaError(f"{name} takes either df= or knots=, as in {name}(x, df=4)")
        if self.df is not None:
            whole("df", self.df, 1 if self.cyclic or self.constraints else 2, LARGEST_BASIS)

    @property
    @abstractmethod
    def cyclic(self) -> bool:
        """Whether the spline meets itself at its ends."""

    @property
    def need(self) -> Need:
        """All values for quantiles or a mean; else at most the ends."""
        if self.df is not None or self.constraints:
            return "values"
        return "nothing" if self.lower_bound is not None and self.upper_bound is not None else "summary"

    @property
    def spans_intercept(self) -> bool:
        """Cardinal splines add up to one."""
        return self.constraints is None

    def learn(self, call: str, summary: Summary) -> State:
        """Remember the knots and, for a centred spline, the columns' combinations that are kept."""
        low, high = ends(call, self.lower_bound, self.upper_bound, summary)
        if self.knots is not None:
            inner = np.array(self.knots, dtype=float)
        else:
            count = int(self.df or 0) - 2 + (self.constraints is not None) + self.cyclic
            values = np.unique(summary.all_values)
            values = values[(values >= low) & (values <= high)]
            if values.size < count + 2 - self.cyclic:
                raise refuse(
                    call,
                    f"df={self.df} needs {count + 2 - self.cyclic} distinct values between {low:.6g} and {high:.6g}, "
                    f"and there are {values.size}; give a smaller df",
                )
            inner = np.percentile(values, np.linspace(0, 100, count + 2)[1:-1]) if count > 0 else np.empty(0)
        inner = inside(call, inner, low, high, given=self.knots is not None)
        knots = np.concatenate(([low], inner, [high]))
        state: dict[str, object] = {"knots": knots.tolist()}
        if self.constraints is not None:
            mean = sum(
                cubic_basis(part[at : at + CHUNK], knots, cyclic=self.cyclic).sum(axis=0)
                for part in summary.values
                for at in range(0, part.size, CHUNK)
            ) / np.float64(summary.n)
            orthogonal = np.linalg.qr(np.reshape(mean, (-1, 1)), mode="complete")[0]
            state["kept"] = orthogonal[:, 1:].tolist()
        return state

    def apply(self, call: str, values: Vector, state: State) -> Matrix:
        """Evaluate the splines."""
        knots = np.asarray(state["knots"], dtype=float)
        seen, zero = confined(call, values, knots[0], knots[-1], self.extrapolation)
        basis = cubic_basis(seen, knots, cyclic=self.cyclic)
        if self.constraints is not None:
            basis = basis @ np.asarray(state["kept"], dtype=float)
        return zeroed(basis, zero)

    def fields(self, state: State) -> tuple[str, ...]:
        """Number the columns from 1."""
        count = len(state["knots"]) - self.cyclic - (self.constraints is not None)
        return tuple(str(k + 1) for k in range(count))
