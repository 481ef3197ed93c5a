"""How well a classifier's probabilities and its choices hold up on the rows of the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thetahat.prediction.classifiers import Calibration, Confusion
from thetahat.rendering import Table
from thetahat.report.elements import figure, note, pairs
from thetahat.report.regression.figures import calibration_plot
from thetahat.report.regression.rowwise import Rowwise

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

Vector = NDArray[np.float64]
_FEWEST = 20
_MOST_CURVES = 6
_MOST_CLASSES = 15


def classes(fit: Fitted, rows: Rowwise) -> str:
    """Calibration curves, the confusion table, and what sums them up."""
    if rows.probabilities is None or not (np.isfinite(rows.observed) & (rows.weight > 0)).any():
        return ""
    confusion = fit.confusion()
    total = float(confusion.counts.sum())
    facts = [
        ("accuracy", f"{confusion.accuracy:.3f}"),
        ("share of the largest class", f"{confusion.counts.sum(axis=1).max() / total:.3f}"),
        ("Brier score", f"{fit.brier_score():.4f}"),
        ("cross-entropy, nats", f"{fit.cross_entropy:.4f}"),
    ]
    if len(rows.labels) == 2:
        facts.append(("area under the ROC curve", _area(rows)))
    parts = [f'<dl class="facts">{pairs(facts)}</dl>']
    if total >= _FEWEST:
        parts.append(
            note(
                "On the diagonal where predicted probabilities are right: each point is about a tenth of the rows, by "
                "probability, with a 95 % interval (Wilson) of its share."
            )
        )
        curves = _curves(fit.calibration(), rows)
        beside = _table(confusion, "scroll beside") if len(curves) == 1 else ""
        parts.append(f'<div class="plots sized">{"".join(curves)}{beside}</div>')
        parts += [] if beside else [_table(confusion)]
    else:
        parts.append(_table(confusion))
    parts.append(note("From the rows that were fitted, which flatters: fit.confusion(new) judges by others."))
    return f"<section><h2>Classes</h2>{''.join(parts)}</section>"


def concordance(positive: NDArray[np.bool_], score: Vector, weight: Vector) -> float:
    """Probability that a positive row has the higher score, ties counting half: the area under the ROC curve.

    Examples
    --------
    >>> import numpy as np
    >>> concordance(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.4, 0.8]), np.ones(4))
    0.875
    """
    values, place = np.unique(score, return_inverse=True)
    above = np.bincount(place, weight * positive, values.size)
    below = np.bincount(place, weight * ~positive, values.size)
    lower = np.cumsum(below) - below
    with np.errstate(invalid="ignore"):
        return float((above * (lower + 0.5 * below)).sum() / (above.sum() * below.sum()))


def _area(rows: Rowwise) -> str:
    if rows.probabilities is None:
        return ""
    score = rows.probabilities[:, 1]
    kept = np.isfinite(rows.observed) & (rows.weight > 0) & np.isfinite(score)
    area = concordance(rows.observed[kept] == 1, score[kept], rows.weight[kept])
    return "—" if np.isnan(area) else f"{area:.3f}"


def _curves(calibration: Calibration, rows: Rowwise) -> list[str]:
    shown = [1] if len(rows.labels) == 2 else range(min(len(rows.labels), _MOST_CURVES))
    pictures = []
    for code in shown:
        label = rows.labels[code]
        bins = np.array([one[1:5] for one in calibration if str(one.label) == label])
        if rows.probabilities is None or not bins.size:
            continue
        column = rows.probabilities[:, code]
        kept = np.isfinite(column) & (rows.weight > 0)
        picture = calibration_plot(bins, column[kept], rows.weight[kept], f"calibration-{code}")
        pictures.append(figure(f"Calibration of {label}", picture, ""))
    return pictures


def _table(confusion: Confusion, place: str = "scroll") -> str:
    labels = [str(label) for label in confusion.labels]
    if len(labels) > _MOST_CLASSES:
        return note(f"The confusion table of {len(labels):,} classes is not printed; fit.confusion() has it.")
    rows = []
    for code, (label, line) in enumerate(zip(labels, confusion.counts.tolist(), strict=True)):
        right = f"{line[code] / sum(line):.3f}" if sum(line) else "—"
        rows.append((label, *(f"{value:,.6g}" for value in line), right))
    headings = ("label", *(f"predicted {label}" for label in labels), "share right")
    title = "Rows by label and most probable label"
    return f'<div class="{place}">{Table(headings, tuple(rows)).html(title)}</div>'
