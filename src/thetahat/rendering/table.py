"""A small table: as text of fixed width, and as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from thetahat._dataclass import dataclass
from thetahat.rendering.display_width import display_width, fitting, padded
from thetahat.rendering.escape import for_html, for_terminal

_GAPS = ("   ", "  ")
"""What stands between columns: the first where there is room."""
_JOINTS = re.compile(r"[\s:|)\[,]|\*")
_INDENT = "  "
_NARROWEST = 14
"""Columns that names are folded to at the least; where even that is too much they get lines of their own."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text; the first column stands left, the others right. Cells may hold foreign text.

    ``titles`` stand above the rows of their numbers, which are then indented. The last cell of a row that is shorter
    than the headings takes the place of all that are missing, and stands left.

    Examples
    --------
    >>> print(Table(("parameter", "low"), (("shape", "3.391"), ("rate", "0.04556"))).text())
    parameter       low
    shape         3.391
    rate        0.04556
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    titles: Mapping[int, str] = field(default_factory=dict)

    def text(self, width: int | None = None) -> str:
        """Write it with columns of fixed width, first cells folded where it would be wider than ``width``."""
        return "\n".join("".join(line).rstrip() for line in self.lines(width))

    def lines(self, width: int | None = None) -> list[tuple[str, ...]]:
        """The cells of each line, padded so that columns stand under each other; a title is alone in its line."""
        rows = [[for_terminal(cell) for cell in row] for row in (self.headings, *self.rows)]
        indent = _INDENT if self.titles else ""
        sizes = self._sizes(rows)
        gap = next((gap for gap in _GAPS if self._width(sizes, gap) + len(indent) <= (width or 0)), _GAPS[-1])
        gap = _GAPS[0] if width is None else gap
        room = sizes[0] if width is None else width - len(indent) - self._width([0, *sizes[1:]], gap)
        stacked = room < min(sizes[0], _NARROWEST)
        first = min(sizes[0], room)
        lines: list[tuple[str, ...]] = []
        for number, row in enumerate(rows, start=-1):
            if number in self.titles:
                lines += [(part,) for part in _folded(for_terminal(self.titles[number]), width)]
            lead = indent if number >= 0 else ""
            cells = [
                gap + padded(cell, size, left=False) for cell, size in zip(row[1:], sizes[1:], strict=False)
            ]
            if len(row) < len(self.headings):
                cells[-1] = gap + row[-1]
            if stacked:
                lines += [(lead + part,) for part in _folded(row[0], width and width - len(lead))]
                lines += _side_by_side(lead, cells, width)
                continue
            place = first + len(indent) - len(lead)
            name, *more = _folded(row[0], place)
            lines.append((lead + padded(name, place), *cells))
            lines += [(lead + part,) for part in more]
        return lines

    def _sizes(self, rows: Sequence[Sequence[str]]) -> list[int]:
        """How wide each column is; cells in the place of several columns do not widen them."""
        sizes = [0] * len(self.headings)
        for row in rows:
            whole = row if len(row) == len(self.headings) else row[:-1]
            for column, cell in enumerate(whole):
                sizes[column] = max(sizes[column], display_width(cell))
        return sizes

    def _width(self, sizes: Sequence[int], gap: str) -> int:
        return sum(sizes) + len(gap) * (len(sizes) - 1)

    def html(self, caption: str = "") -> str:
        """Write it as a ``table`` element."""
        head = "".join(_cell("th", text, index, ' scope="col"') for index, text in enumerate(self.headings))
        count = len(self.headings)
        body = "".join(
            f"{self._title(number)}<tr>{_row(row, count)}</tr>" for number, row in enumerate(self.rows)
        )
        title = f"<caption>{for_html(caption)}</caption>" if caption else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _title(self, number: int) -> str:
        if number not in self.titles:
            return ""
        span = f'colspan="{len(self.headings)}" scope="rowgroup"'
        return (
            f'<tr class="title"><th {span} style="text-align:left">{for_html(self.titles[number])}</th></tr>'
        )


def _folded(text: str, width: int | None) -> list[str]:
    """Parts of a text of at most this width, broken after what joins the parts of a name where that is possible."""
    if width is None or display_width(text) <= width:
        return [text]
    parts: list[str] = []
    rest = text
    while display_width(rest) > width > 0:
        most = fitting(rest, width)
        joints = [found.end() for found in _JOINTS.finditer(rest, 0, most)]
        at = joints[-1] if joints and joints[-1] > most // 3 else most
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest] if rest else parts


def _side_by_side(lead: str, cells: Sequence[str], width: int | None) -> list[tuple[str, ...]]:
    """Cells in as many lines as they need."""
    lines: list[tuple[str, ...]] = [(lead,)]
    for cell in cells:
        if len(lines[-1]) > 1 and sum(map(display_width, lines[-1])) + display_width(cell) > (width or 0):
            lines.append((lead,))
        lines[-1] += (cell,)
    return lines


def _row(row: Sequence[str], count: int) -> str:
    cells = []
    for index, text in enumerate(row):
        spans = index == len(row) - 1 and len(row) < count
        attributes = f' colspan="{count - index}"' if spans else ' scope="row"' if index == 0 else ""
        cells.append(_cell("th" if index == 0 else "td", text, 0 if spans else index, attributes))
    return "".join(cells)


def _cell(element: str, text: str, index: int, attributes: str) -> str:
    side = "left" if index == 0 else "right"
    return f'<{element}{attributes} style="text-align:{side}">{for_html(text)}</{element}>'
