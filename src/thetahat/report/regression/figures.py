"""The plots of a regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat.rendering import for_terminal
from thetahat.report.drawing import CUT, DATA, FIT, INK, LINE, SIZE, WIDE, legend, svg_of
from thetahat.report.figures import range_of_order_statistics

Vector = NDArray[np.float64]
MOST_POINTS = 1_200
_EXTREMES = 60
_BINS = 16
_NAMED = 3
_LONGEST_NAME = 34
_NARROW_NAME = 20
_ROW_HEIGHT = 0.27


@dataclass(frozen=True, slots=True)
class Line:
    """One coefficient of a forest plot; an infinite estimate is an arrow."""

    name: str
    estimate: float
    low: float
    high: float


def forest_plot(lines: Sequence[Line], name: str, unit: str) -> str:
    """Estimates with their intervals, one below the other, beside a line at 0."""

    def drawing(longest: int) -> Any:
        def draw(axes: Any) -> None:
            ends = np.array([[line.low, line.high] for line in lines]).ravel()
            finite = np.append(ends[np.isfinite(ends)], 0.0)
            low, high = float(finite.min()), float(finite.max())
            margin = 0.06 * (high - low or 1.0)
            axes.set_xlim(low - margin, high + margin)
            axes.axvline(0, color=CUT, linewidth=1, linestyle=(0, (4, 3)))
            for place, line in enumerate(lines):
                _forest_line(axes, line, place, (low - margin, high + margin))
            axes.set_ylim(len(lines) - 0.4, -0.6)
            axes.set_yticks(range(len(lines)), [_short(line.name, longest) for line in lines])
            axes.tick_params(axis="y", length=0)
            for text in axes.get_yticklabels():
                text.set_color(INK)
                text.set_parse_math(False)
            axes.grid(axis="x", color=LINE, linewidth=0.5)
            axes.set_axisbelow(True)
            axes.set_xlabel(unit)

        return draw

    height = _ROW_HEIGHT * len(lines) + 0.8
    broad = svg_of(drawing(_LONGEST_NAME), f"{name}-broad", (WIDE[0], height))
    narrow = svg_of(drawing(_NARROW_NAME), f"{name}-narrow", (SIZE[0], height))
    return broad.replace("<svg ", '<svg class="broad" ', 1) + narrow.replace(
        "<svg ", '<svg class="narrow" ', 1
    )


def _forest_line(axes: Any, line: Line, place: int, limits: tuple[float, float]) -> None:
    if np.isinf(line.estimate):
        end = limits[1] if line.estimate > 0 else limits[0]
        axes.annotate(
            "", (end, place), (0.0, place), arrowprops={"arrowstyle": "->", "color": CUT, "linewidth": 1.6}
        )
        return
    if np.isnan(line.estimate):
        return
    low = line.low if np.isfinite(line.low) else limits[0]
    high = line.high if np.isfinite(line.high) else limits[1]
    if not np.isnan(line.low):
        axes.plot([low, high], [place, place], color=FIT, linewidth=2, solid_capstyle="round")
    axes.plot([line.estimate], [place], "o", color=FIT, markersize=5.5, markeredgewidth=0)


def residual_plot(predictor: Vector, residual: Vector, label: str) -> str:
    """Residuals against the linear predictor, with the median of neighbours."""

    def draw(axes: Any) -> None:
        axes.axhline(0, color=CUT, linewidth=1, linestyle=(0, (4, 3)))
        _points(axes, predictor, residual)
        _running(axes, predictor, residual)
        axes.set_xlabel(for_terminal(label))
        axes.set_ylabel("quantile residual")

    return svg_of(draw, "residuals")


def scale_plot(predictor: Vector, residual: Vector, label: str) -> str:
    """Root of absolute residuals against the linear predictor: flat where the spread is right."""

    def draw(axes: Any) -> None:
        size = np.sqrt(np.abs(residual))
        # The median of √|Z| for a standard normal Z.
        axes.axhline(float(np.sqrt(special.ndtri(0.75))), color=CUT, linewidth=1, linestyle=(0, (4, 3)))
        _points(axes, predictor, size)
        _running(axes, predictor, size)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(for_terminal(label))
        axes.set_ylabel("√|quantile residual|")

    return svg_of(draw, "scale-location")


def normal_plot(residual: Vector, level: float) -> str:
    """Ordered residuals against normal quantiles."""
    ordered = np.sort(residual)
    n = ordered.size
    kept = _spaced(n)
    middle = (kept + 0.5) / n
    fitted = special.ndtri(middle)

    def draw(axes: Any) -> None:
        low, high = range_of_order_statistics(middle, float(n), level)
        axes.fill_between(fitted, special.ndtri(low), special.ndtri(high), color=FIT, alpha=0.12, linewidth=0)
        shown = ordered[kept]
        ends = [float(min(fitted[0], shown[0])), float(max(fitted[-1], shown[-1]))]
        margin = 0.04 * (ends[1] - ends[0] or 1.0)
        axes.plot(ends, ends, color=FIT, linewidth=1.2)
        axes.plot(fitted, shown, "o", color=DATA, markersize=4, markeredgewidth=0, alpha=0.8)
        axes.set_xlim(ends[0] - margin, ends[1] + margin)
        axes.set_ylim(ends[0] - margin, ends[1] + margin)
        axes.set_xlabel("normal quantile")
        axes.set_ylabel("quantile residual")

    return svg_of(draw, "normal")


def influence_plot(leverage: Vector, cooks: Vector, numbers: NDArray[np.intp], mean: float) -> str:
    """Cook's distance against leverage; the rows that move the coefficients most have their numbers."""

    def draw(axes: Any) -> None:
        axes.axvline(2 * mean, color=LINE, linewidth=1)
        _points(axes, leverage, cooks)
        axes.set_ylim(bottom=-0.03 * float(cooks.max() or 1.0), top=1.12 * float(cooks.max() or 1.0))
        axes.set_xlim(left=0)
        most = 0.8 * axes.get_xlim()[1]
        for place in np.argsort(-cooks, kind="stable")[:_NAMED]:
            right = leverage[place] > most
            axes.annotate(
                f"{numbers[place]:,}",
                (leverage[place], cooks[place]),
                (-6 if right else 6, 3),
                textcoords="offset points",
                ha="right" if right else "left",
                fontsize=9,
                color=INK,
            )
        axes.set_xlabel("leverage")
        axes.set_ylabel("Cook’s distance")

    return svg_of(draw, "influence")


