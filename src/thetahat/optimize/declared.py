"""What theory says of a model before it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.families import Family
from thetahat.families._contract import FamilyContract
from thetahat.families._survey import Survey
from thetahat.optimize.limit_fit import LimitFit


def smooth(_: Mapping[str, float]) -> str:
    """Regularity that needs no look at the parameters."""
    return "smooth"


def always_smooth(family: Family) -> bool:
    """Whether the family leaves it at the contract's word that it is smooth everywhere."""
    return type(family).regularity is FamilyContract.regularity and not family.edges


@dataclass(frozen=True, slots=True)
class Declared:
    """What theory says of the model beforehand.

    ``n_rows`` bounds the rank of the row scores; ``sizes`` are natural magnitudes of parameters on the real
    line, from which a direction is measured; ``penalty`` is what the penalty is called where there is one;
    ``remedy`` says what to do where the likelihood is unbounded, which no probability of counts is: ``bounded``;
    ``attained`` computes a value that ℓ has somewhere, below which no supremum is.
    """

    n_obs: float
    theorem: str | None = None
    region: str | None = None
    unbounded_in_theory: str | None = None
    limits: Sequence[LimitFit] = ()
    regularity: Callable[[Mapping[str, float]], str] = smooth
    seed: int = 0
    n_rows: float = np.inf
    sizes: Mapping[str, float] = field(default_factory=dict)
    penalty: str | None = None
    bounded: bool = False
    attained: Callable[[], float] | None = None
    remedy: str = (
        "give the values with their rounding as intervals (th.Observations.interval), or fix a parameter"
    )

    @property
    def what(self) -> str:
        """What is maximised, after the word maximum."""
        return "" if self.penalty is None else f" of the likelihood penalised by {self.penalty}"

    @property
    def scope(self) -> str:
        """``global`` where a theorem says so."""
        return "local" if self.theorem is None else "global"


def unless_fixed(kind: str, family: Family, fixed: Collection[str]) -> str:
    """A kind of regularity; a singular information is regular in what is left where what makes it singular is fixed."""
    return "smooth" if kind == "singular" and any(name in fixed for name in family.region_of) else kind


def theorem_of(family: Family, survey: Survey) -> str | None:
    """Why a stationary point is the only one for rows of this kind; truncation voids what holds for other rows."""
    if not survey.truncated:
        return family.uniqueness if survey.all_exact else family.uniqueness_censored
    if survey.all_exact:
        return family.uniqueness_truncated
    return family.uniqueness_entered if survey.n_exits == 0 else None
