"""Evidence for a verdict: curvature, what is still to be gained, the digits that rounding leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, SCORES, Tally
from thetahat.numerics.eigenvalues import eigenvalues
from thetahat.numerics.linear_algebra import SymmetricFactor, analyse
from thetahat.optimize.deferred import Late
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
DECREMENT = 1e-10
CURVATURE_CHANGE = 0.25
NULL = 30.0
"""Times its rounding error, below which an eigenvalue is taken for 0."""
EPSILON = float(np.finfo(float).eps)
NO_STEP = 4.0 * EPSILON
"""In sizes of a coordinate, a step of a few roundings; one that gains next to nothing as well is none."""
NO_GAIN = 1e-20
DENSE = float(np.log(0.5))
SOLID = 1e-8
"""The eigenvalue from which on a direction beside a flat one is known at all."""
MANY = 256
"""Coordinates, from which on the ends of a spectrum are bounded and not computed."""
NO_SIZES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Evidence:
    """What is known of a point: its tally, factored information, Newton step and what follows from them.

    ``steady`` tells whether ``curvature_change`` is small enough for a maximum, which is known before its value is;
    ``eigenvalues`` are those of the information scaled to unit diagonal by its very roots, ascending.
    """

    point: Vector
    tally: Tally
    factor: SymmetricFactor
    decrement: float
    steady: bool
    reach: Late[Vector] = Late()
    step: Late[Vector] = Late()
    curvature_change: Late[float] = Late()
    eigenvalues: Late[Vector] = Late()

    @property
    def positive(self) -> bool:
        """Whether the smallest eigenvalue is above 100 times its rounding error."""
        size, factor = self.point.size, self.factor
        # The factor's own scaling is within √2 of that to unit diagonal, its eigenvalues within 2 (Ostrowski, 1959).
        if factor.smallest > 400 * size * EPSILON * factor.largest:
            return True
        values = self.eigenvalues
        largest = max(abs(float(values[0])), abs(float(values[-1]))) if size else 0.0
        return self.smallest() > 100 * size * EPSILON * largest

    def change(self) -> float:
        """``curvature_change``, for who hands it on unread."""
        return self.curvature_change

    def smallest(self) -> float:
        """Smallest eigenvalue of the information scaled to unit diagonal; infinity for an empty one."""
        return float(self.eigenvalues[0]) if self.eigenvalues.size else float("inf")

    def condition(self) -> float:
        """Ratio of the largest to the smallest absolute eigenvalue of the same matrix; 1 if empty."""
        sizes = [abs(value) for value in self.eigenvalues.tolist()]
        if not sizes:
            return 1.0
        smallest = min(sizes)
        return max(sizes) / smallest if smallest != 0.0 else float("inf")

    @property
    def is_maximum(self) -> bool:
        """The local criteria of ``maximum``."""
        return self.decrement <= DECREMENT and self.steady and self.positive

    @property
    def stationary(self) -> bool:
        """Whether the score is null in the |A|⁻¹ norm, up to the rounding of its own sum."""
        if not self.tally.score.any():
            return True
        values = np.maximum(np.abs(self.factor.eigenvalues), self.factor.error_bound)
        slope = self.factor.eigenvectors.T @ (self.tally.score / self.factor.roots)
        if self.tally.absolute_score is not None:
            noise = 4 * EPSILON * float(np.linalg.norm(self.tally.absolute_score / self.factor.roots))
            slope = np.maximum(np.abs(slope) - noise, 0.0)
        # A coordinate without any curvature, such as that of a linear density, is stationary only where its slope is 0.
        if not values.all() and slope[values == 0].any():
            return False
        return bool(0.5 * np.sum(slope**2 / np.where(values == 0, 1.0, values)) <= DECREMENT)


def unit_eigenvalues(factor: SymmetricFactor) -> Vector:
    """Of the matrix scaled by the very roots of its diagonal, so that they do not depend on units of measurement."""
    diagonal = factor.scaled.diagonal()
    if diagonal.size == 1:
        return np.sign(diagonal)
    if not isfinite(float(np.add.reduce(factor.scaled, axis=None))):
        return np.full(factor.roots.size, np.nan)
    if diagonal.size == 2 and (diagonal > 0.0).all():
        ((a, b), (_, c)) = factor.scaled.tolist()
        share = abs(b) / sqrt(a) / sqrt(c)
        return np.array((1.0 - share, 1.0 + share))
    if diagonal.size > MANY:
        # Bounds serve as well: the diagonal is between 1/2 and 2 already.
        bounds = np.full(diagonal.size, 2.0 * factor.largest)
        bounds[0] = factor.smallest / 2.0
        return bounds
    roots = np.sqrt(np.where(diagonal == 0.0, 1.0, np.abs(diagonal)))
    unit = factor.scaled / roots / roots[:, np.newaxis]
    unit.ravel()[:: diagonal.size + 1] = np.sign(diagonal)
    return eigenvalues(unit)


def gather(
    likelihood: Likelihood,
    point: Vector,
    tally: Tally,
    previous: Tally | None,
    sizes: Mapping[str, float] = NO_SIZES,
) -> Evidence:
    """Examine a point from its tally; ``previous`` is the tally one step before it, if there was a step."""
    if tally.absolute_score is None and not likelihood.condensed:
        tally = likelihood.tally(point, SCORES)
    units = partial(reach, likelihood.table, point, sizes)
    factor = analyse(tally.information)
    values = partial(unit_eigenvalues, factor)
    if not factor.smallest > factor.error_bound:
        nowhere = np.zeros_like(point)
        return Evidence(point, tally, factor, np.inf, False, units, nowhere, np.inf, values)  # noqa: FBT003
    step = partial(factor.solve, tally.score)
    decrement = factor.half_square(tally.score)

    def found(change: Callable[[], float] | float, *, steady: bool) -> Evidence:
        return Evidence(point, tally, factor, decrement, steady, units, step, change, values)

    change = np.inf
    if previous is not None:
        difference = tally.information - previous.information
        before = partial(_change_before, factor, difference)
        # Of a bound b for the eigenvalues in the metric after the step, b/(1 - b) is one in that before it.
        if factor.relative_bound(difference) <= CURVATURE_CHANGE / (1.0 + CURVATURE_CHANGE):
            return found(before, steady=True)
        change = before()
    elif decrement <= NO_GAIN and _none(step(), point, units()):
        change = 0.0
    if not change <= CURVATURE_CHANGE:
        # The step that led here was too long to tell; the one that would follow tells.
        after = likelihood.tally(point + step(), DERIVATIVES)
        change = curvature_change(factor, tally.information, after.information)
    return found(change, steady=change <= CURVATURE_CHANGE)


def _none(step: Vector, point: Vector, units: Vector) -> bool:
    """Whether a step is one of a few roundings."""
    return all(
        abs(way) <= NO_STEP * max(abs(at), unit)
        for way, at, unit in zip(step.tolist(), point.tolist(), units.tolist(), strict=True)
    )


def curvature_change(factor: SymmetricFactor, before: Matrix, after: Matrix) -> float:
    """‖A^{-½} A' A^{-½} - I‖ in the spectral norm."""
    return factor.relative_norm(after - before)


