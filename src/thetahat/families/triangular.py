"""The triangular family: a smallest, a most likely and a largest value, and straight lines between them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._row_sums import SummedByRows, Sums, Vectors, total, total_of_product
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, pairs
from thetahat.families._triangle_search import best_triangle, spread_triangles
from thetahat.numerics.namespace import NUMPY, namespace
from thetahat.parameters import Parameter, Real

_LOG_2 = float(np.log(2.0))


@final
class Triangular(SummedByRows, Family):
    """Triangular distribution: f(y) = 2 (y - low)/((high - low)(mode - low)) up to the mode, and likewise beyond it.

    Working coordinates are low, mode and high. Mean (low + mode + high)/3. Between two values ℓ is convex in the mode,
    so that its maximum is at one of the values, or where mode and low, or mode and high, meet in an outermost one
    (Oliver, 1972; Kotz & van Dorp, 2004). Low and high lie beyond the outermost values; the information on them is
    infinite, and there are no standard errors. Limits of truncation let them lie inside what no row can be, where the
    slopes of the sides tell them. With censored rows or limits a right angle may lie anywhere beyond the exact values:
    both are fitted as families of their own, and the highest of all that was found is told, or the supremum where an
    end runs away.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.Triangular(low=0, mode=1, high=4)
    >>> round(float(law.cdf(1.0)), 6), round(law.mean(), 6)
    (0.25, 1.666667)
    >>> fit = th.fit(th.Triangular(), [1.2, 1.9, 2.2, 2.4, 2.6, 2.8, 3.0, 3.3, 3.7, 4.5])
    >>> fit.estimates["mode"], fit.certificate.verdict.value
    (2.6, 'maximum')
    >>> th.fit(th.Triangular(), [1.0, 2.0, 3.5]).certificate.verdict.value
    'boundary'
    """

    declared = (
        Parameter("low", Real(), (-3.0, -1.0)),
        Parameter("mode", Real(), (-0.5, 0.5)),
        Parameter("high", Real(), (1.0, 4.0)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"low": np.nan, "mode": np.nan, "high": np.nan},),
        lower=({"low": np.nan, "mode": np.nan, "high": np.nan},),
        both={"low": -np.inf, "high": np.inf},
        point={"low": np.nan, "high": np.nan},
    )
    scales: ClassVar[tuple[str, ...]] = ("low", "mode", "high")
    spikes: ClassVar[str] = "anywhere"
    edges: ClassVar[tuple[str, ...]] = ("low", "high")
    ends_truncated: ClassVar[bool] = True
    kinked: ClassVar[str] = "mode"
    regressed: ClassVar[bool] = False
    n_scratch: ClassVar[int] = 1

    def misplaced(self, values: Mapping[str, Any]) -> str | None:
        """Low, mode and high in the wrong order."""
        given = [values[name] for name in ("low", "mode", "high") if name in values]
        if namespace(*given).is_jax:
            return None
        if any(np.any(np.asarray(a) > np.asarray(b)) for a, b in pairwise(given)):
            return "low must not exceed mode, nor mode high"
        if {"low", "high"} <= values.keys() and np.any(np.asarray(values["low"]) >= values["high"]):
            return "low must lie below high"
        return None

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log of the height at the mode, and of the share of it that is left on the way down to either end."""
        (y,) = rows
        low, mode, high = eta
        before, after = y < mode, y > mode
        up, down = (xp.where(side > 0, side, 1.0) for side in (mode - low, high - mode))
        share = xp.where(before, (y - low) / up, xp.where(after, (high - y) / down, 1.0))
        inside = (share > 0) & (low <= mode) & (mode <= high) & (low < high)
        width = xp.where(low < high, high - low, 1.0)
        return xp.where(inside, _LOG_2 - xp.log(width) + xp.log(xp.where(inside, share, 1.0)), -np.inf)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Of rows on either side; at the mode itself the slope in it is the mean of both."""
        (y,) = rows
        low, mode, high = (np.asarray(item, dtype=float) for item in eta)
        before, after = y < mode, y > mode
        with np.errstate(all="ignore"):
            width, up, down = 1.0 / (high - low), 1.0 / (mode - low), 1.0 / (high - mode)
            rise = np.where(before, 1.0 / (y - low), 0.0)
            fall = np.where(after, 1.0 / (high - y), 0.0)
            left, right = np.where(before, up, 0.0), np.where(after, down, 0.0)
            at_mode = 0.5 * (down - up)
            by_mode = np.where(before, -up, np.where(after, down, at_mode))
            square = width * width
            hessian = (
                square - rise * rise + left * left,
                -left * left,
                np.where(before, up * up, np.where(after, down * down, 0.5 * (up * up + down * down))),
                np.broadcast_to(-square, np.shape(by_mode)),
                -right * right,
                square - fall * fall + right * right,
            )
        gradient = (width - rise + left, by_mode, fall - right - width)
        return Terms(self.log_density(NUMPY, rows, eta), gradient, hessian)

    def row_sums(
        self,
        rows: Rows,
        weight: Array | None,
        eta: Coordinates,
        scratch: Vectors,
        *,
        scores: bool,
    ) -> Sums | None:
        """Sums of logs and inverses of the distances from the ends, of the rows on either side of the mode."""
        low, mode, high = (float(item) for item in eta)
        if scores or not low < mode < high:
            return None
        (y,) = rows
        before, after = y < mode, y > mode
        sides = []
        for side, sign, end in ((before, 1.0, low), (after, -1.0, high)):
            distance = np.subtract(y[side], end)
            distance *= sign
            if distance.size and not np.min(distance) > 0.0:
                return None
            own = None if weight is None else weight[side]
            n = float(distance.size) if own is None else float(np.add.reduce(own))
            logs = np.log(distance, out=scratch[0][: distance.size])
            logged = total(logs, own, logs)
            inverse = np.divide(1.0, distance, out=distance)
            once = total(inverse, own, scratch[0][: distance.size])
            sides.append(
                (n, logged, once, total_of_product(inverse, inverse, own, scratch[0][: distance.size]))
            )
        (n_up, log_up, rise, rise_twice), (n_down, log_down, fall, fall_twice) = sides
        every = float(y.size) if weight is None else float(np.add.reduce(weight))
        at_mode = every - n_up - n_down
        width, up, down = 1.0 / (high - low), 1.0 / (mode - low), 1.0 / (high - mode)
        level = _LOG_2 - float(np.log(high - low))
        parts = [log_up, -n_up * float(np.log(mode - low)), log_down, -n_down * float(np.log(high - mode))]
        shares = sum(parts)
        square = every * width * width
        return Sums(
            every * level + shares,
            every * abs(level) + sum(abs(part) for part in parts),
            (
                every * width - rise + n_up * up,
                n_down * down - n_up * up + 0.5 * at_mode * (down - up),
                fall - n_down * down - every * width,
            ),
            (
                square - rise_twice + n_up * up * up,
                -n_up * up * up,
                n_up * up * up + n_down * down * down + 0.5 * at_mode * (up * up + down * down),
                -square,
                -n_down * down * down,
                square - fall_twice + n_down * down * down,
            ),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The areas before and after the mode, and their derivatives."""
        first, mode, last = (np.asarray(item, dtype=float) for item in eta)
        with np.errstate(all="ignore"):
            shape = np.broadcast_shapes(np.shape(low), first.shape, mode.shape, last.shape)
            start, end = np.maximum(low, first), np.minimum(high, last)
            width, up, down = last - first, mode - first, last - mode
            before = _area(start - first, np.minimum(end, mode) - first, up, low <= first, end >= mode)
            after = _area(last - end, last - np.maximum(start, mode), down, high >= last, start <= mode)
            total = before[0] + after[0]
            some = np.where(total > 0, total, 1.0)
            outer = np.where(start < mode, _share(start - first, up), width - _share(last - start, down))
            beyond = np.where(end > mode, _share(last - end, down), width - _share(end - first, up))
            missed = (outer + beyond) / width
            value = np.where(missed < 0.5, np.log1p(-missed), np.log(total) - np.log(width))
            fits = (start < end) & (first <= mode) & (mode <= last) & (first < last)
            value = np.broadcast_to(np.where(fits, value, -np.inf), shape)
            if not order:
                return Terms(value)
            slopes = [item / some for item in (before[1], before[2] - after[2], -after[1])]
            zero, square = np.zeros(shape), 1.0 / (width * width)
            bends = (before[3], before[4], before[5] + after[5], zero, after[4], after[3])
            hessian = [
                item / some - slopes[i] * slopes[j] for item, (i, j) in zip(bends, pairs(3), strict=True)
            ]
            for position, sign in ((0, 1.0), (3, -1.0), (5, 1.0)):
                hessian[position] = hessian[position] + sign * square
        gradient = (slopes[0] + 1.0 / width, slopes[1], slopes[2] - 1.0 / width)
        return Terms(value, gradient, tuple(hessian))

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """1/(high - mode) up to the row's value, and -1/(mode - low) from there on."""
        return 1.0 / (eta[2] - np.asarray(eta[1])), -1.0 / (eta[1] - np.asarray(eta[0]))

    def degenerate(self, survey: Survey) -> tuple[Mapping[str, float], ...]:
        """A right angle at the smallest value, or at the largest."""
        return {"low": survey.minimum, "mode": survey.minimum}, {
            "mode": survey.maximum,
            "high": survey.maximum,
        }

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """1/((mode - low)(high - mode)) for the mode; none that is finite for the ends, where rows are few."""
        low, mode, high = (np.asarray(item, dtype=float) for item in eta)
        none = np.full(np.broadcast_shapes(low.shape, mode.shape, high.shape), np.nan)
        own = np.broadcast_to(1.0 / ((mode - low) * (high - mode)), none.shape)
        return none, none, own, none, none, none

    def regularity(self, theta: Theta) -> str:
        """The support ends at low and high, near which rows are few."""
        return "edge"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The best triangle over few of the points."""
        return best_triangle(points)

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """The best triangles with modes spread over the points: limits and censoring may shift the highest."""
        return spread_triangles(points)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Roots of the areas before and after the mode."""
        low, mode, high = (np.asarray(item) for item in theta)
        width = high - low
        up = low + np.sqrt(probability * width * (mode - low))
        down = high - np.sqrt((1.0 - np.asarray(probability)) * width * (high - mode))
        return np.where(probability * width < mode - low, up, down)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """(low + mode + high)/3."""
        return theta[0] / 3.0 + theta[1] / 3.0 + theta[2] / 3.0

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1/2 + log((high - low)/2)."""
        return 0.5 + np.log(0.5 * theta[2] - 0.5 * theta[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """((high - low)² - (mode - low)(high - mode))/18."""
        low, mode, high = (np.asarray(item) for item in theta)
        return (np.square(high - low) - (mode - low) * (high - mode)) / 18.0

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Quantiles of uniform ones."""
        return np.asarray(self.quantile_at(rng.random(size), theta, known))


