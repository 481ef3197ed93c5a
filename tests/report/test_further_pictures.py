from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.report import figures, further_pictures
from thetahat.report.empirical import Empirical, sample_of
from thetahat.report.fitted_law import law_of

RNG = np.random.default_rng(2)


def page_of(fit, tmp_path):
    fit.report(tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_counts_have_a_rootogram_and_a_distribution_function(tmp_path):
    page = page_of(th.fit("poisson", RNG.poisson(4.0, 100)), tmp_path)
    assert "Hanging rootogram" in page
    assert "Distribution function" in page


def test_values_have_a_distribution_function_and_no_rootogram(tmp_path):
    page = page_of(th.fit("gamma", RNG.gamma(2.0, 1.0, 100)), tmp_path)
    assert "Hanging rootogram" not in page
    assert page.count("<h3>Distribution function</h3>") == 1


def test_labels_have_neither(tmp_path):
    page = page_of(th.fit("categorical", ["a", "b", "b", "c"]), tmp_path)
    assert "Hanging rootogram" not in page
    assert "Distribution function" not in page


@pytest.fixture
def drawn(monkeypatch):
    """What a picture draws, on axes that are kept."""
    from matplotlib.figure import Figure

    def on_axes(draw, _name):
        axes = Figure().add_subplot()
        draw(axes)
        return axes

    for module in (figures, further_pictures):
        monkeypatch.setattr(module, "svg_of", on_axes)
        monkeypatch.setattr(module, "broad_and_narrow", on_axes)

    def scene(fit):
        sample = sample_of(fit.solution.likelihood, fit.n_rows, 1.0)
        return sample, law_of(fit.distribution, sample.rows)

    return scene


@pytest.mark.parametrize("weighted", [False, True])
def test_bars_hang_from_the_roots_of_the_fitted_counts(drawn, weighted):
    values = RNG.poisson(3.0, 200)
    if weighted:
        levels, counts = np.unique(values, return_counts=True)
        fit = th.fit("poisson", levels, weights=counts)
    else:
        fit = th.fit("poisson", values)
    axes = further_pictures.rootogram(*drawn(fit), "y")
    observed = np.bincount(values, minlength=len(axes.patches))
    expected = 200 * fit.distribution.density(np.arange(len(axes.patches)))
    for bar, count, wanted in zip(axes.patches, observed, expected, strict=True):
        assert bar.get_height() == pytest.approx(np.sqrt(count))
        assert bar.get_y() + bar.get_height() == pytest.approx(np.sqrt(wanted))


def test_the_steps_are_the_weights_up_to_each_value(drawn):
    values, weights = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 2.0, 2.0])
    fit = th.fit("gamma", values, weights=weights)
    sample, law = drawn(fit)
    axes = further_pictures.cumulative_plot(sample.empirical(), law, "y")
    steps, curve = axes.get_lines()
    assert steps.get_ydata()[[2, 4, 6, 8]] == pytest.approx(np.cumsum(weights) / 8)
    assert curve.get_ydata() == pytest.approx(fit.distribution.cdf(curve.get_xdata()))


def test_mass_of_an_interval_is_shared_out_by_what_bins_cover():
    points, mass = np.array([1.0, 2.0, 6.0]), np.array([0.2, 0.3, 0.4])
    empirical = Empirical(points, mass, 0.0, "self-consistent", np.array([1.0, -np.inf, 2.0]))
    assert empirical.between(np.array([0.0, 1.5, 3.0, 7.0]), 0.0) == pytest.approx(
        [0.2 + 0.3 * 0.75, 0.3 * 0.25 + 0.1, 0.3]
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_the_bars_of_censored_rows_have_the_mass_of_the_product_limit_estimate(drawn, weighted):
    time, seen = np.array([1.0, 2.0, 2.5, 3.0, 4.0, 5.0]), np.array([1, 0, 1, 1, 0, 1])
    weights = np.array([1, 2, 1, 3, 2, 1]) if weighted else None
    fit = th.fit("weibull", th.Observations.right_censored(time, seen), weights=weights)
    sample, law = drawn(fit)
    empirical = sample.empirical()
    survival = (9 / 10 * 6 / 7 * 3 / 6, 0.0) if weighted else (5 / 6 * 3 / 4 * 2 / 3, 0.0)
    assert 1.0 - empirical.cumulative[-2:] == pytest.approx(survival)
    axes = further_pictures.estimated_density(sample, empirical, law, "y")
    heights, edges, _ = axes.patches[0].get_data()
    assert np.sum(heights * np.diff(edges)) == pytest.approx(1.0)
    late = edges[:-1] >= 3.5
    assert np.sum(heights[late] * np.diff(edges)[late]) == pytest.approx(survival[0])
    (curve,) = axes.get_lines()
    inside = curve.get_xdata() > 0
    assert curve.get_ydata()[inside] == pytest.approx(fit.distribution.density(curve.get_xdata()[inside]))


def test_censored_counts_hang_by_their_estimate(drawn):
    counts = np.array([0, 0, 1, 1, 1, 2, 2, 3, 4, 6])
    limits = np.array([9, 9, 0, 9, 9, 9, 1, 9, 9, 9])
    rows = th.Observations.interval(np.minimum(counts, limits), np.where(counts > limits, np.inf, counts))
    fit = th.fit("poisson", rows)
    sample, law = drawn(fit)
    axes = further_pictures.rootogram(sample, law, "y", sample.empirical())
    # Ten rows, of which one leaves after 0 and one after 1: 8 · 5/7 remain above 1.
    expected = [2.0, 8 * 2 / 7, 8 * 5 / 7 / 4, 8 * 5 / 7 / 4, 8 * 5 / 7 / 4, 0.0, 8 * 5 / 7 / 4]
    heights = np.array([bar.get_height() for bar in axes.patches])
    assert np.square(heights[:7]) == pytest.approx(expected)
    fitted = np.array([bar.get_y() + bar.get_height() for bar in axes.patches])
    assert np.square(fitted[:7]) == pytest.approx(10 * fit.distribution.density(np.arange(7)))


def test_counts_of_wide_intervals_have_no_rootogram(tmp_path):
    rows = th.Observations.interval([-1, 3, 3, 7], [3, 7, 7, 12])
    assert "Hanging rootogram" not in page_of(th.fit("poisson", rows), tmp_path)


def test_where_nothing_comes_after_an_interval_there_is_no_quantile_to_compare(drawn):
    low = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 3.0])
    fit = th.fit("weibull", th.Observations.interval(low, low + 1.0))
    sample, law = drawn(fit)
    axes = figures.quantile_plot(sample.empirical(), law, 6.0, 0.95)
    _, points = axes.get_lines()
    assert points.get_ydata().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("family", [th.Categorical(), th.Ordinal(levels=["low", "middle", "high"])])
def test_points_of_labels_stand_on_the_shares_that_they_fit(drawn, family):
    fit = th.fit(family, ["low", "high", "high", "middle"])
    axes = figures.density_plot(*drawn(fit), ["low", "middle", "high"], "y")
    assert len(axes.patches) == 3
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [bar.get_height() for bar in axes.patches])
