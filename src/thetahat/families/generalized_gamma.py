"""The generalised gamma family in Prentice's form: Weibull, gamma and log-normal lifetimes in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._expected import expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._location_scale import LocationScale
from thetahat.families._prentice_kernel import PrenticeKernel, prentice_nodes, prentice_quantile
from thetahat.families._remembered import remembered
from thetahat.families._stacy_profile import profile_peaks
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates
from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.gamma_functions import stirling_remainder
from thetahat.parameters import Parameter, Positive, Real

_BEYOND = 400.0
"""Over the power of y that is gamma distributed, how far a power law's end lies beyond the outermost log y."""
_SLOPE = float(np.euler_gamma) - _BEYOND
"""∂ log p by q^-2 at q = ±∞, with the end that far from its limit."""
_ORDER_ONE = 0.3
"""The q from which on the way to a power law is counted: at ten times as much most of it is gone."""
_NORMAL = 1e-9
"""A q below which moments are known from their first power of it."""
_LARGE_SHAPE = 0.1
"""The q from which on tails come from the incomplete gamma function with all digits."""


def _end_moved(end: Any, rate: float, q: float) -> Any:
    """mu on the way to a power law that ends at ``end`` in log y."""
    if np.isinf(q):
        return end
    return end + np.sign(q) * (_BEYOND - 2.0 * np.log(np.abs(q))) / rate / q / q


