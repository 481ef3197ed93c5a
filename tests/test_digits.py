"""The certificate's count of correct digits against optima computed with fifty digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest
from mpmath import mp, mpf

import thetahat as th

OVERCLAIM = 0.5
"""A digit is a factor of ten in an estimated error; half of one is what an estimate may be off."""
UNDERCLAIM = 4.0
MOST = 14.0
"""Beyond this a claim is a matter of single roundings, of which a row's log density has a few."""
STEP = mpf(10) ** -22
"""Relative step of the differences: errors of 1e-44, and rounding of 1e-48 at seventy digits."""


# ---- Densities and distribution functions, written from their definitions ---------------------------------


def normal(y, mean, sd):
    return -(((y - mean) / sd) ** 2) / 2 - mp.log(sd * mp.sqrt(2 * mp.pi))


def normal_cdf(y, mean, sd):
    return mp.ncdf((y - mean) / sd)


def log_normal(y, mean_log, sd_log):
    return normal(mp.log(y), mean_log, sd_log) - mp.log(y)


def log_normal_cdf(y, mean_log, sd_log):
    return normal_cdf(mp.log(y), mean_log, sd_log)


def exponential(y, rate):
    return mp.log(rate) - rate * y


def exponential_cdf(y, rate):
    return -mp.expm1(-rate * y)


def gamma(y, shape, rate):
    return shape * mp.log(rate) + (shape - 1) * mp.log(y) - rate * y - mp.loggamma(shape)


def gamma_cdf(y, shape, rate):
    return mp.gammainc(shape, 0, rate * y, regularized=True)


def weibull(y, shape, scale):
    return mp.log(shape / y) + shape * mp.log(y / scale) - (y / scale) ** shape


def weibull_cdf(y, shape, scale):
    return -mp.expm1(-((y / scale) ** shape))


def logistic(y, location, scale):
    z = abs(y - location) / scale
    return -z - 2 * mp.log1p(mp.exp(-z)) - mp.log(scale)


def logistic_cdf(y, location, scale):
    return 1 / (1 + mp.exp((location - y) / scale))


def student_t(y, location, scale, df):
    z = (y - location) / scale
    return (
        mp.loggamma((df + 1) / 2)
        - mp.loggamma(df / 2)
        - mp.log(df * mp.pi) / 2
        - mp.log(scale)
        - (df + 1) / 2 * mp.log1p(z * z / df)
    )


def gev(y, location, scale, shape):
    t = mp.log1p(shape * (y - location) / scale) / shape
    return -mp.log(scale) - (1 + shape) * t - mp.exp(-t)


def beta(y, alpha, beta):
    return (
        (alpha - 1) * mp.log(y)
        + (beta - 1) * mp.log(1 - y)
        + mp.loggamma(alpha + beta)
        - mp.loggamma(alpha)
        - mp.loggamma(beta)
    )


def poisson(y, rate):
    return y * mp.log(rate) - rate - mp.loggamma(y + 1)


def negative_binomial(y, mean, size):
    return (
        mp.loggamma(size + y)
        - mp.loggamma(size)
        - mp.loggamma(y + 1)
        + size * mp.log(size / (size + mean))
        + (y * mp.log(mean / (size + mean)) if y else 0)
    )


def geometric(y, prob):
    return mp.log(prob) + y * mp.log(1 - prob)


def student_t_cdf(y, location, scale, df):
    z = (y - location) / scale
    half = mp.betainc(df / 2, mpf(1) / 2, 0, df / (df + z * z), regularized=True) / 2
    return half if z < 0 else 1 - half


def gev_cdf(y, location, scale, shape):
    return mp.exp(-((1 + shape * (y - location) / scale) ** (-1 / shape)))


# ---- Problems ---------------------------------------------------------------------------------------------


class Problem(NamedTuple):
    """Rows known to lie in (low, high], exact where both are equal, and their law."""

    family: th.Family
    density: Callable
    cdf: Callable | None
    low: np.ndarray
    high: np.ndarray


