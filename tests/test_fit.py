"""What a fit tells: numbers, covariance, intervals, functions of the estimates, storage."""

from __future__ import annotations

import copy
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import thetahat as th

Y = np.random.default_rng(7).gamma(2.5, 1.5, 400)


@pytest.fixture(scope="module")
def fit():
    return th.fit(th.Gamma(), Y)


def test_numbers_belong_together(fit):
    n, k, ll = 400, 2, fit.log_likelihood
    assert ll == pytest.approx(float(np.sum(fit.distribution.log_prob(Y))), rel=1e-12)
    assert (fit.n_rows, fit.n_obs, fit.dof) == (n, n, k)
    assert fit.nll == -ll
    assert fit.cross_entropy == -ll / n
    assert fit.aic == -2 * ll + 2 * k
    assert fit.bic == pytest.approx(-2 * ll + k * math.log(n))
    assert fit.aicc == pytest.approx(fit.aic + 2 * k * (k + 1) / (n - k - 1))
    assert th.fit(th.Gamma(), Y[:3]).aicc == math.inf


def test_covariances_of_a_well_specified_model_agree_roughly_and_observed_is_the_inverse_information(fit):
    observed = fit.covariance()
    np.testing.assert_allclose(np.sqrt(np.diag(observed)), list(fit.standard_errors.values()), rtol=1e-12)
    np.testing.assert_allclose(fit.information() @ observed, np.eye(2), atol=1e-9)
    # Gamma is an exponential family: in its own coordinates observed and expected information are one.
    np.testing.assert_allclose(fit.covariance("expected"), observed, rtol=1e-9)
    for kind in ("opg", "sandwich"):
        np.testing.assert_allclose(fit.covariance(kind), observed, rtol=0.5)
    np.testing.assert_array_equal(fit.covariance("HC0"), fit.covariance("sandwich"))
    np.testing.assert_allclose(fit.covariance("HC1"), fit.covariance("sandwich") * 400 / 398, rtol=1e-12)
    np.testing.assert_allclose(fit.covariance("stata"), fit.covariance("sandwich") * 400 / 399, rtol=1e-12)
    with pytest.raises(th.InferenceError, match="choose from observed, expected"):
        fit.covariance("robust")


def test_the_sandwich_is_made_of_row_scores(fit):
    shape, rate = fit.estimates["shape"], fit.estimates["rate"]
    from scipy import special

    scores = np.column_stack([np.log(rate) + np.log(Y) - special.digamma(shape), shape / rate - Y])
    bread = np.linalg.inv(
        len(Y) * np.array([[special.polygamma(1, shape), -1 / rate], [-1 / rate, shape / rate**2]])
    )
    np.testing.assert_allclose(fit.covariance("sandwich"), bread @ scores.T @ scores @ bread, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance("opg"), np.linalg.inv(scores.T @ scores), rtol=1e-9)


def test_expected_information_is_refused_under_censoring():
    censored = th.fit(th.Weibull(), th.Observations.right_censored([1.0, 2.0, 3.0, 3.0], [1, 1, 1, 0]))
    with pytest.raises(th.InferenceError, match="potential censoring time"):
        censored.covariance("expected")


def test_wald_intervals_stay_inside_on_the_free_scale_and_are_symmetric_on_the_natural_one():
    fit = th.fit(th.Exponential(), [3.0])
    low, high = fit.intervals()["rate"]
    assert 0 < low < fit.estimates["rate"] < high
    low, high = fit.intervals(scale="natural")["rate"]
    assert low < 0
    assert low + high == pytest.approx(2 * fit.estimates["rate"])
    narrow = fit.intervals(level=0.5)["rate"]
    assert narrow[1] - narrow[0] < high - low
    for wrong in ({"level": 1.0}, {"method": "magic"}, {"scale": "log"}, {"parameters": ["shape"]}):
        with pytest.raises(th.ThetahatError):
            fit.intervals(**wrong)


def test_profile_intervals_are_where_the_likelihood_ratio_is_critical(fit):
    for name, (low, high) in fit.intervals(method="profile").items():
        for end in (low, high):
            pinned = th.fit(th.Gamma(), Y, fixed={name: end})
            assert 2 * (fit.log_likelihood - pinned.log_likelihood) == pytest.approx(
                3.841458820694124, abs=1e-7
            )


def test_the_profile_curve_has_its_top_at_the_estimate(fit):
    curve = fit.profile("shape")
    top = int(np.argmax(curve.log_likelihoods))
    assert curve.values[top] == pytest.approx(fit.estimates["shape"])
    assert np.all(np.diff(curve.signed_roots) > 0)
    assert curve.signed_roots[0] < -2.5
    assert curve.signed_roots[-1] > 2.5


