"""Separation in reference data, at awkward scales, near misses, sparse and large designs, and what stays finite."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from tests.separation import exact

from thetahat._errors import DataError
from thetahat.optimize.separation.classes import Ordered, Softmax
from thetahat.optimize.separation.finite_submodel import finite_submodel, separation_sentence
from thetahat.optimize.separation.rows import Signed, Stacked
from thetahat.optimize.separation.separation import separated_classes, separated_order, separated_rows

DATA = Path(__file__).parents[1] / "reference" / "data"


def table(name):
    return np.loadtxt(DATA / name, delimiter=",", skiprows=1)


def logistic(X, y, iterations=40):
    """Newton's method, and the scores where it stopped."""
    point = np.zeros(X.shape[1])
    for _ in range(iterations):
        chance = 1 / (1 + np.exp(-np.clip(X @ point, -700, 700)))
        weights = np.maximum(chance * (1 - chance), 1e-15)
        step = np.linalg.lstsq(X.T @ (weights[:, None] * X), X.T @ (y - chance), rcond=1e-14)[0]
        point = point + step * min(1.0, 5.0 / max(np.max(np.abs(X @ step)), 1e-300))
    return point, y - 1 / (1 + np.exp(-np.clip(X @ point, -700, 700)))


def binary(X, y, names=None, hints=None):
    names = names or [f"x{column}" for column in range(X.shape[1])]
    point, scores = hints or (None, None)
    return separated_rows(X, y == 1, y == 0, names, scores, point)


def same(one, other):
    if one is None or other is None:
        return one is other
    rows = np.array_equal(one.separated, other.separated)
    return rows and one.limits == pytest.approx(other.limits, nan_ok=True) and one.aliased == other.aliased


@pytest.mark.parametrize("case", ["separation_complete_iris", "separation_quasi_endometrial"])
@pytest.mark.parametrize("hinted", [False, True])
def test_reference_cases(case, hinted) -> None:
    reference = json.loads((DATA / f"{case}.json").read_text(encoding="utf-8"))
    X, y = table(reference["design"]), table(reference["data"])[:, 0]
    names = reference["model"]["coefficients"]
    expected = reference["expected"]
    found = binary(X, y, names, logistic(X, y) if hinted else None)
    assert found.complete == (expected["separation"] == "complete")
    theirs = np.array([expected["separating_direction_from_lp"][name] for name in names])
    margins = np.where(y == 1, 1.0, -1.0) * (X @ theirs)
    assert np.all(found.separated[margins > 1e-9])
    left = finite_submodel(found)
    rows = left.conditions
    if expected["infinite_coefficients"] is None:
        assert found.limits["Petal.Width"] == np.inf
        assert not rows.any()
        assert left.finite == ()
        return
    assert found.limits == {name: float(end) for name, end in expected["infinite_coefficients"].items()}
    reduced, scores = logistic(X[rows] @ left.matrix, y[rows])
    estimates = dict(zip(names, left.matrix @ reduced, strict=True))
    finite = expected["finite_coefficients_in_the_limit"]
    assert {name: estimates[name] for name in left.finite} == pytest.approx(finite, rel=1e-9)
    supremum = np.sum(np.log1p(-np.abs(scores)))
    assert supremum == pytest.approx(expected["loglik_supremum"], abs=1e-9)


@pytest.mark.parametrize("overlap", [1e-6, -1e-6, 1e-3, 0.0])
@pytest.mark.parametrize("n", [20, 20_000])
@pytest.mark.parametrize("scale", [1.0, 1e-7, 1e9])
@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_a_single_overlapping_row(overlap, n, scale, shift) -> None:
    rng = np.random.default_rng(n)
    x = np.concatenate([rng.uniform(-1, -0.1, n), rng.uniform(0.1, 1, n), [0.0, overlap]])
    y = np.repeat([0.0, 1.0, 1.0, 0.0], [n, n, 1, 1])
    z = rng.normal(size=len(x)) * (np.abs(x) > 0.05)
    X = np.column_stack([np.ones(len(x)), (x + shift) * scale, z])
    found = binary(X, y)
    if overlap > 0:
        assert found is None
    else:
        assert found.limits["x1"] == np.inf
        assert found.complete == (overlap < 0)
        assert np.flatnonzero(found.remaining).tolist() == ([] if overlap < 0 else [2 * n, 2 * n + 1])
    assert same(found, binary(X, y, None, logistic(X, y)))


