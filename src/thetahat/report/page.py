"""One self-contained HTML page about a fit."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from thetahat.rendering import for_html, write_whole
from thetahat.report import independent, regression, sections
from thetahat.report.elements import words
from thetahat.report.intervals import Uncertainty
from thetahat.report.profiles import MOST_PROFILES, profiles_of, profiles_section
from thetahat.report.summary import Summary, summarise

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_STYLE = Path(__file__).with_name("style.css")


def write_page(
    fit: Fitted, path: str | PathLike[str], level: float = 0.95, uncertainty: Uncertainty | None = None
) -> None:
    """Write the page: verdict first, then the numbers, the plots, and where it all comes from.

    A file that is there is replaced only once the page is complete.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_whole(path, page(fit, level, uncertainty))


def page(fit: Fitted, level: float = 0.95, uncertainty: Uncertainty | None = None) -> str:
    """The page as text. It loads nothing: style and pictures are inside."""
    summary = summarise(fit, level, uncertainty)
    middle = regression.sections_of(fit, summary) if summary.regression else _independent(fit, summary)
    parts = [
        sections.verdict(summary),
        *middle,
        sections.covariance(fit),
        sections.evidence(fit),
        sections.search(fit),
        sections.provenance(fit, summary),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{for_html(summary.title)}: {for_html(words(summary.verdict))}</title>"
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n"
        f'<p class="kicker">Maximum likelihood report</p><h1>{for_html(summary.title)}</h1>\n'
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _independent(fit: Fitted, summary: Summary) -> list[str]:
    profiles = profiles_of(fit, summary.level, fit.free_names[:MOST_PROFILES])
    return [
        sections.figures_of_merit(summary, []),
        independent.estimates(summary, profiles),
        independent.data_and_fit(fit, summary),
        profiles_section(fit, summary, profiles),
    ]
