"""The generalised gamma family in Prentice's form: Weibull, gamma and log-normal lifetimes in one."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._expected import expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._location_scale import LocationScale
from thetahat.families._log_concave_mass import log_concave_mass
from thetahat.families._remembered import remembered
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.numerics.elementary import horner
from thetahat.numerics.gamma_functions import log_gamma_ratio, stirling_remainder
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_TERMS = np.arange(20.0)
_SERIES = 1.0 / special.factorial(_TERMS + 2.0)
_NEAR, _NEAR_FOR_JAX = 1.0, 0.1
_SMALL = 0.05
"""Below this q Stirling's remainder of q^-2 is summed in q."""
_TINY = 1e-7
"""A q up to which z is normal to seven digits: no sample tells them apart, and quantiles are refined."""
_MODERATE = 0.5
"""Up to this q the quantiles of so large a gamma shape are refined."""
_REFINEMENTS = 5
_NODES = np.arange(-40.0, 40.01, 0.125)


@final
class GeneralizedGamma(LocationScale):
    """Generalised gamma distribution: log y = mu + sigma z, where exp(q z)/q² is standard gamma of shape 1/q².

    Working coordinates are mu, log sigma and q itself (Prentice, 1974): q = 0 is the log-normal, where
    everything is smooth, q = 1 Weibull's, q = sigma the gamma, q = -1 Fréchet's family. The log density of z
    is -(exp(q z) - 1 - q z)/q² less a constant, and log-concave, so that for a given q the log-likelihood,
    censored or not, is concave in (1/sigma, mu/sigma) (Burridge, 1981).

    Examples
    --------
    >>> import thetahat as th
    >>> th.GeneralizedGamma(mu=0, sigma=0.5, q=1).log_sf(20.0)
    -400.0
    >>> round(th.GeneralizedGamma(mu=0, sigma=1, q=0).mean(), 6)
    1.648721
    """

    declared = (
        Parameter("mu", Real(), (-3.0, 3.0)),
        Parameter("sigma", Positive(), (0.05, 2.0)),
        Parameter("q", Real(), (-1.5, 2.0)),
    )
    support = POSITIVE
    singly: ClassVar[tuple[str, ...]] = ("sample_at",)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mu": np.inf},),
        lower=({"mu": -np.inf},),
        both={"sigma": np.inf},
        point={"sigma": 0.0},
        centre=("mu", np.log),
    )
    logged: ClassVar[bool] = True
    spikes: ClassVar[str] = "anywhere"

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-z² E(q z) - log √(2π) - (Stirling's remainder of q^-2), E(v) = (exp(v) - 1 - v)/v²."""
        (q,) = shapes
        return -z * z * _excess(xp, q * z) - LOG_SQRT_2_PI - _remainder(xp, q)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -z (exp(q z) - 1)/(q z)."""
        (q,) = shapes
        v = q * z
        excess, slope, bend = _excess_terms(v)
        square = z * z
        by_q, by_q_twice = _remainder_slopes(q)
        pull = special.exprel(v)
        turn = excess + v * slope
        return unstretched(
            z,
            -square * excess - LOG_SQRT_2_PI - _remainder(NUMPY, q),
            -z * pull,
            -np.exp(v),
            (-square * z * slope - by_q,),
            (-square * turn,),
            (-square * square * bend - by_q_twice,),
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """By quadrature outwards from the mode, at 0."""
        return log_concave_mass(self.standard_terms, low, high, shapes, 0.0, order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over z."""
        _, log_sigma, q = eta
        parts = [_expected_at(float(item)) for item in np.ravel(q)]
        found = tuple(np.reshape(column, np.shape(q)) for column in zip(*parts, strict=True))
        inverse = np.exp(-np.asarray(log_sigma))
        return (
            found[0] * inverse * inverse,
            found[1] * inverse,
            found[2],
            found[3] * inverse,
            found[4],
            found[5],
        )

    def uniqueness_given(self, fixed: Any, survey: Survey) -> str | None:
        """The density of log y is log-concave."""
        if "q" not in fixed:
            return None
        return "concave in (1/sigma, mu/sigma) for a fixed q (Burridge, 1981)"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The log-normal's mean and standard deviation."""
        middle, spread = centre_and_spread(np.log(points))
        return middle, spread, 0.0

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Skewed to either side."""
        middle, spread = centre_and_spread(np.log(points))
        q = np.array([-1.0, 1.0, 2.0])
        return ((middle + 0.5 * spread * q, np.full(3, clipped(spread * 0.8)), q),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode of log y is mu."""
        return np.log(y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """From gamma quantiles, or the normal's at q = 0."""
        mu, sigma, q = (np.asarray(value, dtype=float) for value in theta)
        return np.exp(mu + sigma * _standard_quantile(probability, q))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """exp(mu) q^(2 sigma/q) Γ(1/q² + sigma/q)/Γ(1/q²) where 1/q² + sigma/q > 0, infinite elsewhere."""
        return np.exp(_log_moment(theta, 1.0))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """From the second moment, relative to the squared mean."""
        first, second = _log_moment(theta, 1.0), _log_moment(theta, 2.0)
        finite = np.isfinite(second)
        twice = 2.0 * np.where(finite, first, 0.0)
        return np.where(finite, np.exp(twice) * np.expm1(np.where(finite, second, 0.0) - twice), np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Logs of gamma variables, or normals at q = 0."""
        mu, sigma, q = theta
        if abs(q) < _TINY:
            return np.asarray(np.exp(mu + sigma * rng.standard_normal(size)))
        a = 1.0 / q**2
        if a > 1.0:
            z = np.log(rng.standard_gamma(a, size) / a) / q
        else:
            # Γ(a) = Γ(a + 1) U^(1/a), in logs, where the variable itself would underflow.
            z = (np.log(rng.standard_gamma(a + 1.0, size) / a) - rng.standard_exponential(size) / a) / q
        return np.asarray(np.exp(mu + sigma * z))


def _excess(xp: Any, v: Any) -> Any:
    """(exp(v) - 1 - v)/v², by its series near 0."""
    # A short series compiles fast, and a threefold derivative loses no more than it leaves out.
    series = _SERIES[:9] if xp.is_jax else _SERIES
    near = xp.abs(v) < (_NEAR_FOR_JAX if xp.is_jax else _NEAR)
    inner = xp.where(near, v, 0.0)
    outer = xp.where(near, 2.0, v)
    total = 0.0 * inner + series[-1]
    for coefficient in series[-2::-1]:
        total = total * inner + coefficient
    return xp.where(near, total, (xp.expm1(outer) - outer) / outer / outer)


def _excess_terms(v: Any) -> tuple[Any, Any, Any]:
    """``_excess`` with two derivatives."""
    v = np.asarray(v, dtype=float)
    near = np.abs(v) < _NEAR
    inner, outer = np.where(near, v, 0.0), np.where(near, 2.0, v)
    value = _excess(NUMPY, v)
    slope = (np.expm1(outer) - 2.0 * outer * value) / outer / outer
    bend = (np.exp(outer) - 2.0 * value - 4.0 * outer * slope) / outer / outer
    near_slope = horner((_TERMS * _SERIES)[1:], inner)
    near_bend = horner((_TERMS * (_TERMS - 1.0) * _SERIES)[2:], inner)
    return value, np.where(near, near_slope, slope), np.where(near, near_bend, bend)


def _remainder(xp: Any, q: Any) -> Any:
    """Stirling's remainder of q^-2: q²/12 - q⁶/360 + ... near 0."""
    small = xp.abs(q) < _SMALL
    inner = xp.where(small, q, 0.0)
    square = inner * inner
    series = square * (1.0 / 12.0 - square * square * (1.0 / 360.0 - square * square / 1260.0))
    outer = xp.where(small, 1.0, q)
    return xp.where(small, series, xp.stirling_remainder(1.0 / (outer * outer)))


@remembered
def _remainder_slopes(q: Any) -> tuple[Any, Any]:
    """Its two derivatives in q."""
    small = np.abs(q) < _SMALL
    inner, outer = np.where(small, q, 0.0), np.where(small, 1.0, q)
    fourth = inner**4
    a = 1.0 / (outer * outer)
    first, second = stirling_remainder(a, 1), stirling_remainder(a, 2)
    by_q, by_q_twice = -2.0 * a / outer, 6.0 * a * a
    return (
        np.where(small, inner * (1.0 / 6.0 - fourth * (1.0 / 60.0 - fourth / 126.0)), first * by_q),
        np.where(
            small,
            1.0 / 6.0 - fourth * (1.0 / 12.0 - fourth / 14.0),
            second * by_q * by_q + first * by_q_twice,
        ),
    )


@remembered
def _expected_at(q: Any) -> tuple[Any, ...]:
    """E u uᵀ at sigma = 1."""
    family = GeneralizedGamma()
    # In units of the slower tail, whose decay is 1/|q| where q is large.
    z = _NODES * max(1.0, abs(float(q)))
    mass = (z[1] - z[0]) * np.exp(family.standard_log_density(NUMPY, z, (q,)))
    return expected_products(family, (z, mass), lambda w, _: w, 0.0, (q,))


def _standard_quantile(probability: Array, q: Array) -> Array:
    normal = np.abs(q) < _TINY
    safe = np.where(normal, 1.0, q)
    a = 1.0 / np.square(safe)
    upper = q < 0
    gamma = np.where(upper, special.gammainccinv(a, probability), special.gammaincinv(a, probability))
    # P(G < g) -> g^a/Γ(a + 1) where g underflows.
    tail = np.where(upper, 1.0 - probability, probability)
    far = (np.log(tail) + special.gammaln(a + 1.0)) / a
    log_gamma = np.where(gamma > 1e-290, np.log(gamma), far)
    z = np.where(normal, normal_quantile(probability), (log_gamma - np.log(a)) / safe)
    return _refined(z, probability, q) if np.any(np.abs(q) < _MODERATE) else z


def _refined(z: Array, probability: Array, q: Array) -> Array:
    """Newton's method on the log of the smaller tail, from a z that is near already."""
    density = GeneralizedGamma().standard_terms
    z, probability, q = np.broadcast_arrays(z, probability, q)
    some = (probability > 0) & (probability < 1) & (np.abs(q) < _MODERATE)
    at, p, shape = z[some], probability[some], q[some]
    below = p < 0.5
    target = np.where(below, np.log(p), np.log1p(-p))
    sign = np.where(below, 1.0, -1.0)
    for _ in range(_REFINEMENTS):
        low, high = np.where(below, -np.inf, at), np.where(below, at, np.inf)
        log_tail = log_concave_mass(density, low, high, (shape,), 0.0, 0).value
        step = sign * (target - log_tail) * np.exp(log_tail - density(at, (shape,)).value)
        at = at + np.clip(step, -1.0, 1.0)
    result = np.array(z)
    result[some] = at
    return result


def _log_moment(theta: Theta, order: float) -> Any:
    """log E Y^order, infinite where there is none."""
    mu, sigma, q = (np.asarray(value, dtype=float) for value in theta)
    step = order * sigma
    small = np.abs(q) < 1e-5
    safe = np.where(small, 1.0, q)
    a, shift = 1.0 / safe**2, step / safe
    exists = small | (a + shift > 0)
    moved = np.where(a + shift > 0, a + shift, 1.0)
    up = log_gamma_ratio(a, np.maximum(shift, 0.0))
    down = log_gamma_ratio(moved, np.maximum(-shift, 0.0))
    ratio = np.where(shift > 0, up, -down) - shift * np.log(a)
    near = 0.5 * step**2 - step * q * (step**2 / 6.0 + 0.5)
    return np.where(exists, order * mu + np.where(small, near, ratio), np.inf)
