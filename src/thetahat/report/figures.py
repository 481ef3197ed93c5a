"""The plots of a report, as SVG that takes its colours from the page it stands in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.inference.curve import Profile
from thetahat.rendering import for_terminal
from thetahat.report.drawing import CUT, DATA, FIT, LINE, SOFT, broad_and_narrow, legend, svg_of
from thetahat.report.empirical import Empirical, Sample
from thetahat.report.fitted_law import FittedLaw

Vector = NDArray[np.float64]

_MOST_POINTS = 400
_MOST_BARS = 60
_LONGEST_LABEL = 14
_DECADES = 1e3
_ROUNDING = 1e-6


def density_plot(sample: Sample, law: FittedLaw, labels: list[str] | None, column: str) -> str:
    """The fitted density over a histogram of the exact rows, or fitted probabilities over proportions."""

    def draw(axes: Any) -> None:
        if labels is not None:
            _labelled_bars(axes, sample, law, labels)
        elif law.family.support.discrete:
            _bars(axes, sample, law)
        else:
            _histogram(axes, sample, law)
        if labels is None:
            axes.set_xlabel(for_terminal(column))

    return broad_and_narrow(draw, "density")


def distribution_plot(empirical: Empirical, law: FittedLaw, column: str) -> str:
    """The fitted distribution function over the nonparametric one, for data with censored rows."""

    def draw(axes: Any) -> None:
        lowest = law.family.support.lower
        low, high = float(empirical.spans(lowest)[0].min()), float(empirical.points[-1])
        margin = 0.06 * (high - low or abs(high) or 1.0)
        left = max(low - margin, lowest)
        grid = np.linspace(left, high + margin, 400)
        corners, heights = empirical.corners(lowest)
        corners, heights = np.append(corners, high + margin), np.append(heights, heights[-1])
        corners = np.maximum(corners, left)
        axes.fill_between(corners, heights, color=DATA, alpha=0.25, linewidth=0)
        axes.plot(corners, heights, color=DATA, linewidth=1.6, label=f"{empirical.method} estimate")
        axes.plot(grid, law.cdf(grid), color=FIT, linewidth=2, label="fitted")
        axes.set_xlim(left, high + margin)
        axes.set_ylim(0, 1.02)
        axes.set_ylabel("probability of at most this")
        axes.set_xlabel(for_terminal(column))
        legend(axes)

    return broad_and_narrow(draw, "distribution")


def quantile_plot(empirical: Empirical, law: FittedLaw, n_obs: float, level: float) -> str:
    """Data against the quantiles of the fitted distribution; straight where the family fits."""
    points, middle = _thinned(empirical.points, empirical.standing)
    fitted = law.quantile(middle)
    # Where an interval ends after which nothing comes, its probability is 1 but for rounding.
    finite = np.isfinite(fitted) & (middle < 1.0 - _ROUNDING)

    def draw(axes: Any) -> None:
        shown = fitted[finite]
        if empirical.method == "proportions" and not law.family.support.discrete:
            low, high = range_of_order_statistics(middle[finite], n_obs, level)
            axes.fill_between(
                shown, law.quantile(low), law.quantile(high), color=FIT, alpha=0.12, linewidth=0
            )
        both = np.concatenate([shown, points[finite]])
        ends = [float(both.min()), float(both.max())]
        axes.plot(ends, ends, color=FIT, linewidth=1.2)
        axes.plot(shown, points[finite], "o", color=DATA, markersize=4.4, markeredgewidth=0, alpha=0.8)
        margin = 0.04 * (ends[1] - ends[0] or 1.0)
        axes.set_xlim(ends[0] - margin, ends[1] + margin)
        axes.set_ylim(ends[0] - margin, ends[1] + margin)
        axes.set_xlabel("fitted quantile")
        axes.set_ylabel("observed")

    return svg_of(draw, "quantiles")


def probability_plot(empirical: Empirical, law: FittedLaw, n_obs: float, level: float) -> str:
    """Fitted against observed probabilities of lying below each point."""
    points, middle = _thinned(empirical.points, empirical.standing)
    fitted = law.cdf(points)
    if law.family.support.discrete:
        fitted = fitted - 0.5 * law.density(points)

    def draw(axes: Any) -> None:
        if empirical.method == "proportions" and not law.family.support.discrete:
            grid = np.linspace(0.001, 0.999, 200)
            low, high = range_of_order_statistics(grid, n_obs, level)
            axes.fill_between(grid, low, high, color=FIT, alpha=0.12, linewidth=0)
        axes.plot([0, 1], [0, 1], color=FIT, linewidth=1.2)
        axes.plot(fitted, middle, "o", color=DATA, markersize=4.4, markeredgewidth=0, alpha=0.8)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("fitted probability")
        axes.set_ylabel("observed")

    return svg_of(draw, "probabilities")


def profile_plot(profile: Profile, interval: tuple[float, float], level: float, label: str) -> str:
    """The profile log-likelihood of one parameter, cut where the interval ends."""
    cut = -0.5 * float(special.chdtri(1, 1 - level))

    def draw(axes: Any) -> None:
        drop = profile.log_likelihoods - profile.maximum
        shown = np.isfinite(drop) & np.isfinite(profile.values)
        values, drop = profile.values[shown], drop[shown]
        axes.plot(values, drop, color=FIT, linewidth=2)
        inside = (values >= interval[0]) & (values <= interval[1])
        axes.fill_between(values, drop, cut, where=inside & (drop >= cut), color=FIT, alpha=0.12, linewidth=0)
        axes.axhline(cut, color=CUT, linewidth=1, linestyle=(0, (4, 3)))
        for end in interval:
            if np.isfinite(end) and values.min() <= end <= values.max():
                axes.plot([end, end], [cut, min(1.9 * cut, -4.9)], color=CUT, linewidth=1)
        if np.isfinite(profile.estimate):
            axes.plot([profile.estimate], [0], "o", color=FIT, markersize=5)
        axes.set_ylim(min(1.9 * cut, -4.9), 0.3)
        kept = drop >= min(2.0 * cut, -5.2)
        if kept.any():
            low, high = float(values[kept].min()), float(values[kept].max())
            if low > 0 and high > _DECADES * low:
                # Towards a limit at infinity the curve levels off over many powers of ten.
                axes.set_xscale("log")
                axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.15g}")
                axes.xaxis.set_minor_formatter(lambda *_: "")
                high = min(high, _DECADES * low)
            axes.set_xlim(low, high)
        axes.set_xlabel(for_terminal(label))
        axes.set_ylabel("log-likelihood below maximum")

    return svg_of(draw, f"profile-{label}", (4.6, 2.8))


# ---- Parts -----------------------------------------------------------------------------------------------


def _histogram(axes: Any, sample: Sample, law: FittedLaw) -> None:
    y, weight = sample.rows.y, sample.rows.weight
    low, high = shown_range(y)
    edges = bin_edges(y, low, high)
    total = float(y.size if weight is None else weight.sum())
    counts, _ = np.histogram(y, edges, weights=weight)
    bars_under_density(axes, counts / total / np.diff(edges), edges, law, "data")
    beyond = int(((y < low) | (y > high)).sum())
    if beyond:
        axes.set_title(f"{beyond:,} values lie beyond the picture", fontsize=8, color=SOFT, loc="right")


def bars_under_density(axes: Any, heights: Vector, edges: Vector, law: FittedLaw, label: str) -> None:
    """A histogram with the fitted density over it."""
    axes.stairs(heights, edges, fill=True, color=DATA, alpha=0.45, linewidth=0, label=label)
    axes.vlines(
        edges, 0, np.maximum(np.append(heights, 0), np.insert(heights, 0, 0)), color=LINE, linewidth=0.4
    )
    low, high = float(edges[0]), float(edges[-1])
    support = law.family.support
    margin = 0.05 * (high - low)
    left, right = max(low - margin, support.lower), min(high + margin, support.upper)
    grid = np.linspace(left, right, 500)
    density = law.density(grid)
    density[~np.isfinite(density)] = np.nan
    axes.plot(grid, density, color=FIT, linewidth=2, label="fitted")
    # A density may run to infinity at an end of its support; the data then set the height of the picture.
    top = float(heights.max())
    axes.set_ylim(0, 1.08 * max(top, min(float(np.nanmax(density)), 1.7 * top)))
    axes.set_xlim(left, right)
    axes.set_ylabel("density")
    legend(axes)


def _bars(axes: Any, sample: Sample, law: FittedLaw) -> None:
    y, weight = sample.rows.y, sample.rows.weight
    weight = np.ones(y.shape) if weight is None else weight
    support = law.family.support
    low, high = float(y.min()), float(y.max())
    if np.isfinite(support.upper) and support.upper - support.lower <= _MOST_BARS:
        low, high = support.lower, support.upper
    else:
        low = max(support.lower, low - 1)
        high += 1
    width = max(1, int(np.ceil((high - low + 1) / _MOST_BARS)))
    edges = np.arange(low - 0.5, high + 0.5 + width, width)
    counts, _ = np.histogram(y, edges, weights=weight)
    centres = 0.5 * (edges[:-1] + edges[1:])
    fitted = law.cdf(edges[1:] - 0.25) - law.cdf(edges[:-1] - 0.25)
    axes.bar(centres, counts / weight.sum(), 0.82 * width, color=DATA, alpha=0.55, linewidth=0, label="data")
    axes.vlines(centres, 0, fitted, color=FIT, linewidth=1.2)
    axes.plot(centres, fitted, "o", color=FIT, markersize=4.2, markeredgewidth=0, label="fitted")
    axes.set_ylim(bottom=0)
    axes.set_xlim(edges[0] - 0.2 * width, edges[-1] + 0.2 * width)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("probability" if width == 1 else f"probability of {width} values")
    legend(axes)


def _labelled_bars(axes: Any, sample: Sample, law: FittedLaw, labels: list[str]) -> None:
    y, weight = sample.rows.y, sample.rows.weight
    at = np.arange(len(labels))
    counts = np.bincount(y.astype(int), weight, len(labels))
    fitted = np.exp(law.family.log_prob(law.family.decode(at)))
    axes.bar(at, counts / counts.sum(), 0.7, color=DATA, alpha=0.55, linewidth=0, label="data")
    axes.plot(at, fitted, "o", color=FIT, markersize=5, markeredgewidth=0, label="fitted")
    axes.set_xticks(at, [_short(label) for label in labels], rotation=0 if len(labels) <= 6 else 60)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("probability")
    legend(axes)


def _short(label: str) -> str:
    text = for_terminal(label)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"


def shown_range(y: Vector) -> tuple[float, float]:
    """The range of the data, less far tails that would squeeze the rest into a line."""
    low, first, third, high = (float(q) for q in np.quantile(y, [0.0, 0.25, 0.75, 1.0]))
    reach = 5.0 * (third - first)
    if reach > 0:
        low, high = max(low, first - reach), min(high, third + reach)
    if high <= low:
        half = max(abs(low), 1.0) / 2
        return low - half, high + half
    return low, high


def bin_edges(y: Vector, low: float, high: float) -> Vector:
    """Bins about as wide as Freedman & Diaconis (1981) make them, at round numbers, where people round to."""
    first, third = np.quantile(y, [0.25, 0.75])
    width = 2.0 * float(third - first) / y.size ** (1 / 3)
    if not width > 0:
        width = (high - low) / 10
    width = float(np.clip(width, (high - low) / _MOST_BARS, (high - low) / 6))
    power = 10.0 ** np.floor(np.log10(width))
    width = power * min((1.0, 2.0, 2.5, 5.0, 10.0), key=lambda step: abs(np.log(step * power / width)))
    start = np.floor(low / width)
    edges = width * np.arange(start, np.floor(high / width) + 2)
    if edges.size < 2 or not (np.diff(edges) > 0).all():
        return np.linspace(low, high, 11)
    return edges


def range_of_order_statistics(middle: Vector, n_obs: float, level: float) -> tuple[Vector, Vector]:
    """Where each probability lies with this chance if the fit is true: a beta distribution."""
    rank = np.maximum(middle * n_obs, 0.5) + 0.5
    rest = np.maximum(n_obs - rank + 1.0, 0.5)
    tail = 0.5 * (1 - level)
    return special.betaincinv(rank, rest, tail), special.betaincinv(rank, rest, 1 - tail)


def _thinned(points: Vector, heights: Vector) -> tuple[Vector, Vector]:
    """A bounded number of points, both ends among them."""
    if points.size <= _MOST_POINTS:
        return points, heights
    edge = 20
    inner = np.linspace(edge, points.size - 1 - edge, _MOST_POINTS - 2 * edge).astype(int)
    kept = np.unique(np.concatenate([np.arange(edge), inner, np.arange(points.size - edge, points.size)]))
    return points[kept], heights[kept]
