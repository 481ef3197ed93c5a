"""Responses: what is known of each row."""

from __future__ import annotations

from thetahat.response._response import Observed, Response
from thetahat.response.exact import Exact
from thetahat.response.grammar import parse_response
from thetahat.response.interval_censored import IntervalCensored
from thetahat.response.left_censored import LeftCensored
from thetahat.response.observations import Observations
from thetahat.response.right_censored import RightCensored
from thetahat.response.truncated import Truncated

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
