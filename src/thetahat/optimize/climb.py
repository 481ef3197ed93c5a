"""Running a search against a likelihood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.likelihood import Likelihood
from thetahat.optimize._optimizer import Information, Optimizer, Search

Vector = NDArray[np.float64]
Region = Callable[[Vector], bool]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a likelihood was climbed, so that it can be climbed likewise again: by whom, with which metric, and where.

    ``allowed`` is the regular region on the free scale, None where it is the whole space. ``pinned`` maximises with
    some coordinates held where a plain search cannot: it is handed the likelihood, the coordinates, a start and these
    conditions, and returns None where a plain search can.
    """

    optimizer: Optimizer
    expected: Information | None = None
    allowed: Region | None = None
    pinned: Callable[..., Any] | None = None


def climb(
    likelihood: Likelihood,
    optimizer: Optimizer,
    start: Vector,
    *,
    expected: Information | None = None,
    allowed: Any = None,
    given_up: Callable[[Search], bool] | None = None,
) -> Search:
    """Answer a search's requests until it is over; points outside the allowed region count as -inf.

    ``given_up`` is asked after each answer whether the rest of the way is of no interest.
    """
    return answered(likelihood, optimizer.search(start, expected), allowed=allowed, given_up=given_up)


def answered(
    likelihood: Likelihood,
    search: Search,
    *,
    allowed: Any = None,
    given_up: Callable[[Search], bool] | None = None,
) -> Search:
    """Answer the requests of a search that was begun already."""
    most = likelihood.model.search_order
    while (request := search.ask()) is not None:
        if allowed is not None and not allowed(request.point):
            search.reject()
        else:
            search.tell(likelihood.tally(request.point, min(request.order, most)))
            if given_up is not None and given_up(search):
                break
    return search
