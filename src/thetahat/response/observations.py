"""Observations as a user hands them over: arrays, with what is known of each row."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self, final

from thetahat.response._response import Response
from thetahat.response.exact import Exact
from thetahat.response.interval_censored import IntervalCensored
from thetahat.response.left_censored import LeftCensored
from thetahat.response.right_censored import RightCensored


@final
class Observations:
    """Rows known exactly, or known only to lie above, below or between limits.

    An exact row contributes log f(y); a row known to lie in (low, high] contributes log(F(high) - F(low)).

    Parameters
    ----------
    y
        Values known exactly.

    Examples
    --------
    >>> import thetahat as th
    >>> rows = th.Observations.right_censored(time=[5.0, 8.0, 8.0], event=[1, 1, 0])
    >>> round(th.fit(th.Exponential(), rows).estimates["rate"], 4)
    0.0952
    """

    def __init__(self, y: Any) -> None:
        self.response: Response = Exact("y")
        self.columns: Mapping[str, Any] = MappingProxyType({"y": y})

    @classmethod
    def right_censored(cls, time: Any, event: Any) -> Self:
        """``event`` 1: the value is ``time``; 0: it is known only to exceed ``time``."""
        return cls._of(RightCensored("time", "event"), {"time": time, "event": event})

    @classmethod
    def left_censored(cls, value: Any, detected: Any) -> Self:
        """``detected`` 1: the value is ``value``; 0: it is known only not to exceed ``value``."""
        return cls._of(LeftCensored("value", "detected"), {"value": value, "detected": detected})

    @classmethod
    def interval(cls, low: Any, high: Any) -> Self:
        """Values in (low, high]; low equal to high is exact; -inf and inf leave a side open."""
        return cls._of(IntervalCensored("low", "high"), {"low": low, "high": high})

    @classmethod
    def _of(cls, response: Response, columns: dict[str, Any]) -> Self:
        made = cls.__new__(cls)
        made.response = response
        made.columns = MappingProxyType(columns)
        return made

    def __repr__(self) -> str:
        return f"Observations({self.response.describe()})"
