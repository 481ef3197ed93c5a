"""Discrete families where plain formulas fail: huge counts, saturated logits, trials by row, labels."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from thetahat._errors import DataError, ModelError, ParameterError
from thetahat.families import Bernoulli, Binomial, Categorical, Geometric, NegativeBinomial, Poisson
from thetahat.families._lattice import lattice_mean
from thetahat.families._survey import Survey
from thetahat.numerics.namespace import NUMPY

DIGITS = 60
INF = np.inf


def terms_of(family, y, eta, known=None):
    rows = family.prepare(NUMPY, np.atleast_1d(np.asarray(y, dtype=float)), known or {})
    with np.errstate(all="ignore"):
        return family.derivatives(rows, tuple(np.float64(item) for item in eta))


def mass_of(family, low, high, eta, known=None, order=2):
    with np.errstate(all="ignore"):
        eta = tuple(np.asarray(item, dtype=float) for item in eta)
        return family.log_mass(np.atleast_1d(low), np.atleast_1d(high), known or {}, eta, order)


def flat(terms):
    return np.array([float(np.ravel(item)[0]) for item in (terms.value, *terms.gradient, *terms.hessian)])


# ---- Negative binomial -----------------------------------------------------------------------------------


def negative_binomial_terms(y, log_mean, log_size):
    """Value, gradient and Hessian in working coordinates, to many digits."""
    mean, size = mp.exp(log_mean), mp.exp(log_size)
    p, q = size / (size + mean), mean / (size + mean)
    value = mp.loggamma(size + y) - mp.loggamma(size) - mp.loggamma(y + 1) + y * mp.log(q) + size * mp.log(p)
    by_size = size * (mp.psi(0, size + y) - mp.psi(0, size) + mp.log(p) + (mean - y) / (size + mean))
    curvature = (
        mp.psi(1, size + y) - mp.psi(1, size) + 1 / size - 1 / (size + mean) - (mean - y) / (size + mean) ** 2
    )
    return [
        value,
        (y - mean) * p,
        by_size,
        -p * (mean * p + y * q),
        (y - mean) * p * q,
        by_size + size**2 * curvature,
    ]


@pytest.mark.parametrize("mean", [1e-3, 0.7, 30.0, 1e6, 1e9])
@pytest.mark.parametrize("ratio", [1e-3, 0.3, 1.0, 1e4, 1e8, 1e15])
def test_negative_binomial_keeps_its_digits_at_any_size(mean, ratio):
    eta = (math.log(mean), math.log(mean * ratio))
    for y in (0, 1, 5, 40, 1000, int(mean), int(mean + 3 * math.sqrt(mean))):
        with mp.workdps(90):
            reference = negative_binomial_terms(mp.mpf(y), mp.mpf(eta[0]), mp.mpf(eta[1]))
        found = flat(terms_of(NegativeBinomial(), y, eta))
        # The mean is exp(log mean), which has the rounding of its logarithm: a few units times mean.
        size = math.exp(eta[1])
        p, q = size / (size + mean), mean / (size + mean)
        rounding = 1e-14 * mean * np.array([0.0, p, 0.0, 0.0, p * q, 0.0])
        expected = np.array([float(item) for item in reference])
        if ratio * mean < 1e-2:
            rounding[5] += 1e-11 * abs(expected[5])
        # The parts of the score in size: (y - mean)² and y, over size.
        rounding[[2, 5]] += 1e-15 * ((y - mean) ** 2 + y) / size
        assert np.all(np.abs(found - expected) <= 2e-13 * np.abs(expected) + rounding)


def test_negative_binomial_mass_and_information_at_huge_size_are_poisson():
    eta = (math.log(7.0), math.log(7e15))
    ends = np.array([[-INF, 3.0], [4.0, 9.0], [30.0, INF], [-INF, INF - 0.0]])[:3]
    for low, high in ends:
        near = mass_of(NegativeBinomial(), low, high, eta)
        limit = mass_of(Poisson(), low, high, eta[:1])
        assert np.allclose(near.value, limit.value, rtol=1e-13)
        assert np.allclose(near.gradient[0], limit.gradient[0], rtol=1e-12)
        assert np.allclose(near.hessian[0], limit.hessian[0], rtol=1e-11)
        assert 0 < abs(near.gradient[1][0]) < 1e-12
    mean_part, mixed, size_part = NegativeBinomial().expected_information(eta, {})
    assert mean_part == pytest.approx(7.0, rel=1e-14)
    assert mixed == 0
    # E[((y - μ)² - y)²] = 2 μ² for Poisson counts
    assert size_part == pytest.approx(0.5 * 49 / 7e15**2, rel=1e-12)


@pytest.mark.parametrize("mean", [1e3, 3.8e18, 1e25, 1e40, 1e200])
@pytest.mark.parametrize("size", [1e-8, 1e-3, 0.0148, 0.5, 0.95])
def test_negative_binomial_upper_tail_beyond_any_level(mean, size):
    """Log P(Y > 1) and its derivatives, from one less the first two masses."""
    eta = (math.log(mean), math.log(size))

    def tail(log_mean, log_size):
        mu, r = mp.exp(log_mean), mp.exp(log_size)
        p = r / (r + mu)
        return mp.log(1 - p**r * (1 + r * mu / (r + mu)))

    found = flat(mass_of(NegativeBinomial(), 1.0, INF, eta))
    with mp.workdps(450):
        at = mp.mpf(eta[0]), mp.mpf(eta[1])
        expected = [tail(*at)]
        orders = [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
        expected += [mp.diff(tail, at, order, h=mp.mpf(10) ** -60) for order in orders]
    reference = np.array([float(item) for item in expected])
    assert np.allclose(found[:3], reference[:3], rtol=1e-13, atol=0.0)
    # Where points are summed, second derivatives are what is left of moments of the size of the first.
    assert np.allclose(found[3:], reference[3:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("low", "high", "mean", "size"),
    [(-INF, 0, 1e3, 0.9), (-INF, 50, 2e3, 4.0), (0, INF, 1e-3, 1e-3), (200, INF, 5.0, 0.5),
     (300, 2000, 500.0, 0.05), (1000, 1100, 5.0, 3.0), (2, 9, 5.0, 1e6), (-INF, 2600, 2e3, 10.0),
     (1700, INF, 2e3, 1e4)],
)  # fmt: skip
def test_negative_binomial_interval_mass_agrees_with_sums_of_sixty_digits(low, high, mean, size):
    eta = (math.log(mean), math.log(size))

    def reference(log_mean, log_size):
        mu, r = mp.exp(log_mean), mp.exp(log_size)
        first, last = (0 if low == -INF else low + 1), (mp.inf if high == INF else high)
        k = mp.mpf(first)
        term = mp.exp(negative_binomial_value(k, mu, r))
        total = term
        while k < last and (k < mu or term > total * mp.mpf(10) ** -55):
            term *= (r + k) / (k + 1) * mu / (mu + r)
            total += term
            k += 1
        return mp.log(total)

    found = flat(mass_of(NegativeBinomial(), low, high, eta))
    with mp.workdps(DIGITS):
        expected = differentiated(reference, eta)
    scale = np.maximum(np.abs(expected), 1e-9 * np.abs(expected[0]))
    assert np.all(np.abs(found - expected) <= 2e-9 * scale)
    assert abs(found[0] - expected[0]) <= 2e-14 * max(1.0, abs(expected[0]))


def negative_binomial_value(y, mean, size):
    return (
        mp.loggamma(size + y) - mp.loggamma(size) - mp.loggamma(y + 1)
        + y * mp.log(mean / (mean + size)) + size * mp.log(size / (mean + size))
    )  # fmt: skip


def differentiated(function, eta):
    """Value, gradient and Hessian's lower triangle by differences in many digits."""
    step = mp.mpf(10) ** -14

    def at(*moves):
        return function(*(mp.mpf(item) + move * step for item, move in zip(eta, moves, strict=True)))

    k = len(eta)
    unit = [[int(i == j) for i in range(k)] for j in range(k)]
    here = at(*[0] * k)
    up, down = [at(*u) for u in unit], [at(*(-i for i in u)) for u in unit]
    found = [here, *((a - b) / (2 * step) for a, b in zip(up, down, strict=True))]
    for i in range(k):
        for j in range(i):
            both = at(*(a + b for a, b in zip(unit[i], unit[j], strict=True)))
            none = at(*(-a - b for a, b in zip(unit[i], unit[j], strict=True)))
            found.append((both + none - up[i] - down[i] - up[j] - down[j] + 2 * here) / (2 * step**2))
        found.append((up[i] + down[i] - 2 * here) / step**2)
    return np.array([float(item) for item in found])


