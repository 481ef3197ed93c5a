"""Polynomials of a column that are orthogonal over the rows of the fit."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.formulas.transforms._transform import (
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

LARGEST_DEGREE = 30


@final
@dataclass(frozen=True)
class Polynomial(Transform):
    """``poly(x, degree)``: P_1(x), ..., P_degree(x), orthonormal over the rows of the fit and to the constant.

    P_{k+1} = (x - α_k) P_k - (ν_k/ν_{k-1}) P_{k-1} with α_k = Σ x P_k²/ν_k and ν_k = Σ P_k² (Forsythe, 1957), each
    then divided by √ν_k, as R's ``poly`` has them. ``raw=True`` gives x, x², ... themselves.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> line = Polynomial(1)
    >>> state = line.learn("poly(x, 1)", Summary.of(x, keep=True))
    >>> basis = line.apply("poly(x, 1)", x, state)[:, 0]
    >>> basis.round(4).tolist()
    [-0.6172, -0.1543, 0.7715]
    """

    degree: int = 1
    raw: bool = False

    spelled: ClassVar[tuple[str, ...]] = ("poly",)

    def __post_init__(self) -> None:
        whole("degree", self.degree, 1, LARGEST_DEGREE)
        flag("raw", self.raw)

    @property
    def need(self) -> Need:
        """All values, unless the powers themselves are wanted."""
        return "nothing" if self.raw else "values"

    def learn(self, call: str, summary: Summary) -> State:
        """Remember the coefficients of the recurrence."""
        if self.raw:
            return {}
        x = summary.all_values
        distinct = np.unique(x).size
        if distinct <= self.degree:
            raise refuse(
                call,
                f"a polynomial of degree {self.degree} needs {self.degree + 1} distinct values, and there "
                f"{'is' if distinct == 1 else 'are'} {distinct}",
            )
        centres: list[float] = []
        norms = [float(x.size)]
        before, current = np.zeros(x.size), np.ones(x.size)
        for _ in range(self.degree):
            squared = current * current
            centres.append(float((x * squared).sum() / squared.sum()))
            ratio = norms[-1] / norms[-2] if len(norms) > 1 else 0.0
            before, current = current, (x - centres[-1]) * current - ratio * before
            norms.append(float((current * current).sum()))
        return {"centres": centres, "norms": norms}

    def apply(self, call: str, values: Vector, state: State) -> Matrix:
        """Evaluate the polynomials."""
        basis = np.empty((values.size, self.degree))
        if self.raw:
            basis[:, 0] = values
            for k in range(1, self.degree):
                np.multiply(basis[:, k - 1], values, out=basis[:, k])
            return basis
        centres, norms = state["centres"], state["norms"]
        before, current = np.zeros(values.size), np.ones(values.size)
        for k in range(self.degree):
            ratio = norms[k] / norms[k - 1] if k else 0.0
            before, current = current, (values - centres[k]) * current - ratio * before
            np.multiply(current, 1 / np.sqrt(norms[k + 1]), out=basis[:, k])
        return basis

    def fields(self, state: State) -> tuple[str, ...]:
        """1, 2, ..., degree."""
        return tuple(str(k + 1) for k in range(self.degree))
