"""The contract of an engine: who runs the reduction over blocks of rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Protocol, Self, TypeVar


class Summary(Protocol):
    """An associative record: neighbouring blocks' summaries merge into one."""

    def merge(self, other: Self) -> Self:
        """Join the summary of the rows that follow."""
        ...


Block = TypeVar("Block")
Record = TypeVar("Record", bound=Summary)


class Engine(ABC):
    """Maps a function over blocks and merges the summaries in an order that does not depend on who computed them."""

    @abstractmethod
    def reduce(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the merged summary of all blocks; there is at least one."""

    def reduce_cheap(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the same, of blocks that cost little more than to hand one over: an engine may keep them to itself."""
        return self.reduce(function, blocks)
