"""``thetahat demo``: data sets that ship with the package, fitted and drawn."""

from __future__ import annotations

import sys
from pathlib import Path

from thetahat import datasets
from thetahat.cli.answer import answer_of, status_of, tell
from thetahat.families.gamma import Gamma
from thetahat.fit import Fit, fit
from thetahat.models.specification import Regression
from thetahat.rendering import for_terminal

CLAIMS = "claims ~ age + engine + C(district) + offset(log(holders))"


def run(report: str) -> int:
    """Fit serving sizes and insurance claims, print the summaries, write the pages and say where they are."""
    page = Path(report)
    servings = fit(Gamma(y="serving"), datasets.path("groundbeef"))
    claims = fit(Regression(CLAIMS, "poisson"), datasets.path("insurance"))
    _show(servings, page)
    sys.stdout.write("\n")
    _show(claims, page.with_stem(f"{page.stem}-regression"))
    return max(status_of(servings), status_of(claims))


def _show(found: Fit, page: Path) -> None:
    tell(answer_of(found, 0.95, as_json=False))
    found.report(page)
    sys.stdout.write(f"\n  The page with plots and profiles: {for_terminal(page.resolve())}\n")
