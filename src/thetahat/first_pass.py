"""The first pass over the rows: every row checked, surveyed, collapsed where discrete, packed where in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.data import BLOCK_ROWS, Block, Source
from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.models._levels import Levels, levels_in_order
from thetahat.models._rows import PackedRows, join
from thetahat.models.iid import IndependentModel
from thetahat.numerics.sums import Total
from thetahat.response._response import shown_column

Array = NDArray[Any]
COUNT = "(count)"
"""The column that holds how often each level of collapsed data occurs."""
ORDINARY = (1e-75, 1e75)
"""Magnitudes of data that need no unit: fourth powers stay inside double precision."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A model ready to be evaluated: its final form, its packed rows, and what a first pass found."""

    model: IndependentModel
    blocks: Callable[[], Iterable[Any]]
    packed: bool
    survey: Survey
    condensed: PackedRows | None
    sample: PackedRows

    @property
    def counted(self) -> bool:
        """Whether the rows are distinct values with their counts, made here, which nobody else can change."""
        return self.model.weight_column == COUNT


@dataclass(frozen=True, slots=True)
class _Gathered:
    survey: Survey
    packs: list[PackedRows]
    sample: list[PackedRows]

    def merge(self, other: _Gathered) -> _Gathered:
        return _Gathered(
            self.survey.merge(other.survey), self.packs + other.packs, self.sample + other.sample
        )


def arrange(
    model: IndependentModel, source: Source, engine: Engine, levels: Levels | None = None
) -> Arrangement:
    """Make the first pass: check every row, survey, collapse discrete data, and pack what stays in memory.

    Parameters
    ----------
    levels
        The distinct values and their counts, where they are known already.
    """
    if collapsible(model):
        if levels is None:
            reduce = engine.reduce_cheap if source.in_memory else engine.reduce
            levels = reduce(model.count_levels, source.blocks(model.columns))
        if levels.values is not None:
            _refuse_weightless(model, float(levels.weights.sum()))
            family: Any = model.family
            if family.labelled and family.levels is None:
                family = family.with_levels(levels_in_order(levels, model.response, source))
            counted = model.changed(family=family, weight_column=COUNT)
            packed_blocks: Iterable[Any] = [_block_of(counted, levels.values, levels.weights)]
            return _gather(
                counted, packed_blocks, engine, in_memory=True, counts=(levels.n_rows, levels.n_positive)
            )
    return _gather(
        model, source.blocks(model.columns), engine, in_memory=source.in_memory, counts=None, source=source
    )


def arrange_packed(model: IndependentModel, packed: PackedRows, engine: Engine) -> Arrangement:
    """Arrange rows of ordinary magnitude that are packed already."""
    survey = packed.survey(spread=model.needs_spread)
    _refuse_weightless(model, survey.n_obs)
    refine = model.family.refinement(survey) if survey.plain else None
    if refine is not None:
        survey = replace(survey, refined=_mean_of(refine, model, [packed], engine, survey))
    return Arrangement(
        model,
        lambda: [packed],
        packed=True,
        survey=survey,
        condensed=model.condensed(survey),
        sample=packed.thinned(),
    )


def blocks_again(
    arrangement: Arrangement, model: IndependentModel, source: Source, engine: Engine
) -> Iterator[Block]:
    """Read the rows again as they were given, for the arrangement's model: counted if they were.

    Raises
    ------
    DataError
        If rows that were counted no longer can be.
    """
    if not arrangement.counted:
        yield from source.blocks(model.columns)
        return
    levels = engine.reduce(model.count_levels, source.blocks(model.columns))
    if levels.values is None:
        raise DataError("there are more distinct values than there were")
    yield _block_of(model, levels.values, levels.weights)


def _block_of(model: IndependentModel, levels: Array, counts: Array) -> Block:
    """Distinct values, with how often each occurs."""
    values = model.family.encode(levels) if model.family.labelled else levels
    return Block(0, len(counts), {model.response.columns[0]: np.asarray(values), COUNT: counts})


def _gather(
    model: IndependentModel,
    blocks: Iterable[Any],
    engine: Engine,
    *,
    in_memory: bool,
    counts: tuple[int, int] | None,
    source: Source | None = None,
) -> Arrangement:
    # Where a few sums over many rows will do, what was prepared of them would cost more to keep than to make.
    sparing = in_memory and source is not None and _summable(model) and (source.n_rows or 0) > BLOCK_ROWS

    def first_pass(block: Block) -> _Gathered:
        packed = model.pack(block)
        packs = [packed] if in_memory and not sparing else []
        return _Gathered(packed.survey(spread=model.needs_spread), packs, [packed.thinned()])

    gathered = (engine.reduce_cheap if sparing else engine.reduce)(first_pass, blocks)
    survey = gathered.survey
    if counts is not None:
        survey = replace(survey, n_rows=counts[0], n_positive=counts[1])
    _refuse_weightless(model, survey.n_obs)
    unit = _unit(model, survey)
    if unit != 1.0:
        again = source.blocks(model.columns) if source is not None else blocks
        rescaled = model.changed(unit=unit)
        return _gather(rescaled, again, engine, in_memory=in_memory, counts=counts, source=source)
    packs = gathered.packs
    refine = model.family.refinement(survey) if survey.plain else None
    if sparing and source is not None and (refine is not None or model.condensed(survey) is None):
        packs = engine.reduce(lambda block: Total([model.pack(block)]), source.blocks(model.columns)).value
        sparing = False
    packed = in_memory and not sparing

    def all_blocks() -> Iterable[Any]:
        return packs if packed or source is None else source.blocks(model.columns)

    if refine is not None:
        survey = replace(survey, refined=_mean_of(refine, model, all_blocks(), engine, survey))
    return Arrangement(model, all_blocks, packed, survey, model.condensed(survey), join(gathered.sample))


def _summable(model: IndependentModel) -> bool:
    """Whether sums over the rows can stand for them."""
    return bool(model.family.affine) and not (model.response.censored or model.response.truncated)


def _refuse_weightless(model: IndependentModel, n_obs: float) -> None:
    if not n_obs > 0:
        raise DataError(
            f"all weights ({shown_column(str(model.weight_column))}) are zero, so no row counts; "
            "give some weight to the rows"
        )


def _mean_of(
    function: Callable[[Any], Array],
    model: IndependentModel,
    blocks: Iterable[Any],
    engine: Engine,
    survey: Survey,
) -> float:
    def total(block: Any) -> Total[float]:
        packed = block if isinstance(block, PackedRows) else model.pack(block)
        values = function(packed.prepared)
        return Total(float(np.add.reduce(values if packed.weight is None else values * packed.weight)))

    return engine.reduce(total, blocks).value / survey.n_exact


def collapsible(model: IndependentModel) -> bool:
    """Whether the rows come down to their distinct values, with how often each occurs."""
    per_row = any(isinstance(value, str) for value in model.known.values())
    bounded = model.response.censored or model.response.truncated
    return model.family.support.discrete and not bounded and not per_row


def _unit(model: IndependentModel, survey: Survey) -> float:
    if not model.family.scales or model.unit != 1.0:
        return 1.0
    ends = [
        abs(v)
        for v in (survey.minimum, survey.maximum, survey.highest_low, survey.lowest_high)
        if isfinite(v)
    ]
    magnitude = max(ends, default=1.0)
    if magnitude == 0 or ORDINARY[0] < magnitude < ORDINARY[1]:
        return 1.0
    return float(2.0 ** np.floor(np.log2(magnitude)))
