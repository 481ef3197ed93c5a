"""Delayed entry and truncation from the user's side: text, impossible input, what a fit can and cannot tell."""

from __future__ import annotations

import json

import numpy as np
import pytest

import thetahat as th
from thetahat.report import page as pages
from thetahat.report.empirical import sample_of
from thetahat.report.fitted_law import law_of
from thetahat.response import parse_response

TIME = [5.0, 3.0, 8.0, 6.0, 4.0, 9.0]
EVENT = [1, 0, 1, 1, 0, 1]
START = [1.0, 0.0, 4.0, 2.5, 3.0, 6.0]
ROWS = {"time": TIME, "event": EVENT, "start": START}


# ---- Text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("censored(time, event, entry=start)", None),
        ("left_censored(value, detected, exit=end)", None),
        ("interval( low,high , entry = a, exit=b )", "interval(low, high, entry=a, exit=b)"),
        ("truncated(y, entry=0)", "truncated(y, entry=0.0)"),
        ("truncated(y, exit=1e3)", "truncated(y, exit=1000.0)"),
        ("truncated(y, exit=-2.5, entry=a)", "truncated(y, entry=a, exit=-2.5)"),
        ("truncated(`y`, entry=`a`)", "truncated(y, entry=a)"),
    ],
)
def test_text_is_read_and_written(text, again):
    response = parse_response(text)
    assert response.truncated
    assert response.describe() == (again or text)
    assert parse_response(response.describe()) == response


def test_a_column_may_be_named_like_a_number():
    response = parse_response("truncated(y, entry=0)", ("y", "0"))
    assert response.columns == ("y", "0")
    assert not parse_response("truncated(y, entry=0)", ("truncated(y, entry=0)",)).truncated


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("truncated(y)", "say what truncates it"),
        ("truncated(y, z, entry=0)", "one column"),
        ("censored(time, entry=a)", "two columns, 1 given"),
        ("censored(time, event, enter=a)", "entry= and exit="),
        ("censored(time, event, entry=a, entry=b)", "entry= and exit="),
        ("censored(time, entry=a, event)", "two columns"),
        ("censored(time, event, entry=)", "empty"),
        ("truncated(y, entry=3, exit=2)", "entry=3, exit=2"),
        ("curtailed(y)", r"truncated\(value"),
    ],
)
def test_text_that_is_none_is_refused(text, words):
    with pytest.raises(th.ModelError, match=words):
        parse_response(text)


# ---- Rows that cannot be ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            th.Observations([2.0, 3.0], entry=[1.0, 3.0]),
            ["1 row has a value", "row 1 (3 with entry 3, exit inf)"],
        ),
        (
            th.Observations([2.0, 3.0], entry=[5.0, 6.0]),
            ["2 rows have", "row 0 (2 with entry 5, exit inf), row 1"],
        ),
        (th.Observations([2.0, 3.0], exit=[9.0, 2.5]), ["row 1 (3 with entry -inf, exit 2.5)"]),
        (
            th.Observations([2.0, 3.0], entry=[1.0, 4.0], exit=[3.0, 4.0]),
            ["not before the exit", "row 1 (entry 4"],
        ),
        (th.Observations([2.0, 3.0], entry=[1.0, np.nan]), ["1 missing", "row 1 (nan)"]),
        (th.Observations([2.0, 3.0], entry=["a", "b"]), ["text"]),
        (th.Observations([2.0, 3.0], entry=[1.0]), ["different lengths"]),
        (
            th.Observations.right_censored([2.0, 3.0], [1, 0], entry=[1.0, 3.0]),
            ["say nothing of the value", "row 1 ((3, inf] with entry 3, exit inf)"],
        ),
        (
            th.Observations.right_censored([2.0, 3.0], [1, 0], entry=[1.0, 4.0]),
            ["say nothing", "row 1 ((3, inf]"],
        ),
        (th.Observations.right_censored([2.0, 3.0], [1, 0], exit=[4.0, 3.0]), ["does not reach", "row 1"]),
        (
            th.Observations.left_censored([2.0, 3.0], [1, 0], entry=[1.0, 3.0]),
            ["does not reach", "row 1 ((-inf, 3]"],
        ),
        (
            th.Observations.interval([2.0, 3.0], [4.0, 5.0], entry=[0.0, 6.0]),
            ["does not reach", "row 1 ((3, 5]"],
        ),
    ],
    ids=lambda item: " ".join(item)[:30] if isinstance(item, list) else "",
)
def test_rows_that_cannot_have_been_observed_are_named(rows, words):
    with pytest.raises(th.DataError) as caught:
        th.fit(th.Weibull(), rows)
    for word in words:
        assert word in str(caught.value)


