"""The first pass over the rows of a regression: every row checked, counted, and packed where in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.data import BLOCK_ROWS, Block, Source
from thetahat.engines import Engine
from thetahat.families._support import REAL_LINE
from thetahat.models._regression_rows import SHARED, PackedRegression, join
from thetahat.models.regression import RegressionModel
from thetahat.numerics.sums import Total

THINNED = 2_048
"""Rows of each block, or up to twice as many, on which a large regression is fitted first."""
LARGEST_SAMPLE = 40_000
ROWS_A_COLUMN, FEW_COLUMNS = 32, 512
"""Rows of a sample for each coefficient, where these are few enough for its fit to cost little."""
MOST_THINNED, SAMPLED_NUMBERS = 8_192, 1 << 24
"""Rows of each block of a file, and numbers of them all, that are sampled: a pass that is spared is worth their fit."""
ENTRIES_A_ROW = 16
"""Entries of the information that take as long as one row of a sparse design, about."""


@dataclass(frozen=True, slots=True)
class RegressionArrangement:
    """A regression ready to be evaluated.

    ``blocks`` yields the rows as they are evaluated, ``raw_blocks`` as they were given; ``sample`` holds rows from all
    over; ``n_positive`` counts the rows of positive weight, ``n_exact`` weighs those whose response is known exactly,
    ``n_dropped`` counts those that were left out for missing values, which ``n_rows`` does not; ``largest`` is the size
    of the largest response on the line, 0 for others.
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
    largest: float = 0.0


@dataclass(frozen=True, slots=True)
class _Counted:
    n_rows: int
    n_positive: int
    n_obs: float
    n_exact: float
    n_dropped: int
    largest: float
    packs: list[PackedRegression]
    samples: list[PackedRegression]

    def merge(self, other: _Counted) -> _Counted:
        return _Counted(
            self.n_rows + other.n_rows,
            self.n_positive + other.n_positive,
            self.n_obs + other.n_obs,
            self.n_exact + other.n_exact,
            self.n_dropped + other.n_dropped,
            max(self.largest, other.largest),
            self.packs + other.packs,
            self.samples + other.samples,
        )


def arrange_regression(
    model: RegressionModel, source: Source, engine: Engine, *, matrix: bool = True
) -> RegressionArrangement:
    """Make the first pass; ``matrix`` tells whether an information will be formed of the rows.

    Raises
    ------
    DataError
        If a value is missing or outside the support, or all weights are zero.
    """
    in_memory = source.in_memory
    held = SAMPLED_NUMBERS // max(model.table.n_working, 1)
    of_block = THINNED
    if source.n_rows is not None:
        k = model.table.n_working
        wanted = held if not in_memory else ROWS_A_COLUMN * k if k <= FEW_COLUMNS else 0
        of_block = min(max(wanted * BLOCK_ROWS // source.n_rows, THINNED if in_memory else 1), MOST_THINNED)

    def first_pass(block: Block) -> _Counted:
        packed = model.pack(block)
        n_exact = sum(part.total_weight for part in packed.parts if part.kind == "exact")
        packs = [packed] if in_memory else []
        samples = [packed.thinned(of_block)] if packed.parts else []
        n_dropped = 0 if model.selection is None else model.selection.dropped(block)
        return _Counted(
            block.n_rows - n_dropped,
            packed.n_positive,
            packed.n_obs,
            n_exact,
            n_dropped,
            _largest(model, packed),
            packs,
            samples,
        )

    counted = engine.reduce(first_pass, source.blocks(model.columns))
    if not counted.n_obs > 0:
        raise DataError("all weights are zero, so no row counts; give some weight to the rows")
    packs = [packed for packed in counted.packs if packed.parts]
    if matrix:
        packs = _gathered(packs, model.table.n_working)
    portions = in_portions(model, packs)

    def all_blocks() -> Iterable[Any]:
        return portions if in_memory else source.blocks(model.columns)

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
        _sample(counted.samples, LARGEST_SAMPLE if in_memory else max(LARGEST_SAMPLE, held)),
        counted.largest,
    )


def in_portions(model: RegressionModel, packs: list[PackedRegression]) -> list[PackedRegression]:
    """Packed rows in the portions that threads share; without empty ones where all rows are in one."""
    if len(packs) == 1 and packs[0].n_positive * model.table.n_working < 2 * SHARED:
        return packs
    portions = [portion for packed in packs for portion in model.portions(packed)]
    filled = [portion for portion in portions if portion.parts]
    return filled if len(filled) == 1 else portions


def packed_again(
    model: RegressionModel, arrangement: RegressionArrangement, engine: Engine
) -> list[PackedRegression] | None:
    """The rows of an arrangement packed for another model, in portions; None where they come from a file."""
    if not arrangement.packed:
        return None
    packs = engine.reduce(lambda block: Total([model.pack(block)]), arrangement.raw_blocks()).value
    return in_portions(model, packs)


def _largest(model: RegressionModel, packed: PackedRegression) -> float:
    """The size of the largest response known exactly, where the coefficients are in its units; else 0."""
    if model.family.support != REAL_LINE:
        return 0.0
    exact = [part.rows[0] for part in packed.parts if part.kind == "exact" and part.rows[0].size]
    return max((float(max(-y.min(), y.max())) for y in exact), default=0.0)


def _gathered(packs: list[PackedRegression], n_columns: int) -> list[PackedRegression]:
    """Put blocks together where their information has so many entries that it costs more than their rows."""
    designs = [design for pack in packs[:1] for part in pack.parts for design in part.designs]
    least = n_columns * n_columns // ENTRIES_A_ROW
    if not designs or least <= BLOCK_ROWS or any(design.tile_rows < design.n_rows for design in designs):
        return packs
    count = least // BLOCK_ROWS + 1
    return [join(packs[at : at + count]) for at in range(0, len(packs), count)]


def _sample(samples: list[PackedRegression], most: int) -> PackedRegression:
    held = sum(sample.n_positive for sample in samples)
    if held > most and len(samples) > 1:
        samples = [sample.thinned(max(most // len(samples), 1)) for sample in samples]
    return join(samples)
