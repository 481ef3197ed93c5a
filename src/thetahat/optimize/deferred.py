"""Evidence that is worked out when it is first read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import final


@final
class Deferred(Mapping[str, float]):
    """Numbers by name, computed at the first look at any of them; the names are known before.

    Most fits are looked at for their estimates, and pay nothing for the evidence that nobody reads.

    Examples
    --------
    >>> numbers = Deferred(("a", "b"), lambda: {"a": 1.0, "b": 2.0})
    >>> numbers["b"], len(numbers)
    (2.0, 2)
    """

    __slots__ = ("_compute", "_found", "_names")

    def __init__(self, names: tuple[str, ...], compute: Callable[[], Mapping[str, float]]) -> None:
        self._names = names
        self._compute: Callable[[], Mapping[str, float]] | None = compute
        self._found: Mapping[str, float] = {}

    def __getitem__(self, name: str) -> float:
        if self._compute is not None:
            self._found, self._compute = self._compute(), None
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))
