"""Parsing delimited text with types that hold for every row of every file, and errors that name the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from pyarrow import csv

from thetahat._errors import SourceError
from thetahat.data._columns import shown
from thetahat.data._source import repeated_name
from thetahat.data._spool import Spool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_STREAM_BYTES = 2 * 2**20
_PEEKED_BYTES = 2**16
_RAGGED = re.compile(r"Expected \d+ columns, got \d+")
_CONVERSION = re.compile(
    r"In CSV column #(\d+): .*?CSV conversion error to [^:]+: invalid value '(.*)'", re.DOTALL
)


class _Widening(Exception):  # noqa: N818 - a signal between two functions here, no error
    """A column turned out to hold values of a wider type than its first rows."""

    def __init__(self, name: str, arrow_type: Any) -> None:
        super().__init__(name)
        self.name = name
        self.arrow_type = arrow_type


def read_whole(paths: Sequence[Path]) -> Any:
    """Read all files into one table, each column with the one type that all of its values have."""
    types: dict[str, Any] = {}
    while True:
        tables: list[Any] = []
        for path in paths:
            with _Reading(path, types) as reading:
                table = csv.read_csv(path, **reading.options())
                names = table.schema.names
            _refuse_open_quote(path, table)
            _check_names(path, names, paths[0], tables[0].schema.names if tables else None)
            tables.append(table)
        widened = {}
        for name in tables[0].schema.names:
            found = [table.schema.field(name).type for table in tables]
            joined = found[0]
            for arrow_type in found[1:]:
                joined = _join(joined, arrow_type)
            if any(arrow_type != joined for arrow_type in found):
                widened[name] = joined
        if not widened:
            return pa.concat_tables([table.select(tables[0].schema.names) for table in tables])
        types |= widened


def read_spooled(paths: Sequence[Path]) -> Spool:
    """Parse all files into a temporary one, from the start again when a column needs a wider type."""
    types: dict[str, Any] = {}
    while True:
        spool = Spool()
        try:
            for path in paths:
                _append(spool, path, paths[0], types | spool.types)
        except _Widening as widening:
            types[widening.name] = widening.arrow_type
            spool.close()
        else:
            spool.finish()
            return spool


def _append(spool: Spool, path: Path, first: Path, types: dict[str, Any]) -> None:
    with _Reading(path, {}) as reading, csv.open_csv(path, **reading.options(_STREAM_BYTES)) as reader:
        names = reader.schema.names
        inferred = dict(zip(names, reader.schema.types, strict=True))
    _check_names(path, names, first, list(spool.types) or None)
    with (
        _Reading(path, inferred | types) as reading,
        csv.open_csv(path, **reading.options(_STREAM_BYTES)) as reader,
    ):
        for batch in reader:
            spool.write(batch.select(list(spool.types) or names))


class _Reading:
    """The options for reading one file, and what its failures mean."""

    def __init__(self, path: Path, types: Mapping[str, Any]) -> None:
        self._path = path
        self._types = types

    def options(self, block_bytes: int | None = None) -> dict[str, Any]:
        """Arguments for pyarrow's readers; a block of None is its default size."""
        return self._options(csv.ReadOptions(block_size=block_bytes), None)

    def _options(self, read: Any, handler: Any) -> dict[str, Any]:
        return {
            "read_options": read,
            "parse_options": csv.ParseOptions(
                delimiter="\t" if _has_tabs(self._path) else ",",
                newlines_in_values=True,
                invalid_row_handler=handler,
            ),
            "convert_options": csv.ConvertOptions(column_types=dict(self._types), strings_can_be_null=True),
        }

    def __enter__(self) -> Self:
        if _holds_nul(self._path):
            raise SourceError(
                f"file {self._path} is no text: it holds NUL bytes; save it as CSV in UTF-8, or give it the suffix of "
                "its kind"
            )
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnicodeDecodeError):
            raise SourceError(
                f"file {self._path} has a header that is not UTF-8; save it as UTF-8"
            ) from error
        if not isinstance(error, pa.ArrowException | OSError):
            return
        text = str(error)
        if _RAGGED.search(text):
            row = self._first_ragged()
            if row is not None:
                raise SourceError(self._ragged_sentence(row)) from error
        conversion = _CONVERSION.search(text)
        if conversion is not None:
            name = list(self._types)[int(conversion[1])]
            raise _Widening(name, _join_value(self._types[name], conversion[2])) from error
        if "Empty CSV file" in text:
            raise SourceError(f"file {self._path} is empty; give a header and at least one row") from error
        reason = text.partition("\n")[0].rstrip(". ")
        raise SourceError(f"file {self._path} cannot be read as CSV: {reason}") from error

    def _first_ragged(self) -> Any:
        """The first row with another number of fields than the header, read again on this thread alone.

        pyarrow's own threads know no row's number; and one that called Python as the interpreter ends would abort it.
        """
        found: list[Any] = []

        def keep(row: Any) -> str:
            found.append(row)
            return "error"

        read = csv.ReadOptions(use_threads=False, block_size=_STREAM_BYTES)
        try:
            with csv.open_csv(self._path, **self._options(read, keep)) as reader:
                while not found:
                    reader.read_next_batch()
        except (pa.ArrowInvalid, StopIteration):
            return found[0] if found else None
        return found[0]

    def _ragged_sentence(self, row: Any) -> str:
        remedy = "correct that row"
        if row.expected_columns == 1 and ";" in row.text:
            remedy = "semicolons seem to separate its fields; separate them by commas, and write decimals with points"
        if "\n" in row.text and _has_open_quote(self._path):
            remedy = "a quotation mark that opens there is never closed; close or remove it"
        return (
            f"file {self._path}: row {row.number:,} (the header is row 1) has {_fields(row.actual_columns)}, "
            f"the header has {row.expected_columns}: {shown(row.text)}; {remedy}"
        )