def exact(family, density, values) -> Problem:
    values = np.asarray(values, dtype=float)
    return Problem(family, density, None, values, values)


def right_censored(family, density, cdf, values, limits) -> Problem:
    seen = np.minimum(values, limits)
    return Problem(family, density, cdf, seen, np.where(values <= limits, seen, np.inf))


def left_censored(family, density, cdf, values, limit) -> Problem:
    return Problem(family, density, cdf, np.where(values > limit, values, -np.inf), np.maximum(values, limit))


def rounded(family, density, cdf, values, unit) -> Problem:
    low = np.floor(values / unit) * unit
    return Problem(family, density, cdf, low, low + unit)


def problems() -> dict[str, Problem]:
    rng = np.random.default_rng(20240229)
    gumbel = -np.log(rng.standard_exponential(100))
    return {
        "exponential, 5 rows": exact(th.Exponential(), exponential, rng.exponential(3, 5)),
        "gamma, 5 rows": exact(th.Gamma(), gamma, rng.gamma(2, 1, 5)),
        "gamma, 300 rows": exact(th.Gamma(), gamma, rng.gamma(0.3, 1e6, 300)),
        "gamma, relative spread 2 %": exact(th.Gamma(), gamma, rng.gamma(2.5e3, 1e-3, 40)),
        "log-normal, 30 rows": exact(th.LogNormal(), log_normal, rng.lognormal(3, 0.01, 30)),
        "weibull, 7 rows": exact(th.Weibull(), weibull, rng.weibull(1.5, 7)),
        "weibull, 500 rows": exact(th.Weibull(), weibull, 1e6 * rng.weibull(0.7, 500)),
        "logistic, 25 rows": exact(th.Logistic(), logistic, rng.logistic(2, 3, 25)),
        "beta, 30 rows": exact(th.Beta(), beta, rng.beta(0.5, 3, 30)),
        "student's t, 60 rows": exact(th.StudentT(), student_t, 5 + 0.1 * rng.standard_t(3, 60)),
        "gev, 65 rows": exact(th.GEV(), gev, 7 + gumbel[:65]),
        "poisson, 200 rows": exact(th.Poisson(), poisson, rng.poisson(40, 200)),
        "geometric, 50 rows": exact(th.Geometric(), geometric, rng.geometric(0.3, 50) - 1),
        "negative binomial, 53 rows": exact(
            th.NegativeBinomial(), negative_binomial, rng.negative_binomial(1, 0.1, 53)
        ),
        # Huge offsets: the data differ from each other from the ninth digit on.
        "normal at 1e9": exact(th.Normal(), normal, 1e9 + rng.standard_normal(100)),
        "logistic at 1e9": exact(th.Logistic(), logistic, 1e9 + rng.logistic(size=40)),
        "gev at 1e9": exact(th.GEV(), gev, 1e9 + gumbel),
        # Nearly flat: hardly more spread than Poisson's, tails hardly heavier than the normal's.
        "negative binomial, nearly Poisson": exact(
            th.NegativeBinomial(), negative_binomial, [*range(8), *range(8), 2, 3, 3, 4, 4, 5, 1, 4, 2]
        ),
        "student's t, nearly normal": exact(
            th.StudentT(), student_t, [*mp_normal_scores(60), 3.1, -3.2, 2.9, 0.1]
        ),
        "exponential, right-censored": right_censored(
            th.Exponential(), exponential, exponential_cdf, rng.exponential(9, 200), rng.exponential(9, 200)
        ),
        "log-normal, right-censored": right_censored(
            th.LogNormal(), log_normal, log_normal_cdf, rng.lognormal(1, 1, 30), 4.0
        ),
        "gamma, left-censored": left_censored(th.Gamma(), gamma, gamma_cdf, rng.gamma(2, 1, 24), 0.8),
        "weibull, in classes": rounded(th.Weibull(), weibull, weibull_cdf, rng.weibull(2, 40), 0.25),
        "logistic, in classes": rounded(th.Logistic(), logistic, logistic_cdf, rng.logistic(2, 3, 25), 1.0),
        "student's t, right-censored": right_censored(
            th.StudentT(), student_t, student_t_cdf, rng.standard_t(2, 16), 1.5
        ),
        "gev, right-censored": right_censored(th.GEV(), gev, gev_cdf, gumbel[:50], 2.0),
    }


