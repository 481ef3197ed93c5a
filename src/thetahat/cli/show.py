"""``thetahat show``: a saved fit."""

from __future__ import annotations

from thetahat.cli.answer import answer_of, checked_level, status_of, tell
from thetahat.loading import load


def run(file: str, *, level: float, as_json: bool) -> int:
    """Load, tell, and return the exit status of the verdict."""
    checked_level(level)
    found = load(file)
    tell(answer_of(found, level, as_json=as_json))
    return status_of(found)