def test_negative_binomial_starts_far_out_where_counts_do_not_vary_enough():
    mean, size = NegativeBinomial().start(np.array([3.0, 3.0, 4.0]), {})
    assert mean == pytest.approx(10 / 3)
    assert size > 50 * mean
    _, size = NegativeBinomial().start(np.array([0.0, 1.0, 20.0, 3.0]), {})
    assert size < 3


# ---- Poisson ---------------------------------------------------------------------------------------------


def poisson_tail(k, rate, *, upper):
    """Log of one tail by the recurrence of its terms, or of one less the other tail where that is smaller."""
    direct = (k > rate) if upper else (k < rate)
    rising = direct == upper
    j = k + 1 if rising else k
    term = total = mp.exp(j * mp.log(rate) - rate - mp.loggamma(j + 1))
    while term > total * mp.mpf(10) ** -35 and j >= 0:
        term = term * rate / (j + 1) if rising else term * j / rate
        j += 1 if rising else -1
        total += term
    return mp.log(total) if direct else mp.log1p(-total)


@pytest.mark.parametrize("rate", [1e-8, 5.0, 2000.0, 1e6])
def test_poisson_tails_agree_with_sums_of_forty_digits(rate):
    eta = math.log(rate)
    spread = math.sqrt(rate)
    cuts = {
        0,
        int(rate / 2),
        int(rate - 5 * spread),
        int(rate),
        int(rate + 5 * spread) + 2,
        int(2 * rate) + 40,
    }
    for k in sorted(cut for cut in cuts if cut >= 0):
        for low, high in ((-INF, k), (k, INF)):
            with mp.workdps(40):
                expected = float(poisson_tail(k, mp.exp(mp.mpf(eta)), upper=high == INF))
            found = mass_of(Poisson(), low, high, (eta,))
            # exp(log rate) is rounded; the log mass feels it times its slope.
            felt = 4e-16 * (1.0 + abs(eta)) * abs(float(found.gradient[0][0]))
            assert abs(found.value[0] - expected) < 1e-13 * max(1.0, abs(expected)) + felt