def calibration_plot(bins: Vector, predictions: Vector, weight: Vector, name: str) -> str:
    """Observed shares against predicted probabilities, above the distribution of the latter.

    ``bins`` has a row each: mean prediction, share, and both ends of the share's interval.
    """

    def draw(axes: Any) -> None:
        counts, edges = np.histogram(predictions, np.linspace(0, 1, 41), weights=weight)
        axes.stairs(
            0.22 * counts / counts.max(),
            edges,
            fill=True,
            color=DATA,
            alpha=0.3,
            linewidth=0,
            label="all rows",
        )
        axes.plot([0, 1], [0, 1], color=CUT, linewidth=1, linestyle=(0, (4, 3)))
        axes.vlines(bins[:, 0], bins[:, 2], bins[:, 3], color=FIT, linewidth=1.3, alpha=0.6)
        axes.plot(bins[:, 0], bins[:, 1], "o-", color=FIT, markersize=5, linewidth=1.2, label="share of rows")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("predicted probability")
        axes.set_ylabel("observed share")
        legend(axes)

    return svg_of(draw, name)


# ---- Parts -----------------------------------------------------------------------------------------------


def _points(axes: Any, x: Vector, y: Vector) -> None:
    """A bounded number of points, the outermost among them."""
    if x.size > MOST_POINTS:
        outer = np.argsort(-np.abs(y), kind="stable")[:_EXTREMES]
        evenly = np.linspace(0, x.size - 1, MOST_POINTS - _EXTREMES).astype(np.intp)
        kept = np.unique(np.concatenate([outer, evenly]))
        x, y = x[kept], y[kept]
    crowded = x.size > 300
    axes.plot(
        x,
        y,
        "o",
        color=DATA,
        markersize=3 if crowded else 4.4,
        markeredgewidth=0,
        alpha=0.45 if crowded else 0.75,
    )


def _running(axes: Any, x: Vector, y: Vector) -> None:
    """Medians of y over neighbours in x, where there are enough of them."""
    edges = np.unique(np.quantile(x, np.linspace(0, 1, min(_BINS, max(x.size // 20, 1)) + 1)))
    if edges.size < 4:
        return
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, edges.size - 2)
    middles = [
        (np.median(x[place == k]), np.median(y[place == k]))
        for k in range(edges.size - 1)
        if (place == k).any()
    ]
    axes.plot(*zip(*middles, strict=True), color=FIT, linewidth=1.8)


def _spaced(n: int) -> NDArray[np.intp]:
    """Positions in n ordered values, dense at both ends, where few lie."""
    if n <= MOST_POINTS:
        return np.arange(n)
    edge = _EXTREMES // 2
    inner = np.linspace(edge, n - 1 - edge, MOST_POINTS // 3).astype(np.intp)
    return np.unique(np.concatenate([np.arange(edge), inner, np.arange(n - edge, n)]))


def _short(name: str, longest: int) -> str:
    text = for_terminal(name)
    if len(text) <= longest:
        return text
    tail = longest // 2
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"
