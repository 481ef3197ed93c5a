"""Where rows come from: arrays, data frames, CSV and Parquet files, all read in the same blocks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np

from thetahat._errors import DataError, SourceError
from thetahat.data._columns import shown
from thetahat.data._source import BLOCK_ROWS, Block, Source
from thetahat.data.arrays import ArraySource

__all__ = ["BLOCK_ROWS", "Block", "Source", "open_source"]

_TEXT_SUFFIXES = (".csv", ".tsv")
_PACKED_SUFFIXES = tuple(text + packed for text in _TEXT_SUFFIXES for packed in (".gz", ".bz2", ".zst"))
_CSV_SUFFIXES = _TEXT_SUFFIXES + _PACKED_SUFFIXES
_PARQUET_SUFFIXES = (".parquet", ".pq")
_SUFFIXES = _CSV_SUFFIXES + _PARQUET_SUFFIXES
_KNOWN = ".csv, .tsv (also packed: .gz, .bz2, .zst), .parquet, .pq"


def open_source(data: Any) -> Source:
    """Make a source of rows from an array, a sequence, columns, a data frame, or the path of files.

    Parameters
    ----------
    data
        An array or sequence (one column, named ``"y"``); a dictionary of columns; a data frame of any library
        that narwhals reads; the path of a CSV or Parquet file, of a folder of such files (read in the order
        of their names), or a pattern (``"part-*.parquet"``); a list of paths; a source, which comes back.

    Raises
    ------
    SourceError
        If a file is missing, of an unknown kind, or cannot be read.
    DataError
        If the values cannot be columns.

    Examples
    --------
    >>> open_source([2.5, 1.0, 4.0]).describe()
    'array of 3 numbers'
    >>> dict(open_source({"time": [5, 8], "event": [True, False]}).schema)
    {'time': 'integer', 'event': 'boolean'}
    >>> open_source("claims.xlsx")
    Traceback (most recent call last):
        ...
    thetahat._errors.SourceError: there is no file claims.xlsx
    """
    if type(data) is np.ndarray and data.dtype.names is None:
        return ArraySource.single(data)
    if isinstance(data, Source):
        return data
    if isinstance(data, str | os.PathLike):
        return _open_path(data)
    if isinstance(data, list | tuple):
        if data and all(_names_a_file(item) for item in data):
            return _open_files([_existing(item) for item in data], f"{len(data):,} files")
        return ArraySource.single(data)
    if isinstance(data, Mapping):
        return ArraySource(data)
    if isinstance(data, np.ndarray) and data.dtype.names is not None:
        return ArraySource({name: data[name] for name in data.dtype.names}, title="record array")
    if data is None or isinstance(data, bytes | Number | np.generic):
        raise DataError(
            f"data is {shown(data)}; give an array, a sequence, a dictionary, a data frame or a path"
        )
    if isinstance(data, np.ndarray | range):
        return ArraySource.single(data)
    return _open_foreign(data)


def _open_foreign(data: Any) -> Source:
    from thetahat.data.frames import FrameSource, frame_of

    frame = frame_of(data)
    return ArraySource.single(data) if frame is None else FrameSource(frame)


def _names_a_file(item: object) -> bool:
    return isinstance(item, Path) or (isinstance(item, str) and item.lower().endswith(_SUFFIXES))


def _existing(path: str | os.PathLike[str]) -> Path:
    found = Path(path).expanduser()
    if not found.exists():
        raise SourceError(f"there is no file {path}")
    if not found.is_file():
        raise SourceError(f"{path} is no file; give the files themselves, or one folder alone")
    return found


def _open_path(data: str | os.PathLike[str]) -> Source:
    from glob import glob, has_magic

    if not os.fspath(data):
        raise SourceError("the path is empty; give the path of a file or folder ('.' for the current folder)")
    path = Path(data).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and _is_data(file))
        if not files:
            raise SourceError(
                f"folder {data} holds no data files ({_KNOWN}); for files in its folders give a pattern, "
                f"such as {str(path / '**' / '*.parquet')!r}"
            )
        return _open_files(files, f"{_count(files)} in folder {data}")
    if not path.exists() and has_magic(str(data)):
        files = [Path(name) for name in sorted(glob(str(path), recursive=True)) if _is_data(Path(name))]  # noqa: PTH207 - absolute too
        if not files:
            raise SourceError(f"no data file matches {data} ({_KNOWN})")
        return _open_files(files, f"{_count(files)} matching {data}")
    return _open_files([_existing(data)], f"file {data}")


def _count(files: list[Path]) -> str:
    return f"{len(files):,} file{'s' * (len(files) != 1)}"


def _is_data(path: Path) -> bool:
    # A leading dot or underscore marks what writers of folders leave beside the data.
    return path.name.lower().endswith(_SUFFIXES) and not path.name.startswith((".", "_"))


def _open_files(files: list[Path], title: str) -> Source:
    unknown = next((file for file in files if not file.name.lower().endswith(_SUFFIXES)), None)
    if unknown is not None:
        suffix = f"has the suffix {unknown.suffix!r}" if unknown.suffix else "has no suffix"
        raise SourceError(
            f"file {unknown} {suffix}, which says nothing known of its kind; known are {_KNOWN}"
        )
    parquet = [file for file in files if file.name.lower().endswith(_PARQUET_SUFFIXES)]
    if not parquet:
        from thetahat.data.csv import CsvSource

        return CsvSource(files, title)
    if len(parquet) < len(files):
        text = next(file for file in files if file not in parquet)
        raise SourceError(
            f"{title} are a mix of CSV and Parquet, such as {text.name} and {parquet[0].name}; "
            "give files of one kind"
        )
    from thetahat.data.parquet import ParquetSource

    return ParquetSource(files, title)