def _holds_nul(path: Path) -> bool:
    """Whether a file that is not packed begins like one of another kind than text."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return False
    with path.open("rb") as file:
        return b"\0" in file.read(_PEEKED_BYTES)


def _has_open_quote(path: Path) -> bool:
    """Whether a file that is not packed holds an odd number of quotation marks."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return False
    count = 0
    with path.open("rb") as file:
        while piece := file.read(_STREAM_BYTES):
            count += piece.count(b'"')
    return count % 2 == 1


def _refuse_open_quote(path: Path, table: Any) -> None:
    """Raise where the last row holds all that follows a quotation mark which is never closed."""
    if not table.num_rows:
        return
    last = table.slice(table.num_rows - 1).to_pylist()[0]
    for name, value in last.items():
        if isinstance(value, str) and "\n" in value and _has_open_quote(path):
            raise SourceError(
                f"file {path}: a quotation mark that opens in row {table.num_rows + 1:,} (the header is row 1), column "
                f"{name!r}, is never closed, so that all after it is one cell: {shown(value)}; close or remove it"
            )


def _fields(count: int) -> str:
    return f"{count} field{'s' * (count != 1)}"


def _check_names(path: Path, names: Sequence[str], first: Path, wanted: Sequence[str] | None) -> None:
    repeated = repeated_name(names)
    if repeated is not None:
        raise SourceError(f"file {path} has two columns named {repeated!r}; rename one")
    if all(_is_number(name) for name in names):
        raise SourceError(
            f"file {path} has no header: its first row is {shown(', '.join(names))}; "
            "add a row of column names above it"
        )
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise SourceError(
            f"file {path} is not separated by {'tabs' if _has_tabs(path) else 'commas'}: its header is "
            f"{shown(names[0])}; write it with commas, or with tabs and the suffix .tsv"
        )
    for name in wanted or ():
        if name not in names:
            raise SourceError(
                f"file {path} lacks column {name!r}, which {first} has; give files with the same columns"
            )


def _has_tabs(path: Path) -> bool:
    return ".tsv" in [suffix.lower() for suffix in path.suffixes]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _join(one: Any, other: Any) -> Any:
    """The narrowest type that holds the values of both."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else pa.string()


def _join_value(current: Any, text: str) -> Any:
    """The narrowest type that holds the values of one type and a value that it does not hold."""
    text = text.strip()
    if text.lower() in {"true", "false"}:
        found = pa.bool_()
    elif re.fullmatch(r"-?\d{1,18}", text):
        found = pa.int64()
    else:
        found = pa.float64() if _is_number(text) and "_" not in text else pa.string()
    joined = _join(current, found)
    return pa.string() if joined == current else joined