@pytest.mark.parametrize(
    ("low", "high", "rate"), [(2, 9, 5.0), (0, 1900, 2000.0), (1000, 1100, 5.0), (1900, 2300, 2000.0)]
)
def test_poisson_interval_mass_and_derivatives_agree_with_sums_of_sixty_digits(low, high, rate):
    def reference(eta):
        return mp.log(
            mp.fsum(mp.exp(k * eta - mp.exp(eta) - mp.loggamma(k + 1)) for k in range(low + 1, high + 1))
        )

    eta = (math.log(rate),)
    with mp.workdps(DIGITS):
        expected = differentiated(reference, eta)
    assert np.allclose(flat(mass_of(Poisson(), low, high, eta)), expected, rtol=1e-12, atol=1e-14)


def test_a_count_in_an_interval_of_one_has_the_mass_of_the_count():
    for distribution in (Poisson(rate=3.0), NegativeBinomial(mean=3.0, size=0.4), Geometric(prob=0.2)):
        k = np.arange(0.0, 60.0)
        eta = distribution.working(distribution.distribution_theta())
        single = distribution.log_mass(k - 1.0, k, {}, eta, 2)
        exact = distribution.derivatives(distribution.prepare(NUMPY, k, {}), eta)
        assert np.allclose(single.value, exact.value, rtol=1e-12)
        for ours, theirs in zip(
            single.gradient + single.hessian, exact.gradient + exact.hessian, strict=True
        ):
            assert np.allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_ends_of_intervals_are_floored_and_empty_intervals_have_no_mass():
    eta = (math.log(3.0),)
    assert mass_of(Poisson(), 1.2, 4.9, eta).value == mass_of(Poisson(), 1.0, 4.0, eta).value
    empty = mass_of(Poisson(), 1.2, 1.7, eta)
    assert np.isneginf(empty.value[0])
    assert empty.gradient[0][0] == empty.hessian[0][0] == 0
    assert mass_of(Poisson(), -5.0, INF, eta).value[0] == 0


