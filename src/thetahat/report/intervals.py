"""Intervals for a report, which says why where there are none, and why a parameter has no standard error."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from thetahat._errors import InferenceError

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_NOWHERE = (float("nan"), float("nan"))
_REASONS = {
    "fixed": "fixed, not estimated",
    "too_many": "too many coefficients for their covariance",
    "boundary": "on the edge of its domain",
    "edge": "the support ends there",
    "at_infinity": "the supremum is at infinity",
    "flat": "the likelihood is flat along it",
    "unidentified": "the data do not determine it",
    "irregular": "the model is irregular here",
    "unbounded": "the likelihood is unbounded",
    "not_converged": "no maximum was reached",
}


def intervals_of(
    fit: Fitted, level: float, method: str, names: tuple[str, ...] | None = None
) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """Intervals by name, NaN where there is none, and for those the reason; of ``names`` those that were estimated."""
    # Asked for no parameter, it only refuses what cannot be asked for any.
    ends: dict[str, tuple[float, float]] = dict(fit.intervals(level, method, ()))
    why: dict[str, str] = {}
    for name in _estimated(fit, names):
        try:
            ends[name] = fit.intervals(level, method, name)[name]
        except InferenceError as error:
            ends[name] = _NOWHERE
            why[name] = str(error).rstrip(".")
    return ends, why


def _estimated(fit: Fitted, names: tuple[str, ...] | None) -> tuple[str, ...]:
    free = fit.free_names
    if names is None or len(names) >= len(free):
        return free
    estimated = set(free)
    return tuple(name for name in names if name in estimated)


def reason_of(fit: Fitted, name: str) -> str:
    """Why a parameter has no standard error, or an interval of one that has it no end."""
    if not isnan(fit.standard_errors[name]):
        return "the interval has no end on this side"
    status = fit.certificate.status[name]
    if status in _REASONS:
        return _REASONS[status]
    return "the curvature does not allow one"
