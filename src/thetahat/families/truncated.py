"""A family between limits: values outside them are never seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.families._contract import Known, Theta
from thetahat.families._cut import cut, limit_of
from thetahat.families._cut_moments import covariance_of_scores, where_it_exists
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._moments import EDGES, points_of
from thetahat.families._monotone import first_float, first_integer
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, less
from thetahat.families._wrapper import Wrapper, family_inside
from thetahat.numerics.namespace import NUMPY

_WORTH_REJECTING = 0.05
"""The share of draws between the limits from which on the others are simply drawn again."""
_COARSE = 1e-3
"""The share between the limits below which a family's own quantiles do not tell one place there from another."""
_KEPT: tuple[str, ...] = (
    "declared",
    "known",
    "spikes",
    "uniqueness_truncated",
    "unbounded_in_theory",
    "region_of",
    "edges",
    "kinked",
    "open_only",
    "primary",
    "regressed",
    "increasing",
    "ordered_by_primary",
)
"""What a family declares and keeps between limits."""


@final
class Truncated(Wrapper):
    """A distribution given that its values lie in (low, high]: f(y | low < Y ≤ high) = f(y) / (F(high) - F(low)).

    Parameters, their working coordinates and their meaning are those of the family inside, so that ``mean`` is the mean
    before truncation; the method ``mean()`` is that of what is left. Of counts the value ``low`` itself is left out and
    ``high`` is not: ``low=0`` leaves out the zeros (Cohen, 1991). An exponential family stays one, so that the maximum
    of exact rows, where there is one, is the only one; there need be none, as when the values rise towards ``high``.

    Parameters
    ----------
    family
        The family, with or without numbers.
    low, high
        The limits; None where there is none, at least one being inside the support.
    y
        The response's column, where data have columns.

    Raises
    ------
    ParameterError
        If the limits leave nothing, or leave out nothing.
    ModelError
        If the family is none, or one of labels.

    Examples
    --------
    >>> import thetahat as th
    >>> positive = th.Truncated(th.Poisson(rate=1.5), low=0)
    >>> round(positive.mean(), 6), positive.log_prob(0)
    (1.930825, -inf)
    >>> fit = th.fit(th.Truncated(th.Poisson(), low=0), [1, 1, 2, 3, 1, 2])
    >>> round(fit.estimates["rate"], 6)
    1.126261
    """

    options: ClassVar[tuple[str, ...]] = ("low", "high")

    def __init__(
        self,
        family: Any,
        *,
        low: float | None = None,
        high: float | None = None,
        y: str | None = None,
        **values: Any,
    ) -> None:
        inner = family_inside("Truncated", family)
        self.low, self.high = limit_of("low", low), limit_of("high", high)
        support, self._low, self._high = cut(inner, self.low, self.high)
        self.inner = inner.carrying({}, {})
        self.support = support
        # Class data of a leaf, which here depend on the family inside.
        vars(self).update({name: getattr(inner, name) for name in _KEPT})
        vars(self).update(
            gathers=Gathering(point=inner.gathers.point, centre=inner.gathers.centre),
            uniqueness=inner.uniqueness_truncated,
            uniqueness_censored=inner.uniqueness_entered if np.isposinf(self._high) else None,
            uniqueness_entered=inner.uniqueness_entered if np.isposinf(self._high) else None,
            limits=self._limits(),
        )
        given = {**inner.given, **inner.known_values, **values}
        super().__init__(y=inner.y if y is None else y, **given)

    def __getstate__(self) -> dict[str, Any]:
        # Limits hold functions of this very family, which cannot be pickled.
        return {name: value for name, value in super().__getstate__().items() if name != "limits"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        vars(self)["limits"] = self._limits()

    def __repr__(self) -> str:
        inside = self.inner.carrying(self.given, self.known_values)
        shown = [repr(inside)]
        shown += [f"{name}={value!r}" for name, value in self.option_values.items() if value is not None]
        shown += [f"y={self.y!r}"] if self.y != self.inner.y else []
        return f"Truncated({', '.join(shown)})"

    def atoms(self) -> tuple[float, ...]:
        """Those of the family inside that lie between the limits."""
        return tuple(value for value in self.inner.atoms() if self._low < value <= self._high)

    # ---- Density and masses -------------------------------------------------------------------------------------

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """What the family inside prepares, then what is known of the rows."""
        return (*self.inner.prepare(xp, y, known), *(xp.asarray(known[name]) for name in self.known))

    def _parted(self, rows: Rows) -> tuple[Rows, Known]:
        n = len(rows) - len(self.known)
        return rows[:n], dict(zip(self.known, rows[n:], strict=True))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """The family's, less the log mass between the limits."""
        inside, known = self._parted(rows)
        value = self.inner.log_density(xp, inside, eta)
        if not xp.is_jax:
            return value - self._window(known, eta, 0).value
        from thetahat.families._bridge import log_window

        return value - log_window(self.inner, (self._low, self._high), known, eta)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """The family's, less those of the log mass between the limits."""
        inside, known = self._parted(rows)
        return less(self.inner.derivatives(inside, eta), self._window(known, eta, 2))

    def _window(self, known: Known, eta: Coordinates, order: int) -> Terms:
        """Log mass between the limits; numbers, unless a coordinate or what is known varies by row."""
        shape = np.broadcast_shapes(*(np.shape(item) for item in (*eta, *known.values())))
        low, high = np.full(shape or (1,), self._low), np.full(shape or (1,), self._high)
        terms = self.inner.log_mass(low, high, known, eta, order)
        if shape:
            return terms if order else Terms(terms.value)

        def number(item: Any) -> Any:
            return item[0] if np.ndim(item) else item

        if not order:
            return Terms(number(terms.value))
        return Terms(
            number(terms.value), tuple(map(number, terms.gradient)), tuple(map(number, terms.hessian))
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The mass of the part of an interval that lies between the limits, relative to all between them."""
        return self._relative(low, high, known, eta, order, self._window(known, eta, order))

    def _relative(
        self, low: Array, high: Array, known: Known, eta: Coordinates, order: int, window: Terms
    ) -> Terms:
        low, high = np.maximum(low, self._low), np.minimum(high, self._high)
        empty = np.floor(high) <= np.floor(low) if self.support.discrete else high <= low
        some = bool(np.any(empty))
        if some:
            low, high = np.where(empty, self._low, low), np.where(empty, self._high, high)
        terms = self.inner.log_mass(low, high, known, eta, order)
        terms = less(terms if order else Terms(terms.value), window)
        if not some:
            return terms
        return Terms(
            np.where(empty, -np.inf, terms.value),
            tuple(np.where(empty, 0.0, item) for item in terms.gradient),
            tuple(np.where(empty, 0.0, item) for item in terms.hessian),
        )

    # ---- Fitting ------------------------------------------------------------------------------------------------

    def _limits(self) -> tuple[Limit, ...]:
        return tuple(self._limited(limit) for limit in self.inner.limits)

    def _limited(self, limit: Limit) -> Limit:
        """The limit of the family inside, between the same limits; ``parameter`` must be far out already."""
        position = [parameter.name for parameter in self.inner.declared].index(limit.parameter)

        def slope(rows: Rows, eta: Coordinates) -> Any:
            inside, known = self._parted(rows)
            # ∂/∂ε of the log mass at ε = 0, extrapolated from ε = 1/parameter and from half of it.
            found = []
            for shift in (0.0, np.log(2.0)):
                moved = tuple(item + shift if index == position else item for index, item in enumerate(eta))
                found.append(-np.exp(moved[position]) * self._window(known, moved, 2).gradient[position])
            return limit.slope(inside, eta) - (2.0 * found[1] - found[0])

        return replace(limit, slope=slope)

    def limiting(self, family: Family) -> Family:
        """The limit of the family inside, between the same limits."""
        return Truncated(family, low=self.low, high=self.high)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Those of the family inside, which sees no truncation.

        Raises
        ------
        ModelError
            If the support of the family ends at its parameters.
        """
        if self.edges:
            limits = (("entry", self.low), ("exit", self.high))
            given = "".join(f", {name}={value:g}" for name, value in limits if value is not None)
            by_row = f"fit {self.inner.title} to th.Observations(y{given})"
            remedy = by_row if self.inner.ends_truncated else "choose a family of fixed support"
            raise ModelError(
                f"{self.title} cannot be fitted: the support of {self.inner.title} ends at its parameters; {remedy}"
            )
        return self.inner.start(points, known)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """There is no closed form."""
        return None

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Those of the family inside."""
        return self.inner.misfits(y, known)

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """That of the family inside: the mass between the limits has none."""
        return self.inner.kink(eta)

    def regularity(self, theta: Theta) -> str:
        """That of the family inside."""
        return self.inner.regularity(theta)

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """That of the family inside."""
        return self.inner.in_region(eta, survey)

    def region(self) -> str | None:
        """That of the family inside."""
        return self.inner.region()

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Those of the family inside."""
        return self.inner.further_starts(points)

    def regression_form(self) -> Family:
        """The regression form of the family inside, between the same limits."""
        inside: Any = self.inner.carrying(self.given, self.known_values).regression_form()
        return Truncated(inside, low=self.low, high=self.high, y=self.y)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Of a one-parameter exponential family of counts, the lowest and the highest value that is left."""
        if not self.support.discrete or len(self.declared) > 1 or self.inner.uniqueness_truncated is None:
            return False, False
        highest = np.minimum(self.support.upper, known.get("trials", np.inf))
        lowest, highest = y == self.support.lower, y == highest
        return (highest, lowest) if self.increasing else (lowest, highest)

    # ---- The distribution ---------------------------------------------------------------------------------------

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """By halving about the family's own quantile, to the last bit."""
        given = (*theta, *known.values())
        p, *rest = np.broadcast_arrays(probability, *(np.asarray(item, dtype=float) for item in given))
        shape, p = p.shape, p.ravel().astype(float)
        if any(np.ndim(item) for item in given):
            flat = [item.ravel() for item in rest]
            theta, known = tuple(flat[: len(theta)]), dict(zip(known, flat[len(theta) :], strict=True))
        eta = self.working(theta)
        sought = np.where((p == 0) | (p == 1), 0.5, p)
        guess, window = self._near_quantile(sought, theta, known, eta)

        def reached(y: Array) -> NDArray[np.bool_]:
            with np.errstate(all="ignore"):
                mass = self._relative(np.full_like(y, -np.inf), y, known, eta, 0, window)
                return np.asarray(np.exp(mass.value) >= sought)

        lower, upper = self.support.lower, self.support.upper
        if self.support.discrete:
            found = first_integer(reached, np.full(p.shape, lower - 1.0), np.full(p.shape, upper), guess)
        else:
            found = first_float(reached, np.full(p.shape, lower), np.full(p.shape, upper), guess)
        found = np.where(p == 0, lower, np.where(p == 1, upper, found))
        return np.where(np.isnan(p), np.nan, found).reshape(shape)

    def _near_quantile(self, p: Array, theta: Theta, known: Known, eta: Coordinates) -> tuple[Array, Terms]:
        """A quantile by way of the family's own, which is coarse far out in its upper tail; and the log mass."""
        with np.errstate(all="ignore"):
            window = self._window(known, eta, 0)
            before: Any = 0.0
            if self._low > -np.inf:
                ends = np.full(p.shape, -np.inf), np.full(p.shape, self._low)
                before = np.exp(self.inner.log_mass(*ends, known, eta, 0).value)
            inside = np.clip(before + p * np.exp(window.value), 0.0, 1.0)
            guess = np.asarray(self.inner.quantile_at(inside, theta, known), dtype=float)
        return np.clip(guess, self.support.lower, self.support.upper), window

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Draws of the family inside that lie between the limits; quantiles where few do."""
        varies = any(np.ndim(item) for item in (*theta, *known.values()))
        with np.errstate(all="ignore"):
            share = 0.0 if varies else float(np.exp(self._window(known, self.working(theta), 0).value))
        if not share > _WORTH_REJECTING:
            return np.asarray(self.quantile_at(rng.random(size), theta, known))
        kept: list[Array] = []
        missing = size
        while missing > 0:
            drawn = self.inner.sample_at(rng, int(missing / share) + 16, theta, known)
            drawn = drawn[(drawn > self._low) & (drawn <= self._high)][:missing]
            kept.append(drawn)
            missing -= drawn.size
        return np.concatenate(kept) if kept else self.inner.sample_at(rng, 0, theta, known)

    def _points(self, eta: Coordinates, known: Known) -> tuple[Array, Array]:
        """Points and probabilities by row, along a last axis."""
        wide = tuple(np.asarray(item)[..., None] for item in eta)
        seen = {name: np.asarray(value)[..., None] for name, value in known.items()}
        theta = self.theta(wide)
        shape = np.broadcast_shapes(EDGES.shape, *(item.shape for item in (*wide, *seen.values())))
        probability = np.broadcast_to(EDGES, shape)
        quantiles, window = self._near_quantile(probability, theta, seen, wide)
        if not np.min(np.exp(window.value)) > _COARSE:
            quantiles = np.asarray(self.quantile_at(probability, theta, seen))

        def log_density(y: Array) -> Array:
            return np.asarray(self.inner.log_density(NUMPY, self.inner.prepare(NUMPY, y, seen), wide))

        return points_of(self.support, quantiles, log_density)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """The covariance of the score, by quadrature."""
        return covariance_of_scores(self.inner, self._points, eta, known)

    def _moment(self, theta: Theta, known: Known, centre: Any, power: int) -> Any:
        y, mass = self._points(self.working(theta), known)
        with np.errstate(all="ignore"):
            return np.sum(
                np.where(mass > 0, mass * (y - np.asarray(centre)[..., None]) ** power, 0.0), axis=-1
            )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """By quadrature."""
        with np.errstate(all="ignore"):
            inside = self.inner.mean_at(theta, known)
            return where_it_exists(self.support, self._moment(theta, known, 0.0, 1), inside, signed=True)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """By quadrature."""
        with np.errstate(all="ignore"):
            mean = self.mean_at(theta, known)
            inside = self.inner.variance_at(theta, known)
            found = where_it_exists(self.support, self._moment(theta, known, mean, 2), inside, signed=False)
            return np.where(np.isfinite(mean), found, np.nan)
