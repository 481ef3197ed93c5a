"""The derivatives of a softmax, made from one exponential, where logits are far apart, equal or infinite."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.numerics.namespace import NUMPY

FAMILY = th.Categorical(levels=["a", "b", "c", "d"])


def rows(codes):
    return FAMILY.prepare(NUMPY, np.asarray(codes), {})


def exact(logits, code):
    """Log p and its gradient and Hessian in the logits of all but the first label, with 400 digits."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(400):
        weight = [mpmath.exp(mpmath.mpf(float(x))) for x in (0.0, *logits)]
        p = [w / mpmath.fsum(weight) for w in weight]
        gradient = [float((k == code) - p[k]) for k in (1, 2, 3)]
        hessian = [float(p[j] * p[k] - (j == k) * p[j]) for j in (1, 2, 3) for k in range(1, j + 1)]
        return float(mpmath.log(p[code])), gradient, hessian


@pytest.mark.parametrize(
    "logits",
    [(0.0, 0.0, 0.0), (2.0, 2.0, -1.0), (40.0, -3.0, 39.0), (-60.0, -55.0, -50.0), (0.3, -700.0, 300.0)],
)
def test_no_digit_is_lost_between_labels_that_are_far_apart_or_alike(logits):
    eta = tuple(np.full(4, logit) for logit in logits)
    found = FAMILY.derivatives(rows([0, 1, 2, 3]), eta)
    for code in range(4):
        value, gradient, hessian = exact(logits, code)
        assert found.value[code] == pytest.approx(value, rel=1e-13, abs=1e-300)
        assert [float(item[code]) for item in found.gradient] == pytest.approx(
            gradient, rel=1e-13, abs=1e-300
        )
        assert [float(item[code]) for item in found.hessian] == pytest.approx(hessian, rel=1e-13, abs=1e-300)


def test_slopes_are_the_derivatives_less_the_hessian():
    generator = np.random.default_rng(1)
    eta = tuple(generator.normal(0.0, 3.0, 50) for _ in range(3))
    prepared = rows(generator.integers(0, 4, 50))
    whole, slopes = FAMILY.derivatives(prepared, eta), FAMILY.slopes(prepared, eta)
    assert len(slopes.hessian) == 0
    assert (slopes.value == whole.value).all()
    assert all((left == right).all() for left, right in zip(slopes.gradient, whole.gradient, strict=True))
    np.testing.assert_allclose(whole.value, FAMILY.log_density(NUMPY, prepared, eta), rtol=1e-13)


def test_an_impossible_label_counts_for_nothing_beside_others():
    eta = (np.array([-np.inf, 1.0]), np.zeros(2), np.zeros(2))
    with np.errstate(all="ignore"):
        found = FAMILY.derivatives(rows([0, 1]), eta)
    assert found.value[0] == pytest.approx(-np.log(3.0))
    assert np.isfinite(found.value).all()


@pytest.mark.parametrize(
    "logits",
    [(0.0, 0.0, 0.0), (2.0, 2.0, -1.0), (40.0, -3.0, 39.0), (-60.0, -55.0, -50.0), (-np.inf, 0.5, 1.0)],
)
def test_logits_that_all_rows_share_give_the_terms_of_logits_by_row(logits):
    codes = rows([3, 1, 2])
    with np.errstate(all="ignore"):
        shared = FAMILY.derivatives(codes, tuple(map(np.float64, logits)))
        by_row = FAMILY.derivatives(codes, tuple(np.full(3, logit) for logit in logits))
    np.testing.assert_allclose(shared.value, by_row.value, rtol=1e-14)
    np.testing.assert_allclose(shared.gradient, by_row.gradient, rtol=1e-14)
    for one, column in zip(shared.hessian, by_row.hessian, strict=True):
        np.testing.assert_allclose(np.full(3, one), column, rtol=1e-13)
