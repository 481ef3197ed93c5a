"""Regressions with so many penalised coefficients that no (k, k) matrix of theirs is formed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.engines import single_blas
from thetahat.likelihood import Likelihood
from thetahat.models import Tally
from thetahat.models._model import NO_INFORMATION
from thetahat.optimize._optimizer import Optimizer, Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import certify, listed
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import DECREMENT
from thetahat.optimize.newton import Newton
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.truncated_newton import (
    Ascent,
    HeldInformation,
    climb_without_matrix,
    conjugate_gradients,
)
from thetahat.penalised_likelihood import PenalisedLikelihood

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


def is_wide(likelihood: Likelihood, theorem: str | None) -> bool:
    """Whether a likelihood is climbed without matrices: concave, and held by its penalty in nearly all directions.

    Raises
    ------
    ModelError
        If it cannot be, and its matrices would fill gigabytes.
    """
    k = likelihood.table.n_free
    if k <= WIDE:
        return False
    wide = (
        isinstance(likelihood, PenalisedLikelihood)
        and theorem is not None
        and likelihood.bound.floor > 0
        and int((~likelihood.bound.penalised).sum()) <= MOST_UNPENALISED
    )
    if not wide and k > MOST_DENSE:
        why = (
            "give a penalty, such as penalty=th.Ridge(1.0), with which none is formed"
            if not isinstance(likelihood, PenalisedLikelihood)
            else "give th.Ridge(...) for all slopes, and a family whose likelihood is concave in them, its other "
            "parameters fixed (th.Normal(sd=1.0)), with which none is formed"
        )
        raise ModelError(
            f"{k:,} coefficients have an information of {8e-9 * k * k:,.0f} GB; leave out columns, or {why}"
        )
    return wide


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
        point, trace = begin, []
        for share in STRICTER:
            most = 2.0 * floor * DECREMENT * share

            def enough(tally: Tally, most: float = most) -> bool:
                return float(tally.score @ tally.score) <= most

            ascent = climb_without_matrix(likelihood, point, iterations=iterations - len(trace), enough=enough)
            point = ascent.point
            trace = [*trace, *ascent.trace]
            bound = _decrement_bound(likelihood, ascent, floor)
            if bound.decrement <= DECREMENT or len(trace) >= iterations or not ascent.converged:
                break
    search = Settled(point, ascent.tally)
    search.trace = trace
    return _concluded(likelihood, search, bound, declared, exhausted=len(trace) >= iterations)


@dataclass(frozen=True, slots=True)
class _Bound:
    """``decrement`` is at least ½uᵀA⁻¹u, infinite where A is not known to be positive definite."""

    decrement: float
    definite: bool


def _decrement_bound(likelihood: PenalisedLikelihood, ascent: Ascent, floor: float) -> _Bound:
    score = ascent.tally.score
    if not np.isfinite(score).all() or not ascent.tally.finite:
        return _Bound(np.inf, definite=False)
    held = likelihood.bound.penalised
    others = np.flatnonzero(~held)
    crude = float(score[held] @ score[held]) / (2.0 * floor)
    if not others.size and crude <= DECREMENT:
        return _Bound(crude, definite=True)
    information = HeldInformation(likelihood, ascent.point)
    diagonal = information.diagonal()

    def product(vector: Vector) -> Vector:
        return np.where(held, information.product(np.where(held, vector, 0.0)), 0.0)

    inner = np.where(held, score, 0.0)
    solved = conjugate_gradients(product, inner, diagonal, EXACT)
    left = float(solved.residual @ solved.residual)
    # u_P = A x + r, so that uᵀA⁻¹u = xᵀ(u + r) + rᵀA⁻¹r.
    fine = 0.5 * (float(solved.x @ (inner + solved.residual)) + left / floor)
    within = min(crude, fine)
    if not others.size:
        return _Bound(within, definite=True)
    if not others.size <= MOST_UNPENALISED:
        return _Bound(np.inf, definite=False)
    return _with_others(information, product, diagonal, score, held, others, within, floor)


def _with_others(
    information: HeldInformation,
    product: Callable[[Vector], Vector],
    diagonal: Vector,
    score: Vector,
    held: NDArray[np.bool_],
    others: NDArray[np.intp],
    within: float,
    floor: float,
) -> _Bound:
    """Add the coordinates without penalty by way of their Schur complement."""
    columns = []
    solutions = []
    errors = []
    for place in others:
        unit = np.zeros(score.size)
        unit[place] = 1.0
        column = information.product(unit)
        inner = np.where(held, column, 0.0)
        solved = conjugate_gradients(product, inner, diagonal, EXACT)
        columns.append(column)
        solutions.append(solved.x)
        errors.append(float(np.linalg.norm(solved.residual)))
    inside, across = np.array(columns)[:, others], np.array(columns) * held
    found, error = np.array(solutions), np.array(errors)
    complement = inside - across @ found.T
    # bᵀA⁻¹a - bᵀx = bᵀA⁻¹r = (x_b + A⁻¹r_b)ᵀr.
    sizes = np.linalg.norm(found, axis=1)
    slack = np.outer(sizes, error) + np.outer(error, error) / floor
    lowest = float(np.linalg.eigvalsh(0.5 * (complement + complement.T))[0]) - float(np.linalg.norm(slack))
    if not lowest > 0:
        return _Bound(np.inf, definite=False)
    rest = score[others] - found @ score
    most = float(np.linalg.norm(rest)) + float(np.linalg.norm(error)) * np.sqrt(2.0 * within / floor)
    return _Bound(within + most * most / (2.0 * lowest), definite=True)


def _concluded(
    likelihood: PenalisedLikelihood, search: Settled, bound: _Bound, declared: Declared, *, exhausted: bool
) -> Outcome:
    table, point, tally = likelihood.table, search.point, search.tally
    assert tally is not None  # noqa: S101 - it was climbed
    natural = table.natural(point)
    none = np.zeros(point.size, dtype=bool)
    if bound.decrement <= DECREMENT:
        sentence = (
            f"Interior maximum{declared.what}, and the only one: {declared.theorem}. With {point.size:,} coefficients "
            "their covariance was not computed, and they have no standard errors."
        )
        verdict, status, exists = Verdict.MAXIMUM, "too_many", True
    else:
        free = [table.free_names[place] for place in np.flatnonzero(~likelihood.bound.penalised)]
        doubt = "" if bound.definite else f", and nothing is known to hold {listed(tuple(free))}"
        spent = "allow more iterations (optimizer=th.Newton(max_iterations=...)) or " if exhausted else ""
        sentence = (
            f"Not converged after {len(search.trace)} iterations{doubt}: {spent}penalise all coefficients, more "
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
        digits=_digits(table.free_names, point, bound, likelihood.bound.floor) if exists else None,
        allows=False,
        decrement=bound.decrement,
    )
    return Outcome(
        natural, point, tally.value, tally, none, NO_INFORMATION, certificate, tuple(search.trace)
    )


def _digits(names: tuple[str, ...], point: Vector, bound: _Bound, floor: float) -> dict[str, float]:
    """Digits of each coefficient by the most that any can be off: λ/2 ‖φ - φ̂‖² is no more than what ℓ lacks."""
    most = np.sqrt(2.0 * bound.decrement / floor)
    with np.errstate(divide="ignore"):
        found = np.clip(-np.log10(most / np.abs(point)), 0.0, 15.0)
    return dict(zip(names, np.nan_to_num(found).tolist(), strict=True))
