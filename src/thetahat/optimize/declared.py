"""What theory says of a model before it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from thetahat.optimize.limits import LimitFit


@dataclass(frozen=True, slots=True)
class Declared:
    """What theory says of the model beforehand.

    ``n_rows`` bounds the rank of the row scores; ``sizes`` are natural magnitudes of parameters on the real
    line, from which a direction is measured.
    """

    n_obs: float
    theorem: str | None = None
    region: str | None = None
    unbounded_in_theory: str | None = None
    limits: Sequence[LimitFit] = ()
    regularity: Callable[[Mapping[str, float]], str] = field(default=lambda _: "smooth")
    seed: int = 0
    n_rows: float = np.inf
    sizes: Mapping[str, float] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """``global`` where a theorem says so."""
        return "local" if self.theorem is None else "global"
