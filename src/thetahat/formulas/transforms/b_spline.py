"""B-splines of a column."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.formulas.transforms._knots import check_options, confined, ends, inside, zeroed
from thetahat.formulas.transforms._transform import (
    LARGEST_BASIS,
    Matrix,
    Need,
    State,
    Summary,
    Transform,
    Vector,
    flag,
    refuse,
    whole,
)

LARGEST_DEGREE = 10


@final
@dataclass(frozen=True)
class BSpline(Transform):
    """``bs(x, df=)``: B-splines (de Boor, 1972), the inner knots at equally spaced quantiles, as R's ``bs``.

    With ``df`` columns there are df - degree inner knots, one fewer with ``include_intercept``. The first column is
    left out without it. The ends are the smallest and largest value unless given; values beyond them, which new
    data may have, are an error unless ``extrapolation`` says what to do: ``"clip"``, ``"zero"`` or ``"extend"``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 5)
    >>> tent = BSpline(df=2, degree=1)
    >>> state = tent.learn("bs(x, df=2, degree=1)", Summary.of(x, keep=True))
    >>> state
    {'lower': 0.0, 'upper': 1.0, 'inner': [0.5]}
    >>> tent.apply("bs(x, df=2, degree=1)", x, state).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """

    df: int | None = None
    knots: tuple[float, ...] | None = None
    degree: int = 3
    include_intercept: bool = False
    lower_bound: float | None = None
    upper_bound: float | None = None
    extrapolation: str = "raise"

    spelled: ClassVar[tuple[str, ...]] = ("bs",)

    def __post_init__(self) -> None:
        whole("degree", self.degree, 0, LARGEST_DEGREE)
        flag("include_intercept", self.include_intercept)
        check_options(self.knots, self.lower_bound, self.upper_bound, self.extrapolation)
        if self.df is not None:
            if self.knots is not None:
                raise FormulaError("bs takes df= or knots=, not both")
            least = self.degree + self.include_intercept
            whole("df", self.df, max(least, 1), LARGEST_BASIS)

    @property
    def need(self) -> Need:
        """All values where knots stand at quantiles; else at most the ends."""
        if self._inner_count:
            return "values"
        return "nothing" if self.lower_bound is not None and self.upper_bound is not None else "summary"

    @property
    def _inner_count(self) -> int:
        """How many knots are to be placed."""
        return 0 if self.df is None else self.df - self.degree - self.include_intercept

    @property
    def spans_intercept(self) -> bool:
        """Whether the first column is kept."""
        return self.include_intercept

    def learn(self, call: str, summary: Summary) -> State:
        """Remember the knots."""
        low, high = ends(call, self.lower_bound, self.upper_bound, summary)
        inner = np.array(self.knots or (), dtype=float)
        if self._inner_count:
            values = summary.all_values
            if self.extrapolation in {"clip", "zero"}:
                values = values[(values >= low) & (values <= high)]
            if values.size == 0:
                raise refuse(call, f"no value lies between {low:.6g} and {high:.6g}")
            inner = np.quantile(values, np.linspace(0, 1, self._inner_count + 2))[1:-1]
        inner = inside(call, inner, low, high, given=self.knots is not None)
        return {"lower": low, "upper": high, "inner": inner.tolist()}

    def apply(self, call: str, values: Vector, state: State) -> Matrix:
        """Evaluate the splines."""
        low, high = float(state["lower"]), float(state["upper"])
        seen, zero = confined(call, values, low, high, self.extrapolation)
        knots = np.concatenate(
            (np.full(self.degree + 1, low), np.asarray(state["inner"], float), np.full(self.degree + 1, high))
        )
        basis = b_spline_basis(seen, knots, self.degree)
        return zeroed(basis if self.include_intercept else basis[:, 1:], zero)

    def fields(self, state: State) -> tuple[str, ...]:
        """Number the columns as R and formulaic do: 0 is the first spline, which only an intercept keeps."""
        count = len(state["inner"]) + self.degree + 1
        return tuple(str(k) for k in range(0 if self.include_intercept else 1, count))


def b_spline_basis(values: Vector, knots: Vector, degree: int) -> Matrix:
    """All B-splines of these knots at each value; the outermost pieces go on beyond the ends.

    Only degree + 1 of them are not zero at a value: they are built up together, triangle by triangle
    (de Boor, 1972; Piegl & Tiller, 1997, algorithm A2.2).
    """
    count = knots.size - degree - 1
    interval = np.clip(np.searchsorted(knots, values, side="right") - 1, degree, count - 1)
    pieces = [np.ones(values.size)]
    for order in range(1, degree + 1):
        carried = np.zeros(values.size)
        raised = []
        for k, piece in enumerate(pieces):
            right = knots[interval + k + 1]
            left = knots[interval + k + 1 - order]
            share = piece / (right - left)
            raised.append(carried + (right - values) * share)
            carried = (values - left) * share
        pieces = [*raised, carried]
    basis = np.zeros((values.size, count))
    rows = np.arange(values.size)
    for k, piece in enumerate(pieces):
        basis[rows, interval - degree + k] = piece
    return basis
