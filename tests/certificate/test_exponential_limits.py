"""Censored rows whose likelihood under an asymmetric Laplace law rises towards an exponential one with a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th


def intervals(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.random.default_rng(seed).exponential(size=rows)
    low = np.floor(2.0 * y) / 2.0
    return low, low + 0.5


def exponential_supremum(low: np.ndarray, high: np.ndarray) -> float:
    """Highest ℓ of rows in intervals under exponential laws above thresholds, from a grid and Nelder and Mead."""

    def height(at: np.ndarray) -> float:
        threshold, log_rate = at
        survival = [np.exp(-np.exp(log_rate) * np.maximum(end - threshold, 0.0)) for end in (low, high)]
        mass = survival[0] - survival[1]
        return float(np.log(mass).sum()) if (mass > 0).all() else -1e10

    with np.errstate(divide="ignore"):
        grid = [
            (m, r) for m in np.linspace(low.min() - 1.0, high.min(), 40) for r in np.linspace(-2.0, 3.0, 40)
        ]
        best = max(grid, key=lambda at: height(np.array(at)))
        found = optimize.minimize(
            lambda at: -height(at), best, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}
        )
    return -float(found.fun)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_in_intervals_near_the_exponential_law_of_their_side(seed: int, sign: float) -> None:
    low, high = intervals(seed, 20)
    ends = (low, high) if sign > 0 else (-high, -low)
    found = th.fit("asymmetric_laplace", th.Observations.interval(*ends))
    assert found.certificate.verdict == "boundary"
    assert found.certificate.limit == ("Shifted(Exponential)" if sign > 0 else "Shifted(Exponential) of -y")
    assert found.estimates["scale"] == 0.0
    assert found.estimates["tau"] == (0.0 if sign > 0 else 1.0)
    assert found.certificate.supremum == pytest.approx(exponential_supremum(low, high), abs=1e-6)


def test_rows_on_both_sides_have_a_maximum_higher_than_either_exponential_law() -> None:
    y = np.random.default_rng(4).laplace(size=60)
    low = np.floor(2.0 * y) / 2.0
    found = th.fit("asymmetric_laplace", th.Observations.interval(low, low + 0.5))
    assert found.certificate.verdict == "maximum"
    assert found.log_likelihood > exponential_supremum(low, low + 0.5) + 1.0
    assert found.log_likelihood > exponential_supremum(-low - 0.5, -low) + 1.0
