"""Families of the catalogue against 50 digits: log density and both log tails, far out; masses with derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import thetahat as th

DIGITS = 50
ACCURACY = 1e-10
FARTHEST = 1e4
"""Logs of this size are compared, and no larger ones."""
OUT = np.array([0.0, 1e-3, 0.1, 0.5, 1.0, 2.0, 5.0, 12.0, 30.0, 100.0, 1e3, 1e6, 1e12, 1e40, 1e150])
LINE = np.concatenate([-OUT[:0:-1], OUT])
HALF_LINE = np.array(
    [1e-250, 1e-100, 1e-40, 1e-12, 1e-3, 0.03, 0.3, 0.8, 1.0, 1.6, 4.0, 15.0, 60.0, 1e3, 1e8, 1e60, 1e250]
)


@dataclass
class Law:
    """Log density, log distribution function and log survival function in many digits."""

    density: Any
    cdf: Any
    sf: Any


def less(log_value):
    """log(1 - exp(log_value))."""
    return mp.log(-mp.expm1(log_value)) if log_value < 0 else -mp.inf


def by_sf(density, sf):
    return Law(density, lambda y: less(sf(y)), sf)


def by_cdf(density, cdf):
    return Law(density, cdf, lambda y: less(cdf(y)))


def positive_part(value):
    return mp.log(value) if value > 0 else -mp.inf


# ---- The laws, of y and natural parameters ---------------------------------------------------------------


def gumbel(location, scale):
    def z(y):
        return (y - location) / scale

    return by_cdf(lambda y: -z(y) - mp.exp(-z(y)) - mp.log(scale), lambda y: -mp.exp(-z(y)))


def gumbel_min(location, scale):
    mirrored = gumbel(-location, scale)
    return Law(lambda y: mirrored.density(-y), lambda y: mirrored.sf(-y), lambda y: mirrored.cdf(-y))


def cauchy(location, scale):
    def upper(z):
        return mp.log((mp.atan(1 / z) if z > 0 else mp.pi / 2 - mp.atan(z)) / mp.pi)

    def z(y):
        return (y - location) / scale

    return Law(
        lambda y: -mp.log1p(z(y) ** 2) - mp.log(mp.pi * scale), lambda y: upper(-z(y)), lambda y: upper(z(y))
    )


def hyperbolic_secant(location, scale):
    def upper(z):
        return mp.log(2 / mp.pi * mp.atan(mp.exp(-z)))

    def z(y):
        return (y - location) / scale

    return Law(
        lambda y: -mp.log(mp.cosh(z(y))) - mp.log(mp.pi * scale),
        lambda y: upper(-z(y)),
        lambda y: upper(z(y)),
    )


def gamma_of(shape, variable, log_slope, *, falling=False):
    """The law of y where ``variable``(y) is standard gamma."""

    def density(y):
        w = variable(y)
        return (shape - 1) * mp.log(w) - w - mp.loggamma(shape) + log_slope(y)

    def below(y):
        return positive_part(mp.gammainc(shape, 0, variable(y), regularized=True))

    def above(y):
        return positive_part(mp.gammainc(shape, variable(y), mp.inf, regularized=True))

    return Law(density, above, below) if falling else Law(density, below, above)


def root_gamma(half):
    def law(scale):
        return gamma_of(half, lambda y: y * y / (2 * scale**2), lambda y: mp.log(y / scale**2))

    return law


def nakagami(shape, spread):
    return gamma_of(shape, lambda y: shape * y * y / spread, lambda y: mp.log(2 * shape * y / spread))


def inverse_gamma(shape, scale):
    return gamma_of(shape, lambda y: scale / y, lambda y: mp.log(scale / y / y), falling=True)


def chi_squared(df):
    return gamma_of(df / 2, lambda y: y / 2, lambda _: -mp.log(2))


def frechet(shape, scale):
    def power(y):
        return (y / scale) ** -shape

    return by_cdf(lambda y: mp.log(shape / y * power(y)) - power(y), lambda y: -power(y))


def burr_xii(c, k, scale):
    def growth(y):
        return mp.log1p((y / scale) ** c)

    return by_sf(
        lambda y: mp.log(c * k / y) + c * mp.log(y / scale) - (k + 1) * growth(y), lambda y: -k * growth(y)
    )


def pareto(shape, minimum):
    def growth(y):
        return mp.log(max(y, minimum) / minimum)

    return by_sf(
        lambda y: mp.log(shape / y) - shape * growth(y) if y >= minimum else -mp.inf,
        lambda y: -shape * growth(y),
    )


def dagum(p, a, scale):
    def growth(y):
        return mp.log1p((y / scale) ** -a)

    return by_cdf(
        lambda y: mp.log(a * p / y) - a * mp.log(y / scale) - (p + 1) * growth(y), lambda y: -p * growth(y)
    )


def generalized_gamma(mu, sigma, q):
    def z(y):
        return (mp.log(y) - mu) / sigma

    if q == 0:
        return Law(
            lambda y: -(z(y) ** 2) / 2 - mp.log(sigma * y * mp.sqrt(2 * mp.pi)),
            lambda y: mp.log(mp.ncdf(z(y))),
            lambda y: mp.log(mp.ncdf(-z(y))),
        )
    a = 1 / q**2

    def below(y):
        return mp.log(mp.gammainc(a, 0, a * mp.exp(q * z(y)), regularized=True))

    def above(y):
        return mp.log(mp.gammainc(a, a * mp.exp(q * z(y)), mp.inf, regularized=True))

    def density(y):
        scaled = a * mp.exp(q * z(y))
        return mp.log(abs(q) / sigma / y) + a * mp.log(scaled) - scaled - mp.loggamma(a)

    return Law(density, *((below, above) if q > 0 else (above, below)))


def lomax(shape, scale):
    return by_sf(
        lambda y: mp.log(shape / scale) - (shape + 1) * mp.log1p(y / scale),
        lambda y: -shape * mp.log1p(y / scale),
    )


def generalized_pareto(scale, shape):
    def w(y):
        if not shape:
            return y / scale
        v = shape * y / scale
        return mp.log1p(v) / shape if v > -1 else mp.inf

    return by_sf(lambda y: -(1 + shape) * w(y) - mp.log(scale), lambda y: -w(y))


def gompertz(shape, rate):
    def hazard(y):
        return rate * mp.expm1(shape * y) / shape

    return by_sf(lambda y: mp.log(rate) + shape * y - hazard(y), lambda y: -hazard(y))


def normal_of(score, log_slope):
    def upper(w):
        return mp.log(mp.erfc(w / mp.sqrt(2)) / 2)

    return Law(
        lambda y: -(score(y) ** 2) / 2 - mp.log(2 * mp.pi) / 2 + log_slope(y),
        lambda y: upper(-score(y)),
        lambda y: upper(score(y)),
    )


def exponentially_modified_normal(location, scale, rate):
    k = scale * rate

    def z(y):
        return (y - location) / scale

    def density(y):
        t = z(y) - k
        return mp.log(rate) - k * (z(y) - k / 2) + mp.log(mp.erfc(-t / mp.sqrt(2)) / 2)

    def below(y):
        """Φ(z) less the density over the rate, which cancels the more the farther out."""
        if z(y) < -FARTHEST:
            return -mp.inf
        return mp.log(mp.erfc(-z(y) / mp.sqrt(2)) / 2 - mp.exp(density(y)) / rate)

    return Law(density, below, lambda y: mp.log(mp.erfc(z(y) / mp.sqrt(2)) / 2 + mp.exp(density(y)) / rate))


def skew_normal(location, scale, skew):
    def z(y):
        return (y - location) / scale

    def density(z):
        return mp.log(2) - z * z / 2 - mp.log(2 * mp.pi) / 2 + mp.log(mp.erfc(-skew * z / mp.sqrt(2)) / 2)

    def less_owen(z, skew):
        """Φ(z) less twice Owen's function by his series, with the digits more that the difference takes."""
        with mp.workdps(mp.mp.dps + 10 + int(z * z * (1 + skew**2) / 4)):
            half = z * z / 2
            term = mp.exp(-half)
            missing, power, total, j = 1 - term, skew, mp.mpf(0), 0
            while abs(power * missing) > mp.eps:
                total += (-1) ** j * power / (2 * j + 1) * missing
                j += 1
                term *= half / j
                missing, power = missing - term, power * skew**2
            return mp.erfc(-z / mp.sqrt(2)) / 2 - (mp.atan(skew) - total) / mp.pi

    def below(z, skew):
        """∫ exp(-z²/(2 cos² t)) dt/π from atan(skew) to π/2, which is what Owen's (1956) function leaves."""
        if z > 0:
            return less(below(-z, -skew))
        if z < -mp.sqrt(2 * FARTHEST):
            return -mp.inf
        if abs(skew) <= 1 and z > -12:
            return mp.log(less_owen(z, skew))
        first, last = mp.atan(skew), mp.pi / 2
        top = max(first, 0)
        steps = [8**k / (1 + z * z * (1 + skew**2)) for k in range(12)]
        inside = {first, top, last, *(top + step for step in steps), *(top - step for step in steps)}
        panels = sorted(t for t in inside if first <= t <= last)
        level = -z * z / (2 * mp.cos(top) ** 2)
        with mp.workdps(DIGITS // 2):
            area = mp.quad(lambda t: mp.exp(-z * z / (2 * mp.cos(t) ** 2) - level), panels)
        return level + mp.log(area / mp.pi)

    return Law(
        lambda y: density(z(y)) - mp.log(scale), lambda y: below(z(y), skew), lambda y: below(-z(y), -skew)
    )


def birnbaum_saunders(shape, scale):
    return normal_of(
        lambda y: (mp.sqrt(y / scale) - mp.sqrt(scale / y)) / shape,
        lambda y: mp.log((mp.sqrt(y / scale) + mp.sqrt(scale / y)) / (2 * shape * y)),
    )


def fisher_f(df1, df2):
    a, b = df1 / 2, df2 / 2

    def log_tail(first, second, odds):
        """log P(X < x) of a beta variable of odds x/(1 - x), by the series from the nearer end."""
        if odds > 1:
            return less(log_tail(second, first, 1 / odds))
        share = odds / (1 + odds)
        series = mp.hyp2f1(first + second, 1, first + 1, share)
        return (
            first * mp.log(share)
            + second * mp.log(1 / (1 + odds))
            + mp.log(series / first)
            - mp.log(mp.beta(first, second))
        )

    def odds(y):
        return df1 * y / df2

    return Law(
        lambda y: a * mp.log(odds(y)) - (a + b) * mp.log1p(odds(y)) - mp.log(y) - mp.log(mp.beta(a, b)),
        lambda y: log_tail(a, b, odds(y)),
        lambda y: log_tail(b, a, 1 / odds(y)),
    )


CASES = [
    (th.Gumbel, gumbel, LINE, [{"location": 0.3, "scale": 2.0}]),
    (th.GumbelMin, gumbel_min, LINE, [{"location": -1.0, "scale": 0.5}]),
    (th.Cauchy, cauchy, LINE, [{"location": 0.3, "scale": 2.0}]),
    (th.HyperbolicSecant, hyperbolic_secant, LINE, [{"location": 0.3, "scale": 2.0}]),
    (
        th.ExponentiallyModifiedNormal,
        exponentially_modified_normal,
        LINE,
        [
            {"location": 0.3, "scale": 2.0, "rate": 0.7},
            {"location": 0.3, "scale": 1.0, "rate": 1e-6},
            {"location": -1.0, "scale": 0.5, "rate": 300.0},
        ],
    ),
    (
        th.SkewNormal,
        skew_normal,
        LINE,
        [
            {"location": 0.3, "scale": 2.0, "skew": -0.7},
            {"location": 0.3, "scale": 1.0, "skew": 6.0},
            {"location": -1.0, "scale": 0.5, "skew": 3000.0},
        ],
    ),
    (th.Rayleigh, root_gamma(mp.mpf(1)), HALF_LINE, [{"scale": 0.7}]),
    (th.Maxwell, root_gamma(mp.mpf(3) / 2), HALF_LINE, [{"scale": 0.7}]),
    (th.HalfNormal, root_gamma(mp.mpf(1) / 2), HALF_LINE, [{"scale": 0.7}]),
    (th.Frechet, frechet, HALF_LINE, [{"shape": 0.4, "scale": 2.0}, {"shape": 7.0, "scale": 0.5}]),
    (th.Pareto, pareto, HALF_LINE, [{"shape": 0.3, "minimum": 0.5}, {"shape": 30.0, "minimum": 1.0 - 1e-9}]),
    (th.Lomax, lomax, HALF_LINE, [{"shape": 0.3, "scale": 2.0}, {"shape": 300.0, "scale": 9.0}]),
    (
        th.GeneralizedPareto,
        generalized_pareto,
        HALF_LINE,
        [{"scale": 1.5, "shape": shape} for shape in (-0.7, -0.2, -1e-9, 0.0, 1e-6, 0.4, 3.0)],
    ),
    (
        th.BurrXII,
        burr_xii,
        HALF_LINE,
        [
            {"c": 0.4, "k": 3.0, "scale": 2.0},
            {"c": 9.0, "k": 0.2, "scale": 0.5},
            {"c": 2.0, "k": 1e4, "scale": 99.0},
        ],
    ),
    (th.Dagum, dagum, HALF_LINE, [{"p": 3.0, "a": 0.4, "scale": 2.0}, {"p": 0.2, "a": 9.0, "scale": 0.5}]),
    (
        th.GeneralizedGamma,
        generalized_gamma,
        HALF_LINE,
        [{"mu": 0.2, "sigma": 0.7, "q": q} for q in (0.3, -0.3, 0.0, 1.4, -3.0)],
    ),
    (th.Gompertz, gompertz, HALF_LINE, [{"shape": 0.3, "rate": 2.0}, {"shape": 3.0, "rate": 1e-9}]),
    (
        th.InverseGamma,
        inverse_gamma,
        HALF_LINE,
        [{"shape": 0.3, "scale": 2.0}, {"shape": 40.0, "scale": 9.0}],
    ),
    (
        th.BirnbaumSaunders,
        birnbaum_saunders,
        HALF_LINE,
        [{"shape": 0.2, "scale": 2.0}, {"shape": 4.0, "scale": 0.5}],
    ),
    (th.Nakagami, nakagami, HALF_LINE, [{"shape": 0.3, "spread": 2.0}, {"shape": 40.0, "spread": 0.5}]),
    (th.ChiSquared, chi_squared, HALF_LINE, [{"df": 0.5}, {"df": 11.0}]),
    (th.FisherF, fisher_f, HALF_LINE, [{"df1": 0.7, "df2": 5.0}, {"df1": 60.0, "df2": 9.0}]),
]
DISTRIBUTIONS = [
    pytest.param(kind(**values), law, points, id=repr(kind(**values)))
    for kind, law, points, given in CASES
    for values in given
]


def exactly(distribution, law):
    return law(*(mp.mpf(value) for value in distribution.given.values()))


def assert_close(found, exact):
    near = np.abs(exact) < FARTHEST
    assert near.sum() >= 3
    error = np.abs(found[near] - exact[near]) / np.maximum(1.0, np.abs(exact[near]))
    assert error.max() < ACCURACY


@pytest.mark.parametrize(("distribution", "law", "points"), DISTRIBUTIONS)
def test_log_density_and_log_tails_keep_their_digits(distribution, law, points):
    with mp.workdps(DIGITS):
        there = exactly(distribution, law)
        inside = points[np.isfinite(distribution.log_prob(points))]
        density, cdf, sf = (
            np.array([float(function(mp.mpf(y))) for y in inside.tolist()])
            for function in (there.density, there.cdf, there.sf)
        )
    assert_close(distribution.log_prob(inside), density)
    assert_close(distribution.log_cdf(inside), cdf)
    assert_close(distribution.log_sf(inside), sf)


# ---- Masses of intervals with their derivatives ----------------------------------------------------------


def triangle(size):
    return [(j, k) for j in range(size) for k in range(j + 1)]


def exact_terms(function, eta):
    """Value, gradient and Hessian by differences in many digits."""
    point = tuple(mp.mpf(float(coordinate)) for coordinate in eta)
    units = [tuple(int(j == k) for k in range(len(eta))) for j in range(len(eta))]
    gradient = [mp.diff(function, point, unit) for unit in units]
    pairs = [tuple(map(sum, zip(units[j], units[k], strict=True))) for j, k in triangle(len(eta))]
    hessian = [mp.diff(function, point, pair) for pair in pairs]
    return np.array([float(item) for item in (function(*point), *gradient, *hessian)])


def log_mass(law, low, high):
    below, above = law.cdf(high), law.sf(low)
    if below < above:
        return below + less(law.cdf(low) - below)
    return above + less(law.sf(high) - above)


@pytest.mark.parametrize(
    ("distribution", "law"),
    [pytest.param(kind(**given[0]), law, id=kind.__name__) for kind, law, _, given in CASES],
)
def test_masses_of_intervals_and_their_derivatives_keep_their_digits(distribution, law):
    quantiles = np.asarray(distribution.quantile([1e-9, 0.2, 0.3, 0.97, 1.0 - 1e-9]))
    ends = [
        (quantiles[1], quantiles[3]),
        (quantiles[2], quantiles[2] + 1e-7 * abs(quantiles[3])),
        (quantiles[3], quantiles[4]),
    ]
    free = [parameter.domain.lower == 0 for parameter in distribution.declared]
    eta = [float(item) for item in distribution.working(distribution.distribution_theta())]
    with mp.workdps(30), np.errstate(all="ignore"):
        for low, high in ends:

            def value(*point, low=low, high=high):
                return log_mass(
                    law(*(mp.exp(item) if log else item for item, log in zip(point, free, strict=True))),
                    mp.mpf(float(low)),
                    mp.mpf(float(high)),
                )

            exact = exact_terms(value, eta)
            terms = distribution.log_mass(
                np.array([low]), np.array([high]), {}, tuple(np.float64(item) for item in eta), 2
            )
            found = np.array(
                [float(np.ravel(item)[0]) for item in (terms.value, *terms.gradient, *terms.hessian)]
            )
            scale = 1.0 + np.abs(exact).max()
            np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-10 * scale)
