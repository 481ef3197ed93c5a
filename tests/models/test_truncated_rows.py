"""Rows between limits: their tallies against sums over rows written out one by one."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.data import Block
from thetahat.models import DERIVATIVES, SCORES, VALUE
from thetahat.models._rows import join
from thetahat.models.iid import IndependentModel
from thetahat.numerics.namespace import NUMPY
from thetahat.response import parse_response

N = 60
FAMILIES = {
    "weibull": (th.Weibull(shape=1.4, scale=3.0), {}),
    "normal": (th.Normal(mean=2.0, sd=1.5), {}),
    "gamma": (th.Gamma(shape=2.0, rate=0.6), {}),
    "poisson": (th.Poisson(rate=3.0), {}),
    "binomial": (th.Binomial(prob=0.4, trials=9), {"trials": "n"}),
}


def columns_for(distribution):
    """Rows of every kind: exact or not, with limits on no side, one or both; weights of which some are 0."""
    rng = np.random.default_rng(20)
    y = distribution.sample(N, rng=rng).astype(float)
    step = np.floor(rng.uniform(1.0, 3.0, N)) if distribution.support.discrete else rng.uniform(0.1, 2.0, N)
    entry = np.where(rng.random(N) < 0.6, y - step, -np.inf)
    exit_ = np.where(rng.random(N) < 0.5, y + step, np.inf)
    wide = rng.random(N) < 0.4
    low, high = np.where(wide, np.maximum(y - 0.7 * step, entry), y), np.where(wide, y + 0.5 * step, y)
    high = np.minimum(high, exit_)
    if distribution.support.discrete:
        low = np.where(wide, np.maximum(y - 1.0, entry), y)
        high = y
    return {
        "low": low,
        "high": high,
        "entry": entry,
        "exit": exit_,
        "w": rng.integers(0, 4, N).astype(float),
        "n": np.full(N, 9.0),
    }


def model_of(name, limits="entry=entry, exit=exit"):
    distribution, known = FAMILIES[name]
    family = type(distribution)()
    response = parse_response(f"interval(low, high, {limits})")
    return IndependentModel(family, response, weight_column="w", known=known)


def brute_force(distribution, columns):
    """ℓ_i, u_i and H_i, each row by itself, of rows that weigh something."""
    eta = tuple(map(np.float64, distribution.working(tuple(distribution.given.values()))))
    known = dict(distribution.known_values)
    found = []
    for low, high, entry, exit_, weight in zip(
        *(columns[name] for name in ("low", "high", "entry", "exit", "w")), strict=True
    ):
        if weight == 0:
            continue
        if low == high:
            own = distribution.derivatives(distribution.prepare(NUMPY, np.array([low]), known), eta)
        else:
            own = distribution.log_mass(np.array([low]), np.array([high]), known, eta, 2)
        parts = [own]
        if np.isfinite(entry) or np.isfinite(exit_):
            parts.append(distribution.log_mass(np.array([entry]), np.array([exit_]), known, eta, 2))
        values = [
            [float(np.ravel(item)[0]) for item in (part.value, *part.gradient, *part.hessian)]
            for part in parts
        ]
        found.append((weight, np.subtract(*values) if len(values) == 2 else np.array(values[0])))
    return found


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("order", [VALUE, DERIVATIVES, SCORES])
def test_tallies_are_sums_of_differences_by_row(name, order):
    distribution, _ = FAMILIES[name]
    columns = columns_for(distribution)
    model = model_of(name)
    k = len(distribution.declared)
    blocks = [
        model.pack(Block(start, 20, {key: value[start : start + 20] for key, value in columns.items()}))
        for start in range(0, N, 20)
    ]
    working = np.array(distribution.working(tuple(distribution.given.values())), dtype=float)
    rows = brute_force(distribution, columns)
    value = sum(weight * terms[0] for weight, terms in rows)
    gradients = np.array([terms[1 : 1 + k] for _, terms in rows])
    weights = np.array([weight for weight, _ in rows])
    for packed in (join(blocks), model.pack(Block(0, N, columns))):
        tally = model.tally(packed, working, order)
        assert tally.value == pytest.approx(value, rel=1e-12)
        assert tally.absolute >= sum(weight * abs(terms[0]) for weight, terms in rows) - 1e-9
        if order == VALUE:
            continue
        assert tally.score == pytest.approx(weights @ gradients, rel=1e-10, abs=1e-10)
        hessian = sum(weight * terms[1 + k :] for weight, terms in rows)
        assert -tally.information[np.tril_indices(k)] == pytest.approx(hessian, rel=1e-10, abs=1e-10)
        if order == SCORES:
            assert tally.opg == pytest.approx((gradients.T * weights) @ gradients, rel=1e-10)
            assert np.all(tally.absolute_score >= weights @ np.abs(gradients) - 1e-9)


@pytest.mark.parametrize("name", ["weibull", "poisson"])
def test_limits_that_are_the_same_for_all_rows_give_what_a_column_of_them_gives(name):
    distribution, _ = FAMILIES[name]
    columns = columns_for(distribution)
    inside = (columns["low"] >= 1.0) & (columns["high"] <= 5.0) & (columns["high"] > 1.0)
    columns = {key: value[inside] for key, value in columns.items()}
    columns["entry"], columns["exit"] = np.full_like(columns["w"], 1.0), np.full_like(columns["w"], 5.0)
    columns["low"] = np.where(
        columns["low"] < columns["high"], np.maximum(columns["low"], 2.0), columns["low"]
    )
    columns["low"] = np.minimum(columns["low"], columns["high"])
    block = Block(0, len(columns["w"]), columns)
    working = np.array(distribution.working(tuple(distribution.given.values())), dtype=float)
    tallies = []
    for limits in ("entry=entry, exit=exit", "entry=1, exit=5"):
        model = model_of(name, limits)
        packed = model.pack(block)
        assert packed.truncation.same
        tallies.append(model.tally(packed, working, SCORES))
    assert tallies[0].value == tallies[1].value
    assert np.array_equal(tallies[0].opg, tallies[1].opg)
    apart = model_of(name).pack(block)
    one_moved = {**columns, "entry": np.append(columns["entry"][:-1], 0.5)}
    moved = model_of(name).pack(Block(0, len(columns["w"]), one_moved))
    assert not moved.truncation.same
    assert model.tally(moved, working, SCORES).value != model.tally(apart, working, SCORES).value


def test_thinned_rows_keep_their_own_limits():
    distribution, _ = FAMILIES["weibull"]
    columns = columns_for(distribution)
    packed = model_of("weibull").pack(Block(0, N, columns))
    thinned = packed.thinned(7)
    assert 0 < thinned.size < packed.size
    limits = dict(zip(packed.truncation.place.tolist(), packed.truncation.low.tolist(), strict=True))
    values = [*packed.y.tolist(), *packed.high.tolist()]
    kept = [*thinned.y.tolist(), *thinned.high.tolist()]
    assert len(set(values)) == len(values)
    for place, low in zip(thinned.truncation.place.tolist(), thinned.truncation.low.tolist(), strict=True):
        assert limits[values.index(kept[place])] == low


def test_rows_that_no_limit_binds_are_not_truncated():
    block = Block(0, 3, {"y": np.array([1.0, 2.0, 3.0]), "a": np.array([0.0, -np.inf, -4.0])})
    model = IndependentModel(th.Weibull(), parse_response("truncated(y, entry=a)"))
    assert model.pack(block).truncation is None
    assert not model.pack(block).survey(spread=False).truncated
    counts = IndependentModel(th.Poisson(), parse_response("truncated(y, entry=a)"))
    assert counts.pack(block).truncation.low.tolist() == [0.0]


def test_positions_of_truncated_rows_are_those_of_the_block():
    columns = {
        "time": np.array([5.0, 6.0, 7.0, 8.0, 9.0]),
        "event": np.array([0.0, 1.0, 1.0, 0.0, 1.0]),
        "start": np.array([1.0, -np.inf, 2.0, 3.0, 4.0]),
        "w": np.array([1.0, 1.0, 0.0, 2.0, 3.0]),
    }
    model = IndependentModel(
        th.Weibull(), parse_response("censored(time, event, entry=start)"), weight_column="w"
    )
    packed, positions = model.pack_with_positions(Block(0, 5, columns))
    assert positions.exact.tolist() == [1, 4]
    assert positions.interval.tolist() == [0, 3]
    assert packed.truncation.low.tolist() == [4.0, 1.0, 3.0]
    assert packed.truncation.place.tolist() == [1, 2, 3]
    assert packed.truncation.weight.tolist() == [3.0, 1.0, 2.0]