def mp_normal_scores(n: int) -> list[float]:
    return [float(mp.sqrt(2) * mp.erfinv(mpf(2 * i + 1) / n - 1)) for i in range(n)]


# ---- Optima -----------------------------------------------------------------------------------------------


def log_likelihood(problem: Problem, theta: Sequence[mpf]) -> mpf:
    terms = []
    for low, high in zip(problem.low.tolist(), problem.high.tolist(), strict=True):
        if low == high:
            terms.append(problem.density(mpf(low), *theta))
            continue
        above = mpf(1) if high == np.inf else problem.cdf(mpf(high), *theta)
        below = (
            mpf(0) if low == -np.inf or problem.cdf(mpf(low), *theta) == 0 else problem.cdf(mpf(low), *theta)
        )
        terms.append(mp.log(above - below))
    return mp.fsum(terms)


def optimum(problem: Problem, near: Sequence[float]) -> tuple[list[mpf], list[mpf]]:
    """The stationary point by Newton's method with differences, and standard errors."""
    theta = [mpf(value) for value in near]
    k = len(theta)
    steps = [STEP * abs(value) for value in theta]

    def at(*moves: tuple[int, int]) -> mpf:
        moved = list(theta)
        for index, sign in moves:
            moved[index] += sign * steps[index]
        return log_likelihood(problem, moved)

    centre = at()
    hessian = mp.matrix(k, k)
    for i in range(k):
        hessian[i, i] = (at((i, 1)) - 2 * centre + at((i, -1))) / steps[i] ** 2
        for j in range(i):
            corners = [((i, a), (j, b)) for a in (1, -1) for b in (1, -1)]
            mixed = sum(a[1] * b[1] * at(a, b) for a, b in corners)
            hessian[i, j] = hessian[j, i] = mixed / (4 * steps[i] * steps[j])
    inverse = hessian**-1
    # From an end of twelve digits a Hessian once made gains as many again at each step.
    for _ in range(8):
        score = mp.matrix([(at((i, 1)) - at((i, -1))) / (2 * steps[i]) for i in range(k)])
        move = inverse * score
        theta = [value - move[i] for i, value in enumerate(theta)]
        if all(abs(move[i]) < mpf(10) ** -30 * abs(theta[i]) for i in range(k)):
            return theta, [mp.sqrt(-inverse[i, i]) for i in range(k)]
    raise AssertionError("no stationary point near the estimates")


@pytest.mark.parametrize("name", problems())
def test_claimed_digits_are_there_and_not_far_fewer_than_there_are(name):
    problem = problems()[name]
    fit = th.fit(problem.family, th.Observations.interval(problem.low, problem.high))
    assert fit.certificate.verdict == "maximum"
    with mp.workdps(70):
        truth, errors = optimum(problem, list(fit.estimates.values()))
        for (parameter, estimate), true, error in zip(fit.estimates.items(), truth, errors, strict=True):
            relative = abs(mpf(estimate) - true) / max(abs(true), error)
            digits = MOST if relative == 0 else min(float(-mp.log10(relative)), MOST)
            claimed = min(fit.certificate.digits[parameter], MOST)
            assert digits - UNDERCLAIM <= claimed <= digits + OVERCLAIM, parameter
            assert digits >= 9, parameter
            assert fit.standard_errors[parameter] == pytest.approx(float(error), rel=1e-5), parameter
