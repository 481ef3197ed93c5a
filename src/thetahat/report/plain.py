"""A fit's facts as plain text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import isnan
from shutil import get_terminal_size
from textwrap import fill

from thetahat.rendering import ABSENT, Table, alike, for_terminal, number, to_precision
from thetahat.report.facts import Facts, ParameterFacts

WIDTH = 88
NARROWEST = 40
MOST_ROWS = 60
"""Parameters that a summary lists; a report lists more, and the fit has them all."""


def as_text(summary: Facts) -> str:
    """Write the summary for the terminal that Python writes to, else in lines of at most 88 characters.

    Only numbers that stand side by side need more than that.
    """
    width = width_of_output()
    title = f"{for_terminal(summary.title)}, {summary.verdict}"
    parts = [
        fill(title, width, break_long_words=False, break_on_hyphens=False),
        _wrapped(sentence_of(summary), width),
        "",
        table_of(summary).text(width),
        "",
        *(_wrapped(note, width) for note in notes_of(summary)),
    ]
    return "\n".join(parts)


def width_of_output() -> int:
    """Columns of text: those of a terminal, where that is what Python writes to, and no more than can be read well."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(min(get_terminal_size((WIDTH, 24)).columns, WIDTH), NARROWEST)


def table_of(summary: Facts, most: int = MOST_ROWS) -> Table:
    """The parameters as cells of text, every number with the digits that its standard error leaves it."""
    headings = ["coefficient" if summary.regression else "parameter", "estimate", "standard error"]
    headings += ["z", "p"] if summary.tested else []
    headings.append(f"{100 * summary.level:g} % interval")
    shown = summary.parameters[:most]
    if not summary.regression:
        return _of_a_family(headings, shown)
    rows = []
    for fact in shown:
        if isnan(fact.standard_error):
            rows.append((fact.name, estimate_of(fact), fact.reason))
            continue
        tests = (z_of(fact), p_of(fact)) if summary.tested else ()
        rows.append((fact.name, estimate_of(fact), error_of(fact), *tests, interval_of(fact)))
    titles = {row: title for row, title in titles_of(summary).items() if row < most}
    return Table(tuple(headings), tuple(rows), titles)


def _of_a_family(headings: list[str], shown: Sequence[ParameterFacts]) -> Table:
    reasons = any(fact.reason for fact in shown)
    rows = []
    for fact in shown:
        row = [fact.name, estimate_of(fact), error_of(fact), interval_of(fact)]
        rows.append(tuple([*row, fact.reason] if reasons else row))
    return Table(tuple([*headings, ""] if reasons else headings), tuple(rows))


def titles_of(summary: Facts) -> dict[int, str]:
    """What stands above each group of coefficients, by the number of its first row."""
    titles, at = {}, 0
    for group in summary.groups:
        titles[at] = group.title
        at += len(group.names)
    return titles


def z_of(fact: ParameterFacts) -> str:
    """The estimate in standard errors."""
    return ABSENT if isnan(fact.z) else f"{fact.z:.2f}"


def p_of(fact: ParameterFacts) -> str:
    """The p-value, to four decimals or two digits."""
    if isnan(fact.p):
        return ABSENT
    if fact.p < 1e-16:
        return "< 1e-16"
    return f"{fact.p:.4f}" if fact.p >= 5e-5 else f"{fact.p:.1e}"


def estimate_of(fact: ParameterFacts) -> str:
    """The estimate to the precision of its standard error."""
    return to_precision(fact.estimate, fact.standard_error)


def error_of(fact: ParameterFacts) -> str:
    """The standard error to three digits."""
    return to_precision(fact.standard_error, fact.standard_error)


def interval_of(fact: ParameterFacts) -> str:
    """Both ends to the same precision."""
    if fact.low != fact.low and fact.high != fact.high:
        return ABSENT
    low, high = alike([fact.low, fact.high], fact.standard_error)
    return f"{low} to {high}"


def sentence_of(summary: Facts) -> str:
    """The certificate's sentence, closed."""
    return for_terminal(summary.sentence).rstrip(".") + "."


def criteria_of(summary: Facts) -> list[tuple[str, str]]:
    """The log-likelihood and the criteria made of it, to two decimals beyond what compares models."""
    if summary.penalty:
        # Criteria count free parameters, and penalised ones are less than free.
        numbers = [("penalised log-likelihood", summary.penalised_log_likelihood)]
    else:
        numbers = [("AIC", summary.aic), ("AICc", summary.aicc), ("BIC", summary.bic)]
    numbers.insert(0, ("log-likelihood", summary.log_likelihood))
    return [(name, f"{value:.3f}" if abs(value) < 1e9 else number(value, 12)) for name, value in numbers]


def notes_of(summary: Facts) -> list[str]:
    """What stands under the table."""
    how = [] if not summary.allows_standard_errors else [summary.interval]
    more = max(len(summary.parameters) - MOST_ROWS, 0) + summary.left_out
    rest = f"{more:,} more parameters are not shown; fit.estimates and fit.intervals() have them all."
    weights = f"; weights in {summary.weights}" if summary.weights else ""
    return [
        *([rest] if more > 0 else []),
        *how,
        "   ".join(f"{name} {value}" for name, value in criteria_of(summary)),
        for_terminal(f"{summary.size}{weights}"),
    ]


def _wrapped(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
