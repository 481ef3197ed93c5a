"""Multinomial and Dirichlet-multinomial: all masses, edges, limits, and trials by row."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.numerics.namespace import NUMPY

EVERY = np.array([(a, b, 7 - a - b) for a in range(8) for b in range(8 - a)], dtype=float)
"""All counts of three outcomes in seven trials."""
LAWS = [
    th.Multinomial(probs=[0.2, 0.5, 0.3], trials=7),
    th.DirichletMultinomial(concentration=[1.5, 0.7, 3.0], trials=7),
    th.DirichletMultinomial(concentration=[0.01, 0.02, 0.01], trials=7),
    th.DirichletMultinomial(concentration=[2e9, 3e9, 5e9], trials=7),
]
every = pytest.mark.parametrize("law", LAWS, ids=repr)


@every
def test_masses_sum_to_one_and_have_the_moments(law):
    mass = law.density(EVERY)
    assert mass.sum() == pytest.approx(1.0, rel=1e-12)
    assert law.entropy() == pytest.approx(-(mass * law.log_prob(EVERY)).sum(), rel=1e-10)
    np.testing.assert_allclose(mass @ EVERY, law.mean(), rtol=1e-12)
    centred = EVERY - law.mean()
    np.testing.assert_allclose((centred * mass[:, None]).T @ centred, law.covariance(), rtol=1e-9, atol=1e-12)
    eta = law.working(law.given)
    rows = law.prepare(NUMPY, EVERY, law.known_values)
    scores = law.scores(rows, eta)
    expected = law.expected_information(law.prepare(NUMPY, EVERY[:1], {}), np.ones(1), eta)
    roots = np.sqrt(np.diag(expected))
    assert np.abs(mass @ scores / roots).max() < 1e-9
    product = (scores * mass[:, None]).T @ scores
    assert np.abs((product - expected) / np.outer(roots, roots)).max() < 1e-6


@every
def test_two_outcomes_are_those_of_one_count(law):
    numbers = next(iter(law.given.values()))
    y = np.arange(8.0)
    rows = np.column_stack([y, 7.0 - y])
    if isinstance(law, th.Multinomial):
        pair = th.Multinomial(probs=[0.3, 0.7], trials=7)
        single = th.Binomial(prob=0.3, trials=7)
    else:
        a, b = numbers[0], numbers[1] + numbers[2]
        pair = th.DirichletMultinomial(concentration=[a, b], trials=7)
        single = th.BetaBinomial(mean=a / (a + b), precision=a + b, trials=7)
    np.testing.assert_allclose(pair.log_prob(rows), single.log_prob(y), rtol=1e-11)


def test_what_cannot_be_has_no_mass():
    law = LAWS[0]
    for row in ([3, 3, 3], [-1, 4, 4], [0.5, 3.5, 3.0]):
        assert law.log_prob(row) == -np.inf
    assert th.Multinomial(probs=[0.2, 0.5, 0.3]).log_prob([3, 3, 3]) > -np.inf


def test_outcomes_that_never_occurred_are_on_the_edge():
    for counts, empty in (([[3, 0, 6], [2, 0, 4]], 1), ([[0, 3, 6], [0, 2, 4]], 0)):
        fit = th.fit(th.Multinomial(), counts)
        assert fit.certificate.verdict == "boundary"
        assert fit.certificate.parameters == (f"probs[{empty}]",)
        assert fit.estimates[f"probs[{empty}]"] == 0.0
        assert np.isnan(fit.standard_errors[f"probs[{empty}]"])
        assert fit.standard_errors["probs[2]"] == pytest.approx(np.sqrt(1 / 3 * 2 / 3 / 15), rel=1e-12)
        assert fit.distribution.log_prob(counts).sum() == pytest.approx(fit.log_likelihood, rel=1e-12)
        assert fit.distribution.log_prob([1, 1, 1]) == -np.inf


def test_a_column_without_counts_changes_nothing_of_the_others():
    y = LAWS[1].sample(200, rng=1)
    whole = th.fit(th.DirichletMultinomial(), y)
    assert whole.certificate.verdict == "maximum"
    for at in (0, 3):
        wider = th.fit(th.DirichletMultinomial(), np.insert(y, at, 0, axis=1))
        assert wider.certificate.verdict == "boundary"
        assert wider.certificate.parameters == (f"concentration[{at}]",)
        assert wider.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
        others = [f"concentration[{k}]" for k in range(4) if k != at]
        found = [wider.estimates[name] for name in others]
        assert found == pytest.approx(list(whole.estimates.values()), rel=1e-7)
        errors = [wider.standard_errors[name] for name in others]
        assert errors == pytest.approx(list(whole.standard_errors.values()), rel=1e-6)
        law = wider.distribution
        assert law.log_prob(np.insert(y, at, 0, axis=1)).sum() == pytest.approx(
            wider.log_likelihood, rel=1e-12
        )
        assert law.log_prob(np.ones(4)) == -np.inf


def test_counts_that_vary_no_more_than_multinomial_ones_have_their_maximum_at_infinity():
    counts = [[5, 3, 2], [4, 4, 2], [5, 2, 3]]
    fit, limit = th.fit(th.DirichletMultinomial(), counts), th.fit(th.Multinomial(), counts)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Multinomial"
    assert not fit.certificate.exists
    assert fit.log_likelihood == fit.certificate.supremum == pytest.approx(limit.log_likelihood, rel=1e-13)
    assert set(fit.estimates.values()) == {np.inf}
    assert np.isnan(list(fit.standard_errors.values())).all()
    with pytest.raises(th.ParameterError, match="limit"):
        _ = fit.distribution


@pytest.mark.parametrize("seed", range(30))
def test_verdicts_agree_with_the_slope_at_the_limit(seed):
    rng = np.random.default_rng(seed)
    y = rng.multinomial(rng.integers(1, 30, 20), [0.2, 0.3, 0.5])
    totals = y.sum(axis=1)
    p = y.sum(axis=0) / y.sum()
    slope = 0.5 * ((y * (y - 1) / p).sum() - (totals * (totals - 1)).sum())
    fit = th.fit(th.DirichletMultinomial(), y)
    if slope > 0:
        assert fit.certificate.verdict == "maximum"
        assert fit.log_likelihood > th.fit(th.Multinomial(), y).log_likelihood
    else:
        assert fit.certificate.limit == "Multinomial"


def test_single_trials_say_nothing_of_the_concentration():
    rows = np.eye(3)[np.random.default_rng(1).integers(0, 3, 40)]
    fit = th.fit(th.DirichletMultinomial(), rows)
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.parameters == ("concentration",)
    fixed = th.fit(th.DirichletMultinomial(concentration=[1.0, 1.0, 1.0]), rows)
    assert fixed.dof == 0


@pytest.mark.parametrize(
    ("counts", "rows"),
    [
        ([[5, 0, 0], [0, 3, 0], [7, 0, 0], [0, 0, 2]], [2, 1, 1]),
        ([[5, 0, 0], [0, 3, 0], [7, 0, 0], [0, 1, 0], [0, 0, 0]], [2, 2, 0]),
        ([[50, 0], [0, 9], [0, 4]], [1, 2]),
    ],
)
def test_trials_that_are_alike_in_each_row_have_their_supremum_where_the_concentration_ends(
    counts, rows, tmp_path
):
    fit = th.fit(th.DirichletMultinomial(), counts)
    occurred = np.array([row for row in rows if row])
    supremum = (occurred * np.log(occurred / occurred.sum())).sum()
    assert fit.certificate.verdict == "at_infinity"
    assert not fit.certificate.exists
    assert fit.log_likelihood == fit.certificate.supremum == pytest.approx(supremum, rel=1e-14)
    assert set(fit.estimates.values()) == {0.0}
    assert set(fit.certificate.status.values()) == {"boundary"}
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert ", ".join(f"{row / sum(rows):.4g}" for row in rows) in fit.certificate.sentence
    with pytest.raises(th.ParameterError, match="shares open"):
        _ = fit.distribution
    # Nothing attains it, and on the way it is neared from below.
    shares = np.maximum(np.array(rows) / sum(rows), 1e-30)
    sums = np.geomspace(1.0, 1e-6, 7)
    ways = [th.DirichletMultinomial(concentration=size * shares).log_prob(counts).sum() for size in sums]
    assert (np.diff(ways) > 0).all()
    assert supremum - 1e-4 < ways[-1] < supremum
    weighted = th.fit(th.DirichletMultinomial(), counts, weights=np.full(len(counts), 3))
    assert weighted.log_likelihood == pytest.approx(3 * supremum, rel=1e-14)
    fit.save(tmp_path / "fit.json")
    assert th.load(tmp_path / "fit.json").certificate.sentence == fit.certificate.sentence


@pytest.mark.parametrize("counts", [[[0, 5, 0], [0, 3, 0]], [[0, 4, 0]], [[0, 1, 0], [0, 1, 0]]])
def test_one_outcome_alone_leaves_its_concentration_open(counts):
    fit = th.fit(th.DirichletMultinomial(), counts)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.exists
    assert fit.certificate.parameters == ("concentration[0]", "concentration[2]")
    assert fit.certificate.status["concentration[1]"] == "unidentified"
    assert fit.log_likelihood == 0.0
    assert np.isnan(fit.estimates["concentration[1]"])
    assert fit.estimates["concentration[0]"] == fit.estimates["concentration[2]"] == 0.0
    assert fit.distribution.log_prob(counts).sum() == pytest.approx(0.0, abs=1e-12)
    assert fit.distribution.log_prob([1, 1, 1]) == -np.inf
    np.testing.assert_array_equal(fit.simulate(1), counts)


def test_trials_vary_by_row_and_may_be_checked():
    rng = np.random.default_rng(4)
    totals = rng.integers(1, 40, 300)
    y = th.DirichletMultinomial(concentration=[2.0, 1.0, 3.0], trials=totals).sample(300, rng=5)
    np.testing.assert_array_equal(y.sum(axis=1), totals)
    fit = th.fit(th.DirichletMultinomial(), y)
    assert th.fit(th.DirichletMultinomial(trials=totals), y).estimates == fit.estimates
    columns = {"a": y[:, 0], "b": y[:, 1], "c": y[:, 2], "n": totals}
    named = th.fit(th.DirichletMultinomial(y=["a", "b", "c"], trials="n"), columns)
    assert named.estimates == fit.estimates
    assert th.fit(th.DirichletMultinomial(trials="n"), columns).model["columns"] == ["a", "b", "c"]
    np.testing.assert_array_equal(fit.simulate(1).sum(axis=1), totals)
    assert fit.simulate(1, 2).shape == (2, 300, 3)
    with pytest.raises(th.ParameterError, match="needs trials"):
        fit.distribution.sample(3)
    with pytest.raises(th.DataError, match="must sum to its trials"):
        th.fit(th.Multinomial(trials=5), [[2, 3], [3, 3]])


@pytest.mark.parametrize("row", [[0.5, 1.0], [1.0, -2.0]])
def test_rows_of_other_numbers_are_told(row):
    with pytest.raises(th.DataError, match=r"row 1 .*whole numbers"):
        th.fit(th.Multinomial(), [[1, 2], row])


def test_rows_of_nothing():
    with pytest.raises(th.DataError, match="all counts are 0"):
        th.fit(th.Multinomial(), [[0, 0], [0, 0]])
    plain = th.fit(th.Multinomial(), [[1, 3], [2, 2]])
    padded = th.fit(th.Multinomial(), [[1, 3], [0, 0], [2, 2]])
    assert padded.estimates == pytest.approx(plain.estimates, rel=1e-14)


def test_equal_rows_are_counted_and_clusters_still_find_theirs():
    y = LAWS[1].sample(3_000, rng=8)
    fit = th.fit(th.DirichletMultinomial(), y)
    shuffled = th.fit(th.DirichletMultinomial(), y[::-1])
    assert shuffled.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-13)
    assert fit.log_likelihood == pytest.approx(
        th.DirichletMultinomial(concentration=[fit.estimates[name] for name in fit.free_names])
        .log_prob(y)
        .sum(),
        rel=1e-12,
    )
    np.testing.assert_allclose(
        fit.covariance("sandwich", cluster=np.arange(3_000)), fit.covariance("sandwich"), rtol=1e-8
    )
