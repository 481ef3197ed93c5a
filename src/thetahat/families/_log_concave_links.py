"""Links under which the log-likelihood of a logit-like parameter is concave in the linear predictor."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LOG_CONCAVE_LINKS: Mapping[str, str] = MappingProxyType(
    {
        "*": "concave in the logit",
        "probit": "concave, since log F and log(1 - F) are for the normal distribution (Pratt, 1981)",
        "cloglog": "concave, since log F and log(1 - F) are for Gumbel's distribution (Pratt, 1981)",
        "loglog": "concave, since log F and log(1 - F) are for Gumbel's distribution (Pratt, 1981)",
        "log": "concave in log prob",
        "identity": "concave in prob",
    }
)
"""For terms a log F + b log(1 - F), a and b from 0 up, and for masses of order statistics of such variables."""
