"""What sources whose columns are in memory share: each column is converted once, blocks are slices of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, final

from thetahat.data._source import BLOCK_ROWS, Block, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from thetahat.data._source import Column


class MemorySource(Source):
    """A source whose columns are arrays, or become arrays when first asked for."""

    @property
    @final
    def in_memory(self) -> bool:
        """True: blocks are views."""
        return True

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def column(self, name: str) -> Column:
        """The whole column, converted at the first call.

        Raises
        ------
        SourceError
            If there is no such column.
        DataError
            If its values cannot be used.
        """

    @final
    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield all rows from the start, in order, as views of these columns."""
        arrays = {name: self.column(name) for name in columns}
        return slices(arrays, self.n_rows)


def slices(arrays: dict[str, Column], n_rows: int) -> Iterator[Block]:
    """Cut arrays of ``n_rows`` rows into blocks that are views of them."""
    if n_rows <= BLOCK_ROWS:
        yield Block(0, n_rows, arrays)
        return
    for start in range(0, n_rows, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n_rows)
        yield Block(start, stop - start, {name: array[start:stop] for name, array in arrays.items()})
