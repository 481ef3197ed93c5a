from __future__ import annotations

import math
from io import StringIO

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(20261127)
SKEWED = RNG.gamma(2.0, 1.5, 300)
COUNTS = RNG.negative_binomial(2, 0.3, 250)


@pytest.fixture(scope="module")
def chosen():
    return th.select(SKEWED)


def test_every_family_of_the_catalogue_is_ranked_failed_or_left_out_once(chosen):
    told = [*chosen.names, *(failure.name for failure in chosen.failures), *chosen.left_out]
    assert sorted(told) == sorted(th.families())


def test_a_parametrisation_is_listed_once(chosen):
    assert {"gamma_mean", "exponential_mean", "beta_mean"} <= set(chosen.left_out)
    assert {"gamma", "exponential"} <= set(chosen.names)


@pytest.mark.parametrize("criterion", ["aic", "aicc", "bic"])
def test_criteria_differences_and_weights_are_as_defined(criterion):
    found = th.select(SKEWED, ["gamma", "weibull", "log_normal", "student_t"], criterion)
    n = SKEWED.size
    scores = []
    for candidate in found.candidates:
        fit = th.fit(candidate.name, SKEWED)
        k, log_likelihood = len(fit.free_names), fit.log_likelihood
        penalty = {"aic": 2 * k, "aicc": 2 * k + 2 * k * (k + 1) / (n - k - 1), "bic": k * math.log(n)}[
            criterion
        ]
        scores.append(-2 * log_likelihood + penalty)
        assert candidate.score == pytest.approx(scores[-1], abs=1e-9)
        assert candidate.fit.estimates == fit.estimates
    assert scores == sorted(scores)
    relative = np.exp(-0.5 * (np.array(scores) - scores[0]))
    assert [candidate.difference for candidate in found.candidates] == pytest.approx(
        np.array(scores) - scores[0]
    )
    assert list(found.weights.values()) == pytest.approx(relative / relative.sum())


def test_cross_validation_is_the_likelihood_of_rows_that_were_left_out():
    found = th.select(SKEWED, ["gamma", "log_normal"], "cv", folds=4, rng=7)
    fold = np.random.default_rng(7).permutation(np.arange(SKEWED.size) % 4)
    for candidate in found.candidates:
        expected = 0.0
        for number in range(4):
            fit = th.fit(candidate.name, SKEWED[fold != number])
            expected += float(fit.distribution.log_prob(SKEWED[fold == number]).sum())
        assert candidate.score == pytest.approx(-2 * expected, abs=1e-6)


def test_cross_validation_is_the_same_for_the_same_seed():
    one, two, other = (
        th.select(SKEWED, ["gamma", "weibull"], "cv", rng=seed).candidates[0].score for seed in (1, 1, 2)
    )
    assert one == two != other


def test_cross_validation_of_censored_and_weighted_rows():
    time, event = SKEWED, (np.arange(SKEWED.size) % 3 > 0).astype(int)
    rows = th.Observations.right_censored(time, event)
    weights = 1.0 + np.arange(SKEWED.size) % 2
    found = th.select(rows, ["weibull"], "cv", weights=weights, folds=3, rng=1)
    fold = np.random.default_rng(1).permutation(np.arange(SKEWED.size) % 3)
    expected = 0.0
    for number in range(3):
        inside = fold != number
        fit = th.fit(
            "weibull", th.Observations.right_censored(time[inside], event[inside]), weights=weights[inside]
        )
        law = fit.distribution
        values = np.where(event[~inside], law.log_prob(time[~inside]), law.log_sf(time[~inside]))
        expected += float(weights[~inside] @ values)
    assert found.candidates[0].score == pytest.approx(-2 * expected, abs=1e-6)


def test_a_family_that_calls_unseen_rows_impossible_comes_last_by_cross_validation():
    found = th.select(SKEWED, ["uniform", "gamma"], "cv")
    assert found.names == ("gamma", "uniform")
    assert found.candidates[1].score == np.inf
    assert found.candidates[1].weight == 0


