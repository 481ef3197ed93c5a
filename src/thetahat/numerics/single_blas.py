"""BLAS held to one thread, whose own threads reorder sums and wait for each other longer than they save."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

FOR_ONE_THREAD = range(9, 4_097)
"""Rows of a square matrix for which BLAS's threads do not pay where others use processors too."""


class _SingleBlas:
    """Holds BLAS to one thread while anyone needs it: the first in limits it, the last out restores it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._controller: Any = None
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                if self._controller is None:
                    from threadpoolctl import ThreadpoolController

                    self._controller = ThreadpoolController()
                self._limits = self._controller.limit(limits=1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limits.restore_original_limits()


single_blas = _SingleBlas()


def held_for(size: int) -> AbstractContextManager[None]:
    """Hold BLAS to one thread where a square matrix of so many rows does not pay for more."""
    return single_blas if size in FOR_ONE_THREAD else nullcontext()
