"""Threads on this machine: the default engine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import chain, islice
from typing import Any, final

import numpy as np

from thetahat._errors import ModelError
from thetahat.engines._engine import Block, Engine, Record
from thetahat.numerics.sums import merge_in_order


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="thetahat")


@cache
def _blas() -> Any:  # noqa: ANN401 - threadpoolctl is imported only where there is a pool
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@final
class Threads(Engine):
    """Blocks are computed by threads and merged pairwise by position, so any number of threads gives the same bits.

    Fewer than ``inline`` blocks run where they are called, without a pool. BLAS is held to one thread inside, since its
    own threads would reorder sums.

    Parameters
    ----------
    workers
        How many threads; by default the processors that this process may use.

    Raises
    ------
    ModelError
        If ``workers`` is not a whole number above 0.

    Examples
    --------
    >>> import thetahat as th
    >>> th.Threads(1).workers
    1
    """

    inline = 2

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and (int(workers) != workers or workers < 1):
            raise ModelError(f"Threads({workers!r}): the number of threads must be a whole number above 0")
        self.workers = int(workers) if workers is not None else len(os.sched_getaffinity(0))

    def reduce(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the merged summary of all blocks."""
        remaining = iter(blocks)
        head = list(islice(remaining, self.inline))
        if len(head) < self.inline:
            with np.errstate(all="ignore"):
                return function(head[0])
        everything = chain(head, remaining)
        with _blas().limit(limits=1):
            if self.workers == 1:
                with np.errstate(all="ignore"):
                    return merge_in_order((function(block) for block in everything), _merge)
            return merge_in_order(self._in_order(function, everything), _merge)

    def _in_order(self, function: Callable[[Block], Record], blocks: Iterator[Block]) -> Iterator[Record]:
        def quietly(block: Block) -> Record:
            with np.errstate(all="ignore"):
                return function(block)

        pool = _pool(self.workers)
        waiting: deque[Future[Record]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(quietly, block))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _merge(left: Record, right: Record) -> Record:
    return left.merge(right)
