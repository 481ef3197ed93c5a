"""Tables as text: columns that stand under each other whatever letters they hold."""

from __future__ import annotations

from thetahat.rendering import Table
from thetahat.rendering.display_width import display_width, fitting


def test_wide_letters_stand_under_each_other():
    rows = (("probs (中国)", "0.25"), ("probs (ab)", "0.75"), ("e\u0301", "日本"))
    lines = Table(("parameter", "estimate"), rows).text().splitlines()
    assert {display_width(line) for line in lines} == {display_width(lines[0])}
    folded = Table(("parameter", "estimate"), (("日本語日本語日本語日本語", "1"), ("b", "2"))).text(30)
    assert max(map(display_width, folded.splitlines())) <= 30
    assert fitting("日本語", 5) == 2
    assert fitting("日本語", 1) == 1
