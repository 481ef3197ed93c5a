"""From a drawing to SVG that takes its colours from the page it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

from thetahat._lazy import load

# Colours that stand for a variable of the page's style sheet, so that one picture serves light and dark.
INK, SOFT, LINE, FIT, DATA, CUT = "#000001", "#000002", "#000003", "#000004", "#000005", "#000006"
_VARIABLES = {INK: "ink", SOFT: "soft", LINE: "line", FIT: "fit", DATA: "data", CUT: "cut"}
SIZE = (4.6, 3.3)
WIDE = (9.0, 3.6)


def broad_and_narrow(draw: Callable[[Any], None], name: str) -> str:
    """The same picture for wide and for narrow screens, of which the style sheet shows one."""
    broad = svg_of(draw, f"{name}-broad", WIDE).replace("<svg ", '<svg class="broad" ', 1)
    return broad + svg_of(draw, f"{name}-narrow").replace("<svg ", '<svg class="narrow" ', 1)


def svg_of(draw: Callable[[Any], None], name: str, size: tuple[float, float] = SIZE) -> str:
    """Draw on a figure of its own, and write it as SVG that a page can hold beside others."""
    matplotlib = load("matplotlib", "a report with plots")
    figure_class = load("matplotlib.figure", "a report with plots").Figure
    settings = {"svg.fonttype": "none", "svg.hashsalt": name, "axes.formatter.use_mathtext": False}
    with matplotlib.rc_context(settings):
        figure = figure_class(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        _dress(axes)
        written = StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(written.getvalue(), name)


def _dress(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(colors=SOFT, labelsize=9, length=3, width=0.6)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.xaxis.label.set_fontsize(10)
    axes.yaxis.label.set_fontsize(10)
    axes.xaxis.offsetText.set_color(SOFT)
    axes.yaxis.offsetText.set_color(SOFT)
    # A column's name may hold dollar signs, which are no mathematics here.
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title, *axes.get_xticklabels()):
        text.set_parse_math(False)


def _for_page(svg: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href", "href")
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    opening = re.match(r"<svg[^>]*>", svg)
    box = re.search(r'viewBox="([^"]*)"', svg)
    if opening is None or box is None:
        raise AssertionError(name)
    svg = f'<svg viewBox="{box[1]}" role="img" aria-hidden="true">{svg[opening.end() :]}'
    # Names are unique in one picture only, and a page holds several.
    used = set(re.findall(r"#([\w.-]+)[)\"]", svg))
    prefix = re.sub(r"[^\w-]", "-", name)
    svg = re.sub(
        r'\sid="([^"]*)"', lambda found: f' id="{prefix}-{found[1]}"' if found[1] in used else "", svg
    )
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*|'sans-serif'|sans-serif", "inherit", svg)
    svg = re.sub(r"font: ([\d.]+px) inherit", r"font-size: \1", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return re.sub(r"\n\s*", "\n", svg)


def legend(axes: Any) -> None:
    """A legend without a frame, where it hides least."""
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, handlelength=1.4, loc="best")
