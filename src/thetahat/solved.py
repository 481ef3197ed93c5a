"""What a fit holds: a solution beside what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
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

    def refuse_joint_limit(self, purpose: str) -> None:
        """Raise where parameters go to their ends together: what they tend to depends on the way, which no point tells.

        Of Lomax with shape and scale at infinity their ratio is the limit's rate, and the estimates do not say it.
        """
        certificate = self.solution.certificate
        if self.family is None or certificate.limit is None:
            return
        names = self.solution.table.free_names
        ends = {name for name, value in zip(names, self.solution.point, strict=False) if np.isinf(value)}
        for limit in self.family.limits:
            if limit.parameter in ends and ends & set(limit.moving):
                together = " and ".join(name for name in names if name in ends)
                raise InferenceError(
                    f"{purpose} is not available: {together} go to their ends together, on a way that the estimates do "
                    f"not tell. Fit {certificate.limit}, which is what the rows follow there"
                )