@final
class GeneralizedGamma(PrenticeKernel, LocationScale):
    """Generalised gamma distribution: log y = mu + sigma z, where exp(q z)/q² is standard gamma of shape 1/q².

    Working coordinates are mu, log sigma and q itself (Prentice, 1974): q = 0 is the log-normal, where
    everything is smooth, q = 1 Weibull's, q = sigma the gamma, q = -1 Fréchet's family. The log density of z
    is -(exp(q z) - 1 - q z)/q² less a constant, and log-concave, so that for a given q the log-likelihood,
    censored or not, is concave in (1/sigma, mu/sigma) (Burridge, 1981), and that of two distinct values or more is
    bounded. As q grows and sigma q is held it becomes the power law y^(1/(sigma q)) up to a largest value, and
    Pareto's as q falls; each is a local supremum of every likelihood, with the outermost value for its end, and is
    told where no maximum inside is higher. Of small samples that is often so.

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
    dilation: ClassVar[tuple[float, ...]] = (1.0, 0.0, 0.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mu": np.inf},),
        lower=({"mu": -np.inf},),
        both={"sigma": np.inf},
        point={"sigma": 0.0},
        centre=("mu", np.log),
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="exp_reflected_shifted_exponential",
            parameter="q",
            chart="1/q²",
            names={},
            slope=lambda rows, _: np.broadcast_to(_SLOPE, np.shape(rows[0])),
            scale=lambda _: _ORDER_ONE,
            moving={
                "mu": lambda limit, q: _end_moved(-limit["threshold"], limit["rate"], q),
                "sigma": lambda limit, q: 1.0 / (limit["rate"] * q),
            },
            order=2.0,
        ),
        Limit(
            family="pareto",
            parameter="q",
            chart="1/q²",
            names={},
            slope=lambda rows, _: np.broadcast_to(_SLOPE, np.shape(rows[0])),
            scale=lambda _: _ORDER_ONE,
            moving={
                "mu": lambda limit, q: _end_moved(np.log(limit["minimum"]), limit["shape"], q),
                "sigma": lambda limit, q: 1.0 / (limit["shape"] * -q),
            },
            order=2.0,
            sign=-1.0,
        ),
    )
    logged: ClassVar[bool] = True
    spikes: ClassVar[str] = "anywhere"

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

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The density of log y is log-concave."""
        if "q" not in fixed:
            return None
        return "concave in (1/sigma, mu/sigma) for a fixed q (Burridge, 1981)"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The highest peak of the profile over powers of y; else the log-normal's mean and standard deviation."""
        log_y = np.log(points)
        mu, sigma, q, _ = profile_peaks(log_y)
        if mu.size:
            return float(mu[0]), float(sigma[0]), float(q[0])
        middle, spread = centre_and_spread(log_y)
        return middle, spread, 0.0

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """The other peaks of the profile, and skewed to either side."""
        log_y = np.log(points)
        mu, sigma, q, _ = profile_peaks(log_y)
        peaks = tuple((mu[k : k + 1], sigma[k : k + 1], q[k : k + 1]) for k in range(1, mu.size))
        middle, spread = centre_and_spread(log_y)
        skewed = tuple(
            (middle + 0.5 * spread * q, np.full(2, clipped(spread * 0.8)), q)
            for q in (np.array([-1.0, -2.0]), np.array([1.0, 2.0]))
        )
        return (*peaks, *skewed)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode of log y is mu."""
        return np.log(y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """From gamma quantiles, or the normal's at q = 0."""
        mu, sigma, q = (np.asarray(value, dtype=float) for value in theta)
        return np.exp(mu + sigma * prentice_quantile(probability, q))

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete gamma functions, away from q = 0."""
        mu, sigma, q = (np.asarray(value, dtype=float) for value in theta)
        if not np.all(np.abs(q) > _LARGE_SHAPE):
            return None
        a = 1.0 / np.square(q)
        with np.errstate(all="ignore"):
            scaled = a * np.exp(q / sigma * (np.log(y) - mu))
        below, above = special.gammainc(a, scaled), special.gammaincc(a, scaled)
        return np.where(q > 0, below, above), np.where(q > 0, above, below)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """exp(mu) q^(2 sigma/q) Γ(1/q² + sigma/q)/Γ(1/q²) where 1 + sigma q > 0, infinite elsewhere."""
        return np.exp(_log_moment(theta, 1.0))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """From the second moment, relative to the squared mean."""
        first, second = _log_moment(theta, 1.0), _log_moment(theta, 2.0)
        finite = np.isfinite(second)
        twice = 2.0 * np.where(finite, first, 0.0)
        return np.where(finite, np.exp(twice) * np.expm1(np.where(finite, second, 0.0) - twice), np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Logs of gamma variables, or normals at q = 0."""
        mu, sigma, q = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in theta))
        normal = np.abs(q) < _NORMAL
        safe = np.where(normal, 1.0, q)
        a = 1.0 / np.square(safe)
        # Γ(a) = Γ(a + 1) U^(1/a), in logs, where the variable itself would underflow.
        log_gamma = np.log(rng.standard_gamma(a + 1.0, size) / a) - rng.standard_exponential(size) / a
        z = np.where(normal, rng.standard_normal(size), log_gamma / safe)
        return np.asarray(np.exp(mu + sigma * z))


@remembered
def _expected_at(q: Any) -> tuple[Any, ...]:
    """E u uᵀ at sigma = 1."""
    return expected_products(GeneralizedGamma(), prentice_nodes(float(q)), lambda z, _: z, 0.0, (q,))


def _log_moment(theta: Theta, order: float) -> Any:
    """log E Y^order, infinite where there is none."""
    mu, sigma, q = (np.asarray(value, dtype=float) for value in theta)
    step = order * sigma
    small = np.abs(q) < _NORMAL
    safe = np.where(small, 1.0, q)
    exists = small | (step * q > -1.0)
    # Γ(a + step/q)/Γ(a) less (step/q) log a by Stirling's formula, in growth = step q.
    growth = np.where(exists & ~small, step * q, 0.0)
    a = 1.0 / np.square(safe)
    steep = (step / safe - 0.5) * np.log1p(growth)
    ratio = log1p_minus(growth) * a + steep + (stirling_remainder(a * (1.0 + growth)) - stirling_remainder(a))
    near = 0.5 * step**2 - step * q * (step**2 / 6.0 + 0.5)
    return np.where(exists, order * mu + np.where(small, near, ratio), np.inf)