# ---- Bernoulli and binomial ------------------------------------------------------------------------------


@pytest.mark.parametrize("logit", [38.0, 800.0])
def test_bernoulli_is_exact_where_a_probability_would_round_to_one(logit):
    unlikely, likely = terms_of(Bernoulli(), 0.0, (logit,)), terms_of(Bernoulli(), 1.0, (logit,))
    rest = math.exp(-logit)
    assert unlikely.value[0] == pytest.approx(-logit, rel=1e-16)
    assert unlikely.gradient[0][0] == -1.0
    assert likely.value[0] == -rest
    assert likely.gradient[0][0] == rest
    assert likely.hessian[0] == -rest
    mirrored = terms_of(Bernoulli(), 1.0, (-logit,))
    assert (mirrored.value[0], mirrored.gradient[0][0]) == (unlikely.value[0], 1.0)
    tail = mass_of(Bernoulli(), -INF, 0.0, (logit,))
    assert (tail.value[0], tail.gradient[0][0]) == (unlikely.value[0], -1.0)


def test_edges_have_their_likelihood():
    assert terms_of(Bernoulli(), [1.0, 0.0], (INF,)).value.tolist() == [0.0, -INF]
    assert terms_of(Poisson(), [0.0], (-INF,)).value.tolist() == [0.0]
    assert terms_of(Geometric(), [0.0], (INF,)).value.tolist() == [0.0]
    assert terms_of(Binomial(), [0.0, 4.0], (-INF,), {"trials": 4.0}).value.tolist() == [0.0, -INF]

    def survey(*means):
        return Survey(5, 5.0, 5.0, 0.0, 0.0, np.array(means), 0.0)

    assert Bernoulli().solve(survey(1.0), {}) == (1.0,)
    assert Poisson().solve(survey(0.0, 0.0), {}) == (0.0,)
    assert Geometric().solve(survey(0.0), {}) == (1.0,)
    assert Binomial().solve(survey(4.0, 0.0, 0.0), {}) == (1.0,)
    assert Binomial().solve(survey(0.0, 0.0, 0.0), {}) is None


def test_bernoulli_takes_truth_values():
    coin = Bernoulli(prob=0.25)
    assert coin.log_prob(np.True_) == coin.log_prob(1)
    assert coin.density([True, False]).tolist() == pytest.approx([0.25, 0.75])


