"""A fit's facts as HTML for notebooks, light or dark."""

from __future__ import annotations

from thetahat.rendering import for_html
from thetahat.report.facts import Facts
from thetahat.report.plain import notes_of, sentence_of, table_of

VERDICT_COLOURS = {
    "maximum": "#1a7f4b",
    "boundary": "#8a6100",
    "at_infinity": "#8a6100",
    "flat": "#8a6100",
}
FAILED = "#b3261e"
"""Colours that white text can be read on."""


def as_html(summary: Facts) -> str:
    """Write the summary as a ``div`` that inherits the notebook's own fonts and colours."""
    notes = "".join(f"<div>{for_html(note)}</div>" for note in notes_of(summary))
    return (
        '<div style="max-width:60em">'
        f'<p style="margin:0 0 .3em"><b>{for_html(summary.title)}</b> {badge(summary.verdict)}</p>'
        f'<p style="margin:0 0 .6em">{for_html(sentence_of(summary))}</p>'
        f"{table_of(summary).html()}"
        f'<div style="opacity:.75;font-size:90%;margin-top:.6em">{notes}</div></div>'
    )


def badge(verdict: str) -> str:
    """The verdict in its colour."""
    colour = VERDICT_COLOURS.get(verdict, FAILED)
    return (
        f'<span style="background:{colour};color:#fff;border-radius:1em;padding:.15em .7em;'
        f'font-size:85%;white-space:nowrap">{for_html(verdict.replace("_", " "))}</span>'
    )
