"""Recession directions of hundreds of small integer data sets against all extreme rays in rational arithmetic.

``THETAHAT_HUNT=20000`` looks at that many data sets of each kind.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from tests.separation import exact

from thetahat.optimize.separation.classes import Ordered, Softmax
from thetahat.optimize.separation.recession import recession
from thetahat.optimize.separation.rows import Signed

DATA_SETS = int(os.environ.get("THETAHAT_HUNT", "60"))


def design(rng, n, p, intercept=True):
    kind = rng.integers(4)
    X = rng.integers(-2, 3, size=(n, p)) if kind else rng.integers(0, 2, size=(n, p))
    if intercept:
        X[:, 0] = 1
    if kind == 2 and p > 2:
        X[:, -1] = X[:, 0] + X[:, 1]
    return X


def one_predictor(rng, up_share, down_share, free_share=0.0):
    n, p = int(rng.integers(2, 12)), int(rng.integers(1, 5))
    X = design(rng, n, p, intercept=bool(rng.integers(2)))
    if rng.integers(2):
        split = X @ rng.integers(-1, 2, size=p) + rng.integers(0, 2, size=n) - 0.5
        side = np.where(split > 0, "up", "down")
    else:
        side = np.full(n, "")
    shares = [up_share, down_share, free_share, 1 - up_share - down_share - free_share]
    drawn = rng.choice(["up", "down", "free", "exact"], size=n, p=shares)
    side = np.where((side == "") | np.isin(drawn, ["free", "exact"]), drawn, side)
    signs = np.where(side == "down", -1.0, 1.0)
    return Signed(X.astype(float), signs), np.isin(side, ["up", "down"]), side == "exact"


def binary(rng):
    return one_predictor(rng, 0.5, 0.5)


def binomial(rng):
    return one_predictor(rng, 0.4, 0.4, 0.1)


def counts(rng):
    conditions, inequality, equality = one_predictor(rng, 0.0, 0.7)
    return Signed(conditions.matrix, -np.ones(len(inequality))), inequality, equality


def censored(rng):
    return one_predictor(rng, 0.5, 0.2, 0.1)


def softmax(rng):
    n, p, classes = int(rng.integers(2, 7)), int(rng.integers(1, 3)), 3
    X = design(rng, n, p)
    labels = rng.integers(classes, size=n)
    if rng.integers(2):
        labels = np.argmax(
            X @ rng.integers(-1, 2, size=(p, classes)) + rng.integers(0, 2, size=(n, classes)), 1
        )
    inequality = (np.arange(classes) != labels[:, None]).ravel()
    return Softmax(X.astype(float), labels, classes), inequality, np.zeros_like(inequality)


def ordinal(rng):
    n, p, classes = int(rng.integers(3, 8)), int(rng.integers(1, 3)), 3
    X = design(rng, n, p, intercept=False)
    order = X @ rng.integers(-1, 2, size=p) + rng.integers(0, 3, size=n)
    labels = np.searchsorted(np.sort(order)[[n // 3, 2 * n // 3]], order, side="right")
    inequality = np.stack([labels < classes - 1, labels > 0], axis=1).ravel()
    return Ordered(X.astype(float), labels, classes), inequality, np.zeros_like(inequality)


KINDS = (binary, binomial, counts, censored, softmax, ordinal)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_rows_and_signs_are_exact(kind) -> None:
    both = 0
    for seed in range(DATA_SETS):
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        conditions, inequality, equality = kind(rng)
        width = conditions.shape[1]
        names = [str(column) for column in range(width)]
        whole = np.round(conditions.product(np.eye(width)))
        separated, limits, aliased = exact.cone(whole, inequality, equality)
        both += bool(separated)
        hints = [(None, None)]
        hints += [exact.stopping_point(conditions, inequality, equality, steps) for steps in (6, 30)]
        for multipliers, point in hints:
            found = recession(conditions, inequality, equality, names, multipliers, point)
            where = f"{kind.__name__} {seed}"
            assert (found is not None) == bool(separated), where
            if found is None:
                continue
            assert np.flatnonzero(found.separated).tolist() == separated, where
            assert {int(name): end for name, end in found.limits.items()} == pytest.approx(
                limits, nan_ok=True
            ), where
            assert found.aliased == tuple(str(column) for column in aliased), where
            margins = whole @ found.direction
            assert np.all(margins[found.separated] > 1e-9), where
            assert np.max(np.abs(margins[found.remaining]), initial=0.0) < 1e-12, where
            assert found.complete == (not found.remaining.any()), where
    # Both answers have to occur often, or nothing was tested.
    assert 0.15 * DATA_SETS < both < 0.95 * DATA_SETS
