"""An engine whose passes are told to a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import final

from thetahat._errors import ModelError
from thetahat.engines._engine import Block, Engine, Record
from thetahat.progress import Progress


@final
class Watched(Engine):
    """Another engine, whose blocks are counted as they are drawn; the sums are the other's.

    Parameters
    ----------
    engine
        Who computes.
    progress
        Who is told.

    Raises
    ------
    ModelError
        If the engine is none.

    Examples
    --------
    >>> import thetahat as th
    >>> progress = Progress()
    >>> th.fit(th.Weibull(), [1.0, 2.0, 4.0], engine=Watched(th.Threads(), progress)).n_rows
    3
    >>> progress.total
    3
    """

    def __init__(self, engine: Engine, progress: Progress) -> None:
        if not isinstance(engine, Engine):
            raise ModelError(f"engine={engine!r}: give an engine, such as th.Threads()")
        self._engine = engine
        self._progress = progress

    def reduce(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the merged summary of all blocks."""
        self._progress.begin()
        merged = self._engine.reduce(function, self._counted(blocks))
        self._progress.end()
        return merged

    def reduce_cheap(self, function: Callable[[Block], Record], blocks: Iterable[Block]) -> Record:
        """Return the merged summary of all blocks."""
        self._progress.begin()
        merged = self._engine.reduce_cheap(function, self._counted(blocks))
        self._progress.end()
        return merged

    def _counted(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            yield block
            self._progress.advance(getattr(block, "n_rows", 0))
