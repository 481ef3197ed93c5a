"""Rows of a regression: what is known of each response beside its rows of the designs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.data import BLOCK_ROWS
from thetahat.designs import Design
from thetahat.families import Family
from thetahat.families._terms import Terms, less
from thetahat.models._model import GRADIENT, VALUE
from thetahat.models._truncation import TruncatedRows, join_truncated
from thetahat.numerics.namespace import NUMPY

Array = NDArray[Any]
Vector = NDArray[np.float64]
WHOLE = 65_536
"""Rows of a tile where there is no design."""
PORTIONS = 4
"""Into how many portions a block is divided: a power of two, so that sums of portions merge as those of blocks do."""
SHARED = 65_536
"""Numbers, a row having as many as there are coefficients, from which on handing a portion to a thread costs little."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one block that are known alike: exactly, or to lie in an interval.

    ``rows`` are the family's prepared columns, or the two ends.
    """

    kind: str
    n_rows: int
    rows: tuple[Any, ...]
    known: Mapping[str, Any]
    weight: Vector | None
    designs: tuple[Design, ...]
    offsets: tuple[Vector | None, ...]
    log_unit: float = -np.inf
    """Log of the largest rounding unit of an exact row."""
    truncation: TruncatedRows | None = None
    """The limits between which rows of this part had to lie to be observed."""

    @property
    def tile_rows(self) -> int:
        """How many rows are computed at once."""
        if len(self.designs) == 1:
            return self.designs[0].tile_rows
        return min([design.tile_rows for design in self.designs], default=WHOLE)

    def in_single_precision(self) -> Part:
        """The same rows, of whose designs Gram matrices are wanted for a step only."""
        return replace(self, designs=tuple(design.in_single_precision() for design in self.designs))

    def portions(self, count: int) -> list[Part | None]:
        """Its rows in so many pieces, and None for those that are missing to all portions."""
        ends = [index * self.n_rows // count for index in range(count + 1)]
        pieces: list[Part | None] = [self.slice(ends[i], ends[i + 1]) for i in range(count)]
        return pieces + [None] * (PORTIONS - count)

    def slice(self, start: int, stop: int) -> Part:
        """Return consecutive rows; all of them are the part itself."""
        if start == 0 and stop >= self.n_rows:
            return self
        stop = min(stop, self.n_rows)
        return self._taken(slice(start, stop), stop - start, [d.rows(start, stop) for d in self.designs])

    def take(self, positions: Array) -> Part:
        """Return the rows at these positions."""
        return self._taken(positions, len(positions), [design.take(positions) for design in self.designs])

    def _taken(self, rows: Any, n_rows: int, designs: list[Design]) -> Part:
        def of(column: Any) -> Any:
            return column[rows] if np.ndim(column) else column

        return Part(
            self.kind,
            n_rows,
            tuple(of(column) for column in self.rows),
            {name: of(value) for name, value in self.known.items()},
            None if self.weight is None else self.weight[rows],
            tuple(designs),
            tuple(None if offset is None else offset[rows] for offset in self.offsets),
            self.log_unit,
            None if self.truncation is None else self.truncation.among(np.arange(self.n_rows)[rows]),
        )

    def terms(self, family: Family, eta: tuple[Any, ...], order: int) -> Terms:
        """Return the family's terms of these rows given their limits: value alone, or with two derivatives."""
        terms = self._terms(family, eta, order)
        if self.truncation is None:
            return terms
        mass = self.truncation.masses(family, 0, self.n_rows, eta, VALUE if order == VALUE else 2)
        if mass is None:
            return terms
        return less(Terms(terms.value), Terms(mass.value)) if order == VALUE else less(terms, mass)

    def _terms(self, family: Family, eta: tuple[Any, ...], order: int) -> Terms:
        if self.kind != "exact":
            low, high = self.rows
            return family.log_mass(low, high, self.known, eta, VALUE if order == VALUE else 2)
        if order == VALUE:
            return Terms(family.log_density(NUMPY, self.rows, eta))
        return (family.slopes if order == GRADIENT else family.derivatives)(self.rows, eta)

    @property
    def total_weight(self) -> float:
        """Σ w."""
        return float(self.n_rows) if self.weight is None else float(self.weight.sum())


