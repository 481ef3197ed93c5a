"""Densities and tails at scales and values of 1e±200, which double precision holds and their squares it does not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.families.catalogue import KINDS, known_of, ordered_family, typical

import thetahat as th

FAR = (1e-200, 1e200)
SCALED = [cls for cls in KINDS if cls.ordered and getattr(cls, "scales", ())]


def three(distribution, y):
    return [
        np.asarray(item(y)) for item in (distribution.log_prob, distribution.log_cdf, distribution.log_sf)
    ]


@ordered_family
def test_values_however_far_have_a_density_and_tails(cls):
    distribution = typical(cls)
    support = distribution.support
    sizes = 10.0 ** np.array([-300.0, -200.0, -150.0, -20.0, 0.0, 20.0, 150.0, 160.0, 200.0, 300.0])
    y = np.concatenate([-sizes[::-1], [0.0], sizes])
    y = y[(support.lower <= y) & (y <= support.upper)]
    y = np.unique(np.floor(y)) if support.discrete else y
    for found in three(distribution, y):
        assert not np.isnan(found).any()
        assert not np.isposinf(found).any()
    _, below, above = three(distribution, y)
    assert (below <= 0).all()
    assert (above <= 0).all()
    rising, falling = below[np.isfinite(below)], above[np.isfinite(above)]
    assert (np.diff(rising) >= -1e-9 * np.abs(rising[1:])).all()
    assert (np.diff(falling) <= 1e-9 * np.abs(falling[1:])).all()


@pytest.mark.parametrize("cls", SCALED, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("unit", FAR)
def test_a_law_in_another_unit_is_the_same_law(cls, unit):
    law = typical(cls)
    if law.support.discrete:
        pytest.skip("whole numbers have no unit")
    moved = {
        name: value * unit if name in cls.scales else value / unit if name in cls.inverse_scales else value
        for name, value in law.given.items()
    }
    y = np.asarray(law.quantile([1e-10, 0.01, 0.3, 0.5, 0.9, 0.999]))
    here, there = three(law, y), three(cls(**moved, **known_of(cls)), y * unit)
    np.testing.assert_allclose(there[0] + np.log(unit), here[0], rtol=1e-7, atol=1e-9)
    for one, other in zip(there[1:], here[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-12)


def test_logarithms_that_are_numbers_come_out():
    half = th.HalfNormal(scale=1e90)
    assert half.log_prob(1e200) == pytest.approx(-0.5e220, rel=1e-12)
    slow = th.InverseGaussian(mean=1, shape=1)
    for y in (1e-260, 1e-300):
        # Next to nothing beside it: the tails fall as exp(-1/(2 y)) and exp(-y/2).
        assert slow.log_cdf(y) == pytest.approx(-0.5 / y, rel=1e-9)
        assert slow.log_sf(1.0 / y) == pytest.approx(-0.5 / y, rel=1e-9)
    curved = th.Kumaraswamy(a=20.0, b=3.0)
    for y in (1e-10, 1e-17, 1e-300):
        assert curved.log_cdf(y) == pytest.approx(np.log(3.0) + 20.0 * np.log(y), rel=1e-12)
    normal = th.SkewNormal(location=0, scale=1, skew=2)
    assert list(normal.log_cdf([-1e200, 1e200])) == [-np.inf, 0.0]
    power = th.Transformed(th.Exponential(rate=1), "power(0.4)")
    assert power.log_sf(1e150) == -np.inf
