"""Regressions with so many penalised coefficients that no (k, k) matrix of theirs is formed."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.engines import single_blas
from thetahat.likelihood import Likelihood
from thetahat.models._model import NO_INFORMATION
from thetahat.numerics.conjugate_gradients import Solved, conjugate_gradients
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Optimizer, Settled, Trace
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import certify, listed
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import CURVATURE_CHANGE, DECREMENT
from thetahat.optimize.newton import Newton
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.truncated_newton import Ascent, HeldInformation, climb_without_matrix
from thetahat.penalised_likelihood import PenalisedLikelihood
from thetahat.penalties import BoundPenalty

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
WIDE = 3_000
"""Coefficients, from which on a matrix of them takes longer than all products with it that a climb needs."""
MOST_DENSE = 20_000
"""Coefficients, beyond which matrices of them fill gigabytes."""
MOST_UNPENALISED = 16
ITERATIONS = 200
EXACT = 1e-9
"""The share of a right side that equations of the certificate may leave over."""
STRICTER = (1.0, 1e-3, 1e-6)


def needs_no_matrix(k: int, penalty: BoundPenalty | None, theorem: str | None) -> bool:
    """Whether k coefficients are climbed without matrices: concave, and held by a penalty in nearly all directions."""
    return (
        k > WIDE
        and penalty is not None
        and theorem is not None
        and penalty.floor > 0
        and int((~penalty.penalised).sum()) <= MOST_UNPENALISED
    )


def as_wide(likelihood: Likelihood, theorem: str | None) -> PenalisedLikelihood | None:
    """Return a likelihood that is climbed without matrices; None where it is not, as it has few coefficients.

    Raises
    ------
    ModelError
        If it cannot be, and its matrices would fill gigabytes.
    """
    bound = likelihood.bound if isinstance(likelihood, PenalisedLikelihood) else None
    k = likelihood.table.n_free
    if isinstance(likelihood, PenalisedLikelihood) and needs_no_matrix(k, bound, theorem):
        return likelihood
    if k <= WIDE:
        return None
    if k > MOST_DENSE:
        why = (
            "give a penalty, such as penalty=th.Ridge(1.0), with which none is formed"
            if not isinstance(likelihood, PenalisedLikelihood)
            else "give th.Ridge(...) for all slopes, and a family whose likelihood is concave in them, its other "
            "parameters fixed (th.Normal(sd=1.0)), with which none is formed"
        )
        raise ModelError(
            f"{k:,} coefficients have an information of {8e-9 * k * k:,.0f} GB; leave out columns, or {why}"
        )
    return None


def maximise_wide(
    likelihood: PenalisedLikelihood, begin: Vector, declared: Declared, optimizer: Optimizer
) -> Outcome:
    """Climb by truncated Newton steps, and certify the maximum by the curvature of the penalty.

    The likelihood is concave and the penalty's curvature at least λ in every coordinate P that it holds, so that
    A_PP ⪰ λ I everywhere. The few others U are held by the Schur complement S = A_UU - A_UP A_PP⁻¹ A_PU, of which a
    lower bound is computed. Where S is positive the point is the only maximum, and no further from it in ℓ than
    ½uᵀA⁻¹u = ½ u_Pᵀ A_PP⁻¹ u_P + ½ vᵀS⁻¹v, v = u_U - A_UP A_PP⁻¹ u_P.
    """
    iterations = optimizer.max_iterations if isinstance(optimizer, Newton) else ITERATIONS
    floor = likelihood.bound.floor
    # Threads of BLAS on vectors of this length wait for each other longer than they work.
    with single_blas:
        point = begin
        trace: list[Trace] = []
        for share in STRICTER:
            negligible = float(np.sqrt(2.0 * floor * DECREMENT * share))
            ascent = climb_without_matrix(
                likelihood, point, iterations=iterations - len(trace), negligible=negligible
            )
            point = ascent.point
            trace = [*trace, *ascent.trace]
            bound = _bound(likelihood, ascent)
            if bound.proves or len(trace) >= iterations or not ascent.converged:
                break
    search = Settled(point, ascent.tally)
    search.trace = trace
    return _concluded(likelihood, search, bound, declared, exhausted=len(trace) >= iterations)


@dataclass(frozen=True, slots=True)
class _Bound:
    """``decrement`` is at least ½uᵀA⁻¹u, infinite where A is not known to be positive definite.

    ``change`` is how much S changes over the Newton step, in its own norm: a coordinate that runs to infinity has a
    decrement as small as one likes, and is told by this alone. It is 0 where there is no such coordinate.
    """

    decrement: float
    change: float = 0.0

    @property
    def proves(self) -> bool:
        """Whether the point is the maximum."""
        return self.decrement <= DECREMENT and self.change <= CURVATURE_CHANGE


@dataclass(frozen=True, slots=True)
class _Held:
    """A_PP at a point, and the Schur complement of it."""

    complement: Matrix
    slack: float
    across: Matrix
    """A_PP⁻¹ A_PU, a row for each of U."""
    error: float


class _Curvature:
    """A at a point, by its products with vectors of P and with single coordinates of U."""

    def __init__(self, likelihood: PenalisedLikelihood, point: Vector) -> None:
        self._information = HeldInformation(likelihood, point)
        self._diagonal = self._information.diagonal()
        self._held = likelihood.bound.penalised
        self._floor = likelihood.bound.floor

    def _product(self, vector: Vector) -> Vector:
        return np.where(self._held, self._information.product(vector), 0.0)

    def solve(self, right: Vector) -> Solved:
        """A_PP⁻¹ times the part of a vector in P."""
        inner = np.where(self._held, right, 0.0)
        return conjugate_gradients(self._product, inner, self._diagonal, EXACT)

    def complement(self, others: NDArray[np.intp]) -> _Held:
        """S of the other coordinates, and how far it may be off."""
        columns = []
        for place in others:
            unit = np.zeros(self._diagonal.size)
            unit[place] = 1.0
            columns.append(self._information.product(unit))
        solved = [self.solve(column) for column in columns]
        found = np.array([answer.x for answer in solved])
        errors = np.array([float(np.linalg.norm(answer.residual)) for answer in solved])
        whole = np.array(columns)
        complement = whole[:, others] - np.where(self._held, whole, 0.0) @ found.T
        # bᵀA⁻¹a - bᵀx = bᵀA⁻¹r = (x_b + A⁻¹r_b)ᵀr.
        sizes = np.linalg.norm(found, axis=1)
        slack = np.outer(sizes, errors) + np.outer(errors, errors) / self._floor
        return _Held(
            0.5 * (complement + complement.T),
            float(np.linalg.norm(slack)),
            found,
            float(np.linalg.norm(errors)),
        )


def _bound(likelihood: PenalisedLikelihood, ascent: Ascent) -> _Bound:
    score, floor = ascent.tally.score, likelihood.bound.floor
    if not ascent.tally.finite or not np.isfinite(score).all():
        return _Bound(np.inf)
    held = likelihood.bound.penalised
    others = np.flatnonzero(~held)
    crude = float(score[held] @ score[held]) / (2.0 * floor)
    if not others.size and crude <= DECREMENT:
        return _Bound(crude)
    curvature = _Curvature(likelihood, ascent.point)
    solved = curvature.solve(score)
    # u_P = A x + r, so that uᵀA⁻¹u = xᵀ(u + r) + rᵀA⁻¹r.
    inner = np.where(held, score, 0.0)
    left = float(solved.residual @ solved.residual)
    within = min(crude, 0.5 * (float(solved.x @ (inner + solved.residual)) + left / floor))
    if not others.size:
        return _Bound(within)
    here = curvature.complement(others)
    lowest = float(np.linalg.eigvalsh(here.complement)[0]) - here.slack
    if not lowest > 0:
        return _Bound(np.inf, np.inf)
    rest = score[others] - here.across @ score
    most = float(np.linalg.norm(rest)) + here.error * np.sqrt(2.0 * within / floor)
    along = np.linalg.solve(here.complement, rest)
    step = solved.x - along @ here.across
    step[others] = along
    there = _Curvature(likelihood, ascent.point + step).complement(others)
    change = analyse(here.complement).relative_norm(there.complement - here.complement)
    return _Bound(within + most * most / (2.0 * lowest), change)


def _concluded(
    likelihood: PenalisedLikelihood, search: Settled, bound: _Bound, declared: Declared, *, exhausted: bool
) -> Outcome:
    table, point, tally = likelihood.table, search.point, search.tally
    assert tally is not None  # noqa: S101 - it was climbed
    natural = table.natural(point)
    none = np.zeros(point.size, dtype=bool)
    if bound.proves:
        sentence = (
            f"Interior maximum{declared.what}, and the only one: {declared.theorem}. With {point.size:,} coefficients "
            "their covariance was not computed, and they have no standard errors."
        )
        verdict, status, exists = Verdict.MAXIMUM, "too_many", True
    else:
        free = [table.free_names[place] for place in np.flatnonzero(~likelihood.bound.penalised)]
        lost = bound.change > CURVATURE_CHANGE
        doubt = f": nothing holds {listed(tuple(free))}, which the penalty leaves alone" if lost else ""
        spent = (
            "Allow more iterations (optimizer=th.Newton(max_iterations=...)), or penalise"
            if exhausted
            else "Penalise"
        )
        sentence = (
            f"Not converged after {len(search.trace)} iterations{doubt}. {spent} all coefficients, more "
            "strongly, or rescale the columns."
        )
        verdict, status, exists = Verdict.NOT_CONVERGED, "not_converged", None
    certificate = certify(
        verdict,
        table,
        None,
        declared,
        sentence=sentence,
        exists=exists,
        scope=declared.scope,
        supremum=tally.value if exists else float(np.nan),
        status=dict.fromkeys(table.free_names, status),
        parameters=() if exists else table.free_names,
        digits=partial(_digits, table.free_names, point, bound, likelihood.bound.floor) if exists else None,
        allows=False,
        decrement=bound.decrement,
        change=bound.change,
    )
    return Outcome(natural, point, tally.value, tally, none, NO_INFORMATION, certificate, tuple(search.trace))


def _digits(names: tuple[str, ...], point: Vector, bound: _Bound, floor: float) -> dict[str, float]:
    """Digits of each coefficient by the most that any can be off: λ/2 ‖φ - φ̂‖² is no more than what ℓ lacks."""
    most = np.sqrt(2.0 * bound.decrement / floor)
    with np.errstate(divide="ignore"):
        found = np.clip(-np.log10(most / np.abs(point)), 0.0, 15.0)
    return dict(zip(names, np.nan_to_num(found).tolist(), strict=True))
