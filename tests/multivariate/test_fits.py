"""Fits of every family of vectors: where rows come from, weights, orders, files, and what a fit can tell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.multivariate.cases import blank, every_law

import thetahat as th

every = pytest.mark.parametrize("law", every_law(), ids=lambda law: law.title)


def names_of(law):
    return [f"c{index}" for index in range(law.size)]


def columns_of(law, y):
    return dict(zip(names_of(law), y.T.copy(), strict=True))


def close(one, other, errors, within=1e-7):
    """Whether two sets of estimates agree, in standard errors."""
    return all(
        abs(one[name] - other[name]) <= within * errors[name] for name in one if np.isfinite(errors[name])
    )


@every
def test_a_fit_finds_what_the_rows_were_drawn_from(law):
    y = law.sample(4_000, rng=21)
    fit = th.fit(blank(law), y)
    assert fit.certificate.verdict == "maximum"
    assert min(fit.certificate.digits.values()) > 9
    assert fit.n_rows == 4_000
    for name, value in law.parameters.items():
        assert abs(fit.estimates[name] - value) < 5 * fit.standard_errors[name]
    assert fit.log_likelihood >= law.log_prob(y).sum()
    assert fit.log_likelihood == pytest.approx(fit.distribution.log_prob(y).sum(), rel=1e-12)
    assert fit.dof == sum(parameter.domain.free_size for parameter in law.declared)
    assert fit.aic == -2 * fit.log_likelihood + 2 * fit.dof


@every
def test_kinds_of_covariance_agree_under_the_model(law):
    fit = th.fit(blank(law), law.sample(20_000, rng=4))
    observed = np.sqrt(np.diag(fit.covariance()))
    for kind in ("expected", "opg", "sandwich", "HC1", "stata"):
        assert np.sqrt(np.diag(fit.covariance(kind))) == pytest.approx(observed, rel=0.1)
    alone = fit.covariance("sandwich", cluster=np.arange(20_000))
    np.testing.assert_allclose(alone, fit.covariance("sandwich"), rtol=1e-8)
    with pytest.raises(th.InferenceError, match="vector"):
        fit.covariance("HC3")
    with pytest.raises(th.InferenceError, match="one cluster"):
        fit.covariance("sandwich", cluster=np.zeros(20_000))


@every
def test_weights_repeat_rows_and_zeros_leave_them_out(law):
    y = law.sample(200, rng=5)
    weight = np.random.default_rng(1).integers(0, 4, 200)
    weighted = th.fit(blank(law), y, weights=weight)
    repeated = th.fit(blank(law), np.repeat(y, weight, axis=0))
    assert weighted.n_obs == repeated.n_obs == weight.sum()
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
    assert close(weighted.estimates, repeated.estimates, repeated.standard_errors)
    np.testing.assert_allclose(weighted.covariance("opg"), repeated.covariance("opg"), rtol=1e-6)
    spoilt = y.copy()
    spoilt[weight == 0] = -7.5
    assert th.fit(blank(law), spoilt, weights=weight).estimates == weighted.estimates
    with pytest.raises(th.DataError, match="zero"):
        th.fit(blank(law), y, weights=np.zeros(200))


@every
def test_the_order_of_rows_does_not_matter(law):
    y = law.sample(500, rng=6)
    fit = th.fit(blank(law), y)
    other = th.fit(blank(law), y[np.random.default_rng(2).permutation(500)])
    assert close(fit.estimates, other.estimates, fit.standard_errors)
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)


@every
def test_the_same_bits_wherever_the_rows_lie(law, tmp_path):
    y = law.sample(70_000, rng=7)
    columns = columns_of(law, y)
    first = th.fit(blank(law), y)
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet", row_group_size=9_999)
    pd.DataFrame(columns).to_csv(tmp_path / "rows.csv", index=False)
    family = blank(law, names_of(law))
    for data in (columns, pd.DataFrame(columns), pl.DataFrame(columns), tmp_path / "rows.parquet"):
        fit = th.fit(family, data)
        assert list(fit.estimates.values()) == list(first.estimates.values())
        assert fit.log_likelihood == first.log_likelihood
        assert fit.data_digest == first.data_digest
        np.testing.assert_array_equal(fit.covariance("opg"), first.covariance("opg"))
    for threads in (1, 2):
        assert th.fit(family, columns, engine=th.Threads(threads)).estimates == fit.estimates
    from_text = th.fit(family, tmp_path / "rows.csv")
    assert close(from_text.estimates, fit.estimates, fit.standard_errors)


@every
def test_columns_are_found_by_name_or_because_they_hold_numbers(law):
    y = law.sample(60, rng=8)
    columns = columns_of(law, y)
    names = names_of(law)
    extra = {**columns, "label": ["a", "b"] * 30, "often": np.ones(60, dtype=int)}
    fit = th.fit(blank(law, names), extra, weights="often")
    assert th.fit(blank(law, ", ".join(names)), extra).estimates == fit.estimates
    assert th.fit(blank(law), extra, weights="often").estimates == fit.estimates
    assert th.fit(law.name, columns).estimates == fit.estimates
    assert fit.model["columns"] == names
    assert th.fit(blank(law), y.tolist()).log_likelihood == fit.log_likelihood
    backwards = th.fit(blank(law, names[::-1]), extra)
    assert backwards.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)
    with pytest.raises(th.SourceError, match="c9"):
        th.fit(blank(law, ["c0", "c9"]), extra)
    with pytest.raises(th.ModelError, match="twice"):
        th.fit(blank(law, ["c0", "c1", "c0"]), extra)
    with pytest.raises(th.ModelError, match="no names"):
        th.fit(blank(law, names), y)
    with pytest.raises(th.ModelError, match="a name is empty"):
        th.fit(blank(law, "c0,,c1"), extra)


@every
def test_a_saved_fit_comes_back(law, tmp_path):
    y = law.sample(300, rng=9)
    fit = th.fit(blank(law, names_of(law)), columns_of(law, y))
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.estimates == fit.estimates
    assert loaded.standard_errors == fit.standard_errors
    assert loaded.certificate == fit.certificate
    assert loaded.model == fit.model
    np.testing.assert_array_equal(loaded.distribution.log_prob(y), fit.distribution.log_prob(y))
    assert dict(loaded.intervals()) == dict(fit.intervals())
    np.testing.assert_array_equal(loaded.simulate(1, 4), fit.simulate(1, 4))
    with pytest.raises(th.InferenceError, match="needs the data"):
        loaded.covariance("opg")
    for spoil in ({"size": 9}, {"family": "gamma"}, {"columns": ["a"]}, {"known": {"age": 1}}):
        plain = json.loads((tmp_path / "fit.json").read_text())
        plain["model"].update(spoil)
        (tmp_path / "spoilt.json").write_text(json.dumps(plain))
        with pytest.raises(th.SourceError, match="damaged"):
            th.load(tmp_path / "spoilt.json")


@every
def test_fixed_parameters_stay(law):
    y = law.sample(300, rng=10)
    for name, value in law.given.items():
        fit = th.fit(blank(law), y, fixed={name: value})
        assert fit.certificate.verdict == "maximum"
        entries = {
            key: number for key, number in law.parameters.items() if key.startswith(f"{name}[") or key == name
        }
        assert {key: fit.estimates[key] for key in entries} == pytest.approx(entries, rel=1e-12)
        assert all(np.isnan(fit.standard_errors[key]) for key in entries)
        assert fit.covariance().shape == (len(fit.free_names),) * 2
        given = th.fit(type(law)(**{name: value}, **law.known_values), y)
        assert given.estimates == fit.estimates
    whole = th.fit(law, y)
    assert whole.dof == 0
    assert whole.log_likelihood == pytest.approx(law.log_prob(y).sum(), rel=1e-12)
    assert th.cross_entropy(y, law) == pytest.approx(-law.log_prob(y).mean(), rel=1e-12)


@every
def test_a_start_leads_to_the_same_maximum(law):
    y = law.sample(300, rng=12)
    fit = th.fit(blank(law), y)
    from_start = th.fit(blank(law), y, start=dict(law.given))
    assert from_start.certificate.verdict == "maximum"
    assert close(from_start.estimates, fit.estimates, fit.standard_errors)
    assert from_start.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)
    with pytest.raises(th.ParameterError, match="no parameter"):
        th.fit(blank(law), y, start={"colour": 1.0})


@every
def test_profile_intervals_are_near_those_of_wald_for_many_rows(law):
    fit = th.fit(blank(law), law.sample(5_000, rng=13))
    for name in (fit.free_names[0], fit.free_names[-1]):
        low, high = fit.intervals(method="profile", parameters=name)[name]
        wald = fit.intervals(parameters=name)[name]
        assert low < fit.estimates[name] < high
        assert (low, high) == pytest.approx(wald, abs=0.2 * fit.standard_errors[name])


@every
def test_bad_rows_are_told_by_number(law):
    y = law.sample(40, rng=14).astype(float)
    missing = y.copy()
    missing[7, 1] = np.nan
    with pytest.raises(th.DataError, match=r"row 7 \(nan\)"):
        th.fit(blank(law), missing)
    infinite = y.copy()
    infinite[3, 0] = np.inf
    with pytest.raises(th.DataError, match=r"row 3 \(inf\)"):
        th.fit(blank(law), infinite)
    with pytest.raises(th.DataError, match="shape"):
        th.fit(blank(law), y[:, 0])
    with pytest.raises(th.DataError, match="different lengths"):
        th.fit(blank(law), [[1.0, 2.0], [3.0]])
    with pytest.raises(th.DataError, match="text"):
        th.fit(blank(law, ["c0", "c1", "kind"]), {**columns_of(law, y), "kind": ["x"] * 40})
    with pytest.raises(th.ModelError, match="known exactly"):
        th.fit(blank(law), th.Observations(y[:, 0]))
    with pytest.raises(th.DataError, match="negative"):
        th.fit(blank(law), y, weights=-np.ones(40))
    with pytest.raises(th.DataError, match="columns"):
        th.fit(law, y[:, :2])


@every
def test_what_is_only_of_single_values_is_refused(law):
    fit = th.fit(blank(law), law.sample(50, rng=15))
    for call in (fit.residuals, fit.predict, fit.leverage, lambda: fit.deviance):
        with pytest.raises(th.InferenceError, match="vector"):
            call()
    with pytest.raises(th.InferenceError, match="vectors"):
        fit.goodness_of_fit()
    with pytest.raises(th.ModelError, match="vectors"):
        th.project(fit, th.Normal())
    with pytest.raises(th.ModelError, match="vectors"):
        th.fit(th.Regression("y ~ x", blank(law)), {"y": [1.0, 2.0], "x": [1.0, 3.0]})
    with pytest.raises(th.ModelError, match="vectors"):
        th.select([1.0, 2.0, 4.0], families=[law.name])
    assert law.name in th.select([1.0, 2.0, 4.0, 3.0, 7.0]).left_out


@every
def test_pages_and_texts_name_the_columns(law, tmp_path):
    y = law.sample(80, rng=16)
    fit = th.fit(blank(law, names_of(law)), columns_of(law, y))
    text = str(fit.summary())
    assert f"{law.title} fit of c0, c1" in text
    assert "(c1)" in text or "c1" in text
    fit.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert law.title in page
    assert "Profile likelihood" in page
    assert repr(fit).startswith(f"<Fit {law.name}: ")