def test_row_numbers_are_those_of_the_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("y,a,w\n" + "5,1,0\n" * 4 + "5,7,1\n" + "5,1,2\n" * 3)
    with pytest.raises(th.DataError, match=r"truncated\(y, entry=a\).*row 4 \(5 with entry 7"):
        th.fit(th.Weibull(y="truncated(y, entry=a)"), path, weights="w")


def test_numbers_that_are_no_limits_are_refused():
    with pytest.raises(th.DataError, match="entry=<class 'object'>"):
        th.Observations([1.0], entry=object)
    with pytest.raises(th.ModelError, match="nan"):
        th.Observations([1.0], entry=np.nan)
    with pytest.raises(th.ModelError, match="entry=4, exit=4"):
        th.Observations([1.0], entry=4, exit=4)
    with pytest.raises(th.DataError, match="rows of Categorical are labels"):
        th.fit(th.Categorical(), th.Observations([1.0, 2.0], entry=0))
    with pytest.raises(th.ModelError, match="Transformed ends at its parameters"):
        th.fit(th.Transformed(th.Uniform(), "exp"), th.Observations([1.0, 2.0], entry=0.5))
    with pytest.raises(th.ModelError, match="Uniform ends at its parameters"):
        th.fit(th.Truncated(th.Uniform(), low=0), [1.0, 2.0])


def test_a_count_at_its_entry_is_refused_and_one_at_its_exit_is_not():
    with pytest.raises(th.DataError, match="row 0"):
        th.fit(th.Poisson(), th.Observations([2, 3, 4], entry=[2, 1, 1]))
    assert th.fit(th.Poisson(), th.Observations([2, 3, 4], exit=[2, 8, 8])).certificate.exists


# ---- What a fit is ---------------------------------------------------------------------------------------


def test_intervals_are_narrowed_to_their_limits():
    wide = th.Observations.left_censored([4.0, 5.0, 3.0, 6.0], [0, 1, 1, 1], entry=[1.0, 2.0, 0.0, 3.0])
    narrow = th.Observations.interval([1.0, 5.0, 3.0, 6.0], [4.0, 5.0, 3.0, 6.0], entry=[1.0, 2.0, 0.0, 3.0])
    assert th.fit(th.Gamma(), wide).log_likelihood == th.fit(th.Gamma(), narrow).log_likelihood


def test_limits_beyond_the_support_are_none():
    plain = th.fit(th.Gamma(), TIME)
    limited = th.fit(
        th.Gamma(), th.Observations(TIME, entry=[0.0, -3.0, -np.inf, 0.0, 0.0, 0.0], exit=np.inf)
    )
    assert limited.estimates == pytest.approx(plain.estimates, rel=1e-9)
    assert limited.certificate.sentence == plain.certificate.sentence
    counts = th.fit(th.Poisson(), th.Observations([0, 1, 4], entry=[-1, -0.5, -9]))
    assert counts.estimates == pytest.approx({"rate": 5 / 3}, rel=1e-10)


