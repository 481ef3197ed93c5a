"""A parameter: its name, its domain, and a range of typical values."""

from __future__ import annotations

from thetahat._dataclass import dataclass
from thetahat.parameters._domain import Domain


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named parameter of a model.

    ``typical`` is the range of natural values from which the contract tests draw; it has no effect on a fit.
    """

    name: str
    domain: Domain
    typical: tuple[float, float] = (-3.0, 3.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its entries: itself, or ``name[0]``, ``name[1]``, ... for a vector."""
        if not self.domain.vector:
            return (self.name,)
        return tuple(f"{self.name}[{label}]" for label in self.domain.labels)
