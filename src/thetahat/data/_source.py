"""The contract of every source of rows: named columns, in fixed blocks, readable again from the start."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BLOCK_ROWS: Final = 65_536
"""Rows of a block. Part of the meaning of a fit's digits: sums are formed block by block."""

Kind: TypeAlias = Literal["number", "integer", "boolean", "text"]
Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_LISTED_NAMES = 20
_KINDS: Final[dict[str, Kind]] = {"f": "number", "i": "integer", "b": "boolean", "O": "text"}


@dataclass(frozen=True, slots=True)
class Block:
    """``BLOCK_ROWS`` consecutive rows (the last block: the rest), starting at a multiple of ``BLOCK_ROWS``.

    The arrays are contiguous and are to be read, never written: they may be views of the caller's own data. Where rows
    were left out, ``kept`` has the places of the others among those that there were.
    """

    start: int
    n_rows: int
    columns: Mapping[str, Column]
    kept: np.ndarray[Any, np.dtype[np.intp]] | None = None


class Source(ABC):
    """Rows with named columns, which can be read any number of times and always come in the same blocks.

    Columns are of four kinds: ``"number"`` (float64, NaN where missing), ``"integer"`` (int64), ``"boolean"``
    (bool) and ``"text"`` (object: str, None where missing). An integer or boolean column in which a value is
    missing is a ``"number"`` column.
    """

    @property
    @abstractmethod
    def schema(self) -> Mapping[str, Kind]:
        """The columns that can be used, in order: name -> kind."""

    @property
    @abstractmethod
    def unusable(self) -> Mapping[str, str]:
        """The columns that hold something else (dates, lists, ...): name -> what is wrong, one line."""

    @property
    @abstractmethod
    def n_rows(self) -> int | None:
        """How many rows there are, None where that is not known before reading."""

    @property
    @abstractmethod
    def in_memory(self) -> bool:
        """Whether the columns are arrays in memory already, so that blocks are views of them."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the rows come from, as the subject of an error message: ``"file claims.csv"``."""

    @abstractmethod
    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield all rows from the start, in order, with these columns.

        Raises
        ------
        SourceError
            If a column is missing, or a file cannot be read.
        DataError
            If a column holds values of a kind that cannot be used.
        """

    @abstractmethod
    def describe(self) -> str:
        """Say in a few words what this is: ``"data frame (polars), 3 columns"``."""

    def level_order(self, column: str) -> tuple[Any, ...] | None:
        """The values of a column in the order that its categorical type declares; None where there is no such type."""
        return None

    @final
    def require(self, columns: Iterable[str]) -> None:
        """Raise the error that says what to do unless every one of ``columns`` can be used.

        Raises
        ------
        SourceError
            If a column is missing or unusable; a similar name is suggested.
        """
        schema, unusable = self.schema, self.unusable
        for name in columns:
            if name in unusable:
                raise SourceError(unusable[name])
            if name not in schema:
                raise SourceError(missing_column(self.title, name, [*schema, *unusable]))

    @final
    def digest(self, columns: Sequence[str]) -> str:
        """SHA-256, in hexadecimal, of the values of these columns in this order.

        Equal values give equal digests whether they come from memory or a file, and whether a whole number is
        stored as an integer or as a float; names do not enter.

        Raises
        ------
        SourceError
            As ``blocks``.

        Examples
        --------
        >>> from thetahat.data import open_source
        >>> floats, integers = open_source([1.0, 2.0]), open_source([1, 2])
        >>> floats.digest(["y"]) == integers.digest(["y"])
        True
        """
        from hashlib import sha256

        digest = sha256()
        for block in self.blocks(columns):
            digest.update(struct.pack("<qq", block.n_rows, len(columns)))
            for name in columns:
                for part in _packed(block.columns[name]):
                    digest.update(part)
        return digest.hexdigest()


def kind_of(column: Column) -> Kind:
    """Tell the kind of a column of a block by its element type."""
    return _KINDS[column.dtype.kind]


def reblock(batches: Iterable[tuple[int, Mapping[str, Column]]]) -> Iterator[Block]:
    """Cut batches of any size, each (number of rows, columns), into exact blocks.

    A block that lies within one batch is a view of it; only blocks that span batches are copied.

    Examples
    --------
    >>> import numpy as np
    >>> halves = [(40_000, {"y": np.zeros(40_000)}), (40_000, {"y": np.ones(40_000)})]
    >>> [(block.start, block.n_rows, float(block.columns["y"].sum())) for block in reblock(halves)]
    [(0, 65536, 25536.0), (65536, 14464, 14464.0)]
    """
    start = held = 0
    pieces: list[Mapping[str, Column]] = []
    for n_rows, columns in batches:
        at = 0
        while at < n_rows:
            take = min(BLOCK_ROWS - held, n_rows - at)
            whole = take == n_rows
            pieces.append(
                columns if whole else {name: column[at : at + take] for name, column in columns.items()}
            )
            at += take
            held += take
            if held == BLOCK_ROWS:
                yield Block(start, held, _joined(pieces))
                start += held
                held = 0
                pieces = []
    if held:
        yield Block(start, held, _joined(pieces))


def missing_column(title: str, name: str, names: Sequence[str]) -> str:
    """Say that a column is missing, which there are, and which may have been meant."""
    from difflib import get_close_matches

    listed = ", ".join(names[:_LISTED_NAMES])
    if len(names) > _LISTED_NAMES:
        listed += f" and {len(names) - _LISTED_NAMES} more"
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{title} has no column {name!r}; it has: {listed}{hint}"


def repeated_name(names: Sequence[str]) -> str | None:
    """Return the first name that occurs twice, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _joined(pieces: list[Mapping[str, Column]]) -> dict[str, Column]:
    if len(pieces) == 1:
        return {name: np.ascontiguousarray(column) for name, column in pieces[0].items()}
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _packed(column: Column) -> Iterator[bytes | memoryview]:
    if not isinstance(column, np.ndarray):
        # A sparse matrix: rows by their positions and numbers.
        yield b"rows"
        yield np.diff(column.indptr).astype("<i8").data
        yield column.indices.astype("<i8").data
        yield from _packed(column.data)
        return
    if column.dtype.kind == "O":
        present = [value for value in column.tolist() if value is not None]
        encoded = [value.encode("utf-8", "surrogatepass") for value in present]
        lengths = np.full(column.size, -1, dtype="<i8")
        lengths[[value is not None for value in column.tolist()]] = [len(value) for value in encoded]
        yield b"text"
        yield lengths.data
        yield b"".join(encoded)
        return
    if column.dtype.kind == "i":
        numbers = column.astype("<f8")
        # 2^63 is a float that an int64 may round up to but cannot hold, so the way back is not tried there.
        if (numbers >= 2.0**63).any() or not np.array_equal(numbers.astype(np.int64), column):
            yield b"wide"
            yield np.ascontiguousarray(column, dtype="<i8").data
            return
    else:
        # Adding zero makes a new array and turns -0.0, which equals 0.0, into it.
        numbers = column.astype("<f8") + 0.0
        missing = np.isnan(numbers)
        if missing.any():
            numbers[missing] = np.nan
    yield b"real"
    yield numbers.data
