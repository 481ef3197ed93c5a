"""A density of one's own on the columns of one source: rows packed for JAX, and their tallies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, ModelError
from thetahat.data import BLOCK_ROWS, Block, Source
from thetahat.engines import Engine
from thetahat.models._checks import checked_weights
from thetahat.models._kernels import Kernels, Reading
from thetahat.models._model import SCORES, VALUE, Tally, Vector
from thetahat.models._model import Model as ModelContract
from thetahat.parameters import ParameterTable
from thetahat.response._response import RowNumbers, numbers, shown_column

Array = NDArray[Any]
THINNED = 2_048
"""Rows of each block from which a first fit is made."""
WORTH_THINNING = 4
"""From this many times as many rows as were thinned on, the thinned rows are fitted first."""


@dataclass(frozen=True, slots=True)
class PackedColumns:
    """Rows as JAX holds them, padded with repetitions at weight 0.

    ``rows`` holds the number of tiles that have rows, the weights, and the log of each row's rounding unit,
    the smallest among its floating-point columns; it is empty where the density returns one number.
    """

    n_rows: int
    n_obs: float
    columns: tuple[Any, ...]
    rows: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CheckedColumns:
    """Rows that were found usable, those of weight 0 left out."""

    n_rows: int
    columns: tuple[Array, ...]
    weight: Array

    def thinned(self) -> CheckedColumns:
        """Every so many-th row, at most about twice ``THINNED``."""
        step = max(1, self.weight.shape[0] // THINNED)
        # Copies, so that a file's blocks are let go.
        return CheckedColumns(0, tuple(c[::step].copy() for c in self.columns), self.weight[::step].copy())

    def joined(self, other: CheckedColumns) -> CheckedColumns:
        """Both, thinned further where they are many."""
        step = 2 if self.weight.shape[0] + other.weight.shape[0] > BLOCK_ROWS else 1
        columns = tuple(
            np.concatenate([mine, theirs])[::step]
            for mine, theirs in zip(self.columns, other.columns, strict=True)
        )
        return CheckedColumns(0, columns, np.concatenate([self.weight, other.weight])[::step])


@final
class ColumnsModel(ModelContract[PackedColumns]):
    """log p(row; θ) by a user's function of parameters and columns."""

    def __init__(
        self,
        name: str,
        kernels: Kernels,
        table: ParameterTable,
        reading: Reading,
        weight_column: str | None,
    ) -> None:
        self._name = name
        self._kernels = kernels
        self.table = table
        self.reading = reading
        self.weight_column = weight_column

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the density reads, and the weights."""
        weights = [self.weight_column] if self.weight_column is not None else []
        return tuple(dict.fromkeys([*self.reading.columns, *weights]))

    def describe(self) -> Mapping[str, Any]:
        """Name, columns and fixed values as plain data; the function itself is not among them."""
        return {
            "kind": "model",
            "name": self._name,
            "columns": list(self.reading.columns),
            "weights": self.weight_column,
            "fixed": {name: np.asarray(value).tolist() for name, value in self.table.fixed.items()},
        }

    def check(self, block: Block) -> CheckedColumns:
        """Check the columns of one block and leave out rows of weight 0."""
        columns = {name: block.columns[name] for name in self.columns}
        where = RowNumbers(block.start)
        weight = np.ones(block.n_rows)
        if self.weight_column is not None:
            weight = checked_weights(self.weight_column, columns[self.weight_column], where)
            if not weight.all():
                kept = np.flatnonzero(weight)
                where = RowNumbers(block.start, kept)
                columns = {name: values[kept] for name, values in columns.items()}
                weight = weight[kept]
        read = tuple(_checked(name, columns[name], where) for name in self.reading.columns)
        return CheckedColumns(block.n_rows, read, weight)

    def pack(self, block: Block) -> PackedColumns:
        """Check and pad one block."""
        return self.packed(self.check(block))

    def packed(self, checked: CheckedColumns) -> PackedColumns:
        """Pad rows to a size for which there is a kernel, and hand them to JAX."""
        weight = checked.weight
        n = weight.shape[0]
        n_obs = float(weight.sum())
        if not self.reading.by_row or n == 0:
            columns = tuple(_on_device(column.copy()) for column in checked.columns)
            return PackedColumns(checked.n_rows, n_obs, columns, ())
        tile = self.reading.tile
        size = BLOCK_ROWS if n > tile else 1 << (n - 1).bit_length()
        padded = np.zeros(size)
        padded[:n] = weight
        log_unit = np.full(size, -np.inf)
        log_unit[:n] = _log_unit(checked.columns, n)
        rows = (np.int64(-(-n // tile)), _on_device(padded), _on_device(log_unit))
        columns = tuple(_on_device(_extended(column, size)) for column in checked.columns)
        return PackedColumns(checked.n_rows, n_obs, columns, rows)

    def tally(self, packed: PackedColumns, working: Vector, order: int) -> Tally:
        """Sum the density's logarithm and its derivatives."""
        k = working.shape[0]
        zeros = np.zeros(k), np.zeros((k, k))
        if packed.n_obs == 0:
            return Tally(0.0, 0.0, *zeros, *zeros)

        def call(what: str) -> Any:
            return self._kernels.call(what, self.reading, working, packed.columns, packed.rows)

        if order == VALUE:
            value, absolute = call("value")
            return Tally(float(value), float(absolute), *zeros)
        value, absolute, score, information = call("derivatives")
        if order != SCORES or not self.reading.by_row:
            return Tally(float(value), float(absolute), score, information)
        absolute_score, opg, densest = call("scores")
        return Tally(float(value), float(absolute), score, information, absolute_score, opg, float(densest))


