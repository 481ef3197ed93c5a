"""Intervals for a report, which says why where there are none, and why a parameter has no standard error."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.inference.covariance import free_covariance
from thetahat.inference.intervals import intervals

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
    "singular": "the information is singular here",
    "unbounded": "the likelihood is unbounded",
    "not_converged": "no maximum was reached",
}


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What standard errors and intervals are made from: a method, a kind of covariance, and clusters of rows."""

    interval: str = "wald"
    covariance: str = "observed"
    cluster: Any = None

    @property
    def source(self) -> str:
        """The covariance in words; empty for that of the observed information."""
        if self.covariance == "observed":
            return ""
        named = self.cluster if isinstance(self.cluster, str) else "groups of rows"
        return f"{self.covariance}{f', clustered by {named}' if self.cluster is not None else ''}"


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard errors and intervals by name, NaN where there is none, and for intervals the reason."""

    errors: Mapping[str, float]
    ends: Mapping[str, tuple[float, float]]
    why: Mapping[str, str]


def spreads_of(
    fit: Fitted, level: float, uncertainty: Uncertainty, names: tuple[str, ...] | None = None
) -> Spreads:
    """Standard errors of a fit, and intervals of ``names``, by default of all that were estimated.

    Raises
    ------
    InferenceError
        If the level, the method or the covariance is unknown or does not exist.
    """
    solution = fit.solution
    if uncertainty.interval != "profile":
        kind, cluster = uncertainty.covariance, uncertainty.cluster
        plain = kind == "observed" and cluster is None
        free = None if plain else free_covariance(fit.solved, kind, cluster)
        found = intervals(solution, level, uncertainty.interval, _estimated(fit, names), free=free)
        return Spreads(solution.standard_errors(free), found, {})
    # Asked for no parameter, it only refuses what cannot be asked for any.
    ends: dict[str, tuple[float, float]] = dict(fit.intervals(level, uncertainty.interval, ()))
    why: dict[str, str] = {}
    for name in _estimated(fit, names):
        try:
            ends[name] = fit.intervals(level, uncertainty.interval, name)[name]
        except InferenceError as error:
            ends[name] = _NOWHERE
            why[name] = str(error).rstrip(".")
    return Spreads(fit.standard_errors, ends, why)


def _estimated(fit: Fitted, names: tuple[str, ...] | None) -> tuple[str, ...]:
    free = fit.free_names
    if names is None or len(names) >= len(free):
        return free
    estimated = set(free)
    return tuple(name for name in names if name in estimated)


def reason_of(fit: Fitted, name: str, error: float) -> str:
    """Why a parameter has no standard error, or an interval of one that has it no end."""
    if not isnan(error):
        return "the interval has no end on this side"
    status = fit.certificate.status[name]
    if status in _REASONS:
        return _REASONS[status]
    return "the curvature does not allow one"