def _change_before(factor: SymmetricFactor, difference: Matrix) -> float:
    """The same of a step that was taken, by the factor of the matrix after it.

    If A' - A has the eigenvalues ν in the metric of A', it has ν/(1 - ν) in that of A.
    """
    lowest, highest = factor.relative_ends(difference)
    return max(abs(lowest / (1.0 - lowest)), highest / (1.0 - highest)) if highest < 1.0 else float("inf")


def digits(
    evidence: Evidence, table: ParameterTable, n_obs: float, natural: Mapping[str, float]
) -> dict[str, float]:
    """Estimated correct digits: -log10((|δ| + |A⁻¹| ε (Σ w|u| + |A| |φ|)) / max(|θ̂|, se)), at most 15.

    φ are the coordinates on a log or logit scale: a row's score feels the rounding of log y - log scale by its
    curvature there, however small it is itself. A location is subtracted from the rows without rounding.
    Where only sufficient statistics were summed, Σ w|u_j| is bounded by √(n A_jj) (Cauchy and Schwarz).
    ``natural`` are the estimates.
    """
    if not evidence.point.size:
        return {}
    with np.errstate(all="ignore"):
        inverse = evidence.factor.inverse()
        sums = evidence.tally.absolute_score
        if sums is None:
            sums = np.sqrt(n_obs * np.maximum(evidence.tally.information.diagonal(), 0.0))
        felt = np.abs(evidence.tally.information) @ _rounded_sizes(table, evidence.point)
        noise = np.abs(inverse) @ (EPSILON * (sums + felt))
        free_error = np.abs(evidence.step) + noise
        if table.all_scalar:
            slopes = np.abs(table.slopes(evidence.point))
            error, standard_error = slopes * free_error, slopes * np.sqrt(inverse.diagonal())
        else:
            jacobian = table.jacobian(evidence.point)
            error = np.abs(jacobian) @ free_error
            standard_error = np.sqrt(np.sum((jacobian @ inverse) * jacobian, axis=1))
        size = np.maximum(np.abs([natural[name] for name in table.free_names]), standard_error)
        found = np.minimum(-np.log10(error / size), 15.0)
    return dict(zip(table.free_names, np.maximum(found, 0.0).tolist(), strict=True))


def is_rounding(table: ParameterTable, evidence: Evidence) -> bool:
    """Whether the rounding of log y - log scale, which a score feels by its curvature, may be all of the score."""
    # Row by row it is felt at most as much as either coordinate's curvature says (Cauchy and Schwarz).
    roots = np.sqrt(np.maximum(evidence.tally.information.diagonal(), 0.0))
    felt = roots * float(roots @ _rounded_sizes(table, evidence.point))
    return bool((np.abs(evidence.tally.score) <= EPSILON * felt).all())


def _rounded_sizes(table: ParameterTable, point: Vector) -> Vector:
    return np.where(table.on_line, 0.0, np.maximum(np.abs(point), 1.0))


def reach(table: ParameterTable, point: Vector, sizes: Mapping[str, float] = NO_SIZES) -> Vector:
    """The unit along each free coordinate: 1 on a log or logit scale, the data's own size on the line."""
    units = np.maximum(np.abs(point), 1.0)
    if not table.straight:
        units = np.where(table.on_line, units, 1.0)
    if sizes:
        for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
            if parameter.domain.identity and parameter.name in sizes:
                units[span] = sizes[parameter.name]
    return units


def by_name(table: ParameterTable, direction: Vector) -> Mapping[str, float]:
    """Direction on the free scale by parameter; a vector parameter shows its largest coordinate."""
    shown = {}
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        part = direction[span]
        if part.size:
            shown[parameter.name] = float(part[np.argmax(np.abs(part))])
    return shown
