"""Fits against the answers of other software, to all the digits that those answers have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parent / "data"
ESTIMATES = 2e-10
"""In standard errors."""
LOG_LIKELIHOOD = 1e-13
CURVATURE = 2e-8
PROFILE = 2e-10


class Case(NamedTuple):
    """A family and the names that R gives its parameters, in this library's order."""

    family: th.Family
    theirs: tuple[str, ...]


CASES = {
    "uni_normal_nhtemp": Case(th.Normal(), ("mean", "sd")),
    "uni_lognormal_rivers": Case(th.LogNormal(), ("meanlog", "sdlog")),
    "uni_exponential_aircondit": Case(th.Exponential(), ("rate",)),
    "uni_gamma_groundbeef": Case(th.Gamma(), ("shape", "rate")),
    "uni_weibull_groundbeef": Case(th.Weibull(), ("shape", "scale")),
    "uni_logistic_precip": Case(th.Logistic(), ("location", "scale")),
    "uni_student_t_newcomb": Case(th.StudentT(), ("loc", "scale", "df")),
    "uni_gev_portpirie": Case(th.GEV(), ("loc", "scale", "shape")),
    "uni_beta_rock_shape": Case(th.Beta(), ("shape1", "shape2")),
    "uni_inverse_gaussian_repair": Case(th.InverseGaussian(), ("mean", "shape")),
    "uni_loglogistic_groundbeef": Case(th.LogLogistic(), ("shape", "scale")),
    "uni_burr_endosulfan": Case(th.BurrXII(), ("shape2", "shape1", "scale")),
    "uni_cauchy_newcomb": Case(th.Cauchy(), ("location", "scale")),
    "uni_gpd_danish": Case(th.GeneralizedPareto(), ("scale", "shape")),
    "uni_gumbel_lisbon": Case(th.Gumbel(), ("loc", "scale")),
    "uni_lomax_endosulfan": Case(th.Lomax(), ("shape", "scale")),
    "uni_pareto1_danish": Case(th.Pareto(minimum=1), ("alpha",)),
    "uni_bernoulli_infert": Case(th.Bernoulli(), ("p",)),
    "uni_binomial_weldon": Case(th.Binomial(trials=12), ("p",)),
    "uni_poisson_horsekicks": Case(th.Poisson(), ("lambda",)),
    "uni_zip_biochemists": Case(th.ZeroInflated(th.Poisson()), ("p_zero", "lambda")),
    "uni_geometric_discoveries": Case(th.Geometric(), ("p",)),
    "uni_negbin_toxocara": Case(th.NegativeBinomial(), ("mu", "size")),
    "weighted_gamma_aircondit7": Case(th.Gamma(), ("shape", "rate")),
    "cens_interval_weibull_aml": Case(th.Weibull(), ("shape", "scale")),
    "cens_left_gamma_smokedfish": Case(th.Gamma(), ("shape", "rate")),
    "cens_left_lognormal_smokedfish": Case(th.LogNormal(), ("meanlog", "sdlog")),
    "cens_right_exponential_ovarian": Case(th.Exponential(), ("rate",)),
    "cens_right_lognormal_salinity": Case(th.LogNormal(), ("meanlog", "sdlog")),
    "cens_right_weibull_aml": Case(th.Weibull(), ("shape", "scale")),
    "inf_delta_gamma_groundbeef": Case(th.Gamma(), ("shape", "rate")),
    "ltrunc_exponential_channing_men": Case(th.Exponential(), ("rate",)),
    "ltrunc_weibull_channing_men": Case(th.Weibull(), ("shape", "scale")),
    "trunc_normal_faithful": Case(th.Normal(), ("mean", "sd")),
    "uni_ztpoisson_biochemists": Case(th.Poisson(), ("lambda",)),
}
ENTRY = {"trunc_normal_faithful": 3, "uni_ztpoisson_biochemists": 0}
"""Limits that are the same for all rows."""
every_case = pytest.mark.parametrize("name", CASES)


def columns_of(name: str) -> dict[str, np.ndarray]:
    path = DATA / answers(name, "data")
    table = np.genfromtxt(path, delimiter=",", names=True, missing_values="NA")
    return {column: np.atleast_1d(table[column]) for column in table.dtype.names}


def open_ends(columns: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    low, high = columns["left"], columns["right"]
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)


@cache
def fitted(name: str) -> th.Fit:
    columns = columns_of(name)
    family = CASES[name].family
    if "left" in columns:
        return th.fit(family, th.Observations.interval(*open_ends(columns)))
    if "status" in columns:
        return th.fit(family, th.Observations.right_censored(columns["time"], columns["status"]))
    if "entry" in columns:
        rows = th.Observations.right_censored(columns["exit"], columns["event"], entry=columns["entry"])
        return th.fit(family, rows)
    if name in ENTRY:
        rows = th.Observations(columns["x"], entry=ENTRY[name])
        return th.fit(family, rows, weights=columns.get("freq"))
    return th.fit(family, columns["x"], weights=columns.get("freq"))


@cache
def answers(name: str, part: str = "expected") -> dict:
    return json.loads((DATA / f"{name}.json").read_text())[part]


