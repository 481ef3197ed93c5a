"""Families that begin at a threshold to be estimated: guarantee times, detection limits, minimum sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError, ParameterError
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._far_threshold import FAR, NEAR
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._lower_end import can_be_infinite, order_at_end
from thetahat.families._moments import EDGES, points_of
from thetahat.families._moved import moved_mass, moved_terms
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, pairs
from thetahat.families._wrapper import Wrapper, family_inside
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Real

THRESHOLD = "threshold"
SHARE = 1e-3
"""Of the mean gap between values, what the smallest one has to be above the threshold in the regular region."""
_DISTANCES = 10.0 ** np.array([-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
"""Of the range of values, how far below them thresholds are tried."""
_ABOVE_ONE = 1.05
"""The order at the threshold from which on a start is no way to an infinite density."""


@final
class Shifted(Wrapper):
    """Threshold model: f(y) = g(y - threshold), y > threshold, with g the density of the family inside.

    Working coordinates are the threshold and those of the family, one of numbers above 0 with a scale: Shifted(Weibull)
    is the three-parameter Weibull. Where g falls from 0 on (Exponential, HalfNormal, Lomax, GeneralizedPareto) the
    likelihood rises with the threshold up to the smallest value, which is its maximum, an edge without standard error.
    Elsewhere g is of some order at 0, g(x) ~ x^(order - 1), with the shape of Weibull or Gamma as an example: standard
    errors are the usual ones where it exceeds 2 and are withheld elsewhere; below 1 the density is infinite there
    (Smith, 1985). Then, and for all log-location-scale families (Hill, 1963, for LogNormal), the likelihood has no
    bound as the threshold nears the smallest value, and the maximum sought is one at some distance from it: a
    thousandth of the mean gap between values or more. Given with their rounding as intervals, the smallest values bound
    the likelihood (Giesbrecht & Kempthorne, 1976).

    Parameters
    ----------
    family
        A family of positive numbers with a scale, with or without numbers.
    y
        The response's column, where data have columns.
    threshold
        Where it begins, and the family's own parameters by name.

    Raises
    ------
    ModelError
        If the family is none, not one of positive numbers, or has no scale.

    Examples
    --------
    >>> import thetahat as th
    >>> life = th.Shifted(th.Weibull(shape=2, scale=3), threshold=10)
    >>> round(life.mean(), 6), life.quantile(0)
    (12.658681, 10.0)
    >>> fit = th.fit(th.Shifted(th.Exponential()), [3.0, 4.0, 8.0])
    >>> fit.estimates["threshold"], round(fit.estimates["rate"], 6), fit.certificate.verdict.value
    (3.0, 0.5, 'boundary')
    """

    regressed: ClassVar[bool] = False
    support = REAL_LINE

    def __init__(self, family: Any, *, y: str | None = None, **values: Any) -> None:
        inner = family_inside("Shifted", family)
        _refuse(inner)
        self.inner = inner.carrying({}, {})
        self.declared = (Parameter(THRESHOLD, Real(), (-3.0, 3.0)), *inner.declared)
        falls = inner.decreasing
        # Class data of a leaf, which here depend on the family inside.
        vars(self).update(
            scales=(THRESHOLD, *inner.scales) if inner.scales or inner.inverse_scales else (),
            inverse_scales=inner.inverse_scales,
            spikes="anywhere",
            gathers=_gathers(inner.gathers),
            edges=(THRESHOLD,) if falls else (),
            open_only=falls,
            uniqueness=_sole(inner.uniqueness) if falls else None,
            uniqueness_censored=_sole(inner.uniqueness_censored) if falls else None,
            unbounded_in_theory=None if falls or not can_be_infinite(inner, {}) else _UNBOUNDED,
            region_of=() if falls else (THRESHOLD,),
        )
        super().__init__(y=inner.y if y is None else y, **{**inner.given, **values})

    @property
    def limits(self) -> tuple[Limit, ...]:  # type: ignore[override]
        """The family of the whole line that some become as the threshold falls, the shape with it."""
        return (FAR[self.inner.name],) if self.inner.name in FAR else ()

    def __repr__(self) -> str:
        own = self.given.get(THRESHOLD)
        inside = {name: value for name, value in self.given.items() if name != THRESHOLD}
        shown = [repr(self.inner.carrying(inside, {}))]
        shown += [f"{THRESHOLD}={own!r}"] if own is not None else []
        shown += [f"y={self.y!r}"] if self.y != self.inner.y else []
        return f"Shifted({', '.join(shown)})"

    # ---- Density and masses -------------------------------------------------------------------------------------

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def _above(self, xp: Any, x: Any) -> tuple[Any, Any]:
        """Whether distances from the threshold are in the family's support, and the distances, or 1."""
        inside = x >= 0 if self.inner.support.includes_lower else x > 0
        return inside, xp.where(inside, x, 1.0)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log g(y - threshold), -inf up to the threshold."""
        inside, x = self._above(xp, rows[0] - eta[0])
        return xp.where(inside, self.inner.log_density(xp, self.inner.prepare(xp, x, {}), eta[1:]), -np.inf)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the family at the distance, whose scale tells how its density changes with that."""
        with np.errstate(all="ignore"):
            inside, x = self._above(NUMPY, np.asarray(rows[0] - eta[0]))
            terms = moved_terms(self.inner, x, eta[1:])
            return Terms(
                np.where(inside, terms.value, -np.inf),
                tuple(np.where(inside, item, 0.0) for item in terms.gradient),
                tuple(np.where(inside, item, 0.0) for item in terms.hessian),
            )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """That of the family between distances from the threshold."""
        with np.errstate(all="ignore"):
            return moved_mass(self.inner, np.asarray(low - eta[0]), np.asarray(high - eta[0]), eta[1:], order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """The covariance of the score by quadrature; that of the threshold exists where the order exceeds 2."""
        shape = np.broadcast_shapes(*(np.shape(item) for item in eta))
        flat = [np.broadcast_to(item, shape).ravel() for item in eta]
        rows = [self._information(tuple(item[row] for item in flat)) for row in range(flat[0].size)]
        return tuple(np.array(entry).reshape(shape)[()] for entry in zip(*rows, strict=True))

    def _information(self, eta: Coordinates) -> list[float]:
        inner, own = self.inner, eta[1:]
        with np.errstate(all="ignore"):

            def log_density(x: Array) -> Array:
                return np.asarray(inner.log_density(NUMPY, inner.prepare(NUMPY, x, {}), own))

            x, mass = points_of(
                inner.support, np.asarray(inner.quantile_at(EDGES, inner.theta(own), {})), log_density
            )
            scores = [np.where(mass > 0, item, 0.0) for item in moved_terms(inner, x, own).gradient]
            found = [float(np.sum(mass * scores[i] * scores[j])) for i, j in pairs(len(eta))]
        regular = not inner.decreasing and order_at_end(inner, own) > 2
        return [
            item if regular or j else float(np.nan)
            for item, (_, j) in zip(found, pairs(len(eta)), strict=True)
        ]

    # ---- Fitting ------------------------------------------------------------------------------------------------

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The best of several thresholds, with the start of the family inside for the distances from each."""
        found = self._starts(points)
        return next((theta for likely, _, theta in found if likely), found[0][2])

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """The others, a kind for each."""
        if self.inner.decreasing:
            return ()
        return tuple(
            tuple(np.asarray(item)[..., np.newaxis] for item in theta) for *_, theta in self._starts(points)
        )

    def _starts(self, points: NDArray[np.float64]) -> list[tuple[bool, float, Theta]]:
        """Thresholds below the points with what goes with them: one near a maximum, then the highest likelihood first.

        Each with whether it is no way to an infinite density.
        """
        inner = self.inner
        least, most = float(np.min(points)), float(np.max(points))
        extent = min(most - least, 1e300) if most > least else max(0.1 * abs(least), 1e-300)
        nearest = 8.0 * float(np.spacing(max(abs(least), abs(most))))
        found: list[tuple[bool, float, Theta]] = []
        for distance in [0.05 / points.size] if inner.decreasing else _DISTANCES:
            threshold = self.given.get(THRESHOLD, max(least - max(extent * distance, nearest), -1e307))
            x = np.minimum(points - threshold, 1e307)
            x = np.where(x > 0, x, nearest)
            theta = inner.start(x, {})
            eta = inner.working(theta)
            with np.errstate(all="ignore"):
                height = float(np.sum(inner.log_density(NUMPY, inner.prepare(NUMPY, x, {}), eta)))
                likely = bool(order_at_end(inner, eta) > _ABOVE_ONE)
            found.append((likely, height if np.isfinite(height) else -np.inf, (threshold, *theta)))
        nearest_maximum: list[tuple[bool, float, Theta]] = []
        near = None if THRESHOLD in self.given or inner.name not in NEAR else NEAR[inner.name](points)
        if near is not None and near[0] < least:
            eta = inner.working(near[1:])
            with np.errstate(all="ignore"):
                rows = inner.prepare(NUMPY, points - near[0], {})
                height = float(np.sum(inner.log_density(NUMPY, rows, eta)))
            # It is near a maximum, and higher ones may be on the way to an infinite density.
            nearest_maximum = [(True, height, near)] if np.isfinite(height) else []
        return nearest_maximum + sorted(found, key=lambda item: -item[1])

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """There is no closed form."""
        return None

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """The smallest exact value: rows that are open above pull the threshold upwards, or not at all."""
        open_above = np.isposinf(survey.lowest_high) and not survey.truncated
        return {THRESHOLD: survey.minimum} if self.edges and survey.n_exact > 0 and open_above else {}

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """That of the family inside where the threshold is fixed."""
        if set(fixed) != {THRESHOLD}:
            return None
        return self.inner.uniqueness if survey.all_exact else self.inner.uniqueness_censored

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where the threshold is fixed, or what would make the density infinite there."""
        inside = {name: value for name, value in fixed.items() if name != THRESHOLD}
        if THRESHOLD in fixed or self.unbounded_in_theory is None:
            return None
        return self.unbounded_in_theory if can_be_infinite(self.inner, inside) else None

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """The smallest value at some distance from the threshold, and the region of the family inside."""
        if survey is None or not survey.n_exact > 0:
            return self.inner.in_region(eta[1:], survey)
        distance = survey.minimum - float(eta[0])
        if not self.edges and not distance > SHARE * (survey.maximum - survey.minimum) / survey.n_obs:
            return False
        there = replace(survey, minimum=distance, maximum=survey.maximum - float(eta[0]))
        return self.inner.in_region(eta[1:], there)

    def region(self) -> str | None:
        """The distance of the threshold from the smallest value."""
        if self.unbounded_in_theory is None:
            return self.inner.region()
        return "the threshold below the smallest value by a thousandth of the mean gap between values or more"

    def regularity(self, theta: Theta) -> str:
        """``edge`` where the density falls from the threshold on; smooth where its order there exceeds 2."""
        if self.edges:
            return "edge"
        with np.errstate(all="ignore"):
            regular = order_at_end(self.inner, self.inner.working(theta[1:])) > 2
        return self.inner.regularity(theta[1:]) if regular else "irregular"

    # ---- The distribution ---------------------------------------------------------------------------------------

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """The threshold and the family's quantile."""
        return theta[0] + self.inner.quantile_at(probability, theta[1:], known)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The threshold and the family's mean."""
        return theta[0] + self.inner.mean_at(theta[1:], known)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """The family's."""
        return self.inner.variance_at(theta[1:], known)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """The threshold and the family's draws."""
        return np.asarray(theta[0] + self.inner.sample_at(rng, size, theta[1:], known))


_UNBOUNDED = (
    "the likelihood rises without bound as the threshold nears the smallest value; it would be bounded if the smallest "
    "values were given with their rounding as intervals"
)


def _refuse(inner: Family) -> None:
    if any(parameter.name == THRESHOLD for parameter in inner.declared):
        raise ParameterError(f"Shifted({inner!r}): it has a {THRESHOLD} already")
    support = inner.support
    if support.discrete or support.lower != 0 or not np.isposinf(support.upper) or inner.edges:
        raise ModelError(
            f"th.Shifted(th.{inner.title}): its values are {support.describe()}; give a family of positive numbers, "
            "such as th.Weibull()"
        )
    if not inner.dilation or (support.includes_lower and not inner.decreasing):
        what = "has no scale" if not inner.dilation else "has a density that may begin anywhere and rise"
        raise ModelError(
            f"th.Shifted(th.{inner.title}): the family {what}, so that its threshold is not told; give one such as "
            "th.Weibull(), th.Gamma() or th.LogNormal()"
        )


def _sole(theorem: str | None) -> str | None:
    """Why there is one maximum where the threshold lies on the smallest value."""
    if theorem is None:
        return None
    return f"the likelihood rises with the threshold up to the smallest value, and from there on: {theorem}"


def _gathers(inside: Gathering) -> Gathering:
    """Mass at the family's lower end, or about a point, is about a point wherever the threshold is."""
    way = inside.point if inside.point is not None else next(iter(inside.lower), None)
    return Gathering(
        upper=({THRESHOLD: np.inf}, *inside.upper),
        lower=({THRESHOLD: -np.inf},),
        point=None if way is None else dict(way),
    )
