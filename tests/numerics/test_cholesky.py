"""What triangular factors tell, against eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest

from thetahat.numerics.cholesky import determined, is_positive, newton_step
from thetahat.numerics.linear_algebra import analyse

FLOOR = 1e-9


def a_matrix(size: int, weakest: float, seed: int) -> np.ndarray:
    """Of unit diagonal but for units of measurement, with one direction that is nearly lost."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((3 * size, size))
    rows[:, -1] = rows[:, :-1].sum(axis=1) + np.sqrt(weakest) * rows[:, -1]
    units = 10.0 ** rng.integers(-3, 4, size)
    return (rows * units).T @ (rows * units)


@pytest.mark.parametrize("size", [2, 5, 40, 300])
@pytest.mark.parametrize("weakest", [1.0, 1e-3, 1e-8, 1e-12, 0.0])
def test_what_is_called_determined_is_so(size: int, weakest: float) -> None:
    matrix = a_matrix(size, weakest, size)
    exact = np.linalg.eigvalsh(matrix / np.sqrt(np.outer(matrix.diagonal(), matrix.diagonal())))[0]
    if determined(matrix, FLOOR):
        assert exact > FLOOR / 4
    if exact > 1e-3 and size <= 5:
        assert determined(matrix, FLOOR)
    if exact < FLOOR / 100:
        assert not determined(matrix, FLOOR)


@pytest.mark.parametrize("size", [1, 5, 300])
def test_steps_solve_the_equations(size: int) -> None:
    matrix = a_matrix(size, 0.5, size) if size > 1 else np.array([[3.0]])
    right = np.random.default_rng(1).standard_normal(size)
    step = newton_step(matrix, right)
    assert step is not None
    np.testing.assert_allclose(step, analyse(matrix).solve(right), rtol=1e-6)
    assert is_positive(matrix)
    assert not is_positive(matrix - 2.0 * np.diag(matrix.diagonal()))


def test_no_step_where_there_is_no_answer() -> None:
    assert newton_step(np.zeros((3, 3)), np.ones(3)) is None
    assert newton_step(np.full((2, 2), np.nan), np.ones(2)) is None
    assert newton_step(-np.eye(300), np.ones(300)) is None
    assert determined(np.zeros((0, 0)), FLOOR)
