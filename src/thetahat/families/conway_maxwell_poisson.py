"""The Conway-Maxwell-Poisson family: counts that vary more or less than Poisson's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile, positive_mean, sampled_from_table
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass, lattice_moments
from thetahat.families._remembered import remembered
from thetahat.families._saddle import half_deviance, log_saturated
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive

_HIGHEST = 690.0
"""The log of a μ that stands for all higher ones."""

_LARGE = 1e4
"""A nu from which on the digits that a power of Poisson's mass loses count."""
_FEW = 0.05
"""Times nu, a μ below which only neighbours of one count have mass."""
_NEIGHBOURS = 6
_SCORINGS = 30
_LARGEST_LOG_RATE = 600.0
_NU = (-4.0, 8.0)
"""Log nu between which a start is looked for."""


@final
class ConwayMaxwellPoisson(Family):
    """Conway-Maxwell-Poisson distribution: P(Y = y) = rate^y / (y!)^nu / Z(rate, nu), y = 0, 1, 2, ...

    Working coordinates are log rate and log nu. At nu = 1 it is Poisson's, for nu towards 0 geometric with
    prob = 1 - rate, for nu towards infinity Bernoulli with odds rate (Shmueli et al., 2005). The log-likelihood is
    concave in (log rate, nu), an exponential family. All is written as a power of Poisson's mass at μ = rate^(1/nu),
    so that nothing cancels for large counts; Z and the moments are sums by quadrature over the counts.

    Examples
    --------
    >>> import thetahat as th
    >>> counts = th.ConwayMaxwellPoisson(rate=4, nu=1.5)
    >>> round(counts.mean(), 6), round(counts.variance(), 6)
    (2.338995, 1.693309)
    >>> round(th.ConwayMaxwellPoisson(rate=4, nu=1).log_prob(3) - th.Poisson(rate=4).log_prob(3), 12)
    0.0
    """

    declared = (Parameter("rate", Positive(), (0.1, 20.0)), Parameter("nu", Positive(), (0.6, 3.0)))
    support = COUNTS
    singly: ClassVar[tuple[str, ...]] = ("sample_at",)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"rate": np.inf},), lower=({"rate": 0.0},), neighbours={"rate": np.inf, "nu": np.inf}
    )
    uniqueness: ClassVar[str | None] = "concave in (log rate, nu), an exponential family"
    single_maximum = MappingProxyType({"*": "concave in (coefficients, nu), an exponential family"})

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and the log of Poisson's mass of y at rate y."""
        return y, log_saturated(xp, y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Nu times log Poisson's mass at μ, less the log of the sum of those powers."""
        y, saturated = rows
        if xp.is_jax:
            from thetahat.families._host import host_function

            normaliser = host_function(_normaliser_terms, 0, "ConwayMaxwellPoisson's normaliser")(*eta)
        else:
            normaliser = _moments(*eta)[0]
        nu = xp.exp(eta[1])
        log_mu = eta[0] / nu
        log_mu = xp.where(log_mu < _HIGHEST, log_mu, _HIGHEST)
        power = saturated - half_deviance(xp, y, xp.exp(log_mu) - y, log_mu)
        value = nu * power - normaliser
        return value if xp.is_jax else _mended(value, y, *eta)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With d = y - μ and q = log Poisson's mass, centred: u = (d, nu (q - d log μ))."""
        return _point_terms(rows[0], rows[1], 2, *eta, *_moments(*eta))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller."""
        moments = _moments(*eta)
        mu, mode = _centre(*eta)
        return lattice_mass(
            low,
            high,
            (*eta, *moments),
            (mode, np.maximum(mu + moments[1], 0.0), np.inf),
            lambda y, order, *parameters: _point_terms(y, log_saturated(NUMPY, y), order, *parameters),
            order,
            n_coordinates=2,
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """The covariance matrix of the score."""
        _, _, _, spread, mixed, bend = _moments(*eta)
        nu, log_mu = np.exp(eta[1]), _log_mu(*eta)
        return (
            spread,
            nu * (mixed - log_mu * spread),
            nu * nu * (bend + log_mu * (log_mu * spread - 2.0 * mixed)),
        )

    def collapse(self, survey: Survey) -> tuple[Mapping[str, float], float, str] | None:
        """Rows of one count, or of two neighbours, on which all mass gathers as nu grows (Barndorff-Nielsen, 1978)."""
        low, high = survey.minimum, survey.maximum
        if high - low > 1.0 or high == 0.0:
            return None
        if high == low:
            return {"rate": np.inf, "nu": np.inf}, 0.0, f"{low:g}"
        share = float(survey.means[0]) - low
        supremum = survey.n_exact * float(
            special.xlogy(share, share) + special.xlogy(1.0 - share, 1.0 - share)
        )
        rate = share / (1.0 - share) if low == 0.0 else np.inf
        return {"rate": rate, "nu": np.inf}, supremum, f"{low:g} and {high:g}"

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By Fisher scoring in log μ and log nu, which are all but orthogonal, from the points' moments."""
        mean = positive_mean(points)
        ratio = float(np.mean(np.square(points / mean - 1.0))) * mean
        y, weight = np.unique(points, return_counts=True)
        share = weight / weight.sum()
        log_nu = float(np.log(np.clip(1.0 / max(ratio, 1e-6), 0.05, 1e3)))
        log_mu = float(np.log(max(mean + 0.5 * (1.0 - np.exp(-log_nu)), 0.5 * mean)))
        value, step = _scored(y, share, log_mu, log_nu)
        for _ in range(_SCORINGS):
            size = max(1.0, float(np.max(np.abs(step))) / 2.0)
            trial, onwards = _scored(y, share, log_mu + step[0] / size, log_nu + step[1] / size)
            while not trial >= value and size < 1e3:
                size *= 4.0
                trial, onwards = _scored(y, share, log_mu + step[0] / size, log_nu + step[1] / size)
            if not trial >= value:
                break
            log_mu, log_nu = log_mu + step[0] / size, log_nu + step[1] / size
            if trial - value < 1e-9 or not _NU[0] < log_nu < _NU[1]:
                break
            value, step = trial, onwards
        # At this μ a larger nu would have a rate that is no number.
        nu = min(float(np.exp(np.clip(log_nu, *_NU))), _LARGEST_LOG_RATE / max(abs(log_mu), 1e-300))
        return float(np.exp(log_mu * nu)), nu

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the rate down."""
        return False, y == 0

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers, from the mean on."""
        eta = self.working(theta)
        guess = np.broadcast_to(np.floor(self.mean_at(theta, known)), np.shape(probability))
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value),
            guess,
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Summed."""
        return _mean_and_variance(*self.working(theta))[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Summed."""
        return _mean_and_variance(*self.working(theta))[1]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion."""
        eta = self.working(theta)
        ends = [float(self.quantile_at(np.asarray(p), theta, known)) for p in (1e-17, 1.0 - 1e-16)]

        def log_mass(y: Array) -> Array:
            return np.asarray(self.log_density(NUMPY, self.prepare(NUMPY, y, known), eta))

        return sampled_from_table(rng, size, log_mass, ends[0], ends[1])


def _scored(y: Array, share: Array, log_mu: float, log_nu: float) -> tuple[float, Array]:
    """Mean log-likelihood of counts, and the step of Fisher scoring in (log μ, log nu)."""
    with np.errstate(all="ignore"):
        nu = float(np.exp(log_nu))
        total, mean, mean_power, spread, mixed, bend = _moments(nu * log_mu, log_nu)
        excess = np.exp(log_mu) - y
        power = log_saturated(NUMPY, y) - half_deviance(NUMPY, y, excess, log_mu)
        value = nu * float(share @ power) - float(total)
        score = nu * np.array([float(share @ -excess) - mean, float(share @ power) - mean_power])
        information = nu * nu * np.array([[spread, mixed], [mixed, bend]])
        determinant = float(information[0, 0] * information[1, 1] - mixed * mixed * nu**4)
        if not (np.isfinite(value) and determinant > 0):
            return -np.inf if not np.isfinite(value) else value, np.zeros(2)
        return value, np.linalg.solve(information, score)


def _log_mu(log_rate: Any, log_nu: Any) -> Any:
    return np.minimum(np.asarray(log_rate) / np.exp(log_nu), _HIGHEST)


def _centre(log_rate: Any, log_nu: Any) -> tuple[Any, Any]:
    mu = np.exp(_log_mu(log_rate, log_nu))
    return mu, np.floor(mu)


@remembered
def _moments(log_rate: Any, log_nu: Any) -> tuple[Any, ...]:
    """Log of the sum of powers; means of d = y - μ and q = log Poisson's mass at μ; Var d, Cov(d, q), Var q."""
    nu, log_mu = np.exp(log_nu), _log_mu(log_rate, log_nu)
    mu, mode = _centre(log_rate, log_nu)

    def integrand(y: Array, nu: Array, mu: Array, log_mu: Array) -> tuple[Array, tuple[Array, ...]]:
        excess = mu - y
        power = log_saturated(NUMPY, y) - half_deviance(NUMPY, y, excess, log_mu)
        return nu * power, (-excess, power)

    with np.errstate(all="ignore"):
        found = lattice_moments((nu, mu, log_mu), (mode, np.inf), integrand)
    spread, mixed, bend = found.covariances
    return found.log_total, *found.means, spread, mixed, bend


