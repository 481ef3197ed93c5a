from __future__ import annotations

import numpy as np

import thetahat as th
from thetahat.data import Block
from thetahat.models.iid import IndependentModel
from thetahat.response import parse_response


def packed(text, columns, weights=None):
    columns = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    if weights is not None:
        columns["w"] = np.asarray(weights, dtype=float)
    model = IndependentModel(
        th.Weibull(), parse_response(text), weight_column=None if weights is None else "w"
    )
    return model.pack_with_positions(Block(0, len(next(iter(columns.values()))), columns))


def test_exact_rows_are_all_of_a_block_or_those_that_weigh_something():
    y = [3.0, 1.0, 2.0, 4.0]
    assert packed("y", {"y": y})[1].exact is None
    rows, positions = packed("y", {"y": y}, [1, 0, 2, 0])
    assert positions.exact.tolist() == [0, 2]
    assert rows.y.tolist() == [3.0, 2.0]
    assert positions.interval.tolist() == []


def test_censored_rows_are_placed_among_those_of_the_block_not_among_those_that_weigh_something():
    columns = {"time": [3.0, 1.0, 2.0, 4.0, 5.0], "event": [1, 0, 1, 0, 0]}
    rows, positions = packed("censored(time, event)", columns, [0, 1, 2, 0, 3])
    assert positions.exact.tolist() == [2]
    assert positions.interval.tolist() == [1, 4]
    assert rows.low.tolist() == [1.0, 5.0]
    rows, positions = packed("censored(time, event)", columns)
    assert (positions.exact.tolist(), positions.interval.tolist()) == ([0, 2], [1, 3, 4])
