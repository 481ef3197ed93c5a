from __future__ import annotations

import numpy as np
import pytest

from thetahat.models._levels import levels_of


@pytest.mark.parametrize("offset", [0, 2**53 + 1, -3])
def test_levels_of_blocks_merge_to_those_of_all_rows(offset):
    rng = np.random.default_rng(2)
    values = rng.poisson(3.0, 3_000) + offset
    weight = rng.integers(1, 4, values.size).astype(float)
    for known in (None, weight):
        parts = [
            levels_of(
                values[rows],
                None if known is None else known[rows],
                1_000,
                (float(values[rows].min()), float(values[rows].max())),
            )
            for rows in (slice(0, 1_000), slice(1_000, 2_000), slice(2_000, 3_000))
        ]
        merged = parts[0].merge(parts[1]).merge(parts[2])
        distinct, index = np.unique(values, return_inverse=True)
        assert merged.values.tolist() == distinct.tolist()
        assert merged.weights.tolist() == np.bincount(index, known).tolist()
        assert (merged.n_rows, merged.n_positive) == (3_000, 3_000)
