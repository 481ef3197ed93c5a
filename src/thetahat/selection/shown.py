"""A ranking as text, as HTML and with colours: one table, then what was not ranked, then what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._lazy import load
from thetahat.rendering import ABSENT, Table, for_html, for_terminal, number
from thetahat.report.html import badge
from thetahat.report.terminal import COLOURS
from thetahat.selection.ranking import Candidate, Failure

WIDTH = 100
MOST_NAMES, SHOWN_NAMES = 8, 5
LEGEND = "k free parameters, Δ difference to the best"


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show of a ranking."""

    title: str
    criterion: str
    candidates: Sequence[Candidate]
    failures: Sequence[Failure]
    left_out: Mapping[str, str]
    further: Sequence[tuple[str, Table]]
    notes: Sequence[str]

    @property
    def table(self) -> Table:
        """The ranking."""
        headings = ["", "k", "log-likelihood", self.criterion, "Δ", "weight", "verdict"]
        rows = []
        for candidate in self.candidates:
            fit = candidate.fit
            rows.append(
                (
                    candidate.name,
                    str(fit.dof),
                    decimals(fit.log_likelihood),
                    decimals(candidate.score, 2),
                    decimals(candidate.difference, 2),
                    share(candidate.weight),
                    fit.certificate.verdict.value.replace("_", " "),
                )
            )
        return Table(tuple(headings), tuple(rows))

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Why families were left out, with all that were left out for the same reason."""
        grouped: dict[str, list[str]] = {}
        for name, reason in self.left_out.items():
            grouped.setdefault(reason, []).append(name)
        return [(reason, _some(names)) for reason, names in grouped.items()]


def _some(names: Sequence[str]) -> str:
    """Names, the first few where there are many."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN_NAMES])} and {len(names) - SHOWN_NAMES} more"


def decimals(value: float, places: int = 3) -> str:
    """A number that is compared with others by subtraction."""
    if not np.isfinite(value):
        return number(value)
    return f"{value:.{places}f}" if abs(value) < 1e9 else number(value, 12)


def share(value: float) -> str:
    """A weight between 0 and 1."""
    if np.isnan(value):
        return ABSENT
    return f"{value:.3f}" if value >= 0.0005 or value == 0 else f"{value:.0e}"


def as_text(shown: Shown) -> str:
    """Lines for a terminal, a file or a log."""
    parts = [for_terminal(shown.title), ""]
    if shown.candidates:
        parts += [shown.table.text(), ""]
    for title, table in shown.further:
        parts += [title, table.text(), ""]
    if shown.failures:
        parts.append("not ranked")
        for failure in shown.failures:
            parts.append(_line(f"{failure.name}, {failure.verdict.replace('_', ' ')}: {failure.reason}"))
        parts.append("")
    if shown.left_out:
        parts.append("left out")
        parts += [_line(f"{reason}: {names}") for reason, names in shown.reasons]
        parts.append("")
    parts += [_line(note) for note in shown.notes]
    return "\n".join(parts).rstrip()


def as_html(shown: Shown, *, titled: bool = True) -> str:
    """A ``div`` that inherits the fonts and colours of a notebook or page."""
    parts = [f'<p style="margin:0 0 .6em"><b>{for_html(shown.title)}</b></p>'] if titled else []
    if shown.candidates:
        parts.append(f'<div class="scroll">{shown.table.html()}</div>')
    for title, table in shown.further:
        parts.append(f'<div class="scroll">{table.html(title)}</div>')
    if shown.failures:
        items = "".join(
            f"<li><b>{for_html(failure.name)}</b> {badge(failure.verdict)} {for_html(failure.reason)}</li>"
            for failure in shown.failures
        )
        parts.append(f'<p style="margin:.8em 0 .2em">Not ranked</p><ul style="margin:0">{items}</ul>')
    if shown.left_out:
        items = "".join(f"<li>{for_html(reason)}: {for_html(names)}</li>" for reason, names in shown.reasons)
        parts.append(f'<p style="margin:.8em 0 .2em">Left out</p><ul style="margin:0">{items}</ul>')
    notes = "".join(f"<div>{for_html(note)}</div>" for note in shown.notes)
    parts.append(f'<div style="opacity:.75;font-size:90%;margin-top:.6em">{notes}</div>')
    return f'<div style="max-width:66em">{"".join(parts)}</div>'


def rendered(shown: Shown) -> Iterator[Any]:
    """Yield what ``rich`` is to print. All text goes in as ``Text``, which reads no markup."""
    text = load("rich.text", "colour in a terminal").Text
    padding = load("rich.padding", "colour in a terminal").Padding
    yield text(for_terminal(shown.title), style="bold")
    yield text()
    if shown.candidates:
        styles = ["bold green" if index == 0 else "" for index in range(len(shown.candidates))]
        yield _coloured(shown.table, styles)
        yield text()
    for title, table in shown.further:
        yield text(for_terminal(title), style="dim")
        yield _coloured(table, [""] * len(table.rows))
        yield text()
    if shown.failures:
        yield text("not ranked", style="dim")
        for failure in shown.failures:
            colour = COLOURS.get(failure.verdict, "red")
            line = text.assemble(
                (for_terminal(failure.name), "bold"),
                "  ",
                (failure.verdict.replace("_", " "), colour),
                "  ",
                for_terminal(failure.reason),
            )
            yield padding(line, (0, 0, 0, 2))
        yield text()
    if shown.left_out:
        yield text("left out", style="dim")
        for reason, names in shown.reasons:
            yield padding(text(for_terminal(f"{reason}: {names}"), style="dim"), (0, 0, 0, 2))
        yield text()
    for note in shown.notes:
        yield padding(text(for_terminal(note), style="dim"), (0, 0, 0, 2))


def _coloured(table: Table, styles: Sequence[str]) -> Any:
    text = load("rich.text", "colour in a terminal").Text
    made = load("rich.table", "colour in a terminal").Table(
        box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False
    )
    for index, heading in enumerate(table.headings):
        made.add_column(text(heading), justify="right" if index else "left", no_wrap=True)
    for row, style in zip(table.rows, styles, strict=True):
        made.add_row(*(text(for_terminal(cell)) for cell in row), style=style)
    return made


def _line(text: str) -> str:
    return fill(
        for_terminal(text), WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False
    )
