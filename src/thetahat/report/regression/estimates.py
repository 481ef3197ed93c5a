"""The coefficients of a regression: a table and a forest plot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thetahat.rendering import Table
from thetahat.report.coefficients import Group
from thetahat.report.elements import figure, note
from thetahat.report.facts import ParameterFacts
from thetahat.report.plain import error_of, estimate_of, interval_of, p_of, titles_of, z_of
from thetahat.report.profiles import Profiles, shown_ends
from thetahat.report.regression.figures import Line, forest_plot
from thetahat.report.summary import Summary

MOST_ROWS = 400
_MOST_LINES = 40
_MOST_FORESTS = 8
_COMPARABLE = 40.0
"""How much wider the widest interval may be than the narrowest where both are to be seen in one picture."""
CONSTANT = "Intercept"


def estimates(summary: Summary, profiles: Profiles) -> str:
    """The table of all coefficients and other parameters."""
    percent = f"{100 * summary.level:g} %"
    profiled = bool(profiles.ends) and len(profiles.ends) >= sum(
        not fact.reason for fact in summary.parameters
    )
    wald = "profile" if summary.interval.startswith("Profile") else "Wald"
    headings = ["coefficient", "estimate", "standard error", "z", "p", f"{percent} {wald}"]
    headings += [f"{percent} profile"] if profiled else []
    headings.append("digits")
    shown = summary.parameters[:MOST_ROWS]
    rows = tuple(_row(fact, profiles if profiled else None) for fact in shown)
    titles = {row: title for row, title in titles_of(summary).items() if row < MOST_ROWS}
    table = Table(tuple(headings), rows, titles).html().replace("<table", '<table class="estimates"', 1)
    notes = []
    more = max(len(summary.parameters) - MOST_ROWS, 0) + summary.left_out
    if more > 0:
        notes.append(
            f"{more:,} more parameters are not shown; fit.estimates and fit.intervals() have them all."
        )
    if summary.allows_standard_errors:
        notes.append(summary.interval)
    notes.append(
        "Digits: how many of the estimate’s are settled numerically, for these data in double precision."
    )
    text = "".join(map(note, notes))
    return f'<section><h2>Estimates</h2><div class="scroll">{table}</div>{text}{_forests(summary)}</section>'


def _row(fact: ParameterFacts, profiles: Profiles | None) -> tuple[str, ...]:
    if fact.reason and np.isnan(fact.standard_error):
        return (fact.name, estimate_of(fact), fact.reason)
    cells = [fact.name, estimate_of(fact), error_of(fact), z_of(fact), p_of(fact), interval_of(fact)]
    if profiles is not None:
        cells.append(shown_ends(profiles.ends.get(fact.name), fact.standard_error))
    return (*cells, "—" if np.isnan(fact.digits) else f"{fact.digits:.0f}")


def _forests(summary: Summary) -> str:
    """One picture for each predictor, of all its coefficients but the constant."""
    pictures: list[str] = []
    at = 0
    for number, group in enumerate(summary.groups):
        facts = summary.parameters[at : at + len(group.names)]
        at += len(group.names)
        if group.driven and len(pictures) < _MOST_FORESTS:
            pictures += _forest(group, facts, number, f"{100 * summary.level:g} %")
    return f'<div class="plots">{"".join(pictures)}</div>' if pictures else ""


def _forest(group: Group, facts: tuple[ParameterFacts, ...], number: int, percent: str) -> list[str]:
    named = [
        fact for fact in facts if fact.name.rpartition(":")[2] != CONSTANT and not np.isnan(fact.estimate)
    ]
    if not named or not any(np.isfinite(fact.low) or np.isinf(fact.estimate) for fact in named):
        return []
    shown = named[:_MOST_LINES]
    lines = [Line(fact.name, fact.estimate, fact.low, fact.high) for fact in shown]
    errors = np.array([fact.standard_error for fact in shown if fact.standard_error > 0])
    unit, how = "coefficient", ""
    if errors.size and errors.max() > _COMPARABLE * errors.min():
        unit = "coefficient in standard errors"
        how = " Each in units of its own standard error, since their scales differ too much to be seen together."
        lines = [_in_errors(line, fact.standard_error) for line, fact in zip(lines, shown, strict=True)]
    arrows = " Arrows: infinite." if any(np.isinf(line.estimate) for line in lines) else ""
    more = len(named) - len(shown)
    rest = f" {more:,} more are not drawn." if more else ""
    caption = f"Estimates with their {percent} intervals; the constant is left out.{arrows}{how}{rest}"
    return [figure(group.title, forest_plot(lines, f"forest-{number}", unit), caption, wide=True)]


def _in_errors(line: Line, error: float) -> Line:
    if not error > 0:
        return line
    return replace(line, estimate=line.estimate / error, low=line.low / error, high=line.high / error)
