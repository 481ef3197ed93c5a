"""The von Mises-Fisher family: directions in space, the sphere's counterpart of the normal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, final

import numpy as np

from thetahat.families._terms import Rows
from thetahat.families.multivariate._contract import Array, Known, Values
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._records import Condensed, Derivatives
from thetahat.numerics.bessel_ratio import bessel_terms
from thetahat.numerics.namespace import namespace
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive, UnitVector

LENGTH = 1e-8
"""How far the length of a row may be from 1."""
NOWHERE = 4.0 * float(np.finfo(float).eps)
"""A resultant length of rows that cancel: what rounding leaves of it."""
SMALLEST, LARGEST = 0.01, 1e12
"""Of a concentration to start from."""
STEPS = 200


@final
class VonMisesFisher(MultivariateFamily):
    """Von Mises-Fisher distribution: f(y) = κ^ν exp(κ μᵀy)/((2π)^(p/2) I_ν(κ)), |y| = 1, ν = p/2 - 1.

    μ is ``direction``, κ ``concentration``, and the density is with respect to the area of the sphere in p dimensions.
    Working coordinates are those of the plane that touches the sphere at the mean direction of the rows, and log κ. The
    maximum is the direction of the mean vector, and the κ at which I_{ν+1}(κ)/I_ν(κ) is its length; it is unique for
    lengths above 0 and below 1 (a minimal exponential family; Mardia & Jupp, 2000, section 10.3). Rows that cancel have
    their maximum at the uniform distribution, κ = 0, whose direction means nothing.

    Parameters
    ----------
    y
        The columns, where data have columns: ``["a", "b", "c"]`` or ``"a, b, c"``; by default all that hold numbers.
    direction
        p numbers whose squares sum to 1.
    concentration
        A number above 0.

    Raises
    ------
    ParameterError
        If the numbers are none of these, or there is one only.

    References
    ----------
    Mardia, K. V. & Jupp, P. E. (2000). Directional Statistics. Wiley.

    Wood, A. T. A. (1994). Simulation of the von Mises Fisher distribution. Communications in Statistics - Simulation
    and Computation 23, 157-164.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.VonMisesFisher(direction=[0, 0, 1], concentration=2)
    >>> law.mean().round(6).tolist()
    [0.0, 0.0, 0.537315]
    >>> fit = th.fit(th.VonMisesFisher(), [[1, 0, 0], [0.6, 0.8, 0], [0.8, 0, 0.6], [0, 0.6, 0.8]])
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}
    {'direction[0]': 0.7714, 'direction[1]': 0.45, 'direction[2]': 0.45, 'concentration': 4.4958}
    """

    takes: ClassVar[str] = "directions: vectors of length 1"
    fewest: ClassVar[int] = 2
    closed_form: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "minimal exponential family (Mardia & Jupp, 2000)"

    @classmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """Direction and concentration."""
        return cls._based(size)

    @staticmethod
    def _based(size: int, *base: float) -> tuple[Parameter, ...]:
        """With a direction as the base of its coordinates."""
        concentration = Parameter("concentration", Positive(), (0.05, 200.0))
        return Parameter("direction", UnitVector(size, *base)), concentration

    def declared_for(self, size: int, given: Values) -> tuple[Parameter, ...]:
        """With the direction as the base of its coordinates, so that none is far out."""
        direction = given.get("direction")
        if direction is None or namespace(direction).is_jax or not UnitVector(size).contains(direction):
            return self._based(size)
        return self._based(size, *np.asarray(direction, dtype=float).tolist())

    def charted(self, moments: Moments) -> Self:
        """With the mean direction as the base."""
        resultant, direction = _resultant(moments)
        if resultant <= NOWHERE:
            return self
        return self.made(moments.size, self._based(moments.size, *direction.tolist()))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Rows of length 1 to the last digit, and by how much 1 exceeds their squared length: by 0."""
        return y / xp.sqrt((y * y).sum(axis=1))[:, None], xp.zeros_like(y[:, 0])

    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """-κ |y - μ|²/2 - p log(2π)/2 - (log I_ν(κ) - ν log κ - κ)."""
        free, log_kappa = self.parts(eta)
        kappa = xp.exp(log_kappa)
        fall = kappa * _versine(rows, self._domain.from_free(free))
        return -fall - self._size * LOG_SQRT_2_PI - xp.log_bessel(self._order, kappa)

    def scores(self, rows: Rows, eta: Array) -> Array:
        """κ ∂μᵀy, and κ (1 - A) - κ (1 - μᵀy)."""
        free, log_kappa = self.parts(eta)
        kappa = float(np.exp(log_kappa))
        by_direction = kappa * rows[0] @ self._domain.derivative(free)
        fall = kappa * _versine(rows, self._domain.from_free(free))
        return np.column_stack([by_direction, bessel_terms(self._order, kappa).lack - fall])

    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """From Σ w y and Σ w (1 - μᵀy) alone."""
        free, log_kappa = self.parts(eta)
        kappa, domain = float(np.exp(log_kappa)), self._domain
        terms = bessel_terms(self._order, kappa)
        fall = kappa * _versine(rows, domain.from_free(free))
        total, summed = float(np.add.reduce(weight)), weight @ rows[0]
        pull = kappa * summed @ domain.derivative(free)
        by_log = total * terms.lack - float(weight @ fall)
        information = np.zeros((eta.size, eta.size))
        information[:-1, :-1] = -kappa * np.einsum("i,ijk->jk", summed, domain.second_derivative(free))
        information[-1, :-1] = information[:-1, -1] = -pull
        information[-1, -1] = total * terms.spread - by_log
        value = -fall - self._size * LOG_SQRT_2_PI - terms.log_value
        return Derivatives(value, np.append(pull, by_log), information)

    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """κ A in the plane, scaled as the projection scales it; κ² A' in log κ."""
        free, log_kappa = self.parts(eta)
        kappa = float(np.exp(log_kappa))
        terms = bessel_terms(self._order, kappa)
        slopes = self._domain.derivative(free)
        information = np.zeros((eta.size, eta.size))
        information[:-1, :-1] = kappa * terms.ratio * (slopes.T @ slopes)
        information[-1, -1] = terms.spread
        return float(np.add.reduce(weight)) * information

    def statistics(self, rows: Rows) -> Array:
        """The rows."""
        return np.asarray(rows[0])

    def condensed(self, moments: Moments) -> Condensed | None:
        """The mean vector, with what its squared length lacks."""
        lack = np.trace(moments.scatter) / moments.n_obs
        return Condensed((moments.mean[np.newaxis], np.array([lack])), np.array([moments.n_obs]))

    def solve(self, moments: Moments, fixed: Values) -> Values | None:
        """The direction of the mean vector, and the root of A = its length along the direction."""
        resultant, direction = _resultant(moments)
        if "direction" in fixed:
            direction = np.asarray(fixed["direction"], dtype=float)
        elif resultant <= NOWHERE and "concentration" in fixed:
            return None
        if "concentration" in fixed:
            return {"direction": direction, "concentration": fixed["concentration"]}
        lost = "direction" not in fixed and resultant <= NOWHERE
        kappa = 0.0 if lost else _concentration(self._order, *_along(moments, direction))
        return {"direction": direction, "concentration": kappa}

    def lost_at(self, solution: Values, fixed: Values) -> tuple[str, ...]:
        """The direction of the uniform distribution."""
        return ("direction",) if solution["concentration"] == 0 and "direction" not in fixed else ()

    def level(self, moments: Moments, fixed: Values) -> Array | None:
        """Any direction, where rows cancel and the concentration is fixed."""
        cancel = _resultant(moments)[0] <= NOWHERE
        only = "concentration" in fixed and "direction" not in fixed
        return np.eye(self._size)[0] if cancel and only else None

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Where all rows are equal, on which the density piles up."""
        if "concentration" in fixed or not moments.constant.all():
            return None
        direction = np.asarray(fixed.get("direction", moments.mean), dtype=float)
        if _along(moments, direction)[1] > NOWHERE:
            return None
        rows = "there is one row" if moments.n_positive == 1 else f"all {moments.n_positive:,} rows are equal"
        return (
            f"{rows}, on which the density piles up as the concentration grows; it takes two different rows"
        )

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows of another length than 1."""
        off = np.asarray(np.abs(np.sqrt(np.square(y).sum(axis=1)) - 1.0) > LENGTH)
        return off, "the squares of a row must sum to 1; divide each row by its length"

    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """The direction of the mean vector, and a concentration within bounds."""
        resultant, direction = _resultant(moments)
        kappa = _guess(self._order, resultant, _along(moments, direction)[1])
        return {"direction": direction, "concentration": min(max(kappa, SMALLEST), LARGEST)}

    def frozen(self, estimates: Mapping[str, float]) -> Self:
        """The distribution with these numbers; the uniform one has any direction."""
        if estimates["concentration"] == 0 and np.isnan(estimates["direction[0]"]):
            names = self.declared[0].names
            estimates = {**estimates, **dict.fromkeys(names, 0.0), names[0]: 1.0}
        return super().frozen(estimates)

    def mean_at(self) -> Array:
        """A μ."""
        return np.asarray(self._terms().ratio * self.given["direction"])

    def covariance_at(self) -> Array:
        """A' along μ, A/κ across it."""
        direction, terms, kappa = self.given["direction"], self._terms(), self.given["concentration"]
        if kappa == 0:
            return np.eye(self._size) / self._size
        along = np.outer(direction, direction)
        across = terms.ratio / kappa
        return np.asarray(across * (np.eye(self._size) - along) + terms.spread / kappa**2 * along)

    def entropy_at(self) -> float:
        """κ (1 - A) + p log(2π)/2 + (log I_ν(κ) - ν log κ - κ)."""
        terms = self._terms()
        return terms.lack + self._size * LOG_SQRT_2_PI + terms.log_value

    def divergence_at(self, other: Self) -> float:
        """κq (1 - A μᵀμq) - κ (1 - A), and what the logs of the constants differ by."""
        own, theirs = self._terms(), other._terms()
        gap = self.given["direction"] - other.given["direction"]
        kappa = other.given["concentration"]
        # 1 - A μᵀμq = (1 - A) + A |μ - μq|²/2.
        away = own.lack / self.given["concentration"] + 0.5 * own.ratio * float(gap @ gap)
        return float(max(kappa * away - own.lack + theirs.log_value - own.log_value, 0.0))

    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """The height along the direction by rejection (Wood, 1994), and any way across it."""
        direction, kappa, free = self.given["direction"], self.given["concentration"], self._size - 1
        fall = _falls(rng, n, kappa, free)
        normal = rng.standard_normal((n, free))
        way = normal / np.sqrt(np.square(normal).sum(axis=1))[:, np.newaxis]
        across = np.sqrt(fall * (2.0 - fall))[:, np.newaxis] * way
        rows = (1.0 - fall)[:, np.newaxis] * direction + across @ UnitVector(self._size, *direction).across.T
        return np.asarray(rows / np.sqrt(np.square(rows).sum(axis=1))[:, np.newaxis])

    def inner_point(self) -> Array:
        """The first axis."""
        return np.eye(self.size or 1)[0]

    @property
    def _size(self) -> int:
        return self._domain.size

    @property
    def _order(self) -> float:
        return 0.5 * self._domain.size - 1.0

    @property
    def _domain(self) -> UnitVector:
        domain = self.declared[0].domain
        assert isinstance(domain, UnitVector)  # noqa: S101 - as declared above
        return domain

    def _terms(self) -> Any:
        return bessel_terms(self._order, self.given["concentration"])


