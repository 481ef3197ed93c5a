"""What the first pass keeps of many rows whose sums may stand for them."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.data import BLOCK_ROWS

MANY = BLOCK_ROWS + 1_000


def fitted(y):
    return th.fit(th.Gamma(), y)


def test_rows_are_not_kept_prepared_where_their_sums_will_do():
    rng = np.random.default_rng(5)
    y = rng.gamma(2.0, 1.5, MANY)
    fit = fitted(y)
    assert fit.solution.likelihood.condensed
    # What is handed on are the rows as they were given, not their logarithms too.
    assert {block.n_rows for block in fit.solution.likelihood.raw_blocks()} == {BLOCK_ROWS, 1_000}
    assert not any(hasattr(block, "prepared") for block in fit.solution.likelihood.raw_blocks())
    assert fit.log_likelihood == pytest.approx(fit.distribution.log_prob(y).sum(), rel=1e-12)


def test_rows_are_kept_where_their_sums_would_lose_digits():
    rng = np.random.default_rng(6)
    y = 1e6 + rng.standard_normal(MANY)
    fit = fitted(y)
    assert not fit.solution.likelihood.condensed
    assert all(hasattr(block, "prepared") for block in fit.solution.likelihood.raw_blocks())
    # So close together gamma values are all but normal.
    assert fit.certificate.verdict == "maximum"
    estimates = fit.estimates
    assert estimates["shape"] / estimates["rate"] == pytest.approx(y.mean(), rel=1e-12)
    assert estimates["shape"] / estimates["rate"] ** 2 == pytest.approx(y.var(), rel=1e-4)
