"""How the maximum of a regression is climbed: from few rows to all, straight up where there is one maximum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._survey import Survey
from thetahat.likelihood import Likelihood
from thetahat.models._regression_rows import PackedRegression
from thetahat.models.regression import RegressionModel
from thetahat.optimize._optimizer import Information, Optimizer, Search
from thetahat.optimize.bend import Bend
from thetahat.optimize.chord import WHERE_DEAR, ChordSearch
from thetahat.optimize.climb import Region, answered, climb
from thetahat.optimize.newton import Newton
from thetahat.optimize.rough import highest, nearly, rough_maximum
from thetahat.optimize.unimodal import UnimodalSearch
from thetahat.penalised_likelihood import penalised, with_penalty
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
WORTH_THINNING = 4
"""Times as many rows as the sample, from which on the sample is fitted first."""
ROWS_A_COLUMN = 20
"""Rows of the sample for each coefficient, below which its fit would say little of that of all rows."""
MANY_COLUMNS = 256
"""Coefficients, from which on an information is dear beside a score."""


def ascend(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    optimizer: Optimizer,
    begin: Vector,
    penalty: Penalty | None,
    few: Sequence[Likelihood],
    *,
    one: bool,
) -> Search:
    """Climb from ``few`` rows, where there are enough, to all; ``one`` tells that there is at most one maximum."""
    model, sample = arrangement.model, arrangement.sample
    allowed = regular_region(arrangement)
    if few:
        share = arrangement.n_obs / sample.n_obs
        sampled = penalised(few[-1], penalty, 1.0 / share)
        rough = None
        if penalty is None and isinstance(optimizer, Newton):
            roughly = partial(nearly, optimizer=optimizer, allowed=allowed, one=one)
            rough = rough_maximum(few, begin, roughly)
        if rough is None:
            expected = with_penalty(expected_of(model, sample, sample.n_obs), sampled)
            first = _climb(sampled, optimizer, begin, expected, allowed, one=one)
            if first.converged and first.tally is not None:
                rough = first.point, first.tally.information
        if rough is not None:
            there, information = rough
            bend = None if arrangement.packed else Bend(sampled, share)
            sparing, single = arrangement.packed, sample.offers_single_precision
            chord = ChordSearch(there, share * information, sparing=sparing, roughly=single, bend=bend)
            answered(likelihood, chord, allowed=allowed)
            if chord.converged:
                return chord
            # Rows that a sample misses may put its maximum so low that no step leads back.
            begin = highest(likelihood, (chord.point, *low_starts(begin)), allowed)
    expected = with_penalty(expected_of(model, sample, arrangement.n_obs), likelihood)
    return _climb(likelihood, optimizer, begin, expected, allowed, one=one)


def begins_with_few(arrangement: RegressionArrangement, begin: Vector) -> bool:
    """Whether the sample is fitted first."""
    few = arrangement.sample.n_positive
    return arrangement.n_positive >= WORTH_THINNING * few and few >= ROWS_A_COLUMN * begin.size


def regular_region(arrangement: RegressionArrangement) -> Region | None:
    """The family's regular region, for the rows of the sample; None where it is the whole space."""
    model = arrangement.model
    family = model.family
    if family.region() is None or not arrangement.n_exact:
        return None
    # A predictor can meet as many exact values as it has coefficients, and no fewer rows than these then tie.
    most = float(max(len(designer.names) for designer in model.predictors.designers))
    survey = Survey(
        arrangement.n_rows,
        arrangement.n_obs,
        arrangement.n_exact,
        -np.inf,
        np.inf,
        np.zeros(0),
        0.0,
        tie=(most, arrangement.n_obs - most),
    )

    def inside(free: Vector) -> bool:
        return all(
            family.in_region(eta, survey)
            for eta in sampled_coordinates(arrangement, model.table.working(free))
        )

    return inside


def sampled_coordinates(arrangement: RegressionArrangement, working: Vector) -> Iterator[tuple[Any, ...]]:
    """The working coordinates of the sample's rows, part by part."""
    for part in arrangement.sample.parts:
        yield arrangement.model.predictors.coordinates(part.designs, part.offsets, working)[0]


def expected_of(model: RegressionModel, like: PackedRegression, n_obs: float) -> Information:
    """Expected information as if every row were exact and like the sample: a metric for a step, not an inference."""

    def information(free: Vector) -> NDArray[np.float64] | None:
        matrix = model.expected_information(like, model.table.working(free)) * (n_obs / like.n_obs)
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information


def low_starts(usual: Vector) -> tuple[Vector, Vector]:
    """Where ℓ may be low but not hopelessly so: the usual start, and predictors of nothing but offsets."""
    return usual, np.zeros_like(usual)


def _climb(
    likelihood: Likelihood,
    optimizer: Optimizer,
    begin: Vector,
    expected: Information | None,
    allowed: Region | None,
    *,
    one: bool,
) -> Search:
    """Climb straight up where there is one maximum to be found, and it proves easy to find."""
    if one and begin.size and isinstance(optimizer, Newton):
        straight = UnimodalSearch(begin, optimizer.max_iterations, dear=begin.size > MANY_COLUMNS)
        answered(likelihood, straight)
        if straight.converged or straight.exhausted:
            return straight
        if straight.contraction is not None and straight.tally is not None:
            search = ChordSearch(
                straight.point, straight.tally.information, straight.contraction, contracts=WHERE_DEAR
            )
            search.previous = straight.tally
            if answered(likelihood, search).converged:
                search.trace[:0] = straight.trace
                return search
        begin, optimizer = straight.point, Newton(optimizer.max_iterations - straight.iterations)
    return climb(likelihood, optimizer, begin, expected=expected, allowed=allowed)
