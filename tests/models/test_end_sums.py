from __future__ import annotations

import numpy as np
import pytest

from thetahat.families import GumbelMin, LogNormal, Normal, Weibull
from thetahat.families._end_sums import SummedByEnds
from thetahat.models._model import DERIVATIVES, SCORES, VALUE
from thetahat.models._rows import PackedRows, tally_rows
from thetahat.models._term_sums import sum_terms

NONE = np.zeros(0)
N = 40_000
"""More than one tile, which is not a multiple of it."""


def ends(rng, kind, logged):
    """Ends in units of the scale around the location; of logged families, of y whose log that is."""
    low = rng.normal(0.0, 2.0, N)
    width = {"wide": rng.uniform(0.01, 4.0, N), "narrow": 10.0 ** rng.uniform(-9, 0, N)}.get(kind, np.inf)
    high = low + width
    if kind == "left":
        low, high = np.full(N, -np.inf), low
    if kind == "far":
        low, high = 7 * low, 7 * low + rng.uniform(0, 60, N)
    if kind == "all":
        high = np.where(rng.random(N) < 0.2, np.inf, low + rng.uniform(0.0, 2.0, N))
        low = np.where(rng.random(N) < 0.2, -np.inf, low)
    return (np.exp(low), np.exp(high)) if logged else (low, high)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["wide", "narrow", "right", "left", "far", "all"])
@pytest.mark.parametrize("family", [Weibull(), LogNormal(), Normal(), GumbelMin()], ids=lambda f: f.name)
def test_sums_by_a_kernel_are_those_of_the_row_terms(family, kind, weighted):
    assert isinstance(family, SummedByEnds)
    rng = np.random.default_rng(5)
    low, high = ends(rng, kind, family.name in {"weibull", "log_normal"})
    weight = rng.integers(1, 5, N).astype(float) if weighted else None
    known = NONE if weighted else None
    rows = PackedRows(N, NONE, (NONE,), known, low, high, weight, {}, {})
    for eta in ((0.0, 0.0), (0.3, -0.4), (-0.8, 0.5)):
        terms = family.log_mass(low, high, {}, tuple(np.float64(item) for item in eta), 2)
        long = sum_terms(terms, weight, N, 2, SCORES)
        if not np.isfinite(long.value):
            assert tally_rows(family, rows, np.array(eta), VALUE).value == long.value
            continue
        scored = tally_rows(family, rows, np.array(eta), SCORES)
        assert abs(scored.value - long.value) <= 1e-14 * scored.absolute
        total_weight = N if weight is None else weight.sum()
        assert long.absolute * (1 - 1e-12) <= scored.absolute <= (long.absolute + total_weight) * (1 + 1e-12)
        assert (np.abs(scored.score - long.score) <= 1e-12 * long.absolute_score).all()
        roots = np.sqrt(np.abs(np.diag(long.information)) + long.opg.diagonal())
        assert (np.abs(scored.information - long.information) <= 1e-12 * np.outer(roots, roots)).all()
        assert (np.abs(scored.opg - long.opg) <= 1e-12 * np.outer(roots, roots)).all()
        np.testing.assert_allclose(scored.absolute_score, long.absolute_score, rtol=1e-12)
        for order, names in ((VALUE, ["value"]), (DERIVATIVES, ["value", "score", "information"])):
            # What a pass for less finds is the same to the bit.
            short = tally_rows(family, rows, np.array(eta), order)
            for name in (*names, "absolute"):
                np.testing.assert_array_equal(getattr(short, name), getattr(scored, name))


def test_rows_that_say_nothing_add_nothing():
    everything = np.full(3, np.inf)
    rows = PackedRows(3, NONE, (NONE,), None, -everything, everything, None, {}, {})
    found = tally_rows(Normal(), rows, np.zeros(2), SCORES)
    assert found.value == 0.0
    assert (found.score == 0.0).all()
    assert (found.information == 0.0).all()