def _point_terms(
    y: Array,
    saturated: Array,
    order: int,
    log_rate: Any,
    log_nu: Any,
    log_total: Any,
    mean_distance: Any,
    mean_power: Any,
    spread: Any,
    mixed: Any,
    bend: Any,
) -> Terms:
    nu, log_mu = np.exp(log_nu), _log_mu(log_rate, log_nu)
    excess = np.exp(log_mu) - y
    power = saturated - half_deviance(NUMPY, y, excess, log_mu)
    value = _mended(nu * power - log_total, y, log_rate, log_nu)
    if order == 0:
        return Terms(value)
    distance = -excess - mean_distance
    by_nu = nu * ((power - mean_power) - log_mu * distance)
    return Terms(
        value,
        (distance, by_nu),
        (
            -spread,
            -nu * (mixed - log_mu * spread),
            by_nu - nu * nu * (bend + log_mu * (log_mu * spread - 2.0 * mixed)),
        ),
    )


def _concentrated(log_rate: Any, log_nu: Any) -> Any:
    """Whether nu is so large that only neighbours of one count have mass.

    A power of Poisson's mass has lost as many digits there as nu has.
    """
    nu = np.exp(log_nu)
    large = nu > _LARGE
    return large & (_centre(log_rate, log_nu)[0] < _FEW * nu) if np.any(large) else large


