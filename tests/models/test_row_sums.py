from __future__ import annotations

import numpy as np
import pytest

from thetahat.families import GEV, Normal, Poisson, StudentT, Triangular, Weibull
from thetahat.families._row_sums import SummedByRows
from thetahat.models import _rows, _term_sums
from thetahat.models._model import DERIVATIVES, SCORES, VALUE, Tally
from thetahat.models._rows import PackedRows, tally_rows
from thetahat.models._term_sums import sum_terms
from thetahat.numerics.namespace import NUMPY

NONE = np.zeros(0)


def by_row_terms(family, rows, eta):
    terms = family.derivatives(rows.prepared, tuple(eta))
    part = sum_terms(terms, rows.weight, rows.size, len(eta), SCORES)
    return _rows._with_densest(part, terms.value, rows.y)


def packed(family, y, weight):
    return PackedRows(y.size, y, family.prepare(NUMPY, y, {}), weight, NONE, NONE, None, {}, {})


def drawn(family, rng, y, scale):
    """Working coordinates; that of scale is the second of all."""
    if isinstance(family, GEV):
        # The end-point of the support lies beyond the outermost row.
        sign = rng.choice([-1.0, 1.0])
        shape = sign * rng.uniform(0.11, 0.9)
        location = scale * rng.normal(1.0, 0.1)
        outermost = float(np.max(-sign * (y - location)))
        return np.array([location, np.log(abs(shape) * outermost * rng.uniform(1.01, 3.0)), shape])
    k = len(family.declared)
    eta = rng.normal(0.0, 1.0, k)
    eta[1] += np.log(scale)
    if k == 3:
        eta[0] *= scale
    return eta


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("family", [Weibull(), StudentT(), GEV()], ids=lambda family: family.title)
def test_sums_in_scratch_memory_are_those_of_the_row_terms(family, weighted):
    assert isinstance(family, SummedByRows)
    rng = np.random.default_rng(4)
    for scale in (1e-60, 1e-3, 1.0, 1e60):
        y = scale * rng.weibull(0.8, 70_000)
        rows = packed(family, y, rng.integers(1, 5, y.size).astype(float) if weighted else None)
        for _ in range(5):
            eta = drawn(family, rng, y, scale)
            scratch = np.empty((family.n_scratch, y.size))
            with np.errstate(all="ignore"):
                short, scored = (tally_rows(family, rows, eta, order) for order in (DERIVATIVES, SCORES))
                long: Tally = by_row_terms(family, rows, eta)
                if isinstance(family, GEV):
                    assert family.row_sums((y,), None, tuple(eta), scratch, scores=False) is not None
            assert abs(short.value - long.value) <= 1e-14 * long.absolute
            assert long.absolute * (1 - 1e-12) <= short.absolute <= 20 * long.absolute
            assert (np.abs(short.score - long.score) <= 1e-13 * long.absolute_score).all()
            roots = np.sqrt(np.abs(np.diag(long.information)) + long.opg.diagonal())
            difference = (short.information - long.information) / np.outer(roots, roots)
            assert (np.abs(difference) <= 1e-13).all()
            for name in ("value", "absolute", "score", "information"):
                # What a pass without row scores finds is the same to the bit.
                np.testing.assert_array_equal(getattr(scored, name), getattr(short, name))
            np.testing.assert_allclose(scored.absolute_score, long.absolute_score, rtol=1e-13)
            assert (np.abs(scored.opg - long.opg) <= 1e-13 * np.outer(roots, roots)).all()
            # A bound from the largest density and the coarsest unit of a block, which need not be those of all rows.
            assert long.densest - 3.0 <= scored.densest <= long.densest + 1e-12


def test_what_would_lose_digits_is_left_to_the_row_terms():
    family = StudentT()
    y = np.array([1.0, 2.0, -1e200])
    scratch = np.empty((family.n_scratch, 3))
    with np.errstate(all="ignore"):
        assert family.row_sums((y,), None, (0.0, 0.0, np.log(50.0)), scratch, scores=False) is None
        assert family.row_sums((y,), None, (0.0, 0.0, 1.0), scratch, scores=False) is None
        value = tally_rows(family, packed(family, y, None), np.array([0.0, 0.0, 1.0]), DERIVATIVES).value
    assert value == pytest.approx(
        float(np.sum(StudentT(location=0, scale=1, df=np.e).log_prob(y))), rel=1e-13
    )


@pytest.mark.parametrize("order", [VALUE, DERIVATIVES, SCORES])
@pytest.mark.parametrize("family", [Normal(), Poisson(), StudentT()], ids=lambda family: family.title)
def test_few_weighted_rows_are_summed_in_floats_as_arrays_are(family, order, monkeypatch):
    y, weight = np.array([1.0, 0.0, 3.0, 7.0]), np.array([2.0, 0.5, 1.0, 3.0])
    eta = tuple(np.float64(0.3 * k) for k in range(1, len(family.declared) + 1))
    terms = family.derivatives(family.prepare(NUMPY, y, {}), eta)
    few = sum_terms(terms, weight, y.size, len(eta), order)
    monkeypatch.setattr(_term_sums, "FEW", 0)
    many = sum_terms(terms, weight, y.size, len(eta), order)
    for name in ("value", "absolute", "score", "information", "absolute_score", "opg"):
        left, right = getattr(few, name), getattr(many, name)
        assert (left is None) == (right is None)
        if left is not None:
            np.testing.assert_allclose(left, right, rtol=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_of_a_triangle_are_those_of_the_row_terms(weighted):
    family, rng = Triangular(), np.random.default_rng(6)
    for scale in (1e-60, 1.0, 1e60):
        y = scale * np.round(rng.triangular(-1.0, 0.3, 2.0, 5_000), 2)
        rows = packed(family, y, rng.integers(1, 5, y.size).astype(float) if weighted else None)
        for mode in (y[7], 0.5 * (y[7] + y[8])):
            eta = np.array([-1.5 * scale, mode, 2.5 * scale])
            with np.errstate(all="ignore"):
                short, long = tally_rows(family, rows, eta, DERIVATIVES), by_row_terms(family, rows, eta)
            assert short.value == pytest.approx(long.value, rel=1e-12)
            np.testing.assert_allclose(short.score * scale, long.score * scale, rtol=1e-10, atol=1e-8)
            np.testing.assert_allclose(short.information * scale**2, long.information * scale**2, rtol=1e-10)
        # Rows outside are left to the way that finds them.
        assert (
            family.row_sums((y,), None, (-0.5 * scale, 0.0, 3.0 * scale), (np.empty(y.size),), scores=False)
            is None
        )