@pytest.mark.parametrize(
    ("family", "rivals"),
    [
        (th.Gamma(shape=3, rate=2), ["gamma", "weibull", "log_normal", "inverse_gaussian", "gev"]),
        (th.LogNormal(mean_log=0, sd_log=0.6), ["gamma", "weibull", "log_normal", "log_logistic"]),
        (th.StudentT(location=1, scale=2, df=4), ["normal", "student_t", "logistic", "cauchy"]),
        (
            th.NegativeBinomial(mean=4, size=2),
            ["poisson", "geometric", "negative_binomial", "generalized_poisson"],
        ),
        (th.Poisson(rate=3), ["poisson", "geometric", "negative_binomial", "skellam"]),
    ],
)
def test_the_truth_is_chosen_from_many_rows(family, rivals):
    rows = family.sample(20_000, rng=5)
    assert th.select(rows, rivals, "bic").names[0] == family.name


def test_whole_numbers_get_families_of_counts_and_others_densities():
    assert th.select(COUNTS).kind == "discrete"
    assert th.select(COUNTS).names[0] == "negative_binomial"
    assert th.select(COUNTS.astype(float), ["poisson", "normal"]).left_out == {
        "normal": "for continuous values"
    }
    measured = th.select(COUNTS + 1, ["poisson", "normal", "gamma"], kind="continuous")
    assert measured.left_out == {"poisson": "for whole numbers"}
    assert set(measured.names) == {"normal", "gamma"}
    assert th.select(COUNTS, ["normal", "logistic"]).kind == "continuous"


def test_times_in_whole_units_that_are_censored_are_no_counts():
    rows = th.Observations.right_censored([3, 5, 8, 12, 14, 20], [1, 1, 0, 1, 1, 0])
    assert th.select(rows, ["weibull", "poisson"]).left_out == {"poisson": "for whole numbers"}


def test_censored_truncated_and_weighted_rows_are_fitted_as_they_are():
    event = (np.arange(SKEWED.size) % 4 > 0).astype(int)
    rows = th.Observations.right_censored(SKEWED, event)
    weights = np.arange(SKEWED.size) % 3
    found = th.select(rows, ["weibull", "gamma", "uniform"], weights=weights)
    assert found["weibull"].estimates == th.fit("weibull", rows, weights=weights).estimates
    assert found["uniform"].estimates == th.fit("uniform", rows, weights=weights).estimates
    above = th.Observations(SKEWED[SKEWED > 1], entry=1.0)
    logged = th.Transformed(th.Uniform(), "exp")
    found = th.select(above, ["gamma", logged])
    assert found["gamma"].log_likelihood == th.fit("gamma", above).log_likelihood
    assert ["truncated rows" in why for why in found.left_out.values()] == [True]


