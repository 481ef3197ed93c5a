"""Rows that are there only because their values lie between limits, and what that takes from their terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families import Family
from thetahat.families._terms import Coordinates, Terms

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TruncatedRows:
    """The limits of packed rows: each one's term loses log(F(high) - F(low)).

    ``place`` are ascending positions among the packed rows, exact ones first; None means all of them. ``same`` says
    that all have the same limits and that what is known of them does not vary either, so that one mass is that of all.
    """

    low: Array
    high: Array
    weight: Array | None
    known: Mapping[str, Any]
    place: Array | None
    same: bool

    @classmethod
    def of(
        cls, low: Array, high: Array, weight: Array | None, known: Mapping[str, Any], place: Array | None
    ) -> TruncatedRows | None:
        """Those of the packed rows that have a limit, given the limits of all; None where there are none."""
        limited = np.isfinite(low) | np.isfinite(high)
        if not limited.any():
            return None
        if not limited.all():
            kept = np.flatnonzero(limited)
            low, high, weight = low[kept], high[kept], None if weight is None else weight[kept]
            known = {name: value[kept] if np.ndim(value) else value for name, value in known.items()}
            place = kept if place is None else place[kept]
        varies = any(np.ndim(value) for value in known.values())
        same = not varies and bool((low == low[0]).all() and (high == high[0]).all())
        return cls(low, high, weight, known, place, same)

    @property
    def size(self) -> int:
        """How many they are."""
        return int(self.low.shape[0])

    @property
    def n_truncated(self) -> float:
        """Sum of their weights."""
        return float(self.size) if self.weight is None else float(self.weight.sum())

    @property
    def n_exits(self) -> float:
        """Sum of the weights of those that have an upper limit."""
        late = np.isfinite(self.high)
        return float(np.count_nonzero(late) if self.weight is None else self.weight[late].sum())

    def log_mass(self, family: Family, rows: slice, eta: Coordinates, order: int) -> Terms:
        """Log mass between the limits of some of them; numbers where it is the same for all."""
        known = {name: value[rows] if np.ndim(value) else value for name, value in self.known.items()}
        if not self.same or any(np.ndim(coordinate) for coordinate in eta):
            return family.log_mass(self.low[rows], self.high[rows], known, eta, order)
        terms = family.log_mass(self.low[:1], self.high[:1], known, eta, order)
        return Terms(
            _number(terms.value), tuple(map(_number, terms.gradient)), tuple(map(_number, terms.hessian))
        )

    def masses(self, family: Family, start: int, n: int, eta: Coordinates, order: int) -> Terms | None:
        """Log mass by packed row, 0 for those without limits; None where none of these ``n`` rows has one.

        A coordinate is a number, or an array over the ``n`` rows.
        """
        if self.place is None:
            return self.log_mass(family, slice(start, start + n), eta, order)
        first, last = np.searchsorted(self.place, [start, start + n])
        if first == last:
            return None
        at = self.place[first:last] - start
        there = tuple(coordinate[at] if np.ndim(coordinate) else coordinate for coordinate in eta)
        terms = self.log_mass(family, slice(first, last), there, order)

        def spread(item: Any) -> Any:
            whole = np.zeros(n)
            whole[at] = item
            return whole

        return Terms(
            spread(terms.value), tuple(map(spread, terms.gradient)), tuple(map(spread, terms.hessian))
        )

    def among(self, packed: Array) -> TruncatedRows | None:
        """Those at ascending positions among the packed rows, when only the rows there are left."""
        place = None
        held: Any = packed
        if packed.size and packed[-1] - packed[0] == packed.size - 1:
            # Neighbours are a view.
            bounds = [packed[0], packed[-1] + 1]
            held = slice(*(bounds if self.place is None else np.searchsorted(self.place, bounds)))
        elif self.place is not None:
            held = np.flatnonzero(np.isin(self.place, packed))
        if self.place is not None:
            place = np.searchsorted(packed, self.place[held])
        if not self.low[held].size:
            return None
        return TruncatedRows(
            self.low[held],
            self.high[held],
            None if self.weight is None else self.weight[held],
            {name: value[held] if np.ndim(value) else value for name, value in self.known.items()},
            place,
            self.same,
        )


def _number(item: Any) -> Any:
    return item[0] if np.ndim(item) else item


def join_truncated(
    parts: list[TruncatedRows | None], exact: list[int], interval: list[int]
) -> TruncatedRows | None:
    """Those of packed rows put one after another, ``exact`` and ``interval`` of which each part holds."""
    held = [part for part in parts if part is not None]
    if not held:
        return None
    first_exact, first_interval = np.cumsum([0, *exact]), np.cumsum([0, *interval]) + sum(exact)
    places = []
    for index, part in enumerate(parts):
        if part is None:
            continue
        n_exact = exact[index]
        place = np.arange(part.size) if part.place is None else part.place
        at_interval = place - n_exact + first_interval[index]
        places.append(np.where(place < n_exact, place + first_exact[index], at_interval))
    place = np.concatenate(places)
    order = np.argsort(place)

    def stack(pieces: list[Any]) -> Any:
        if pieces[0] is None or not np.ndim(pieces[0]):
            return pieces[0]
        return np.concatenate(pieces)[order]

    known = {name: stack([part.known[name] for part in held]) for name in held[0].known}
    low, high = stack([part.low for part in held]), stack([part.high for part in held])
    weight = stack([part.weight for part in held])
    everywhere = place.size == sum(exact) + sum(interval)
    return TruncatedRows.of(low, high, weight, known, None if everywhere else place[order])
