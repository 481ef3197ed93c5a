"""Fits at the ends of double precision: the transformed answer, or an honest verdict."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import thetahat as th
from thetahat.families import CATALOGUE
from thetahat.parameters import Positive

KNOWN = {"trials": 7}
N = 40
POWERS = {
    th.Normal: {"mean": 1, "sd": 1},
    th.Logistic: {"location": 1, "scale": 1},
    th.StudentT: {"location": 1, "scale": 1, "df": 0},
    th.GEV: {"location": 1, "scale": 1, "shape": 0},
    th.Exponential: {"rate": -1},
    th.Gamma: {"shape": 0, "rate": -1},
    th.Weibull: {"shape": 0, "scale": 1},
}
"""By which power of c a parameter is multiplied where the data are multiplied by c."""
SHIFTED = {th.Normal: "mean", th.Logistic: "location", th.StudentT: "location", th.GEV: "location"}
ORDERED = [cls for cls in CATALOGUE if not cls.labelled]


def named(cls):
    return cls.__name__


def a_distribution(cls):
    """A member of the family in the middle of its typical range."""
    if cls.labelled:
        return cls(thresholds=[0.0, 0.8]) if cls.ordered else cls(probs=[0.5, 0.2, 0.3])
    values = {}
    for parameter in cls().declared:
        low, high = parameter.typical
        positive = isinstance(parameter.domain, Positive)
        middle = float(np.sqrt(low * high)) if positive else (low + high) / 2
        values[parameter.name] = middle if parameter.domain.contains(middle) else float(np.floor(middle))
    return cls(**values, **{name: KNOWN[name] for name in cls.known})


def a_family(cls):
    return cls(**{name: KNOWN[name] for name in cls.known})


@cache
def values(cls):
    return a_distribution(cls).sample(N, rng=20240304).astype(float)


def partly_known(y):
    """Every fifth value is known only to lie in an interval, every seventh only to exceed a limit."""
    below, above = np.where(y > 0, y * 0.75, y * 1.25), np.where(y > 0, y * 1.25, y * 0.75)
    wide, tail = np.arange(N) % 5 == 0, np.arange(N) % 7 == 1
    return th.Observations.interval(
        np.where(wide | tail, below, y), np.where(tail, np.inf, np.where(wide, above, y))
    )


def n_exact(kind):
    return N if kind == "exact" else int(((np.arange(N) % 5 != 0) & (np.arange(N) % 7 != 1)).sum())


def fitted(cls, y, kind):
    return th.fit(a_family(cls), y if kind == "exact" else partly_known(y))


kinds = pytest.mark.parametrize("kind", ["exact", "partly known"])


@kinds
@pytest.mark.parametrize("scale", [2.0**-1000, 1e-300, 1e-150, 1e-20, 1e20, 1e150, 1e300, 2.0**1000])
@pytest.mark.parametrize("cls", POWERS, ids=named)
def test_the_fit_of_multiplied_data_is_the_multiplied_fit(cls, kind, scale):
    one, other = fitted(cls, values(cls), kind), fitted(cls, values(cls) * scale, kind)
    assert one.certificate.verdict == other.certificate.verdict == "maximum"
    for name, power in POWERS[cls].items():
        factor = scale**power
        error = one.standard_errors[name]
        assert other.estimates[name] / factor == pytest.approx(one.estimates[name], rel=0, abs=1e-8 * error)
        assert other.standard_errors[name] / factor == pytest.approx(error, rel=1e-7)
        ends = [end / factor for end in other.intervals()[name]]
        assert ends == pytest.approx(one.intervals()[name], rel=1e-7, abs=1e-7 * error)
    shift = n_exact(kind) * np.log(scale)
    assert other.log_likelihood + shift == pytest.approx(
        one.log_likelihood, rel=0, abs=1e-12 * abs(shift) + 1e-9
    )
    assert other.aic == pytest.approx(2 * other.nll + 2 * other.dof)


@kinds
@pytest.mark.parametrize("power", [-1000, -50, 50, 1000])
def test_a_factor_shifts_the_mean_of_logs(kind, power):
    one = fitted(th.LogNormal, values(th.LogNormal), kind)
    other = fitted(th.LogNormal, values(th.LogNormal) * 2.0**power, kind)
    assert other.certificate.verdict == "maximum"
    expected = one.estimates["mean_log"] + power * np.log(2)
    assert other.estimates["mean_log"] == pytest.approx(expected, rel=1e-12)
    assert other.estimates["sd_log"] == pytest.approx(one.estimates["sd_log"], rel=1e-9)
    assert other.standard_errors == pytest.approx(one.standard_errors, rel=1e-7)


@kinds
@pytest.mark.parametrize("offset", [1e9, -1e9])
@pytest.mark.parametrize("cls", SHIFTED, ids=named)
def test_an_offset_moves_the_location_and_nothing_else(cls, kind, offset):
    # On this grid the offset is added without rounding.
    y = np.round(values(cls) * 2**20) / 2**20
    low, high = y - np.where(np.arange(N) % 5 == 0, 0.25, 0.0), y

    def fit(shift):
        rows = y + shift if kind == "exact" else th.Observations.interval(low + shift, high + shift)
        return th.fit(cls(), rows)

    one, other = fit(0.0), fit(offset)
    assert one.certificate.verdict == other.certificate.verdict == "maximum"
    for name, error in one.standard_errors.items():
        moved = offset if name == SHIFTED[cls] else 0.0
        assert other.estimates[name] == pytest.approx(
            one.estimates[name] + moved, rel=2e-16, abs=1e-7 * error
        )
        assert other.standard_errors[name] == pytest.approx(error, rel=1e-5)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-10)


def test_an_offset_is_a_maximum_whatever_the_number_of_rows():
    y = 1e9 + np.random.default_rng(1).standard_normal(1_000_000)
    fit = th.fit(th.Normal(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.newton_decrement < 1e-20
    assert fit.estimates["sd"] == pytest.approx(float(np.std(y - 1e9)), rel=1e-12)


@pytest.mark.parametrize("cls", SHIFTED, ids=named)
def test_an_offset_of_classes_moves_the_location_and_nothing_else(cls):
    """Rows known to classes alone, from which curvature is not positive at first."""
    low = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 9.0])
    one = th.fit(cls(), th.Observations.interval(low, low + 1))
    other = th.fit(cls(), th.Observations.interval(low + 1e9, low + 1e9 + 1))
    assert one.certificate.verdict == other.certificate.verdict
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
    for name, value in one.estimates.items():
        moved = 1e9 if name == SHIFTED[cls] else 0.0
        assert other.estimates[name] == pytest.approx(value + moved, rel=1e-9)


# ---- Few rows, and rows far apart -------------------------------------------------------------------------

POSITIVE_ROWS = {
    "one": [1.0],
    "two": [1.0, 2.0],
    "two equal": [1.0, 1.0],
    "one tiny": [1e-300],
    "one huge": [1e300],
    "far apart": [1e-300, 1e300],
    "tiny": [1e-300, 2e-300, 3e-300],
    "huge": [1e300, 1.1e300],
    "subnormal": [5e-324, 1.0],
    "neighbours": [1.0, 1.0 + 2.0**-52, 1.0 - 2.0**-53],
    "at 1e9": (1e9 + np.random.default_rng(2).standard_normal(50)).tolist(),
}
UNIT_ROWS = {
    "one": [0.5],
    "two": [0.5, 0.6],
    "two equal": [0.5, 0.5],
    "near 0": [1e-300, 0.5],
    "near 1": [1 - 2.0**-53, 0.5],
    "near both": [1e-300, 1 - 2.0**-53],
    "tiny": (1e-50 * np.random.default_rng(3).gamma(2, 1, 30)).tolist(),
}
COUNT_ROWS = {
    "one": [3],
    "two": [1, 5],
    "two equal": [4, 4],
    "one zero": [0],
    "two zeros": [0, 0],
    "all": [7, 7],
    "zero and one": [0, 1],
}
LARGE_COUNTS = {
    "1e15": [10**15, 10**15 + 7],
    "past the integers of a float": [2**53 + 2, 2**53 + 4],
    "1e300": [1e300],
    "far apart": [0, 1e300],
    "at 1e9": np.random.default_rng(4).poisson(1e9, 50).tolist(),
}
SUMMED = {th.ConwayMaxwellPoisson, th.Skellam}
"""Families whose masses are sums, and whose search for huge counts on a narrow ridge would take most of the suite."""
BINARY_ROWS = {"zero": [0], "one": [1], "both": [0, 1], "ones": [1, 1]}


def few_rows():
    for cls in CATALOGUE:
        support = cls.support
        if cls.labelled or (support.discrete and support.upper == 1):
            chosen = BINARY_ROWS
        elif support.discrete:
            chosen = COUNT_ROWS if cls.known or cls in SUMMED else {**COUNT_ROWS, **LARGE_COUNTS}
        else:
            chosen = UNIT_ROWS if support.upper == 1 else POSITIVE_ROWS
        for name, data in chosen.items():
            if not cls.labelled and not np.all(support.contains(np.array(data, dtype=float))):
                continue
            if cls.labelled and cls.ordered and len(set(data)) < 2:
                # An order needs two labels, and one alone is refused.
                continue
            yield pytest.param(cls, data, id=f"{cls.__name__}-{name}")


@pytest.mark.parametrize(("cls", "data"), list(few_rows()))
def test_few_or_extreme_rows_end_in_a_verdict_that_holds(cls, data):
    fit = th.fit(a_family(cls), data)
    estimates = np.array(list(fit.estimates.values()))
    errors = np.array(list(fit.standard_errors.values()))
    verdict = fit.certificate.verdict
    if verdict == "maximum":
        assert np.isfinite(estimates).all()
        assert np.isfinite(fit.log_likelihood)
        if "edge" in fit.certificate.status.values():
            # A maximum near the ends of the support has no standard errors.
            assert np.isnan(errors).all()
            return
        assert np.isfinite(errors).all()
        assert (errors > 0).all()
        assert not np.isnan(list(fit.intervals().values())).any()
    elif verdict in {"boundary", "at_infinity"}:
        assert fit.certificate.parameters
        assert (
            fit.certificate.supremum >= fit.log_likelihood or fit.certificate.supremum == fit.log_likelihood
        )
        assert all(np.isnan(fit.standard_errors[name]) for name in fit.certificate.parameters)
    else:
        assert not fit.certificate.allows_standard_errors or verdict == "flat"
    assert fit.certificate.sentence


@pytest.mark.parametrize(
    ("family", "data", "verdict"),
    [
        (th.Normal(), [1.0], "unbounded"),
        (th.Normal(), [1.0, 1.0], "unbounded"),
        (th.LogNormal(), [1.0], "unbounded"),
        (th.LogNormal(), [1.0, 1.0], "unbounded"),
        (th.Gamma(), [2.0, 2.0], "unbounded"),
        (th.Weibull(), [2.0], "unbounded"),
        (th.Logistic(), [2.0], "unbounded"),
        (th.StudentT(), [2.0, 2.0], "unbounded"),
        (th.GEV(), [2.0], "unbounded"),
        (th.Beta(), [0.5], "unbounded"),
        (th.Exponential(), [3.0], "maximum"),
        (th.Exponential(), [0.0], "unbounded"),
        (th.Poisson(), [0, 0], "boundary"),
        (th.Poisson(), [3], "maximum"),
        (th.Bernoulli(), [1], "boundary"),
        (th.Binomial(trials=5), [5, 5], "boundary"),
        (th.Binomial(trials=10**15), [10**14], "maximum"),
        (th.Geometric(), [0], "boundary"),
        (th.Geometric(), [3], "maximum"),
        (th.NegativeBinomial(), [3], "at_infinity"),
        (th.Normal(), [1e-300, 1e300], "maximum"),
        (th.Weibull(), [1e-300, 1e300], "maximum"),
    ],
)
def test_verdicts_that_theory_settles(family, data, verdict):
    assert th.fit(family, data).certificate.verdict == verdict


def test_counts_past_the_integers_of_the_machine():
    fit = th.fit(th.Binomial(trials=1e300), [1e299])
    assert fit.estimates["prob"] == pytest.approx(0.1, rel=1e-15)
    assert fit.certificate.verdict == "not_converged"  # a score of rounding alone is worth 1e267 nats here


@pytest.mark.parametrize("cls", ORDERED, ids=named)
@pytest.mark.parametrize("side", ["above", "below"])
def test_rows_of_which_only_one_side_is_known(cls, side):
    """All censored on one side: the likelihood has no interior maximum, and says so."""
    edge = (
        np.array([0.25, 0.5]) if cls.support.upper == 1 and not cls.support.discrete else np.array([1.0, 2.0])
    )
    if cls.support.discrete and cls.support.upper == 1:
        edge = np.zeros(2)
    unknown = np.full(2, np.inf if side == "above" else -np.inf)
    rows = th.Observations.interval(*((edge, unknown) if side == "above" else (unknown, edge)))
    if cls.open_only and side == "below":
        with pytest.raises(th.ModelError, match="some here are known"):
            th.fit(a_family(cls), rows)
        return
    fit = th.fit(a_family(cls), rows)
    assert fit.certificate.verdict != "maximum"
    assert np.isnan(list(fit.standard_errors.values())).any()
    assert fit.log_likelihood <= 1e-12 or np.isnan(fit.log_likelihood)
