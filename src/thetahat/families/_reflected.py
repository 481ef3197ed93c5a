"""A family of minus what another one is a family of: the limits of families that can be skewed either way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._limit import Limit
from thetahat.families._support import Support
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms


@final
class Reflected(Family):
    """The distribution of -X where X is a continuous distribution of the family inside, with its parameters."""

    def __init__(self, family: Family, *, y: str | None = None, **values: Any) -> None:
        self.inner = family
        self.declared = family.declared
        own = family.support
        self.support = Support(
            -own.upper, -own.lower, includes_lower=own.includes_upper, includes_upper=own.includes_lower
        )
        vars(self).update(
            scales=family.scales, inverse_scales=family.inverse_scales, edges=family.edges, affine=""
        )
        super().__init__(y=y, **values)

    @property
    def limits(self) -> tuple[Limit, ...]:  # type: ignore[override]
        """Those of the family inside, of minus the values."""
        return tuple(replace(limit, family=f"reflected_{limit.family}") for limit in self.inner.limits)

    @property
    def title(self) -> str:
        """``"Shifted(HalfNormal) of -y"``."""
        return f"{self.inner.title} of -y"

    def specification(self) -> Mapping[str, Any]:
        """Name, and that of the family inside."""
        return {**super().specification(), "of": dict(self.inner.specification())}

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """What the family inside prepares of -y."""
        return self.inner.prepare(xp, -y, known)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """That of the family inside."""
        return self.inner.log_density(xp, rows, eta)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the family inside."""
        return self.inner.derivatives(rows, eta)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """That of the reflected interval."""
        return self.inner.log_mass(-high, -low, known, eta, order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """That of the family inside."""
        return self.inner.expected_information(eta, known)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """That of the family inside."""
        return self.inner.start(-points, known)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form is asked for."""
        return None

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """Those of the family inside."""
        reflected = replace(
            survey,
            minimum=-survey.maximum,
            maximum=-survey.minimum,
            highest_low=-survey.lowest_high,
            lowest_high=-survey.highest_low,
        )
        return self.inner.edge_values(reflected)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Minus the quantile of what is left."""
        return -self.inner.quantile_at(1.0 - probability, theta, known)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Minus the mean."""
        return -self.inner.mean_at(theta, known)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """The variance."""
        return self.inner.variance_at(theta, known)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Minus draws of the family inside."""
        return -self.inner.sample_at(rng, size, theta, known)
