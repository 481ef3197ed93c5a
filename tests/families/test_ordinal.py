"""Ordered categories: masses against 50 digits for every link, labels, closed forms, and regressions by hand."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import thetahat as th
from thetahat._errors import DataError, ParameterError
from thetahat.families._cut_laws import LAWS

STEP = mp.mpf(10) ** -15
RATINGS = ["fair", "good", "poor", "good", "good", "fair", "poor", "good"]
LEVELS = ["poor", "fair", "good"]

every_link = pytest.mark.parametrize("link", LAWS)


def log_tails(link, z):
    """log F(z) and log(1 - F(z))."""
    if link == "logit":
        return -mp.log1p(mp.exp(-z)), -mp.log1p(mp.exp(z))
    if link == "probit":
        return mp.log(mp.erfc(-z / mp.sqrt(2)) / 2), mp.log(mp.erfc(z / mp.sqrt(2)) / 2)
    if link == "cloglog":
        return mp.log(-mp.expm1(-mp.exp(z))), -mp.exp(z)
    if link == "loglog":
        return -mp.exp(-z), mp.log(-mp.expm1(-mp.exp(-z)))
    return mp.log(mp.atan2(1, -z) / mp.pi), mp.log(mp.atan2(1, z) / mp.pi)


def exact(link, code, location, first, *log_gaps):
    """Log mass of a code at working coordinates."""
    points = [first - location]
    for log_gap in log_gaps:
        points.append(points[-1] + mp.exp(log_gap))
    if code == 0:
        return log_tails(link, points[0])[0]
    if code == len(points):
        return log_tails(link, points[-1])[1]
    low, high = log_tails(link, points[code - 1]), log_tails(link, points[code])
    upper = mp.log(mp.exp(high[0]) - mp.exp(low[0]))
    return upper if high[0] < low[1] else mp.log(mp.exp(low[1]) - mp.exp(high[1]))


@every_link
@pytest.mark.parametrize(
    "eta",
    [
        (0.3, -0.5, 0.4, -1.0),
        (-4.0, 2.0, -1.5, 1.2),
        (5.0, -1.0, -0.2, 0.5),
        (0.1, -0.4, -14.0, 0.3),
        (-3.0, 0.2, -12.0, -6.0),
    ],
)
def test_masses_and_derivatives_agree_with_many_digits(link, eta):
    family = th.Ordinal(link=link, located=True).with_levels(["a", "b", "c", "d"])
    codes = np.arange(4.0)
    with np.errstate(all="ignore"):
        terms = family.derivatives((codes,), eta)
    with mp.workdps(80):
        for code in range(4):

            def value(*moves, code=code):
                at = [mp.mpf(item) for item in eta]
                for j in moves:
                    at[abs(j) - 1] += STEP if j > 0 else -STEP
                return exact(link, code, *at)

            scale = 1 + abs(value())
            assert abs(terms.value[code] - value()) < 1e-13 * scale
            position = 0
            for i in range(1, 5):
                slope = (value(i) - value(-i)) / (2 * STEP)
                found = terms.gradient[i - 1][code]
                assert abs(found - slope) < 1e-11 * (1 + abs(slope))
                for j in range(1, i + 1):
                    bend = (value(i, j) - value(i, -j) - value(-i, j) + value(-i, -j)) / (4 * STEP**2)
                    assert abs(terms.hessian[position][code] - bend) < 1e-9 * (1 + abs(bend))
                    position += 1


@every_link
def test_the_link_of_the_distribution_function_is_linear(link):
    distribution = th.Ordinal(thresholds=[-0.7, 0.1, 1.3], location=0.4, link=link)
    below = distribution.cdf(np.arange(3))
    np.testing.assert_allclose(LAWS[link].quantile(below), np.array([-0.7, 0.1, 1.3]) - 0.4, rtol=1e-12)
    np.testing.assert_allclose(distribution.density(np.arange(4)).sum(), 1.0, rtol=1e-14)


@every_link
def test_the_maximum_is_the_empirical_distribution_function(link):
    fit = th.fit(th.Ordinal(link=link, levels=LEVELS), RATINGS * 5)
    assert (fit.certificate.verdict, fit.certificate.scope, fit.dof) == ("maximum", "global", 2)
    np.testing.assert_allclose(fit.distribution.cdf(["poor", "fair"]), [0.25, 0.5], rtol=1e-13)
    assert fit.log_likelihood == pytest.approx(
        th.fit(th.Categorical(), RATINGS * 5).log_likelihood, rel=1e-13
    )
    found = [fit.intervals(), fit.intervals(scale="natural")]
    found += [fit.intervals(method="profile")] if link in {"logit", "cloglog"} else []
    for interval in found:
        for name, (low, high) in interval.items():
            assert low < fit.estimates[name] < high


def test_labels_are_found_and_sorted_and_numbers_by_their_size():
    found = th.fit(th.Ordinal(), RATINGS).distribution
    assert found.levels == ("fair", "good", "poor")
    scores = th.fit(th.Ordinal(), [10, 9, 2, 10, 9, 9]).distribution
    assert scores.levels == (2, 9, 10)
    assert scores.quantile([0.1, 0.5, 0.9]).tolist() == [2, 9, 10]
    assert scores.mean() == pytest.approx(np.mean([10, 9, 2, 10, 9, 9]))
    assert scores.variance() == pytest.approx(np.var([10, 9, 2, 10, 9, 9]))
    assert set(scores.sample(50, rng=1).tolist()) <= {2, 9, 10}


def test_saved_fits_know_their_link_and_levels(tmp_path):
    fit = th.fit(th.Ordinal(link="probit", levels=LEVELS), RATINGS)
    fit.save(tmp_path / "fit.json")
    again = th.load(tmp_path / "fit.json")
    assert repr(again.distribution) == repr(fit.distribution)
    assert again.intervals()["thresholds[1]"] == fit.intervals()["thresholds[1]"]


def test_fixed_thresholds():
    fit = th.fit(th.Ordinal(levels=LEVELS), RATINGS, fixed={"thresholds": [-1.0, 0.0]})
    expected = th.Ordinal(thresholds=[-1.0, 0.0], levels=LEVELS).log_prob(RATINGS).sum()
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog"])
@pytest.mark.parametrize("labels", ["acc", "abb", "bcc", "a", "b", "c", "acca"])
def test_levels_without_rows_have_no_threshold_of_their_own(link, labels):
    fit = th.fit(th.Ordinal(levels=list("abc"), link=link), list(labels))
    assert fit.log_likelihood == pytest.approx(
        th.fit(th.Categorical(), list(labels)).log_likelihood, abs=1e-12
    )
    first, second = fit.estimates.values()
    inner = "a" in labels and "c" in labels
    assert fit.certificate.verdict == ("boundary" if inner else "at_infinity")
    assert fit.certificate.exists == inner
    assert (first == second) if inner else not np.isfinite([first, second]).all()
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_an_empty_level_leaves_the_other_thresholds_theirs():
    fit = th.fit(th.Ordinal(levels=list("abcd")), list("accda"))
    joined = th.fit(th.Ordinal(), list("accda"))
    assert fit.certificate.parameters == ("thresholds[0]", "thresholds[1]")
    for own, other in (("thresholds[0]", "thresholds[0]"), ("thresholds[2]", "thresholds[1]")):
        assert fit.estimates[own] == pytest.approx(joined.estimates[other], rel=1e-12)
    assert fit.standard_errors["thresholds[2]"] == pytest.approx(
        joined.standard_errors["thresholds[1]"], rel=1e-8
    )


def test_what_does_not_fit_is_explained():
    for arguments, words in (
        ({"thresholds": [1.0, 0.0]}, "increasing order"),
        ({"thresholds": 1.0}, "a list"),
        ({"thresholds": [0.0], "levels": LEVELS}, "one threshold less"),
        ({"levels": ["one"]}, "two levels"),
        ({"link": "identity"}, "cauchit"),
        ({"levels": ["a", "a"]}, "more than once"),
    ):
        with pytest.raises(ParameterError, match=words):
            th.Ordinal(**arguments)
    with pytest.raises(ParameterError, match="does not know its categories"):
        th.Ordinal().quantile(0.5)
    with pytest.raises(DataError, match=r"no level of Ordinal: row 8 .'superb'"):
        th.fit(th.Ordinal(levels=LEVELS), [*RATINGS, "superb"])


def test_the_regression_form_has_a_location():
    form = th.Ordinal(y="rating", link="cloglog", levels=LEVELS).regression_form()
    assert [parameter.name for parameter in form.declared] == ["location", "thresholds"]
    assert (form.y, form.levels, form.link) == ("rating", tuple(LEVELS), "cloglog")
    blank = th.Ordinal().regression_form()
    assert blank.declared[0].name == "location"
    assert blank.with_levels(LEVELS).declared[1].domain.size == 2
    assert "*" in form.single_maximum
    assert not th.Ordinal(link="cauchit", levels=LEVELS).regression_form().single_maximum
