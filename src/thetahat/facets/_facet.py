"""The contract of a facet: a group of methods of a fit, each handing over to the module that does the work."""

from __future__ import annotations

from abc import ABC, abstractmethod

from thetahat.solution import Solution
from thetahat.solved import Solved


class Facet(ABC):
    """A part of ``Fit``, which holds what was solved. Facets hold nothing and know no other facet."""

    __slots__ = ()

    _solved: Solved

    @abstractmethod
    def __init__(self, solved: Solved, digest: str | None = None) -> None: ...

    @property
    def solved(self) -> Solved:
        """What was solved, beside what it was made from."""
        return self._solved

    @property
    def solution(self) -> Solution:
        """The solved likelihood, on the free scale."""
        return self._solved.solution