def test_binomial_takes_trials_by_row():
    trials = np.array([1.0, 5.0, 12.0, 0.0, 7.0])
    y = np.array([1.0, 5.0, 3.0, 0.0, 9.0])
    distribution = Binomial(trials=trials, prob=0.3)
    p = Fraction(3, 10)
    pairs = [(int(n), int(k)) for n, k in zip(trials, y, strict=True) if k <= n]
    expected = [float(math.comb(n, k) * p**k * (1 - p) ** (n - k)) for n, k in pairs]
    assert distribution.density(y)[:4] == pytest.approx(expected, rel=1e-13)
    assert np.isneginf(distribution.log_prob(y)[4])
    assert distribution.mean() == pytest.approx(0.3 * trials)
    together = mass_of(Binomial(), y - 1.0, y, (0.4,), {"trials": trials})
    for row in range(5):
        alone = mass_of(Binomial(), y[row] - 1.0, y[row], (0.4,), {"trials": trials[row]})
        assert np.array_equal(together.value[row], alone.value[0])
        assert np.array_equal(together.gradient[0][row], alone.gradient[0][0])
    assert np.array_equal(distribution.quantile(np.ones(5)), trials)
    assert distribution.sample(5, rng=1).shape == (5,)


@pytest.mark.parametrize("trials", [10, 20_000])
@pytest.mark.parametrize("logit", [-4.0, 0.1, 30.0])
def test_binomial_masses_agree_with_sums_of_sixty_digits(trials, logit):
    p = 1 / (1 + math.exp(-logit))
    centre, spread = trials * p, math.sqrt(trials * p * (1 - p))
    cuts = sorted(
        {int(np.clip(centre + move * spread, 0, trials - 1)) for move in (-30, -5, -0.5, 0.5, 5, 30)}
    )
    ends = [(-INF, cut) for cut in cuts] + [(cut, INF) for cut in cuts] + list(pairwise(cuts))

    def reference(first, last, logit):
        odds = mp.exp(logit)
        term = mp.binomial(trials, first) * odds**first / (1 + odds) ** trials
        total = term
        for k in range(first, last):
            term *= odds * (trials - k) / (k + 1)
            total += term
        return mp.log(total)

    for low, high in ends:
        first, last = (0 if low == -INF else low + 1), (trials if high == INF else high)
        found = mass_of(Binomial(), low, high, (logit,), {"trials": float(trials)})
        with mp.workdps(DIGITS):
            expected = differentiated(lambda item, a=first, b=last: reference(a, b, item), (logit,))
        assert np.all(np.abs(flat(found) - expected) <= 1e-11 * np.maximum(np.abs(expected), 1e-2))


def test_binomial_log_mass_of_huge_trials_keeps_its_digits():
    trials, k = 10**12, 5 * 10**11 + 10**6
    found = mass_of(Binomial(), float(k - 1), float(k), (0.0,), {"trials": float(trials)}, order=0).value[0]
    with mp.workdps(50):
        n = mp.mpf(trials)
        expected = mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1) - n * mp.log(2)
    assert found == pytest.approx(float(expected), rel=1e-12)


# ---- Geometric -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("logit", [-30.0, -3.0, 1.0, 40.0])
@pytest.mark.parametrize(("low", "high"), [(-INF, 0), (-INF, 5), (3, 9), (5, INF), (1000, 5000)])
def test_geometric_masses_are_closed_forms_without_cancellation(low, high, logit):
    def reference(item):
        q = 1 / (1 + mp.exp(item))
        first = 0 if low == -INF else low + 1
        return mp.log(q**first - (0 if high == INF else q ** (high + 1)))

    with mp.workdps(120):
        expected = differentiated(reference, (logit,))
    found = flat(mass_of(Geometric(), low, high, (logit,)))
    assert np.all(np.abs(found - expected) <= 1e-12 * np.abs(expected) + 1e-15 * max(1.0, abs(expected[1])))


# ---- Categorical -----------------------------------------------------------------------------------------