def test_profiles_of_probabilities_are_those_of_the_binomial():
    fit = th.fit(th.Categorical(), ["a"] * 3 + ["b"] * 5 + ["c"] * 12)
    pooled = th.fit(th.Binomial(trials=20), [5])
    low, high = fit.intervals(method="profile")["probs[1]"]
    assert (low, high) == pytest.approx(pooled.intervals(method="profile")["prob"], rel=1e-7)


def test_the_maximum_is_invariant_and_the_delta_method_exact_for_linear_functions(fit):
    mean = fit.transform(lambda p: p.shape / p.rate)
    assert mean.estimate == pytest.approx(float(np.mean(Y)), rel=1e-12)
    by_name = fit.transform(lambda shape, rate: shape / rate)
    assert by_name.standard_error == mean.standard_error
    both = fit.transform(lambda p: [p["shape"], 2 * p["shape"] + p["rate"]])
    expected = np.array([1.0, 0]), np.array([2.0, 1])
    variances = [float(a @ fit.covariance() @ a) for a in expected]
    np.testing.assert_allclose(both.standard_error, np.sqrt(variances), rtol=1e-9)
    with pytest.raises(th.InferenceError, match="numbers"):
        fit.transform(lambda _: "text")


def test_a_fit_is_immutable(fit):
    with pytest.raises(AttributeError, match="immutable"):
        fit.anything = 1
    fit.estimates["shape"] = -1.0
    assert fit.estimates["shape"] > 0


def test_simulation_follows_the_fit_and_its_seed(fit):
    assert fit.simulate(1, n=5).shape == (5,)
    np.testing.assert_array_equal(fit.simulate(1), fit.simulate(np.random.default_rng(1)))
    assert fit.simulate(1).shape == (400,)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (th.Gamma(), Y),
        (th.StudentT(df=4), Y),
        (th.Categorical(), ["a", "b", "b"]),
        (th.Bernoulli(), [1, 1]),
        (th.StudentT(), np.linspace(-1, 1, 20)),
        (th.Normal(), [2.0, 2.0]),
        (th.Binomial(trials=5), [1, 2, 5]),
        (th.Normal(), 1e300 * Y),
        (th.Weibull(), th.Observations.right_censored([1.0, 2.0, 3.0], [1, 1, 0])),
    ],
)
def test_a_saved_fit_comes_back_without_its_data(tmp_path, model, data):
    fit = th.fit(model, data)
    path = tmp_path / "fit.json"
    fit.save(path)
    plain = json.loads(path.read_text())
    assert plain["version"] == 1
    back = th.load(path)
    same = ("estimates", "standard_errors", "aic", "bic", "n_rows", "n_obs", "dof", "names", "free_names")
    for name in same:
        np.testing.assert_equal(getattr(back, name), getattr(fit, name))
    np.testing.assert_equal(back.covariance(), fit.covariance())
    np.testing.assert_equal(dict(back.intervals()), dict(fit.intervals()))
    assert back.certificate.verdict is fit.certificate.verdict
    np.testing.assert_equal(dict(back.certificate.digits), dict(fit.certificate.digits))
    assert str(back.summary())
    assert back.data_digest == fit.data_digest
    if fit.certificate.verdict == "maximum":
        assert repr(back.distribution) == repr(fit.distribution)
        with pytest.raises(th.InferenceError, match="needs the data"):
            back.intervals(method="profile")


def test_the_digest_is_of_the_data():
    first, second = th.fit(th.Normal(), [1.0, 2.0, 4.0]), th.fit(th.Normal(), [1.0, 2.0, 5.0])
    assert first.data_digest != second.data_digest
    assert first.data_digest == th.fit(th.Gamma(), [1, 2, 4]).data_digest


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "other"}', '{"format": "thetahat-fit", "version": 99}']
)
def test_what_is_no_saved_fit_is_refused(tmp_path, text):
    path = tmp_path / "fit.json"
    path.write_text(text)
    with pytest.raises(th.SourceError, match=r"fit\.json"):
        th.load(path)
    with pytest.raises(th.SourceError, match="there is no file"):
        th.load(tmp_path / "nowhere.json")


MISSING = object()


def again(thing):
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - made here


def places(plain, path=()):
    """Every place of plain data, from the outside in."""
    entries = (
        plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    )
    for name, value in entries:
        yield (*path, name)
        yield from places(value, (*path, name))


