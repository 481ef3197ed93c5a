"""Whether a regression has a maximum: its rows written down for the linear programme, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models._regression_rows import Part
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import certify
from thetahat.optimize.climb import Region
from thetahat.optimize.declared import Declared
from thetahat.optimize.findings import unbounded
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.separation.far_limit import far_limit
from thetahat.optimize.separation.finite_submodel import separation_sentence
from thetahat.optimize.separation.recession import Recession
from thetahat.parameters import ParameterTable
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
MOST_NUMBERS = 4e8
"""Numbers of a design, beyond which it is not gathered in memory for the sake of this question."""
FIRTH = frozenset({"bernoulli", "binomial", "poisson"})


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows that count, part by part, with their values or codes (NaN where those are not known exactly)."""

    parts: tuple[Part, ...]
    values: tuple[Vector, ...]

    @property
    def designs(self) -> list[Any]:
        return [part.designs[0].plain() for part in self.parts]

    @property
    def codes(self) -> NDArray[np.intp]:
        return np.concatenate(self.values).astype(np.intp)


def receding(
    arrangement: RegressionArrangement,
    engine: Engine,
    search: Search,
    declared: Declared,
    region: Region | None,
) -> Outcome | None:
    """Return what is known of a regression whose likelihood rises for ever along a direction; None if it does not.

    Where the remaining rows lead out of the family's regular region their likelihood is unbounded.

    Asked where Newton's method found no maximum. Only regressions of the primary parameter alone are asked about, and
    only where their rows have no truncation limits, whose terms can rise along directions of their own.
    """
    model = arrangement.model
    driven = [group for group in model.predictors.groups if group.design is not None]
    if len(driven) != 1 or not _rises_with_predictor(driven[0].link):
        return None
    width = len(model.predictors.designers[0].names)
    if any(name not in model.table.free_names for name in model.table.names[: driven[0].span.stop]):
        return None
    if arrangement.n_positive * width > MOST_NUMBERS:
        return None
    rows = _gathered(arrangement)
    if any(part.truncation is not None for part in rows.parts):
        return None
    found, separated = _asked(model, rows, search.point)
    if found is None:
        return None
    whole = Likelihood(model, arrangement.blocks, packed=arrangement.packed, engine=engine)
    return _concluded(whole, arrangement.n_obs, search, declared, found, separated, region)


def _rises_with_predictor(link: Any) -> bool:
    """Whether the working coordinate goes from one end to the other as the predictor does."""
    return link is None or link.trivial or link.name in {"probit", "cloglog", "loglog", "cauchit"}


def _gathered(arrangement: RegressionArrangement) -> _Rows:
    model = arrangement.model
    parts: list[Part] = []
    values: list[Vector] = []
    for block in arrangement.raw_blocks():
        packed, _, found = model.read(model.selected(block))
        for part in found:
            parts.append(part)
            values.append(packed.y.astype(float) if part.kind == "exact" else np.full(part.n_rows, np.nan))
    return _Rows(tuple(parts), tuple(values))


def _asked(model: RegressionModel, rows: _Rows, point: Vector) -> tuple[Recession | None, Mask]:
    """The recession directions, and the rows that rise along them."""
    from thetahat.optimize.separation.separation import separated_classes, separated_order, separated_rows

    names = model.table.names
    working = model.table.working(point)
    family = model.family
    if family.labelled:
        matrix = _stacked(rows.designs)
        codes = rows.codes
        ordered = family.declared[-1].name == "thresholds"
        classes = len(family.option_values["levels"])
        if ordered:
            count = classes - 1
            order = [*names[-count:], *names[:-count]]
            found = separated_order(matrix, codes, classes, order)
        else:
            weighed = np.concatenate([_probabilities(model, part, working) for part in rows.parts])
            found = separated_classes(matrix, codes, classes, names, weighed, working)
        if found is None:
            return None, np.zeros(0, dtype=bool)
        conditions = found.separated.reshape(codes.size, -1)
        return found, np.asarray(conditions.any(axis=1), dtype=bool)
    up, down = zip(
        *(_pulls(model, part, y) for part, y in zip(rows.parts, rows.values, strict=True)), strict=True
    )
    width = rows.parts[0].designs[0].n_columns
    scores = np.concatenate([_scores(model, part, working) for part in rows.parts])
    found = separated_rows(
        rows.designs, np.concatenate(up), np.concatenate(down), names[:width], scores, working[:width]
    )
    if found is None:
        return None, np.zeros(0, dtype=bool)
    return found, found.separated


def _probabilities(model: RegressionModel, part: Part, working: Vector) -> Vector:
    """(n, K), of each class in each row, times the row's weight: indicators less the scores of the logits."""
    eta, _ = model.predictors.coordinates(part.designs, part.offsets, working)
    with np.errstate(all="ignore"):
        terms = part.terms(model.family, eta, DERIVATIVES)
    indicators = np.stack(part.rows[1:], axis=1)
    others = np.clip(np.nan_to_num(indicators - np.stack(terms.gradient, axis=1)), 0.0, 1.0)
    first = np.maximum(1.0 - others.sum(axis=1, keepdims=True), 0.0)
    weight = np.ones(part.n_rows) if part.weight is None else part.weight
    return np.asarray(weight[:, np.newaxis] * np.concatenate([first, others], axis=1))


