"""The peers, in a process of their own.

Importing thetahat changes how a process keeps freed memory, from which its peers would profit: they are timed as
they run without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from contest import answer
from samples import sample

START = {"location": 0.0, "scale": 1.0, "df": 5.0}


def scipy_fit(family: str) -> Callable[[np.ndarray], object]:
    """The fit of scipy.stats; the location of families on the positive line is known, and it is told so."""
    from scipy import stats

    fits: dict[str, Callable[[np.ndarray], object]] = {
        "normal": stats.norm.fit,
        "log_normal": lambda y: stats.lognorm.fit(y, floc=0),
        "exponential": lambda y: stats.expon.fit(y, floc=0),
        "gamma": lambda y: stats.gamma.fit(y, floc=0),
        "weibull": lambda y: stats.weibull_min.fit(y, floc=0),
        "logistic": stats.logistic.fit,
        "student_t": stats.t.fit,
        "gev": stats.genextreme.fit,
        "beta": lambda y: stats.beta.fit(y, floc=0, fscale=1),
    }
    return fits[family]


def generic_optimiser(family: str) -> Callable[[np.ndarray], object]:
    """scipy.optimize.minimize from the moments, over the log of mean and size, with scipy's mass function."""
    from scipy import optimize, stats

    def loss(point: np.ndarray, y: np.ndarray) -> float:
        mean, size = np.exp(point)
        return -float(stats.nbinom.logpmf(y, size, size / (size + mean)).mean())

    def fit(y: np.ndarray) -> object:
        mean, variance = float(y.mean()), float(y.var())
        return optimize.minimize(loss, np.log([mean, mean * mean / (variance - mean)]), args=(y,))

    return {"negative_binomial": fit}[family]


def statistics(family: str) -> Callable[[np.ndarray], object]:
    """The sufficient statistics by NumPy."""
    from scipy import special

    def normal(y: np.ndarray) -> object:
        mean = y.mean()
        return mean, np.square(y - mean).sum()

    def poisson(y: np.ndarray) -> object:
        counts = np.bincount(y)
        values = np.arange(counts.size)
        return counts @ values, counts @ special.gammaln(values + 1.0)

    return {"gamma": lambda y: (y.mean(), np.log(y).mean()), "normal": normal, "poisson": poisson}[family]


def generic_likelihood(method: str) -> Callable[[np.ndarray], object]:
    """statsmodels' model of one's own density: estimates and standard errors of Student's t."""
    from scipy import special
    from statsmodels.base.model import GenericLikelihoodModel

    class StudentT(GenericLikelihoodModel):
        """Scale and df by their logarithms, so that any step is allowed."""

        def loglikeobs(self, params: np.ndarray) -> Any:
            location, scale, df = params[0], np.exp(params[1]), np.exp(params[2])
            z = (self.endog - location) / scale
            constant = special.gammaln(0.5 * (df + 1)) - special.gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
            return constant - np.log(scale) - 0.5 * (df + 1) * np.log1p(z * z / df)

    start = np.array([START["location"], np.log(START["scale"]), np.log(START["df"])])

    def fit(y: np.ndarray) -> object:
        return StudentT(y).fit(start_params=start, method=method, maxiter=1_000, disp=0).bse

    return fit


# In the order of benchmarks/selection.py; of genextreme and the others the location is free, as the peers fit them.
IN_SCIPY = (
    "norm",
    "lognorm",
    "expon",
    "gamma",
    "weibull_min",
    "logistic",
    "t",
    "genextreme",
    "uniform",
    "pareto",
    "cauchy",
    "gumbel_r",
    "gumbel_l",
    "rayleigh",
    "fisk",
)


def distfit_of(_: str) -> Callable[[np.ndarray], object]:
    """The fifteen families by distfit."""
    from distfit import distfit

    return lambda y: distfit(distr=list(IN_SCIPY), verbose=0).fit_transform(y, verbose=0)


def fitter_of(_: str) -> Callable[[np.ndarray], object]:
    """The fifteen families by fitter, with its own defaults: joblib's processes, started at the first call."""
    from fitter import Fitter

    return lambda y: Fitter(y, distributions=list(IN_SCIPY), verbose=False).fit(progress=False)


def lifelines_of(work: str) -> Callable[[np.ndarray], object]:
    """The univariate fitters of lifelines."""
    from lifelines import LogNormalFitter, WeibullFitter

    fitter = {"weibull": WeibullFitter, "log_normal": LogNormalFitter}[work.partition("-")[0]]

    def fit(bounds: np.ndarray) -> object:
        low, high = bounds
        if work.endswith("right"):
            return fitter().fit_right_censoring(low, low == high).summary
        return fitter().fit_interval_censoring(low, high).summary

    return fit


def censored_by_bfgs(work: str) -> Callable[[np.ndarray], object]:
    """The censored likelihood of log y with its gradient in location and log scale, by BFGS."""
    from scipy import optimize, special

    def normal(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return special.ndtr(-z), np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)

    def smallest(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        power = np.exp(z)
        survival = np.exp(-power)
        return survival, power * survival

    law, slope = {
        "weibull": (smallest, lambda z: 1.0 - np.exp(z)),
        "log_normal": (normal, lambda z: -z),
    }[work.partition("-")[0]]

    def fit(bounds: np.ndarray) -> object:
        x = np.log(bounds)
        exact = x[0] == x[1]
        points, (low, high) = x[0, exact], x[:, ~exact]
        closed = np.isfinite(high)
        far = np.where(closed, high, 0.0)

        def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
            scale = np.exp(at[1])
            z, z_low, z_high = (points - at[0]) / scale, (low - at[0]) / scale, (far - at[0]) / scale
            survival, density_low = law(z_low)
            beyond, density_high = law(z_high)
            mass = survival - np.where(closed, beyond, 0.0)
            push, pull = np.where(closed, density_high, 0.0) / mass, density_low / mass
            steep = slope(z)
            value = np.log(law(z)[1]).sum() - points.size * at[1] + np.log(mass).sum()
            by_location = -(steep.sum() + (push - pull).sum()) / scale
            by_log_scale = -points.size - (z * steep).sum() - (z_high * push - z_low * pull).sum()
            return -value / exact.size, -np.array([by_location, by_log_scale]) / exact.size

        middle = np.where(np.isfinite(x[1]), 0.5 * (x[0] + np.where(np.isfinite(x[1]), x[1], 0.0)), x[0])
        start = np.array([middle.mean(), np.log(middle.std())])
        found = optimize.minimize(loss, start, jac=True, method="BFGS")
        return found.x, np.sqrt(np.diag(found.hess_inv) / exact.size)

    return fit


PEERS: dict[str, Callable[[str], Callable[[np.ndarray], object]]] = {
    "scipy.stats": scipy_fit,
    "scipy.optimize": generic_optimiser,
    "NumPy": statistics,
    "statsmodels": generic_likelihood,
    "distfit": distfit_of,
    "fitter": fitter_of,
    "lifelines": lifelines_of,
    "BFGS": censored_by_bfgs,
}


def main() -> None:
    """Answer the contest with the time of one peer."""
    peer, what, family, n = sys.argv[1:]
    call, y = PEERS[peer](what), sample(family, int(n))
    answer(lambda: call(y))


if __name__ == "__main__":
    main()
