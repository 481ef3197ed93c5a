"""Aliased columns against rational arithmetic, at the limits of double precision, and in words."""

from __future__ import annotations

import numpy as np
import pytest
from tests.separation import exact

from thetahat._errors import DataError
from thetahat.numerics.rank import Alias, aliased, null_space


def named(X, *, rows=True):
    names = [f"x{column}" for column in range(X.shape[1])]
    hands = (lambda vectors: X @ vectors, lambda values: X.T @ values) if rows else ()
    return aliased(X.T @ X, names, *hands)


@pytest.mark.parametrize("rows", [True, False])
def test_integer_designs_have_their_exact_rank_and_combinations(rows) -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        n, p = rng.integers(1, 9, size=2)
        X = rng.integers(-2, 3, size=(n, p)).astype(float)
        reduced, pivots = exact.echelon(X.astype(int).tolist())
        found = named(X * 10.0 ** rng.integers(-6, 7), rows=rows)
        assert [alias.name for alias in found] == [
            f"x{column}" for column in range(p) if column not in pivots
        ]
        for alias in found:
            column = int(alias.name[1:])
            expected = {
                f"x{pivot}": float(row[column])
                for row, pivot in zip(reduced, pivots, strict=True)
                if row[column]
            }
            assert dict(alias.combination) == pytest.approx(expected, abs=1e-9)


def test_units_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 4))
    X = np.column_stack([X, X @ [1.0, -2.0, 0.0, 0.5]]) * np.array([1e-30, 1e20, 1.0, 1e-8, 1e15])
    (alias,) = named(X)
    assert alias.name == "x4"
    assert X[:, 4] == pytest.approx(
        sum(factor * X[:, int(name[1:])] for name, factor in alias.combination.items())
    )


@pytest.mark.parametrize("angle", [1e-4, 1e-6, 1e-8, 1e-10])
def test_the_rows_themselves_tell_a_small_angle_from_none(angle) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(2000, 6))
    X[:, 0] = 1
    near = X[:, 1] + X[:, 2] + angle * rng.normal(size=2000)
    assert named(np.column_stack([X, near])) == ()
    same = X[:, 1] / 3 + X[:, 2] / 7
    assert [alias.name for alias in named(np.column_stack([X, near, same]))] == ["x7"]


def test_powers_of_years_are_not_aliased() -> None:
    years = np.arange(1990.0, 2021.0)
    assert named(np.column_stack([years**power for power in range(4)])) == ()


def test_fewer_rows_than_columns() -> None:
    X = np.random.default_rng(3).normal(size=(20, 50))
    found = named(X)
    assert [alias.name for alias in found] == [f"x{column}" for column in range(20, 50)]
    basis = null_space(X.T @ X).basis
    assert np.max(np.abs(X @ basis)) < 1e-9 * np.max(np.abs(basis))


def test_no_rows_and_no_columns() -> None:
    assert null_space(np.zeros((0, 0))).independent == ()
    assert null_space(np.zeros((2, 2))).dependent == (0, 1)


def test_words() -> None:
    n = 40
    rng = np.random.default_rng(4)
    level = np.arange(n) % 3
    columns = {
        "Intercept": np.ones(n),
        "a": rng.normal(size=n),
        "g[x]": level == 0,
        "g[y]": level == 1,
        "g[z]": level == 2,
        "constant": np.full(n, 2.5),
        "nothing": np.zeros(n),
    }
    columns["copy"] = columns["a"]
    columns["sum"] = -2 * columns["a"] + 0.1 * columns["g[x]"]
    X = np.column_stack(list(columns.values())).astype(float)
    sentences = [
        alias.sentence for alias in aliased(X.T @ X, list(columns), lambda v: X @ v, lambda v: X.T @ v)
    ]
    assert sentences == [
        "g[z] = Intercept - g[x] - g[y]",
        "constant is 2.5 in every row, like the intercept",
        "nothing is 0 in every row, or too small to be squared",
        "copy equals a",
        "sum = -2 a + 0.1 g[x]",
    ]
    assert Alias("b", {"a": -3.0}).sentence == "b = -3 a"
    assert (
        Alias("b", {str(k): 1.0 for k in range(9)}).sentence == "b = 0 + 1 + 2 + 3 + 4 + 5 + 3 further terms"
    )


def test_columns_too_large_to_be_squared() -> None:
    with pytest.raises(DataError, match="rescale"):
        null_space(np.array([[np.inf]]))
