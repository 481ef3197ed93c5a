"""Responses: what is known of each row. The forms for rows that are not known exactly are loaded when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thetahat.response._response import Observed, Response
from thetahat.response.exact import Exact
from thetahat.response.observations import Observations

if TYPE_CHECKING:
    from thetahat.response.grammar import parse_response
    from thetahat.response.interval_censored import IntervalCensored
    from thetahat.response.left_censored import LeftCensored
    from thetahat.response.right_censored import RightCensored
    from thetahat.response.truncated import Truncated

_PLACES = {
    "IntervalCensored": "interval_censored",
    "LeftCensored": "left_censored",
    "RightCensored": "right_censored",
    "Truncated": "truncated",
    "parse_response": "grammar",
}

__all__ = [
    "Exact",
    "IntervalCensored",
    "LeftCensored",
    "Observations",
    "Observed",
    "Response",
    "RightCensored",
    "Truncated",
    "parse_response",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
