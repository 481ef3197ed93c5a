"""Draws from the fitted law of each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.numerics.generator import generator_of, is_count
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.new_rows import Asked, Reading
from thetahat.prediction.predicting import point_of
from thetahat.prediction.quantities import class_probabilities, one_by_one
from thetahat.solved import Solved

Array = NDArray[Any]


def simulate_rows(
    solved: Solved, rng: np.random.Generator | int | None, n: int | None, asked: Asked
) -> Array:
    """Draw a value for every row, or ``n`` of them: (rows,) or (n, rows)."""
    laws = Laws(solved, "simulate()")
    if laws.model.reader.response.truncated:
        raise InferenceError(
            f"simulate(): the rows of {laws.model.reader.response.describe()} have limits of truncation of their own, "
            "between which no values are drawn; regress th.Truncated(...) where all rows have the same"
        )
    if n is not None and not is_count(n):
        raise InferenceError(
            f"simulate(n={n!r}): how often each row is drawn must be a whole number from 0 up"
        )
    generator = generator_of(rng, "simulate()")
    reading = Reading(laws, asked)
    times = 1 if n is None else int(n)
    drawn = np.full((times, reading.n_data), np.nan)
    for block in reading.blocks():
        rows = reading.rows(block)
        drawn[:, rows.start + rows.place] = _drawn(laws, rows, generator, times)
    values = _decoded(laws, drawn)
    return values[0] if n is None else values


def _drawn(laws: Laws, rows: LawRows, generator: np.random.Generator, times: int) -> Array:
    """Codes or values, (times, rows)."""
    family = laws.family
    shape = (times, rows.n_rows)
    if family.labelled:
        reached = np.cumsum(class_probabilities(family)(point_of(rows)).value, axis=1)
        share = generator.random(shape) * reached[:, -1]
        codes = np.zeros(shape)
        for k in range(reached.shape[1] - 1):
            codes += reached[:, k] <= share
        return codes
    theta = laws.theta(tuple(np.tile(rows.full(item), times) for item in rows.eta))
    known = {name: np.tile(rows.full(value), times) for name, value in rows.known.items()}
    if "sample_at" in family.singly and "quantile_at" not in family.singly:
        share = generator.random(times * rows.n_rows)
        return np.asarray(family.quantile_at(share, theta, known)).reshape(shape)
    if "sample_at" in family.singly:
        alone = one_by_one(theta, known, times * rows.n_rows)
        return np.array([family.sample_at(generator, 1, *law)[0] for law in alone]).reshape(shape)
    return np.asarray(family.sample_at(generator, times * rows.n_rows, theta, known)).reshape(shape)


def _decoded(laws: Laws, drawn: Array) -> Array:
    """Whole numbers and labels as what they are, where every row was drawn."""
    if np.isnan(drawn).any() or not (laws.family.labelled or laws.family.support.discrete):
        if not laws.family.labelled:
            return drawn
        labels = np.full(drawn.shape, None, dtype=object)
        there = ~np.isnan(drawn)
        labels[there] = laws.family.decode(drawn[there])
        return labels
    if laws.family.labelled:
        return laws.family.decode(drawn)
    return drawn.astype(np.int64) if np.abs(drawn).max(initial=0.0) < 2.0**62 else drawn
