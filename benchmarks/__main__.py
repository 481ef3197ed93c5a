"""``python benchmarks [--full] [--write] [topic ...]``: thetahat side by side with its peers."""

from __future__ import annotations

import argparse
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import censored
import command_line
import import_time
import million_rows
import own_model
import parquet
import regression_file
import regressions
import selection
import sufficient_statistics
import thousand_rows
from contest import CLOCKS, Row, Topic, measure_by
from rich.console import Console
from rich.table import Table

TOPICS: dict[str, Topic] = {
    "import": import_time.TOPIC,
    "command-line": command_line.TOPIC,
    "thousand": thousand_rows.TOPIC,
    "million": million_rows.TOPIC,
    "sufficient": sufficient_statistics.TOPIC,
    "parquet": parquet.TOPIC,
    "censored": censored.TOPIC,
    "selection": selection.TOPIC,
    "regressions": regressions.TOPIC,
    "own-model": own_model.TOPIC,
    "regression-file": regression_file.TOPIC,
}
HEADINGS = ("work", "thetahat", "peer", "ratio", "target", "met")


def main() -> None:
    """Run the chosen topics, print a table after each, and write all of them if that is wanted."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=f"by default all: {', '.join(TOPICS)}")
    parser.add_argument("--full", action="store_true", help="more repetitions, and 800 MB of Parquet")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="what to time by, on a busy machine: the processor"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    for name in options.topics:
        if name not in TOPICS:
            parser.error(f"there is no topic {name!r}; there are: {', '.join(TOPICS)}")
    measure_by(options.clock)
    console = Console()
    console.width = max(console.width, 140)
    console.print(circumstances())
    measured: dict[str, list[Row]] = {}
    for name in options.topics or TOPICS:
        topic = TOPICS[name]
        with console.status(f"{topic.title} ..."):
            measured[topic.title] = list(topic.rows(options.full))
        console.print(table(topic.title, measured[topic.title]))
    judged = [row for rows in measured.values() for row in rows if row.met is not None]
    missed = [row.work for row in judged if not row.met]
    console.print(f"{len(judged) - len(missed)} of {len(judged)} targets met", *missed, sep="\n  not met: ")
    if options.write:
        path = Path(__file__).with_name("RESULTS.md")
        path.write_text(markdown(measured), encoding="utf-8")
        console.print(f"written to {path}")


def circumstances() -> str:
    """What was compared, and on what."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "jax", "statsmodels"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors ({platform.machine()}), "
        f"Python {platform.python_version()}, {packages}; medians of runs in turn"
    )


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    return row.work, row.ours, row.peer, row.ratio, row.target, {True: "yes", False: "NO", None: ""}[row.met]


def table(title: str, rows: list[Row]) -> Table:
    """A topic as a table for the terminal."""
    made = Table(title=title, title_justify="left")
    for heading in HEADINGS:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*cells(row), style="red" if row.met is False else None)
    return made


def markdown(measured: dict[str, list[Row]]) -> str:
    """Everything as a document."""
    lines = ["# What `make bench` measured", "", circumstances(), ""]
    for title, rows in measured.items():
        lines += [f"## {title}", "", f"| {' | '.join(HEADINGS)} |", "|" + "---|" * len(HEADINGS)]
        lines += [f"| {' | '.join(cells(row))} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