def by_our_names(name: str, values: dict) -> dict:
    return {
        ours: values[theirs] for ours, theirs in zip(fitted(name).free_names, CASES[name].theirs, strict=True)
    }


def matrix(name: str) -> np.ndarray:
    expected = answers(name)
    order = [expected["vcov_order"].index(theirs) for theirs in CASES[name].theirs]
    return np.array(expected["vcov"])[np.ix_(order, order)]


@every_case
def test_the_verdict_is_an_interior_maximum(name):
    certificate = fitted(name).certificate
    assert certificate.verdict == "maximum"
    assert certificate.exists
    assert min(certificate.digits.values()) >= 10


@every_case
def test_log_likelihood_and_criteria(name):
    fit, expected = fitted(name), answers(name)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=LOG_LIKELIHOOD)
    assert fit.n_obs == expected["n_obs"]
    assert fit.dof == len(CASES[name].theirs)
    for criterion in ("aic", "bic"):
        if criterion in expected:
            assert getattr(fit, criterion) == pytest.approx(expected[criterion], rel=4 * LOG_LIKELIHOOD)


@every_case
def test_estimates(name):
    estimates = by_our_names(name, answers(name)["params"])
    errors = np.sqrt(np.diag(matrix(name)))
    for (parameter, expected), error in zip(estimates.items(), errors, strict=True):
        assert fitted(name).estimates[parameter] == pytest.approx(expected, rel=1e-14, abs=ESTIMATES * error)


@every_case
def test_covariance_and_standard_errors(name):
    expected = matrix(name)
    errors = np.sqrt(np.diag(expected))
    scale = np.outer(errors, errors)
    assert np.abs((fitted(name).covariance() - expected) / scale).max() < CURVATURE
    found = np.array([fitted(name).standard_errors[ours] for ours in fitted(name).free_names])
    assert found == pytest.approx(errors, rel=CURVATURE)


@every_case
def test_wald_intervals_on_the_natural_scale(name):
    expected = answers(name).get("ci_wald_95")
    if expected is None:
        estimates = np.array([answers(name)["params"][theirs] for theirs in CASES[name].theirs])
        spread = 1.959963984540054 * np.sqrt(np.diag(matrix(name)))
        expected = dict(
            zip(CASES[name].theirs, np.transpose([estimates - spread, estimates + spread]), strict=True)
        )
    found = fitted(name).intervals(scale="natural")
    for parameter, ends in by_our_names(name, expected).items():
        error = fitted(name).standard_errors[parameter]
        assert found[parameter] == pytest.approx(ends, rel=0, abs=2 * CURVATURE * error)


@every_case
def test_profile_intervals(name):
    expected = answers(name).get("ci_profile_95", answers("uni_gamma_groundbeef")["ci_profile_95"])
    found = fitted(name).intervals(method="profile")
    for parameter, ends in by_our_names(name, expected).items():
        error = fitted(name).standard_errors[parameter]
        assert found[parameter] == pytest.approx(ends, rel=1e-13, abs=PROFILE * error)


def test_a_uniform_ends_at_the_outermost_values_without_standard_errors():
    fit, expected = th.fit(th.Uniform(), columns_of("uni_uniform_quakes")["x"]), answers("uni_uniform_quakes")
    assert list(fit.estimates.values()) == [expected["params"]["min"], expected["params"]["max"]]
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=LOG_LIKELIHOOD)
    assert (fit.aic, fit.bic) == pytest.approx((expected["aic"], expected["bic"]), rel=4 * LOG_LIKELIHOOD)
    assert fit.certificate.verdict == "boundary"
    assert set(fit.certificate.status.values()) == {"edge"}


def test_a_laplace_has_the_median_and_the_mean_distance_from_it():
    fit, expected = (
        th.fit(th.Laplace(), columns_of("uni_laplace_newcomb")["x"]),
        answers("uni_laplace_newcomb"),
    )
    assert fit.estimates["location"] == expected["median"]
    assert expected["loc_interval"] == [expected["median"]] * 2
    assert fit.estimates["scale"] == pytest.approx(expected["params"]["scale"], rel=1e-14)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=LOG_LIKELIHOOD)
    assert (fit.aic, fit.bic) == pytest.approx((expected["aic"], expected["bic"]), rel=4 * LOG_LIKELIHOOD)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"


def test_functions_of_the_estimates_by_the_delta_method():
    fit = fitted("inf_delta_gamma_groundbeef")
    functions = {
        "mean": lambda p: p.shape / p.rate,
        "cv": lambda p: 1 / np.sqrt(p.shape),
        "log_mean": lambda p: np.log(p.shape / p.rate),
        "variance": lambda p: p.shape / p.rate**2,
        "prob_above_100": lambda p: th.Gamma(shape=p.shape, rate=p.rate).sf(100),
        "quantile_0.9": lambda p: th.Gamma(shape=p.shape, rate=p.rate).quantile(0.9),
    }
    expected = answers("inf_delta_gamma_groundbeef")["delta_method"]
    assert functions.keys() == expected.keys()
    for name, function in functions.items():
        found = fit.transform(function)
        assert found.estimate == pytest.approx(expected[name]["estimate"], rel=1e-9)
        assert found.standard_error == pytest.approx(expected[name]["se_delta"], rel=CURVATURE)
    together = fit.transform(lambda p: [p.shape / p.rate, p.shape / p.rate**2])
    assert together.standard_error == pytest.approx(
        [expected["mean"]["se_delta"], expected["variance"]["se_delta"]], rel=CURVATURE
    )


