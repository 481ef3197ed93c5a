"""A small table: as text of fixed width, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thetahat.rendering.escape import for_html, for_terminal

_GAP = "   "


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text; the first column stands left, the others right. Cells may hold foreign text.

    Examples
    --------
    >>> print(Table(("parameter", "low"), (("shape", "3.391"), ("rate", "0.04556"))).text())
    parameter       low
    shape         3.391
    rate        0.04556
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """Write it with columns of fixed width."""
        return "\n".join(aligned([self.headings, *self.rows]))

    def html(self, caption: str = "") -> str:
        """Write it as a ``table`` element."""
        head = "".join(_cell("th", text, index, ' scope="col"') for index, text in enumerate(self.headings))
        body = "".join(f"<tr>{_row(row)}</tr>" for row in self.rows)
        title = f"<caption>{for_html(caption)}</caption>" if caption else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad cells so that columns stand under each other."""
    safe = [[for_terminal(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*safe, strict=True)]
    lines = []
    for row in safe:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(_GAP.join([row[0].ljust(len(first)), *others]).rstrip())
    return lines


def _row(row: Sequence[str]) -> str:
    return "".join(
        _cell("th" if index == 0 else "td", text, index, ' scope="row"' if index == 0 else "")
        for index, text in enumerate(row)
    )


def _cell(element: str, text: str, index: int, attributes: str) -> str:
    side = "left" if index == 0 else "right"
    return f'<{element}{attributes} style="text-align:{side}">{for_html(text)}</{element}>'