def test_columns_files_and_known_quantities(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("k,n\n" + "\n".join(f"{k},{k + 6}" for k in COUNTS[:80]), encoding="utf-8")
    found = th.select(path, ["binomial", "beta_binomial", "poisson"], y="k", trials="n")
    assert set(found.names) | {failure.name for failure in found.failures} == {
        "binomial",
        "beta_binomial",
        "poisson",
    }
    assert found["binomial"].estimates == th.fit(th.Binomial(y="k", trials="n"), path).estimates
    assert th.select(path, ["binomial", "poisson"], y="k").left_out == {"binomial": "needs to be told trials"}


def test_what_has_no_maximum_is_told_apart_with_its_certificate():
    under = [3, 3, 4, 3, 4, 3]
    found = th.select(under, ["poisson", "negative_binomial"])
    assert found.names == ("poisson",)
    (failure,) = found.failures
    assert (failure.name, failure.verdict) == ("negative_binomial", "at_infinity")
    assert failure.certificate.limit == "Poisson"
    assert failure.reason.startswith("nears Poisson")
    assert found["negative_binomial"] is failure.fit
    assert "negative_binomial" in str(found)


def test_an_error_in_one_family_does_not_stop_the_others():
    rows = th.Observations.interval([1.0, 2.0, 0.5, 3.0], [2.0, 4.0, 1.5, 5.0])
    found = th.select(rows, ["gamma", "pareto", "log_normal"])
    assert set(found.names) == {"gamma", "log_normal"}
    with pytest.raises(th.ModelError, match="no fit of pareto"):
        found["pareto"]
    (failure,) = found.failures
    assert failure.fit is None
    assert failure.verdict == "error"


def test_fixed_parameters_and_wrappers_have_names_of_their_own():
    found = th.select(RNG.standard_t(5, 200), [th.StudentT(df=5), th.StudentT(), th.Normal()])
    assert {"student_t(df=5)", "normal"} <= set(found.names)
    zeros = np.where(RNG.random(200) < 0.3, 0, COUNTS[:200])
    found = th.select(zeros, ["zero_inflated(poisson)", "poisson"])
    assert found.names[0] == "zero_inflated(poisson)"


def test_a_selection_is_a_sequence_of_fits_that_cannot_be_changed(chosen):
    fits = list(chosen)
    assert len(chosen) == len(fits)
    assert fits[0] is chosen.best is chosen[0] is chosen[chosen.names[0]]
    assert chosen.names[0] in chosen
    assert chosen.best in chosen
    assert "beta" not in chosen
    with pytest.raises(AttributeError, match="immutable"):
        chosen.candidates = ()
    with pytest.raises(AttributeError, match="immutable"):
        del chosen._candidates
    with pytest.raises(th.ModelError, match="there are: "):
        chosen["nonsense"]


def test_nothing_usable_has_no_best():
    found = th.select([3, 3, 4, 3], ["negative_binomial"])
    assert len(found) == 0
    with pytest.raises(th.InferenceError, match="no model could be ranked"):
        _ = found.best


def test_shared_counts_give_the_fit_that_rows_give():
    rows = np.repeat(COUNTS, 3)
    found = th.select(rows, ["poisson", "negative_binomial"])
    for name in found.names:
        alone = th.fit(name, rows)
        assert found[name].estimates == alone.estimates
        assert (found[name].n_rows, found[name].data_digest) == (alone.n_rows, alone.data_digest)


def test_it_renders_everywhere(chosen, tmp_path):
    from rich.console import Console

    text = str(chosen)
    lines = text.splitlines()
    assert lines[0] == f"{len(chosen)} continuous families by AIC"
    assert all(name in text for name in chosen.names)
    assert max(map(len, lines)) <= 100
    html = chosen._repr_html_()
    assert html.count("<tr>") == len(chosen) + 1
    console = Console(width=100, record=True, file=StringIO())
    console.print(chosen)
    assert "log-likelihood" in console.export_text()
    chosen.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert chosen.names[0] in page
    assert "http" not in page


@pytest.mark.parametrize("rows", ["continuous", "counts", "censored"])
def test_the_best_few_are_drawn_over_the_data(rows):
    from matplotlib.figure import Figure

    data = {
        "continuous": SKEWED,
        "counts": COUNTS,
        "censored": th.Observations.right_censored(SKEWED, (np.arange(SKEWED.size) % 3 > 0).astype(int)),
    }[rows]
    families = (
        ["poisson", "geometric", "negative_binomial"] if rows == "counts" else ["gamma", "weibull", "normal"]
    )
    found = th.select(data, families)
    axes = found.plot(Figure().add_subplot(), most=2)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert set(found.names[:2]) < set(labels)
    assert found.names[2] not in labels
    line = next(line for line in axes.get_lines() if line.get_label() == found.names[0])
    x, height = line.get_xdata(), line.get_ydata()
    law = found.best.distribution
    expected = law.cdf(x) if rows == "censored" else law.density(x)
    assert height == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"criterion": "foo"}, "choose from aic, aicc, bic, cv"),
        ({"families": []}, "give at least one"),
        ({"families": ["gamma", "gamma"]}, "given twice"),
        ({"families": ["gama"]}, "did you mean 'gamma'"),
        ({"families": [th.Gamma(y="wait")]}, "names the response 'wait'"),
        ({"kind": "both"}, "continuous, discrete"),
        ({"families": ["beta"]}, "beta is for numbers above 0 and below 1"),
        ({"criterion": "cv", "folds": 1}, "from 2 to the number of rows"),
    ],
)
def test_bad_input_is_refused(arguments, match):
    with pytest.raises(th.ThetahatError, match=match):
        th.select(SKEWED, **arguments)


def test_missing_rows_are_named():
    with pytest.raises(th.DataError, match="row 1 "):
        th.select([1.0, math.nan, 2.0])
    with pytest.raises(th.DataError, match="are zero"):
        th.select([1.0, 2.0], weights=[0, 0])
