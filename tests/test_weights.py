"""A frequency weight stands for repeated rows, in every family and whatever is known of a row."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import thetahat as th
from thetahat.families import CATALOGUE
from thetahat.parameters import Positive

KNOWN = {"trials": 7}
N = 60
SEEDS = {"GeneralizedNormal": 1, "SkewNormal": 1}
"""Where the supremum of the usual sample, once weighted, is that of a limit."""
SMOOTH = [cls for cls in CATALOGUE if not cls.edges]
every_family = pytest.mark.parametrize("cls", SMOOTH, ids=lambda cls: cls.__name__)


def a_distribution(cls):
    """A member of the family in the middle of its typical range."""
    if cls.labelled:
        return cls(thresholds=[0.0, 0.8]) if cls.ordered else cls(probs=[0.5, 0.2, 0.3])
    values = {}
    for parameter in cls().declared:
        low, high = parameter.typical
        positive = isinstance(parameter.domain, Positive)
        values[parameter.name] = float(np.sqrt(low * high)) if positive else (low + high) / 2
    return cls(**values, **{name: KNOWN[name] for name in cls.known})


def a_family(cls):
    return cls(**{name: KNOWN[name] for name in cls.known})


@cache
def rows(cls, kind):
    """Arrays, and how to make observations of some of their rows."""
    law = a_distribution(cls)
    y = law.sample(N, rng=SEEDS.get(cls.__name__, 20240302))
    if kind == "exact":
        return (y,), th.Observations
    step = 1 if law.support.discrete else 0
    few = np.arange(N) % 4 == 0
    if kind == "right":
        cut = np.full(N, law.quantile(0.6))
        event = ~few | (y <= cut)
        return (np.where(event, y, cut), event), th.Observations.right_censored
    if kind == "left":
        cut = np.full(N, law.quantile(0.4)) + step
        detected = ~few | (y > cut)
        return (np.where(detected, y, cut), detected), th.Observations.left_censored
    low, high = law.quantile(0.3) - step, law.quantile(0.8) + step
    inside = few & (y > low) & (y <= high)
    return (np.where(inside, low, y), np.where(inside, high, y)), th.Observations.interval


def frequencies():
    return np.random.default_rng(20240303).integers(0, 4, N)


kinds = pytest.mark.parametrize(
    ("cls", "kind"),
    [
        pytest.param(cls, kind, id=f"{cls.__name__}-{kind}")
        for cls in SMOOTH
        for kind in (["exact"] if cls.labelled else ["exact", "right", "left", "interval"])
    ],
)


def assert_same_fit(one, other):
    assert one.certificate.verdict == other.certificate.verdict == "maximum"
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    assert one.n_obs == other.n_obs
    assert (one.aic, one.bic) == pytest.approx((other.aic, other.bic), rel=1e-11)
    errors = np.array(list(other.standard_errors.values()))
    found, expected = (np.array(list(fit.estimates.values())) for fit in (one, other))
    assert (np.abs(found - expected) / errors).max() < 1e-9
    scale = np.outer(errors, errors)
    for covariance in ("observed", "opg", "sandwich", "HC1", "stata"):
        difference = one.covariance(covariance) - other.covariance(covariance)
        assert np.abs(difference / scale).max() < 1e-8, covariance


@kinds
def test_weights_stand_for_repeated_rows(cls, kind):
    arrays, observe = rows(cls, kind)
    weights = frequencies()
    weighted = th.fit(a_family(cls), observe(*arrays), weights=weights)
    repeated = th.fit(a_family(cls), observe(*(np.repeat(array, weights) for array in arrays)))
    assert_same_fit(weighted, repeated)
    assert weighted.n_rows == N
    assert repeated.n_rows == repeated.n_obs == weights.sum()


@kinds
def test_rows_of_weight_zero_drop_out(cls, kind):
    arrays, observe = rows(cls, kind)
    weights = frequencies()
    kept = weights > 0
    assert not kept.all()
    everything = th.fit(a_family(cls), observe(*arrays), weights=weights)
    without = th.fit(a_family(cls), observe(*(array[kept] for array in arrays)), weights=weights[kept])
    assert_same_fit(everything, without)
    assert everything.estimates == without.estimates
    assert everything.log_likelihood == without.log_likelihood
    assert (everything.n_rows, without.n_rows) == (N, kept.sum())


@kinds
def test_a_weight_of_one_is_none(cls, kind):
    arrays, observe = rows(cls, kind)
    one = th.fit(a_family(cls), observe(*arrays), weights=np.ones(N))
    none = th.fit(a_family(cls), observe(*arrays))
    assert_same_fit(one, none)
    assert one.n_rows == none.n_rows == N


@every_family
def test_fractions_scale_the_log_likelihood(cls):
    arrays, observe = rows(cls, "exact")
    weights = frequencies() + 0.5
    whole = th.fit(a_family(cls), observe(*arrays), weights=weights)
    quarter = th.fit(a_family(cls), observe(*arrays), weights=weights / 4)
    assert quarter.log_likelihood == pytest.approx(whole.log_likelihood / 4, rel=1e-12)
    assert quarter.n_obs == whole.n_obs / 4
    for name, error in whole.standard_errors.items():
        assert quarter.estimates[name] == pytest.approx(whole.estimates[name], rel=0, abs=1e-9 * error)
        assert quarter.standard_errors[name] == pytest.approx(2 * error, rel=1e-8)


@every_family
def test_values_of_weight_zero_may_be_anything(cls):
    (y,), _ = rows(cls, "exact")
    if y.dtype.kind in "US":
        y = y.astype(object)
    odd = np.where(np.arange(N) == 3, -1 if cls.labelled else np.nan, y)
    weights = np.where(np.arange(N) == 3, 0.0, 1.0)
    kept = weights > 0
    with_it = th.fit(a_family(cls), odd, weights=weights)
    without = th.fit(a_family(cls), odd[kept])
    assert with_it.estimates == pytest.approx(without.estimates, rel=1e-9)
    assert with_it.n_rows == N
    assert with_it.n_obs == N - 1


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_count_nothing_are_refused(bad):
    weights = np.ones(5)
    weights[2] = bad
    with pytest.raises(th.DataError, match=r"weights|column"):
        th.fit(th.Normal(), np.arange(5.0), weights=weights)


def test_all_weights_zero_are_refused():
    with pytest.raises(th.DataError, match="zero"):
        th.fit(th.Normal(), np.arange(5.0), weights=np.zeros(5))


def test_as_many_weights_as_rows():
    with pytest.raises(th.DataError):
        th.fit(th.Normal(), np.arange(5.0), weights=np.ones(4))
