"""Rows that a regression can meet exactly while their spread alone goes to 0: a likelihood without bound.

With z_i·γ the log spread of row i, ℓ has no bound where the predictors of some rows can equal their responses and a
direction d has Σ_i w_i z_i·d < 0 and z_i·d >= 0 in all other rows: along it those gain what the others lose, and more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models._predictors import Group
from thetahat.models.regression import RegressionModel
from thetahat.optimize.regression.numbered_rows import numbered_parts, rows_in_words
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
MOST_NUMBERS = 2e7
"""Numbers of the designs, beyond which they are not gathered in memory for the sake of this question."""
ROUNDING = 1e-13
ALONE = 1e-9
"""How near 1 the leverage is of rows that have a direction to themselves."""
GAINS = {0.0: 1.0, np.inf: 0.5}
"""What a row that is met exactly gains, at least, as the log of its parameter goes one further to the end; the other
way a row loses 1 at most."""
NO_GAIN = 1e-7


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows: designs of centre and spread, the predictor at which each is met, and whether it is known exactly."""

    centre: Matrix
    spread: Matrix
    targets: Vector
    exact: Mask
    weights: Vector
    numbers: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Spike:
    """Why there is no bound, and what can be done."""

    reason: str
    remedy: str


def spread_of(model: RegressionModel) -> str | None:
    """The parameter that gathers all mass at the centre, where the centre has the first formula; None without one."""
    gathers = model.family.gathers
    owners = model.predictors.owners
    if gathers.point is None or gathers.centre is None or len(gathers.point) != 1:
        return None
    (name,) = gathers.point
    return name if owners and gathers.centre[0] == owners[0] and name != owners[0] else None


def has_spread_formula(model: RegressionModel) -> bool:
    """Whether that parameter has a formula of its own."""
    name = spread_of(model)
    return any(
        owner == name and bool(designer.names)
        for owner, designer in zip(model.predictors.owners[1:], model.predictors.designers[1:], strict=True)
    )


def spike_of(arrangement: RegressionArrangement, point: Vector | None) -> Spike | None:
    """Say which rows can be met exactly while their spread goes to its end, if any can.

    Looked for among rows that have a direction of the spread to themselves; and where a search ended without a maximum,
    at ``point``, also among those whose spread had gone farthest.
    """
    model = arrangement.model
    name = spread_of(model)
    if name is None or model.family.gathers.point is None:
        return None
    groups = dict(_driven(model))
    free = set(model.table.free_names)
    spread = groups.get(name)
    span = [spread.span] if spread is not None else []
    if spread is None and name not in free:
        return None
    if spread is not None and spread.span.start == spread.span.stop:
        # It has an offset alone, which gives each row its spread.
        return None
    if any(model.table.names[at] not in free for where in span for at in range(where.start, where.stop)):
        return None
    rows = _gathered(arrangement, groups[model.predictors.owners[0]], spread)
    if rows is None:
        return None
    end = float(model.family.gathers.point[name])
    met = _alone(rows)
    if (
        not met.any()
        and point is not None
        and spread is not None
        and (spread.link is None or spread.link.trivial)
    ):
        met = _farthest_gone(rows, model.table.working(point)[spread.span], end)
    if not met.any():
        return None
    numbers = rows.numbers[met]
    it, they = ("its", "it is") if np.unique(numbers).size == 1 else ("their", "they are")
    where = rows_in_words(numbers)
    if met.all():
        where = "every row"
    reason = f"{where} can be met exactly by the predictor, while {it} {name} goes to {end:g}"
    if spread is None:
        return Spike(
            reason, "use fewer columns, give the values with their rounding as intervals, or fix " + name
        )
    return Spike(
        f"{where} can be met exactly by the predictor while {it} {name} alone goes to {end:g}",
        f"give the formula of {name} fewer columns or levels, so that {they} not alone in one, or give the values with "
        "their rounding as intervals (th.Observations.interval)",
    )


def _driven(model: RegressionModel) -> list[tuple[str, Group]]:
    return [
        (model.predictors.owners[group.design], group)
        for group in model.predictors.groups
        if group.design is not None
    ]


