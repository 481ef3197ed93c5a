"""Data frames of any library that narwhals reads."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from thetahat._errors import DataError, SourceError
from thetahat._lazy import load
from thetahat.data._foreign import column_of, kind_of_storage, storage_of
from thetahat.data._memory import MemorySource
from thetahat.data._order import declared_order
from thetahat.data._source import missing_column, repeated_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thetahat.data._source import Column, Kind


@final
class FrameSource(MemorySource):
    """A data frame: pandas, polars, Arrow, or another that narwhals reads; lazy ones are collected.

    Columns are converted when they are asked for, and shared with the frame where the memory layout allows.

    Parameters
    ----------
    frame
        The frame, as its library made it or wrapped by narwhals.

    Raises
    ------
    SourceError
        If it is no frame that narwhals reads, has no rows, or has two columns of one name.

    Examples
    --------
    >>> import polars
    >>> source = FrameSource(polars.DataFrame({"wait": [12.5, None, 40.0], "size": [1, 3, 2]}))
    >>> dict(source.schema)
    {'wait': 'number', 'size': 'integer'}
    >>> source.describe()
    'data frame (polars), 2 columns'
    """

    def __init__(self, frame: Any) -> None:
        narwhals = load("narwhals", "reading a data frame")
        wrapped = frame_of(frame)
        if wrapped is None:
            raise SourceError(f"a {type(frame).__name__} is no data frame that narwhals reads")
        self._title = f"data frame ({wrapped.implementation.value})"
        eager = wrapped.collect() if isinstance(wrapped, narwhals.LazyFrame) else wrapped
        names = [str(name) for name in eager.columns]
        repeated = repeated_name(names)
        if repeated is not None:
            raise SourceError(f"{self._title} has two columns named {repeated!r}; rename one")
        self._n_rows = len(eager)
        if self._n_rows == 0:
            raise SourceError(f"{self._title} has no rows; give at least one")
        self._frame = eager
        self._positions = {name: position for position, name in enumerate(names)}
        self._text_types = (narwhals.String, narwhals.Enum)
        self._converted: dict[str, Column] = {}
        self._kinds: tuple[dict[str, Kind], dict[str, str]] | None = None

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The columns that can be used: name -> kind."""
        return MappingProxyType(self._inspected()[0])

    @property
    def unusable(self) -> Mapping[str, str]:
        """The columns that hold something else: name -> what is wrong."""
        return MappingProxyType(self._inspected()[1])

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return self._n_rows

    @property
    def title(self) -> str:
        """``"data frame (polars)"``."""
        return self._title

    def column(self, name: str) -> Column:
        """The whole column, converted at the first call.

        Raises
        ------
        SourceError
            If there is none of this name.
        DataError
            If its values cannot be used.
        """
        if name not in self._converted:
            if name not in self._positions:
                raise SourceError(missing_column(self._title, name, list(self._positions)))
            where = self._where(name)
            column = column_of(storage_of(self._series(name), where), where)
            if column.flags.writeable:
                column = column.view()
                column.flags.writeable = False
            self._converted[name] = column
        return self._converted[name]

    def level_order(self, column: str) -> tuple[Any, ...] | None:
        """The categories of a categorical column, in their order."""
        return declared_order(self._series(column).to_native()) if column in self._positions else None

    def describe(self) -> str:
        """Name the library and the number of columns."""
        count = len(self._positions)
        return f"{self._title}, {count:,} column{'s' * (count != 1)}"

    def _series(self, name: str) -> Any:
        return self._frame[:, self._positions[name]]

    def _where(self, name: str) -> str:
        return f"column {name!r} of the {self._title}"

    def _inspected(self) -> tuple[dict[str, Kind], dict[str, str]]:
        if self._kinds is None:
            kinds: dict[str, Kind] = {}
            unusable: dict[str, str] = {}
            for name in self._positions:
                series = self._series(name)
                # Text is known by its declared type; handing it over is the one conversion that is slow.
                if series.dtype in self._text_types and not series.implementation.is_pandas_like():
                    kinds[name] = "text"
                    continue
                where = self._where(name)
                try:
                    kinds[name] = kind_of_storage(storage_of(series, where), where)
                except DataError as error:
                    unusable[name] = str(error)
            self._kinds = kinds, unusable
        return self._kinds


def frame_of(data: Any) -> Any:
    """Wrap a data frame with narwhals, or return None if it is none.

    Raises
    ------
    SourceError
        If it has two columns of one name.
    """
    narwhals = load("narwhals", "reading a data frame")
    if type(data).__module__.partition(".")[0] == "pyarrow":
        data = _table(data)
    try:
        wrapped = narwhals.from_native(data, allow_series=True, pass_through=True)
    except narwhals.exceptions.DuplicateError as error:
        detail = " ".join(str(error).split())
        raise SourceError(f"the data frame has two columns of one name; rename one ({detail})") from error
    return wrapped if isinstance(wrapped, narwhals.DataFrame | narwhals.LazyFrame) else None


def _table(data: Any) -> Any:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatchReader):
        return data.read_all()
    return pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
