"""The criteria by which models are ranked, each the smaller the better, and the weights of evidence made of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.fit import Fit


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion on the scale of -2 log-likelihoods; ``of`` is None where it takes more than the fit."""

    name: str
    title: str
    of: Callable[[Fit], float] | None
    weights: str


CRITERIA = {
    criterion.name: criterion
    for criterion in (
        Criterion("aic", "AIC", lambda fit: fit.aic, "Akaike weights exp(-Δ/2)/Σ exp(-Δ/2)"),
        Criterion("aicc", "AICc", lambda fit: fit.aicc, "Akaike weights exp(-Δ/2)/Σ exp(-Δ/2)"),
        Criterion(
            "bic",
            "BIC",
            lambda fit: fit.bic,
            "weights exp(-Δ/2)/Σ exp(-Δ/2): probabilities of equally likely models",
        ),
        Criterion(
            "cv", "CV", None, "pseudo-Bayes weights exp(-Δ/2)/Σ exp(-Δ/2) of cross-validated likelihoods"
        ),
    )
}


def criterion_named(name: str, among: tuple[str, ...] = tuple(CRITERIA)) -> Criterion:
    """The criterion of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name not in among:
        raise ModelError(f"criterion={name!r}: choose from {', '.join(among)}")
    return CRITERIA[name]


def weights_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-Δ/2)/Σ exp(-Δ/2) (Burnham & Anderson, 2002, 2.9); NaN where no score is finite.

    Examples
    --------
    >>> weights_of(np.array([10.0, 12.0, np.inf]))
    array([0.731059, 0.268941, 0.      ])
    """
    lowest = scores.min(initial=np.inf)
    if not np.isfinite(lowest):
        return np.full(scores.shape, np.nan)
    relative = np.exp(-0.5 * (scores - lowest))
    return relative / relative.sum()


def differences_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Δ to the lowest score; NaN where no score is finite."""
    lowest = scores.min(initial=np.inf)
    if not np.isfinite(lowest):
        return np.full(scores.shape, np.nan)
    return scores - lowest
