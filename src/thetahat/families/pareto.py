"""Pareto's family: a power law above a smallest value, for incomes, cities and large claims."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._location_scale import logged_ends
from thetahat.families._starts import clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.elementary import expm1_minus, log1mexp
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive


@final
class Pareto(Family):
    """Pareto distribution: P(Y > y) = (minimum/y)^shape, y >= minimum.

    Working coordinates are log shape and log minimum; log(y/minimum) is exponential with this rate. Mean shape
    minimum/(shape - 1) for shape > 1, variance shape minimum²/((shape - 1)² (shape - 2)) for shape > 2. The
    maximum is the smallest value, where the likelihood breaks off, and shape = n/Σ log(y/minimum): the smallest
    value is learned at the rate 1/n and independently of the shape (Malik, 1970), whose standard error stands.
    Of rows with delayed entry log y counts from the larger of entry and minimum. Rows known to lie below a value are
    taken where all they may be lies above a smaller value that is known exactly, or the minimum is given.

    Examples
    --------
    >>> import thetahat as th
    >>> pareto = th.Pareto(shape=3, minimum=2)
    >>> pareto.mean(), pareto.variance()
    (3.0, 3.0)
    >>> fit = th.fit(th.Pareto(), [1.0, 2.0, 4.0])
    >>> round(fit.estimates["shape"], 6), fit.estimates["minimum"], fit.certificate.verdict.value
    (1.442695, 1.0, 'boundary')
    """

    declared = (Parameter("shape", Positive(), (0.2, 20.0)), Parameter("minimum", Positive(), (0.01, 100.0)))
    support = POSITIVE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"minimum": np.inf}, {"shape": 0.0}),
        lower=({"shape": np.nan, "minimum": 0.0},),
        point={"shape": np.inf},
        centre=("minimum", float),
    )
    spikes: ClassVar[str] = "anywhere"
    edges: ClassVar[tuple[str, ...]] = ("minimum",)
    ends_truncated: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "the density rises with the minimum up to the smallest value"
    uniqueness_truncated: ClassVar[str | None] = (
        "no row's density between its limits falls as the minimum rises to the smallest value, "
        "with which ℓ is concave in the shape"
    )
    uniqueness_entered: ClassVar[str | None] = uniqueness_truncated
    uniqueness_censored: ClassVar[str | None] = (
        "no row above the smallest exact value is less likely as the minimum rises to it, with which ℓ is concave in "
        "the shape"
    )
    open_only: ClassVar[bool] = True
    increasing: ClassVar[bool] = False
    single_maximum = MappingProxyType(
        dict.fromkeys(("*", "identity", "sqrt"), "concave in the coefficients, with the minimum where it is")
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log shape - shape log(y/minimum) - log y; -inf below the minimum."""
        (log_y,) = rows
        log_shape, log_minimum = eta
        value = log_shape - xp.exp(log_shape) * (log_y - log_minimum) - log_y
        return xp.where(log_y >= log_minimum, value, -np.inf)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score (1 - shape log(y/minimum), shape), as long as the value stays inside."""
        shape = np.exp(eta[0])
        stretched = shape * (rows[0] - eta[1])
        steep = np.broadcast_to(shape, np.shape(stretched))
        value = self.log_density(NUMPY, rows, eta)
        return Terms(value, (1.0 - stretched, steep), (-stretched, steep, np.zeros_like(stretched)))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """That of an exponential of log(y/minimum)."""
        log_shape, log_minimum = eta
        shape = np.exp(log_shape)
        with np.errstate(all="ignore"):
            low, high, minimum = np.broadcast_arrays(low, high, np.exp(log_minimum))
            below = low <= minimum
            start = np.where(below, 0.0, shape * logged_ends(minimum, low)[2])
            d = shape * logged_ends(np.maximum(low, minimum), high)[2]
            mass = np.where(high > minimum, log1mexp(-d) - start, -np.inf)
            if not order:
                return Terms(mass)
            # share = d/(exp(d) - 1), and its derivative in log d without cancellation
            share = np.where(np.isposinf(d), 0.0, d / np.expm1(d))
            rise = np.where(d > 40.0, 1.0 - d, expm1_minus(d) / np.expm1(d) - d)
            slope = np.where(share == 0, 0.0, share * rise)
            pull = np.where(d > 0, share / d, np.inf) * shape
            pull = np.where(np.isposinf(d), 0.0, pull)
            bend = -np.square(pull) - shape * pull
            inner = np.where(below, -pull, shape)
            mixed = np.where(below, -shape * slope / d, shape)
            mixed = np.where(below & np.isposinf(d), 0.0, mixed)
        return Terms(mass, (share - start, inner), (slope - start, mixed, np.where(below, bend, 0.0)))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """1 for log shape; none for the minimum, whose score does not have the mean 0."""
        none = np.full(np.broadcast_shapes(np.shape(eta[0]), np.shape(eta[1])), np.nan)
        return np.ones_like(none), none, none

    def regularity(self, theta: Theta) -> str:
        """The support ends at the minimum, which is learned at the rate 1/n."""
        return "edge"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """A little below the smallest point."""
        smallest = float(np.min(points))
        gap = float(np.mean(np.log(points) - np.log(smallest)))
        return clipped(1.0 / gap) if gap > 1e-12 else 1.0, clipped(0.99 * smallest)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The smallest value, and one over the mean of log(y/minimum)."""
        return self.solve_given(survey, known, {})

    def solve_given(self, survey: Survey, known: Known, fixed: Mapping[str, Any]) -> Theta | None:
        """Each with the other as it is; None where a fixed minimum lies above a value."""
        minimum = float(fixed.get("minimum", survey.minimum))
        gap = float(survey.means[0]) - float(np.log(minimum))
        if minimum > survey.minimum or ("shape" not in fixed and not gap > 0):
            return None
        return float(fixed.get("shape", 1.0 / gap if gap > 0 else np.inf)), minimum

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """The smallest exact value: rows above it pull the minimum upwards, or not at all.

        Limits of truncation change nothing: a row's mass between them falls as the minimum rises, until that reaches
        the lower one.
        """
        return {"minimum": survey.minimum} if survey.n_exact > 0 else {}

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """For a given minimum log(y/minimum) is exponential."""
        return "concave in the shape" if "minimum" in fixed else None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Minimum (1 - p)^(-1/shape)."""
        return theta[1] * np.exp(-np.log1p(-probability) / np.asarray(theta[0]))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Shape minimum/(shape - 1) above shape 1, infinite up to there."""
        shape = np.asarray(theta[0])
        return np.where(shape > 1, theta[1] * (shape / np.where(shape > 1, shape - 1.0, 1.0)), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + 1/shape + log(minimum/shape)."""
        return 1.0 + 1.0 / np.asarray(theta[0]) + np.log(theta[1] / np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Shape minimum²/((shape - 1)² (shape - 2)) above shape 2, infinite up to there."""
        shape = np.asarray(theta[0])
        safe = np.where(shape > 2, shape, 3.0)
        spread = np.square(theta[1] / (safe - 1.0)) * (safe / (safe - 2.0))
        return np.where(shape > 2, spread, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Powers of exponentials."""
        return np.asarray(theta[1] * np.exp(rng.standard_exponential(size) / np.asarray(theta[0])))
