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


def rendered(summary: Facts, options: Any) -> Iterator[Any]:
    """Yield what ``rich`` is to print. All text goes in as ``Text``, which reads no markup."""
    text = load("rich.text", "colour in a terminal").Text
    padding = load("rich.padding", "colour in a terminal").Padding
    colour = COLOURS.get(summary.verdict, "red")
    yield text.assemble(
        (for_terminal(summary.title), "bold"), "  ", (f" {summary.verdict} ", f"bold reverse {colour}")
    )
    yield padding(text(sentence_of(summary), style=colour), (0, 0, 1, 2))
    for line in table_of(summary).lines(options.max_width):
        yield text.assemble(*_coloured(line, summary), no_wrap=True, overflow="ignore")
    yield text()
    criteria = [part for name, value in criteria_of(summary) for part in ((f"{name} ", "dim"), f"{value}   ")]
    *first, _, last = notes_of(summary)
    for note in first:
        yield padding(text(note, style="dim"), (0, 0, 0, 2))
    yield padding(text.assemble(*criteria), (0, 0, 0, 2))
    yield padding(text(last, style="dim"), (0, 0, 0, 2))


def _coloured(line: tuple[str, ...], summary: Facts) -> list[tuple[str, str]]:
    """Names stand out, and what is no number of the fit steps back."""
    if len(line) == 1:
        return [(line[0], "bold" if line[0].startswith(" ") else "italic dim")]
    if line[0].startswith(("coefficient", "parameter")):
        return [(cell, "dim") for cell in line]
    last = len(line) - 1
    remarks = bool(summary.reasons)
    styles = {0: "bold", **({last: "dim"} if remarks else {})}
    return [(cell, styles.get(index, "")) for index, cell in enumerate(line)]
