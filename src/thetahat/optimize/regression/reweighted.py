"""Iteratively reweighted least squares for few rows of one predictor (Nelder & Wedderburn, 1972), at small cost."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.links import Link
from thetahat.models import Tally
from thetahat.models._one_predictor import RowsOfOnePredictor
from thetahat.numerics.cholesky import determined, is_positive, newton_step
from thetahat.numerics.unit_diagonal import LARGE
from thetahat.optimize._optimizer import Search, Settled, Trace
from thetahat.optimize.newton import DECREMENT, NEGLIGIBLE
from thetahat.optimize.regression.predictor_edges import has_ends
from thetahat.optimize.regression.start import usual_parameters
from thetahat.optimize.unimodal import CONTRACTS, PAYS, information_ahead
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]


def reweighted(arrangement: RegressionArrangement, most: int, floor: float) -> Search | None:
    """Climb from a start by least squares to the only maximum there is; None where it is not so easily found.

    Each row starts halfway between the parameter that its value asks for and that of all rows together, as in R's
    ``glm``. One step of weighted least squares from there ends about where a Newton step ends that begins with all rows
    alike, and no sum is wasted on a point from which nobody goes on. The steps after it are those of
    ``UnimodalSearch``, with the same demands on each; the first that fails one leaves the search to others.

    Parameters
    ----------
    arrangement
        Its sample holds all rows, in one part.
    most
        Steps that may be tried.
    floor
        The smallest eigenvalue of the first information scaled to unit diagonal, from which on columns count as
        determined.
    """
    model = arrangement.model
    sample, table = arrangement.sample, model.table
    if (
        not most
        or len(sample.parts) > 1
        or sample.n_positive < arrangement.n_positive
        or table.n_free > LARGE
    ):
        return None
    if model.family.limits or has_ends(model):
        # A supremum may be elsewhere, and others are to look there.
        return None
    rows = RowsOfOnePredictor.of(model.family, model.predictors, sample.parts[0])
    if rows is None or rows.link is None or not table.all_free or model.predictors.unit != 1.0:
        return None
    point = _least_squares(arrangement, rows, rows.link, floor)
    if point is None:
        return None
    tally = rows.tally(point)
    held: Tally | None = None
    step: Vector | None = None
    before = np.inf
    trace: list[Trace] = []
    for iteration in range(most + 1):
        if tally is None:
            return None
        ahead = newton_step(information_ahead(tally, held, step), tally.score)
        decrement = np.nan if ahead is None else 0.5 * float(tally.score.dot(ahead))
        stalled = not decrement <= CONTRACTS * before
        if ahead is None or not decrement >= 0.0 or (stalled and before > DECREMENT):
            return None
        if held is not None and step is not None:
            noise = held.rounding + tally.rounding
            if not tally.value - held.value >= (PAYS * before if before > 4 * noise else -4 * noise):
                return None
            length = sqrt(float(held.information.diagonal().dot(step * step)))
            trace.append(Trace(iteration, tally.value, decrement, length, "newton"))
        if decrement <= NEGLIGIBLE or (stalled and decrement <= DECREMENT):
            return _ended(point, tally, held, trace)
        held, step, before = tally, ahead, decrement
        point = point + ahead
        tally = rows.tally(point)
    return None


def _ended(point: Vector, tally: Tally, held: Tally | None, trace: list[Trace]) -> Search | None:
    if not is_positive(tally.information):
        return None
    search = Settled(point, tally)
    search.previous, search.trace, search.iterations = held, trace, len(trace)
    return search


def _least_squares(
    arrangement: RegressionArrangement, rows: RowsOfOnePredictor, link: Link, floor: float
) -> Vector | None:
    """Where the first step leads; None where columns may be aliased, or rows have no curvature."""
    theta = usual_parameters(arrangement)
    family, part, design = arrangement.model.family, rows.part, rows.part.designs[0]
    wanted: Any = theta[0]
    if part.kind == "exact":
        asked = family.saturated(arrangement.sample.points[0], theta, part.known)
        wanted = wanted if asked is None else 0.5 * (asked + theta[0])
    predictor = np.asarray(link.predictor(wanted), dtype=float)
    if predictor.shape != (part.n_rows,):
        predictor = np.full(part.n_rows, float(predictor))
    _, gradient, hessian = rows.terms(predictor)
    if part.weight is not None:
        gradient, hessian = gradient * part.weight, hessian * part.weight
    information = -design.gram(hessian)
    if not determined(information, floor):
        return None
    offset = part.offsets[0]
    level = predictor if offset is None else predictor - offset
    return newton_step(information, design.transpose(gradient - hessian * level))
