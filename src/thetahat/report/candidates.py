"""The best few of several fits, drawn over the data that all of them were fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat._lazy import load
from thetahat.families import Family
from thetahat.models.iid import IndependentModel
from thetahat.rendering import for_terminal
from thetahat.report._fitted import Fitted
from thetahat.report.drawing import broad_and_narrow
from thetahat.report.empirical import Sample, sample_of
from thetahat.report.facts import facts_of
from thetahat.report.figures import bin_edges, shown_range
from thetahat.report.fitted_law import FittedLaw, law_of

Vector = NDArray[np.float64]
_POINTS = 500
_MOST_BARS = 60
_THIN = 0.9


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, each beside what it is for."""

    data: str
    curves: tuple[str, ...]
    ink: str


PLAIN = Palette("#9aa5b1", ("#1d5fa7", "#b4452c", "#3c7d3c", "#7b4fa3"), "#1b1c1f")
"""Of a picture that stands alone."""
OF_PAGE = Palette("#000005", ("#000004", "#000006", "#000001", "#000002"), "#000001")
"""Of a picture whose colours are those of the page that it stands in."""
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))


def plot_candidates(fits: Mapping[str, Fitted], axes: Any = None) -> Any:
    """Draw them on Matplotlib's axes, new ones by default, which are returned.

    Raises
    ------
    InferenceError
        If there is nothing to draw them over: labels, or a fit without its data.
    """
    scene = Scene.of(fits)
    if axes is None:
        axes = load("matplotlib.pyplot", "a plot").subplots()[1]
    scene.draw(axes, PLAIN)
    return axes


def candidates_picture(fits: Mapping[str, Fitted]) -> str:
    """The same as SVG for a page."""
    scene = Scene.of(fits)
    return broad_and_narrow(lambda axes: scene.draw(axes, OF_PAGE), "candidates")


@dataclass(frozen=True, slots=True)
class Scene:
    """A sample and the fitted laws by name, best first."""

    sample: Sample
    laws: Mapping[str, FittedLaw]
    column: str

    @classmethod
    def of(cls, fits: Mapping[str, Fitted]) -> Scene:
        """The rows of the first fit, which are those of all."""
        first = next(iter(fits.values()))
        likelihood = first.solution.with_data("a plot")
        model = likelihood.model
        if not isinstance(model, IndependentModel) or model.family.labelled:
            raise InferenceError(
                "a plot of several families is drawn over numbers; labels are drawn by a fit's own report"
            )
        sample = sample_of(likelihood, first.n_rows, model.unit)
        families = {name: fit.distribution for name, fit in fits.items()}
        laws = {name: law_of(law, sample.rows) for name, law in families.items() if isinstance(law, Family)}
        return cls(sample, laws, facts_of(first).response)

    def draw(self, axes: Any, palette: Palette) -> None:
        """Draw everything."""
        if self.sample.censored or self.sample.entered:
            self._distributions(axes, palette)
        elif next(iter(self.laws.values())).family.support.discrete:
            self._probabilities(axes, palette)
        else:
            self._densities(axes, palette)
        axes.set_xlabel(for_terminal(self.column), parse_math=False)
        axes.legend(frameon=False, fontsize=9, labelcolor=palette.ink, handlelength=2.2, loc="best")

    def _styles(self, palette: Palette) -> list[tuple[str, FittedLaw, dict[str, Any]]]:
        return [
            (
                name,
                law,
                {
                    "color": palette.curves[index % len(palette.curves)],
                    "linestyle": _DASHES[index % len(_DASHES)],
                    "linewidth": 2.2 if index == 0 else 1.6,
                    "zorder": 4 - 0.1 * index,
                },
            )
            for index, (name, law) in enumerate(self.laws.items())
        ]

    def _densities(self, axes: Any, palette: Palette) -> None:
        y, weight = self.sample.rows.y, self.sample.rows.weight
        low, high = shown_range(y)
        edges = bin_edges(y, low, high)
        counts, _ = np.histogram(y, edges, weights=weight)
        heights = counts / float(y.size if weight is None else weight.sum()) / np.diff(edges)
        axes.stairs(heights, edges, fill=True, color=palette.data, alpha=0.45, linewidth=0, label="data")
        margin = 0.05 * (high - low)
        grid = np.linspace(low - margin, high + margin, _POINTS)
        for name, law, style in self._styles(palette):
            density = np.where(np.isfinite(law.density(grid)), law.density(grid), np.nan)
            axes.plot(grid, density, label=name, **style)
        axes.set_xlim(grid[0], grid[-1])
        # A density may run to infinity at an end of its support; the data then set the height of the picture.
        axes.set_ylim(0, 1.4 * float(heights.max()))
        axes.set_ylabel("density")

    def _probabilities(self, axes: Any, palette: Palette) -> None:
        y, weight = self.sample.rows.y, self.sample.rows.weight
        support = next(iter(self.laws.values())).family.support
        low, high = max(support.lower, float(y.min()) - 1), min(float(y.max()) + 1, support.upper)
        width = max(1, int(np.ceil((high - low + 1) / _MOST_BARS)))
        edges = np.arange(low - 0.5, high + 0.5 + width, width)
        counts, _ = np.histogram(y, edges, weights=weight)
        centres = 0.5 * (edges[:-1] + edges[1:])
        share = counts / float(y.size if weight is None else weight.sum())
        axes.bar(centres, share, 0.82 * width, color=palette.data, alpha=0.5, linewidth=0, label="data")
        for name, law, style in self._styles(palette):
            fitted = law.cdf(edges[1:] - 0.25) - law.cdf(edges[:-1] - 0.25)
            # Lines between probabilities mean nothing, but several families of points are not told apart without.
            axes.plot(
                centres, fitted, label=name, marker="o", markersize=3.6, **{**style, "linewidth": _THIN}
            )
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("probability" if width == 1 else f"probability of {width} values")

    def _distributions(self, axes: Any, palette: Palette) -> None:
        why_none = self.sample.why_none
        if why_none is not None:
            raise InferenceError(why_none)
        empirical = self.sample.empirical()
        if not empirical.points.size:
            raise InferenceError(
                "no row is known exactly or to lie in a bounded interval; there is nothing to draw over"
            )
        low, high = float(empirical.points[0]), float(empirical.points[-1])
        margin = 0.06 * (high - low or abs(high) or 1.0)
        lower = next(iter(self.laws.values())).family.support.lower
        corners, heights = empirical.corners(lower)
        corners, heights = np.append(corners, high + margin), np.append(heights, heights[-1])
        axes.fill_between(corners, heights, color=palette.data, alpha=0.25, linewidth=0)
        axes.plot(corners, heights, color=palette.data, linewidth=1.4, label=f"{empirical.method} estimate")
        grid = np.linspace(max(low - margin, lower), high + margin, _POINTS)
        for name, law, style in self._styles(palette):
            axes.plot(grid, law.cdf(grid), label=name, **style)
        axes.set_xlim(grid[0], grid[-1])
        axes.set_ylim(0, 1.02)
        axes.set_ylabel("probability of at most this")