def _gathered(arrangement: RegressionArrangement, centre: Group, spread: Group | None) -> _Rows | None:
    model = arrangement.model
    assert centre.design is not None  # noqa: S101 - the first formula's
    assert model.family.gathers.centre is not None  # noqa: S101 - asked before
    if centre.link is None or arrangement.n_positive * model.table.n_working > MOST_NUMBERS:
        return None
    place = model.family.gathers.centre[1]
    working = model.table.working(np.zeros(model.table.n_free))[centre.span]
    free = np.isin(np.arange(centre.span.start, centre.span.stop), model.table.free_index)
    pieces = []
    for part, numbers, values in numbered_parts(arrangement):
        design, offset = part.designs[centre.design].dense(), part.offsets[centre.design]
        held = design @ working + (0.0 if offset is None else offset)
        with np.errstate(all="ignore"):
            natural = np.array([place(value) for value in values], dtype=float)
            targets = np.asarray(centre.link.predictor(natural), dtype=float) - held
        scales = np.ones((part.n_rows, 1))
        if spread is not None and spread.design is not None:
            scales = part.designs[spread.design].dense()
        weights = np.ones(part.n_rows) if part.weight is None else part.weight
        exact = np.isfinite(targets) & (part.kind == "exact")
        pieces.append((design[:, free], scales, targets, exact, weights, numbers))
    return _Rows(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def _alone(rows: _Rows) -> Mask:
    """Rows that have a direction of the spread to themselves, and are met together."""
    distinct, which = np.unique(rows.spread, axis=0, return_inverse=True)
    which = which.reshape(-1)
    sizes = np.linalg.norm(distinct, axis=0)
    basis, singular, _ = np.linalg.svd(distinct / np.where(sizes > 0, sizes, 1.0), full_matrices=False)
    basis = basis[:, singular > ROUNDING * max(float(singular[0]), 1.0) * max(distinct.shape)]
    leverage = np.sum(basis * basis, axis=1)
    met = np.zeros(which.size, dtype=bool)
    for cluster in np.flatnonzero(leverage > 1 - ALONE):
        inside = which == cluster
        if rows.exact[inside].all() and _met(rows.centre[inside], rows.targets[inside]):
            met |= inside
    return met


def _met(design: Matrix, targets: Vector) -> bool:
    """Whether some coefficients give these predictors, to rounding."""
    whole = np.unique(np.column_stack([design, targets]), axis=0)
    design, targets = whole[:, :-1], whole[:, -1]
    sizes = np.linalg.norm(design, axis=0)
    design = design / np.where(sizes > 0, sizes, 1.0)
    size = max(float(np.max(np.abs(targets))), float(np.finfo(float).tiny))
    coefficients, *_ = np.linalg.lstsq(design, targets / size, rcond=None)
    left = np.abs(design @ coefficients - targets / size)
    return bool((left <= ROUNDING * (1.0 + np.abs(design) @ np.abs(coefficients))).all())


def _farthest_gone(rows: _Rows, coefficients: Vector, end: float) -> Mask:
    """As many rows as can be met together of those whose spread went farthest, if a direction gains by them."""
    from scipy.optimize import linprog

    sign = 1.0 if end > 0 else -1.0
    gone = sign * (rows.spread @ coefficients)
    order = np.argsort(-np.where(rows.exact, gone, -np.inf), kind="stable")[: int(rows.exact.sum())]
    low, high = 0, min(order.size, 2 * rows.centre.shape[1] + rows.centre.shape[0] // 2)
    while low < high:
        middle = (low + high + 1) // 2
        taken = order[:middle]
        low, high = (middle, high) if _met(rows.centre[taken], rows.targets[taken]) else (low, middle - 1)
    met = np.zeros(gone.size, dtype=bool)
    met[order[:low]] = True
    if not low:
        return met
    # Forwards the rows met gain; what moves backwards loses, and nothing else may move forwards.
    size = np.maximum(np.abs(rows.spread).max(axis=0), 1e-300)
    moves = sign * rows.spread / size
    gain = GAINS[end] * (rows.weights[met] @ moves[met]) + rows.weights[~met] @ moves[~met]
    answer = linprog(
        -gain / float(rows.weights.sum()),
        A_ub=moves[~met] if (~met).any() else None,
        b_ub=np.zeros(int((~met).sum())) if (~met).any() else None,
        bounds=[(-1.0, 1.0)] * moves.shape[1],
        method="highs",
    )
    if answer.x is None or not -answer.fun > NO_GAIN:
        return np.zeros_like(met)
    # Those that the direction does not move are not what rises.
    return np.asarray(met & (moves @ answer.x > NO_GAIN))
