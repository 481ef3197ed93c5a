"""Designs held as codes, against the same numbers held densely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetahat.designs import DenseDesign, Design, SparseDesign, SplitDesign
from thetahat.designs._coded import Coded
from thetahat.engines import Threads


def random_design(seed: int, n: int = 60) -> SplitDesign:
    """Columns of all kinds in a shuffled order, some parts sharing their codes, some empty."""
    rng = np.random.default_rng(seed)
    n_dense = int(rng.integers(0, 4))
    widths = [int(rng.integers(1, 9)) for _ in range(int(rng.integers(1, 4)))]
    codes = [rng.integers(0, width + 1, n).astype(np.int32) for width in widths]
    shared = int(rng.integers(0, len(widths)))
    widths.append(widths[shared])
    codes.append(codes[shared])
    order = (
        rng.permutation(n_dense + sum(widths)) if rng.uniform() < 0.5 else np.arange(n_dense + sum(widths))
    )
    ends = np.cumsum([n_dense, *widths])
    parts = []
    for k, (code, width) in enumerate(zip(codes, widths, strict=True)):
        place = np.sort(order[ends[k] : ends[k + 1]])
        positions = slice(int(place[0]), int(place[-1]) + 1) if place[-1] - place[0] + 1 == width else place
        scale = rng.normal(size=n) if k == len(codes) - 1 or rng.uniform() < 0.3 else None
        parts.append(Coded(code, width, positions, scale))
    return SplitDesign(int(ends[-1]), rng.normal(size=(n, n_dense)), np.sort(order[:n_dense]), tuple(parts))


def by_hand(design: SplitDesign) -> np.ndarray:
    matrix = np.zeros((design.n_rows, design.n_columns))
    matrix[:, design.positions] = design.numbers.matrix
    for part in design.coded:
        columns = np.arange(design.n_columns)[part.positions]
        for row in range(design.n_rows):
            if part.codes[row] < part.width:
                matrix[row, columns[part.codes[row]]] = 1.0 if part.scale is None else part.scale[row]
    return matrix


@given(st.integers(0, 10_000))
def test_products_are_those_of_the_array(seed: int) -> None:
    design = random_design(seed)
    matrix = by_hand(design)
    rng = np.random.default_rng(seed + 1)
    np.testing.assert_array_equal(design.dense(), matrix)
    coefficients, values = rng.normal(size=(3, design.n_columns)), rng.normal(size=(3, design.n_rows))
    near = {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(design.matvec(coefficients[0]), matrix @ coefficients[0], **near)
    np.testing.assert_allclose(design.matvec(coefficients), coefficients @ matrix.T, **near)
    np.testing.assert_allclose(design.transpose(values[0]), matrix.T @ values[0], **near)
    np.testing.assert_allclose(design.transpose(values), values @ matrix, **near)
    for weights in (values[0], np.abs(values[0]), -np.abs(values[0])):
        gram = design.gram(weights)
        np.testing.assert_allclose(gram, matrix.T @ (matrix * weights[:, None]), **near)
        np.testing.assert_array_equal(gram, gram.T)
    squares = matrix**2
    np.testing.assert_allclose(design.column_squares(None), squares.sum(axis=0), **near)
    np.testing.assert_allclose(design.column_squares(values[0]), values[0] @ squares, **near)
    form = rng.normal(size=(design.n_columns, design.n_columns))
    np.testing.assert_allclose(design.quadratic(form), np.einsum("ij,jk,ik->i", matrix, form, matrix), **near)


@given(st.integers(0, 10_000))
def test_parts_of_rows_are_parts_of_the_array(seed: int) -> None:
    design = random_design(seed)
    matrix = design.dense()
    positions = np.random.default_rng(seed).integers(0, design.n_rows, 17)
    np.testing.assert_array_equal(design.rows(5, 30).dense(), matrix[5:30])
    np.testing.assert_array_equal(design.take(positions).dense(), matrix[positions])
    stacked = SplitDesign.stack([design.rows(0, 20), design.rows(20, 21), design.rows(21, design.n_rows)])
    np.testing.assert_array_equal(stacked.dense(), matrix)
    weights = np.random.default_rng(seed).normal(size=design.n_rows)
    np.testing.assert_array_equal(stacked.gram(weights), design.gram(weights))
    assert np.shares_memory(design.rows(5, 30).coded[0].codes, design.coded[0].codes)


def split(seed: int) -> Design:
    return random_design(seed)


def dense(seed: int) -> Design:
    return DenseDesign(np.random.default_rng(seed).normal(size=(60, 3)))


def sparse(seed: int) -> Design:
    from scipy.sparse import random_array

    return SparseDesign(random_array((60, 5), density=0.3, rng=np.random.default_rng(seed), format="csr"))


@pytest.mark.parametrize("left", [split, dense, sparse])
@pytest.mark.parametrize("right", [split, dense, sparse])
@pytest.mark.parametrize("seed", range(4))
def test_designs_of_all_kinds_cross(
    left: Callable[[int], Design], right: Callable[[int], Design], seed: int
) -> None:
    first, second = left(seed), right(seed + 100)
    weights = np.random.default_rng(seed).normal(size=60)
    expected = first.dense().T @ (second.dense() * weights[:, None])
    np.testing.assert_allclose(first.cross(weights, second), expected, rtol=1e-11, atol=1e-11)


def test_a_table_too_large_for_its_codes_is_gathered_sparsely() -> None:
    wide = 60_000
    codes = np.array([0, wide - 1, wide, 5], dtype=np.int32)
    parts = (Coded(codes, wide, slice(0, wide)), Coded(codes[::-1].copy(), wide, slice(wide, 2 * wide)))
    table = parts[0]._sparse_cross(
        np.array([1.0, 2.0, 3.0, 4.0]), Coded(codes[::-1].copy() % 7, 7, slice(0, 7))
    )
    expected = np.zeros((wide, 7))
    expected[0, 5], expected[wide - 1, wide % 7], expected[5, 0] = 1.0, 2.0, 4.0
    np.testing.assert_array_equal(table, expected)


def test_no_rows_make_zeros() -> None:
    empty = random_design(3).rows(0, 0)
    assert not empty.gram(np.empty(0)).any()
    assert not empty.transpose(np.empty(0)).any()
    assert empty.quadratic(np.eye(empty.n_columns)).size == 0


def test_any_number_of_threads_gives_the_same_bits() -> None:
    designs = [random_design(7, n=5_000).rows(k * 500, (k + 1) * 500) for k in range(10)]
    weights = np.random.default_rng(0).normal(size=500)

    class Sum:
        def __init__(self, value: np.ndarray) -> None:
            self.value = value

        def merge(self, other: Sum) -> Sum:
            return Sum(self.value + other.value)

    grams = [Threads(k).reduce(lambda design: Sum(design.gram(weights)), designs).value for k in (1, 2, 5)]
    assert grams[0].tobytes() == grams[1].tobytes() == grams[2].tobytes()