def damaged(text, place, wrong):
    plain = holder = json.loads(text)
    for step in place[:-1]:
        holder = holder[step]
    if wrong is MISSING:
        del holder[place[-1]]
    else:
        holder[place[-1]] = wrong
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (th.StudentT(df=4), Y),
        (th.Categorical(), ["a", "b", "b"]),
        (th.Binomial(trials=5), [5, 5]),
        (th.Model(lambda p, d: -d.y * p.t - p.t**2, {"t": th.bounded(-50.0, 50.0)}), {"y": [1.0, 2.0]}),
    ],
    ids=["fixed", "levels", "edge", "custom"],
)
def test_a_saved_fit_that_is_damaged_anywhere_is_refused_or_can_be_shown(tmp_path, model, data):
    path = tmp_path / "fit.json"
    th.fit(model, data).save(path)
    text = path.read_text()
    refused = 0
    for place in places(json.loads(text)):
        for wrong in (MISSING, None, [], {}, "text", -1, 0.5, True, 10**400, [[1.0]], {"a": None}):
            path.write_text(damaged(text, place, wrong))
            try:
                fit = th.load(path)
            except th.SourceError as error:
                refused += "\n" not in str(error)
                continue
            assert str(fit.summary()), (place, wrong)
            fit.intervals()
            fit.covariance()
            again(fit)
    assert refused > 300


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a": ' * 100_000, "1" * 5000])
def test_what_json_cannot_read_is_refused(tmp_path, deep):
    path = tmp_path / "fit.json"
    path.write_text(deep)
    with pytest.raises(th.SourceError, match=r"fit\.save"):
        th.load(path)


def test_a_file_is_replaced_whole_or_left_as_it_is(tmp_path, fit, monkeypatch):
    target, link = tmp_path / "fit.json", tmp_path / "link.json"
    fit.save(target)
    target.chmod(0o640)
    before = target.read_bytes()

    def fails(*_):
        raise OSError("no more room")

    for where in ("thetahat.storage.to_text", "os.fsync", "thetahat.report.page.page"):
        with monkeypatch.context() as patch:
            patch.setattr(where, fails)
            with pytest.raises(OSError, match="no more room"):
                fit.report(target) if "page" in where else fit.save(target)
        assert target.read_bytes() == before
        assert list(tmp_path.iterdir()) == [target]
    link.symlink_to(target)
    fit.save(link)
    fit.report(link)
    assert link.is_symlink()
    assert target.read_text().startswith("<!doctype html>")
    assert target.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"fit.json", "link.json"}
    fit.save("/dev/null")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (th.StudentT(df=4), Y),
        (th.Categorical(), ["a", "b"]),
        (th.Bernoulli(), [1, 1]),
        (th.Normal(), [2.0, 2.0]),
    ],
)
def test_a_fit_is_its_own_copy_and_a_pickle_holds_what_save_writes(tmp_path, model, data):
    fit = th.fit(model, data)
    assert copy.copy(fit) is fit
    assert copy.deepcopy(fit) is fit
    back = again(fit)
    fit.save(tmp_path / "fit.json")
    back.save(tmp_path / "back.json")
    assert (tmp_path / "back.json").read_text() == (tmp_path / "fit.json").read_text()
    assert back.source is None
    np.testing.assert_equal(back.estimates, fit.estimates)
    np.testing.assert_equal(back.covariance(), fit.covariance())
    np.testing.assert_equal(again(fit.certificate).plain(), fit.certificate.plain())
    if fit.certificate.verdict == "maximum":
        with pytest.raises(th.InferenceError, match="needs the data"):
            back.intervals(method="profile")
        assert repr(again(fit.distribution)) == repr(fit.distribution)


def test_fixed_parameters_stay_in_the_estimates_and_leave_the_rest():
    fit = th.fit(th.StudentT(df=5), Y)
    assert fit.estimates["df"] == 5
    assert math.isnan(fit.standard_errors["df"])
    assert fit.dof == 2
    assert fit.free_names == ("location", "scale")
    assert fit.covariance().shape == (2, 2)
    assert fit.certificate.status["df"] == "fixed"
    everything = th.fit(th.Gamma(shape=2, rate=1), Y)
    assert everything.dof == 0
    assert everything.certificate.verdict == "maximum"


def test_models_are_named_by_instance_class_or_text():
    assert th.fit("gamma", Y).estimates == th.fit(th.Gamma, Y).estimates == th.fit(th.Gamma(), Y).estimates
    assert set(th.families()) >= {"gamma", "negative_binomial", "student_t", "gev"}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    fit = th.fit("exponential", [1.0, 2.0])
    for write in (fit.save, fit.report):
        with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to write fit.out into"):
            write(tmp_path / "nowhere" / "fit.out")


def test_names_of_columns_are_escaped_in_a_repr() -> None:
    name = "x\x1b[31m"
    rows = {"y": [0, 0, 0, 1, 1, 1], name: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    fit = th.fit(th.Regression("y ~ .", th.Bernoulli()), rows)
    assert name in fit.estimates
    for text in (repr(fit), repr(fit.certificate)):
        assert "\x1b" not in text
        assert r"x\x1b[31m" in text
