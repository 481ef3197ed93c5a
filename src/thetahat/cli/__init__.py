"""The command line: ``thetahat fit | families | show | demo``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from thetahat._errors import ThetahatError

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0; 3 for a verdict without a usable maximum; 2 for bad input. Whatever is wrong with the input is told in one line on standard error.
    """
    import typer

    from thetahat.cli.application import application

    # What a terminal or a pipe cannot show is written as an escape, never as a crash.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    # The class of all usage errors, which typer has moved between modules from version to version.
    usage_error: type[Exception] = typer.BadParameter.__bases__[0].__bases__[0]
    try:
        given = None if arguments is None else list(arguments)
        status = application(args=given, prog_name="thetahat", standalone_mode=False)
    except usage_error as error:
        told = getattr(error, "format_message", error.__str__)()
        return _refuse(f"{told or 'no command was given'} (thetahat --help lists what can be)")
    except ThetahatError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        _forget_output()
        return 1
    except OSError as error:
        return _refuse(_about_file(error))
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        return INTERRUPTED
    return int(status or 0)


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
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