@dataclass(frozen=True, slots=True)
class ColumnsArrangement:
    """A model ready to be evaluated; ``sample`` holds rows from all over, where ``thinned`` not all."""

    model: ColumnsModel
    blocks: Callable[[], Iterable[Any]]
    packed: bool
    n_rows: int
    n_obs: float
    sample: CheckedColumns
    thinned: bool


@dataclass(frozen=True, slots=True)
class _Counted:
    n_rows: int
    n_positive: int
    n_obs: float
    packs: list[PackedColumns]
    sample: CheckedColumns

    def merge(self, other: _Counted) -> _Counted:
        return _Counted(
            self.n_rows + other.n_rows,
            self.n_positive + other.n_positive,
            self.n_obs + other.n_obs,
            self.packs + other.packs,
            self.sample.joined(other.sample),
        )


def arrange_columns(model: ColumnsModel, source: Source, engine: Engine) -> ColumnsArrangement:
    """Make the first pass: check every row, count, and pack what stays in memory.

    Raises
    ------
    DataError
        If a value is missing, a weight is negative, or all weights are zero.
    ModelError
        If there are weights and the density returns one number for all rows.
    """
    in_memory = source.in_memory
    names = model.columns
    blocks = source.blocks
    if not model.reading.by_row:
        if model.weight_column is not None:
            raise ModelError(
                f"{model.name} returns one number for all rows, so weights "
                f"({shown_column(model.weight_column)}) have nothing to multiply; return one log density a "
                "row"
            )
        whole = _whole(source, names)
        in_memory = True

        def blocks(columns: Any) -> Any:  # noqa: ARG001 - a source's signature
            return iter([whole])

    def first_pass(block: Block) -> _Counted:
        checked = model.check(block)
        packs = [model.packed(checked)] if in_memory else []
        sample = checked.thinned() if model.reading.by_row else checked
        n_obs = float(checked.weight.sum())
        return _Counted(block.n_rows, checked.weight.shape[0], n_obs, packs, sample)

    counted = engine.reduce(first_pass, blocks(names))
    if not counted.n_obs > 0:
        raise DataError(
            f"all weights ({shown_column(str(model.weight_column))}) are zero, so no row counts; "
            "give some weight to the rows"
        )
    packs = [packed for packed in counted.packs if packed.n_obs > 0]

    def all_blocks() -> Iterable[Any]:
        return packs if in_memory else blocks(names)

    thinned = counted.n_positive >= WORTH_THINNING * counted.sample.weight.shape[0]
    return ColumnsArrangement(
        model, all_blocks, in_memory, counted.n_rows, counted.n_obs, counted.sample, thinned
    )


def _whole(source: Source, names: tuple[str, ...]) -> Block:
    parts = list(source.blocks(names))
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
    return Block(0, sum(part.n_rows for part in parts), columns)


def _checked(name: str, values: Array, where: RowNumbers) -> Array:
    """Refuse missing values; an infinite one may be the open end of an interval."""
    if values.dtype.kind in "bi":
        return values
    return numbers(name, values, where, infinite=True)


def _extended(column: Array, size: int) -> Array:
    """A copy, since the caller may go on writing into his array, with the last row repeated."""
    n = column.shape[0]
    extended = np.empty(size, column.dtype)
    extended[:n] = column
    extended[n:] = column[-1]
    return extended


def _log_unit(columns: tuple[Array, ...], n: int) -> Array:
    """Log of the smallest rounding unit in each row; a zero counts as the smallest digit of its column."""
    smallest = np.full(n, np.inf)
    for column in columns:
        if column.dtype.kind == "f":
            magnitudes = np.abs(column)
            largest = float(magnitudes.max())
            if np.isfinite(largest):
                np.maximum(magnitudes, np.finfo(float).eps * largest, out=magnitudes)
                np.minimum(smallest, np.spacing(magnitudes), out=smallest)
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(smallest), np.log(smallest), -np.inf)


def _on_device(column: Array) -> Any:
    """Hand over an array that nobody writes into any more."""
    import jax

    with jax.enable_x64(new_val=True):
        return jax.device_put(column)
