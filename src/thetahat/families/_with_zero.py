"""Families that give zero a probability of its own: what inflated and hurdle families share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import ParameterError
from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._wrapper import Wrapper, family_inside
from thetahat.numerics.elementary import log_expit
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, UnitInterval

ZERO_PROB = "zero_prob"
_LEAST, _MOST = 0.02, 0.98


class WithZero(Wrapper):
    """Zero has the probability ``zero_prob`` of its own; with the rest the value comes from the family inside.

    Working coordinates are the logit of ``zero_prob`` and those of the family inside.
    """

    def __init__(self, family: Any, *, y: str | None = None, **values: Any) -> None:
        name = type(self).__name__
        inner = family_inside(name, family)
        self._refuse(inner)
        if any(parameter.name == ZERO_PROB for parameter in inner.declared):
            raise ParameterError(f"{name}({inner!r}): it has a {ZERO_PROB} already")
        self.inner = inner.carrying({}, {})
        self.declared = (Parameter(ZERO_PROB, UnitInterval(), (0.05, 0.7)), *inner.declared)
        # Class data of a leaf, which here depend on the family inside.
        vars(self).update(
            known=inner.known,
            primary=inner.primary or inner.declared[0].name,
            increasing=inner.increasing,
            ordered_by_primary=inner.ordered_by_primary,
            regressed=inner.regressed and not inner.edges,
            region_of=inner.region_of,
            unbounded_in_theory=inner.unbounded_in_theory,
            gathers=_gathers(inner.gathers),
            **self._facts(inner),
            limits=self._limits(),
        )
        given = {**inner.given, **inner.known_values, **values}
        super().__init__(y=inner.y if y is None else y, **given)

    @abstractmethod
    def _refuse(self, inner: Family) -> None:
        """Raise where the family inside is none that can be wrapped; set the support."""

    @abstractmethod
    def _facts(self, inner: Family) -> dict[str, Any]:
        """Further class data that depend on the family inside."""

    @abstractmethod
    def _inside(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """log P(low < Y <= high) of the part that comes from the family inside; ``eta`` is that family's."""

    @abstractmethod
    def _slope(self, limit: Limit, rows: Rows, eta: Coordinates) -> Any:
        """∂ log p/∂ε by row, from a limit of the family inside."""

    def __getstate__(self) -> dict[str, Any]:
        # Limits hold functions of this very family, which cannot be pickled.
        return {name: value for name, value in super().__getstate__().items() if name != "limits"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        vars(self)["limits"] = self._limits()

    def __repr__(self) -> str:
        own = self.given.get(ZERO_PROB)
        inside = {name: value for name, value in self.given.items() if name != ZERO_PROB}
        shown = [repr(self.inner.carrying(inside, self.known_values))]
        shown += [f"{ZERO_PROB}={own!r}"] if own is not None else []
        shown += [f"y={self.y!r}"] if self.y != self.inner.y else []
        return f"{type(self).__name__}({', '.join(shown)})"

    def _again(self, inner: Family) -> Self:
        """The same wrapper around another family, with its number."""
        own = {name: value for name, value in self.given.items() if name == ZERO_PROB}
        return type(self)(inner, y=self.y, **own)

    def regression_form(self) -> Self:
        """The same wrapper around the regression form of the family inside."""
        inside = {name: value for name, value in self.given.items() if name != ZERO_PROB}
        found: Any = self.inner.carrying(inside, self.known_values).regression_form()
        return self._again(found)

    def limiting(self, family: Family) -> Family:
        """The same wrapper around the limit of the family inside."""
        return type(self)(family)

    def _limits(self) -> tuple[Limit, ...]:
        return tuple(self._limited(limit) for limit in self.inner.limits)

    def _limited(self, limit: Limit) -> Limit:
        """The limit of the family inside; ``parameter`` must be far out already."""

        def slope(rows: Rows, eta: Coordinates) -> Any:
            return self._slope(limit, rows, eta)

        return replace(limit, names={ZERO_PROB: ZERO_PROB, **limit.names}, slope=slope)

    # ---- Masses -------------------------------------------------------------------------------------------------

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """log of the mass of zero, where it lies in the interval, plus that of the rest."""
        inside = self._inside(low, high, known, eta[1:], order)
        return mixed((low < 0) & (high >= 0), inside, eta[0], order)

    def _at_zero(self, known: Known, eta: Coordinates, order: int) -> Terms:
        """The family's log mass of a zero; numbers, unless a coordinate or what is known varies by row."""
        shape = np.broadcast_shapes(*(np.shape(item) for item in (*eta, *known.values())))
        rows = self.inner.prepare(NUMPY, np.zeros(shape), known)
        if not order:
            return Terms(self.inner.log_density(NUMPY, rows, eta))
        return self.inner.derivatives(rows, eta)

    # ---- Fitting ------------------------------------------------------------------------------------------------

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The share of zeros that the family inside leaves unexplained, and its start from the other values."""
        zero = points == 0
        rest, seen = (
            points[~zero],
            {name: value[~zero] if np.ndim(value) else value for name, value in known.items()},
        )
        if not rest.size:
            rest, seen = np.ones(1), {name: np.max(value) for name, value in known.items()}
        inside = self.inner.start(rest, seen)
        share = self._unexplained(float(np.mean(zero)), inside, seen)
        return float(np.clip(share, _LEAST, _MOST)), *inside

    @abstractmethod
    def _unexplained(self, share: float, inside: Theta, known: Known) -> float:
        """The probability of its own that zero needs where it has this share."""

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """There is no closed form."""
        return None

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Those of the family inside."""
        return self.inner.misfits(y, known)

    def regularity(self, theta: Theta) -> str:
        """That of the family inside."""
        return self.inner.regularity(theta[1:])

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """That of the family inside."""
        return self.inner.in_region(eta[1:], survey)

    def region(self) -> str | None:
        """That of the family inside."""
        return self.inner.region()

    # ---- The distribution ---------------------------------------------------------------------------------------

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Zero up to its probability; then that of the family inside, for counts to the last bit."""
        zero_prob = np.asarray(theta[0], dtype=float)
        rest = np.clip((probability - zero_prob) / np.where(zero_prob < 1, 1.0 - zero_prob, 1.0), 0.0, 1.0)
        guess = self._rest_quantile(rest, theta[1:], known)
        if not self.support.discrete:
            return np.where(probability <= zero_prob, 0.0, guess)
        eta = self.working(theta)

        def cdf(k: Array) -> Array:
            return np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value)

        return lattice_quantile(
            probability, cdf, guess, self.inner.quantile_at(np.ones(()), theta[1:], known)
        )

    def _rest_quantile(self, probability: Array, theta: Theta, known: Known) -> Any:
        return self.inner.quantile_at(probability, theta, known)


def mixed(zero: Any, inside: Terms, logit: Any, order: int) -> Terms:
    """log(p [zero] + (1 - p) exp(M)) with derivatives in the logit of p and the coordinates of M.

    Where zero is there the value may be near 0: with m = 1 - exp(M) it is log(1 - (1 - p) m), and all that follows is
    written so that nothing is left of the terms that cancel at small m.
    """
    with np.errstate(all="ignore"):
        p, q = special.expit(logit), special.expit(-np.asarray(logit))
        scaled = log_expit(-np.asarray(logit)) + inside.value
        missing = -np.expm1(np.minimum(inside.value, 0.0))
        whole = np.where(q * missing < 0.5, np.log1p(-q * missing), np.logaddexp(log_expit(logit), scaled))
        value = np.where(zero, whole, scaled)
        if not order:
            return Terms(value)
        total = np.exp(whole)
        share = np.where(zero, np.exp(scaled - whole), 1.0)
        other = np.where(zero, p / total, 0.0)
        by_logit = np.where(zero, p * q * missing / total, -p)
        bend = np.where(zero, missing * ((p - q) + q * q * missing) / total / total, 1.0)
        gradient = [np.where(share == 0, 0.0, item) for item in inside.gradient]
        hessian = [-p * q * bend]
        position = 0
        for i, first in enumerate(gradient):
            hessian.append(-share * other * first)
            for j in range(i + 1):
                second = np.where(share == 0, 0.0, inside.hessian[position])
                hessian.append(share * second + share * other * first * gradient[j])
                position += 1
    return Terms(value, (by_logit, *(share * item for item in gradient)), tuple(hessian))


def _gathers(inside: Gathering) -> Gathering:
    """Zero's own probability gathers mass at the lower end too, and must vanish where it gathers elsewhere."""
    upper = tuple({**way, ZERO_PROB: 0.0} for way in inside.upper)
    return Gathering(
        upper=upper,
        lower=({ZERO_PROB: 1.0}, *inside.lower),
        both=dict(inside.upper[0]) if inside.upper else None,
    )
