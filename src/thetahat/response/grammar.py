"""The left side of a formula as text: ``wait``, ``censored(time, event, entry=start)``, ``truncated(y, exit=b)``."""

from __future__ import annotations

import re

from thetahat._errors import ModelError
from thetahat.response._response import Response
from thetahat.response.exact import Exact
from thetahat.response.interval_censored import IntervalCensored
from thetahat.response.left_censored import LeftCensored
from thetahat.response.right_censored import RightCensored
from thetahat.response.truncated import Truncated

_FORMS: dict[str, type[Exact | RightCensored | LeftCensored | IntervalCensored]] = {
    "censored": RightCensored,
    "left_censored": LeftCensored,
    "interval": IntervalCensored,
    "truncated": Exact,
}
_LIMITS = ("entry", "exit")
_COUNTS = {1: "one column", 2: "two columns"}
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)
_KEYWORD = re.compile(r"([A-Za-z_]\w*)\s*=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def parse_response(text: str, columns: tuple[str, ...] = ()) -> Response:
    """Read a response from text; a name that is a column as it stands is that column.

    Raises
    ------
    ModelError
        If the text is empty, calls an unknown function or gives it the wrong number of columns.

    Examples
    --------
    >>> parse_response("censored(time, event)")
    RightCensored(time='time', event='event')
    >>> parse_response("truncated(count, entry=0)").describe()
    'truncated(count, entry=0.0)'
    """
    if text in columns:
        return Exact(text)
    call = _CALL.fullmatch(text)
    if call is None:
        if not text.strip():
            raise ModelError(
                "the response is empty; name a column, as in y='wait' or y='censored(time, event)'"
            )
        return Exact(text.strip())
    name, inside = call.groups()
    if name not in _FORMS:
        raise ModelError(
            f"{text!r}: there is no response {name!r}; write a column's name, censored(time, event), "
            "left_censored(value, detected), interval(low, high) or truncated(value, entry=low, exit=high)"
        )
    arguments = [argument.strip() for argument in inside.split(",")]
    named = [match for match in map(_KEYWORD.fullmatch, arguments) if match is not None]
    limits = {match[1]: _limit(match[2].strip(), text, columns) for match in named}
    given = [argument.strip("`") for argument in arguments[: len(arguments) - len(named)]]
    form = _FORMS[name]
    expected = 1 if form is Exact else 2
    if len(given) != expected or not all(given):
        found = len([argument for argument in given if argument])
        raise ModelError(f"{text!r}: {name} takes {_COUNTS[expected]}, {found} given")
    misplaced = any("=" in argument for argument in given)
    if misplaced or len(limits) < len(named) or not set(limits) <= set(_LIMITS):
        raise ModelError(
            f"{text!r}: {name} takes {_COUNTS[expected]} by position, then entry= and exit= where there are such "
            f"limits, as in {name}({', '.join(given)}, entry=start)"
        )
    response: Response = form(*given)
    if limits:
        return Truncated(response, **limits)
    if form is Exact:
        raise ModelError(f"{text!r}: say what truncates it, as in truncated({given[0]}, entry=0)")
    return response


def _limit(argument: str, text: str, columns: tuple[str, ...]) -> str | float:
    """A column, or one number for all rows."""
    if not argument:
        raise ModelError(f"{text!r}: a limit is empty; name a column or give a number")
    if _NUMBER.fullmatch(argument) and argument not in columns:
        return float(argument)
    return argument.strip("`")
