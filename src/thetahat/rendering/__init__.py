"""Numbers, tables and foreign text as people read them, for every floor that has something to show."""

from __future__ import annotations

from thetahat.rendering.escape import for_html, for_terminal
from thetahat.rendering.numbers import ABSENT, alike, number, to_precision
from thetahat.rendering.table import Table

__all__ = ["ABSENT", "Table", "alike", "for_html", "for_terminal", "number", "to_precision"]
