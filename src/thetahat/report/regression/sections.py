"""The sections of a regression's page, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from thetahat._errors import ThetahatError
from thetahat.rendering import Table, number
from thetahat.report import sections
from thetahat.report.elements import figure, note
from thetahat.report.profiles import profiles_of, profiles_section
from thetahat.report.regression import figures
from thetahat.report.regression.classes import classes
from thetahat.report.regression.estimates import CONSTANT, estimates
from thetahat.report.regression.rowwise import Rowwise, observed, rowwise_of
from thetahat.report.regression.separation import separation
from thetahat.report.summary import Summary

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_MOST_PROFILES = 8
_PASSES_OF_A_PROFILE = 600
_FEWEST_ROWS = 5
_LISTED = 6


def sections_of(fit: Fitted, summary: Summary) -> list[str]:
    """What stands between the verdict and the evidence for it."""
    rows = rowwise_of(fit)
    profiles = profiles_of(fit, summary.level, _profiled(fit), _PASSES_OF_A_PROFILE, whole=False)
    return [
        sections.figures_of_merit(summary, [] if isinstance(rows, str) else _explained(fit, rows)),
        separation(fit, summary, rows),
        estimates(summary, profiles),
        *_of_rows(fit, summary, rows),
        profiles_section(fit, summary, profiles),
    ]


def _of_rows(fit: Fitted, summary: Summary, rows: Rowwise | str) -> list[str]:
    if isinstance(rows, str):
        return [f"<section><h2>Rows</h2>{note(f'{rows}.')}</section>"]
    return [classes(fit, rows), _residuals(rows, summary), _influence(rows)]


def _profiled(fit: Fitted) -> list[str]:
    """The first coefficients, constants only where there is room for them."""
    free = fit.free_names
    slopes = [name for name in free if name.rpartition(":")[2] != CONSTANT]
    kept = set(free if len(free) <= _MOST_PROFILES else slopes[:_MOST_PROFILES])
    return [name for name in free if name in kept]


def _explained(fit: Fitted, rows: Rowwise) -> list[tuple[str, str]]:
    """Deviances and the share of them that is explained, as far as there are any."""
    facts: list[tuple[str, str]] = []
    discrete = fit.solved.regression is not None and fit.solved.regression.family.support.discrete

    def add(name: str, question: Callable[[], float], digits: int) -> None:
        try:
            facts.append((name, number(question(), digits)))
        except ThetahatError:
            # A quantity that does not exist for this model has no place in the list.
            return

    add("deviance", lambda: fit.deviance, 6)
    add("null deviance", lambda: fit.null_deviance, 6)
    # Where the best that a row can have is probability 1, the two are the same number.
    certain = bool(rows.labels) and "located" not in fit.model
    add("R² of McFadden" if certain else "R² of the deviance", lambda: fit.pseudo_r2("deviance"), 3)
    if discrete and not certain:
        add("R² of McFadden", fit.pseudo_r2, 3)
    return facts


def _residuals(rows: Rowwise, summary: Summary) -> str:
    heading = "<h2>Residuals</h2>"
    if rows.residual is None:
        why = rows.why.get("residual", "")
        return "" if rows.labels else f"<section>{heading}{note(f'Not drawn: {why}.')}</section>"
    kept = np.isfinite(rows.residual)
    pictures = []
    if kept.sum() >= _FEWEST_ROWS:
        # Predictors of separated rows are infinite.
        at = kept if rows.predictor is None else kept & np.isfinite(rows.predictor)
        if rows.predictor is not None and at.sum() >= _FEWEST_ROWS:
            x, y = rows.predictor[at], rows.residual[at]
            label = f"linear predictor of {summary.groups[0].title.partition(',')[0]}"
            pictures += [
                figure(
                    "Residuals against the predictor",
                    figures.residual_plot(x, y, label),
                    "No pattern where the formula is right. Blue: medians of neighbours.",
                ),
                figure(
                    "Scale-location",
                    figures.scale_plot(x, y, label),
                    "Level where the spread is right; dashed: the median to be expected.",
                ),
            ]
        percent = f"{100 * summary.level:g} %"
        pictures.insert(
            1,
            figure(
                "Normal Q-Q plot",
                figures.normal_plot(rows.residual[kept], summary.level),
                f"Straight where the family is right. Shaded: where {percent} of points would fall.",
            ),
        )
    outside = int((~np.isfinite(rows.residual) & (rows.weight > 0)).sum())
    how = note(
        "Quantile residuals: standard normal if the model is true, whatever the family. Counts and censored rows have "
        "a random part (Dunn & Smyth, 1996), drawn from a fixed seed."
        + (f" {outside:,} rows lie so far out that theirs are infinite." if outside else "")
    )
    return f'<section>{heading}{how}<div class="plots">{"".join(pictures)}</div></section>'


def _influence(rows: Rowwise) -> str:
    heading = "<h2>Influence</h2>"
    if rows.leverage is None or rows.cooks is None:
        why = rows.why.get("leverage") or rows.why.get("cooks", "")
        return f"<section>{heading}{note(f'Not drawn: {why}.')}</section>"
    numbers = np.flatnonzero(np.isfinite(rows.leverage) & np.isfinite(rows.cooks) & (rows.weight > 0))
    leverage, cooks = rows.leverage[numbers], rows.cooks[numbers]
    if numbers.size < _FEWEST_ROWS:
        return ""
    picture = figure(
        "Cook’s distance and leverage",
        figures.influence_plot(leverage, cooks, numbers, float(leverage.mean())),
        "How far the coefficients would move without a row, against how far out its predictors lie; right of the line "
        "leverage is more than twice its mean.",
    )
    residual = rows.residual
    cells = []
    for place in np.argsort(-cooks, kind="stable")[:_LISTED]:
        row = int(numbers[place])
        shown = [] if residual is None else [number(float(residual[row]), 3)]
        cells.append(
            (f"{row:,}", observed(rows, row), *shown, number(leverage[place], 3), number(cooks[place], 3))
        )
    headings = ("row", "response", *([] if residual is None else ["residual"]), "leverage", "Cook’s distance")
    table = Table(headings, tuple(cells)).html("The rows that move the coefficients most, counted from 0")
    beside = f'<div class="scroll beside">{table}</div>'
    return f'<section>{heading}<div class="plots sized">{picture}{beside}</div></section>'
