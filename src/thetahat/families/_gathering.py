"""Where a family's mass can be gathered: what settles whether censored rows have a maximum at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from thetahat._dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Gathering:
    """Parameter values at which all mass gathers at an end of the support, or around any one point.

    Rows that all admit such a place reach the log-likelihood 0 there. Values are edges or infinities of the
    parameters; the others then do not matter. NaN says that many finite values of that parameter do.

    Parameters
    ----------
    upper, lower
        Ways to gather all mass at the upper or lower end, each by itself sufficient.
    both
        What gathers all mass at the two ends, in any shares: the remaining parameters settle them, or how fast
        these ones go to their ends.
    point
        What gathers it around a point, which the remaining ones of the first two parameters place.
    neighbours
        What gathers it on any two neighbouring counts, in any shares.
    centre
        The parameter that tends to the point, and its value there.
    """

    upper: tuple[Mapping[str, float], ...] = ()
    lower: tuple[Mapping[str, float], ...] = ()
    both: Mapping[str, float] | None = None
    point: Mapping[str, float] | None = None
    neighbours: Mapping[str, float] | None = None
    centre: tuple[str, Callable[[float], float]] | None = None
