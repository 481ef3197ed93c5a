"""Counts on which all mass gathers as they are ever less dispersed, known exactly or not."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

INTERVAL, RIGHT = th.Observations.interval, th.Observations.right_censored


@pytest.mark.parametrize(
    ("rows", "supremum", "place"),
    [
        (INTERVAL([404, 404, 404], [406, 406, np.inf]), 0.0, "at 406"),
        (INTERVAL([404, 405, 404, 405], [405, 406, 405, np.inf]), 4 * np.log(0.5), "at 405 and 406"),
        (RIGHT([405, 406, 405, 405, 405], [1, 1, 1, 1, 0]), 3 * np.log(0.6) + 2 * np.log(0.4), "405 and 406"),
        (INTERVAL([-np.inf, 6, 6], [6, 8, 9]), np.log(1 / 3) + 2 * np.log(2 / 3), "at 6 and 7"),
    ],
)
def test_two_neighbours_of_which_every_row_admits_one(rows, supremum, place):
    fit = th.fit(th.ConwayMaxwellPoisson(), rows)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.scope == "global"
    assert fit.certificate.supremum == pytest.approx(supremum, rel=1e-12, abs=1e-12)
    assert place in fit.certificate.sentence
    assert fit.estimates == {"rate": np.inf, "nu": np.inf}


def test_odds_of_none_and_one():
    fit = th.fit(th.ConwayMaxwellPoisson(), INTERVAL([-1, 0, -1, -np.inf], [0, 1, 0, 3]))
    assert fit.estimates == {"rate": 0.5, "nu": np.inf}
    near = th.ConwayMaxwellPoisson(rate=0.5, nu=60.0)
    reached = 2 * near.log_prob(0) + near.log_prob(1) + near.log_cdf(3)
    assert fit.certificate.supremum == pytest.approx(reached, rel=1e-9)


def test_a_rate_beyond_all_numbers_is_told_and_no_likelihood_of_counts_unbounded():
    fit = th.fit(th.ConwayMaxwellPoisson(), [405, 405, 405, 406, 406, 407])
    assert fit.certificate.verdict == "not_converged"
    assert "rate is beyond the largest number" in fit.certificate.sentence
