"""A line on standard error that tells how far long work has come; short work shows and pays nothing."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from threading import Lock, Timer
from time import monotonic
from typing import Any, Self, final

from thetahat._lazy import load

PATIENCE = 1.0
"""Seconds that work may take before anything is shown."""
SHORT = 131_072
"""Values in memory that take no second."""


@final
class Progress:
    """Counts rows and passes, and shows them once the work has taken a second.

    The display runs in a thread of its own and only reads the counts, so that it moves also while a file is
    parsed in one go. ``rich`` is imported when it first appears.

    Parameters
    ----------
    patience
        Seconds before it appears.
    total
        How many there are to count, where that is known beforehand; there is then one pass.
    unit
        What is counted.

    Examples
    --------
    >>> with Progress() as progress:
    ...     progress.begin()
    ...     progress.advance(1000)
    ...     progress.end()
    >>> progress.passes
    1
    """

    def __init__(self, patience: float = PATIENCE, *, total: int | None = None, unit: str = "rows") -> None:
        self.rows = 0
        self.total = total
        self._unit = unit
        self.passes = 0
        self._begun = monotonic()
        self._timer = Timer(patience, self._show)
        self._timer.daemon = True
        self._lock = Lock()
        self._over = False
        self._display: Any = None

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._display is not None:
                self._display.stop()
                if not self._display.console.is_terminal:
                    self._display.console.line()

    def begin(self) -> None:
        """Begin a pass over the rows."""
        self.rows = 0

    def advance(self, rows: int) -> None:
        """Count rows as read."""
        self.rows += rows

    def end(self) -> None:
        """End a pass; one over a sample of the rows is not counted."""
        if self.total is None or self.rows >= self.total:
            self.total = self.rows
            self.passes += 1

    def _show(self) -> None:
        live, console = load("rich.live", "a progress bar"), load("rich.console", "a progress bar")
        with self._lock:
            if not self._over:
                stream = console.Console(stderr=True)
                self._display = live.Live(
                    get_renderable=self._line,
                    console=stream,
                    refresh_per_second=8,
                    transient=stream.is_terminal,
                )
                self._display.start()

    def _line(self) -> Any:
        bar_class = load("rich.progress_bar", "a progress bar").ProgressBar
        text = load("rich.text", "a progress bar").Text
        grid = load("rich.table", "a progress bar").Table.grid(padding=(0, 2))
        seconds = int(monotonic() - self._begun)
        known = self.total is not None and self.total > 0
        bar = bar_class(
            total=self.total if known else None,
            completed=min(self.rows, self.total or 0),
            pulse=not known,
            width=28,
        )
        of = f" of {self.total:,}" if known else ""
        counted = f"{self.rows:,}{of} {self._unit}" if self.rows or known else "reading"
        grid.add_row(
            bar,
            text(counted),
            text(f"pass {self.passes + 1}" if self._unit == "rows" else "", style="dim"),
            text(f"{seconds // 60}:{seconds % 60:02}", style="dim"),
        )
        return grid


def following(wanted: bool | Progress | None, data: object) -> AbstractContextManager[Progress | None]:
    """The progress that a piece of work is to report to, for as long as the work lasts.

    Parameters
    ----------
    wanted
        True or False; None on a terminal for data that are not small; a ``Progress`` that someone else holds.
    data
        What the work is about, to tell by its size whether the work can be long.
    """
    if isinstance(wanted, Progress):
        return nullcontext(wanted)
    if wanted is None:
        try:
            short = not isinstance(data, str) and 8 < len(data) <= SHORT  # type: ignore[arg-type]
        except TypeError:
            # What has no length, a file or an array without dimensions, may be long or an error later on.
            short = False
        wanted = not short and sys.stderr is not None and sys.stderr.isatty()
    return Progress() if wanted else nullcontext(None)


def counting(
    wanted: bool | Progress | None, total: int, unit: str
) -> AbstractContextManager[Progress | None]:
    """The progress of work whose pieces are known beforehand; by default on a terminal."""
    if isinstance(wanted, Progress):
        return nullcontext(wanted)
    if wanted is None:
        wanted = sys.stderr is not None and sys.stderr.isatty()
    return Progress(total=total, unit=unit) if wanted else nullcontext(None)
