"""The fitted distribution as rows see it: over all values of what is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ParameterError
from thetahat.families import Family
from thetahat.families.truncated import Truncated
from thetahat.models._rows import PackedRows

Vector = NDArray[np.float64]
_MOST_KNOWN = 200


@dataclass(frozen=True, slots=True)
class FittedLaw:
    """A mixture of the fitted distributions at the known quantities, such as trials, that rows have."""

    parts: tuple[Family, ...]
    shares: Vector

    @property
    def single(self) -> bool:
        """Whether all rows have the same distribution, so that it has quantiles to compare with."""
        return len(self.parts) == 1

    @property
    def family(self) -> Family:
        """One of the distributions; all have the same support and kind."""
        return self.parts[0]

    def density(self, y: Any) -> Vector:
        """Density or mass."""
        with np.errstate(all="ignore"):
            return np.sum(
                [s * part.density(y) for s, part in zip(self.shares, self.parts, strict=True)], axis=0
            )

    def cdf(self, y: Any) -> Vector:
        """P(Y <= y)."""
        return np.sum([s * part.cdf(y) for s, part in zip(self.shares, self.parts, strict=True)], axis=0)

    def quantile(self, probability: Any) -> Vector:
        """Quantile, where all rows have the same distribution."""
        return np.asarray(self.family.quantile(probability), dtype=float)


def law_of(distribution: Family, rows: PackedRows) -> FittedLaw:
    """The fitted distribution for the rows of a sample, given the limits between which they had to lie.

    Raises
    ------
    ParameterError
        If it has no mass there.
    """
    distribution = _between_limits(distribution, rows)
    varying = {name: np.asarray(value) for name, value in rows.known.items() if np.ndim(value)}
    if not varying:
        return FittedLaw((distribution,), np.ones(1))
    names = list(varying)
    weight = np.ones(rows.y.shape) if rows.weight is None else rows.weight
    table, index = np.unique(np.stack([varying[n] for n in names], axis=1), axis=0, return_inverse=True)
    counts = np.bincount(index.ravel(), weight, table.shape[0])
    if table.shape[0] > _MOST_KNOWN:
        every = np.linspace(0, table.shape[0] - 1, _MOST_KNOWN).astype(int)
        table, counts = table[every], counts[every]
    fixed = {name: value for name, value in rows.known.items() if name not in varying}
    parts = tuple(
        distribution.carrying(distribution.given, {**fixed, **dict(zip(names, row.tolist(), strict=True))})
        for row in table
    )
    return FittedLaw(parts, counts / counts.sum())


def _between_limits(distribution: Family, rows: PackedRows) -> Family:
    """The distribution between the limits of all rows; where they differ, above the lowest of them."""
    limits = rows.truncation
    if limits is None:
        return distribution
    low, high = float(limits.low.min()), float(limits.high.max())
    if limits.place is not None:
        low, high = -np.inf, np.inf
    if not (limits.same or np.isposinf(high)):
        high = np.inf
    if np.isinf(low) and np.isinf(high):
        return distribution
    known = {name: float(np.max(value)) for name, value in rows.known.items()}
    typical = distribution.carrying(distribution.given, known)
    with np.errstate(all="ignore"):
        if not np.isfinite([typical.log_sf(low), typical.log_cdf(high)]).all():
            raise ParameterError(f"{distribution!r} has no mass between {low:g} and {high:g}")
    blank = distribution.carrying({}, distribution.known_values)
    law = Truncated(blank, low=low if np.isfinite(low) else None, high=high if np.isfinite(high) else None)
    return law.carrying(distribution.given, distribution.known_values)
