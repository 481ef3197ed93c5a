from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetahat.numerics.eigenvalues import eigenvalues
from thetahat.numerics.linear_algebra import SymmetricFactor, analyse
from thetahat.numerics.secants import Secants
from thetahat.numerics.triple import CLEAR, Triple
from thetahat.numerics.unit_diagonal import scale_to_unit_diagonal

sizes = st.integers(1, 6)


def inverse(matrix):
    return SymmetricFactor(matrix).inverse()


def solve(matrix, right):
    return SymmetricFactor(matrix).solve(right)


seeds = st.integers(0, 10**6)


def random_positive(seed, size):
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(size + 5, size))
    units = 10.0 ** generator.uniform(-120, 120, size)
    return root.T @ root, units


@given(seeds, sizes)
def test_scaling_is_exact(seed, size):
    matrix, units = random_positive(seed, size)
    matrix = matrix * units[:, np.newaxis] * units
    scaled, roots = scale_to_unit_diagonal(matrix)
    assert (scaled * roots[:, np.newaxis] * roots == matrix).all()
    assert ((scaled.diagonal() >= 0.5) & (scaled.diagonal() < 2.0)).all()
    assert (np.frexp(roots)[0] == 0.5).all()


@given(seeds, sizes)
def test_solutions_do_not_depend_on_units(seed, size):
    matrix, units = random_positive(seed, size)
    right = np.random.default_rng(seed + 1).normal(size=size)
    wild = matrix * units[:, np.newaxis] * units
    assert solve(wild, right * units) * units == pytest.approx(np.linalg.solve(matrix, right), rel=1e-9)
    assert inverse(wild) * units[:, np.newaxis] * units == pytest.approx(
        np.linalg.inv(matrix), rel=1e-9, abs=1e-12
    )
    analysis = analyse(wild)
    assert analysis.is_positive_definite()
    assert analysis.inertia == (size, 0, 0)
    root = analysis.inverse_root() * units[:, np.newaxis]
    assert root.T @ matrix @ root == pytest.approx(np.eye(size), abs=1e-9)


def test_inertia_and_directions():
    analysis = analyse([[1.0, 2.0], [2.0, 1.0]])
    assert analysis.inertia == (1, 0, 1)
    direction = analysis.eigenvectors[:, 0] / analysis.roots
    assert direction @ np.array([[1.0, 2.0], [2.0, 1.0]]) @ direction == pytest.approx(-1.0)
    assert analysis.condition == pytest.approx(3.0)
    assert not analysis.is_positive_definite()
    assert analysis.solve_absolute([1.0, 1.0]) == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_singular_matrices_stay_singular(scale):
    analysis = analyse(scale * np.ones((2, 2)))
    assert analysis.inertia == (1, 1, 0)
    assert not analysis.is_positive_definite()


def test_zero_and_infinite_entries():
    assert analyse(np.zeros((3, 3))).inertia == (0, 3, 0)
    assert analyse([[0.0, 1e-8], [1e-8, 1.0]]).inertia == (1, 0, 1)
    for bad in (np.inf, np.nan):
        analysis = analyse([[bad, 0.0], [0.0, 1.0]])
        assert analysis.inertia == (0, 0, 0)
        assert not analysis.is_positive_definite()
        assert np.isnan(analysis.solve([1.0, 1.0])).all()
    assert not analyse([[np.nan]]).is_positive_definite()
    assert not analyse([[0.0]]).is_positive_definite()


def test_empty_matrix():
    analysis = analyse(np.zeros((0, 0)))
    assert analysis.is_positive_definite()
    assert analysis.inertia == (0, 0, 0)
    assert analysis.condition == 1.0
    assert analysis.smallest == np.inf
    assert analysis.solve(np.zeros(0)).shape == (0,)
    assert analysis.inverse().shape == (0, 0)
    assert scale_to_unit_diagonal(np.zeros((0, 0)))[1].shape == (0,)


def test_refinement_and_several_right_sides():
    hilbert = 1.0 / (np.arange(6)[:, np.newaxis] + np.arange(6) + 1.0)
    exact = np.arange(12.0).reshape(6, 2)
    assert solve(hilbert, hilbert @ exact) == pytest.approx(exact, rel=1e-8, abs=1e-8)
    assert (inverse(hilbert) == inverse(hilbert).T).all()


def test_two_by_two_is_decomposed_as_larger_matrices_are():
    rng = np.random.default_rng(3)
    for _ in range(500):
        scales = 10.0 ** rng.uniform(-100.0, 100.0, 2)
        correlation = rng.choice([rng.uniform(-1.5, 1.5), 1.0 - 10.0 ** rng.uniform(-16.0, 0.0)])
        off = np.sqrt(scales[0]) * np.sqrt(scales[1]) * correlation
        matrix = np.array([[scales[0] * rng.choice([1.0, -1.0]), off], [off, scales[1]]])
        factor = analyse(matrix)
        # Beside two more coordinates that have nothing to do with them.
        larger = analyse(np.block([[matrix, np.zeros((2, 2))], [np.zeros((2, 2)), np.eye(2)]]))
        np.testing.assert_array_equal(factor.scaled, larger.scaled[:2, :2])
        np.testing.assert_array_equal(factor.roots, larger.roots[:2])
        vectors, values = factor.eigenvectors, factor.eigenvalues
        assert values[0] <= values[1]
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(2), atol=1e-15)
        np.testing.assert_allclose(
            vectors * values @ vectors.T, factor.scaled, atol=1e-15 * np.abs(values).max()
        )
        if factor.is_positive_definite():
            right = rng.normal(size=(2, 3)) * np.sqrt(scales)[:, np.newaxis]
            expected = larger.solve(np.vstack([right, np.zeros((2, 3))]))[:2]
            scale = np.abs(expected * np.sqrt(scales)[:, np.newaxis]).max(axis=0)
            difference = np.abs(factor.solve(right) - expected) * np.sqrt(scales)[:, np.newaxis]
            assert (difference <= 1e-12 * factor.condition * scale).all()


