"""Whether a regression has a maximum: its rows written down for the linear programme, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._regression_rows import PackedRegression, Part
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Optimizer, Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import certify
from thetahat.optimize.climb import climb
from thetahat.optimize.declared import Declared
from thetahat.optimize.finite_submodel import FiniteSubmodel, finite_submodel, separation_sentence
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.recession import Recession
from thetahat.parameters import ParameterTable
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
MOST_NUMBERS = 4e8
"""Numbers of a design, beyond which it is not gathered in memory for the sake of this question."""
FIRTH = frozenset({"bernoulli", "binomial", "poisson"})
NEAR = 1e-12
"""In nats a row, how near to the supremum the point along the direction is taken."""


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
    optimizer: Optimizer,
    search: Search,
    declared: Declared,
) -> Outcome | None:
    """Return what is known of a regression whose likelihood rises for ever along a direction; None if it does not.

    Asked where Newton's method found no maximum. Only regressions of the primary parameter alone are asked about, and
    only where their rows have no truncation limits, whose terms can rise along directions of their own.
    """
    model = arrangement.model
    driven = [group for group in model.predictors.groups if group.design is not None]
    if len(driven) != 1 or not _rises_with_predictor(driven[0].link):
        return None
    width = len(model.predictors.designers[0].names)
    if arrangement.n_positive * width > MOST_NUMBERS:
        return None
    rows = _gathered(arrangement)
    if any(part.truncation is not None for part in rows.parts):
        return None
    found, separated, left = _asked(model, rows, search.point)
    if found is None:
        return None
    return _concluded(arrangement, engine, optimizer, search, declared, rows, found, separated, left)


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


def _asked(model: RegressionModel, rows: _Rows, point: Vector) -> tuple[Recession | None, Mask, list[Mask]]:
    """The recession directions, the rows that rise, and by part the rows that are left for the finite submodel."""
    from thetahat.optimize.separation import separated_classes, separated_order, separated_rows

    names = model.table.names
    working = model.table.working(point)
    ends = np.cumsum([part.n_rows for part in rows.parts])[:-1]
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
            return None, np.zeros(0, dtype=bool), []
        conditions = found.separated.reshape(codes.size, -1)
        remaining = found.remaining.reshape(codes.size, -1)
        rising = np.asarray(conditions.any(axis=1), dtype=bool)
        return found, rising, np.split(remaining.any(axis=1), ends)
    up, down = zip(
        *(_pulls(model, part, y) for part, y in zip(rows.parts, rows.values, strict=True)), strict=True
    )
    width = rows.parts[0].designs[0].n_columns
    scores = np.concatenate([_scores(model, part, working) for part in rows.parts])
    found = separated_rows(
        rows.designs, np.concatenate(up), np.concatenate(down), names[:width], scores, working[:width]
    )
    if found is None:
        return None, np.zeros(0, dtype=bool), []
    return found, found.separated, np.split(found.remaining, ends)


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
    arrangement: RegressionArrangement,
    engine: Engine,
    optimizer: Optimizer,
    search: Search,
    declared: Declared,
    rows: _Rows,
    found: Recession,
    separated: Mask,
    left: list[Mask],
) -> Outcome:
    model = arrangement.model
    table = model.table
    submodel = finite_submodel(found)
    whole = Likelihood(model, arrangement.blocks, packed=arrangement.packed, engine=engine)
    inner, supremum, information = _fit_submodel(model, engine, optimizer, rows, left, submodel, search.point)
    direction = _direction(model, found)
    end, value = _far_along(whole, inner, direction, supremum, arrangement.n_obs)
    supremum = max(supremum, value)
    natural = table.natural(end)
    natural.update(found.limits)
    natural.update(dict.fromkeys(found.aliased, float(np.nan)))
    lost = set(submodel.infinite) | set(found.aliased)
    regular = np.array([name not in lost for name in table.free_names], dtype=bool)
    status = {name: "at_infinity" if name in lost else "regular" for name in table.free_names}
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        None,
        declared,
        sentence=separation_sentence(found, separated, firth=_has_firth(model)),
        exists=False,
        scope=declared.scope,
        limit=f"{type(model.family).__name__} of the rows that are not separated"
        if not found.complete
        else None,
        status=status,
        supremum=supremum,
        parameters=submodel.infinite,
        direction={
            name: float(step) for name, step in zip(table.free_names, direction, strict=True) if step != 0.0
        },
        allows=bool(regular.any()),
    )
    tally = whole.tally(end, DERIVATIVES)
    return Outcome(
        natural, end, supremum, tally, regular, _among(information, regular), certificate, tuple(search.trace)
    )


def _has_firth(model: RegressionModel) -> bool:
    return model.family.name in FIRTH and all(
        group.link is None or group.link.trivial for group in model.predictors.groups
    )


def _direction(model: RegressionModel, found: Recession) -> Vector:
    """The recession direction over the free coordinates; gaps of thresholds open like their logarithms."""
    by_name = dict(zip(found.names, found.direction, strict=True))
    return np.array([by_name.get(name, 0.0) for name in model.table.free_names])


def _fit_submodel(
    model: RegressionModel,
    engine: Engine,
    optimizer: Optimizer,
    rows: _Rows,
    left: list[Mask],
    submodel: FiniteSubmodel,
    near: Vector,
) -> tuple[Vector, float, Any]:
    """Maximise over the rows that are left, with what they do not determine at 0: point, supremum, information."""
    table = model.table
    point = near.copy()
    kept = set(submodel.names)
    concerned = [name for name in table.free_names if name in set(submodel.infinite) | set(submodel.finite)]
    pinned = {name: 0.0 for name in concerned if name not in kept}
    index = {name: position for position, name in enumerate(table.free_names)}
    for name in pinned:
        point[index[name]] = 0.0
    whole = np.zeros((table.n_free, table.n_free))
    parts = tuple(
        part.take(np.flatnonzero(mask)) for part, mask in zip(rows.parts, left, strict=True) if mask.any()
    )
    if not parts:
        return point, 0.0, whole
    smaller = RegressionModel(
        model.reader,
        replace(
            model.predictors, table=ParameterTable(table.parameters, {**table.fixed, **pinned}, table.units)
        ),
        model.text,
    )
    packed = PackedRegression(0, sum(part.n_rows for part in parts), parts, (np.zeros(0), None))
    likelihood = Likelihood(smaller, lambda: [packed], packed=True, engine=engine)
    begin = np.array([0.0 if name in kept else point[index[name]] for name in smaller.table.free_names])
    ascent = climb(likelihood, optimizer, begin)
    tally = likelihood.tally(ascent.point, DERIVATIVES)
    places = [index[name] for name in smaller.table.free_names]
    point[places] = ascent.point
    whole[np.ix_(places, places)] = tally.information
    return point, tally.value, whole


def _far_along(
    likelihood: Likelihood, inner: Vector, direction: Vector, supremum: float, n_obs: float
) -> tuple[Vector, float]:
    """The point along the direction from which on ℓ cannot be told from its supremum."""
    length, end, value = 8.0, inner, -np.inf
    for _ in range(12):
        trial = inner + length * direction
        there = likelihood.tally(trial, VALUE).value
        if not np.isfinite(there) or there < value:
            break
        end, value = trial, there
        if supremum - there <= NEAR * n_obs:
            break
        length *= 2.0
    return end, value


def _among(information: Any, regular: Mask) -> Any:
    """The information about the regular coordinates when the others that have any are estimated too."""
    known = np.diag(information) > 0
    kept = regular & known
    inverse = analyse(information[np.ix_(known, known)]).inverse()
    inside = kept[known]
    matrix = np.zeros((int(regular.sum()), int(regular.sum())))
    places = np.flatnonzero(kept[regular])
    if places.size:
        matrix[np.ix_(places, places)] = analyse(inverse[np.ix_(inside, inside)]).inverse()
    return matrix
