"""The product-limit estimate of a distribution from right-censored rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def product_limit(
    time: Vector, weight: Vector, censored: Vector, censored_weight: Vector, entry: Vector | None = None
) -> tuple[Vector, Vector]:
    """Distinct event times and the probability at each: S(t) = Π (1 - d_j/r_j) over t_j <= t (Kaplan & Meier, 1958).

    At risk are the rows that last until t_j and entered before it (Lynden-Bell, 1971).
    """
    points, index = np.unique(time, return_inverse=True)
    if not points.size:
        return points, points
    events = np.bincount(index, weight, points.size)
    everything = np.concatenate([time, censored])
    order = np.argsort(everything, kind="stable")
    behind = np.concatenate([np.cumsum(np.concatenate([weight, censored_weight])[order][::-1])[::-1], [0.0]])
    risk = behind[np.searchsorted(everything[order], points, side="left")]
    if entry is not None:
        late = np.argsort(entry, kind="stable")
        weights = np.concatenate([weight, censored_weight])
        to_come = np.concatenate([np.cumsum(weights[late][::-1])[::-1], [0.0]])
        risk = risk - to_come[np.searchsorted(entry[late], points, side="left")]
    surviving = np.cumprod(1.0 - np.minimum(events / risk, 1.0))
    mass = -np.diff(surviving, prepend=1.0)
    return points, mass
