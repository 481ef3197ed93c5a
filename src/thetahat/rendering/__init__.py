"""Numbers, tables, foreign text and files as people read them, for every floor that has something to show."""

from __future__ import annotations

from thetahat.rendering.escape import for_html, for_terminal
from thetahat.rendering.numbers import ABSENT, alike, number, to_precision
from thetahat.rendering.plain_data import finite_data
from thetahat.rendering.table import Table
from thetahat.rendering.whole_file import write_whole

__all__ = [
    "ABSENT",
    "Table",
    "alike",
    "finite_data",
    "for_html",
    "for_terminal",
    "number",
    "to_precision",
    "write_whole",
]