def test_units_and_means_of_columns_do_not_matter() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 5))
    X[:, 0] = 1
    X[:, 4] = rng.random(300) < 0.05
    y = (rng.random(300) < 0.5).astype(float)
    y[X[:, 4] == 1] = 0
    plain = binary(X, y)
    assert plain.limits == {"x4": -np.inf}
    units = np.array([1.0, 1e-12, 1e9, 1e4, 1e-5])
    moved = X * units
    moved[:, 2] += 1e14 * 1e-3
    assert same(binary(moved, y), plain)
    turned = binary(X @ (np.eye(5) + np.eye(5, k=1)), y)
    assert np.array_equal(turned.separated, plain.separated)


@pytest.mark.parametrize("mean", [1e5, 1e9])
@pytest.mark.parametrize("kind", ["none", "quasi", "complete"])
def test_a_mean_that_dwarfs_the_spread(mean, kind) -> None:
    rng = np.random.default_rng(15)
    x = np.round(rng.normal(size=400) * 1024) / 1024
    centre = {"none": x + 0.3 * rng.normal(size=400), "quasi": np.round(x), "complete": x}[kind]
    y = (centre > 0).astype(float)
    if kind == "quasi":
        x = np.sign(centre) * np.abs(np.round(x))
        y[x == 0] = rng.random(np.count_nonzero(x == 0)) < 0.5
    X = np.column_stack([np.ones(400), x + mean])
    centred = np.column_stack([np.ones(400), x])
    plain = binary(centred, y)
    point, scores = logistic(centred, y)
    for found in (binary(X, y), binary(X, y, None, (point - [point[1] * mean, 0.0], scores))):
        assert (found is None) == (kind == "none")
        if found is not None:
            assert np.array_equal(found.separated, plain.separated)
            assert found.limits == {"x0": -np.inf, "x1": np.inf}


def test_collinear_and_separated() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(100, 5))
    X[:, 0] = 1
    X[:, 2] = rng.random(100) < 0.1
    X[:, 3] = X[:, 1] - 2 * X[:, 2]
    y = (rng.random(100) < 0.5).astype(float)
    y[X[:, 2] == 1] = 1
    for hints in (None, logistic(X, y)):
        found = binary(X, y, None, hints)
        assert found.aliased == ("x3",)
        assert found.limits == {"x2": np.inf}
        left = finite_submodel(found)
        assert left.finite == ("x0", "x1", "x4")
        assert left.names == ("x0", "x1", "x4")
        assert np.linalg.matrix_rank(X[found.remaining] @ left.matrix) == 3


def one_hot(rng, n, levels):
    blocks = [
        scipy.sparse.csr_matrix((np.ones(n), (np.arange(n), rng.integers(count, size=n))), shape=(n, count))[
            :, 1:
        ]
        for count in levels
    ]
    return scipy.sparse.hstack([scipy.sparse.csr_matrix(np.ones((n, 1))), *blocks], format="csr")


def test_sparse_one_hot_counts_with_empty_levels() -> None:
    rng = np.random.default_rng(7)
    X = one_hot(rng, 20_000, (10, 60, 150))
    y = rng.poisson(0.7, size=X.shape[0])
    empty = np.array([5, 30, 31, 100, 200])
    y[np.asarray(X[:, empty].sum(axis=1)).ravel() > 0] = 0
    names = [f"x{column}" for column in range(X.shape[1])]
    zero = y == 0
    none = np.zeros_like(zero)
    found = separated_rows(X, none, zero, names)
    assert found.limits == {f"x{column}": -np.inf for column in empty}
    assert np.array_equal(found.separated, np.asarray(X[:, empty].sum(axis=1)).ravel() > 0)
    assert finite_submodel(found).infinite == tuple(f"x{column}" for column in empty)
    assert same(found, separated_rows(X[:, :].toarray(), none, zero, names))