def _share(distance: Array, whole: Array) -> Array:
    """Twice the area over a distance from an end, where the triangle is as high as it is wide at the mode."""
    return np.where(distance > 0, distance * (distance / np.where(whole > 0, whole, 1.0)), 0.0)


def _area(near: Array, far: Array, whole: Array, open_end: Array, to_mode: Array) -> tuple[Array, ...]:
    """(far² - near²)/whole for distances from an end, with derivatives in the end, the mode, and of second order.

    ``near`` is 0 and stays so where the interval is open at that end; ``far`` is all the way to the mode, and goes with
    it, where it reaches that.
    """
    some = far > near
    near, far, whole, open_end, to_mode = np.broadcast_arrays(near, far, whole, open_end, to_mode)
    share = np.where(whole > 0, near / whole, 0.0)
    area = (far - near) * (far + near) / whole
    gap = far - near
    # Where the far end stands still.
    end = (area - 2.0 * gap) / whole
    still = (
        end,
        -area / whole,
        np.where(open_end, 2.0 / whole, 0.0) + (end + area / whole - 2.0 * gap / whole) / whole,
        2.0 * (gap - area) / whole / whole,
        2.0 * area / whole / whole,
    )
    rest = 1.0 - share
    moving = (
        -rest * rest,
        1.0 + share * share,
        np.where(open_end, 0.0, -2.0 * rest * rest / whole),
        -2.0 * rest * share / whole,
        -2.0 * share * share / whole,
    )
    found = (np.where(to_mode, m, s) for m, s in zip(moving, still, strict=True))
    return (np.where(some, area, 0.0), *(np.where(some, item, 0.0) for item in found))