def test_categorical_labels_may_be_text_numbers_or_truth_values():
    species = Categorical(probs=[0.5, 0.2, 0.3], levels=["cat", "dog", "emu"])
    assert species.density(["emu", "cat"]).tolist() == pytest.approx([0.3, 0.5])
    assert species.density("dog") == pytest.approx(0.2)
    assert math.isnan(species.mean())
    assert math.isnan(species.variance())
    assert set(species.sample(50, rng=0).tolist()) == {"cat", "dog", "emu"}
    grades = Categorical(probs=[0.25, 0.75], levels=[10.0, 20.0])
    assert (grades.mean(), grades.variance()) == pytest.approx((17.5, 18.75))
    answers = Categorical(levels=np.array([False, True]))
    assert answers.encode([True, False, True]).tolist() == [1.0, 0.0, 1.0]
    codes = Categorical(probs=[0.25, 0.75])
    assert codes.mean() == pytest.approx(0.75)
    assert codes.sample(4, rng=0).dtype.kind == "i"
    mixed = Categorical(probs=[0.5, 0.5], levels=[1, "one"])
    assert set(mixed.sample(20, rng=0).tolist()) == {1, "one"}


def test_categorical_explains_what_does_not_fit():
    with pytest.raises(ParameterError, match="give probs"):
        Categorical().log_prob(0)
    with pytest.raises(ParameterError, match="3 probabilities for 2 levels"):
        Categorical(probs=[0.2, 0.3, 0.5], levels=["a", "b"])
    with pytest.raises(ParameterError, match="'a' occurs more than once"):
        Categorical(levels=["a", "b", "a"])
    with pytest.raises(ParameterError, match="probs must be"):
        Categorical(probs=0.5)
    with pytest.raises(DataError, match=r"'yak'.*'cat', 'dog'"):
        Categorical(probs=[0.5, 0.5], levels=["cat", "dog"]).log_prob(["cat", "yak"])
    with pytest.raises(DataError, match="levels"):
        Categorical(probs=[0.5, 0.5]).log_prob(["cat"])
    with pytest.raises(ModelError, match="no order"):
        Categorical(probs=[0.5, 0.5]).cdf(0)


def test_categorical_is_exact_in_the_tails_and_agrees_with_bernoulli():
    for logit in (-800.0, -38.0, 0.3, 38.0, 800.0):
        for y in (0.0, 1.0):
            two = flat(terms_of(Categorical(levels=[0, 1]), y, (logit,)))
            one = flat(terms_of(Bernoulli(), y, (logit,)))
            assert np.allclose(two, one, rtol=1e-13, atol=0)


def test_categorical_serves_many_labels_and_sufficient_means():
    k = 400
    family = Categorical(levels=range(k))
    shares = np.linspace(1.0, 3.0, k)
    shares /= shares.sum()
    survey = Survey(1000, 1000.0, 1000.0, 0.0, k - 1.0, shares, 0.0)
    (probs,) = family.solve(survey, {})
    assert probs == pytest.approx(shares)
    eta = tuple(family.working((probs,)))
    terms = family.derivatives(tuple(np.array([share]) for share in shares), eta)
    assert terms.value[0] == pytest.approx(float(np.sum(shares * np.log(shares))))
    assert max(abs(float(item[0])) for item in terms.gradient) < 1e-16
    assert len(terms.hessian) == k * (k - 1) // 2


# ---- Quadrature over the lattice -------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 1.0, 300.0, 1e5])
def test_means_over_the_lattice_are_exact(rate):
    def square(y, log_rate):
        rows = Poisson().prepare(NUMPY, y, {})
        return Poisson().log_density(NUMPY, rows, (log_rate,)), np.square(y - np.exp(log_rate))

    found = lattice_mean((math.log(rate),), (math.floor(rate), rate, INF), square)
    assert found == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize(
    "distribution",
    [Poisson(rate=1e12), NegativeBinomial(mean=1e9, size=3.0), NegativeBinomial(mean=20.0, size=1e-3)],
)
def test_quantiles_of_huge_and_of_skewed_counts(distribution):
    probability = np.array([0.0, 1e-6, 0.2, 0.5, 0.999, 1.0])
    k = distribution.quantile(probability)
    assert k[0] == 0
    assert k[-1] == INF
    assert np.all(distribution.cdf(k[1:-1]) >= probability[1:-1])
    below = k[1:-1] - 1.0
    assert np.all((below < 0) | (distribution.cdf(below) < probability[1:-1]))
