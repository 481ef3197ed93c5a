"""Where else to look for a maximum when no theorem says that the one found is the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from thetahat.first_pass import Arrangement
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.numerics.namespace import NUMPY
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import reach
from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]
SPREADS = (0.3, 0.6, 1.0, 1.5)
"""Spreads of starts drawn at random, on log and logit scales or in sizes of the data."""
SCREENED = 128
"""Rows, or up to twice as many, on which starts are compared."""
TO_GAIN = 3.0
"""In nats, what a climb from a roughly chosen start may add to it."""
SAME_HILL = 4.0
"""A start that the curvature at the maximum found puts fewer nats below it lies on the same hill."""
MOST = 3
"""Climbs that are tried before a local maximum is declared."""


def drawn(begin: Vector, model: IndependentModel, declared: Declared) -> Iterator[Vector]:
    """Starts drawn around the first; always the same ones."""
    rng = np.random.default_rng(declared.seed)
    units = reach(model.table, begin, declared.sizes)
    for spread in SPREADS:
        yield begin + spread * units * rng.standard_normal(begin.size)


def promising(
    arrangement: Arrangement, point: Vector, outcome: Outcome, allowed: Callable[[Vector], bool] | None
) -> list[Vector] | None:
    """The family's further starts that may lead higher than ``point``, where ``outcome`` was found; best first.

    They are compared on thinned rows, one of each kind, and those on the hill that was climbed are left out. None
    where the family offers no starts.
    """
    model, rows = arrangement.model, arrangement.sample.thinned(SCREENED)
    family, table = model.family, model.table
    kinds = family.further_starts(rows.points(family.support)[0])
    if not kinds:
        return None
    sizes = [len(kind[0]) for kind in kinds]
    held = table.working(point)
    candidates = np.empty((1 + sum(sizes), held.size))
    candidates[0] = held
    joined = tuple(np.concatenate(column) for column in zip(*kinds, strict=True))
    candidates[1:] = np.array(family.working(joined)).T
    if not table.all_free:
        fixed = np.setdiff1d(np.arange(held.size), table.free_index)
        candidates[:, fixed] = held[fixed]
    heights = _heights(model, rows, candidates)
    reference = heights[0]
    if rows.size == arrangement.sample.size and np.isfinite(outcome.value):
        reference = max(reference, outcome.value)
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    found: list[tuple[float, Vector]] = []
    first = 1
    for size in sizes:
        best = first + int(np.argmax(heights[first : first + size]))
        first += size
        if not heights[best] > reference - TO_GAIN:
            continue
        free = candidates[best][table.free_index]
        if not _on_same_hill(outcome, free, rows.size / arrangement.sample.size):
            found.append((float(heights[best]), free))
    found.sort(key=lambda item: -item[0])
    inside = [free for _, free in found if allowed is None or allowed(free)]
    return inside[:MOST]


def _heights(model: IndependentModel, rows: PackedRows, candidates: NDArray[np.float64]) -> Vector:
    """ℓ of these rows at each candidate."""
    family = model.family
    eta = tuple(candidates.T[..., np.newaxis])
    total = np.zeros(len(candidates))
    if rows.y.size:
        total += _summed(family.log_density(NUMPY, rows.prepared, eta), rows.weight)
    if rows.low.size:
        terms = family.log_mass(rows.low, rows.high, rows.interval_known, eta, 0)
        total += _summed(terms.value, rows.interval_weight)
    if rows.truncation is not None:
        terms = rows.truncation.log_mass(family, slice(None), eta, 0)
        wide = np.broadcast_to(terms.value, (len(candidates), rows.truncation.size))
        total -= _summed(wide, rows.truncation.weight)
    return total


def _summed(values: NDArray[np.float64], weight: Vector | None) -> Vector:
    return np.asarray(values.sum(axis=1) if weight is None else (values * weight).sum(axis=1))


def _on_same_hill(outcome: Outcome, free: Vector, share: float) -> bool:
    """Whether the curvature of a share of the rows puts a start only a little lower than a maximum found."""
    step = free - outcome.point
    information = outcome.tally.information
    if not np.isfinite(step).all() or information.shape != (step.size, step.size):
        return False
    return bool(0.5 * share * step @ information @ step < SAME_HILL)
