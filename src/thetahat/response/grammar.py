"""The left side of a formula as text: ``wait``, ``censored(time, event)``, ``interval(low, high)``."""

from __future__ import annotations

import re

from thetahat._errors import ModelError
from thetahat.response._response import Response
from thetahat.response.exact import Exact
from thetahat.response.interval_censored import IntervalCensored
from thetahat.response.left_censored import LeftCensored
from thetahat.response.right_censored import RightCensored

_FORMS: dict[str, type[RightCensored | LeftCensored | IntervalCensored]] = {
    "censored": RightCensored,
    "left_censored": LeftCensored,
    "interval": IntervalCensored,
}
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)


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
            "left_censored(value, detected) or interval(low, high)"
        )
    arguments = [argument.strip().strip("`") for argument in inside.split(",")]
    if len(arguments) != 2 or not all(arguments):
        raise ModelError(f"{text!r}: {name} takes two columns, {len([a for a in arguments if a])} given")
    if any("=" in argument for argument in arguments):
        raise ModelError(f"{text!r}: {name} takes two columns by position, without '='")
    return _FORMS[name](*arguments)
