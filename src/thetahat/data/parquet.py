"""Parquet files, streamed."""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import pyarrow as pa
from pyarrow.parquet import ParquetFile

from thetahat._errors import SourceError
from thetahat.data._arrow import beyond_int64, declared_kind, exact_kind, to_column, unusable
from thetahat.data._order import declared_order
from thetahat.data._source import BLOCK_ROWS, Source, missing_column, reblock, repeated_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from thetahat.data._source import Block, Column, Kind

# Pages are read through a buffer of this size; whole column chunks may be as large as the file.
_BUFFER_BYTES = 1 << 20


@final
class ParquetSource(Source):
    """One or several Parquet files with the same columns; rows follow in the order of the files.

    Only the columns asked for are read, block by block, so memory does not grow with the files. Whether an
    integer column has missing values (and so is a ``"number"`` column) is read from the files' statistics;
    where a file has none, the column is read once to find out.

    Parameters
    ----------
    paths
        The files.
    title
        What to call them together; for one file its path.

    Raises
    ------
    SourceError
        If a file cannot be read or is cut short, files differ in their columns, or there are no rows.

    Examples
    --------
    >>> import pathlib, tempfile, pyarrow, pyarrow.parquet
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "claims.parquet")
    >>> pyarrow.parquet.write_table(pyarrow.table({"size": [3, 1, None]}), path)
    >>> source = ParquetSource([path])
    >>> source.n_rows, dict(source.schema)
    (3, {'size': 'number'})
    >>> folder.cleanup()
    """

    def __init__(self, paths: Sequence[Path], title: str | None = None) -> None:
        self._title = title or f"file {paths[0]}"
        self._files: list[tuple[Path, Any]] = []
        self._types: list[dict[str, Any]] = []
        for path in paths:
            with _opened(path) as file:
                arrow_schema = file.schema_arrow
                repeated = repeated_name(arrow_schema.names)
                if repeated is not None:
                    raise SourceError(f"file {path} has two columns named {repeated!r}; rename one")
                self._files.append((path, file.metadata))
                self._types.append(dict(zip(arrow_schema.names, arrow_schema.types, strict=True)))
        for (path, _), types in zip(self._files, self._types, strict=True):
            for name in self._types[0]:
                if name not in types:
                    raise SourceError(
                        f"file {path} lacks column {name!r}, which {paths[0]} has; "
                        "give files with the same columns"
                    )
        self._n_rows = sum(metadata.num_rows for _, metadata in self._files)
        if self._n_rows == 0:
            raise SourceError(f"{self._title} has no rows; give at least one")
        self._declared, self._unusable = self._declare()
        self._kinds: dict[str, Kind] = {}

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The columns that can be used: name -> kind."""
        return {name: self._kind(name) for name in self._declared}

    @property
    def unusable(self) -> Mapping[str, str]:
        """The columns that hold something else: name -> what is wrong."""
        return MappingProxyType(self._unusable)

    @property
    def n_rows(self) -> int:
        """How many rows the files have together, as their footers say."""
        return self._n_rows

    @property
    def in_memory(self) -> bool:
        """False: every pass reads the files again."""
        return False

    @property
    def title(self) -> str:
        """``"file claims.parquet"``."""
        return self._title

    def describe(self) -> str:
        """Name the file or files."""
        return self._title

    def level_order(self, column: str) -> tuple[Any, ...] | None:
        """The categories of a column that was written as an ordered dictionary, by the first file."""
        if not getattr(self._types[0].get(column), "ordered", False):
            return None
        return declared_order(next(self._arrow_batches(0, [column])).column(0))

    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield all rows from the start, in order, reading only these columns.

        Raises
        ------
        SourceError
            If a column is missing or unusable, or a file cannot be read.
        """
        kinds: dict[str, Kind] = {}
        for name in columns:
            if name in self._unusable:
                raise SourceError(self._unusable[name])
            if name not in self._declared:
                raise SourceError(missing_column(self._title, name, list(self._types[0])))
            kinds[name] = self._kind(name)
        return reblock(self._batches(kinds))

    def _batches(self, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, dict[str, Column]]]:
        for position in range(len(self._files)):
            for batch in self._arrow_batches(position, list(kinds)):
                arrays = {name: to_column(batch.column(name), kind) for name, kind in kinds.items()}
                yield batch.num_rows, arrays

    def _arrow_batches(self, position: int, names: list[str]) -> Iterator[Any]:
        path, metadata = self._files[position]
        with _opened(path, metadata) as file:
            yield from file.iter_batches(batch_size=BLOCK_ROWS, columns=names)

    def _declare(self) -> tuple[dict[str, Kind], dict[str, str]]:
        declared: dict[str, Kind] = {}
        unusable_columns: dict[str, str] = {}
        for name in self._types[0]:
            where = f"column {name!r} of {self._title}"
            types = [file[name] for file in self._types]
            kinds = [declared_kind(arrow_type) for arrow_type in types if not pa.types.is_null(arrow_type)]
            if None in kinds:
                unusable_columns[name] = unusable(next(t for t in types if declared_kind(t) is None), where)
            elif not kinds:
                declared[name] = "number"
            elif len(set(kinds)) == 1 and kinds[0] is not None:
                declared[name] = kinds[0]
            elif set(kinds) == {"integer", "number"}:
                declared[name] = "number"
            else:
                listed = ", ".join(sorted({str(arrow_type) for arrow_type in types}))
                unusable_columns[name] = (
                    f"{where} has different types in different files ({listed}); write it as one"
                )
        return declared, unusable_columns

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds:
            declared = self._declared[name]
            if declared in {"integer", "boolean"}:
                missing, wide = self._exceptions(name)
                declared = exact_kind(declared, missing=missing, beyond_int64=wide)
            self._kinds[name] = declared
        return self._kinds[name]

    def _exceptions(self, name: str) -> tuple[bool, bool]:
        """Whether the column has missing values, and integers beyond int64."""
        missing = wide = False
        for position, (_, metadata) in enumerate(self._files):
            if pa.types.is_null(self._types[position][name]):
                missing = missing or metadata.num_rows > 0
                continue
            unsigned = self._types[position][name] == pa.uint64()
            known = _statistics(metadata, name, unsigned=unsigned)
            if known is None:
                for batch in self._arrow_batches(position, [name]):
                    missing = missing or batch.column(0).null_count > 0
                    wide = wide or beyond_int64(batch.column(0))
            else:
                missing, wide = missing or known[0], wide or known[1]
        return missing, wide


def _statistics(metadata: Any, name: str, *, unsigned: bool) -> tuple[bool, bool] | None:
    """Whether values are missing, and integers beyond int64, or None where the row groups do not say."""
    index = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name)
    optional = metadata.schema.column(index).max_definition_level > 0
    missing = wide = False
    if not optional and not unsigned:
        return missing, wide
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(index).statistics
        if statistics is None or (optional and not statistics.has_null_count):
            return None
        missing = missing or (optional and statistics.null_count > 0)
        if unsigned and statistics.num_values > 0:
            if not statistics.has_min_max:
                return None
            wide = wide or statistics.max > 2**63 - 1
    return missing, wide


@contextmanager
def _opened(path: Path, metadata: Any = None) -> Iterator[Any]:
    try:
        with ParquetFile(path, metadata=metadata, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(". ")
        raise SourceError(
            f"file {path} cannot be read as Parquet: {reason}; it may be cut short or of another format, "
            "write it again"
        ) from error
