"""Threads on this machine: the default engine."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, count, islice
from operator import length_hint
from typing import TYPE_CHECKING, final

import numpy as np

from thetahat._errors import DataError, ModelError
from thetahat.engines._engine import Block, Engine, Record
from thetahat.numerics.single_blas import single_blas
from thetahat.numerics.sums import merge_in_order

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

LARGEST_BATCH = 4
"""Blocks that a thread takes at once, since handing over costs as much as a cheap block does."""

FEW_WORKERS, CHEAP_BLOCKS = 2, 32
"""Up to so many threads, or below so many blocks, one does cheap blocks soonest: others wait for the interpreter."""


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(workers, thread_name_prefix="thetahat")


if hasattr(os, "register_at_fork"):
    # A forked child inherits the pool but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def available_processors() -> int:
    """Count the processors that this process may use, where the system tells; else all there are."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@final
class Threads(Engine):
    """Blocks are computed by threads and merged pairwise by position: any number of threads gives the same bits.

    Fewer than ``inline`` blocks run where they are called, without a pool. BLAS is held to one thread inside, since
    its own threads would reorder sums.

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
        self.workers = int(workers) if workers is not None else available_processors()

    def reduce(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the merged summary of all blocks."""
        if isinstance(blocks, list) and len(blocks) == 1:
            with np.errstate(all="ignore"):
                return function(blocks[0])
        remaining = iter(blocks)
        head = list(islice(remaining, self.inline))
        if len(head) < self.inline:
            with np.errstate(all="ignore"):
                return function(self._only(head))
        left = length_hint(remaining)
        everything = chain(head, remaining)
        with single_blas:
            if self.workers == 1:
                with np.errstate(all="ignore"):
                    return _merged(function(block) for block in everything)
            return _merged(self._in_order(function, everything, len(head) + left if left else 0))

    def reduce_cheap(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the same; few blocks, or blocks for few threads, are computed where they are asked for."""
        if self.workers > FEW_WORKERS:
            remaining = iter(blocks)
            head = list(islice(remaining, CHEAP_BLOCKS))
            if len(head) == CHEAP_BLOCKS:
                return self.reduce(function, chain(head, remaining))
            blocks = head
        return Threads(1).reduce(function, blocks)

    @staticmethod
    def _only(head: list[Block]) -> Block:
        if not head:
            raise DataError("there are no rows to sum over")
        return head[0]

    def _in_order(
        self, function: Callable[[Block], Record], blocks: Iterator[Block], known: int
    ) -> Iterator[Record]:
        def quietly(batch: list[Block]) -> list[Record]:
            with np.errstate(all="ignore"):
                return [function(block) for block in batch]

        pool = _pool(self.workers)
        waiting: deque[Future[list[Record]]] = deque()
        try:
            for batch in self._batches(blocks, known):
                waiting.append(pool.submit(quietly, batch))
                if len(waiting) > self.workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _batches(self, blocks: Iterator[Block], known: int) -> Iterator[list[Block]]:
        """Consecutive blocks to hand to a thread at once: few at first, so that few blocks occupy all threads.

        Where it is ``known`` how many there are, ever fewer, so that threads end together (Polychronopoulos & Kuck,
        1987, guided self-scheduling).
        """
        for number in count():
            size = max(known // (2 * self.workers), 1) if known > 0 else 1 << (number // self.workers)
            batch = list(islice(blocks, min(size, LARGEST_BATCH)))
            if not batch:
                return
            known -= len(batch)
            yield batch


def _merged(records: Iterable[Record]) -> Record:
    total = merge_in_order(records, _merge)
    assert total is not None  # noqa: S101 - there is at least one block
    return total


def _merge(left: Record, right: Record) -> Record:
    return left.merge(right)
