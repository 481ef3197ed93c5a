from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.report import further_pictures
from thetahat.report.empirical import sample_of
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

    monkeypatch.setattr(further_pictures, "svg_of", on_axes)
    monkeypatch.setattr(further_pictures, "broad_and_narrow", on_axes)

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
