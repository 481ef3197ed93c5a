"""The best place of a kink by exact counting: few passes over rows of any number, whatever their order.

Where log f is affine on either side of the kinked parameter, rows far from its maximum count only by their weight and
mean. So the line is cut into ever finer intervals, those that cannot hold the maximum are left out by a bound, and the
rows of the others are gathered. The profile is concave between rows: its maximum lies at one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.first_pass import Arrangement
from thetahat.models._places import (
    MOST_PLACES,
    Counted,
    counted,
    distances,
    keys_of,
    places_of,
    values_of,
)
from thetahat.numerics.namespace import NUMPY

Vector = NDArray[np.float64]
PARTS = 4096
"""Intervals that are counted in one pass."""
MOST_PASSES = 40
SLACK = 1e-12
ROUNDING = 64.0 * float(np.finfo(float).eps)
POLISHINGS = 8
WORTH = 0.5
"""The share of the rows that a pass may leave, to be worth another like it."""
EVERYWHERE = np.array([-np.inf, np.inf])


@dataclass(frozen=True, slots=True)
class Best:
    """The best place with the other parameters there; ``before`` and ``after`` are the neighbouring rows' places."""

    place: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class _Line:
    """Sorted places with their weights: of rows, or of many at their mean."""

    values: Vector
    weights: Vector
    single: NDArray[np.bool_]