def test_the_mean_of_an_exponential_and_a_return_level_by_the_delta_method():
    derived = answers("uni_exponential_aircondit")["derived"]
    found = fitted("uni_exponential_aircondit").transform(lambda p: 1 / p.rate)
    assert found.estimate == pytest.approx(derived["mean"], rel=1e-12)
    assert found.standard_error == pytest.approx(derived["se_mean_delta"], rel=CURVATURE)

    derived = answers("uni_gev_portpirie")["derived"]
    found = fitted("uni_gev_portpirie").transform(
        lambda p: th.GEV(**p).quantile(1 - derived["p_exceed"]),
    )
    assert found.estimate == pytest.approx(derived["return_level"], rel=1e-10)
    assert found.standard_error == pytest.approx(derived["se_delta"], rel=CURVATURE)


# ---- The same rows through files ---------------------------------------------------------------------------


def same(found: th.Fit, name: str) -> None:
    assert found.estimates == fitted(name).estimates
    assert found.log_likelihood == fitted(name).log_likelihood
    assert np.array_equal(found.covariance(), fitted(name).covariance())


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("uni_") and name not in ENTRY])
def test_through_the_file_itself(name):
    family, path = CASES[name].family, DATA / f"{name}.csv"
    if "freq" in columns_of(name):
        same(th.fit(type(family)(y="x", **family.known_values), path, weights="freq"), name)
    else:
        same(th.fit(family, path), name)


def test_weights_by_their_column():
    same(
        th.fit(th.Gamma(y="x"), DATA / "weighted_gamma_aircondit7.csv", weights="freq"),
        "weighted_gamma_aircondit7",
    )


@pytest.mark.parametrize("name", [name for name in CASES if "trunc_" in name])
def test_delayed_entry_and_truncation_in_text(name):
    censored = name.startswith("ltrunc_")
    text = "censored(exit, event, entry=entry)" if censored else f"truncated(x, entry={ENTRY[name]})"
    same(th.fit(type(CASES[name].family)(y=text), DATA / answers(name, "data")), name)


def test_truncated_counts_in_text():
    name = "uni_ztpoisson_biochemists"
    rows = DATA / answers(name, "data")
    same(th.fit(th.Poisson(y="truncated(x, entry=0)"), rows, weights="freq"), name)


def test_a_truncated_family_is_fitted_like_truncated_rows():
    for name, low in ENTRY.items():
        columns, family = columns_of(name), CASES[name].family
        fit = th.fit(th.Truncated(family, low=low), columns["x"], weights=columns.get("freq"))
        assert fit.certificate.verdict == "maximum"
        assert fit.log_likelihood == pytest.approx(answers(name)["loglik"], rel=LOG_LIKELIHOOD)
        errors = np.sqrt(np.diag(matrix(name)))
        expected = by_our_names(name, answers(name)["params"])
        for (parameter, value), error in zip(expected.items(), errors, strict=True):
            assert fit.estimates[parameter] == pytest.approx(value, rel=1e-14, abs=ESTIMATES * error)
        assert list(fit.standard_errors.values()) == pytest.approx(errors, rel=CURVATURE)


def test_right_censoring_in_text():
    path = DATA / "cens_right_exponential_ovarian.csv"
    same(th.fit(th.Exponential(y="censored(time, status)"), path), "cens_right_exponential_ovarian")


@pytest.mark.parametrize(
    "name",
    [name for name in CASES if name.startswith("cens_") and name != "cens_right_exponential_ovarian"],
)
def test_intervals_in_text(name, tmp_path):
    low, high = open_ends(columns_of(name))
    path = tmp_path / "rows.csv"
    rows = "\n".join(f"{a!r},{b!r}" for a, b in zip(low.tolist(), high.tolist(), strict=True))
    path.write_text(f"left,right\n{rows}\n")
    same(th.fit(type(CASES[name].family)(y="interval(left, right)"), path), name)


def test_missing_ends_are_refused_rather_than_guessed():
    with pytest.raises(th.DataError, match="missing"):
        th.fit(th.Weibull(y="interval(left, right)"), DATA / "cens_interval_weibull_aml.csv")


def test_left_censoring_by_a_flag_is_that_of_an_interval():
    low, high = open_ends(columns_of("cens_left_lognormal_smokedfish"))
    rows = np.isneginf(low) | (low == high)
    flagged = th.Observations.left_censored(high[rows], (low == high)[rows])
    assert (
        th.fit(th.LogNormal(), flagged, fixed={"sd_log": 3.5}).estimates
        == th.fit(
            th.LogNormal(), th.Observations.interval(low[rows], high[rows]), fixed={"sd_log": 3.5}
        ).estimates
    )
