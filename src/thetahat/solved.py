"""What a fit holds: a solution beside what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thetahat._dataclass import dataclass
from thetahat.data import Source
from thetahat.families import Family
from thetahat.solution import Solution

if TYPE_CHECKING:
    from thetahat.families import MultivariateFamily
    from thetahat.models.regression import RegressionModel


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution beside what it was made from."""

    solution: Solution
    family: Family | None
    source: Source | None
    columns: tuple[str, ...]
    trace: tuple[Any, ...]
    regression: RegressionModel | None = None
    multivariate: MultivariateFamily | None = None
