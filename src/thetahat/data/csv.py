"""Delimited text files: small ones are kept in memory, large ones are parsed once into a temporary file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from thetahat._errors import SourceError
from thetahat.data._arrow import declared_kind, exact_kind_of, to_column, unusable
from thetahat.data._delimited import read_spooled, read_whole
from thetahat.data._memory import slices
from thetahat.data._source import Source, missing_column, reblock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from thetahat.data._source import Block, Column, Kind
    from thetahat.data._spool import Spool

_KEPT_BYTES = 64 * 2**20
_COMPRESSION = 8  # what text of numbers shrinks to a half or an eighth of, so that the estimate errs upwards


@final
class CsvSource(Source):
    r"""One or several text files of fields between commas or tabs, each with a header of the same columns.

    Rows follow in the order of the files. Numbers are read to the nearest float64. An empty cell, ``NA``,
    ``NaN``, ``null`` and the like are missing, in text columns too; blank lines are skipped. A column has one
    kind over all files: integers when all of its values are integers, numbers when all are numbers, booleans
    when all are true or false, otherwise text.

    Files of together at most 64 MB are read when the source is opened and kept in memory. Larger ones are
    parsed when they are first needed, once, into a temporary file of about their size, which goes with the
    source.

    Parameters
    ----------
    paths
        The files; ``.tsv`` ones have tabs between fields, others commas; ``.gz``, ``.bz2`` and ``.zst`` are
        unpacked.
    title
        What to call them together; for one file its path.

    Raises
    ------
    SourceError
        If a file cannot be read, a row has another number of fields than the header, there is no header or no
        row, or files differ in their columns.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "claims.csv")
    >>> _ = path.write_text("wait,size\n12.5,1\nNA,3\n")
    >>> source = CsvSource([path])
    >>> dict(source.schema)
    {'wait': 'number', 'size': 'integer'}
    >>> next(source.blocks(["wait", "size"])).columns
    {'wait': array([12.5,  nan]), 'size': array([1, 3])}
    >>> folder.cleanup()
    """

    def __init__(self, paths: Sequence[Path], title: str | None = None) -> None:
        self._paths = tuple(paths)
        self._title = title or f"file {paths[0]}"
        self._spool: Spool | None = None
        self._table: Any = None
        self._columns: dict[str, Column] = {}
        self._small = sum(_estimated_bytes(path) for path in paths) <= _KEPT_BYTES
        self._kinds: dict[str, Kind] = {}
        self._unusable: dict[str, str] = {}
        if self._small:
            self._read()

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The columns that can be used: name -> kind. Parses large files if that has not happened yet."""
        self._read()
        return dict(self._kinds)

    @property
    def unusable(self) -> Mapping[str, str]:
        """The columns that hold something else: name -> what is wrong."""
        self._read()
        return dict(self._unusable)

    @property
    def n_rows(self) -> int | None:
        """How many rows there are, None for large files that have not been parsed yet."""
        if self._table is not None:
            return int(self._table.num_rows)
        return None if self._spool is None else self._spool.n_rows

    @property
    def in_memory(self) -> bool:
        """Whether the files were small enough to be kept."""
        return self._small

    @property
    def title(self) -> str:
        """``"file claims.csv"``."""
        return self._title

    def describe(self) -> str:
        """Name the file or files."""
        return self._title

    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield all rows from the start, in order, with these columns.

        Raises
        ------
        SourceError
            If a column is missing or unusable, or a file cannot be read.
        """
        self._read()
        for name in columns:
            if name in self._unusable:
                raise SourceError(self._unusable[name])
            if name not in self._kinds:
                raise SourceError(missing_column(self._title, name, [*self._kinds, *self._unusable]))
        if self._spool is not None:
            return reblock(self._spool.batches({name: self._kinds[name] for name in columns}))
        return slices({name: self._column(name) for name in columns}, self._table.num_rows)

    def close(self) -> None:
        """Remove the temporary file now; reading again parses the files again."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _column(self, name: str) -> Column:
        if name not in self._columns:
            column = to_column(self._table.column(name), self._kinds[name])
            column.flags.writeable = False
            self._columns[name] = column
        return self._columns[name]

    def _read(self) -> None:
        if self._table is not None or self._spool is not None:
            return
        if self._small:
            table = read_whole(self._paths)
            n_rows, types = table.num_rows, dict(zip(table.schema.names, table.schema.types, strict=True))
            kinds = {
                name: exact_kind_of(table.column(name))
                for name in types
                if declared_kind(types[name]) is not None
            }
        else:
            spool = read_spooled(self._paths)
            n_rows, types, kinds = spool.n_rows, spool.types, spool.kinds()
        if n_rows == 0:
            raise SourceError(f"{self._title} has no rows, only a header; give at least one row")
        self._kinds = kinds
        self._unusable = {
            name: unusable(types[name], f"column {name!r} of {self._title}")
            for name in types
            if name not in kinds
        }
        if self._small:
            self._table = table
        else:
            self._spool = spool


def _estimated_bytes(path: Path) -> int:
    size = path.stat().st_size
    return size if path.suffix.lower() in {".csv", ".tsv"} else size * _COMPRESSION
