"""Fisher's F family: ratios of two variances."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._beta_law import working_moments
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._standard import Standard, unstretched
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Terms, end_terms
from thetahat.numerics.elementary import softplus
from thetahat.numerics.incomplete_beta import log_beta_mass
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive

_LOG_2 = float(np.log(2.0))


@final
class FisherF(ChartedFamily):
    """Fisher's F distribution: f(y) = (r y)^a (1 + r y)^(-a - b) / (y B(a, b)), with r = a/b.

    a = df1/2 and b = df2/2. Working coordinates are log df1 and log df2. The ratio of two independent
    chi-squared variables, each over its degrees of freedom; r y is the odds of a beta variable. Mean
    df2/(df2 - 2) for df2 > 2 (Fisher, 1924; Snedecor, 1934).

    Examples
    --------
    >>> import thetahat as th
    >>> ratio = th.FisherF(df1=4, df2=10)
    >>> ratio.mean()
    1.25
    >>> round(ratio.quantile(0.95), 6)
    3.47805
    """

    declared = (Parameter("df1", Positive(), (0.5, 50.0)), Parameter("df2", Positive(), (0.5, 50.0)))
    support = POSITIVE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"df2": 0.0},), lower=({"df1": 0.0},), both={"df1": 0.0, "df2": 0.0}
    )
    spikes: ClassVar[str] = "at 1"
    ordered_by_primary: ClassVar[bool] = False
    # log y - log(df2/df1), the logit of a beta variable of shapes df1/2 and df2/2
    chart = ((0.0, -1.0, 1.0), (0.0, 0.0, 0.0), (-_LOG_2, 1.0, 0.0), (-_LOG_2, 0.0, 1.0))

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """Relative to the mode, where nothing is left of what cancels as either of a and b grows."""
        a, b = xp.exp(shapes[0]), xp.exp(shapes[1])
        below, above = xp.softplus(-z) - xp.log1p(b / a), xp.softplus(z) - xp.log1p(a / b)
        return _at_mode(xp, a, b) - a * below - b * above

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = a - (a + b) expit(z)."""
        a, b = np.exp(shapes[0]), np.exp(shapes[1])
        mean_a, mean_b, bend_a, cross, bend_b = working_moments(*shapes)
        share, rest = special.expit(z), special.expit(-z)
        below, above = softplus(-z), softplus(z)
        by_a, by_b = a * (mean_a - below), b * (mean_b - above)
        return unstretched(
            z,
            self.standard_log_density(NUMPY, z, shapes),
            a * rest - b * share,
            -(a + b) * share * rest,
            (by_a, by_b),
            (a * rest, -b * share),
            (by_a + bend_a, cross, by_b + bend_b),
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Incomplete beta."""
        a, b = np.exp(shapes[0]), np.exp(shapes[1])
        mass, first, second = log_beta_mass(low, high, a, b, order)
        if first is None or second is None:
            return EndTerms(mass, 0.0, 0.0, 0.0, 0.0, 0.0)
        by_a, by_b = a * first[0], b * first[1]

        def at(z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
            terms = self.standard_terms(np.where(np.isfinite(z), z, 0.0), shapes)
            return np.where(np.isfinite(z), terms.value, -np.inf), terms.first, terms.shape

        return end_terms(
            mass,
            at(low),
            at(high),
            (by_a, by_b),
            (by_a + a * a * second[0], a * b * second[1], by_b + b * b * second[2]),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """That of a beta variable and of its odds' scale."""
        _, _, *shapes = self.charted(eta)
        a, b = np.exp(shapes[0]), np.exp(shapes[1])
        _, _, bend_a, cross, bend_b = working_moments(*shapes)
        total = a + b
        shared = a * (b / total)
        standard = (
            shared / (1.0 + 1.0 / total),
            0.0,
            0.0,
            shared,
            0.0,
            -bend_a,
            -shared,
            0.0,
            -cross,
            -bend_b,
        )
        return self.charted_back(Terms(0.0, (0.0,) * 4, standard)).hessian

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """At 1 the density rises with df1 for ever, whatever df2."""
        return y == 1.0, False

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """From the spread of log y, shared between the two by its skewness."""
        logs = np.log(points)
        spread = float(np.clip(np.std(logs), 0.05, 20.0))
        df = float(np.clip(4.0 / spread**2 + 1.0 / spread, 0.1, 1e3))
        return df, df

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Odds of the beta quantile, from the nearer end."""
        a, b = 0.5 * np.asarray(theta[0]), 0.5 * np.asarray(theta[1])
        share = special.betaincinv(a, b, probability)
        rest = special.betainccinv(b, a, probability)
        return np.where(share < 0.5, share / (1.0 - share), (1.0 - rest) / rest) * (b / a)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """df2/(df2 - 2) above 2, infinite up to there."""
        df2 = np.asarray(theta[1])
        return np.where(df2 > 2, df2 / np.where(df2 > 2, df2 - 2.0, 1.0), np.inf) + 0.0 * np.asarray(theta[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """2 df2² (df1 + df2 - 2)/(df1 (df2 - 2)² (df2 - 4)) above 4, infinite up to there."""
        df1, df2 = np.asarray(theta[0]), np.asarray(theta[1])
        safe = np.where(df2 > 4, df2, 5.0)
        mean = safe / (safe - 2.0)
        return np.where(df2 > 4, 2.0 * np.square(mean) * (df1 + safe - 2.0) / df1 / (safe - 4.0), np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler."""
        return rng.f(theta[0], theta[1], size)


def _at_mode(xp: Any, a: Any, b: Any) -> Any:
    """Log density of the logit at its mode: log(ab/(a + b)/2π)/2 and what Stirling's formula leaves."""
    total = a + b
    leading = 0.5 * (xp.log(a) + xp.log(b) - xp.log(total)) - LOG_SQRT_2_PI
    return leading + xp.stirling_remainder(total) - xp.stirling_remainder(a) - xp.stirling_remainder(b)