@pytest.mark.parametrize("family", [th.Weibull(), th.Poisson()])
def test_frequency_weights_are_repeated_rows(family):
    rng = np.random.default_rng(1)
    y = rng.poisson(4.0, 60) + 2.0
    entry = y - rng.integers(1, 3, 60)
    weights = rng.integers(0, 4, 60)
    repeated = np.repeat(np.arange(60), weights)
    short = th.fit(family, th.Observations(y, entry=entry), weights=weights)
    long = th.fit(family, th.Observations(y[repeated], entry=entry[repeated]))
    assert short.log_likelihood == pytest.approx(long.log_likelihood, rel=1e-12)
    assert list(short.estimates.values()) == pytest.approx(list(long.estimates.values()), rel=1e-8)
    for kind in ("observed", "opg", "sandwich"):
        assert np.allclose(short.covariance(kind), long.covariance(kind), rtol=1e-6)
    assert short.n_obs == long.n_obs


def test_any_unit_of_the_data():
    rng = np.random.default_rng(2)
    y = rng.normal(3.0, 1.0, 80)
    y = y[y > 2.0]
    entry = np.minimum(y - rng.exponential(0.3, y.size), 2.0)
    here = th.fit(th.Normal(), th.Observations(y, entry=entry))
    for unit in (1e-200, 1e250):
        there = th.fit(th.Normal(), th.Observations(y * unit, entry=entry * unit))
        assert there.estimates["mean"] / unit == pytest.approx(here.estimates["mean"], rel=1e-6)
        assert there.estimates["sd"] / unit == pytest.approx(here.estimates["sd"], rel=1e-6)
        shift = y.size * np.log(unit)
        assert there.log_likelihood == pytest.approx(here.log_likelihood - shift, rel=1e-12)


def test_profiles_are_those_of_a_truncated_family():
    y = np.random.default_rng(3).gamma(2.0, 1.0, 100)
    y = y[y > 0.5]
    rows = th.fit(th.Gamma(), th.Observations(y, entry=np.full(y.size, 0.5)))
    family = th.fit(th.Truncated(th.Gamma(), low=0.5), y)
    for name, ends in rows.intervals(method="profile").items():
        assert ends == pytest.approx(family.intervals(method="profile")[name], rel=1e-6)


def test_what_is_not_defined_is_refused():
    by_row = th.fit(th.Weibull(y="censored(time, event, entry=start)"), ROWS)
    with pytest.raises(th.InferenceError, match="expected"):
        by_row.covariance("expected")
    with pytest.raises(th.InferenceError, match=r"th\.Truncated\(fit\.distribution"):
        by_row.simulate(1)
    same = th.fit(th.Poisson(), th.Observations([1, 2, 2, 5], entry=0))
    drawn = same.simulate(1, n=500)
    assert drawn.shape == (500,)
    assert drawn.min() == 1
    assert np.array_equal(same.simulate(1), th.Truncated(same.distribution, low=0).sample(4, rng=1))


# ---- Files, command line, report -------------------------------------------------------------------------


def test_a_fit_is_saved_and_loaded(tmp_path):
    fit = th.fit(th.Weibull(y="censored(time, event, entry=start)"), ROWS)
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.estimates == fit.estimates
    assert loaded.standard_errors == fit.standard_errors
    assert loaded.model["response"] == "censored(time, event, entry=start)"
    assert str(loaded.certificate.sentence) == str(fit.certificate.sentence)
    assert "censored(time, event, entry=start)" in str(fit.summary())
    with pytest.raises(th.InferenceError, match="limits"):
        loaded.simulate(1)


@pytest.mark.parametrize("engine", [th.Threads(1), th.Threads(3)])
def test_files_and_threads_give_the_same_bits(tmp_path, engine):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(4)
    n = 70_000
    entry = np.where(rng.random(n) < 0.5, rng.exponential(1.0, n), 0.0)
    time = entry + rng.weibull(1.5, n) + 0.01
    columns = {"time": time, "event": rng.integers(0, 2, n), "start": entry, "w": rng.integers(0, 3, n)}
    here = th.fit(th.Weibull(y="censored(time, event, entry=start)"), columns, weights="w")
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet", row_group_size=9_000)
    there = th.fit(
        th.Weibull(y="censored(time, event, entry=start)"),
        tmp_path / "rows.parquet",
        weights="w",
        engine=engine,
    )
    assert there.estimates == here.estimates
    assert there.log_likelihood == here.log_likelihood
    assert np.array_equal(there.covariance("opg"), here.covariance("opg"))


