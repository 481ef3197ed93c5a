"""Ends of uniform distributions from censored rows: the global maximum, and what is told of each end."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

LAST_UNKNOWN = th.Observations.right_censored([1.0, 2.0, 2.5, 3.0], [True, True, True, False])


def test_a_row_beyond_all_values_pulls_the_end_to_where_it_has_a_standard_error():
    # (high - 3)/(high - 1)^4 is highest at 11/3.
    fit = th.fit(th.Uniform(), LAST_UNKNOWN)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.status == {"low": "edge", "high": "regular"}
    assert fit.certificate.scope == "global"
    assert fit.estimates == pytest.approx({"low": 1.0, "high": 11.0 / 3.0}, rel=1e-14)
    information = 1.0 / (2.0 / 3.0) ** 2 - 4.0 / (8.0 / 3.0) ** 2
    assert fit.standard_errors["high"] == pytest.approx(information**-0.5, rel=1e-12)
    assert np.isnan(fit.standard_errors["low"])


def test_with_both_ends_between_rows_there_is_a_maximum():
    rows = th.Observations.interval([-np.inf, 1.0, 3.0], [1.5, 2.0, np.inf])
    fit = th.fit(th.Uniform(), rows)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert np.isfinite(list(fit.standard_errors.values())).all()
    low, high = fit.estimates["low"], fit.estimates["high"]
    width = high - low
    # Stationary: width times each slope is 0.
    assert width / (1.5 - low) == pytest.approx(3.0, rel=1e-12)
    assert width / (high - 3.0) == pytest.approx(3.0, rel=1e-12)


def test_rows_on_a_value_of_which_some_are_censored_stay_on_the_edge():
    fit = th.fit(
        th.Uniform(), th.Observations.right_censored([1.0, 2.0, 3.0, 1.5], [True, True, True, False])
    )
    assert fit.certificate.status == {"low": "edge", "high": "edge"}
    assert fit.estimates == {"low": 1.0, "high": 3.0}
    assert np.isnan(list(fit.standard_errors.values())).all()


@pytest.mark.parametrize(
    ("family", "rows", "verdict", "estimates"),
    [
        # Below 1 and above 2: ever wider ends part the mass one to two.
        (
            th.Uniform(),
            ([-np.inf, 2.0, 3.0], [1.0, np.inf, np.inf]),
            "at_infinity",
            {"low": -np.inf, "high": np.inf},
        ),
        (
            th.DiscreteUniform(),
            ([-np.inf, 2.0, 3.0], [1.0, np.inf, np.inf]),
            "at_infinity",
            {"low": -np.inf, "high": np.inf},
        ),
        (th.Uniform(low=0.0), ([2.0, 3.0], [np.inf, np.inf]), "at_infinity", {"low": 0.0, "high": np.inf}),
        (th.Uniform(low=4.0), ([2.0, 3.0], [np.inf, np.inf]), "flat", None),
        (th.DiscreteUniform(), ([2.0, 3.0], [np.inf, np.inf]), "flat", None),
        (th.Uniform(low=2.0), ([-np.inf, 1.0], [1.0, 3.0]), "not_converged", None),
    ],
)
def test_where_there_is_no_maximum_it_is_said(family, rows, verdict, estimates):
    fit = th.fit(family, th.Observations.interval(*rows))
    assert fit.certificate.verdict == verdict
    if estimates is not None:
        assert fit.estimates == estimates
    if verdict == "at_infinity" and not family.given:
        assert fit.log_likelihood == pytest.approx(np.log(1 / 3) + 2 * np.log(2 / 3), rel=1e-14)


def drawn(seed, discrete):
    """Rows of all kinds as (low, high), where exact ones have both the same, with weights."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    y = rng.integers(0, 9, n).astype(float) if discrete else rng.uniform(0.0, 4.0, n)
    width = rng.integers(1, 4, n) if discrete else rng.uniform(0.2, 1.5, n)
    kind = rng.integers(0, 4, n)
    kind[0] = seed % 2
    low = np.where(kind == 3, -np.inf, np.where(kind == 1, y - width, y))
    high = np.where(kind == 2, np.inf, np.where(kind == 1, y + width, y))
    return low, high, rng.integers(1, 4, n).astype(float)


def heights(rows, low, high, wide):
    """ℓ on a grid of ends, ``wide`` being the width of a value."""
    lows, highs, weight = rows
    exact = lows == highs
    inside = (low[:, None] <= lows) & (highs <= high[:, None])
    covered = np.minimum(highs, high[:, None]) - np.maximum(lows, low[:, None] - wide)
    size = high - low + wide
    with np.errstate(all="ignore"):
        share = np.where(exact, np.where(inside, 1.0, 0.0), np.maximum(covered, 0.0)) / size[:, None]
        share = np.where(exact | (share <= 1.0), share, 1.0)
        return np.where(size > 0, np.log(share) @ weight, -np.inf)


@pytest.mark.parametrize("discrete", [False, True])
def test_no_pair_of_ends_is_higher(discrete):
    family = th.DiscreteUniform() if discrete else th.Uniform()
    told = 0
    for seed in range(40):
        rows = drawn(seed, discrete)
        fit = th.fit(family, th.Observations.interval(*rows[:2]), weights=rows[2])
        if fit.certificate.verdict not in {"boundary", "maximum"}:
            continue
        told += 1
        ends = np.concatenate(rows[:2])
        ends = ends[np.isfinite(ends)]
        if discrete:
            grid = np.arange(-25.0, 35.0)
        else:
            grid = np.unique(np.concatenate([ends - 1e-9, ends, ends + 1e-9, np.linspace(-8.0, 12.0, 60)]))
        low, high = (item.ravel() for item in np.meshgrid(grid, grid))
        found = heights(rows, low, high, float(discrete))
        assert fit.log_likelihood >= np.nanmax(found) - 1e-8
        if discrete:
            assert fit.log_likelihood == pytest.approx(np.nanmax(found), rel=1e-12, abs=1e-12)
    assert told > 25


def test_mapped_values_have_mapped_ends():
    mapped = th.fit(
        th.Transformed(th.Uniform(), "exp"),
        th.Observations.right_censored(np.exp([1.0, 2.0, 2.5, 3.0]), [True, True, True, False]),
    )
    assert mapped.estimates == pytest.approx({"low": 1.0, "high": 11.0 / 3.0}, rel=1e-12)
    assert mapped.certificate.status == {"low": "edge", "high": "regular"}


def test_many_rows_take_a_moment():
    rng = np.random.default_rng(3)
    y = rng.uniform(0.0, 4.0, 20_000)
    limit = rng.uniform(2.0, 5.0, y.size)
    fit = th.fit(th.Uniform(), th.Observations.right_censored(np.minimum(y, limit), y < limit))
    assert fit.certificate.status == {"low": "edge", "high": "edge"}
    assert fit.estimates["low"] == y[y < limit].min()