@given(seeds)
def test_three_by_three_is_factored_as_larger_matrices_are_decomposed(seed):
    matrix, units = random_positive(seed, 3)
    right = np.random.default_rng(seed + 1).normal(size=3)
    units **= 0.3
    wild, moved = matrix * units[:, np.newaxis] * units, right * units
    triple = Triple.of(wild)
    assert triple is not None
    scaled, roots = scale_to_unit_diagonal(wild)
    values = np.linalg.eigvalsh(scaled)
    assert 0.0 < triple.smallest <= values[0] * (1 + 1e-12)
    assert triple.largest >= values[-1]
    found = np.linalg.solve(scaled, moved / roots) / roots
    assert triple.solve(*moved.tolist()) == pytest.approx(found.tolist(), rel=1e-9)
    assert triple.half_square(*moved.tolist()) == pytest.approx(0.5 * moved @ found, rel=1e-9)
    assert triple.length(*moved.tolist()) == pytest.approx(np.linalg.norm(roots * moved), rel=1e-12)


def test_three_by_three_in_doubt_is_decomposed():
    rotation = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    for lowest in (-1.0, -1e-9, 0.0, 1e-9, 0.1 * CLEAR):
        matrix = (rotation * [lowest, 1.0, 2.0]) @ rotation.T
        assert Triple.of(matrix) is None
        scaled, _ = scale_to_unit_diagonal(matrix)
        assert analyse(matrix).smallest == pytest.approx(np.linalg.eigvalsh(scaled)[0], abs=1e-14)
    for odd in (np.nan, np.inf, 1e200):
        assert Triple.of(np.diag([1.0, odd, 1.0])) is None
        assert Triple.of(np.array([[1.0, odd, 0.0], [odd, 1.0, 0.0], [0.0, 0.0, 1.0]])) is None


@given(seeds, st.integers(1, 4))
def test_eigenvalues_of_small_matrices_are_numpys(seed, size):
    matrix = np.random.default_rng(seed).normal(size=(size, size))
    matrix = matrix + matrix.T
    assert eigenvalues(matrix) == pytest.approx(np.linalg.eigvalsh(matrix), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_eigenvalues_of_what_is_not_finite_are_not_numbers(size):
    assert np.isnan(eigenvalues(np.full((size, size), np.nan))).all()


def test_an_inverse_that_is_remembered_is_nobodys_to_change():
    factor = analyse([[2.0, 0.0], [0.0, 4.0]])
    factor.inverse()[:] = 0.0
    assert factor.inverse().tolist() == [[0.5, 0.0], [0.0, 0.25]]


@given(seeds, sizes)
def test_bounds_and_squares_agree_with_the_decomposition(seed, size):
    matrix, units = random_positive(seed, size)
    matrix = matrix * units[:, np.newaxis] * units
    generator = np.random.default_rng(seed + 2)
    right = generator.normal(size=size) * units
    change = generator.normal(size=(size, size))
    difference = 1e-3 * (change + change.T) * units[:, np.newaxis] * units
    analysis = analyse(matrix)
    assert analysis.half_square(right) == pytest.approx(0.5 * right @ analysis.solve(right), rel=1e-9)
    norm = analysis.relative_norm(difference)
    assert analysis.relative_bound(difference) >= norm * (1.0 - 1e-9)
    if size == 2 or (size == 3 and Triple.of(matrix) is not None):
        # Of so few rows the bound is the Frobenius norm, which is no more than that many spectral ones.
        assert analysis.relative_bound(difference) <= norm * np.sqrt(size) * (1.0 + 1e-9)
    for share in (0.3, 0.9, 1.1, 3.0):
        assert analysis.changes_little(difference, share * norm) == (share >= 1.0)


def test_nothing_is_bounded_by_what_is_not_positive_definite():
    assert analyse(np.ones((3, 3))).relative_bound(np.eye(3)) == np.inf
    assert analyse(np.eye(3)).relative_bound(np.full((3, 3), np.nan)) == np.inf


@pytest.mark.parametrize("size", [1, 2, 3, 5, 300])
def test_the_diagonal_of_an_inverse_needs_not_the_whole(size: int) -> None:
    rng = np.random.default_rng(size)
    root = rng.standard_normal((size, 2 * size))
    units = 10.0 ** rng.integers(-100, 100, size)
    matrix = root @ root.T * units * units[:, np.newaxis]
    whole = SymmetricFactor(matrix).inverse().diagonal()
    np.testing.assert_allclose(SymmetricFactor(matrix).inverse_diagonal(), whole, rtol=1e-10)


def test_secants_solve_what_they_were_shown() -> None:
    rng = np.random.default_rng(4)
    root = rng.standard_normal((6, 9))
    matrix = root @ root.T
    secants = Secants(analyse(np.diag(matrix.diagonal())))
    gaps = []
    right = rng.standard_normal(6)
    point = np.zeros(6)
    for _ in range(12):
        rest = right - matrix @ point
        gaps.append(float(np.linalg.norm(rest)))
        step = secants.solve(rest)
        secants.take(step, matrix @ step)
        assert secants.solve(matrix @ step) == pytest.approx(step)
        point = point + step
    assert gaps[-1] < 1e-4 * gaps[0]
