"""Threads: the same bits on any number of them, safe beside forks and beside each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import thetahat as th

Y = np.random.default_rng(3).weibull(1.5, 300_000)


@dataclass(frozen=True)
class Order:
    """Tells in which order it was merged."""

    text: str

    def merge(self, other):
        return Order(f"({self.text}{other.text})")


@pytest.mark.parametrize("blocks", [1, 2, 3, 7, 20])
def test_blocks_merge_by_position_whoever_computes_them(blocks):
    letters = [chr(97 + i) for i in range(blocks)]
    merged = [th.Threads(workers).reduce(Order, letters) for workers in (1, 2, 5)]
    assert merged[0] == merged[1] == merged[2]
    assert [c for c in merged[0].text if c.isalpha()] == letters


@pytest.mark.parametrize(("workers", "blocks", "here"), [(2, 100, True), (4, 20, True), (4, 100, False)])
def test_cheap_blocks_are_shared_only_where_that_pays(workers, blocks, here):
    callers = set()

    def order_of(block):
        callers.add(threading.get_ident())
        return Order(str(block))

    whole = th.Threads(workers).reduce_cheap(order_of, iter(range(blocks)))
    assert whole == th.Threads(1).reduce(lambda block: Order(str(block)), iter(range(blocks)))
    assert (callers == {threading.get_ident()}) is here


def test_no_rows_and_errors_in_a_block_are_told():
    with pytest.raises(th.DataError, match="no rows"):
        th.Threads().reduce(Order, [])
    with pytest.raises(ZeroDivisionError):
        th.Threads(2).reduce(lambda block: Order(str(1 / (block - 9))), range(20))
    with pytest.raises(th.ModelError, match="whole number"):
        th.Threads(0)


def test_fits_side_by_side_agree_and_leave_blas_as_it_was():
    th.fit(th.Weibull(), Y)  # loads whatever BLAS there is
    before = [pool["num_threads"] for pool in threadpool_info()]
    with ThreadPoolExecutor(3) as pool:
        fits = list(pool.map(lambda _: th.fit(th.Weibull(), Y).estimates, range(4)))
    assert all(estimates == fits[0] for estimates in fits)
    assert [pool["num_threads"] for pool in threadpool_info()] == before


FORK = """
import multiprocessing
import numpy as np
import thetahat as th

y = np.random.default_rng(3).weibull(1.5, 300_000)

def fit(_):
    return th.fit(th.Weibull(), y).estimates

here = fit(0)
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map_async(fit, [0]).get(timeout=60) == [here]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forking is Linux's way")
def test_a_forked_child_fits_too():
    # In a process of its own, since other tests load libraries that do not take forks well.
    subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK], check=True, timeout=120)
