"""What rows that are not all exact cover: all that the ends of a level density depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._censored_ends import Covering
from thetahat.first_pass import Arrangement

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Intervals:
    """Rows that are not exact, in the order of the blocks."""

    lows: tuple[Vector, ...]
    highs: tuple[Vector, ...]
    weights: tuple[Vector, ...]

    def merge(self, other: _Intervals) -> _Intervals:
        return _Intervals(self.lows + other.lows, self.highs + other.highs, self.weights + other.weights)


def covering_of(arrangement: Arrangement, engine: Engine) -> Covering:
    """Gather the intervals that tell something, and the outermost exact rows."""
    model, survey = arrangement.model, arrangement.survey

    def intervals(block: Any) -> _Intervals:
        packed = block if arrangement.packed else model.pack(block)
        weight = np.ones(packed.low.shape) if packed.interval_weight is None else packed.interval_weight
        telling = (weight > 0) & (np.isfinite(packed.low) | np.isfinite(packed.high))
        return _Intervals((packed.low[telling],), (packed.high[telling],), (weight[telling],))

    gathered = engine.reduce(intervals, arrangement.blocks())
    lows, highs, weight = (
        np.concatenate(parts).astype(float) for parts in (gathered.lows, gathered.highs, gathered.weights)
    )
    return Covering(lows, highs, weight, survey.n_exact, survey.minimum, survey.maximum)
