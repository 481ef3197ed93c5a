"""Priors on single parameters: the fit is then the mode of the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families import Family
from thetahat.parameters import Real
from thetahat.penalties._bound import BoundPenalty, PenaltyTerms
from thetahat.penalties._entries import Entry, entries_of, on_free_scale, without_blocks
from thetahat.penalties._layout import Layout
from thetahat.penalties._penalty import Penalty, unknown
from thetahat.penalties._slopes import LOG_CONCAVE, check_prior, log_density

Vector = NDArray[np.float64]


@final
class Prior(Penalty):
    """Maximise ℓ(θ) + Σ_j log f_j(θ_j): the mode of the posterior under independent priors on named parameters.

    f_j are densities of the parameters as they are reported, without the Jacobian of any other scale: the mode of a
    rate and that of its logarithm then differ, as modes do. Parameters that are not named have a flat prior. The
    normalising constants count, so that ``penalised_log_likelihood`` is the log of likelihood times prior density.

    Parameters
    ----------
    priors
        Distributions by parameter name: ``{"x1": th.Normal(mean=0, sd=2), "size": th.Gamma(shape=2, rate=0.1)}``. On
        the whole line Normal, Cauchy, StudentT, Logistic, Gumbel, GumbelMin and HyperbolicSecant; above 0 Exponential,
        Gamma, HalfNormal, InverseGamma, LogNormal, Maxwell, Rayleigh and Weibull; between 0 and 1 Beta.

    Raises
    ------
    ParameterError
        If a prior lacks numbers or is of another family, or (at the fit) a name is unknown, or a prior leaves out
        values that its parameter may have.

    Notes
    -----
    Weakly informative priors for logistic regressions, which are finite for separated data: Gelman, Jakulin, Pittau &
    Su (2008).

    Examples
    --------
    >>> import thetahat as th
    >>> prior = th.Prior({"rate": th.Gamma(shape=2, rate=1)})
    >>> fit = th.fit(th.Poisson(), [2, 4, 3, 5, 1], penalty=prior)
    >>> round(fit.estimates["rate"], 6)  # (Σ y + shape - 1)/(n + rate)
    2.666667
    """

    def __init__(self, priors: Mapping[str, Family]) -> None:
        if not isinstance(priors, Mapping) or not priors:
            raise ParameterError(
                f"Prior({priors!r}): give a dict of distributions, such as {{'x1': th.Normal(mean=0, sd=2)}}"
            )
        self.priors = {str(name): check_prior(prior, str(name)) for name, prior in priors.items()}

    @property
    def title(self) -> str:
        """Names and distributions, the first of many."""
        shown = [f"{name!r}: {prior!r}" for name, prior in list(self.priors.items())[:3]]
        more = len(self.priors) - len(shown)
        return f"Prior({{{', '.join(shown)}{f' and {more:,} more' if more else ''}}})"

    def describe(self) -> Mapping[str, Any]:
        """Family and numbers of each prior."""
        return {
            "kind": "prior",
            "priors": {
                name: {**prior.specification(), "parameters": dict(prior.parameters)}
                for name, prior in self.priors.items()
            },
        }

    def elsewhere(self, names: Mapping[str, str], gone: str) -> Self | None:
        """The same on theirs; a density that is proper excludes the limit of its own parameter."""
        if gone in self.priors:
            return None
        return type(self)({names.get(name, name): prior for name, prior in self.priors.items()})

    def bind(self, layout: Layout) -> BoundPenalty:
        """On the named parameters."""
        entries = entries_of(layout.table, self.priors)
        for name, prior in self.priors.items():
            if name not in entries:
                raise unknown("Prior", name, layout)
            domain, support = entries[name].parameter.domain, prior.support
            if support.lower > domain.lower or support.upper < domain.upper:
                raise ParameterError(
                    f"Prior({{{name!r}: {prior!r}}}): {name} may be {domain.describe()}, and this prior leaves out "
                    "some of that; give one that is positive there, such as th.Normal(mean=0, sd=2)"
                )
        return _Independent(layout, [(entries[name], prior) for name, prior in self.priors.items()])


class _Independent(BoundPenalty):
    """Σ log f_j; coordinates on the line are looked at together where they have the same prior."""

    def __init__(self, layout: Layout, pairs: list[tuple[Entry, Family]]) -> None:
        k = layout.table.n_free
        self._rest = []
        together: dict[str, tuple[Family, list[int]]] = {}
        for entry, prior in pairs:
            if isinstance(entry.parameter.domain, Real) and entry.unit == 1.0:
                together.setdefault(repr(prior), (prior, []))[1].append(entry.span.start)
            else:
                self._rest.append((entry, prior))
        self._lines = [(prior, np.array(places, dtype=np.intp)) for prior, places in together.values()]
        self.penalised = np.zeros(k, dtype=bool)
        for entry, _ in pairs:
            if not entry.parameter.domain.vector:
                self.penalised[entry.span] = isinstance(entry.parameter.domain, Real)
        self.concave = not self._rest and all(prior.name in LOG_CONCAVE for prior, _ in self._lines)
        precisions = [
            1.0 / prior.parameters["sd"] ** 2 if prior.name == "normal" else 0.0 for prior, _ in self._lines
        ]
        self.floor = float(min(precisions)) if precisions and not self._rest else 0.0

    def terms(self, free: Vector) -> PenaltyTerms:
        """The sum over the priors."""
        gradient, diagonal = np.zeros(free.size), np.zeros(free.size)
        total = 0.0
        for prior, places in self._lines:
            value, first, second = log_density(prior, free[places])
            total += float(np.add.reduce(value))
            gradient[places] += first
            diagonal[places] -= second
        found = [
            on_free_scale(entry, partial(log_density, prior), free, gradient, diagonal)
            for entry, prior in self._rest
        ]
        total += sum(value for value, _ in found)
        return PenaltyTerms(total, gradient, without_blocks(diagonal, [block for _, block in found]))
