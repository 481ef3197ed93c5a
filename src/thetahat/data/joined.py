"""Two sources side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

from thetahat._errors import DataError
from thetahat._lazy import once
from thetahat.data._source import Block, Kind, Source


@final
class JoinedSource(Source):
    """The rows of a source with the columns of another, such as weights that were handed over beside a file.

    Raises
    ------
    DataError
        If the two have different numbers of rows, or values handed over beside the data cannot be used.
    """

    def __init__(self, source: Source, beside: Source) -> None:
        self._source = source
        self._beside = beside
        for name, reason in beside.unusable.items():
            if name.startswith("("):
                # It was handed over beside the data and has no column's name that anybody gave.
                raise DataError(reason.replace(f"column {name!r}", name.strip("()")))
        if source.n_rows is not None and beside.n_rows is not None:
            self._check(source.n_rows, beside.n_rows)

    def _check(self, rows: int, given: int) -> None:
        if rows != given:
            names = ", ".join(name.strip("()") for name in self._beside.schema)
            raise DataError(
                f"{names}: {given:,} values for {rows:,} rows of {self._source.title}; give one for each row"
            )

    @once
    def schema(self) -> Mapping[str, Kind]:
        """The columns of both."""
        return {**self._source.schema, **self._beside.schema}

    @once
    def unusable(self) -> Mapping[str, str]:
        """The unusable columns of both."""
        return {**self._source.unusable, **self._beside.unusable}

    @property
    def n_rows(self) -> int | None:
        """Rows of the source."""
        return self._source.n_rows

    @property
    def in_memory(self) -> bool:
        """Whether the source is."""
        return self._source.in_memory

    @property
    def title(self) -> str:
        """The source's."""
        return self._source.title

    def level_order(self, column: str) -> tuple[Any, ...] | None:
        """That of whichever has the column."""
        return self._source.level_order(column) or self._beside.level_order(column)

    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield blocks with the columns of both."""
        self.require(columns)
        beside = [name for name in columns if name in self._beside.schema]
        return self._zipped([name for name in columns if name not in beside], beside)

    def _zipped(self, columns: list[str], beside: list[str]) -> Iterator[Block]:
        rows = given = 0
        others = self._beside.blocks(beside)
        for block in self._source.blocks(columns):
            other = next(others, None)
            rows += block.n_rows
            given += 0 if other is None else other.n_rows
            if other is None or other.n_rows != block.n_rows:
                given += sum(further.n_rows for further in others)
                self._check(self._source.n_rows or rows, given)
                continue
            yield Block(block.start, block.n_rows, {**block.columns, **other.columns})
        given += sum(further.n_rows for further in others)
        self._check(rows, given)

    def describe(self) -> str:
        """Return the source's description."""
        return self._source.describe()
