"""The Dirichlet: known answers, shares that hardly vary or are nearly 0 and 1, and rows that are none."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th


def test_two_shares_are_a_beta():
    law, beta = th.Dirichlet(concentration=[2.0, 0.7]), th.Beta(alpha=2.0, beta=0.7)
    p = np.array([0.01, 0.3, 0.95])
    np.testing.assert_allclose(law.log_prob(np.column_stack([p, 1 - p])), beta.log_prob(p), rtol=1e-12)
    assert law.entropy() == pytest.approx(beta.entropy(), rel=1e-12)
    y = beta.sample(300, rng=1)
    fit, single = th.fit(th.Dirichlet(), np.column_stack([y, 1 - y])), th.fit(th.Beta(), y)
    assert list(fit.estimates.values()) == pytest.approx(list(single.estimates.values()), rel=1e-9)
    assert fit.covariance() == pytest.approx(single.covariance(), rel=1e-8)
    assert fit.log_likelihood == pytest.approx(single.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("total", [1e-2, 1.0, 1e3, 1e6, 1e9])
def test_any_concentration_is_found(total):
    y = th.Dirichlet(concentration=total * np.array([0.2, 0.3, 0.5])).sample(200, rng=2)
    fit = th.fit(th.Dirichlet(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert len(fit.trace) < 12
    assert min(fit.certificate.digits.values()) > (11 if total < 1e4 else 6)
    assert sum(fit.estimates.values()) == pytest.approx(total, rel=0.3)
    # The stationary point: ψ(Σα) - ψ(α_k) is minus the mean of log y_k.
    alpha = np.array(list(fit.estimates.values()))
    if total < 1e4:
        from scipy.special import digamma

        left = digamma(alpha.sum()) - digamma(alpha) + np.log(y).mean(axis=0)
        assert np.abs(left * alpha).max() < 1e-9


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([0.0, 0.5, 0.5], r"row 2 \(\(0.0, 0.5, 0.5\)\).*Shares must be above 0"),
        ([-0.1, 0.6, 0.5], "row 2 .*Shares must be above 0"),
        ([0.2, 0.3, 0.6], "row 2 .*sum to 1; divide each row"),
    ],
)
def test_rows_off_the_simplex_are_told(row, told):
    y = th.Dirichlet(concentration=[1.0, 2.0, 3.0]).sample(5, rng=3)
    y[2] = row
    with pytest.raises(th.DataError, match=told):
        th.fit(th.Dirichlet(), y)
    assert th.Dirichlet(concentration=[1.0, 2.0, 3.0]).log_prob(row) == -np.inf


def test_equal_rows_have_no_maximum():
    y = np.array([[0.2, 0.3, 0.5]])
    for rows, told in ((y, "there is one row"), (np.tile(y, (4, 1)), "all 4 rows are equal")):
        fit = th.fit(th.Dirichlet(), rows)
        assert fit.certificate.verdict == "unbounded"
        assert told in fit.certificate.sentence
    two = th.fit(th.Dirichlet(), [[0.2, 0.3, 0.5], [0.25, 0.3, 0.45]])
    assert two.certificate.verdict == "maximum"


def test_one_column_is_too_few():
    with pytest.raises(th.DataError, match="at least 2 columns"):
        th.fit(th.Dirichlet(), [[1.0], [1.0]])
    with pytest.raises(th.ParameterError, match="at least 2 columns"):
        th.Dirichlet(concentration=[1.0])
