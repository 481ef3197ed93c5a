"""The page is one file that loads nothing, and honest about what it cannot draw."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import thetahat as th
from thetahat.report import page as pages
from thetahat.report.empirical import sample_of
from thetahat.report.sections import covariance

LOADING = {"src", "href", "xlink:href", "data", "poster", "srcset", "action"}
EMPTY = {"meta", "br", "path", "use", "line", "rect"}


class Reader(HTMLParser):
    """Checks nesting, and collects identifiers, references and what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.identifiers: list[str] = []
        self.references: set[str] = set()
        self.loaded: list[str] = []
        self.elements: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attributes:
            if name == "id":
                self.identifiers.append(str(value))
            if name in LOADING:
                if str(value).startswith("#"):
                    self.references.add(str(value)[1:])
                else:
                    self.loaded.append(str(value))
            self.references |= set(re.findall(r"url\(#([^)]*)\)", str(value)))
            assert not name.startswith("on")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_every_page_is_whole_and_loads_nothing(any_fit) -> None:
    text = pages.page(any_fit)
    reader = read(text)
    assert reader.open == []
    assert reader.loaded == []
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert {"script", "link", "iframe", "img"} & set(reader.elements) == set()
    assert len(reader.identifiers) == len(set(reader.identifiers))
    assert reader.references <= set(reader.identifiers)
    assert not re.search(r"\bnan\b", text)
    assert text.index('class="verdict') < text.index("<h2>Estimates")


@pytest.mark.parametrize(
    ("case", "headings"),
    [
        (
            "continuous",
            ["Data under the fit", "Distribution function", "Q-Q plot", "P-P plot", "shape", "rate"],
        ),
        (
            "counts",
            [
                "Data under the fit",
                "Hanging rootogram",
                "Distribution function",
                "Q-Q plot",
                "P-P plot",
                "mean",
                "size",
            ],
        ),
        ("trials", ["Data under the fit", "Hanging rootogram", "Distribution function", "P-P plot", "prob"]),
        ("right", ["Density", "Distribution function", "Q-Q plot", "P-P plot", "shape", "scale"]),
        ("left", ["Density", "Distribution function", "Q-Q plot", "P-P plot", "mean_log", "sd_log"]),
        ("interval", ["Density", "Distribution function", "Q-Q plot", "P-P plot", "shape", "rate"]),
        ("at_infinity", ["location", "scale", "df"]),
        ("unbounded", []),
    ],
)
def test_what_is_drawn(fit_of, case, headings) -> None:
    assert re.findall(r"<h3>(.*?)</h3>", pages.page(fit_of(case))) == headings


def test_a_saved_fit_says_what_it_lacks(fit_of, tmp_path) -> None:
    fit_of("continuous").save(tmp_path / "fit.json")
    text = pages.page(th.load(tmp_path / "fit.json"))
    assert "<svg" not in text
    assert "holds no data to draw" in text
    assert "Covariance of the estimates" in text


def test_correlations_have_three_decimals_each() -> None:
    sizes = np.random.default_rng(5).normal(size=(50, 2))
    text = covariance(
        th.regress(sizes, sizes @ [1.0, 2.0] + np.sin(np.arange(50.0)), th.Normal(), intercept=True)
    )
    table = re.search(r"<caption>Correlation</caption>.*?</table>", text, flags=re.DOTALL)
    assert table is not None
    numbers = re.findall(r"<td[^>]*>(.*?)</td>", table[0])
    assert len(numbers) == 16
    assert all(re.fullmatch(r"-?[01]\.\d{3}", number) for number in numbers)
    assert numbers[0] == "1.000"


def test_a_page_is_the_same_each_time(fit_of, tmp_path) -> None:
    fit = fit_of("right")
    for name in ("one.html", "other.html"):
        fit.report(tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()


def test_long_profiles_are_left_out_and_said_to_be(fit_of, monkeypatch) -> None:
    monkeypatch.setattr("thetahat.report.profiles.PATIENCE", 0.0)
    text = pages.page(fit_of("right"))
    assert "they would take about" in text


def test_a_sample_is_bounded_and_even(monkeypatch) -> None:
    monkeypatch.setattr("thetahat.report.empirical.MOST_ROWS", 1000)
    values = np.arange(1.0, 200_001.0)
    fit = th.fit(th.Weibull(), values)
    sample = sample_of(fit.solution.likelihood, fit.n_rows, 1.0)
    assert not sample.complete
    assert 900 <= sample.rows.y.size <= 2200
    assert sample.rows.y.base is None
    assert np.mean(sample.rows.y) == pytest.approx(np.mean(values), rel=0.01)


def test_product_limit_by_hand() -> None:
    fit = th.fit(th.Exponential(), th.Observations.right_censored([1.0, 2.0, 2.0, 3.0, 4.0], [1, 1, 0, 0, 1]))
    empirical = sample_of(fit.solution.likelihood, fit.n_rows, 1.0).empirical()
    assert empirical.points.tolist() == [1.0, 2.0, 4.0]
    assert 1 - empirical.cumulative == pytest.approx([0.8, 0.8 * 0.75, 0.0])


def test_left_censoring_mirrors_right_censoring() -> None:
    fit = th.fit(th.Normal(), th.Observations.left_censored([-1.0, -2.0, -2.0, -3.0, -4.0], [1, 1, 0, 0, 1]))
    empirical = sample_of(fit.solution.likelihood, fit.n_rows, 1.0).empirical()
    assert empirical.points.tolist() == [-4.0, -2.0, -1.0]
    assert empirical.cumulative - empirical.mass == pytest.approx([0.0, 0.6, 0.8])


def test_the_self_consistent_estimate_of_separate_intervals_is_their_shares() -> None:
    rows = th.Observations.interval([0.0, 0.0, 1.0, 2.0, 2.5], [1.0, 1.0, 2.0, np.inf, 2.5])
    empirical = sample_of(th.fit(th.Exponential(), rows).solution.likelihood, 5, 1.0).empirical()
    assert empirical.points.tolist() == [1.0, 2.0, 2.5]
    assert empirical.cumulative == pytest.approx([0.4, 0.6, 1.0], abs=1e-6)
    assert empirical.corners(0.0)[0].tolist() == [0.0, 1.0, 1.0, 2.0, 2.5, 2.5]


def test_a_density_of_ones_own_has_a_page() -> None:
    jnp = pytest.importorskip("jax.numpy")
    model = th.Model(
        lambda parameters, data: jnp.log(parameters.rate) - parameters.rate * data.y,
        parameters={"rate": th.positive()},
    )
    text = pages.page(th.fit(model, {"y": [1.0, 2.0, 3.0]}))
    assert "no distribution function to draw" in text
    assert "<h3>rate</h3>" in text
