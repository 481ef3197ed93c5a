"""A family of other values: logarithms, powers and the like of what it is a family of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.families._bijections import Bijection, bijection_of
from thetahat.families._censored_ends import Covering, Ends
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._limit import Limit
from thetahat.families._moments import EDGES, points_of
from thetahat.families._support import Support
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._wrapper import Wrapper, family_inside
from thetahat.numerics.namespace import NUMPY

_LOST = 1e-6
"""The share of an absolute moment in the outermost panel from which on it does not exist."""
_PANEL = 16
_KEPT: tuple[str, ...] = (
    "declared",
    "known",
    "uniqueness",
    "uniqueness_censored",
    "uniqueness_truncated",
    "uniqueness_entered",
    "unbounded_in_theory",
    "region_of",
    "edges",
    "kinked",
    "between_ends",
    "open_only",
    "primary",
    "regressed",
    "increasing",
    "ordered_by_primary",
    "single_maximum",
)
"""What a family declares and keeps when its values are mapped."""


@final
class Transformed(Wrapper):
    """The distribution of y = g(x) where x has that of the family inside: f(y) = f_x(x) dx/dy, x = g⁻¹(y).

    g is increasing: ``log``, ``exp``, ``logit``, ``expit``, ``sqrt``, ``power(p)`` or ``affine(a, b)``, a + b x. So
    ``Transformed(Normal(), "exp")`` is the log-normal family, with ``mean`` and ``sd`` those of log y. Parameters,
    working coordinates and information are those of the family inside, and so is the maximum, which is that of the
    values mapped back; the log-likelihood has Σ log dx/dy beside it, and compares with those of other families of y.

    Parameters
    ----------
    family
        A family of real numbers, with or without numbers.
    bijection
        g, by name.
    y
        The response's column, where data have columns.

    Raises
    ------
    ModelError
        If the family is none, one of counts, or has values that g does not take; or if there is no such g.

    Examples
    --------
    >>> import thetahat as th
    >>> skewed = th.Transformed(th.Normal(mean=0, sd=1), "exp")
    >>> round(skewed.mean(), 6), skewed.quantile(0.5)
    (1.648721, 1.0)
    >>> fit = th.fit(th.Transformed(th.Normal(), "exp"), [1.0, 2.0, 4.0])
    >>> round(fit.estimates["mean"], 6), round(fit.log_likelihood, 6)
    (0.693147, -4.628521)
    """

    options: ClassVar[tuple[str, ...]] = ("bijection",)

    def __init__(self, family: Any, bijection: Any = None, *, y: str | None = None, **values: Any) -> None:
        inner = family_inside("Transformed", family)
        if inner.atoms():
            raise ModelError(
                f"th.Transformed(th.{inner.title}): single values have a probability beside the density, which "
                "a map does not stretch; map the data instead"
            )
        self._map = bijection_of(bijection)
        self.bijection = self._map.text
        self.support = _image(inner, self._map)
        self.inner = inner.carrying({}, {})
        # Class data of a leaf, which here depend on the family inside.
        vars(self).update({name: getattr(inner, name) for name in _KEPT})
        degree = self._map.degree
        vars(self).update(
            gathers=replace(inner.gathers, centre=None),
            spikes="anywhere" if inner.spikes == "anywhere" else "nowhere",
            affine="affine" if inner.affine == "affine" else "",
            dilation=tuple(item / degree for item in inner.dilation) if degree else (),
        )
        given = {**inner.given, **inner.known_values, **values}
        super().__init__(y=inner.y if y is None else y, **given)

    def __getstate__(self) -> dict[str, Any]:
        # A map holds functions, which cannot be pickled; its name is enough.
        return {name: value for name, value in super().__getstate__().items() if name != "_map"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        vars(self)["_map"] = bijection_of(self.bijection)

    def __repr__(self) -> str:
        shown = [repr(self.inner.carrying(self.given, self.known_values)), repr(self.bijection)]
        shown += [f"y={self.y!r}"] if self.y != self.inner.y else []
        return f"Transformed({', '.join(shown)})"

    # ---- There and back -----------------------------------------------------------------------------------------

    def _back(self, y: Any) -> Any:
        """The values of the family inside; beyond the support, its end."""
        with np.errstate(all="ignore"):
            return np.asarray(self._map.back(NUMPY, np.clip(y, self.support.lower, self.support.upper)))

    def _survey_of(self, survey: Survey) -> Survey:
        """What the rows tell of the family inside, whose prepared columns come first."""
        ends = (survey.minimum, survey.maximum, survey.highest_low, survey.lowest_high)
        least, most, highest, lowest = (float(self._back(end)) if np.isfinite(end) else end for end in ends)
        return replace(
            survey,
            minimum=least,
            maximum=most,
            highest_low=highest,
            lowest_high=lowest,
            means=survey.means[:-1] if survey.means.size else survey.means,
        )

    # ---- Density and masses -------------------------------------------------------------------------------------

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """What the family inside prepares of x, then log dx/dy."""
        return *self.inner.prepare(xp, self._map.back(xp, y), known), self._map.log_slope(xp, y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """The family's at x, and log dx/dy."""
        return self.inner.log_density(xp, rows[:-1], eta) + rows[-1]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the family inside."""
        terms = self.inner.derivatives(rows[:-1], eta)
        return terms._replace(value=terms.value + rows[-1])

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The family's mass of the interval of x."""
        low = np.where(np.isneginf(low), low, self._back(low))
        high = np.where(np.isposinf(high), high, self._back(high))
        terms = self.inner.log_mass(low, high, known, eta, order)
        # What the map takes beyond all numbers is as good as infinite.
        beyond = np.isnan(terms.value) & (np.isposinf(low) | np.isneginf(high))
        return terms._replace(value=np.where(beyond, -np.inf, terms.value)) if beyond.any() else terms

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """That of the family inside."""
        return self.inner.expected_information(eta, known)

    # ---- Fitting ------------------------------------------------------------------------------------------------

    @property
    def limits(self) -> tuple[Limit, ...]:  # type: ignore[override]
        """Those of the family inside."""
        return tuple(replace(limit, slope=_without_slope(limit)) for limit in self.inner.limits)

    def limiting(self, family: Family) -> Family:
        """The limit of the family inside, mapped likewise."""
        return Transformed(self.inner.limiting(family), self.bijection)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """That of the family inside."""
        return self.inner.start(self._back(points), known)

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Those of the family inside."""
        return self.inner.further_starts(self._back(points))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """That of the family inside."""
        return self.inner.solve(self._survey_of(survey), known)

    def solve_given(self, survey: Survey, known: Known, fixed: Mapping[str, Any]) -> Theta | None:
        """That of the family inside."""
        return self.inner.solve_given(self._survey_of(survey), known, fixed)

    def refinement(self, survey: Survey) -> Any:
        """That of the family inside."""
        refine = self.inner.refinement(self._survey_of(survey))
        return None if refine is None else lambda rows: refine(rows[:-1])

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """Those of the family inside."""
        return self.inner.edge_values(self._survey_of(survey))

    def ends_of_rows(self, rows: Covering, fixed: Mapping[str, Any]) -> Ends | None:
        """Those of the family inside."""
        lows, highs = (
            np.where(np.isfinite(ends), self._back(np.where(np.isfinite(ends), ends, 0.0)), ends)
            for ends in (rows.lows, rows.highs)
        )
        least, most = (float(self._back(end)) if rows.n_exact > 0 else end for end in (rows.least, rows.most))
        return self.inner.ends_of_rows(Covering(lows, highs, rows.weight, rows.n_exact, least, most), fixed)

    def heights(self, survey: Survey) -> tuple[Theta, ...]:
        """Those of the family inside."""
        return self.inner.heights(self._survey_of(survey))

    def collapse(self, survey: Survey) -> tuple[Mapping[str, float], float, str] | None:
        """None: the place in words would be that of x."""
        return None

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """That of the family inside."""
        return self.inner.unbounded_given(fixed, self._survey_of(survey))

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """That of the family inside."""
        return self.inner.uniqueness_given(fixed, self._survey_of(survey))

    def in_order(self, eta: Coordinates, fixed: Any) -> Coordinates | None:
        """That of the family inside."""
        return self.inner.in_order(eta, fixed)

    def submodels(self, eta: Coordinates) -> Any:
        """Those of the family inside."""
        return self.inner.submodels(eta)

    def misplaced(self, values: Mapping[str, Any]) -> str | None:
        """What the family inside finds wrong."""
        return self.inner.misplaced(values)

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """That of the family inside."""
        return self.inner.kink(eta)

    def regularity(self, theta: Theta) -> str:
        """That of the family inside."""
        return self.inner.regularity(theta)

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """That of the family inside."""
        return self.inner.in_region(eta, None if survey is None else self._survey_of(survey))

    def region(self) -> str | None:
        """That of the family inside."""
        return self.inner.region()

    def regression_form(self) -> Self:
        """The regression form of the family inside, mapped likewise."""
        inside: Any = self.inner.carrying(self.given, self.known_values).regression_form()
        return type(self)(inside, self.bijection, y=self.y)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Those of the family inside."""
        return self.inner.recession(self._back(y), known)

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """That of the family inside."""
        return self.inner.saturated(self._back(y), theta, known)

    # ---- The distribution ---------------------------------------------------------------------------------------

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """The image of the family's quantile."""
        return self._map.forward(NUMPY, self.inner.quantile_at(probability, theta, known))

    def _moment(self, theta: Theta, known: Known, centre: Any, power: int) -> Any:
        """By quadrature; infinite, or NaN, where the outermost panels hold too much of it."""
        eta = self.working(theta)
        shape = np.broadcast_shapes(*(np.shape(item) for item in (*eta, centre)))
        flat = [np.broadcast_to(item, shape).ravel() for item in (*eta, centre)]
        rows = [self._moment_of([item[row] for item in flat], known, power) for row in range(flat[0].size)]
        return np.array(rows).reshape(shape)[()]

    def _moment_of(self, eta_and_centre: list[Any], known: Known, power: int) -> float:
        *own, centre = eta_and_centre
        eta = tuple(own)
        quantiles = np.asarray(self.quantile_at(EDGES, self.theta(eta), known))
        middle = quantiles[quantiles.size // 2]

        def log_density(y: Array) -> Array:
            inside = self.support.contains(y)
            rows = self.prepare(NUMPY, np.where(inside, y, middle), known)
            return np.where(inside, self.log_density(NUMPY, rows, eta), -np.inf)

        with np.errstate(all="ignore"):
            y, mass = points_of(self.support, quantiles, log_density)
            parts = np.where(mass > 0, mass * (y - centre) ** power, 0.0)
            total = float(np.sum(np.abs(parts)))
            heavy = [
                float(np.sum(np.abs(part))) > _LOST * total for part in (parts[:_PANEL], parts[-_PANEL:])
            ]
        below, above = (
            heavy[0] and np.isneginf(self.support.lower),
            heavy[1] and np.isposinf(self.support.upper),
        )
        if below and above and power == 1:
            return float("nan")
        if below and power == 1:
            return float("-inf")
        return float("inf") if below or above or not np.isfinite(total) else float(np.sum(parts))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The image of the family's mean where g is affine; else by quadrature."""
        if self.bijection.startswith("affine"):
            return self._map.forward(NUMPY, self.inner.mean_at(theta, known))
        return self._moment(theta, known, 0.0, 1)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """That of the family inside, times b² where g is affine; else by quadrature."""
        if self.bijection.startswith("affine"):
            with np.errstate(all="ignore"):
                scale = np.exp(-self._map.log_slope(NUMPY, np.zeros(())))
                return scale * scale * self.inner.variance_at(theta, known)
        mean = self.mean_at(theta, known)
        found = self._moment(theta, known, np.where(np.isfinite(mean), mean, 0.0), 2)
        return np.where(np.isfinite(mean), found, np.nan)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """The image of the family's draws."""
        return np.asarray(self._map.forward(NUMPY, self.inner.sample_at(rng, size, theta, known)))


def _without_slope(limit: Limit) -> Any:
    return lambda rows, eta: limit.slope(rows[:-1], eta)


def _image(inner: Family, bijection: Bijection) -> Support:
    """Where g takes the support of the family inside.

    Raises
    ------
    ModelError
        If it does not take all of it, or the family is one of counts.
    """
    support = inner.support
    takes = Support(bijection.lower, bijection.upper, includes_lower=False, includes_upper=False)
    if support.discrete or support.lower < bijection.lower or support.upper > bijection.upper:
        raise ModelError(
            f"th.Transformed(th.{inner.title}, {bijection.text!r}): its values are {support.describe()}, and "
            f"{bijection.text} takes {takes.describe()}; give a family of those"
        )
    with np.errstate(all="ignore"):
        ends = np.array([support.lower, support.upper])
        lower, upper = (float(item) for item in np.asarray(bijection.forward(NUMPY, ends)))
        finite = np.isfinite(np.asarray(bijection.log_slope(NUMPY, np.array([lower, upper]))))
    return Support(
        lower,
        upper,
        discrete=False,
        includes_lower=bool(support.includes_lower and finite[0]),
        includes_upper=bool(support.includes_upper and finite[1]),
    )
