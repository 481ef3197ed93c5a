"""``thetahat demo``: the data set that ships with the package, fitted and drawn."""

from __future__ import annotations

import sys
from pathlib import Path

from thetahat import datasets
from thetahat.cli.answer import answer_of, status_of, tell
from thetahat.families.gamma import Gamma
from thetahat.fit import fit
from thetahat.rendering import for_terminal


def run(report: str) -> int:
    """Fit serving sizes, print the summary, write the page and say where it is."""
    found = fit(Gamma(y="serving"), datasets.path("groundbeef"))
    tell(answer_of(found, 0.95, as_json=False))
    found.report(report)
    where = for_terminal(Path(report).resolve())
    sys.stdout.write(f"\n  The page with plots and profiles: {where}\n")
    return status_of(found)
