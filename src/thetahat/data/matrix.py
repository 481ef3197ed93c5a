"""A matrix beside the columns of a source: its rows come as one column of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

from thetahat.data._memory import slices
from thetahat.data._source import Block, Kind, Source


@final
class MatrixSource(Source):
    """Matrices in memory by name, dense or sparse, all with one number of rows.

    Blocks hold slices of them in the place of columns; what is in them is checked by whoever makes designs of them.
    """

    def __init__(self, matrices: Mapping[str, Any]) -> None:
        self._matrices = dict(matrices)
        self._schema: dict[str, Kind] = dict.fromkeys(self._matrices, "number")
        self._n_rows = int(next(iter(self._matrices.values())).shape[0])

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The matrices' names; they hold numbers."""
        return self._schema

    @property
    def unusable(self) -> Mapping[str, str]:
        """Nothing."""
        return MappingProxyType({})

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return self._n_rows

    @property
    def in_memory(self) -> bool:
        """True: blocks are slices."""
        return True

    @property
    def title(self) -> str:
        """``"the matrix"``."""
        return "the matrix"

    def blocks(self, columns: Sequence[str]) -> Iterator[Block]:
        """Yield slices of the matrices."""
        self.require(columns)
        return slices({name: self._matrices[name] for name in columns}, self._n_rows)

    def describe(self) -> str:
        """Say how large they are."""
        shapes = [f"{matrix.shape[0]:,} x {matrix.shape[1]:,}" for matrix in self._matrices.values()]
        return f"matrix {', '.join(shapes)}"
