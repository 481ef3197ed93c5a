"""Sparse designs against the same numbers held densely, and regressions on them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import thetahat as th
from thetahat.data.matrix import MatrixSource
from thetahat.designs import DenseDesign, MatrixDesigner, SparseDesign
from thetahat.designs._sparse import sparse_rows
from thetahat.response._response import RowNumbers

RNG = np.random.default_rng(2)
MATRIX = RNG.normal(size=(50, 6)) * (RNG.uniform(size=(50, 6)) < 0.3)
NEAR = {"rtol": 1e-12, "atol": 1e-12}


@pytest.fixture
def design() -> SparseDesign:
    return SparseDesign(sparse.csr_array(MATRIX))


def test_products_are_those_of_the_array(design: SparseDesign) -> None:
    coefficients, values = RNG.normal(size=(3, 6)), RNG.normal(size=(3, 50))
    np.testing.assert_allclose(design.matvec(coefficients[0]), MATRIX @ coefficients[0], **NEAR)
    np.testing.assert_allclose(design.matvec(coefficients), coefficients @ MATRIX.T, **NEAR)
    np.testing.assert_allclose(design.transpose(values[0]), MATRIX.T @ values[0], **NEAR)
    np.testing.assert_allclose(design.transpose(values), values @ MATRIX, **NEAR)
    for weights in (values[0], np.abs(values[0])):
        np.testing.assert_allclose(design.gram(weights), MATRIX.T @ (MATRIX * weights[:, None]), **NEAR)
    np.testing.assert_allclose(design.column_squares(None), (MATRIX**2).sum(axis=0), **NEAR)
    np.testing.assert_allclose(design.column_squares(values[0]), values[0] @ MATRIX**2, **NEAR)
    form = RNG.normal(size=(6, 6))
    expected = np.einsum("ij,jk,ik->i", MATRIX, form, MATRIX)
    np.testing.assert_allclose(design.quadratic(form), expected, **NEAR)


def test_small_and_large_information_agree(design: SparseDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = RNG.normal(size=50)
    small = design.gram(weights)
    monkeypatch.setattr("thetahat.designs._sparse.FEW_PAIRS", 0.0)
    large = design.gram(weights)
    np.testing.assert_allclose(small, large, **NEAR)
    np.testing.assert_array_equal(small, small.T)


def test_parts_of_rows_are_parts_of_the_array(design: SparseDesign) -> None:
    np.testing.assert_array_equal(design.rows(3, 9).dense(), MATRIX[3:9])
    np.testing.assert_array_equal(design.take(np.array([4, 1, 4])).dense(), MATRIX[[4, 1, 4]])
    stacked = SparseDesign.stack([design.rows(0, 30), design.rows(30, 50)])
    np.testing.assert_array_equal(stacked.dense(), MATRIX)
    assert not SparseDesign(sparse.csr_array((5, 3))).gram(np.ones(5)).any()
    assert not design.rows(0, 0).gram(np.empty(0)).any()


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.lil_matrix])
def test_every_kind_of_sparse_matrix_becomes_rows(kind: type) -> None:
    rows = sparse_rows(kind(MATRIX))
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows.toarray(), MATRIX)


def test_duplicates_are_summed_and_the_callers_matrix_is_left_alone() -> None:
    given = sparse.csr_array((np.array([1.0, 2.0]), np.array([1, 1]), np.array([0, 2])), shape=(1, 2))
    assert sparse_rows(given).toarray().tolist() == [[0.0, 3.0]]
    assert given.nnz == 2


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_matrix])
def test_a_regression_does_not_care_how_its_matrix_is_held(intercept: bool, kind: type) -> None:
    y = RNG.poisson(np.exp(0.5 * MATRIX[:, 0] + 0.3))
    dense = th.regress(MATRIX, y, th.Poisson(), intercept=intercept)
    other = th.regress(kind(MATRIX), y, th.Poisson(), intercept=intercept)
    assert list(other.estimates) == list(dense.estimates)
    for name, value in dense.estimates.items():
        assert other.estimates[name] == pytest.approx(value, rel=1e-9, abs=1e-12)
        assert other.standard_errors[name] == pytest.approx(dense.standard_errors[name], rel=1e-9)


def test_numbers_that_are_none_are_named() -> None:
    broken = sparse.csr_array(MATRIX)
    broken.data[[3, 7]] = np.nan, np.inf
    rows = np.searchsorted(broken.indptr, [3, 7], side="right") - 1
    with pytest.raises(th.DataError) as caught:
        th.regress(broken, np.ones(50), th.Poisson())
    for row, column in zip(rows, broken.indices[[3, 7]], strict=True):
        assert f"x{column} (" in str(caught.value)
        assert f"row {row})" in str(caught.value)


def test_the_digest_tells_matrices_apart() -> None:
    rows = sparse.csr_array(MATRIX)
    other = rows.copy()
    other.data[0] += 1
    digests = [MatrixSource({"X": matrix}).digest(["X"]) for matrix in (rows, rows.copy(), other)]
    assert digests[0] == digests[1] != digests[2]


def test_dense_matrices_stay_dense() -> None:
    designer = MatrixDesigner("X", ("a", "b"))
    assert isinstance(designer.build({"X": np.eye(2)}, RowNumbers(0)), DenseDesign)
    assert isinstance(designer.build({"X": sparse.csr_array(np.eye(2))}, RowNumbers(0)), SparseDesign)
