"""What is settled before any search: mass parted between the ends, and ties against the rows that exclude them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.data import open_source
from thetahat.engines import Threads
from thetahat.first_pass import arrange
from thetahat.models.iid import IndependentModel
from thetahat.optimize.ties import with_ties
from thetahat.response import IntervalCensored

INF = np.inf


def entropy(below: float, above: float) -> float:
    total = below + above
    return below * np.log(below / total) + above * np.log(above / total)


# ---- Mass at both ends ------------------------------------------


@pytest.mark.parametrize(
    ("zeros", "lows"),
    [(2, [1, 1]), (1, [1]), (3, [1]), (5, [1] * 5), (20, [1] * 10), (5, [3, 5]), (2, [0, 1])],
)
def test_zeros_and_open_counts_part_the_mass(zeros: int, lows: list[int]) -> None:
    """With p^size at the share of zeros ℓ rises all the way to size 0 and mean ∞."""
    events = [1] * zeros + [0] * len(lows)
    fit = th.fit(th.NegativeBinomial(), th.Observations.right_censored([0] * zeros + lows, events))
    certificate = fit.certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.exists is False
    assert certificate.scope == "global"
    assert certificate.supremum == pytest.approx(entropy(zeros, len(lows)), rel=1e-14)
    assert certificate.status == {"mean": "at_infinity", "size": "boundary"}
    assert fit.estimates == {"mean": INF, "size": 0.0}

    share, size = zeros / (zeros + len(lows)), 2e-3
    near = th.NegativeBinomial(mean=size * np.expm1(-np.log(share) / size), size=size)
    reached = zeros * near.log_prob(0) + float(np.sum(near.log_sf(np.array(lows))))
    assert certificate.supremum - 0.2 < reached < certificate.supremum


def test_the_parting_counts_weights_and_left_censored_rows() -> None:
    data = th.Observations.interval([0, -INF, 4, 7], [0, 3, INF, INF])
    certificate = th.fit(th.NegativeBinomial(), data, weights=[2.0, 1.5, 0.5, 2.0]).certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.supremum == pytest.approx(entropy(3.5, 2.5), rel=1e-14)


@pytest.mark.parametrize(
    ("low", "high"),
    [([0, 0, 0, 0], [0, 0, INF, INF]), ([-INF, -INF, 2, 2, 2], [2, 2.5, INF, INF, INF])],
)
def test_counts_parted_at_one_number_are_matched_by_many(low: list[float], high: list[float]) -> None:
    certificate = th.fit(th.NegativeBinomial(), th.Observations.interval(low, high)).certificate
    above = high.count(INF)
    assert certificate.verdict == "flat"
    assert certificate.exists is True
    assert certificate.supremum == pytest.approx(entropy(len(high) - above, above), rel=1e-14)


@pytest.mark.parametrize(
    ("low", "high", "fixed"),
    [
        ([0, 0, 1, 1], [0, 0, INF, INF], {"size": 2.0}),
        ([0, 0, 1, 1], [0, 0, INF, INF], {"mean": 2.0}),
        ([0, 0, 1, 1, 3], [0, 0, INF, INF, 3], {}),
        ([0, 0, 1, 2, 3], [0, 0, INF, 4, INF], {}),
    ],
)
def test_mass_is_not_parted_past_rows_inside_or_fixed_parameters(
    low: list[float], high: list[float], fixed: dict[str, float]
) -> None:
    fit = th.fit(th.NegativeBinomial(), th.Observations.interval(low, high), fixed=fixed)
    assert fit.certificate.verdict == "maximum"
    assert all(np.isfinite(value) and value > 0 for value in fit.estimates.values())


def test_one_parameter_settles_where_the_mass_is_parted() -> None:
    data = th.Observations.right_censored([0, 0, 0, 0], [1, 1, 0, 0])
    fit = th.fit(th.Poisson(), data)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["rate"] == pytest.approx(np.log(2.0), rel=1e-12)


# ---- Ties -------------------------------------------------------


def tie_of(low: Any, high: Any, weights: Any = None) -> tuple[float, float] | None:
    columns = {"low": np.asarray(low, dtype=float), "high": np.asarray(high, dtype=float)}
    if weights is not None:
        columns["weight"] = np.asarray(weights, dtype=float)
    engine = Threads(1)
    model = IndependentModel(
        th.StudentT(),
        IntervalCensored("low", "high"),
        weight_column=None if weights is None else "weight",
    )
    return with_ties(arrange(model, open_source(columns), engine), engine).tie


def direct(low: Any, high: Any, weights: Any = None) -> tuple[float, float]:
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    weight = np.ones(low.size) if weights is None else np.asarray(weights, dtype=float)
    exact = low == high
    pairs = []
    for value in np.unique(low[exact]):
        equal = exact & (low == value)
        excluding = ~equal & ~(~exact & (low <= value) & (value <= high))
        pairs.append((float(weight[equal].sum()), float(weight[excluding].sum())))
    return max(pairs, key=lambda pair: pair[0] / pair[1])


def test_rows_that_admit_a_value_do_not_count_against_it() -> None:
    """Fifty rows below 10 hold any of the five values: only the four others weigh against one."""
    low = [1.0, 2.0, 3.0, 4.5, 9.0] + [-INF] * 50
    high = [1.0, 2.0, 3.0, 4.5, 9.0] + [10.0] * 50
    assert tie_of(low, high) == (1.0, 4.0)


def test_the_most_frequent_value_need_not_bound_the_region() -> None:
    low = [1.0, 1.0, 5.0, 6.0] + [4.0] * 20
    high = [1.0, 1.0, 5.0, 6.0] + [INF] * 20
    assert tie_of(low, high) == (1.0, 3.0)


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_tie_is_that_of_a_direct_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 8, 30).astype(float)
    high = np.where(rng.random(30) < 0.5, low, low + rng.choice([1.0, 3.0, INF], 30))
    weights = None if seed % 2 else rng.integers(1, 4, 30).astype(float)
    found, expected = tie_of(low, high, weights), direct(low, high, weights)
    assert found is not None
    assert found[0] / found[1] == pytest.approx(expected[0] / expected[1], rel=1e-12)


def test_exact_values_alone_have_their_most_frequent_one() -> None:
    y = np.random.default_rng(1).integers(0, 30, 5_000) / 4.0
    (_, counts) = np.unique(y, return_counts=True)
    assert tie_of(y, y) == (counts.max(), 5_000 - counts.max())


def test_the_region_says_which_rows_count() -> None:
    region = th.fit(th.StudentT(), [1.0, 2.0, 3.0, 4.5, 9.0]).certificate.region
    assert region is not None
    assert "rows that admit it do not count" in region


@pytest.mark.parametrize("y", [[0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 0.5, 1.0, 2.0, 3.0]])
def test_lomax_with_an_exact_zero_has_no_bound(y):
    y = np.array(y)
    fit = th.fit(th.Lomax(), y)
    assert fit.certificate.verdict == "unbounded"
    assert "the value 0" in fit.certificate.sentence
    heights = []
    for scale in (1e-50, 1e-100, 1e-200):
        shape = y.size / np.log1p(y / scale).sum()
        heights.append(float(th.Lomax(shape=shape, scale=scale).log_prob(y).sum()))
    # Σ over rows that are 0 of log(1/scale), less logs of logs
    assert np.diff(heights) == pytest.approx((y == 0).sum() * np.log([1e50, 1e100]), rel=0.05)


@pytest.mark.parametrize(
    ("zeros", "shape", "verdict"),
    [(6, 0.4, "unbounded"), (4, 0.45, "maximum"), (15, 2.9, "unbounded"), (14, 2.9, "maximum")],
)
def test_zeros_against_other_rows_decide_whether_lomax_of_a_fixed_shape_has_a_bound(zeros, shape, verdict):
    above = np.random.default_rng(3).exponential(size=10 if shape < 1 else 5)
    fit = th.fit(th.Lomax(shape=shape), np.append(np.zeros(zeros), above))
    assert fit.certificate.verdict == verdict
    # Log scale enters with minus the zeros and shape times the others as the scale shrinks.
    rows = np.append(np.zeros(zeros), above)
    near, far = (float(th.Lomax(shape=shape, scale=scale).log_prob(rows).sum()) for scale in (1e-60, 1e-120))
    assert (far > near) == (verdict == "unbounded")


def test_censored_rows_that_may_be_zero_do_not_weigh_against_zeros():
    low, high = np.array([0.0, 0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 2.0, 3.0, np.inf])
    rows = th.Observations.interval(low, high)
    assert th.fit(th.Lomax(shape=1.5), rows).certificate.verdict == "unbounded"
    assert th.fit(th.Lomax(shape=2.5), rows).certificate.verdict == "maximum"


def test_a_local_maximum_of_lomax_beside_a_zero_says_so_and_none_without_a_zero_does():
    y = np.random.default_rng(0).pareto(2, 30)
    with_zero, without = th.fit(th.Lomax(), np.append(0.0, y)), th.fit(th.Lomax(), y)
    assert with_zero.certificate.verdict == without.certificate.verdict == "maximum"
    assert "local in any case" in with_zero.certificate.sentence
    assert "local in any case" not in without.certificate.sentence
    rounded = th.fit(th.Lomax(), th.Observations.interval(np.append(0.0, y), np.append(0.01, y)))
    assert rounded.certificate.verdict == "maximum"
    assert "local in any case" not in rounded.certificate.sentence
