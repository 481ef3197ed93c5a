"""Where no maximum exists: which coefficients run away because of which rows, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thetahat.rendering import number
from thetahat.report.elements import note, pairs
from thetahat.report.regression.rowwise import Rowwise, observed
from thetahat.report.summary import Summary

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_CERTAIN = -1e-8
"""Log-probability at the limit from which on a row is predicted with certainty."""
_MOST_RESPONSES = 8
_MOST_NAMES = 40


def separation(fit: Fitted, summary: Summary, rows: Rowwise | str) -> str:
    """The section, empty where coefficients are finite."""
    certificate = fit.certificate
    infinite = [name for name in certificate.parameters if not np.isfinite(fit.estimates[name])]
    driven = {name for group in summary.groups if group.driven for name in group.names}
    if certificate.verdict.value != "at_infinity" or driven.isdisjoint(infinite):
        return ""
    moving = {name: fit.estimates[name] for name in infinite}
    finite = [name for name in fit.free_names if name not in moving and certificate.status[name] == "regular"]
    facts = [
        ("to infinity", _listed([name for name, end in moving.items() if end == np.inf])),
        ("to minus infinity", _listed([name for name, end in moving.items() if end == -np.inf])),
        (
            "to infinity or not, by the way there",
            _listed([name for name, end in moving.items() if np.isnan(end)]),
        ),
        ("finite, those of the remaining rows", _listed(finite)),
        ("supremum of the log-likelihood", number(certificate.supremum, 10)),
        ("the model it belongs to", certificate.limit or ""),
    ]
    shown = pairs([(name, text) for name, text in facts if text])
    parts = [f'<dl class="lines">{shown}</dl>']
    if isinstance(rows, Rowwise) and rows.log_prob is not None:
        parts.append(_responsible(rows, summary))
    return f"<section><h2>Separation</h2>{''.join(parts)}</section>"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _responsible(rows: Rowwise, summary: Summary) -> str:
    if rows.log_prob is None:
        return ""
    with np.errstate(invalid="ignore"):
        found = np.flatnonzero((rows.log_prob >= _CERTAIN) & (rows.weight > 0))
    counted = int((rows.weight > 0).sum())
    by_response: dict[str, list[int]] = {}
    for row in found.tolist():
        by_response.setdefault(observed(rows, row), []).append(row)
    lines = [
        (f"separated rows with {summary.response} = {response}", _listed([f"{row:,}" for row in held]))
        for response, held in list(by_response.items())[:_MOST_RESPONSES]
    ]
    more = len(by_response) - len(lines)
    rest = note(f"Rows of {more:,} more responses are not listed.") if more > 0 else ""
    told = note(
        f"{found.size:,} of {counted:,} rows, counted from 0, are predicted with certainty in the limit and say "
        f"nothing of the other coefficients; the {counted - found.size:,} rows that remain have the supremum as their "
        "maximum."
    )
    return f'<dl class="lines">{pairs(lines)}</dl>{rest}{told}'
