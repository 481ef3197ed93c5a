"""Numbers carry the digits that their standard error leaves them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetahat.rendering import ABSENT, Table, alike, for_html, for_terminal, number, to_precision


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (4.00833903, 0.341912823, "4.008"),
        (0.0544273556, 0.00494611, "0.05443"),
        (123456.789, 2345.6, "123460"),
        (-0.0004, 0.5, "0.000"),
        (2.5e-9, 3e-11, "2.5000e-09"),
        (2.5e12, 3e9, "2.50000e+12"),
        (1e300, 1e298, "1.0000e+300"),
        (0.0, 0.1, "0.000"),
        (0.25, math.nan, "0.25"),
        (math.nan, math.nan, ABSENT),
        (math.inf, math.nan, "∞"),
        (1 / 3, 1e-30, "0.333333333333333"),
    ],
)
def test_examples(value, error, shown) -> None:
    assert to_precision(value, error) == shown


@given(
    st.floats(-1e307, 1e307) | st.sampled_from([math.inf, -math.inf]),
    st.floats(min_value=1e-300, max_value=1e300),
)
def test_what_is_shown_is_the_number_to_a_hundredth_of_its_error(value, error) -> None:
    shown = to_precision(value, error)
    if math.isinf(value):
        assert shown.strip("-") == "∞"
    else:
        assert abs(float(shown) - value) <= 0.006 * error + 1e-14 * abs(value)
        assert len(shown) <= 26


def test_ends_stand_to_the_same_digit() -> None:
    assert alike([0.5, 12.25], 0.1) == ["0.500", "12.250"]
    assert alike([-math.inf, 3.0], 1.0) == ["-∞", "3.00"]
    assert number(1234567.0) == "1.23457e+06"


@given(st.text())
def test_foreign_text_has_no_power(text) -> None:
    safe = for_terminal(text)
    assert all(character.isprintable() or ord(character) >= 0xA0 for character in safe)
    assert not set(for_html(text)) & set("<>\"'")
    assert len(Table(("a",), ((text,),)).text().split("\n")) == 2
