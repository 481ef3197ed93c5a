"""The beta-binomial family: successes among known trials, more variable than the binomial's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile, misfit_trials
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass, lattice_mean
from thetahat.families._limit import Limit
from thetahat.families._saddle import (
    binomial_deviance,
    binomial_saturated,
    log_ratio_minus,
    log_rising,
    log_rising_terms,
)
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive, UnitInterval

_SMALLEST = -340.0
"""Log precision at which the limit is reached in double precision, and 1/α² is still a number."""


def _binomial_slope(rows: Rows, eta: Coordinates) -> Any:
    y, failures = rows[0], rows[1]
    total = y + failures
    p, q = special.expit(eta[0]), special.expit(-np.asarray(eta[0]))
    return 0.5 * (y * (y - 1.0) / p + failures * (failures - 1.0) / q - total * (total - 1.0))


def _binomial_scale(_values: Mapping[str, float]) -> float:
    return 1.0


@final
class BetaBinomial(Family):
    """Beta-binomial distribution: P(Y = y) = C(trials, y) B(y + α, trials - y + β)/B(α, β), y = 0, ..., trials.

    α = mean precision and β = (1 - mean) precision; ``mean`` is that of the probability of success, which is beta
    distributed, and ``trials`` are known. Working coordinates are logit mean and log precision. The variance is the
    binomial's times (precision + trials)/(precision + 1), and the limit of large precision is the binomial. All is
    written as the binomial mass at (α + y)/(precision + trials) times corrections (in the manner of Loader, 2000), so
    that the score in precision keeps its digits however large it is.

    Examples
    --------
    >>> import thetahat as th
    >>> litter = th.BetaBinomial(trials=10, mean=0.3, precision=4)
    >>> round(litter.mean(), 6), round(litter.variance(), 6)
    (3.0, 5.88)
    >>> round(litter.log_prob(3), 6)
    -2.002091
    """

    declared = (
        Parameter("mean", UnitInterval(), (0.05, 0.95)),
        Parameter("precision", Positive(), (0.2, 100.0)),
    )
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": 1.0},), lower=({"mean": 0.0},), both={"precision": 0.0}
    )
    known: ClassVar[tuple[str, ...]] = ("trials",)
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit("binomial", "precision", "1/precision", {"prob": "mean"}, _binomial_slope, _binomial_scale),
    )

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Trials that are no counts, and more successes than trials."""
        return misfit_trials(y, known["trials"])

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return successes, failures, and the mass at their own share, -inf where there can be none."""
        failures = known["trials"] - y
        possible = failures >= 0
        saturated = binomial_saturated(xp, xp.where(possible, y, 0.0), xp.where(possible, failures, 0.0))
        return y, failures, xp.where(possible, saturated, -np.inf)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """The binomial mass at (α + y)/(precision + trials), corrected."""
        y, failures, saturated = rows
        failures = xp.where(failures >= 0, failures, 0.0)
        trials = y + failures
        p, q = xp.expit(eta[0]), xp.expit(-eta[0])
        total = xp.exp(xp.maximum(eta[1], _SMALLEST))
        alpha, beta = p * total, q * total
        further = y * q - failures * p
        # 1 + t is (α + y)/(precision + trials)/mean for successes, and likewise for failures.
        up, down = further / (p * (total + trials)), -further / (q * (total + trials))
        log_up = xp.log1p(y / alpha) - xp.log1p(trials / total)
        log_down = xp.log1p(failures / beta) - xp.log1p(trials / total)
        shift = further * (total / (total + trials))
        return (
            saturated
            - binomial_deviance(xp, y, failures, shift, (log_up, log_down), eta[0])
            + alpha * log_ratio_minus(xp, up, log_up)
            + beta * log_ratio_minus(xp, down, log_down)
            + log_rising(xp, alpha, y)
            + log_rising(xp, beta, failures)
            - log_rising(xp, total, trials)
        )

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """By α and β: with R(x, a) = log Γ(x + a)/Γ(x), U = x R_x and T = x (x R_x)_x, differences of those."""
        y, failures, _ = rows
        possible = failures >= 0
        failures = np.where(possible, failures, 0.0)
        trials = y + failures
        p, q = special.expit(eta[0]), special.expit(-np.asarray(eta[0]))
        total = np.exp(np.maximum(eta[1], _SMALLEST))
        alpha, beta = p * total, q * total
        further = y * q - failures * p
        up, down = further / (p * (total + trials)), -further / (q * (total + trials))
        unexplained = alpha * log_ratio_minus(NUMPY, up, np.log1p(y / alpha) - np.log1p(trials / total))
        unexplained = unexplained + beta * log_ratio_minus(
            NUMPY, down, np.log1p(failures / beta) - np.log1p(trials / total)
        )
        _, rise_up, bend_up = log_rising_terms(alpha, y)
        _, rise_down, bend_down = log_rising_terms(beta, failures)
        _, rise, bend = log_rising_terms(total, trials)
        u_up, u_down = alpha * np.log1p(y / alpha) + rise_up, beta * np.log1p(failures / beta) + rise_down
        t_up = _curved(alpha, y) + rise_up + bend_up
        t_down = _curved(beta, failures) + rise_down + bend_down
        by_precision = unexplained + rise_up + rise_down - rise
        spread = np.square(further * total) / ((alpha + y) * (beta + failures) * (total + trials))
        gradient = (q * u_up - p * u_down, by_precision)
        hessian = (
            -p * q * (u_up + u_down) + q * q * t_up + p * p * t_down,
            q * t_up - p * t_down,
            by_precision + bend_up + bend_down - bend + spread,
        )
        value = self.log_density(NUMPY, rows, eta)
        return Terms(
            value,
            tuple(np.where(possible, item, 0.0) for item in gradient),
            tuple(np.where(possible, item, 0.0) for item in hessian),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller."""
        trials = np.asarray(known["trials"], dtype=float)
        return lattice_mass(
            low, high, (*eta, trials), _shape(eta, trials), self._point_terms, order, n_coordinates=2
        )

    def _point_terms(self, y: Array, order: int, logit: Array, log_precision: Array, trials: Array) -> Terms:
        rows, eta = self.prepare(NUMPY, y, {"trials": trials}), (logit, log_precision)
        return self.derivatives(rows, eta) if order else Terms(self.log_density(NUMPY, rows, eta))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """E u uᵀ, summed."""
        trials = np.asarray(known["trials"], dtype=float)

        def product(i: int, j: int) -> Any:
            def integrand(y: Array, *parameters: Array) -> tuple[Array, Array]:
                terms = self._point_terms(y, 2, *parameters)
                return terms.value, terms.gradient[i] * terms.gradient[j]

            return lattice_mean((*eta, trials), _shape(eta, trials), integrand)

        return product(0, 0), product(1, 0), product(1, 1)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Moments, with the precision between 0.01 and 100 times the trials."""
        trials = np.maximum(np.broadcast_to(known["trials"], points.shape), points).astype(float)
        scale = max(float(np.max(trials)), 1.0)
        half = 0.5 / (scale * points.size)
        successes, total = float(np.mean(points / scale)), float(np.mean(trials / scale))
        mean = float(np.clip((successes + half) / (total + 2.0 * half), 1e-15, 1.0 - 1e-15))
        share = points / np.maximum(trials, 1.0)
        excess = float(np.mean(np.square(share - mean))) / (mean * (1.0 - mean))
        n = max(scale * total, 1.0)
        # The variance of a share is mean (1 - mean) (precision + n)/(n (precision + 1)).
        lacking = excess - 1.0 / n
        precision = (1.0 - excess) / lacking if lacking > 0 and excess < 1 else 100.0 * n
        return mean, float(np.clip(precision, 0.01, 100.0 * n))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Successes at every trial pull the mean up, failures at every trial down."""
        return y == known["trials"], y == 0

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers, from the mean of the distribution on."""
        eta = self.working(theta)
        trials = np.asarray(known["trials"], dtype=float)
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value),
            np.floor(trials * special.betaincinv(*_shapes(theta), probability)),
            trials,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Trials mean."""
        return known["trials"] * theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Trials mean (1 - mean) (precision + trials)/(precision + 1)."""
        trials = np.asarray(known["trials"], dtype=float)
        mean, precision = theta
        return trials * mean * (1.0 - mean) * ((precision + trials) / (precision + 1.0))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Binomial counts at beta probabilities."""
        return rng.binomial(np.asarray(known["trials"]).astype(np.int64), rng.beta(*_shapes(theta), size))


