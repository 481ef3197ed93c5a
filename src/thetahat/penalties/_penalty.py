"""The contract of a penalty, as a user gives it to a fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from thetahat._errors import ParameterError
from thetahat.penalties._bound import BoundPenalty
from thetahat.penalties._layout import Layout


class Penalty(ABC):
    """Something that is added to the log-likelihood, on the scale of its sum over all rows.

    Immutable. ``needs_rows`` tells that it is a function of the information, and so of the rows, which who evaluates
    the likelihood must sum.
    """

    needs_rows: bool = False

    @abstractmethod
    def bind(self, layout: Layout) -> BoundPenalty:
        """Return the penalty of a model's free coordinates, or refuse what the model does not have."""

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """The penalty as plain data."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is called in a report, with the prior that it stands for."""

    @abstractmethod
    def elsewhere(self, names: Mapping[str, str], gone: str) -> Self | None:
        """The penalty in a limiting model, whose ``names`` of ours are theirs and which has no parameter ``gone``.

        None where the penalty excludes that limit, by itself falling without bound on the way.
        """

    def __repr__(self) -> str:
        return self.title


def unknown(what: str, name: str, layout: Layout) -> ParameterError:
    """The error for a name that a penalty cannot hold."""
    if name in layout.table.fixed:
        return ParameterError(
            f"{what}: {name} is fixed, so that no penalty can move it; leave out one or the other"
        )
    free = layout.table.free_names
    shown = ", ".join(free[:20]) + (f" and {len(free) - 20:,} more" if len(free) > 20 else "")
    return ParameterError(
        f"{what}: there is no parameter {name!r} to penalise; the estimated ones are: {shown}"
    )
