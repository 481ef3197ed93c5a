"""A fit's facts as plain text."""

from __future__ import annotations

from textwrap import fill

from thetahat.rendering import ABSENT, Table, alike, for_terminal, number, to_precision
from thetahat.report.facts import Facts, ParameterFacts

WIDTH = 88


def as_text(summary: Facts) -> str:
    """Write the summary in lines of at most 88 characters, save where a table needs more."""
    parts = [
        f"{for_terminal(summary.title)}, {summary.verdict}",
        _wrapped(sentence_of(summary)),
        "",
        table_of(summary).text(),
        "",
        *(_wrapped(note) for note in notes_of(summary)),
    ]
    return "\n".join(parts)


def table_of(summary: Facts) -> Table:
    """The parameters as cells of text, every number with the digits that its standard error leaves it."""
    headings = ["parameter", "estimate", "standard error", f"{100 * summary.level:g} % interval"]
    reasons = bool(summary.reasons)
    rows = []
    for fact in summary.parameters:
        row = [fact.name, estimate_of(fact), error_of(fact), interval_of(fact)]
        rows.append(tuple([*row, fact.reason] if reasons else row))
    if summary.left_out:
        blank = ("",) * (len(rows[0]) - 1)
        rows.append((f"... and {summary.left_out:,} more", *blank))
    return Table(tuple([*headings, ""] if reasons else headings), tuple(rows))


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
    weights = f"; weights in {summary.weights}" if summary.weights else ""
    return [
        *how,
        "   ".join(f"{name} {value}" for name, value in criteria_of(summary)),
        for_terminal(f"{summary.size}{weights}"),
    ]


def _wrapped(text: str) -> str:
    return fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