def _shapes(theta: Theta) -> tuple[Any, Any]:
    mean, precision = theta
    return mean * precision, (1.0 - mean) * precision


def _curved(x: Any, a: Array) -> Array:
    """x (x log(1 + a/x) - ...)_x of the part that Stirling's formula knows: x log(1 + a/x) - a x/(x + a)."""
    ratio = a / x
    return np.asarray(x * log_ratio_minus(NUMPY, ratio, np.log1p(ratio)) + a * (a / (x + a)))


def _shape(eta: Coordinates, trials: Array) -> tuple[Any, Any, Any]:
    """Mode, mean and largest value; where the ends are the highest, any point between will do."""
    p, total = special.expit(eta[0]), np.exp(eta[1])
    mean = trials * p
    alpha, beta = p * total, special.expit(-np.asarray(eta[0])) * total
    peaked = (alpha > 1.0) & (beta > 1.0)
    between = np.where(total > 2.0, total - 2.0, 1.0)
    mode = np.where(peaked, (trials + 1.0) * (alpha - 1.0) / between, np.where(alpha < beta, 0.0, trials))
    split = np.where((alpha < 1.0) & (beta < 1.0), np.floor(0.5 * trials), np.floor(mode))
    return np.clip(split, 0.0, trials), mean, trials
