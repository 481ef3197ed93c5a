"""The outcome where the rows show, before any search, that no maximum lies inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import gathered
from thetahat.optimize.existence import gathered as find_gathered
from thetahat.optimize.existence import spike
from thetahat.optimize.findings import unbounded
from thetahat.optimize.outcome import Outcome


def settled(
    arrangement: Arrangement, engine: Engine, likelihood: Likelihood, declared: Declared
) -> Outcome | None:
    """Rows without a bound on ℓ, or with a place where all mass gathers; None where it takes a search."""
    table = arrangement.model.table
    place = spike(arrangement) or find_gathered(arrangement, engine)
    if place is None and arrangement.model.family.outweighed(arrangement.model.table.fixed) is not None:
        from thetahat.optimize.ties import on_a_tie

        place = on_a_tie(arrangement, engine, likelihood)
    if isinstance(place, str):
        return unbounded(table, None, declared, place)
    return None if place is None else gathered(table, safe_guess(arrangement), place, declared)


def safe_guess(arrangement: Arrangement) -> NDArray[np.float64]:
    """The family's start values in free coordinates, 0 where they are no number."""
    guess = arrangement.model.starting_values(arrangement.sample)
    return np.where(np.isfinite(guess), guess, 0.0)
