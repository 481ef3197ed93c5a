"""Independent rows of vectors, identically distributed given what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.data import Block, Source
from thetahat.engines import Engine
from thetahat.families import MultivariateFamily
from thetahat.families._terms import Rows
from thetahat.families.multivariate._moments import Moments
from thetahat.models._checks import checked_weights
from thetahat.models._model import SCORES, VALUE, Model, Tally, Vector
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import ParameterTable
from thetahat.response._response import RowNumbers, numbers, rows_message, shown_column

Array = NDArray[Any]
TILE_ROWS = 4_096
"""Rows whose intermediate results are held at once."""
SAMPLED = 2_048
"""Rows of each block from which starts are made."""
WORTH_COUNTING, WORTH_COLLAPSING = 1_000, 4
"""Rows from which on equal ones are looked for, and how many must be one on average for that to pay."""
ORDINARY = (1e-75, 1e75)
"""Magnitudes whose squares, and those of the squares, are numbers."""


@dataclass(frozen=True, slots=True)
class PackedVectors:
    """Rows that count, prepared: ``weight`` one number each, ``log_unit`` the log volume in which each was rounded."""

    n_rows: int
    rows: Rows
    weight: Array
    log_unit: Array | None

    @property
    def size(self) -> int:
        """How many they are."""
        return int(self.weight.shape[0])

    def tiles(self) -> Iterator[tuple[slice, Rows, Array]]:
        """Parts that stay in the cache."""
        for start in range(0, self.size, TILE_ROWS):
            tile = slice(start, start + TILE_ROWS)
            yield tile, tuple(item[tile] for item in self.rows), self.weight[tile]

    def thinned(self) -> PackedVectors:
        """Every so many-th row, as copies, so that a file's blocks are let go."""
        step = max(1, self.size // SAMPLED)
        rows = tuple(item[::step].copy() for item in self.rows)
        return PackedVectors(0, rows, self.weight[::step].copy(), None)


@final
class MultivariateModel(Model[PackedVectors]):
    """y_i ~ family(θ), independent, y_i the vector of the values of several columns."""

    def __init__(
        self,
        family: MultivariateFamily,
        response: tuple[str, ...],
        *,
        text: str = "",
        weight_column: str | None = None,
        known: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.family = family
        self.response = response
        self.text = text or ", ".join(response)
        self.weight_column = weight_column
        self.known = dict(known or {})
        held = {**family.given, **(fixed or {})}
        # Refused as they were given, kept entry by entry.
        checked = ParameterTable(family.declared, held)
        entries = {name: checked.by_name[name].domain for name in held}
        flat = {
            name: domain.entries(held[name]) if domain.vector else held[name]
            for name, domain in entries.items()
        }
        self.table = ParameterTable(family.declared, flat)

    @property
    def columns(self) -> tuple[str, ...]:
        """Response, weights and known quantities that are columns."""
        named = [value for value in self.known.values() if isinstance(value, str)]
        weights = [self.weight_column] if self.weight_column is not None else []
        return tuple(dict.fromkeys([*self.response, *weights, *named]))

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name

    def describe(self) -> Mapping[str, Any]:
        """Family, columns and fixed values as plain data."""
        fixed = {name: np.asarray(value).tolist() for name, value in self.table.fixed.items()}
        known = {n: v if isinstance(v, str) else np.asarray(v).tolist() for n, v in self.known.items()}
        return {
            "kind": "multivariate",
            "response": self.text,
            "columns": list(self.response),
            "weights": self.weight_column,
            "known": known,
            "fixed": fixed,
            **self.family.specification(),
        }

    def changed(self, family: MultivariateFamily) -> MultivariateModel:
        """The same rows and fixed values with the family in other coordinates."""
        return MultivariateModel(
            family,
            self.response,
            text=self.text,
            weight_column=self.weight_column,
            known=self.known,
            fixed=self.table.fixed,
        )

    # ---- Reading a block ----------------------------------------------------------------------------------------

    def pack(self, block: Block) -> PackedVectors:
        """Read, check and prepare one block; equal rows of counts become one, where that saves much."""
        packed = self.rows_of(block)
        if not self.family.discrete or self.family.closed_form or packed.size < WORTH_COUNTING:
            return packed
        _, first, codes = np.unique(packed.rows[0], axis=0, return_index=True, return_inverse=True)
        if first.size * WORTH_COLLAPSING > packed.size:
            return packed
        weight = np.bincount(codes.ravel(), weights=packed.weight)
        return PackedVectors(packed.n_rows, tuple(item[first] for item in packed.rows), weight, None)

    def rows_of(self, block: Block) -> PackedVectors:
        """The same, each row for itself."""
        used, y = self._read(block)
        where = RowNumbers(block.start, used)
        weight = np.ones(used.size)
        if self.weight_column is not None:
            weight = np.asarray(block.columns[self.weight_column], dtype=float)[used]
        known = {
            name: numbers(value, block.columns[value][used], where).astype(float)
            if isinstance(value, str)
            else value
            for name, value in self.known.items()
        }
        self._refuse_misfits(y, known, where)
        with np.errstate(all="ignore"):
            rows = self.family.prepare(NUMPY, y, known)
        log_unit = _log_unit(y) if self.family.piles_up else None
        n_rows = block.n_rows - self._n_dropped(block, used.size)
        return PackedVectors(n_rows, rows, weight, log_unit)

    def used(self, block: Block) -> NDArray[np.intp]:
        """The positions of the rows of a block that count."""
        return self._read(block)[0]

    def _read(self, block: Block) -> tuple[NDArray[np.intp], Array]:
        """Positions and values of the rows that have weight and are not left out for missing values."""
        columns: Mapping[str, Array] = block.columns
        used = np.arange(block.n_rows, dtype=np.intp)
        if self.weight_column is not None:
            used = np.flatnonzero(
                checked_weights(self.weight_column, columns[self.weight_column], RowNumbers(block.start))
            )
        where = RowNumbers(block.start, used)
        y = np.empty((used.size, len(self.response)))
        for at, name in enumerate(self.response):
            values = columns[name] if used.size == block.n_rows else columns[name][used]
            y[:, at] = numbers(name, values, where, missing=True) if used.size else 0.0
        unknown = np.isnan(y)
        if not unknown.any():
            return used, y
        missing = self.family.missing
        if missing == "error":
            self._refuse_missing(unknown, where)
        kept = ~(unknown.all(axis=1) if missing == "marginal" else unknown.any(axis=1))
        return used[kept], y[kept]

    def _n_dropped(self, block: Block, n_used: int) -> int:
        """How many rows of weight were left out for missing values."""
        if self.weight_column is None:
            return block.n_rows - n_used
        return int(np.count_nonzero(block.columns[self.weight_column])) - n_used

    def _refuse_missing(self, unknown: NDArray[np.bool_], where: RowNumbers) -> None:
        counts = np.count_nonzero(unknown, axis=0)
        told = ", ".join(
            f"{count:,} in {shown_column(name)}"
            for name, count in zip(self.response, counts.tolist(), strict=True)
            if count
        )
        rows = np.asarray(unknown.any(axis=1))
        title, handles = self.family.title, self.family.handles_missing
        marginal = (
            f", or th.{title}(missing='marginal') takes from each row what is known of it"
            if "marginal" in handles
            else ""
        )
        raise DataError(
            f"values are missing (NaN): {told}, among rows {where.of(0)}-{where.of(rows.size - 1)}: "
            f"{rows_message(rows, np.full(rows.size, np.nan), where)}. th.{title}(missing='drop') leaves such rows out"
            f"{marginal}"
        )

    def _refuse_misfits(self, y: Array, known: Mapping[str, Any], where: RowNumbers) -> None:
        if not y.shape[0]:
            return
        largest = np.abs(np.where(np.isnan(y), 0.0, y)).max(axis=0)
        for name, size in zip(self.response, largest.tolist(), strict=True):
            if size and not ORDINARY[0] < size < ORDINARY[1]:
                raise DataError(
                    f"{shown_column(name)} has values of the order of {size:.0e}, whose squares double precision does "
                    "not hold; multiply the column by a factor that brings it near 1"
                )
        found = self.family.misfits(y, known)
        if found is None or not found[0].any():
            return
        bad, reason = found
        count = int(bad.sum())
        rows = np.empty(y.shape[0], dtype=object)
        for at in np.flatnonzero(bad)[:5]:
            rows[at] = _shown(y[at])
        raise DataError(
            f"{self.text}: {self.family.title} takes {self.family.takes}; {count:,} row"
            f"{' is' if count == 1 else 's are'} otherwise: {rows_message(bad, rows, where)}. {_capital(reason)}"
        )

    # ---- Sums over rows -----------------------------------------------------------------------------------------

    def tally(self, packed: PackedVectors, working: Vector, order: int) -> Tally:
        """Sum the family's terms over packed rows."""
        k = working.shape[0]
        family = self.family
        value = absolute = 0.0
        densest = -np.inf
        score, information = np.zeros(k), np.zeros((k, k))
        absolute_score, opg = np.zeros(k), np.zeros((k, k))
        for tile, rows, weight in packed.tiles():
            if order == VALUE:
                values = family.log_density(NUMPY, rows, working)
            else:
                values, slope, bend = family.derivatives(rows, weight, working)
                score += slope
                information += bend
            weighted = values * weight
            value += float(np.add.reduce(weighted))
            absolute += float(np.add.reduce(np.abs(weighted) + weight * family.magnitude(rows, working)))
            if order == SCORES:
                scores = family.scores(rows, working)
                absolute_score += weight @ np.abs(scores)
                opg += (scores * weight[:, np.newaxis]).T @ scores
                if packed.log_unit is not None:
                    densest = max(densest, float(np.max(values + packed.log_unit[tile])))
        if order != SCORES:
            return Tally(value, absolute, score, information)
        return Tally(value, absolute, score, information, absolute_score, opg, densest)

    def expected_information(self, packed: PackedVectors, working: Vector) -> Array:
        """Sum the Fisher information of packed rows in working coordinates."""
        total = np.zeros((working.size, working.size))
        for _, rows, weight in packed.tiles():
            total += self.family.expected_information(rows, weight, working)
        return total

    def moments(self, packed: PackedVectors) -> Moments:
        """The moments of what the family averages."""
        return self.family.moments_of(packed.rows, packed.weight, packed.n_rows)

    def starting_values(self, moments: Moments, sample: PackedVectors) -> Mapping[str, Any]:
        """Natural start values."""
        return self.family.start(moments, sample.rows, sample.weight)


@dataclass(frozen=True, slots=True)
class VectorArrangement:
    """A model ready to be evaluated: its packed rows, and what a first pass found."""

    model: MultivariateModel
    blocks: Callable[[], Iterable[Any]]
    packed: bool
    moments: Moments
    condensed: PackedVectors | None
    sample: PackedVectors
    n_read: int
    """Rows that were read, those left out for missing values too."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    moments: Moments
    packs: list[PackedVectors]
    samples: list[PackedVectors]
    n_read: int

    def merge(self, other: _Gathered) -> _Gathered:
        return _Gathered(
            self.moments.merge(other.moments),
            self.packs + other.packs,
            self.samples + other.samples,
            self.n_read + other.n_read,
        )


def arrange_vectors(model: MultivariateModel, source: Source, engine: Engine) -> VectorArrangement:
    """Make the first pass: check every row, gather moments, and pack what stays in memory.

    Raises
    ------
    DataError
        If a value is missing, a row is outside the support, a weight is negative, or all weights are zero.
    """
    in_memory = source.in_memory

    def first_pass(block: Block) -> _Gathered:
        packed = model.pack(block)
        packs = [packed] if in_memory else []
        return _Gathered(model.moments(packed), packs, [packed.thinned()], block.n_rows)

    gathered = engine.reduce(first_pass, source.blocks(model.columns))
    moments, packs = gathered.moments, gathered.packs
    if not moments.n_obs > 0:
        if model.family.missing != "error" and not moments.n_rows:
            raise DataError(
                f"{model.text}: no row is left: all have missing values"
                + ("" if model.family.missing == "drop" else " in every column")
            )
        raise DataError(
            f"all weights ({shown_column(str(model.weight_column))}) are zero, so no row counts; "
            "give some weight to the rows"
        )

    def all_blocks() -> Iterable[Any]:
        return packs if in_memory else source.blocks(model.columns)

    charted = model.changed(model.family.charted(moments))
    condensed = charted.family.condensed(moments)
    pseudo = (
        None if condensed is None else PackedVectors(moments.n_rows, condensed.rows, condensed.weight, None)
    )
    sample = _joined(gathered.samples)
    return VectorArrangement(charted, all_blocks, in_memory, moments, pseudo, sample, gathered.n_read)


def _joined(samples: list[PackedVectors]) -> PackedVectors:
    """Samples of all blocks as one, of about ``SAMPLED`` rows."""
    rows = tuple(np.concatenate(items) for items in zip(*(sample.rows for sample in samples), strict=True))
    weight = np.concatenate([sample.weight for sample in samples])
    return PackedVectors(0, rows, weight, None).thinned()


def _log_unit(y: Array) -> Array:
    """Log of the volume within which a row was rounded; a zero counts as the smallest digit of its column."""
    if not y.shape[0]:
        return np.zeros(0)
    magnitudes = np.abs(y)
    floor = np.finfo(float).eps * magnitudes.max(axis=0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.spacing(np.maximum(magnitudes, floor))).sum(axis=1))


def _shown(row: Array) -> Any:
    return tuple(float(f"{value:.6g}") for value in row.tolist()[:6]) + (("...",) if row.size > 6 else ())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
