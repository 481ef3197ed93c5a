"""Portions of blocks, which threads share: the same sums whoever packed the rows, on any number of threads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, GRADIENT
from thetahat.models._regression_rows import PORTIONS
from thetahat.numerics.sums import merge_in_order

N, P = 132_000, 16


@dataclass(frozen=True)
class Order:
    text: str

    def merge(self, other: Order) -> Order:
        return Order(f"({self.text}{other.text})")


@cache
def fitted() -> th.Fit:
    """A fit to exact and interval-censored rows, some of them without weight, after no step at all."""
    rng = np.random.default_rng(11)
    x = np.column_stack([np.ones(N), rng.standard_normal((N, P - 1))])
    time = rng.weibull(1.5, N)
    rows = th.Observations.interval(time, np.where(rng.random(N) < 0.3, np.inf, time))
    weights = rng.integers(0, 3, N)
    start = {"shape": 1.3, **{f"x{j}": 0.1 for j in range(P)}}
    return th.regress(
        x,
        rows,
        th.Weibull(),
        weights=weights,
        start=start,
        optimizer=th.Newton(max_iterations=0),
        engine=th.Threads(1),
    )


def same(left: Any, right: Any) -> bool:
    parts = ((tally.value, *tally.score, *tally.information.ravel()) for tally in (left, right))
    return len({np.array(part).tobytes() for part in parts}) == 1


@pytest.mark.parametrize("order", [GRADIENT, DERIVATIVES])
def test_rows_packed_before_and_as_they_come_make_the_same_sums(order: int) -> None:
    solution = fitted().solution
    held, given = solution.likelihood, solution.rows
    assert held is not None
    assert given is not None
    shared = Likelihood(held.model, held.raw_blocks, packed=True, engine=th.Threads(3))
    point = np.linspace(-0.2, 0.3, P + 1)
    alone = held.tally(point, order)
    assert same(alone, given.over_rows(point, order))
    assert same(alone, shared.tally(point, order))
    packed = list(held.rows())
    assert len(packed) == 3 * PORTIONS
    assert {len(portion.parts) for portion in packed} >= {1, 2}


@pytest.mark.parametrize("n", [1, 3, 20_000])
def test_few_rows_are_in_one_portion_or_in_all(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, 20)), rng.standard_normal(n)
    fit = th.regress(x, y, th.Normal(), penalty=th.Ridge(1.0))
    likelihood = fit.solution.likelihood
    assert likelihood is not None
    packed = list(likelihood.rows())
    assert sum(part.n_rows for portion in packed for part in portion.parts) == n
    assert len(packed) == (PORTIONS if n > 10_000 else 1)


@pytest.mark.parametrize("blocks", range(1, 12))
def test_sums_of_portions_merge_as_those_of_blocks(blocks: int) -> None:
    def merge(left: Order, right: Order) -> Order:
        return left.merge(right)

    letters = [Order(chr(97 + number)) for number in range(blocks * PORTIONS)]
    flat = merge_in_order(letters, merge)
    nested = merge_in_order(
        [merge_in_order(letters[at : at + PORTIONS], merge) for at in range(0, len(letters), PORTIONS)], merge
    )
    assert flat == nested


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("blocks", [2, 5, 31])
def test_a_known_number_of_blocks_is_handed_out_to_the_last(workers: int, blocks: int) -> None:
    engine = th.Threads(workers)
    batches = list(engine._batches(iter(range(blocks)), blocks))
    assert [block for batch in batches for block in batch] == list(range(blocks))
    assert len(batches[-1]) == 1
    assert engine.reduce(Order, [str(block) for block in range(blocks)]) == th.Threads(1).reduce(
        Order, (str(block) for block in range(blocks))
    )
