"""The likelihood of a model on data: a point on the free scale in, a tally out, over any engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.models import DERIVATIVES, SCORES, Model, Tally
from thetahat.numerics.sums import merge_in_order
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]


class Likelihood:
    """ℓ(φ) with its derivatives on the free scale, summed over rows.

    Parameters
    ----------
    model
        Makes tallies of packed rows.
    blocks
        Returns the rows, from the start, at every call: packed ones in their portions, or raw blocks.
    packed
        Whether they are packed already.
    condensed
        Pseudo rows with the same ℓ (but not the same row scores), or None.
    engine
        Who sums.
    counted
        Whether the packed rows are distinct values and their counts, which no one else holds.
    """

    def __init__(
        self,
        model: Model[Any],
        blocks: Callable[[], Iterable[Any]],
        *,
        packed: bool,
        engine: Engine,
        condensed: Any = None,
        counted: bool = False,
    ) -> None:
        self.model = model
        self.table: ParameterTable = model.table
        self.engine = engine
        self._blocks = blocks
        self._packed = packed
        self._condensed = condensed
        self._counted = counted
        self._last: tuple[bytes, int, Tally] | None = None

    @property
    def unpenalised(self) -> Likelihood:
        """ℓ without what a penalty adds: itself, where there is none."""
        return self

    @property
    def condensed(self) -> bool:
        """Whether derivatives come from pseudo rows."""
        return self._condensed is not None

    @property
    def shared(self) -> bool:
        """Whether ℓ is summed over rows that whoever gave them can change."""
        return self._condensed is None and not self._counted

    @property
    def counted(self) -> bool:
        """Whether the rows are distinct values and their counts."""
        return self._counted

    def tally(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """Sum over all rows at a point on the free scale: order VALUE, DERIVATIVES or SCORES."""
        point = free.tobytes()
        if self._last is not None:
            # Who examines a point that was just reached need not pay for another pass.
            at, known, tally = self._last
            if order <= known and at == point:
                return tally
        working = self.table.working(free)
        if self._condensed is not None and order != SCORES:
            with np.errstate(all="ignore"):
                tally = self.model.tally(self._condensed, working, order)
        else:
            tally = self._reduce(working, order)
        tally = self._free(tally)
        self._last = (point, order, tally)
        return tally

    def over_rows(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """Sum over the rows as they are now, whatever is remembered of this point or known of their sums."""
        return self._free(self._reduce(self.table.working(free), order))

    def _free(self, tally: Tally) -> Tally:
        return tally if self.table.all_free else tally.restrict(self.table.free_index)

    def _reduce(self, working: Vector, order: int) -> Tally:
        model = self.model
        found: Tally = self.reduce(lambda packed: model.tally(packed, working, order))
        return found

    def reduce(self, function: Callable[[Any], Any]) -> Any:
        """Sum a function of packed rows over all rows."""
        if self._packed:
            return self.engine.reduce(function, self._blocks())
        model = self.model

        def packing(block: Any) -> Any:
            return merge_in_order(map(function, model.portions(model.pack(block))), _merged)

        return self.engine.reduce(packing, self._blocks())

    def raw_blocks(self) -> Iterable[Any]:
        """The blocks as they come, unpacked where they were not packed before."""
        return self._blocks()

    def rows(self) -> Iterator[Any]:
        """Yield the packed rows, block by block, in one more pass."""
        for block in self._blocks():
            yield block if self._packed else self.model.pack(block)

    def expected_information(self, working: Vector) -> NDArray[np.float64]:
        """Sum the expected information of all rows at a working vector, for models that have one."""
        model: Any = self.model

        def function(packed: Any) -> Tally:
            matrix = model.expected_information(packed, working)
            return Tally(0.0, 0.0, np.zeros(matrix.shape[0]), matrix)

        found: Tally = self.reduce(function)
        return found.information


def _merged(left: Any, right: Any) -> Any:
    return left.merge(right)
