"""Timing side by side: contestants take turns, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time


@dataclass(frozen=True)
class Row:
    """One measurement: ours and the peer's, both as text, what their ratio is and what it was to be."""

    work: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None


@dataclass(frozen=True)
class Topic:
    """One line of the table of speed and memory: a title, and the measurements that show it."""

    title: str
    rows: Callable[[bool], Iterator[Row]]


CLOCKS: dict[str, Callable[[], float]] = {"wall": perf_counter, "processor": process_time}
_clock = ["wall"]


def measure_by(clock: str) -> None:
    """Time what runs in this process by one of ``CLOCKS``; others share the processors of a busy machine."""
    _clock[0] = clock


Contestant = Callable[[], float]
"""Something to be timed: runs once and returns the seconds that it took."""


def here(function: Callable[[], object], calls: int = 1) -> Contestant:
    """Time a function in this process: the mean of some calls, the first of which may find the caches cold."""
    return lambda: here_by(CLOCKS[_clock[0]], function, calls)


def here_by(clock: Callable[[], float], function: Callable[[], object], calls: int) -> float:
    """The mean seconds of some calls by a clock."""
    start = clock()
    for _ in range(calls):
        function()
    return (clock() - start) / calls


def peer(name: str, what: str, family: str, n: int, calls: int = 1) -> AbstractContextManager[Contestant]:
    """One of ``peers.py`` in a process of its own."""
    return apart("peers.py", name, what, family, str(n), calls=calls)


@contextmanager
def apart(program: str, *arguments: str, calls: int = 1) -> Iterator[Contestant]:
    """One of these programs, which answers as ``answer`` does, in a process that waits between its turns."""
    command_line = (sys.executable, str(Path(__file__).with_name(program)), *arguments)
    with subprocess.Popen(command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        questions, answers = process.stdin, process.stdout
        if questions is None or answers is None:
            raise RuntimeError("a process was started without pipes")

        def timed() -> float:
            questions.write(f"{calls} {_clock[0]}\n")
            questions.flush()
            return float(answers.readline())

        yield timed
        questions.close()


def answer(call: Callable[[], object]) -> None:
    """Answer each line of the input, a number of calls and a clock, with the mean seconds of a call."""
    for line in sys.stdin:
        calls, clock = line.split()
        print(here_by(CLOCKS[clock], call, int(calls)), flush=True)


def interleaved(*contestants: Contestant, repetitions: int = 7) -> tuple[float, ...]:
    """Let the contestants run in turn, after one turn that does not count; the median seconds of each."""
    times: tuple[list[float], ...] = tuple([] for _ in contestants)
    for turn in range(repetitions + 1):
        for contestant, taken in zip(contestants, times, strict=True):
            spent = contestant()
            if turn:
                taken.append(spent)
    return tuple(median(taken) for taken in times)


def command(*arguments: str) -> Callable[[], object]:
    """A whole process, which keeps its compiled bytecode as an installed package does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> str:
        done = subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    return run


def python(code: str, *arguments: str) -> Callable[[], object]:
    """A whole process of this Python."""
    return command(sys.executable, "-c", code, *arguments)


def seconds(value: float) -> str:
    """Seconds in the unit in which they read best."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value / 1e-9:.3g} ns"


def at_most(work: str, ours: float, theirs: float, factor: float, of: str) -> Row:
    """Ours is to take at most ``factor`` times as long as the peer."""
    ratio = ours / theirs
    peer_text = f"{seconds(theirs)} {of}"
    return Row(work, seconds(ours), peer_text, f"{ratio:.2f} x", f"at most {factor:g} x", ratio <= factor)


def faster(work: str, ours: float, theirs: float, factor: float | None, of: str) -> Row:
    """Ours is to be ``factor`` times as fast as the peer; None: it is told how fast it is."""
    ratio = theirs / ours
    target, met = ("", None) if factor is None else (f"{factor:g} x faster", ratio >= factor)
    return Row(work, seconds(ours), f"{seconds(theirs)} {of}", f"{ratio:.1f} x", target, met)