def _neighbours(log_rate: Any, log_nu: Any) -> tuple[list[Any], list[Any]]:
    """Log ratios of the masses of the counts above the mode to the mode's, and of those below, from the nearest on."""
    nu, (_, mode) = np.exp(log_nu), _centre(log_rate, log_nu)
    above, below = [np.zeros(np.shape(mode))], [np.zeros(np.shape(mode))]
    with np.errstate(all="ignore"):
        for step in range(1, _NEIGHBOURS + 1):
            above.append(above[-1] + (log_rate - nu * np.log(mode + step)))
            down = np.where(mode >= step, nu * np.log(mode + 1.0 - step) - log_rate, -np.inf)
            below.append(below[-1] + down)
    return above[1:], below[1:]


def _mended(value: Any, y: Any, log_rate: Any, log_nu: Any) -> Any:
    """The log mass, by the ratios of neighbours' masses where these are all there is."""
    few = _concentrated(log_rate, log_nu)
    if not np.any(few):
        return value
    nu, (_, mode) = np.exp(log_nu), _centre(log_rate, log_nu)
    above, below = _neighbours(log_rate, log_nu)
    with np.errstate(all="ignore"):
        distance = y - mode
        farther = distance * log_rate - nu * (special.gammaln(y + 1.0) - special.gammaln(mode + 1.0))
        own = np.where(distance == 0, 0.0, farther)
        for step, (up, down) in enumerate(zip(above, below, strict=True), start=1):
            own = np.where(distance == step, up, np.where(distance == -step, down, own))
        total = 1.0 + sum(np.exp(ratio) for ratio in (*above, *below))
        return np.where(few, own - np.log(total), value)


def _mean_and_variance(log_rate: Any, log_nu: Any) -> tuple[Any, Any]:
    moments = _moments(log_rate, log_nu)
    mu, mode = _centre(log_rate, log_nu)
    mean, variance = mu + moments[1], moments[3]
    few = _concentrated(log_rate, log_nu)
    if not np.any(few):
        return mean, variance
    above, below = ([np.exp(ratio) for ratio in side] for side in _neighbours(log_rate, log_nu))
    pairs = list(enumerate(zip(above, below, strict=True), start=1))
    total = 1.0 + sum(up + down for _, (up, down) in pairs)
    shift = sum(step * (up - down) for step, (up, down) in pairs) / total
    square = sum(step * step * (up + down) for step, (up, down) in pairs) / total
    return np.where(few, mode + shift, mean), np.where(few, square - shift * shift, variance)


def _normaliser_terms(inputs: tuple[Array, ...], order: int) -> Terms:
    """The log of the sum of powers, which is log Z - nu μ, with its derivatives in (log rate, log nu)."""
    log_total, distance, power, spread, mixed, bend = _moments(*inputs)
    if order == 0:
        return Terms(log_total)
    nu, log_mu = np.exp(inputs[1]), _log_mu(*inputs)
    mu = np.exp(log_mu)
    by_nu = nu * (power - log_mu * distance)
    return Terms(
        log_total,
        (distance, by_nu),
        (
            spread - mu / nu,
            nu * (mixed - log_mu * spread) + mu * log_mu,
            by_nu + nu * nu * (bend + log_mu * (log_mu * spread - 2.0 * mixed)) - nu * mu * log_mu * log_mu,
        ),
    )
