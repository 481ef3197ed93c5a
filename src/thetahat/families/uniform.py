"""The uniform family: anything between two ends, with nothing to choose between."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._contract import Known, Theta
from thetahat.families._ends import BetweenEnds
from thetahat.families._gathering import Gathering
from thetahat.families._support import REAL_LINE
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Real


@final
class Uniform(BetweenEnds):
    """Uniform distribution: f(y) = 1/(high - low), low <= y <= high.

    Working coordinates are low and high. The maximum is the smallest and the largest value, where the likelihood does
    not level off but breaks off: the error is of order 1/n, and curvature says nothing of it, so that there are no
    standard errors (Rao, 1973, section 5f). Where rows are censored an end may lie between what is known of them, with
    a standard error; the log-likelihood is concave in (1/(high - low), low/(high - low)), so that its maximum is the
    only one. Limits of truncation leave exact values where they are; an end that the limits of every row forestall is
    not identified. Of censored rows with limits there may be several maxima, of which the highest is found: over boxes
    of both ends every row is bounded by what it is nearest to its own.

    Examples
    --------
    >>> import thetahat as th
    >>> th.Uniform(low=0, high=4).variance()
    1.3333333333333333
    >>> fit = th.fit(th.Uniform(), [0.5, 2.0, 1.5])
    >>> fit.estimates, fit.certificate.verdict.value
    ({'low': 0.5, 'high': 2.0}, 'boundary')
    """

    declared = (Parameter("low", Real(), (-3.0, 0.0)), Parameter("high", Real(), (0.5, 4.0)))
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(point={"low": np.nan, "high": np.nan})
    scales: ClassVar[tuple[str, ...]] = ("low", "high")
    spikes: ClassVar[str] = "anywhere"
    strictly: ClassVar[bool] = True
    uniqueness_censored: ClassVar[str | None] = (
        "concave in (1/(high - low), low/(high - low)), as of any log-concave density (Burridge, 1981)"
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-log(high - low) between the ends."""
        (y,) = rows
        low, high = eta
        return xp.where((y >= low) & (y <= high), -xp.log(high - low), -np.inf)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Return (1/(high - low), -1/(high - low)), as long as the value stays inside."""
        density = np.broadcast_to(1.0 / (np.asarray(eta[1]) - eta[0]), np.shape(rows[0]))
        square = np.square(density)
        return Terms(self.log_density(NUMPY, rows, eta), (density, -density), (square, -square, square))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The share of the width that the interval covers."""
        first, last = np.maximum(low, eta[0]), np.minimum(high, eta[1])
        width = np.asarray(eta[1] - np.asarray(eta[0]))
        covered = np.maximum(last - first, 0.0)
        with np.errstate(all="ignore"):
            missed = ((first - eta[0]) + (eta[1] - last)) / width
            value = np.where(missed < 0.5, np.log1p(-missed), np.log(covered) - np.log(width))
            value = np.where(covered > 0, value, -np.inf)
            if not order:
                return Terms(value)
            at_low, at_high = eta[0] > low, eta[1] < high
            inner, outer = np.where(covered > 0, 1.0 / covered, 0.0), 1.0 / width
            return Terms(
                value,
                (outer - at_low * inner, at_high * inner - outer),
                (
                    outer * outer - at_low * inner * inner,
                    (at_low & at_high) * inner * inner - outer * outer,
                    outer * outer - at_high * inner * inner,
                ),
            )

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Low + p (high - low)."""
        return theta[0] * (1.0 - probability) + theta[1] * probability

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The middle."""
        return 0.5 * np.asarray(theta[0]) + 0.5 * np.asarray(theta[1])

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """log(high - low)."""
        return np.log(theta[1] - np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(high - low)²/12."""
        return np.square(theta[1] - np.asarray(theta[0])) / 12.0

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's generator."""
        return rng.uniform(theta[0], theta[1], size)
