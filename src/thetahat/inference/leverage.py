"""How much each row pulls on its own fitted predictor, and on all coefficients of it."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.families._terms import entry
from thetahat.inference.rows import Piece, Rows
from thetahat.models._predictors import Group
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.sums import Total

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
WHOLE = 1e-10
"""How near 1 a leverage is that is 1 but for rounding."""
SHOWN = 5


@final
class Leverage:
    """The hat matrix of a regression's primary predictor, row by row.

    With W_i the curvature of row i's log-likelihood in its predictor, w_i its weight and V = (Σ w_i W_i x_i x_iᵀ)⁻¹
    over the coefficients that were estimated, h_i = w_i W_i x_iᵀ V x_i. W_i is the expected curvature where every row
    is known exactly (then h is the diagonal of the hat matrix of iteratively reweighted least squares; Pregibon, 1981),
    and the observed one where rows are censored or truncated, since the expectation then is not known.

    Raises
    ------
    InferenceError
        If there is no predictor, or the certificate forbids reading its curvature.
    """

    def __init__(self, rows: Rows) -> None:
        group = rows.primary_group
        if group is None:
            raise InferenceError(
                f"{rows.purpose} needs leverage, which rows have in a regression of {rows.family.name}'s primary "
                "parameter only; regress it with th.regress"
            )
        free = rows.table.free_index
        inside = (free >= group.span.start) & (free < group.span.stop)
        if not rows.solution.regular[inside].all():
            raise InferenceError(
                f"{rows.purpose} needs the curvature in every coefficient, and the verdict is "
                f"{rows.solution.certificate.verdict.value}. {rows.solution.certificate.sentence}"
            )
        self._rows = rows
        self._group: Group = group
        self._expected = rows.all_exact
        self._estimated = free[inside] - group.span.start
        self.n_coefficients = int(inside.sum())
        self._covariance = self._solve()

    def _solve(self) -> Matrix:
        width = self._group.span.stop - self._group.span.start
        information = self._rows.reduce(
            lambda pieces, _: Total(sum((self._gram(piece) for piece in pieces), np.zeros((width, width))))
        ).value
        square = np.ix_(self._estimated, self._estimated)
        factor = analyse(information[square])
        if not factor.smallest > factor.error_bound:
            raise InferenceError(
                f"{self._rows.purpose} needs XᵀWX to be positive definite at the estimates, and it is not: "
                f"its smallest eigenvalue, scaled, is {factor.smallest:.3g}"
            )
        covariance = np.zeros((width, width))
        covariance[square] = factor.inverse()
        return covariance

    def _gram(self, piece: Piece) -> Matrix:
        size = self._group.size
        design = piece.part.designs[self._design]
        p = design.n_columns
        weights = self.curvature(piece)
        matrix = np.empty((size * p, size * p))
        for i in range(size):
            for j in range(i + 1):
                block = design.gram(np.asarray(piece.weight * entry(weights, i, j)))
                matrix[i * p : (i + 1) * p, j * p : (j + 1) * p] = block
                matrix[j * p : (j + 1) * p, i * p : (i + 1) * p] = block.T
        return matrix

    @property
    def _design(self) -> int:
        assert self._group.design is not None  # noqa: S101 - checked when it was made
        return self._group.design

    def curvature(self, piece: Piece) -> tuple[Vector, ...]:
        """W of each row, unweighted: the lower triangle over the primary parameter's predictors."""
        return curvature(self._rows, piece, expected=self._expected)

    def spread(self, piece: Piece) -> Matrix:
        """x_iᵀ V x_i by row, (n, size, size): the covariance of each row's fitted predictors."""
        size, design = self._group.size, piece.part.designs[self._design]
        p = design.n_columns
        spread = np.empty((piece.n_rows, size, size))
        for i in range(size):
            for j in range(i + 1):
                block = self._covariance[i * p : (i + 1) * p, j * p : (j + 1) * p]
                spread[:, i, j] = spread[:, j, i] = design.quadratic(block)
        return spread

    def single(self, piece: Piece) -> Vector:
        """Leverage of one observation of each row, as if a row of weight w were w rows."""
        weights = self.curvature(piece)
        size = self._group.size
        spread = self.spread(piece)
        terms = [entry(weights, i, j) * spread[:, i, j] for i in range(size) for j in range(size)]
        return np.asarray(sum(terms))

    def of(self, piece: Piece) -> Vector:
        """Leverage h_i of each row with all of its weight; its trace where a row has several predictors."""
        return np.asarray(piece.weight * self.single(piece))

    def refuse_whole(self, piece: Piece, single: Vector) -> None:
        """Raise where a row alone determines its predictor, so that what is divided by 1 - h has no value.

        Raises
        ------
        InferenceError
            Naming the rows of leverage 1.
        """
        whole = 1.0 - single <= WHOLE
        if not whole.any():
            return
        numbers = np.sort(piece.start + piece.place[whole])
        shown = ", ".join(str(number) for number in numbers[:SHOWN]) + (
            ", ..." if numbers.size > SHOWN else ""
        )
        rows, have = ("row", "has") if numbers.size == 1 else (f"{numbers.size} rows", "have")
        raise InferenceError(
            f"{self._rows.purpose} divides by 1 - h, and {rows} {shown} (counted from 0) {have} leverage h = 1: a "
            "coefficient depends on nothing else. Leave out that coefficient, or use 'sandwich' or 'HC1'"
        )

    def distance(self, piece: Piece) -> Vector:
        """Cook's distance of each row: that of the coefficients by one Newton step without it.

        With S_i = x_iᵀ V x_i and v = (I - w_i W_i S_i)⁻¹ w_i u_i, D_i = vᵀ S_i v/p; NaN of a row of leverage 1, without
        which a coefficient would not be determined.
        """
        primary, size = self._rows.primary, self._group.size
        gradient = piece.slopes(self._rows.family).gradient
        score = np.stack([piece.spread(piece.weight * gradient[k]) for k in primary], axis=-1)
        weights, spread = self.curvature(piece), self.spread(piece)
        curvatures = np.empty_like(spread)
        for i in range(size):
            for j in range(size):
                curvatures[:, i, j] = piece.weight * entry(weights, i, j)
        if size == 1:
            rest = 1.0 - curvatures[:, 0, 0] * spread[:, 0, 0]
            rest = np.where(rest <= WHOLE, np.nan, rest)
            return np.asarray(score[:, 0] ** 2 * spread[:, 0, 0] / (rest**2 * self.n_coefficients))
        rest = np.eye(size) - curvatures @ spread
        without = np.linalg.solve(rest, score[:, :, np.newaxis])
        squares = np.swapaxes(without, 1, 2) @ spread @ without
        return np.asarray(squares[:, 0, 0] / self.n_coefficients)


def curvature(rows: Rows, piece: Piece, *, expected: bool) -> tuple[Vector, ...]:
    """Curvature of each row in the primary parameter's predictors, unweighted: the lower triangle."""
    primary, family = rows.primary, rows.family
    if not expected:
        hessian = piece.slopes(family).hessian
        return tuple(
            -piece.spread(entry(hessian, i, j)) for i in primary for j in range(primary.start, i + 1)
        )
    entries = family.expected_information(piece.eta, piece.part.known)
    slope: list[Any] = [1.0 if bend is None else bend[0] for bend in piece.bends]
    return tuple(
        piece.spread(entry(entries, i, j) * slope[i] * slope[j])
        for i in primary
        for j in range(primary.start, i + 1)
    )