def joined(parts: list[Part]) -> Part:
    """Put parts of one kind one below another."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]

    def stack(pieces: list[Any]) -> Any:
        if pieces[0] is None or not np.ndim(pieces[0]):
            return pieces[0]
        return np.concatenate(pieces)

    return Part(
        first.kind,
        sum(part.n_rows for part in parts),
        tuple(stack([part.rows[j] for part in parts]) for j in range(len(first.rows))),
        {name: stack([part.known[name] for part in parts]) for name in first.known},
        stack([part.weight for part in parts]),
        tuple(type(d).stack([part.designs[j] for part in parts]) for j, d in enumerate(first.designs)),
        tuple(stack([part.offsets[j] for part in parts]) for j in range(len(first.offsets))),
        max(part.log_unit for part in parts),
        join_truncated(
            [part.truncation for part in parts], [part.n_rows for part in parts], [0] * len(parts)
        ),
    )


@dataclass(frozen=True, slots=True)
class PackedRegression:
    """Rows of one block by part, with what a start and a verdict want to know of them.

    ``points`` are representative values of the response, with their weights (None where all are one).
    """

    n_rows: int
    n_positive: int
    parts: tuple[Part, ...]
    points: tuple[Vector, Vector | None]

    @property
    def n_obs(self) -> float:
        """Σ w."""
        return sum(part.total_weight for part in self.parts)

    @property
    def offers_single_precision(self) -> bool:
        """Whether there are Gram matrices that single precision makes in less time."""
        return any(d.in_single_precision() is not d for part in self.parts for d in part.designs)

    def portions(self, width: int) -> tuple[PackedRegression, ...]:
        """The same rows in quarters for threads to share; all at once where tiles are large.

        There is always the same number of them, so that the sums of those of all blocks merge as those of blocks do;
        but some are empty where rows, in an information of this ``width``, are not worth being shared.
        """
        parts = self.parts
        if not parts or any(2 * part.tile_rows >= BLOCK_ROWS for part in parts):
            return (self,)
        of_each = [part.portions(min(max(part.n_rows * width // SHARED, 1), PORTIONS)) for part in parts]
        nowhere = np.zeros(0), None
        portions = []
        for pieces in zip(*of_each, strict=True):
            held = tuple(piece for piece in pieces if piece is not None)
            count = sum(piece.n_rows for piece in held)
            portions.append(PackedRegression(count, count, held, nowhere))
        return tuple(portions)

    def thinned(self, most: int) -> PackedRegression:
        """Every so many-th row of each part, at most about twice ``most``."""
        step = max(1, self.n_positive // most)
        if step == 1:
            return self
        parts = tuple(part.take(np.arange(0, part.n_rows, step)) for part in self.parts)
        values, weight = self.points
        points = (values[::step].copy(), None if weight is None else weight[::step].copy())
        return PackedRegression(self.n_rows, sum(p.n_rows for p in parts), parts, points)


def join(packs: list[PackedRegression]) -> PackedRegression:
    """Put packed rows one below another, the parts of a kind together."""
    if len(packs) == 1:
        return packs[0]
    kinds = dict.fromkeys(part.kind for pack in packs for part in pack.parts)
    parts = [joined([part for pack in packs for part in pack.parts if part.kind == kind]) for kind in kinds]
    values = np.concatenate([pack.points[0] for pack in packs])
    weights = [weight for _, weight in (pack.points for pack in packs) if weight is not None]
    weight = np.concatenate(weights) if len(weights) == len(packs) else None
    return PackedRegression(
        sum(pack.n_rows for pack in packs),
        sum(pack.n_positive for pack in packs),
        tuple(parts),
        (values, weight),
    )