def test_blocks_of_rows_are_one_design() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(500, 4))
    X[:, 3] = rng.random(500) < 0.1
    up = (rng.random(500) < 0.5) | (X[:, 3] == 1)
    names = list("abcd")
    whole = separated_rows(X, up, ~up, names)
    assert whole.limits == {"d": np.inf}
    assert same(whole, separated_rows([X[:100], X[100:450], X[450:]], up, ~up, names))
    sparse = [scipy.sparse.csr_matrix(part) for part in (X[:9], X[9:])]
    assert same(whole, separated_rows(sparse, up, ~up, names))


@pytest.mark.parametrize("kind", ["none", "quasi", "complete"])
def test_large(kind) -> None:
    rng = np.random.default_rng(9)
    n, p = 60_000, 12
    X = rng.normal(size=(n, p))
    X[:, 0] = 1
    X[:, 1] = rng.random(n) < 0.001
    predictor = X @ rng.normal(size=p)
    y = (rng.random(n) < 1 / (1 + np.exp(-predictor))).astype(float)
    if kind == "quasi":
        y[X[:, 1] == 1] = 0
    if kind == "complete":
        y = (predictor > 0).astype(float)
    for hints in (None, logistic(X, y, 15)):
        found = binary(X, y, None, hints)
        if kind == "none":
            assert found is None
        elif kind == "quasi":
            assert found.limits == {"x1": -np.inf}
            assert np.array_equal(found.separated, X[:, 1] == 1)
        else:
            assert found.complete


def test_misleading_hints_change_nothing() -> None:
    rng = np.random.default_rng(10)
    X = rng.normal(size=(80, 3))
    X[:, 2] = np.arange(80) < 6
    y = (rng.random(80) < 0.5).astype(float)
    plain = binary(X, y)
    y_separated = np.where(X[:, 2] == 1, 1.0, y)
    separated = binary(X, y_separated)
    assert plain is None
    assert separated.limits == {"x2": np.inf}
    for _ in range(20):
        hints = (rng.normal(size=3) * 10, rng.normal(size=80))
        assert same(binary(X, y, None, hints), plain)
        assert same(binary(X, y_separated, None, hints), separated)


def test_softmax_of_three_classes_with_a_level_that_one_never_has() -> None:
    rng = np.random.default_rng(11)
    n = 4000
    X = np.column_stack([np.ones(n), rng.normal(size=n), rng.random(n) < 0.1])
    labels = rng.integers(3, size=n)
    labels[(X[:, 2] == 1) & (labels == 2)] = 0
    names = [f"{name}:{column}" for name in "bc" for column in ("one", "x", "level")]
    for matrix in (X, scipy.sparse.csr_matrix(X)):
        found = separated_classes(matrix, labels, 3, names)
        assert found.limits == {"c:level": -np.inf}
        lost = found.separated.reshape(n, 3)
        assert np.array_equal(lost[:, 2], X[:, 2] == 1)
        assert not lost[:, :2].any()
    labels[np.flatnonzero(X[:, 2] == 1)[0]] = 2
    assert separated_classes(X, labels, 3, names) is None


def test_ordinal_with_a_level_at_one_end() -> None:
    rng = np.random.default_rng(12)
    n = 3000
    X = np.column_stack([rng.normal(size=n), rng.random(n) < 0.1])
    labels = rng.integers(4, size=n)
    labels[X[:, 1] == 1] = 3
    names = ["thresholds[0]", "thresholds[1]", "thresholds[2]", "x", "level"]
    for matrix in (X, scipy.sparse.csr_matrix(X)):
        found = separated_order(matrix, labels, 4, names)
        assert found.limits == {"level": np.inf}
        ends = found.separated.reshape(n, 2)
        assert np.array_equal(ends[:, 1], X[:, 1] == 1)
        assert not ends[:, 0].any()
    counted = X[:, 1] == 0
    assert separated_order(X[:, :1], labels, 4, names[:4], counted=counted) is None
    labels[labels == 2] = 1
    with pytest.raises(DataError, match=r"class 2 of 4 .* leave it out"):
        separated_order(X, labels, 4, names)


