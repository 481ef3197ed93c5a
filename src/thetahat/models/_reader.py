"""Who reads the responses of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from thetahat.data import Block
from thetahat.families import Family
from thetahat.models._positions import RowPositions
from thetahat.models._rows import PackedRows
from thetahat.response import Response


class Reader(Protocol):
    """Whoever reads the responses of a block: a model of independent rows of the same family."""

    @property
    def family(self) -> Family:
        """The family, in its regression form."""

    @property
    def response(self) -> Response:
        """Which columns hold the response."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of responses, weights and known quantities."""

    def pack_with_positions(self, block: Block) -> tuple[PackedRows, RowPositions]:
        """Read a block, and tell which of its rows the parts came from."""

    def describe(self) -> Mapping[str, Any]:
        """The specification as plain data."""
