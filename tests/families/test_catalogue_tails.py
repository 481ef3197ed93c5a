"""Densities and both tails against fifty digits, from the bulk to where logarithms reach thousands."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import thetahat as th

DIGITS = 50
NEGLIGIBLE = mp.mpf(10) ** -18
FARTHEST = 1e4
"""Logarithms beyond this are not asked for."""


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(DIGITS):
        yield


def agree(found, expected):
    """Error at most 1e-10 max(1, |log|) where |log| < 10⁴."""
    for value, exact in zip(found, expected, strict=True):
        if abs(exact) < FARTHEST:
            assert abs(mp.mpf(float(value)) - exact) <= 1e-10 * max(1, abs(exact)), (value, exact)


def three(distribution, y):
    return distribution.log_prob(y), distribution.log_cdf(y), distribution.log_sf(y)


def summed(log_mass, first, step):
    """Σ exp(log_mass) from ``first`` on in steps of ±1, until the terms fall and no longer matter."""
    total, y, last = mp.mpf(0), first, mp.mpf(0)
    while True:
        term = mp.exp(log_mass(y))
        total += term
        if term < last and term < NEGLIGIBLE * total:
            return total
        y, last = y + step, term


def tails(log_mass, y, lowest=None):
    """Log mass, log cdf and log sf, each tail summed from y away."""
    above = summed(log_mass, y + 1, 1)
    finite = lowest is not None
    below = mp.fsum(mp.exp(log_mass(k)) for k in range(lowest, y + 1)) if finite else summed(log_mass, y, -1)
    return log_mass(y), mp.log(below), mp.log(above)


# ---- Continuous ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(0.03, 0.2), (2.0, 3.0), (40.0, 0.5), (0.5, 300.0)])
def test_kumaraswamy(a, b):
    family = th.Kumaraswamy(a=a, b=b)
    for y in (1e-200, 1e-9, 0.3, 0.9, 1.0 - 2.0**-50):
        power = mp.mpf(y) ** mp.mpf(a)
        density = (
            mp.log(mp.mpf(a) * mp.mpf(b)) + (mp.mpf(a) - 1) * mp.log(y) + (mp.mpf(b) - 1) * mp.log(1 - power)
        )
        rest = mp.mpf(b) * mp.log(1 - power)
        agree(three(family, y), (density, mp.log(-mp.expm1(rest)), rest))


@pytest.mark.parametrize(("location", "scale"), [(0.3, 0.01), (-2.0, 1.5), (5.0, 30.0)])
def test_logit_normal(location, scale):
    family = th.LogitNormal(location=location, scale=scale)
    for y in (1e-250, 1e-9, 0.3, 0.6, 1.0 - 2.0**-50):
        exact = mp.mpf(y)
        z = (mp.log(exact / (1 - exact)) - mp.mpf(location)) / mp.mpf(scale)
        density = -z * z / 2 - mp.log(mp.sqrt(2 * mp.pi) * mp.mpf(scale) * exact * (1 - exact))
        root = mp.sqrt(2)
        agree(three(family, y), (density, mp.log(mp.erfc(-z / root) / 2), mp.log(mp.erfc(z / root) / 2)))


@pytest.mark.parametrize(("location", "kappa"), [(-3.0, 0.01), (0.3, 3.0), (2.5, 40.0), (0.3, 1000.0)])
def test_von_mises(location, kappa):
    family = th.VonMises(location=location, concentration=kappa)
    mu, k, edge = mp.mpf(location), mp.mpf(kappa), mp.mpf(np.pi)

    def integral(a, b):
        width, points = b - a, {a, b}
        for j in range(1, 24):
            for base, side in ((a, 1), (b, -1), (mu, 1), (mu, -1)):
                at = base + side * width * mp.mpf(2) ** -j
                points |= {at} if a < at < b else set()
        with mp.workdps(22):
            return mp.log(mp.quad(lambda t: mp.exp(k * (mp.cos(t - mu) - 1)), sorted(points), maxdegree=4))

    constant = mp.log(2 * mp.pi * mp.besseli(0, k)) - k
    for y in (-3.14, 0.3, 3.1):
        density = k * (mp.cos(mp.mpf(y) - mu) - 1) - constant
        below, above = integral(-edge, mp.mpf(y)), integral(mp.mpf(y), edge)
        agree(three(family, y), (density, below - constant, above - constant))


def test_whole_turns_of_the_location_do_not_matter():
    y = np.linspace(-3.0, 3.0, 7)
    one, other = (th.VonMises(location=at, concentration=4.0) for at in (2.5, 2.5 - 6 * np.pi))
    np.testing.assert_allclose(one.log_cdf(y), other.log_cdf(y), rtol=1e-12)
    np.testing.assert_allclose(one.log_prob(y), other.log_prob(y), rtol=1e-12)


def test_uniform():
    family = th.Uniform(low=-1.0, high=3.0)
    agree(three(family, 0.0), (-mp.log(4), mp.log(mp.mpf(1) / 4), mp.log(mp.mpf(3) / 4)))
    assert family.log_sf(3.0 - 1e-12) == pytest.approx(np.log(1e-12 / 4.0), abs=1e-3)
    assert family.log_cdf(-1.0 - 1e-9) == -np.inf


# ---- Discrete --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [1e-3, 0.5, 40.0, 1e6, 1e13])
@pytest.mark.parametrize(("trials", "mean"), [(1, 0.3), (60, 1e-8), (60, 0.9)])
def test_beta_binomial(trials, mean, precision):
    family = th.BetaBinomial(trials=trials, mean=mean, precision=precision)
    alpha, beta = mp.mpf(mean) * mp.mpf(precision), (1 - mp.mpf(mean)) * mp.mpf(precision)

    def log_mass(y):
        return mp.log(mp.binomial(trials, y)) + mp.log(
            mp.beta(y + alpha, trials - y + beta) / mp.beta(alpha, beta)
        )

    masses = [mp.exp(log_mass(y)) for y in range(trials + 1)]
    for y in {0, trials // 3, trials - 1}:
        exact = log_mass(y), mp.log(mp.fsum(masses[: y + 1])), mp.log(mp.fsum(masses[y + 1 :]))
        agree(three(family, y), exact)


@pytest.mark.parametrize("prob", [1e-12, 0.01, 0.5, 0.99])
def test_log_series(prob):
    family, p = th.LogSeries(prob=prob), mp.mpf(prob)
    constant = mp.log(-1 / mp.log1p(-p))
    for y in (1, 7, 900):
        agree(three(family, y), tails(lambda k: k * mp.log(p) - mp.log(k) + constant, y, lowest=1))


@pytest.mark.parametrize("exponent", [1.05, 1.5, 2.5, 12.0, 60.0])
def test_zeta(exponent):
    family, s = th.Zeta(exponent=exponent), mp.mpf(exponent)
    for y in (1, 7, 10**4, 10**12):
        above = mp.zeta(s, y + 1) / mp.zeta(s)
        agree(three(family, y), (-s * mp.log(y) - mp.log(mp.zeta(s)), mp.log1p(-above), mp.log(above)))


@pytest.mark.parametrize(("rate", "dispersion"), [(1e-6, 0.3), (0.5, 1e-9), (20.0, 0.3), (3.0, 0.9)])
def test_generalized_poisson(rate, dispersion):
    family = th.GeneralizedPoisson(rate=rate, dispersion=dispersion)
    theta, lam = mp.mpf(rate), mp.mpf(dispersion)

    def log_mass(y):
        total = theta + lam * y
        return mp.log(theta) + (y - 1) * mp.log(total) - total - mp.loggamma(y + 1)

    middle = int(rate / (1.0 - dispersion))
    for y in (0, middle, 3 * middle + 200):
        agree(three(family, y), tails(log_mass, y, lowest=0))


@pytest.mark.parametrize(("rate", "nu"), [(1e-6, 0.3), (0.9, 0.05), (20.0, 1.7), (50.0, 0.6), (1e4, 8.0)])
def test_conway_maxwell_poisson(rate, nu):
    family, log_rate, power = th.ConwayMaxwellPoisson(rate=rate, nu=nu), mp.log(mp.mpf(rate)), mp.mpf(nu)
    constant = mp.log(summed(lambda k: k * log_rate - power * mp.loggamma(k + 1), 0, 1))
    middle = int(rate ** (1.0 / nu))
    for y in (0, middle, 2 * middle + 100):
        agree(
            three(family, y),
            tails(lambda k: k * log_rate - power * mp.loggamma(k + 1) - constant, y, lowest=0),
        )


@pytest.mark.parametrize(
    ("rate", "nu"),
    [(0.5, 2e4), (0.5, 1e10), (3.0, 1e14), (2.0, 1e300), (1e-300, 1e12), (1e5, 1e5), (1e300, 1.1e4)],
)
def test_conway_maxwell_poisson_is_bernoulli_where_nu_is_huge(rate, nu):
    """Its masses sum to one, with the odds ``rate`` (Shmueli et al., 2005)."""
    family = th.ConwayMaxwellPoisson(rate=rate, nu=nu)
    masses = family.log_prob([0.0, 1.0, 2.0])
    assert np.exp(masses).sum() == pytest.approx(1.0, abs=1e-15)
    assert masses[0] == pytest.approx(-np.log1p(rate), rel=1e-13)
    # The working coordinate is log nu, whose rounding nu multiplies.
    assert masses[2] == pytest.approx(2 * np.log(rate) - nu * np.log(2) - np.log1p(rate), rel=1e-12)
    assert family.mean() == pytest.approx(rate / (1.0 + rate), rel=1e-13)
    assert family.variance() == pytest.approx(rate / (1.0 + rate) / (1.0 + rate), rel=1e-12, abs=1e-310)


@pytest.mark.parametrize(("first", "second"), [(1e-5, 3.0), (20.0, 3.0), (0.5, 900.0), (1e4, 1e-3)])
def test_skellam(first, second):
    family, a, b = th.Skellam(rate1=first, rate2=second), mp.mpf(first), mp.mpf(second)

    def log_mass(y):
        bessel = mp.besseli(abs(y), 2 * mp.sqrt(a * b))
        return -a - b + mp.mpf(y) / 2 * mp.log(a / b) + mp.log(bessel) if bessel else -mp.inf

    centre, spread = int(first - second), float(np.sqrt(first + second))
    for y in (centre, centre - int(8 * spread) - 5, centre + int(8 * spread) + 5):
        agree([family.log_prob(y)], [log_mass(y)])
        near = tails(log_mass, y)
        side = slice(1, 2) if y < centre else slice(2, 3)
        agree(three(family, y)[side], near[side])


def test_skellam_of_large_rates_is_all_but_normal():
    family = th.Skellam(rate1=1e7, rate2=1e7)
    sd = np.sqrt(2e7)
    normal = th.Normal(mean=0.0, sd=float(sd))
    for z in (-3.0, 0.5, 2.0):
        y = np.floor(z * sd)
        assert family.log_sf(y) == pytest.approx(normal.log_sf(y + 0.5), rel=1e-6)


def test_discrete_uniform():
    die = th.DiscreteUniform(low=1, high=6)
    np.testing.assert_allclose(die.cdf([0, 1, 3, 6, 9]), [0, 1 / 6, 1 / 2, 1, 1], rtol=1e-15)
    np.testing.assert_allclose(die.density([0, 1, 6, 7]), [0, 1 / 6, 1 / 6, 0], rtol=1e-15)
    assert die.quantile([0.0, 1 / 6, 0.5, 1.0]).tolist() == [1.0, 1.0, 3.0, 6.0]