def _stacked(matrices: Sequence[Any]) -> Any:
    if len(matrices) == 1:
        return matrices[0]
    if all(isinstance(matrix, np.ndarray) for matrix in matrices):
        return np.concatenate(matrices)
    from scipy import sparse

    return sparse.vstack([sparse.csr_matrix(matrix) for matrix in matrices]).tocsr()


def _pulls(model: RegressionModel, part: Part, y: Vector) -> tuple[Mask, Mask]:
    """By row, whether its term never falls as the predictor grows, and as it falls."""
    n = part.n_rows
    if part.kind == "exact":
        up, down = model.family.recession(y, part.known)
        return np.broadcast_to(up, (n,)), np.broadcast_to(down, (n,))
    if not model.family.ordered_by_primary:
        return np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    low, high = part.rows
    above, below = np.isposinf(high), np.isneginf(low)
    return (above, below) if model.family.increasing else (below, above)


def _scores(model: RegressionModel, part: Part, working: Vector) -> Vector:
    """The derivative of each weighted row's term by its predictor."""
    eta, bends = model.predictors.coordinates(part.designs, part.offsets, working)
    position = next(i for i, group in enumerate(model.predictors.groups) if group.design is not None)
    with np.errstate(all="ignore"):
        terms = part.terms(model.family, eta, DERIVATIVES)
        bend = bends[position]
        scores = terms.gradient[position] * (1.0 if bend is None else bend[0])
        scores = np.broadcast_to(scores, (part.n_rows,))
    return np.nan_to_num(scores if part.weight is None else scores * part.weight)


# ---- What the answer means -------------------------------------------------------------------------------


def _concluded(
    likelihood: Likelihood,
    n_obs: float,
    search: Search,
    declared: Declared,
    found: Recession,
    separated: Mask,
    region: Region | None,
) -> Outcome:
    model: Any = likelihood.model
    table = model.table
    far = far_limit(likelihood, search.point, found, n_obs)
    theory = declared.unbounded_in_theory
    if theory is not None and region is not None and not found.complete and not region(far.point):
        return unbounded(table, search, declared, theory)
    found = _beside_centres(found, table)
    lost = {*found.limits, *found.aliased}
    natural = table.natural(far.point)
    natural.update(found.limits)
    natural.update(dict.fromkeys(found.aliased, float(np.nan)))
    # Where every row is separated, nothing is left that would tell the other parameters.
    untold = [
        name for name in table.free_names if found.complete and name not in found.names and name not in lost
    ]
    natural.update(dict.fromkeys(untold, float(np.nan)))
    status = {name: "at_infinity" if name in lost else "regular" for name in table.free_names}
    status.update(dict.fromkeys((*found.aliased, *untold), "unidentified"))
    regular = np.array([status[name] == "regular" for name in table.free_names], dtype=bool)
    direction = {
        name: float(step) for name, step in zip(found.names, found.direction, strict=True) if step != 0.0
    }
    family = type(model.family).__name__
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        None,
        declared,
        sentence=separation_sentence(found, separated, firth=_has_firth(model)),
        exists=False,
        scope=declared.scope,
        limit=None if found.complete else f"{family} of the rows that are not separated",
        status=status,
        supremum=far.supremum,
        parameters=tuple(found.limits),
        direction=direction,
        allows=bool(regular.any()),
    )
    inside = np.ix_(regular, regular)
    information = np.zeros(far.covariance[inside].shape)
    if regular.any():
        # What is known of these when the others are estimated too.
        information = analyse(far.covariance[inside]).inverse()
    trace = tuple(search.trace)
    return Outcome(natural, far.point, far.supremum, far.tally, regular, information, certificate, trace)


def _beside_centres(found: Recession, table: ParameterTable) -> Recession:
    """The directions in terms of columns as they are, where they were found for centred ones."""
    if not table.shifts:
        return found
    steps = dict(zip(found.names, found.direction.tolist(), strict=True))
    limits = dict(found.limits)
    for name, others in table.shifts.items():
        moves = [factor * steps.get(other, 0.0) for other, factor in others.items()]
        if any(moves):
            steps[name] = steps.get(name, 0.0) + sum(moves)
            limits[name] = float(np.copysign(np.inf, steps[name])) if steps[name] else float(np.nan)
    in_order = {name: limits[name] for name in found.names if name in limits}
    return replace(found, direction=np.array([steps[name] for name in found.names]), limits=in_order)


def _has_firth(model: RegressionModel) -> bool:
    return model.family.name in FIRTH and all(
        group.link is None or group.link.trivial for group in model.predictors.groups
    )
