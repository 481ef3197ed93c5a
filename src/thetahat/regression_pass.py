"""The first pass over the rows of a regression: every row checked, counted, and packed where in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from thetahat._errors import DataError
from thetahat.data import BLOCK_ROWS, Block, Source
from thetahat.engines import Engine
from thetahat.models._regression_rows import PackedRegression, join
from thetahat.models.regression import RegressionModel

THINNED = 2_048
"""Rows of each block, or up to twice as many, on which a large regression is fitted first."""
LARGEST_SAMPLE = 40_000
ENTRIES_A_ROW = 16
"""Entries of the information that take as long as one row of a sparse design, about."""


@dataclass(frozen=True, slots=True)
class RegressionArrangement:
    """A regression ready to be evaluated.

    ``blocks`` yields the rows as they are evaluated, ``raw_blocks`` as they were given; ``sample`` holds rows from all
    over; ``n_positive`` counts the rows of positive weight, ``n_exact`` weighs those whose response is known exactly,
    ``n_dropped`` counts those that were left out for missing values, which ``n_rows`` does not.
    """

    model: RegressionModel
    blocks: Callable[[], Iterable[Any]]
    raw_blocks: Callable[[], Iterable[Block]]
    packed: bool
    n_rows: int
    n_positive: int
    n_obs: float
    n_exact: float
    n_dropped: int
    sample: PackedRegression


@dataclass(frozen=True, slots=True)
class _Counted:
    n_rows: int
    n_positive: int
    n_obs: float
    n_exact: float
    n_dropped: int
    packs: list[PackedRegression]
    samples: list[PackedRegression]

    def merge(self, other: _Counted) -> _Counted:
        return _Counted(
            self.n_rows + other.n_rows,
            self.n_positive + other.n_positive,
            self.n_obs + other.n_obs,
            self.n_exact + other.n_exact,
            self.n_dropped + other.n_dropped,
            self.packs + other.packs,
            self.samples + other.samples,
        )


def arrange_regression(model: RegressionModel, source: Source, engine: Engine) -> RegressionArrangement:
    """Make the first pass.

    Raises
    ------
    DataError
        If a value is missing or outside the support, or all weights are zero.
    """
    in_memory = source.in_memory

    def first_pass(block: Block) -> _Counted:
        packed = model.pack(block)
        n_exact = sum(part.total_weight for part in packed.parts if part.kind == "exact")
        packs = [packed] if in_memory else []
        samples = [packed.thinned(THINNED)] if packed.parts else []
        n_dropped = 0 if model.selection is None else model.selection.dropped(block)
        return _Counted(
            block.n_rows - n_dropped, packed.n_positive, packed.n_obs, n_exact, n_dropped, packs, samples
        )

    counted = engine.reduce(first_pass, source.blocks(model.columns))
    if not counted.n_obs > 0:
        raise DataError("all weights are zero, so no row counts; give some weight to the rows")
    packs = _gathered([packed for packed in counted.packs if packed.parts], model.table.n_working)

    def all_blocks() -> Iterable[Any]:
        return packs if in_memory else source.blocks(model.columns)

    return RegressionArrangement(
        model,
        all_blocks,
        lambda: source.blocks(model.columns),
        in_memory,
        counted.n_rows,
        counted.n_positive,
        counted.n_obs,
        counted.n_exact,
        counted.n_dropped,
        _sample(counted.samples),
    )


def _gathered(packs: list[PackedRegression], n_columns: int) -> list[PackedRegression]:
    """Put blocks together where their information has so many entries that it costs more than their rows."""
    designs = [design for pack in packs[:1] for part in pack.parts for design in part.designs]
    least = n_columns * n_columns // ENTRIES_A_ROW
    if not designs or least <= BLOCK_ROWS or any(design.tile_rows < design.n_rows for design in designs):
        return packs
    count = least // BLOCK_ROWS + 1
    return [join(packs[at : at + count]) for at in range(0, len(packs), count)]


def _sample(samples: list[PackedRegression]) -> PackedRegression:
    held = sum(sample.n_positive for sample in samples)
    if held > LARGEST_SAMPLE and len(samples) > 1:
        most = max(LARGEST_SAMPLE // len(samples), 1)
        samples = [sample.thinned(most) for sample in samples]
    return join(samples)
