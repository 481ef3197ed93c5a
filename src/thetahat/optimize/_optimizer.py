"""The contract of an optimiser: it asks for a tally at a point, is told it, and asks again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from thetahat.models import Tally

Vector = NDArray[np.float64]
Information = Callable[[Vector], NDArray[np.float64] | None]


class Request(NamedTuple):
    """What the optimiser wants to know next: a tally of this order at this point."""

    point: Vector
    order: int


class Trace(NamedTuple):
    """One accepted step, for the log of a fit."""

    iteration: int
    log_likelihood: float
    newton_decrement: float
    step: float
    method: str


class Search(ABC):
    """One run of an optimiser; ``ask`` returns None when it is over.

    ``exhausted`` tells that its budget was spent, ``blocked`` that it ended at the edge of the allowed
    region.
    """

    point: Vector
    tally: Tally | None
    previous: Tally | None
    converged: bool
    exhausted: bool = False
    blocked: bool = False
    iterations: int
    trace: list[Trace]

    @abstractmethod
    def ask(self) -> Request | None:
        """Return the next request, or None."""

    @abstractmethod
    def tell(self, tally: Tally) -> None:
        """Take the answer to the last request."""

    @abstractmethod
    def reject(self) -> None:
        """Learn that the last request lies where no tally is to be had."""


@final
class Settled(Search):
    """A point that a closed form gave, with its tally: a search that was over before it began."""

    def __init__(self, point: Vector, tally: Tally) -> None:
        self.point = point
        self.tally = tally
        self.previous = None
        self.converged = True
        self.iterations = 0
        self.trace = []

    def ask(self) -> Request | None:
        """Return None."""
        return None

    def tell(self, tally: Tally) -> None:
        """Take a better tally of the point."""
        self.tally = tally

    def reject(self) -> None:
        """Do nothing: nothing was asked."""


class Optimizer(ABC):
    """A way to climb a likelihood; holds its options and starts searches."""

    @abstractmethod
    def search(self, start: Vector, expected_information: Information | None = None) -> Search:
        """Begin a run at ``start``."""