def best_place(arrangement: Arrangement, engine: Engine, fixed: Mapping[str, Any]) -> Best:
    """Find the place of the kink at which ℓ is highest, the other parameters at their maximum."""
    family, total = arrangement.model.family, arrangement.survey.n_exact
    line = _line(arrangement, engine, fixed)
    values, weights = line.values, line.weights
    centre = float(values[values.size // 2])
    offset = values - centre
    mass, moment = np.cumsum(weights), np.cumsum(weights * offset)
    below = np.maximum(mass * offset - moment, 0.0) / total
    above = np.maximum((moment[-1] - moment) - (mass[-1] - mass) * offset, 0.0) / total
    losses = np.where(line.single, loss(family, above, below, fixed), np.inf)
    index = _between_slopes(family, line, mass, above, below, int(np.argmin(losses)), fixed)
    before = float(values[index - 1]) if index else -np.inf
    after = float(values[index + 1]) if index + 1 < values.size else np.inf
    return Best(float(values[index]), before, after)


def _between_slopes(
    family: Family,
    line: _Line,
    mass: Vector,
    above: Vector,
    below: Vector,
    index: int,
    fixed: Mapping[str, Any],
) -> int:
    """The place beside ``index`` where the slopes change sign: weights tell it where losses are alike in rounding."""
    for _ in range(POLISHINGS):
        # Slopes fall along the line; the first that does not rise is where the maximum is.
        falls = _slopes_beyond(family, mass / mass[-1], above[index], below[index], fixed) <= 0.0
        found = int(np.argmax(falls))
        if found == index or not (falls.any() and line.single[found]):
            break
        index = found
    return index


def others_at(
    arrangement: Arrangement, engine: Engine, place: float, fixed: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """The other parameters' maximum with the kink at a place."""

    def sums(block: Any) -> Any:
        return distances(block if arrangement.packed else arrangement.model.pack(block), place)

    found, total = engine.reduce(sums, arrangement.blocks()), arrangement.survey.n_exact
    return arrangement.model.family.sided(found.above / total, found.below / total, fixed)


def loss(family: Family, above: Any, below: Any, fixed: Mapping[str, Any]) -> Any:
    """-ℓ/n at the other parameters' maximum, from the mean distances above and below the kink."""
    others = family.sided(above, below, fixed)
    assert others is not None  # noqa: S101 - the caller has looked
    with np.errstate(all="ignore"):
        eta = family.working((np.zeros(()), *others))
        up, down = family.kink(eta)
        top = family.log_density(NUMPY, (np.zeros(()),), eta)
        # At an edge of the other parameters this is no number, and the place no maximum.
        value = np.where(above > 0, up * above, 0.0) - np.where(below > 0, down * below, 0.0) - top
    return np.where(np.isnan(value), np.inf, value)


def _line(arrangement: Arrangement, engine: Engine, fixed: Mapping[str, Any]) -> _Line:
    survey = arrangement.survey

    def packed(block: Any) -> Any:
        return block if arrangement.packed else arrangement.model.pack(block)

    if survey.n_positive <= MOST_PLACES:
        found = engine.reduce(lambda block: places_of(packed(block), EVERYWHERE), arrangement.blocks())
        return _Line(found.values, found.weights, np.ones(found.values.size, dtype=bool))
    family = arrangement.model.family
    centre = 0.5 * survey.minimum + 0.5 * survey.maximum
    first, last = keys_of(np.array([survey.minimum, survey.maximum])).tolist()
    spans, many = [(first, last + 1)], np.inf
    for _ in range(MOST_PASSES):
        edges = _edges(spans)
        values = values_of(np.array(edges, dtype=np.int64))
        count = _counted(arrangement, engine, values, centre)
        sides = _sides(count, values - centre)
        kept = _kept(family, count, sides, values - centre, fixed)
        # A single double needs no gathering, however many rows are there.
        wide = np.diff(np.array(edges, dtype=object)).astype(float) > 1
        left = int(count.rows[1:-1][kept & wide].sum())
        if left > WORTH * many:
            # Losses are alike in rounding; the slopes still tell the place.
            kept = _turning(family, count, sides, fixed)
            left = int(count.rows[1:-1][kept & wide].sum())
        many, spans = left, _joined(edges, kept)
        if left <= MOST_PLACES // 2:
            break
    ends = values_of(np.array([end for low, high in spans for end in (low - 1, high)], dtype=np.int64))
    near = engine.reduce(lambda block: places_of(packed(block), ends), arrangement.blocks())
    return _with_means(near.values, near.weights, count, kept, centre)


def _counted(arrangement: Arrangement, engine: Engine, edges: Vector, centre: float) -> Counted:
    def count(block: Any) -> Counted:
        return counted(block if arrangement.packed else arrangement.model.pack(block), edges, centre)

    return engine.reduce(count, arrangement.blocks())


def _edges(spans: list[tuple[int, int]]) -> list[int]:
    """Keys that cut each span into equally many parts, its own ends among them."""
    parts = max(PARTS // len(spans), 2)
    edges: set[int] = set()
    for low, high in spans:
        width = high - low
        edges.update(low + width * part // parts for part in range(parts + 1))
    return sorted(edges)


class _Sides(NamedTuple):
    """At each edge: the share of the rows below it, and the mean distances of the rows above it and below."""

    mass: Vector
    above: Vector
    below: Vector


def _sides(count: Counted, edges: Vector) -> _Sides:
    total = float(count.weights.sum())
    mass, moment = np.cumsum(count.weights)[:-1] / total, np.cumsum(count.sums) / total
    below = np.maximum(mass * edges - moment[:-1], 0.0)
    return _Sides(mass, np.maximum((moment[-1] - moment[:-1]) - (1.0 - mass) * edges, 0.0), below)


def _turning(family: Family, count: Counted, sides: _Sides, fixed: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The interval in which the slope changes its sign, and the next in which there are rows."""
    mass, above, below = sides
    index = int(np.argmin(loss(family, above, below, fixed)))
    falls = _slopes_beyond(family, mass, above[index], below[index], fixed) <= 0.0
    first = max(int(np.argmax(falls)) - 1, 0) if falls.any() else mass.size - 2
    rows = count.rows[1:-1]
    kept = np.zeros(rows.size, dtype=bool)
    kept[first : first + 1] = True
    kept[first + 1 + np.flatnonzero(rows[first + 1 :] > 0)[:1]] = True
    kept[np.flatnonzero(rows[:first] > 0)[-1:]] = True
    return kept & (rows > 0)


def _slopes_beyond(family: Family, mass: Vector, above: Any, below: Any, fixed: Mapping[str, Any]) -> Vector:
    """The slope of ℓ/n just beyond places with this share of the rows up to them, less what is rounding."""
    others = family.sided(above, below, fixed)
    assert others is not None  # noqa: S101 - the caller has looked
    up, down = (float(slope) for slope in family.kink(family.working((np.zeros(()), *others))))
    slopes: Vector = up * (1.0 - mass) + down * mass
    return slopes - ROUNDING * (abs(up) + abs(down))


def _kept(
    family: Family, count: Counted, sides: _Sides, edges: Vector, fixed: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Which intervals between edges may hold the maximum.

    Mean distances above and below are convex in the place: each lies above its tangents at both ends. The loss grows
    with both and is concave, so that on these tangents it is least at their ends or where they meet.
    """
    mass, above, below = sides
    at_edges = loss(family, above, below, fixed)
    width, rise = np.diff(edges), np.diff(mass)
    with np.errstate(all="ignore"):
        meet = np.where(rise > 0, (np.diff(below) - mass[:-1] * width) / rise, 0.0)
    # The distance back from the upper end.
    back = np.clip(meet, 0.0, width)
    forth = width - back
    least_below = below[:-1] + mass[:-1] * forth
    least_above = above[1:] + (1.0 - mass[1:]) * back
    between = loss(family, np.maximum(least_above, 0.0), np.maximum(least_below, 0.0), fixed)
    bound = np.minimum(np.minimum(at_edges[:-1], at_edges[1:]), between)
    best = float(np.min(at_edges))
    slack = SLACK * (1.0 + abs(best))
    return (count.rows[1:-1] > 0) & ~(bound > best + slack)


def _joined(edges: list[int], kept: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The intervals that are kept; neighbours as one."""
    spans: list[tuple[int, int]] = []
    for index in np.flatnonzero(kept).tolist():
        low, high = edges[index], edges[index + 1]
        if spans and spans[-1][1] == low:
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    return spans


def _with_means(
    values: Vector, weights: Vector, count: Counted, kept: NDArray[np.bool_], centre: float
) -> _Line:
    """Rows that were gathered, and of each run of intervals between them one row at the mean."""
    inside = np.concatenate([[False], kept, [False]])
    run = np.cumsum(
        np.concatenate([[False], inside[1:] & ~inside[:-1]])
        | np.concatenate([[False], ~inside[1:] & inside[:-1]])
    )
    mass = np.bincount(run[~inside], count.weights[~inside])
    moment = np.bincount(run[~inside], count.sums[~inside])
    some = mass > 0
    means = centre + moment[some] / mass[some]
    everything = np.concatenate([values, means])
    single = np.concatenate([np.ones(values.size, dtype=bool), np.zeros(means.size, dtype=bool)])
    order = np.argsort(everything, kind="stable")
    return _Line(everything[order], np.concatenate([weights, mass[some]])[order], single[order])
