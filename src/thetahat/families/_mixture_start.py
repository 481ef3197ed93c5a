"""Where a mixture's fit begins: EM from several partitions of representative points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families._contract import Known
from thetahat.families._family import Family
from thetahat.families._log_sum import Places, log_total
from thetahat.families._survey import Survey
from thetahat.families._tails import inner_point
from thetahat.families._terms import Coordinates, Rows, Terms, pairs
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.namespace import NUMPY

Vector = NDArray[np.float64]
_POINTS = 512
"""Order statistics that stand for all points."""
_ROUNDS = 40
_STEPS = 6
"""Halvings of a component's step before it keeps what it has."""
_LONGEST = 3.0
"""On log and logit scales, the farthest that a component moves in a round."""
_LEAST = 1e-3
"""In nats, a round's gain at which EM has done its part; Newton's method does the rest."""
_SAME = 1e-2
"""In nats, how close two results are that count as one."""
_LIGHTEST = 1e-4
"""The least weight that a start gives a component."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A mixture as far as starts need it.

    ``held`` are the places of coordinates that have their number already, in ``given``; ``prepare`` and ``parted`` make
    rows and part them by component; ``allowed`` is the regular region, or None.
    """

    components: tuple[Family, ...]
    places: tuple[Places, ...]
    held: tuple[int, ...]
    given: Coordinates
    prepare: Callable[[Vector], Rows]
    parted: Callable[[Rows], list[tuple[Any, Rows]]]
    known_of: Callable[[int], Known]
    allowed: Callable[[Coordinates, Survey], bool] | None


def starts(recipe: Recipe, points: Vector) -> list[Coordinates]:
    """Working coordinates that EM leads to, the highest first, each of a likelihood of its own; never none."""
    with np.errstate(all="ignore"):
        return _starts(recipe, points)


def _starts(recipe: Recipe, points: Vector) -> list[Coordinates]:
    ordered = np.sort(points)
    if ordered.size > _POINTS:
        ordered = ordered[np.linspace(0, ordered.size - 1, _POINTS).round().astype(int)]
    values, counts = np.unique(ordered, return_counts=True)
    rows, weight = recipe.prepare(values), counts.astype(float)
    survey = Survey(
        points.size, points.size, points.size, values[0], values[-1], np.zeros(0), 0.0, n_positive=points.size
    )
    found: list[tuple[float, Coordinates]] = []
    fallback: Coordinates | None = None
    alike = len({family.name for family in recipe.components}) == 1
    for groups in _partitions(ordered, len(recipe.components), both_ways=not alike):
        eta = _begun(recipe, ordered, groups)
        fallback = eta if fallback is None else fallback
        value, eta = _climbed(recipe, rows, weight, eta)
        inside = recipe.allowed is None or recipe.allowed(eta, survey)
        if inside and np.isfinite(value) and all(abs(value - other) > _SAME for other, _ in found):
            found.append((value, eta))
    assert fallback is not None  # noqa: S101 - there always is a partition
    found.sort(key=lambda item: -item[0])
    return [eta for _, eta in found] or [fallback]


# ---- Partitions ---------------------------------------------------------------------------------------------


