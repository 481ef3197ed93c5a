"""What families of vectors answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from thetahat.families._terms import Rows

Array = NDArray[Any]


class Derivatives(NamedTuple):
    """Log-density of each row, and over rows Σ w u and -Σ w ∂²ℓ in working coordinates."""

    value: Array
    score: Array
    information: Array


class Condensed(NamedTuple):
    """Prepared pseudo rows with weights that have the log-likelihood of all rows."""

    rows: Rows
    weight: Array


class Unseen(NamedTuple):
    """Entries of a parameter that rows say nothing of, why, and what to do.

    Each is pinned by the working coordinate of its own place.
    """

    parameter: str
    entries: tuple[int, ...]
    why: str
    remedy: str


class Extreme(NamedTuple):
    """A supremum that is known to lie on the edge: ``values`` there, NaN where they do not matter.

    ``beside`` are natural values from which the supremum cannot be told, and ``place`` says where it is neared if no
    distribution attains it; None where one does.
    """

    values: Mapping[str, Array]
    beside: Mapping[str, Array]
    supremum: float
    place: str | None
