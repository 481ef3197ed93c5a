"""Firth's penalty: Jeffreys' prior of a regression with the canonical link, which takes out the first-order bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.penalties._bound import BoundPenalty, PenaltyTerms
from thetahat.penalties._curvature import Curvature
from thetahat.penalties._layout import Layout
from thetahat.penalties._penalty import Penalty

Vector = NDArray[np.float64]
FAMILIES = ("bernoulli", "binomial", "poisson")


@final
class Firth(Penalty):
    """Maximise ℓ(β) + ½ log |I(β)|, I = XᵀWX: the bias of order 1/n leaves the estimates (Firth, 1993).

    For regressions with the canonical link: logit of Bernoulli and Binomial, log of Poisson. Whatever the responses,
    the estimates are finite: separated data have their maximum as well (Heinze & Schemper, 2002; Kosmidis & Firth,
    2021, for the logit). The score is Xᵀ(u + ½ h κ₃/κ₂), h the leverages of WX and κ the cumulants of a row, so that
    a logistic regression is one with ½h successes and ½h failures added to each row. Standard errors are the roots of
    the diagonal of I⁻¹ at the estimates, as is the custom; profile intervals are those of the penalised likelihood.

    Raises
    ------
    ModelError
        At the fit, where the model is no regression with a canonical link.

    Examples
    --------
    >>> import thetahat as th
    >>> X, y = [[-1.0], [0.0], [1.0], [2.0]], [0, 0, 1, 1]  # separated
    >>> fit = th.regress(X, y, th.Bernoulli(), intercept=True, penalty=th.Firth())
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}, fit.certificate.verdict.value
    ({'Intercept': -0.655, 'x0': 1.3099}, 'maximum')
    """

    needs_rows = True

    @property
    def title(self) -> str:
        """As it is written."""
        return "Firth()"

    def describe(self) -> Mapping[str, Any]:
        """Its name is all there is."""
        return {"kind": "firth"}

    def elsewhere(self, names: Mapping[str, str], gone: str) -> Self | None:
        """The same: families of which it is one have no limits."""
        return self

    def bind(self, layout: Layout) -> BoundPenalty:
        """Refuse models for which it is no penalty."""
        if layout.canonical not in FAMILIES:
            raise ModelError(
                "th.Firth() is for regressions with the canonical link alone: th.Bernoulli() and th.Binomial() with "
                "the logit, th.Poisson() with the log, all rows known exactly. Give a prior instead: th.Ridge(1.0)"
            )
        return _FromRows(layout)


class _FromRows(BoundPenalty):
    """Nothing by itself: what it is comes from the rows."""

    concave = False
    floor = 0.0

    def __init__(self, layout: Layout) -> None:
        self.penalised = np.zeros(layout.table.n_free, dtype=bool)

    def terms(self, free: Vector) -> PenaltyTerms:
        """0."""
        return PenaltyTerms(0.0, np.zeros(free.size), Curvature(np.zeros(free.size)))


def cumulants(family: str, eta: Vector, trials: Any) -> tuple[Vector, Vector, Vector]:
    """The variance of a row, and its first and second derivative in the natural parameter: κ₂, κ₃ and κ₄.

    Examples
    --------
    >>> [float(k) for k in cumulants("bernoulli", np.array(0.0), 1)]
    [0.25, 0.0, -0.125]
    """
    if family == "poisson":
        rate = np.exp(eta)
        return rate, rate, rate
    tail = np.exp(-np.abs(eta))
    variance = tail / (1.0 + tail) ** 2
    skew = -np.tanh(0.5 * eta)
    return trials * variance, trials * variance * skew, trials * variance * (1.0 - 6.0 * variance)