def test_rows_of_weight_zero_are_not_asked() -> None:
    X = np.column_stack([np.ones(5), [0.0, 1.0, 2.0, 3.0, 0.0]])
    up = np.array([False, False, True, True, True])
    counted = np.array([True, True, True, True, False])
    assert separated_rows(X, up, ~up, ["a", "b"]) is None
    assert separated_rows(X, up | ~counted, ~up | ~counted, ["a", "b"]).limits == {"a": -np.inf, "b": np.inf}
    nobody = np.ones(5, dtype=bool)
    assert separated_rows(X, nobody, nobody, ["a", "b"]) is None


@pytest.mark.parametrize("sparse", [False, True])
def test_conditions_are_what_their_rows_say(sparse) -> None:
    rng = np.random.default_rng(13)
    X = rng.normal(size=(9, 2))
    wrap = scipy.sparse.csr_matrix if sparse else np.asarray
    labels = np.array([0, 1, 2, 3, 3, 2, 1, 0, 0])
    signs = np.where(labels > 1, 1.0, -1.0)
    each = [Signed(wrap(X), signs), Softmax(wrap(X), labels, 4), Ordered(wrap(X), labels, 4)]
    each.append(Stacked([Signed(wrap(X[:4]), signs[:4]), Signed(wrap(X[4:]), signs[4:])]))
    for conditions in each:
        m, p = conditions.shape
        order = rng.permutation(m)
        rows = conditions.take(order)
        rows = rows if isinstance(rows, np.ndarray) else rows.toarray()
        whole = np.empty((m, p))
        whole[order] = rows
        weights, many, multipliers = rng.random(m), rng.normal(size=(p, 3)), rng.normal(size=(m, 2))
        close = {"rtol": 1e-12, "atol": 1e-12}
        np.testing.assert_allclose(conditions.product(many), whole @ many, **close)
        np.testing.assert_allclose(conditions.product(many[:, 0]), whole @ many[:, 0], **close)
        np.testing.assert_allclose(conditions.transposed(multipliers), whole.T @ multipliers, **close)
        np.testing.assert_allclose(conditions.transposed(weights), whole.T @ weights, **close)
        np.testing.assert_allclose(conditions.gram(weights), whole.T @ (weights[:, None] * whole), **close)
        np.testing.assert_allclose(
            conditions.squared_product(many[:, 0] ** 2), whole**2 @ many[:, 0] ** 2, **close
        )
    np.testing.assert_allclose(exact.rows(X).product(np.eye(2)), X)


def test_the_sentence_names_columns_rows_and_ways_out() -> None:
    n = 200
    rng = np.random.default_rng(14)
    X = np.column_stack([np.ones(n), rng.normal(size=n), np.arange(n) % 20 == 3])
    up = (rng.random(n) < 0.5) | (X[:, 2] == 1)
    names = ["Intercept", "age", "C(site)[T.west]"]
    found = separated_rows(X, up, ~up, names)
    text = separation_sentence(found, found.separated)
    for part in (
        "quasi-complete",
        "C(site)[T.west] goes to infinity",
        "10 of 200 rows (rows 3, 23, 43, 63, 83, ..., counted from 0)",
        "estimates of Intercept and age stay finite",
        "merge its level",
        "th.Firth()",
        "th.Ridge(1.0)",
        "one-sided profile",
    ):
        assert part in text
    assert "Firth" not in separation_sentence(found, found.separated, firth=False)
    up = X[:, 1] > 0
    complete = separated_rows(X, up, ~up, names)
    text = separation_sentence(complete, complete.separated)
    assert "(complete separation)" in text
    assert "all 200 rows" in text
    assert "No coefficient has a finite estimate" in text
