"""The facts of a fit, and how they read."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

import thetahat as th
from thetahat.report.intervals import Uncertainty
from thetahat.report.summary import summarise


def test_a_regular_fit(fit_of) -> None:
    fit = fit_of("continuous")
    facts = fit.summary()
    assert (facts.title, facts.verdict) == ("Gamma fit of serving", "maximum")
    assert (facts.n_rows, facts.n_obs, facts.dof) == (254, 254, 2)
    assert facts.sentence == fit.certificate.sentence
    assert (facts.log_likelihood, facts.aic, facts.bic) == (fit.log_likelihood, fit.aic, fit.bic)
    assert facts.reasons == {}
    shape = facts.parameters[0]
    assert (shape.name, shape.status, shape.reason) == ("shape", "regular", "")
    assert shape.estimate == fit.estimates["shape"]
    assert (shape.low, shape.high) == fit.intervals()["shape"]
    assert shape.digits > 9
    assert "shape          4.008            0.342       3.391 to 4.738" in str(facts)
    assert "rate         0.05443          0.00495   0.04555 to 0.06504" in str(facts)


@pytest.mark.parametrize(
    ("case", "name", "reason"),
    [
        ("fixed", "df", "fixed, not estimated"),
        ("boundary", "prob", "on the edge of its domain"),
        ("at_infinity", "df", "the supremum is at infinity"),
        ("unbounded", "sd", "the likelihood is unbounded"),
        ("not_converged", "df", "no maximum was reached"),
    ],
)
def test_withheld_standard_errors_have_their_reason(fit_of, case, name, reason) -> None:
    facts = fit_of(case).summary()
    fact = next(fact for fact in facts.parameters if fact.name == name)
    assert math.isnan(fact.standard_error)
    assert math.isnan(fact.low)
    assert fact.reason == facts.reasons[name] == reason
    line = next(line for line in str(facts).splitlines() if line.startswith(name))
    assert "—" in line
    assert "nan" not in line
    assert line.endswith(reason)


def test_labels_stand_beside_their_probabilities(fit_of) -> None:
    facts = fit_of("labels").summary()
    assert [fact.name for fact in facts.parameters] == [
        "probs[0] ($c$)", "probs[1] (<b>a</b>)", "probs[2] ([red]b)", "probs[3] (c)",
    ]  # fmt: skip
    assert facts.dof == 3


def test_weights_are_told(fit_of) -> None:
    facts = fit_of("weights").summary()
    assert (facts.weights, facts.n_rows, facts.n_obs) == ("w", 3, 10)
    assert "standing for 10 observations" in str(facts)


def test_a_loaded_fit_has_the_same_facts(any_fit, tmp_path) -> None:
    any_fit.save(tmp_path / "fit.json")
    again = th.load(tmp_path / "fit.json")
    fresh, loaded = any_fit.summary(), again.summary()
    assert loaded.data == ""
    assert repr(loaded.parameters) == repr(fresh.parameters)
    assert loaded.sentence == fresh.sentence
    first = len(fresh.parameters) + 4
    assert str(loaded).splitlines()[:first] == str(fresh).splitlines()[:first]


def test_every_rendering_of_every_fit(any_fit) -> None:
    facts = any_fit.summary(level=0.9)
    text, html = str(facts), facts._repr_html_()
    printed = io.StringIO()
    Console(file=printed, width=200, force_terminal=True, color_system=None).print(facts)
    for fact in facts.parameters:
        assert fact.name in text
        assert fact.name in printed.getvalue()
    assert "90 % interval" in text
    assert html.count("<tr>") == 1 + len(facts.parameters)
    for hostile in ("<b>a</b>", "<script"):
        assert hostile not in html
    assert repr(facts) == text


@pytest.mark.parametrize("level", [0.0, 1.0, 95, float("nan")])
def test_a_level_that_is_none(fit_of, level) -> None:
    with pytest.raises(th.InferenceError, match="confidence level"):
        fit_of("boundary").summary(level)


def test_a_profile_that_is_refused_is_told_not_raised(fit_of) -> None:
    facts = summarise(fit_of("unbounded"), uncertainty=Uncertainty("profile"))
    assert all(math.isnan(fact.low) for fact in facts.parameters)


def test_intervals_print_as_tables(fit_of) -> None:
    intervals = fit_of("right").intervals()
    assert repr(intervals).splitlines() == [
        "95 % intervals (wald, free scale)",
        "parameter     low    high",
        "shape       0.787   1.529",
        "scale       24.95   58.44",
    ]
    assert "<caption>95 % intervals (wald, free scale)</caption>" in intervals._repr_html_()