def test_the_command_line_takes_limits(tmp_path, capsys):
    from thetahat.cli import main

    path = tmp_path / "rows.csv"
    lines = [",".join(map(str, row)) for row in zip(TIME, EVENT, START, strict=True)]
    path.write_text("time,event,start\n" + "\n".join(lines) + "\n")
    status = main(
        ["fit", str(path), "--y", "censored(time, event, entry=start)", "--family", "exponential", "--json"]
    )
    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    exposure = np.sum(np.subtract(TIME, START))
    assert answer["estimates"]["rate"] == pytest.approx(sum(EVENT) / exposure, rel=1e-10)
    bad = main(["fit", str(path), "--y", "censored(time, event, entry=time)", "--family", "exponential"])
    assert bad == 2
    assert "row" in capsys.readouterr().err


def sample_and_law(fit):
    likelihood = fit.solution.likelihood
    sample = sample_of(likelihood, fit.n_rows, likelihood.model.unit)
    return sample, law_of(fit.distribution, sample.rows)


def test_the_product_limit_estimate_counts_who_has_entered():
    fit = th.fit(th.Weibull(y="censored(time, event, entry=start)"), ROWS)
    sample, law = sample_and_law(fit)
    found = sample.empirical()
    surviving, expected = 1.0, []
    for t in found.points:
        at_risk = sum(1 for end, begin in zip(TIME, START, strict=True) if begin < t <= end)
        surviving *= 1.0 - sum(1 for end, e in zip(TIME, EVENT, strict=True) if e and end == t) / at_risk
        expected.append(1.0 - surviving)
    assert found.cumulative == pytest.approx(expected, rel=1e-12)
    assert law.cdf(5.0) == pytest.approx(fit.distribution.cdf(5.0), rel=1e-12)


def test_the_product_limit_estimate_is_near_the_law_above_the_lowest_entry():
    rng = np.random.default_rng(5)
    time = rng.weibull(1.5, 20_000) * 3.0
    entry = rng.uniform(0.5, 3.0, time.size)
    seen = time > entry
    fit = th.fit(th.Weibull(), th.Observations(time[seen], entry=entry[seen]))
    sample, law = sample_and_law(fit)
    assert sample.entered
    assert sample.why_none is None
    found = sample.empirical()
    late = found.points > 0.8
    assert np.max(np.abs(law.cdf(found.points) - found.cumulative)[late]) < 0.05
    text = pages.page(fit)
    assert "given that the value exceeds the lowest entry" in text
    assert "Data under the fit" not in text


@pytest.mark.parametrize(
    ("rows", "heading"),
    [
        (th.Observations(np.arange(1.0, 9.0), entry=0.5, exit=9.0), "Data under the fit"),
        (
            th.Observations(np.arange(1.0, 9.0), entry=np.linspace(0.0, 5.0, 8), exit=9.0),
            "upper limits of truncation",
        ),
        (th.Observations(np.arange(1.0, 9.0), entry=np.arange(1.0, 9.0) - 0.5), "at risk"),
    ],
)
def test_the_page_draws_what_can_be_compared_and_says_what_cannot(rows, heading):
    assert heading in pages.page(th.fit(th.Gamma(), rows))


def test_the_law_of_rows_with_the_same_limits_lies_between_them():
    fit = th.fit(th.Poisson(), th.Observations([1, 2, 2, 5], entry=0))
    sample, law = sample_and_law(fit)
    assert not sample.entered
    assert law.density(0) == 0
    assert law.cdf(1e9) == pytest.approx(1.0, rel=1e-14)
    trials = th.fit(
        th.Binomial(y="truncated(y, entry=0)", trials="n"), {"y": [1, 2, 2, 5], "n": [4, 4, 6, 6]}
    )
    _, law = sample_and_law(trials)
    assert len(law.parts) == 2
    assert law.density(0) == 0
