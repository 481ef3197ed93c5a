"""A fit's facts with colours, for terminals that ``rich`` prints to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thetahat._lazy import load
from thetahat.rendering import for_terminal
from thetahat.report.facts import Facts
from thetahat.report.plain import criteria_of, notes_of, sentence_of, table_of

COLOURS = {"maximum": "green", "boundary": "yellow", "at_infinity": "yellow", "flat": "yellow"}
"""Of the verdict; red for those that leave nothing to use."""


def rendered(summary: Facts) -> Iterator[Any]:
    """Yield what ``rich`` is to print. All text goes in as ``Text``, which reads no markup."""
    text = load("rich.text", "colour in a terminal").Text
    table_class = load("rich.table", "colour in a terminal").Table
    padding = load("rich.padding", "colour in a terminal").Padding
    colour = COLOURS.get(summary.verdict, "red")
    yield text.assemble(
        (for_terminal(summary.title), "bold"), "  ", (f" {summary.verdict} ", f"bold reverse {colour}")
    )
    yield padding(text(sentence_of(summary), style=colour), (0, 0, 1, 2))
    facts = table_of(summary)
    table = table_class(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    for index, heading in enumerate(facts.headings):
        table.add_column(
            text(heading),
            justify="left" if index in {0, 4} else "right",
            style={0: "bold", 4: "dim"}.get(index, ""),
            no_wrap=index < 4,
        )
    for row in facts.rows:
        table.add_row(*(text(for_terminal(cell)) for cell in row))
    yield table
    yield text()
    criteria = [part for name, value in criteria_of(summary) for part in ((f"{name} ", "dim"), f"{value}   ")]
    first, *_, last = notes_of(summary)
    if summary.allows_standard_errors:
        yield padding(text(first, style="dim"), (0, 0, 0, 2))
    yield padding(text.assemble(*criteria), (0, 0, 0, 2))
    yield padding(text(last, style="dim"), (0, 0, 0, 2))
