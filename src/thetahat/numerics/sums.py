"""Merging of associative records in an order that depends on their positions only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

from thetahat._dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Record = TypeVar("Record")
Value = TypeVar("Value")


@final
@dataclass(frozen=True, slots=True)
class Total(Generic[Value]):
    """A number or an array summed over rows, or a list of what blocks of rows have, one after the other.

    Examples
    --------
    >>> Total(1.5).merge(Total(2.0)).value, Total(["a"]).merge(Total(["b"])).value
    (3.5, ['a', 'b'])
    """

    value: Any

    def merge(self, other: Total[Value]) -> Total[Value]:
        """Add that of the rows that follow."""
        return Total(self.value + other.value)


@final
class CarryChain(Generic[Record]):
    """Merge records pairwise like a binary counter: at most log2(n) of them are held at once.

    Two records at the same level merge and move up one level, so that the tree of merges, and with it every
    rounding, is a function of the number of records alone.

    Examples
    --------
    >>> chain = CarryChain(lambda left, right: f"({left}{right})")
    >>> for letter in "abcde":
    ...     chain.push(letter)
    >>> chain.total()
    '(((ab)(cd))e)'
    """

    def __init__(self, merge: Callable[[Record, Record], Record]) -> None:
        self._merge = merge
        self._levels: list[tuple[int, Record]] = []

    def push(self, record: Record) -> None:
        """Take the next record, in order of position."""
        level = 0
        while self._levels and self._levels[-1][0] == level:
            record = self._merge(self._levels.pop()[1], record)
            level += 1
        self._levels.append((level, record))

    def total(self) -> Record | None:
        """Merge what is held, from the smallest level upwards; None if nothing was pushed."""
        if not self._levels:
            return None
        result = self._levels[-1][1]
        for _, record in reversed(self._levels[:-1]):
            result = self._merge(record, result)
        return result


def merge_in_order(records: Iterable[Record], merge: Callable[[Record, Record], Record]) -> Record | None:
    """Merge an ordered stream of records by a fixed pairwise tree; None for an empty stream.

    Examples
    --------
    >>> merge_in_order([1, 2, 3], lambda left, right: left + right)
    6
    """
    chain = CarryChain(merge)
    for record in records:
        chain.push(record)
    return chain.total()
