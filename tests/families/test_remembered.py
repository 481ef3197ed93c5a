"""What is looked up is what would have been computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from thetahat.families._reduced import in_shape
from thetahat.families._remembered import FEW, SHORT, remembered
from thetahat.families._starts import median


@pytest.mark.parametrize("distinct", [1, FEW, FEW + 1])
@pytest.mark.parametrize("shape", [(7,), (SHORT, 1), (SHORT + 1,), (2, 3), (0,)])
def test_arrays_keep_their_shape_and_order(distinct, shape):
    square = remembered(lambda x: (x * x, -x))
    values = np.random.default_rng(1).integers(0, distinct, shape) / 4.0
    found = square(values)
    assert [item.tolist() for item in found] == [(values * values).tolist(), (-values).tolist()]


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e300, 1e300)))
def test_median_is_numpys(points):
    assert median(points) == pytest.approx(float(np.median(0.5 * points)) * 2.0, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("v", [-0.999, -0.6, -0.5, -0.3, 1e-12, 0.3, 0.4999, 0.5, 0.9, 7.0, 1e6])
def test_derivatives_in_the_shape_agree_with_many_digits(v):
    import mpmath as mp

    shape = 0.25
    z = v / shape
    with mp.workdps(80):
        grown, at = mp.log1p(mp.mpf(v)), mp.mpf(v)
        slope = (at / (1 + at) - grown) / at**2
        bend = (2 * grown - at * (2 + 3 * at) / (1 + at) ** 2) / at**3
        expected = [
            float(mp.mpf(z) * grown / at),
            float(mp.mpf(z) ** 2 * slope),
            float(mp.mpf(z) ** 3 * bend),
        ]
    found = [float(item) for item in in_shape(np.array(z), np.array(v), np.float64(shape))]
    assert found == pytest.approx(expected, rel=2e-14)
