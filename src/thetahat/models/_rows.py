"""Rows of a univariate response, packed once for a family, and their tallies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from math import log, ulp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.data import BLOCK_ROWS
from thetahat.families import Family
from thetahat.families._end_sums import SummedByEnds, sorted_ends
from thetahat.families._row_sums import SummedByRows
from thetahat.families._support import Support
from thetahat.families._survey import Survey, sum_and_rest
from thetahat.families._terms import Terms, less
from thetahat.models._end_rows import Careful, summed_ends
from thetahat.models._model import SCORES, VALUE, Tally
from thetahat.models._term_sums import scratch, sum_terms, tally_of
from thetahat.models._truncation import TruncatedRows, join_truncated
from thetahat.numerics.namespace import NUMPY

Array = NDArray[Any]
Vector = NDArray[np.float64]

TILE = 32_768
"""Rows computed at once: few enough for a core's cache, so many that threads seldom wait for the lock."""
ZERO = 1e-250
"""The rounding unit of a 0 among the rows."""
HARMLESS = -5.0
"""Where a density times its row's rounding unit is below exp of this, it is of no interest how far."""
THINNED = 1_024
"""Rows of each block from which start values are made."""


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows of one block: prepared columns of exact rows, ends of interval rows, weights (None where all are one)."""

    n_rows: int
    y: Array
    prepared: tuple[Array, ...]
    weight: Array | None
    low: Array
    high: Array
    interval_weight: Array | None
    known: Mapping[str, Any]
    interval_known: Mapping[str, Any]
    extent: tuple[float, float] | None = None
    """Smallest and largest exact value, where they were found already."""
    truncation: TruncatedRows | None = None
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What passes over the rows have made of them, for the next pass."""

    def remembered(self, name: str, make: Callable[[], Any]) -> Any:
        """What was made under this name, made once."""
        if name not in self.memory:
            self.memory[name] = make()
        return self.memory[name]

    @property
    def size(self) -> int:
        """Number of rows that are held: of collapsed data, distinct values."""
        return int(self.y.shape[0] + self.low.shape[0])

    @property
    def n_exact(self) -> float:
        """Sum of the weights of exact rows."""
        return float(self.y.shape[0]) if self.weight is None else float(self.weight.sum())

    @property
    def n_interval(self) -> float:
        """Sum of the weights of interval rows."""
        return float(self.low.shape[0]) if self.interval_weight is None else float(self.interval_weight.sum())

    def survey(self, *, spread: bool) -> Survey:
        """Counts, range and means; centred second moments too where they are wanted."""
        n_exact, n_interval = self.n_exact, self.n_interval
        n, weight = self.y.shape[0], self.weight
        means, rest, squares = np.zeros(len(self.prepared)), 0.0, 0.0
        minimum, maximum = self.extent if self.extent is not None else (np.inf, -np.inf)
        if n:
            (work,) = scratch(1, n)

            def summed(column: Array) -> float:
                return float(
                    np.add.reduce(column if weight is None else np.multiply(column, weight, out=work))
                )

            columns = [
                column if column.shape == self.y.shape else np.broadcast_to(column, self.y.shape)
                for column in self.prepared
            ]
            means[:] = [summed(column) / n_exact for column in columns]
            if self.extent is None:
                minimum, maximum = float(self.y.min()), float(self.y.max())
        if n and spread:
            centred = columns[0] - means[0]
            # The mean's own rounding is removed from it, so that a huge offset leaves the moments exact.
            shift = summed(centred) / n_exact
            squares = max(summed(np.multiply(centred, centred, out=centred)) - n_exact * shift * shift, 0.0)
            means[0], rest = sum_and_rest(float(means[0]), shift)
        has_interval = self.low.shape[0] > 0
        return Survey(
            self.n_rows,
            n_exact + n_interval,
            n_exact,
            minimum,
            maximum,
            means,
            squares,
            float(self.low.max()) if has_interval else -np.inf,
            float(self.high.min()) if has_interval else np.inf,
            self.y.shape[0] + self.low.shape[0],
            mean_rest=rest,
            n_truncated=0.0 if self.truncation is None else self.truncation.n_truncated,
            n_exits=0.0 if self.truncation is None else self.truncation.n_exits,
        )

    def thinned(self, most: int = THINNED) -> PackedRows:
        """Every so many-th row, at most about twice ``most``."""
        total = self.y.shape[0] + self.low.shape[0]
        step = max(1, total // most)
        if step == 1:
            return self
        every = slice(None, None, step)
        return self._taken(every, every, self.n_rows)

    def _taken(self, exact: slice, interval: slice, n_rows: int) -> PackedRows:
        truncation = self.truncation
        if truncation is not None:
            n_exact, n_interval = self.y.shape[0], self.low.shape[0]
            kept = np.concatenate([np.arange(n_exact)[exact], n_exact + np.arange(n_interval)[interval]])
            truncation = truncation.among(kept)
        # Copies, since a view of a few rows would keep the whole block in memory.
        y = self.y[exact].copy()
        some = self.low.shape[0] > 0
        return PackedRows(
            n_rows,
            y,
            tuple(y if column is self.y else _copied(column, exact) for column in self.prepared),
            None if self.weight is None else self.weight[exact].copy(),
            self.low[interval].copy() if some else self.low,
            self.high[interval].copy() if some else self.high,
            None if self.interval_weight is None else self.interval_weight[interval].copy(),
            {name: _copied(value, exact) for name, value in self.known.items()},
            {name: _copied(value, interval) for name, value in self.interval_known.items()},
            truncation=truncation,
        )

    def points(self, support: Support) -> tuple[Vector, Vector | None]:
        """A representative value of the support for each row that says something, and these rows' weights."""
        exact = self.y.astype(float, copy=False)
        if not self.low.shape[0]:
            return exact, self.weight
        low, high = np.maximum(self.low, support.lower), np.minimum(self.high, support.upper)
        if support.discrete:
            low, high = np.maximum(np.floor(self.low) + 1.0, support.lower), np.floor(high)
        middle = np.where(np.isfinite(low), low, high) / 2 + np.where(np.isfinite(high), high, low) / 2
        if support.discrete:
            middle = np.floor(middle)
        telling = (low > support.lower) | (high < support.upper)
        if not (exact.size or telling.any()):
            telling[:] = True
        weight = None
        if self.weight is not None and self.interval_weight is not None:
            weight = np.concatenate([self.weight, self.interval_weight[telling]])
        return np.concatenate([exact, middle[telling]]), weight


def _take(column: Any, rows: slice) -> Any:
    return column[rows] if np.ndim(column) else column


def _copied(column: Any, rows: slice) -> Any:
    return column[rows].copy() if np.ndim(column) else column


def join(parts: list[PackedRows]) -> PackedRows:
    """Put packed rows one after another."""
    if len(parts) == 1:
        return parts[0]

    def stack(pieces: list[Any], like: list[Array]) -> Any:
        if pieces[0] is None or not np.ndim(pieces[0]):
            return pieces[0]
        return np.concatenate(
            [
                p if p.shape == r.shape else np.broadcast_to(p, r.shape)
                for p, r in zip(pieces, like, strict=True)
            ]
        )

    ys, lows = [part.y for part in parts], [part.low for part in parts]
    first = parts[0]
    return PackedRows(
        sum(part.n_rows for part in parts),
        np.concatenate(ys),
        tuple(stack([part.prepared[j] for part in parts], ys) for j in range(len(first.prepared))),
        stack([part.weight for part in parts], ys),
        np.concatenate(lows),
        np.concatenate([part.high for part in parts]),
        stack([part.interval_weight for part in parts], lows),
        {name: stack([part.known[name] for part in parts], ys) for name in first.known},
        {name: stack([part.interval_known[name] for part in parts], lows) for name in first.interval_known},
        truncation=join_truncated(
            [part.truncation for part in parts], [y.shape[0] for y in ys], [low.shape[0] for low in lows]
        ),
    )


def tally_rows(family: Family, packed: PackedRows, working: Vector, order: int) -> Tally:
    """Sum a family's terms over packed rows, tile by tile."""
    eta = tuple(map(np.float64, working.tolist()))
    total: Tally | None = None
    if isinstance(family, SummedByRows) and packed.truncation is None:
        total = _summed(family, packed, eta, order)
    for start in range(0, packed.y.shape[0] if total is None else 0, TILE):
        tile = slice(start, start + TILE)
        rows = tuple(_take(column, tile) for column in packed.prepared)
        terms = family.derivatives(rows, eta)
        weight = None if packed.weight is None else packed.weight[tile]
        n = min(TILE, packed.y.shape[0] - start)
        terms, parts = _conditional(family, packed, start, n, eta, terms, order)
        part = sum_terms(terms, weight, n, len(eta), order, parts)
        if order == SCORES:
            part = _with_densest(part, terms.value, packed.y[tile])
        total = part if total is None else total.merge(part)
    if packed.low.shape[0]:
        if isinstance(family, SummedByEnds) and packed.truncation is None:
            total = _summed_ends(family, packed, eta, order, total)
        else:
            total = _summed_intervals(family, packed, eta, order, total)
    if total is None:
        k = len(eta)
        zeros = (np.zeros(k), np.zeros((k, k))) if order == SCORES else (None, None)
        return Tally(0.0, 0.0, np.zeros(k), np.zeros((k, k)), *zeros)
    return total


def _summed_intervals(
    family: Family, packed: PackedRows, eta: tuple[Any, ...], order: int, total: Tally | None
) -> Tally | None:
    """Add the sums of censored rows to those of exact ones."""
    for start in range(0, packed.low.shape[0], TILE):
        tile = slice(start, start + TILE)
        known = {name: _take(value, tile) for name, value in packed.interval_known.items()}
        terms = family.log_mass(
            packed.low[tile], packed.high[tile], known, eta, VALUE if order == VALUE else 2
        )
        weight = None if packed.interval_weight is None else packed.interval_weight[tile]
        n = min(TILE, packed.low.shape[0] - start)
        terms, parts = _conditional(family, packed, packed.y.shape[0] + start, n, eta, terms, order)
        part = sum_terms(terms, weight, n, len(eta), order, parts)
        total = part if total is None else total.merge(part)
    return total


def height_of(family: Family, packed: PackedRows, eta: tuple[Any, ...]) -> float:
    """ℓ of packed rows in their own unit, without anything beside it: for many points that are only compared."""
    total = 0.0
    for start in range(0, packed.y.shape[0], TILE):
        tile = slice(start, start + TILE)
        rows = tuple(_take(column, tile) for column in packed.prepared)
        total += _weighed(family.log_density(NUMPY, rows, eta), packed.weight, tile)
    if packed.low.size:
        terms = family.log_mass(packed.low, packed.high, packed.interval_known, eta, VALUE)
        total += _weighed(terms.value, packed.interval_weight, slice(None))
    if packed.truncation is not None:
        terms = packed.truncation.log_mass(family, slice(None), eta, VALUE)
        value = np.broadcast_to(terms.value, packed.truncation.size)
        total -= _weighed(value, packed.truncation.weight, slice(None))
    return total


def _weighed(values: Array, weight: Array | None, tile: slice) -> float:
    return float(np.add.reduce(values if weight is None else values * weight[tile]))


def _conditional(
    family: Family, packed: PackedRows, start: int, n: int, eta: tuple[Any, ...], terms: Terms, order: int
) -> tuple[Terms, tuple[Terms, ...]]:
    """Terms of ``n`` packed rows given their limits, and of what they are differences."""
    if packed.truncation is None:
        return terms, ()
    mass = packed.truncation.masses(family, start, n, eta, VALUE if order == VALUE else 2)
    if mass is None:
        return terms, ()
    if order == VALUE:
        terms, mass = Terms(terms.value), Terms(mass.value)
    return less(terms, mass), (terms, mass)


def _summed(family: SummedByRows, packed: PackedRows, eta: tuple[Any, ...], order: int) -> Tally | None:
    """Sum exact rows in scratch memory; None where there are none, or the family would rather do without."""
    k = len(eta)
    total: Tally | None = None
    size = packed.y.shape[0]
    for start in range(0, size, BLOCK_ROWS):
        y, rows, weight = packed.y, packed.prepared, packed.weight
        if size > BLOCK_ROWS:
            tile = slice(start, start + BLOCK_ROWS)
            rows = tuple(_take(column, tile) for column in rows)
            y, weight = y[tile], None if weight is None else weight[tile]
        vectors = scratch(family.n_scratch, y.shape[0])
        sums = family.row_sums(rows, weight, eta, vectors, scores=order == SCORES)
        if sums is None:
            return None
        densest = -np.inf
        if order == SCORES:
            densest = _densest_bound(sums.highest, y)
            if not densest < HARMLESS:
                return None
        part = tally_of(sums, k, order, densest)
        total = part if total is None else total.merge(part)
    return total


def _summed_ends(
    family: SummedByEnds, packed: PackedRows, eta: tuple[Any, ...], order: int, total: Tally | None
) -> Tally | None:
    """The same by the family's kernel, but for rows that want more care."""
    k = len(eta)
    ends = packed.remembered(
        "ends", lambda: sorted_ends(family, packed.low, packed.high, packed.interval_weight)
    )
    for sums in summed_ends(family, ends, eta, order):
        part = sum_terms(*sums, k, order) if isinstance(sums, Careful) else tally_of(sums, k, order)
        total = part if total is None else total.merge(part)
    return total


def _densest_bound(highest: float, y: Array) -> float:
    """The bound that one rounding unit gives for all rows: cheap, and mostly far from where it matters."""
    farthest = max(abs(float(np.minimum.reduce(y))), abs(float(np.maximum.reduce(y))))
    return highest + log(ulp(farthest))


def _with_densest(tally: Tally, value: Any, y: Array) -> Tally:
    if y.dtype != float:
        return tally
    with np.errstate(all="ignore"):
        value = np.broadcast_to(value, y.shape)
        densest = _densest_bound(float(np.max(value)), y)
        if not densest < HARMLESS:
            # A 0 that was measured is no more exact than this, however small the next double is.
            unit = np.where(y == 0, ZERO, np.spacing(np.abs(y)))
            densest = float(np.max(value + np.log(unit)))
    return replace(tally, densest=densest)
