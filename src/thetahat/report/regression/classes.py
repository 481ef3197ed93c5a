"""How well a classifier's probabilities and its choices hold up on the rows of the fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.rendering import Table
from thetahat.report.elements import figure, note, pairs
from thetahat.report.regression.figures import Curve, calibration_plot
from thetahat.report.regression.rowwise import Rowwise

Vector = NDArray[np.float64]
_GROUPS = 10
_FEWEST = 20
_MOST_CURVES = 6
_MOST_CLASSES = 15
_NORMAL = 1.959963984540054


def classes(rows: Rowwise, cross_entropy: float) -> str:
    """Calibration curves, the confusion table, and what sums them up."""
    if rows.probabilities is None:
        return ""
    kept = np.isfinite(rows.observed) & (rows.weight > 0) & np.isfinite(rows.probabilities).all(axis=1)
    codes, weight = rows.observed[kept].astype(np.intp), rows.weight[kept]
    probabilities = rows.probabilities[kept]
    if not codes.size:
        return ""
    table = confusion(codes, np.argmax(probabilities, axis=1), weight, len(rows.labels))
    total = float(table.sum())
    facts = [
        ("accuracy", f"{np.trace(table) / total:.3f}"),
        ("share of the largest class", f"{table.sum(axis=1).max() / total:.3f}"),
        ("cross-entropy, nats a row", f"{cross_entropy:.4f}"),
    ]
    if len(rows.labels) == 2:
        facts.append(("area under the ROC curve", f"{concordance(codes == 1, probabilities[:, 1], weight):.3f}"))
    parts = [f'<dl class="facts">{pairs(facts)}</dl>']
    curves = _curves(rows.labels, codes, probabilities, weight)
    if curves:
        parts.append(
            note(
                "On the diagonal where predicted probabilities are right: each point is a tenth of the rows, by "
                "probability, with a 95 % interval (Wilson) of its share."
            )
        )
        parts.append(f'<div class="plots">{"".join(curves)}</div>')
    parts.append(_table(table, rows.labels))
    parts.append(
        note("The rows of the fit itself, which flatter it; new rows would be predicted a little worse than these.")
    )
    return f"<section><h2>Classes</h2>{''.join(parts)}</section>"


def confusion(actual: NDArray[np.intp], chosen: NDArray[np.intp], weight: Vector, count: int) -> Vector:
    """Weights of rows by actual class (down) and most probable class (across)."""
    return np.bincount(actual * count + chosen, weight, count * count).reshape(count, count)


def concordance(positive: NDArray[np.bool_], score: Vector, weight: Vector) -> float:
    """Probability that a positive row has the higher score, ties counting half: the area under the ROC curve."""
    values, place = np.unique(score, return_inverse=True)
    above = np.bincount(place, weight * positive, values.size)
    below = np.bincount(place, weight * ~positive, values.size)
    lower = np.cumsum(below) - below
    with np.errstate(invalid="ignore"):
        return float((above * (lower + 0.5 * below)).sum() / (above.sum() * below.sum()))


def calibrated(label: str, happened: NDArray[np.bool_], predicted: Vector, weight: Vector) -> Curve:
    """Rows in groups of equal weight by predicted probability, with the share of each that happened."""
    order = np.argsort(predicted, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    place = np.empty(predicted.size, dtype=np.intp)
    place[order] = np.minimum((_GROUPS * reached / weight.sum()).astype(np.intp), _GROUPS - 1)
    # Rows of one probability stay together.
    values, same = np.unique(predicted, return_inverse=True)
    first = np.full(values.size, _GROUPS)
    np.minimum.at(first, same, place)
    place = first[same]
    sums = np.bincount(place, weight, _GROUPS)
    kept = sums > 0
    n = sums[kept]
    mean = np.bincount(place, weight * predicted, _GROUPS)[kept] / n
    share = np.bincount(place, weight * happened, _GROUPS)[kept] / n
    centre = (share + _NORMAL**2 / (2 * n)) / (1 + _NORMAL**2 / n)
    half = _NORMAL * np.sqrt(share * (1 - share) / n + _NORMAL**2 / (4 * n * n)) / (1 + _NORMAL**2 / n)
    return Curve(label, mean, share, centre - half, centre + half)


def _curves(
    labels: tuple[str, ...], codes: NDArray[np.intp], probabilities: Vector, weight: Vector
) -> list[str]:
    if weight.sum() < _FEWEST:
        return []
    drawn = [1] if len(labels) == 2 else list(range(min(len(labels), _MOST_CURVES)))
    pictures = []
    for k in drawn:
        curve = calibrated(labels[k], codes == k, probabilities[:, k], weight)
        picture = calibration_plot(curve, probabilities[:, k], weight)
        pictures.append(figure(f"Calibration of {labels[k]}", picture, ""))
    return pictures


def _table(table: Vector, labels: tuple[str, ...]) -> str:
    if len(labels) > _MOST_CLASSES:
        return note(f"The confusion table of {len(labels)} classes is not printed.")
    rows = []
    for label, line in zip(labels, table, strict=True):
        right = f"{line[len(rows)] / line.sum():.3f}" if line.sum() else "—"
        rows.append((label, *(f"{value:,.6g}" for value in line), right))
    headings = ("actual, by most probable class", *labels, "share right")
    return f'<div class="scroll">{Table(headings, tuple(rows)).html("Confusion table")}</div>'
