"""Where else to look for a maximum when no theorem says that the one found is the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Theta
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.namespace import NUMPY
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import CURVATURE_CHANGE, reach
from thetahat.optimize.hills import on_same_hill
from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]
SPREADS = (0.3, 0.6, 1.0, 1.5)
"""Spreads of starts drawn at random, on log and logit scales or in sizes of the data."""
SCREENED = 128
"""Rows, or up to twice as many, on which starts are compared."""
TO_GAIN = 3.0
"""In nats, what a climb from a roughly chosen start may add to it."""
NEAR = 0.25
"""Of the way to a known maximum, what a Newton step may leave when a search is said to lead there."""
MOST = 3
"""Climbs that are tried before a local maximum is declared."""
NO_MAXIMUM = frozenset({Verdict.NOT_CONVERGED, Verdict.SADDLE, Verdict.FLAT})


def drawn(begin: Vector, model: IndependentModel, declared: Declared) -> Iterator[Vector]:
    """Starts drawn around the first; always the same ones."""
    rng = np.random.default_rng(declared.seed)
    units = reach(model.table, begin, declared.sizes)
    for spread in SPREADS:
        yield begin + spread * units * rng.standard_normal(begin.size)


def offered(arrangement: Arrangement, allowed: Callable[[Vector], bool] | None) -> Iterator[Vector]:
    """The family's further starts inside the region, the first of each kind."""
    model, rows = arrangement.model, arrangement.sample.thinned(SCREENED)
    for kind in model.family.further_starts(rows.points(model.family.support)[0])[:MOST]:
        columns = np.array(np.broadcast_arrays(*model.family.working(kind)), dtype=float)
        free = columns[model.table.free_index, 0]
        if allowed is None or allowed(free):
            yield free


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
    sizes = [max(map(_width, kind)) for kind in kinds]
    columns = np.array(family.working(_beside(kinds, sizes)), dtype=float)
    held = table.working(point)
    candidates = np.concatenate([held[np.newaxis], columns.T])
    if not table.all_free:
        fixed = np.setdiff1d(np.arange(held.size), table.free_index)
        candidates[:, fixed] = held[fixed]
    heights = heights_on(model, rows, candidates)
    reference = heights[0]
    if rows.size == arrangement.sample.size and np.isfinite(outcome.value):
        reference = max(reference, outcome.value)
    high = np.flatnonzero(np.isfinite(heights) & (heights > reference - TO_GAIN)).tolist()
    found: list[tuple[float, Vector]] = []
    first = 1
    for size in sizes if high else ():
        # The highest that lies in the regular region: at few rows its neighbours outside may be higher.
        kind = sorted((at for at in high if first <= at < first + size), key=lambda at: -heights[at])
        first += size
        for best in kind:
            free = candidates[best] if table.all_free else candidates[best][table.free_index]
            if allowed is None or allowed(free):
                if not on_same_hill(outcome, free, rows.size / arrangement.sample.size):
                    found.append((float(heights[best]), free))
                break
    found.sort(key=lambda item: -item[0])
    return [free for _, free in found[:MOST]]


def _width(item: Any) -> int:
    """How many starts a parameter's values are for."""
    shape: tuple[int, ...] = item.shape if isinstance(item, np.ndarray) else np.shape(item)
    return shape[-1] if shape else 1


def _beside(kinds: Sequence[Theta], sizes: Sequence[int]) -> Theta:
    """Starts of several kinds as the columns of one."""

    def column(item: Any, size: int) -> Any:
        wide = isinstance(item, np.ndarray) and item.shape[-1:] == (size,)
        return item if wide else np.broadcast_to(item, (*np.shape(item)[:-1], size))

    return tuple(
        np.concatenate(list(map(column, items, sizes)), axis=-1) for items in zip(*kinds, strict=True)
    )


def has_heights(arrangement: Arrangement, likelihood: Likelihood, outcome: Outcome) -> bool:
    """Whether ℓ rises along the family's known path beyond all that was found."""
    model = arrangement.model
    if not model.table.all_free:
        return False
    heights = model.family.heights(arrangement.survey)
    values = [likelihood.tally(np.array(model.family.working(theta)), VALUE).value for theta in heights]
    reached = outcome.value if np.isfinite(outcome.value) else -np.inf
    return len(values) > 2 and values[-3] < values[-2] < values[-1] and values[-1] > reached + 1.0


def has_too_few_values(arrangement: Arrangement, likelihood: Likelihood, outcome: Outcome) -> bool:
    """Whether ℓ has no bound, and rows of no more values than free coordinates no maximum that a search could find.

    Where the one is missed, rounding decides between flat and unbounded.
    """
    if outcome.certificate.verdict not in NO_MAXIMUM or not arrangement.survey.all_exact:
        return False
    few = np.unique(arrangement.sample.y).size <= arrangement.model.table.n_free
    return few and has_heights(arrangement, likelihood, outcome)


def leads_back(outcome: Outcome, search: Search) -> bool:
    """Whether a search is so near to the maximum in ``outcome`` that it can only end there.

    From where it is Newton's step leaves at most a quarter of the way to that maximum, and the curvature changes by no
    more than a quarter over it.
    """
    tally = search.tally
    if tally is None or not tally.finite or outcome.certificate.verdict is not Verdict.MAXIMUM:
        return False
    factor = analyse(tally.information)
    if not factor.smallest > factor.error_bound:
        return False
    way = outcome.point - search.point
    left = way - factor.solve(tally.score)
    if not left @ tally.information @ left <= NEAR**2 * (way @ tally.information @ way):
        return False
    change = outcome.tally.information - tally.information
    return factor.changes_little(change, CURVATURE_CHANGE)


def heights_on(model: IndependentModel, rows: PackedRows, candidates: NDArray[np.float64]) -> Vector:
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
