"""Pictures of a fit beside its density: the distribution function, and a hanging rootogram of counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat.rendering import for_terminal
from thetahat.report.drawing import DATA, FIT, INK, SOFT, broad_and_narrow, legend, svg_of
from thetahat.report.empirical import Empirical, Sample
from thetahat.report.figures import bars_under_density, bin_edges, shown_range
from thetahat.report.fitted_law import FittedLaw

_MOST_BARS = 60
_POINTS = 400
_MOST_PLACES = 2_000


def cumulative_plot(empirical: Empirical, law: FittedLaw, column: str) -> str:
    """The fitted distribution function over that of the rows, as steps."""
    low, high = float(empirical.points[0]), float(empirical.points[-1])
    support = law.family.support
    margin = 0.06 * (high - low or abs(high) or 1.0)

    def draw(axes: Any) -> None:
        left, right = max(low - margin, support.lower - support.discrete), high + margin
        corners, heights = empirical.corners(support.lower)
        axes.plot(
            np.concatenate([[left], corners, [right]]),
            np.concatenate([[0.0], heights, [heights[-1]]]),
            color=DATA,
            linewidth=1.6,
            label="data",
        )
        if support.discrete:
            values = np.arange(np.floor(left), np.ceil(right) + 1.0)
            if values.size > _POINTS:
                values = np.unique(np.floor(np.linspace(values[0], values[-1], _POINTS)))
            how: dict[str, Any] = {"drawstyle": "steps-post", "linewidth": 1.8}
            if values.size <= _MOST_BARS:
                how = {"linestyle": "", "marker": "o", "markersize": 4, "markeredgewidth": 0}
            axes.plot(values, law.cdf(values), color=FIT, label="fitted", **how)
        else:
            grid = np.linspace(left, right, _POINTS)
            axes.plot(grid, law.cdf(grid), color=FIT, linewidth=1.8, label="fitted")
        axes.set_xlim(left, right)
        axes.set_ylim(0, 1.02)
        axes.set_ylabel("probability of at most this")
        axes.set_xlabel(for_terminal(column))
        legend(axes)

    return svg_of(draw, "cumulative") if support.discrete else broad_and_narrow(draw, "cumulative")


def estimated_density(sample: Sample, empirical: Empirical, law: FittedLaw, column: str) -> str:
    """The fitted density over a histogram of the nonparametric estimate, for data with censored rows.

    Mass between ends is spread evenly over its interval; what lies below or beyond all places is not drawn.
    """
    size = min(sample.rows.y.size + sample.rows.low.size, _MOST_PLACES)
    cumulative = np.cumsum(empirical.mass)
    ranks = cumulative[-1] * (np.arange(size) + 0.5) / size
    places = empirical.points[np.minimum(np.searchsorted(cumulative, ranks), cumulative.size - 1)]
    low, high = shown_range(places)
    begins = empirical.spans(law.family.support.lower)[0]
    edges = bin_edges(places, float(max(min(low, begins.min()), low - (high - low))), high)
    heights = empirical.between(edges, law.family.support.lower) / np.diff(edges)

    def draw(axes: Any) -> None:
        bars_under_density(axes, heights, edges, law, f"{empirical.method} estimate")
        axes.set_xlabel(for_terminal(column))

    return broad_and_narrow(draw, "estimated-density")


def rootogram(sample: Sample, law: FittedLaw, column: str, empirical: Empirical | None = None) -> str:
    """√ of the observed counts hanging from √ of the fitted ones (Tukey, 1977; Kleiber & Zeileis, 2016).

    A bar that ends above the line at 0 is a count that came less often than fitted; the dashed lines at ±1 are two
    standard errors of a Poisson count's root (Tukey's warning limits). Of censored rows the counts are the
    nonparametric estimate's probabilities times the number of rows.
    """
    y, weight = sample.rows.y, sample.rows.weight
    total = sample.n_obs
    if empirical is not None:
        y, weight = empirical.points, total * empirical.mass
    support = law.family.support
    low, high = max(support.lower, float(y.min())), min(float(y.max()) + 1.0, support.upper)
    if low - support.lower <= 1.0:
        low = support.lower
    width = max(1, int(np.ceil((high - low + 1.0) / _MOST_BARS)))
    edges = np.arange(low - 0.5, high + 0.5 + width, width)
    observed, _ = np.histogram(y, edges, weights=weight)
    fitted = total * np.diff(law.cdf(edges - 0.25))
    centres = 0.5 * (edges[:-1] + edges[1:])

    def draw(axes: Any) -> None:
        top = np.sqrt(np.maximum(fitted, 0.0))
        axes.bar(
            centres,
            np.sqrt(observed),
            0.82 * width,
            bottom=top - np.sqrt(observed),
            color=DATA,
            alpha=0.55,
            linewidth=0,
            label="data",
        )
        axes.plot(
            centres,
            top,
            color=FIT,
            linewidth=1.6,
            marker="o",
            markersize=3.6,
            markeredgewidth=0,
            label="fitted",
        )
        axes.axhline(0.0, color=INK, linewidth=1.0, zorder=3)
        for limit in (-1.0, 1.0):
            axes.axhline(limit, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
        axes.set_xlim(edges[0] - 0.2 * width, edges[-1] + 0.2 * width)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("√ count" if width == 1 else f"√ count of {width} values")
        axes.set_xlabel(for_terminal(column))
        legend(axes)

    return svg_of(draw, "rootogram")
