"""Observations as a user hands them over: arrays, with what is known of each row."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self, final

import numpy as np

from thetahat._errors import DataError
from thetahat.response._response import Response
from thetahat.response.exact import Exact


@final
class Observations:
    """Rows known exactly, or known only to lie above, below or between limits.

    An exact row contributes log f(y); a row known to lie in (low, high] contributes log(F(high) - F(low)). A row that
    was observed only because its value lies in (entry, exit] contributes that less log(F(exit) - F(entry)): ``entry``
    is the time of delayed entry, or the lower limit of truncation; ``exit`` the upper one (Cohen, 1991). Of counts,
    the value ``entry`` itself is left out and ``exit`` is not: ``entry=0`` truncates the zeros. -inf and inf leave a
    side open, as does a limit beyond the support.

    Parameters
    ----------
    y
        Values known exactly.
    entry, exit
        Limits of truncation: one a row, or one number for all.

    Raises
    ------
    DataError
        When they are fitted: where a row does not lie between its limits, or a limit is missing (NaN).

    Examples
    --------
    >>> import thetahat as th
    >>> rows = th.Observations.right_censored(time=[5.0, 8.0, 8.0], event=[1, 1, 0])
    >>> round(th.fit(th.Exponential(), rows).estimates["rate"], 4)
    0.0952
    >>> late = th.Observations.right_censored(time=[5.0, 8.0, 8.0], event=[1, 1, 0], entry=[0.0, 4.0, 6.0])
    >>> round(th.fit(th.Exponential(), late).estimates["rate"], 4)
    0.1818
    """

    def __init__(self, y: Any, *, entry: Any = None, exit: Any = None) -> None:  # noqa: A002 - the name of a column
        columns = {"y": y}
        self.response: Response = _limited(Exact("y"), columns, entry, exit)
        self.columns: Mapping[str, Any] = MappingProxyType(columns)

    @classmethod
    def right_censored(cls, time: Any, event: Any, *, entry: Any = None, exit: Any = None) -> Self:  # noqa: A002
        """``event`` 1: the value is ``time``; 0: it is known only to exceed ``time``."""
        from thetahat.response.right_censored import RightCensored

        return cls._of(RightCensored("time", "event"), {"time": time, "event": event}, entry, exit)

    @classmethod
    def left_censored(cls, value: Any, detected: Any, *, entry: Any = None, exit: Any = None) -> Self:  # noqa: A002
        """``detected`` 1: the value is ``value``; 0: it is known only not to exceed ``value``."""
        from thetahat.response.left_censored import LeftCensored

        return cls._of(LeftCensored("value", "detected"), {"value": value, "detected": detected}, entry, exit)

    @classmethod
    def interval(cls, low: Any, high: Any, *, entry: Any = None, exit: Any = None) -> Self:  # noqa: A002
        """Values in (low, high]; low equal to high is exact; -inf and inf leave a side open."""
        from thetahat.response.interval_censored import IntervalCensored

        return cls._of(IntervalCensored("low", "high"), {"low": low, "high": high}, entry, exit)

    @classmethod
    def _of(cls, response: Response, columns: dict[str, Any], entry: Any, exit_: Any) -> Self:
        made = cls.__new__(cls)
        made.response = _limited(response, columns, entry, exit_)
        made.columns = MappingProxyType(columns)
        return made

    def __repr__(self) -> str:
        return f"Observations({self.response.describe()})"


def _limited(response: Response, columns: dict[str, Any], entry: Any, exit_: Any) -> Response:
    """The response with its limits, whose columns are put beside the others."""
    limits = {
        name: _limit(name, value, columns)
        for name, value in (("entry", entry), ("exit", exit_))
        if value is not None
    }
    if not limits:
        return response
    from thetahat.response.truncated import Truncated

    return Truncated(response, **limits)


def _limit(name: str, value: Any, columns: dict[str, Any]) -> str | float:
    """One number for all rows as it is; one a row as a column beside the others."""
    if np.ndim(value) or hasattr(value, "__len__"):
        columns[name] = value
        return name
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}={value!r}: give one number for all rows, or one a row") from error
