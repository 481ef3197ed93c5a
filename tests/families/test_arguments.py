"""What families and distributions say to arguments of the wrong kind."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import thetahat as th

GAMMA = th.Gamma(shape=2, rate=1)
VECTORS = th.MultivariateNormal(mean=[0, 0], covariance=[[1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: GAMMA.log_prob("a"), r"Gamma.log_prob\('a'\): give real numbers"),
        (lambda: GAMMA.log_prob(1 + 2j), r"Gamma.log_prob\(\(1\+2j\)\): give real numbers"),
        (lambda: GAMMA.density(np.array(["2020-01-01"], dtype="M8[D]")), "give real numbers"),
        (lambda: GAMMA.cdf(["a", "b"]), r"Gamma.log_cdf\(\['a', 'b'\]\): give real numbers"),
        (lambda: GAMMA.sf(1j), "Gamma.log_sf"),
        (lambda: GAMMA.quantile("a"), r"Gamma.quantile\('a'\): give real numbers"),
        (
            lambda: VECTORS.log_prob(["a", "b"]),
            r"MultivariateNormal.log_prob\(\['a', 'b'\]\): give real numbers",
        ),
        (lambda: th.Gamma(2, 1), r"Gamma\(2, 1\): numbers are given by name, as in Gamma\(shape=2, rate=1\)"),
        (lambda: th.Rayleigh(1, 2), r"as in Rayleigh\(scale=\.\.\.\)"),
        (lambda: th.Gamma(y=0), r"Gamma\(y=0\): y is the name of the response as text"),
        (
            lambda: th.Binomial(prob=0.3, trials=2.5).mean(),
            r"trials=2.5\): trials must be whole numbers from 0 up",
        ),
        (lambda: th.Binomial(prob=0.3, trials=-1).sample(3), "trials must be whole numbers from 0 up"),
        (
            lambda: th.BetaBinomial(mean=0.3, precision=2, trials=-1).log_prob(0),
            "trials must be whole numbers",
        ),
    ],
)
def test_a_wrong_argument_is_named(ask: Callable[[], Any], message: str) -> None:
    with pytest.raises(th.ParameterError, match=message):
        ask()


def test_missing_values_have_no_density() -> None:
    values = pd.Series([1, None], dtype="Int64")
    np.testing.assert_allclose(GAMMA.log_prob(values), [-1.0, np.nan], rtol=1e-14)
    assert np.isnan(GAMMA.log_prob(None))


def test_a_number_comes_back_as_a_float() -> None:
    for ask in (GAMMA.density, GAMMA.cdf, GAMMA.sf, GAMMA.log_prob, GAMMA.quantile):
        assert type(ask(0.5)) is float
        assert ask([0.5, 0.25]).shape == (2,)


def test_a_certificate_is_plain_and_can_be_pickled() -> None:
    rows = GAMMA.sample(50, rng=1)
    assert json.loads(json.dumps(th.fit("gamma", rows).certificate.digits)).keys() == {"shape", "rate"}
    fresh = th.fit("student_t", rows).certificate
    again = pickle.loads(pickle.dumps(fresh))  # noqa: S301 - made just now
    assert again == fresh
    assert again.digits == fresh.digits