def _partitions(ordered: Vector, k: int, *, both_ways: bool) -> list[list[Vector]]:
    """Ways to share out ordered points among ``k`` groups; the groups in either order where that matters."""
    n = ordered.size
    labels = [np.minimum(np.arange(n) * k // n, k - 1), _clustered(ordered, k)]
    if ordered[0] > 0:
        labels.append(_clustered(np.log(ordered), k))
    for share in (0.15, 0.85):
        # One group large and the others small, from either end.
        cuts = share + (1.0 - share) * np.arange(k - 1) / (k - 1) if share < 0.5 else None
        cuts = share * np.arange(1, k) / (k - 1) if cuts is None else cuts
        labels.append(np.searchsorted(cuts * n, np.arange(n), side="right"))
    middle = ordered[n // 2]
    rank = np.argsort(np.argsort(np.abs(ordered - middle), kind="stable"), kind="stable")
    labels.append(np.minimum(rank * k // n, k - 1))
    found = []
    for label in labels:
        groups = [ordered[label == group] for group in range(k)]
        found.extend([groups, groups[::-1]] if both_ways else [groups])
    return found


def _clustered(x: Vector, k: int) -> NDArray[np.intp]:
    """Lloyd's (1982) clusters of ordered values, from seeds each as far from the others as there is one."""
    span = float(x[-1] / 2 - x[0] / 2)
    scaled = (x / 2 - x[0] / 2) / span if 0 < span < np.inf else np.zeros(x.size)
    centres = [float(scaled[scaled.size // 2])]
    while len(centres) < k:
        distance = np.min(np.abs(scaled[:, np.newaxis] - np.array(centres)), axis=1)
        centres.append(float(scaled[int(np.argmax(distance))]))
    middle = np.sort(np.array(centres))
    label = np.zeros(x.size, dtype=np.intp)
    for _ in range(30):
        label = np.argmin(np.abs(scaled[:, np.newaxis] - middle), axis=1)
        moved = np.array(
            [scaled[label == group].mean() if np.any(label == group) else middle[group] for group in range(k)]
        )
        if np.array_equal(moved, middle):
            break
        middle = moved
    return label


def _begun(recipe: Recipe, ordered: Vector, groups: Sequence[Vector]) -> Coordinates:
    """Coordinates at which each component has its own start for its group, what is shared being averaged."""
    k = len(groups)
    share = np.array([max(group.size / ordered.size, _LIGHTEST) for group in groups])
    eta = np.zeros(len(recipe.given))
    times = np.zeros(eta.size)
    eta[: k - 1] = np.log(share[1:] / share[0])
    for index, (family, place) in enumerate(zip(recipe.components, recipe.places, strict=True)):
        inside = groups[index][family.support.contains(groups[index])]
        if not inside.size:
            inside = ordered[family.support.contains(ordered)]
        if not inside.size:
            inside = np.array([inner_point(family.support)])
        own = family.working(family.start(inside, recipe.known_of(index)))
        for at, item in zip(place, own, strict=True):
            eta[at] += float(item)
            times[at] += 1.0
    eta /= np.maximum(times, 1.0)
    return _with_given(recipe, eta)


def _with_given(recipe: Recipe, eta: Vector) -> Coordinates:
    for at in recipe.held:
        eta[at] = recipe.given[at]
    return tuple(np.float64(item) for item in eta)


# ---- EM -----------------------------------------------------------------------------------------------------


def _climbed(recipe: Recipe, rows: Rows, weight: Vector, eta: Coordinates) -> tuple[float, Coordinates]:
    """Rounds of EM, whose maximisation is one guarded Newton step of each component (Lange, 1995)."""
    k = len(recipe.components)
    parted = recipe.parted(rows)
    n = float(weight.sum())
    reached = -np.inf
    weights_held = 0 in recipe.held
    for _ in range(_ROUNDS):
        logs = np.array([0.0, *eta[: k - 1]])
        logs = logs - log_total(NUMPY, list(logs))
        parts = [logs[index] + _log_density(recipe, index, parted, eta, weight.size) for index in range(k)]
        each = log_total(NUMPY, parts)
        value = float(weight @ each)
        if not np.isfinite(value) or value - reached < _LEAST:
            return max(value, reached) if np.isfinite(value) else value, eta
        reached = value
        shares = [np.exp(part - each) * weight for part in parts]
        moved = np.array(eta)
        if not weights_held:
            mass = np.maximum([float(share.sum()) for share in shares], _LIGHTEST * n)
            moved[: k - 1] = np.log(mass[1:] / mass[0])
        _maximised(recipe, parted, shares, moved)
        eta = _with_given(recipe, moved)
    return reached, eta


def _log_density(recipe: Recipe, index: int, parted: list[Any], eta: Any, n: int) -> Vector:
    mask, own = parted[index]
    value = recipe.components[index].log_density(NUMPY, own, tuple(eta[at] for at in recipe.places[index]))
    value = np.broadcast_to(value, (n,))
    value = np.where(np.isnan(value), -np.inf, value)
    return value if mask is None else np.where(mask > 0, value, -np.inf)


def _maximised(recipe: Recipe, parted: list[Any], shares: list[Vector], eta: Vector) -> None:
    """One step of all components' coordinates towards the maximum of Σ share log density, halved until it climbs."""
    size, first = eta.size, len(recipe.components) - 1
    score, information, products = np.zeros(size), np.zeros((size, size)), np.zeros((size, size))
    for index, (family, place) in enumerate(zip(recipe.components, recipe.places, strict=True)):
        mask, own = parted[index]
        terms: Terms = family.derivatives(own, tuple(np.float64(eta[at]) for at in place))
        share = shares[index] if mask is None else np.where(mask > 0, shares[index], 0.0)
        used = share > 0
        slopes = [np.where(used, item, 0.0) for item in terms.gradient]
        for i, slope in enumerate(slopes):
            score[place[i]] += float(share @ slope)
        for (i, j), item in zip(pairs(len(place)), terms.hessian, strict=True):
            bend = -float(share @ np.where(used, item, 0.0))
            product = float(share @ (slopes[i] * slopes[j]))
            for a, b in {(place[i], place[j]), (place[j], place[i])}:
                information[a, b] += bend
                products[a, b] += product
    free = np.array([at for at in range(first, size) if at not in recipe.held], dtype=np.intp)
    if not free.size or not (np.isfinite(score).all() and np.isfinite(information).all()):
        return
    step = np.zeros(size)
    factor = analyse(information[np.ix_(free, free)])
    if not factor.smallest > factor.error_bound:
        factor = analyse(products[np.ix_(free, free)])
        if not factor.smallest > factor.error_bound:
            return
    step[free] = factor.solve(score[free])
    on_line = _on_line(recipe, size)
    longest = float(np.max(np.abs(step[~on_line]), initial=0.0))
    step *= min(1.0, _LONGEST / longest) if longest > 0 else 1.0

    def height(at: Vector) -> float:
        return sum(
            float(share[share > 0] @ _log_density(recipe, index, parted, at, share.size)[share > 0])
            for index, share in enumerate(shares)
        )

    before = height(eta)
    for _ in range(_STEPS):
        if height(eta + step) >= before:
            eta += step
            return
        step *= 0.25


def _on_line(recipe: Recipe, size: int) -> NDArray[np.bool_]:
    """Which coordinates are the numbers themselves, and so in units of the data."""
    flags = np.zeros(size, dtype=bool)
    for family, place in zip(recipe.components, recipe.places, strict=True):
        own = [p.domain.identity for p in family.declared for _ in range(p.domain.free_size)]
        flags[list(place)] = own
    return flags
