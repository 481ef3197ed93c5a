"""Dense designs against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from thetahat.designs._dense import DenseDesign


@pytest.mark.parametrize(("n", "p", "k"), [(0, 3, 4), (1, 1, 3), (50, 4, 2), (700, 9, 10), (3_000, 140, 3)])
def test_many_grams_at_once_are_those_of_each(n: int, p: int, k: int) -> None:
    rng = np.random.default_rng(n)
    matrix, weights = rng.standard_normal((n, p)), rng.standard_normal((k, n))
    found = DenseDesign(matrix).grams(weights)
    expected = np.array([matrix.T @ (row[:, np.newaxis] * matrix) for row in weights])
    assert found.shape == (k, p, p)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-10)
    assert np.array_equal(found, found.transpose(0, 2, 1))


@pytest.mark.parametrize("n", [40, 4_000])
@pytest.mark.parametrize("signs", ["positive", "negative", "mixed"])
def test_a_gram_is_symmetric_whatever_the_signs_of_its_weights(n: int, signs: str) -> None:
    rng = np.random.default_rng(n)
    matrix, weights = rng.standard_normal((n, 5)), rng.standard_normal(n)
    if signs != "mixed":
        weights = np.abs(weights) * (1.0 if signs == "positive" else -1.0)
    found = DenseDesign(matrix).gram(weights)
    np.testing.assert_allclose(found, matrix.T @ (weights[:, np.newaxis] * matrix), rtol=1e-11, atol=1e-10)
    assert np.array_equal(found, found.T)


def test_a_constant_column_is_found_wherever_it_stands() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((30, 4))
    assert DenseDesign(matrix).constant_column() is None
    matrix[:, 1] = 0.0
    assert DenseDesign(matrix).constant_column() is None
    matrix[:, 2] = -2.5
    assert DenseDesign(matrix).constant_column() == (2, -2.5)
    matrix[7, 2] = 3.0
    assert DenseDesign(matrix).constant_column() is None


@pytest.mark.parametrize(("n", "p", "k"), [(0, 3, 4), (700, 9, 10), (5_000, 30, 4)])
def test_single_precision_leaves_grams_six_digits(n: int, p: int, k: int) -> None:
    rng = np.random.default_rng(n)
    matrix, weights = rng.standard_normal((n, p)), rng.random((k, n))
    exact = DenseDesign(matrix)
    rough = exact.in_single_precision()
    assert rough.precision is np.float32
    assert exact.precision is np.float64
    scale = exact.gram(np.ones(n)).diagonal().max(initial=1.0)
    for found, expected in [
        (rough.grams(weights), exact.grams(weights)),
        (rough.gram(weights[0]), exact.gram(weights[0])),
        (rough.gram(-weights[0]), exact.gram(-weights[0])),
    ]:
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-5 * scale)
        assert np.array_equal(found, np.swapaxes(found, -1, -2))