def _versine(rows: Rows, direction: Any) -> Any:
    """1 - μᵀy, which near μ would cancel."""
    beyond = rows[0] - direction
    return 0.5 * ((beyond * beyond).sum(axis=1) + rows[1])


def _resultant(moments: Moments) -> tuple[float, Array]:
    """The length of the mean vector and its direction; the first axis where there is none."""
    mean = moments.mean + moments.rest
    resultant = float(np.sqrt(mean @ mean))
    return resultant, mean / resultant if resultant > NOWHERE else np.eye(moments.size)[0]


def _along(moments: Moments, direction: Array) -> tuple[float, float]:
    """The mean of μᵀy, and of 1 - μᵀy."""
    beyond = (moments.mean - direction) + moments.rest
    versine = 0.5 * float(np.trace(moments.scatter) / moments.n_obs + beyond @ beyond)
    return float((moments.mean + moments.rest) @ direction), versine


def _guess(order: float, length: float, versine: float) -> float:
    """Banerjee et al. (2005): R (p - R²)/(1 - R²)."""
    lack = max(versine * (2.0 - versine), np.finfo(float).tiny)
    return length * (2.0 * order + 1.0 + lack) / lack


def _concentration(order: float, length: float, versine: float) -> float:
    """The root of A = length by Newton's method on log κ in a bracket; 0 where the length is not above 0."""
    if length <= NOWHERE:
        return 0.0
    low, high = -80.0, 750.0
    at = min(max(float(np.log(_guess(order, length, versine))), low), high)
    for _ in range(STEPS):
        kappa = float(np.exp(at))
        terms = bessel_terms(order, kappa)
        # Of the length and of what it lacks of 1, the smaller has the digits.
        excess = length - terms.ratio if length < versine else terms.lack / kappa - versine
        low, high = (at, high) if excess > 0 else (low, at)
        moved = at + excess * kappa / terms.spread
        if not low < moved < high:
            moved = 0.5 * (low + high)
        if abs(moved - at) <= NOWHERE * max(abs(at), 1.0):
            break
        at = moved
    return float(np.exp(at))


def _falls(rng: np.random.Generator, n: int, kappa: float, free: int) -> Array:
    """Draws of 1 - μᵀy on the sphere that has so many dimensions of its own."""
    b = free / (2.0 * kappa + np.hypot(2.0 * kappa, free))
    # With x = (1 - b)/(1 + b): 1 - x and 1 - x² without cancellation.
    lowest = 2.0 * b / (1.0 + b)
    middle = (1.0 - b) / (1.0 + b)
    falls = np.zeros(n)
    left = np.arange(n)
    while left.size:
        z = rng.beta(0.5 * free, 0.5 * free, left.size)
        fall = 2.0 * b * z / (1.0 - (1.0 - b) * z)
        # 1 - x w over 1 - x².
        ratio = (lowest + middle * fall) / (lowest * (2.0 - lowest))
        accepted = kappa * (lowest - fall) + free * np.log(ratio) >= np.log1p(-rng.random(left.size))
        falls[left[accepted]] = fall[accepted]
        left = left[~accepted]
    return falls
