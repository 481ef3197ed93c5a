"""Numbers with as many digits as mean something beside their standard error."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf, isfinite, isnan, log10

ABSENT = "—"
"""What stands where there is no number; the reason stands beside it."""
_ERROR_DIGITS = 3
_MOST_DIGITS = 15
_PLAIN = (-4, 7)
"""Powers of ten between which numbers are written without an exponent."""


def number(value: float, digits: int = 6) -> str:
    """Write a number alone, to some significant digits.

    Examples
    --------
    >>> number(-1253.62511), number(float("nan")), number(float("-inf")), number(1e-12)
    ('-1253.63', '—', '-∞', '1e-12')
    """
    return _special(value) or f"{value:.{digits}g}"


def to_precision(value: float, error: float) -> str:
    """Write a number to the third significant digit of its standard error; alone where there is none.

    Examples
    --------
    >>> to_precision(0.0544273556, 0.00494611), to_precision(123456.789, 2345.6), to_precision(2.5e-9, 3e-11)
    ('0.05443', '123460', '2.5000e-09')
    """
    return alike([value], error)[0]


def alike(values: Sequence[float], error: float) -> list[str]:
    """Write numbers that stand together, such as both ends of an interval, to the same last digit.

    Examples
    --------
    >>> alike([3.3913, 4.7382], 0.3419)
    ['3.391', '4.738']
    """
    finite = [abs(value) for value in values if isfinite(value) and value]
    if not (isfinite(error) and error > 0):
        return [number(value) for value in values]
    first = max((_exponent(value) for value in finite), default=_exponent(error))
    last = max(_exponent(error) - _ERROR_DIGITS + 1, first - _MOST_DIGITS + 1)
    if _PLAIN[0] <= first < _PLAIN[1]:
        decimals = max(-last, 0)
        return [_special(value) or _fixed(value, decimals, max(last, 0)) for value in values]
    return [_special(value) or _scientific(value, last) for value in values]


def _fixed(value: float, decimals: int, power: int) -> str:
    rounded = round(value, -power) if power else value
    text = f"{rounded:.{decimals}f}"
    # "-0.00" is a zero that was rounded to, and its sign says nothing.
    return text.removeprefix("-") if not text.strip("-0.") else text


def _scientific(value: float, last: int) -> str:
    if value == 0:
        return "0"
    digits = min(max(_exponent(abs(value)) - last, 0), _MOST_DIGITS)
    return f"{value:.{digits}e}"


def _exponent(value: float) -> int:
    return floor(log10(value))


def _special(value: float) -> str:
    if isnan(value):
        return ABSENT
    if value in {inf, -inf}:
        return "∞" if value > 0 else "-∞"
    return ""
