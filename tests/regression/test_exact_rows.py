"""Regressions of the spread in which rows can be met exactly: no bound, told with the rows, and nothing else is."""

from __future__ import annotations

import re

import numpy as np
import pytest

import thetahat as th

GROUP = np.array(list("aaaaabbbbbc"))
DRAWN = np.random.default_rng(1).normal(size=11)


@pytest.mark.parametrize(
    ("family", "spread", "end", "y"),
    [
        (th.Normal(), "sd", "0", DRAWN),
        (th.StudentT(df=5), "scale", "0", DRAWN),
        (th.StudentT(), "scale", "0", DRAWN),
        (th.Logistic(), "scale", "0", DRAWN),
        (th.LogNormal(), "sd_log", "0", np.exp(DRAWN)),
        (th.Gamma(), "shape", "inf", np.exp(DRAWN)),
        (th.InverseGaussian(), "shape", "inf", np.exp(DRAWN)),
        (th.Weibull(), "shape", "inf", np.exp(DRAWN)),
        (th.BetaMean(), "precision", "inf", 1 / (1 + np.exp(DRAWN))),
    ],
    ids=lambda item: getattr(item, "name", None),
)
def test_a_group_of_one_row_with_a_spread_of_its_own_has_no_bound(family, spread, end, y):
    fit = th.fit(th.Regression("y ~ C(g)", family, **{spread: "~ C(g)"}), {"g": GROUP, "y": y})
    certificate = fit.certificate
    assert certificate.verdict == "unbounded"
    assert certificate.exists is False
    assert certificate.supremum == np.inf
    words = (
        f"row 10 (counted from 0) can be met exactly by the predictor while its {spread} alone goes to {end}"
    )
    assert words in certificate.sentence
    assert np.isnan([value for name, value in fit.estimates.items() if name != "df"]).all()


def test_a_shared_mean_may_meet_the_row_as_well():
    fit = th.fit(th.Regression("y ~ 1", th.Normal(), sd="~ C(g)"), {"g": GROUP, "y": DRAWN})
    assert fit.certificate.verdict == "unbounded"
    assert "row 10" in fit.certificate.sentence


def test_a_local_maximum_says_that_there_is_no_bound():
    y = np.append(np.random.default_rng(2).normal(size=200), 9.0)
    g = np.append(np.full(200, "a"), "b")
    fit = th.fit(th.Regression("y ~ 1", th.Normal(), sd="~ C(g)"), {"g": g, "y": y})
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "local"
    assert "row 200 (counted from 0) can be met exactly" in fit.certificate.sentence


def test_two_rows_of_equal_values_are_met_and_of_unequal_ones_are_not():
    group = np.append(GROUP, "c")
    for last, verdict in ((DRAWN[10], "unbounded"), (DRAWN[10] + 1.0, "maximum")):
        y = np.append(DRAWN, last)
        fit = th.fit(th.Regression("y ~ C(g)", th.Normal(), sd="~ C(g)"), {"g": group, "y": y})
        assert fit.certificate.verdict == verdict
    weights = np.append(np.ones(11), 0.0)
    data = {"g": group, "y": np.append(DRAWN, DRAWN[10] + 1.0)}
    fit = th.fit(th.Regression("y ~ C(g)", th.Normal(), sd="~ C(g)"), data, weights=weights)
    assert "row 10 (counted from 0)" in fit.certificate.sentence


def test_a_continuous_spread_that_falls_at_the_rows_met_and_rises_elsewhere():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(10):
        x, y = rng.normal(size=4), rng.normal(size=4)
        fit = th.fit(th.Regression("y ~ x", th.Normal(), sd="~ x"), {"x": x, "y": y})
        if fit.certificate.verdict != "unbounded":
            continue
        found += 1
        rows = [int(number) for number in re.findall(r"\d+", fit.certificate.sentence.split(", counted")[0])][
            1:
        ]
        design = np.column_stack([np.ones(4), x])
        left = y - design @ np.linalg.lstsq(design[rows], y[rows], rcond=None)[0]
        left[rows] = 0.0
        best = -np.inf
        for angle in np.linspace(0, 2 * np.pi, 721):
            logs = 60.0 * (design @ [np.cos(angle), np.sin(angle)])
            with np.errstate(over="ignore"):
                best = max(best, float(np.sum(-logs - 0.5 * (left * np.exp(-logs)) ** 2)))
        assert best > 1.0
    assert found >= 2


def test_spreads_of_many_rows_have_their_maximum():
    rng = np.random.default_rng(3)
    for _ in range(5):
        x = rng.normal(size=80)
        y = x + rng.normal(size=80) * np.exp(0.4 * x)
        fit = th.fit(th.Regression("y ~ x", th.Normal(), sd="~ x"), {"x": x, "y": y})
        assert fit.certificate.verdict == "maximum"
        assert "met exactly" not in fit.certificate.sentence


@pytest.mark.parametrize("family", [th.Normal(), th.StudentT()], ids=["normal", "student_t"])
@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_responses_on_a_line_are_unbounded_with_a_common_spread(family, n):
    x = np.random.default_rng(n).normal(size=n)
    fit = th.fit(th.Regression("y ~ x", family), {"x": x, "y": 1 + 2 * x})
    assert fit.certificate.verdict == "unbounded"
    assert "every row can be met exactly by the predictor" in fit.certificate.sentence


def test_a_penalty_on_the_spread_bounds_it():
    model = th.Regression("y ~ C(g)", th.Normal(), sd="~ C(g)")
    fit = th.fit(model, {"g": GROUP, "y": DRAWN}, penalty=th.Ridge(1.0))
    assert fit.certificate.verdict == "maximum"
