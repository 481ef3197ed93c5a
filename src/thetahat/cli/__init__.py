"""The command line: ``thetahat fit | select | families | show | demo``."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from thetahat._errors import ThetahatError

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0; 3 for a verdict without a usable maximum; 2 for bad input. Whatever is wrong with the input is told in
    one line on standard error.
    """
    # Rows are summed by threads of our own, each with a BLAS of one thread; a pool of BLAS threads would only
    # cost its start, a tenth of the time of a small fit. It must be said before NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from thetahat.cli.application import parsed, parser, run

    # At its end a process gives back all memory at once; to look through all that NumPy and SciPy hold for cycles
    # before that would take an eighth of the time of a small fit.
    atexit.register(gc.freeze)

    # What a terminal or a pipe cannot show is written as an escape, never as a crash.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    grammar = parser()
    try:
        given = parsed(grammar, arguments)
        if given.version:
            from thetahat import __version__

            sys.stdout.write(f"thetahat {__version__}\n")
            return 0
        if given.command is None:
            grammar.print_help()
            return 0
        with _nothing_collected():
            import_module(f"thetahat.cli.{given.command}")
        return run(given)
    except ThetahatError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        _forget_output()
        return 1
    except OSError as error:
        return _refuse(_about_file(error))
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """While modules are loaded, which make much and drop nothing, so that no cycles are looked for."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _refuse(message: str) -> int:
    _say(message)
    return BAD_INPUT


def _say(message: str) -> None:
    from thetahat.rendering import for_terminal

    sys.stderr.write(f"thetahat: {for_terminal(' '.join(message.split()))}\n")


def _about_file(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _forget_output() -> None:
    """Let the interpreter's last flush go nowhere, since nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
