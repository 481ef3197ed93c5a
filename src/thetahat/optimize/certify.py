"""Certificates and outcomes put together from what a verdict found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat.models import Tally
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

CONCERNED = 1e-3
"""The share of a direction from which on a parameter is named."""


def certify(
    verdict: Verdict,
    table: ParameterTable,
    found: Evidence | None,
    declared: Declared,
    *,
    sentence: str,
    exists: bool | None,
    supremum: float,
    status: Mapping[str, str],
    allows: bool,
    scope: str = "local",
    limit: str | None = None,
    parameters: tuple[str, ...] = (),
    direction: Mapping[str, float] | None = None,
    digits: Callable[[], Mapping[str, float]] | None = None,
    decrement: float | None = None,
    change: float | None = None,
) -> Certificate:
    """A certificate, with the evidence at ``found``, or where that is None what else is known of a point."""
    none = float(np.nan)
    changed: Callable[[], float] | float = none if change is None else change
    if found is not None:
        decrement, changed = found.decrement, found.change
    return Certificate(
        verdict=verdict,
        exists=exists,
        scope=scope,
        supremum=supremum,
        limit=limit,
        status={name: status.get(name, "fixed") for name in table.names},
        parameters=parameters,
        direction=direction,
        newton_decrement=none if decrement is None else decrement,
        curvature_change=changed,
        condition_number=none if found is None else found.condition,
        smallest_eigenvalue=none if found is None else found.smallest,
        digits=_digits(table, digits),
        sentence=sentence,
        allows_standard_errors=allows,
        theorem=declared.theorem,
        region=declared.region,
    )


def _digits(
    table: ParameterTable, digits: Callable[[], Mapping[str, float]] | None
) -> Callable[[], dict[str, float]]:
    """By name, NaN where nothing is known of them; worked out when they are first read."""

    def all_of_them() -> dict[str, float]:
        known = {} if digits is None else digits()
        return {name: known.get(name, float(np.nan)) for name in table.names}

    return all_of_them


def concluded(
    natural: Mapping[str, float],
    found: Evidence,
    search: Search,
    certificate: Certificate,
    mask: NDArray[np.bool_],
) -> Outcome:
    """An outcome at the point examined; ``mask`` tells which coordinates keep their curvature."""
    information = found.tally.information
    if certificate.verdict is not Verdict.FLAT and not mask.all():
        information = information[np.ix_(mask, mask)]
    return Outcome(
        natural,
        found.point,
        found.tally.value,
        found.tally,
        mask,
        information,
        certificate,
        tuple(search.trace),
    )


def nothing(table: ParameterTable, search: Search | None, certificate: Certificate) -> Outcome:
    """An outcome without estimates."""
    k = table.n_free
    none = np.full(k, np.nan)
    tally = Tally(float(np.nan), 0.0, none, np.full((k, k), np.nan))
    trace = tuple(search.trace) if search is not None else ()
    return Outcome(
        table.natural(none),
        none,
        float(np.nan),
        tally,
        np.zeros(k, dtype=bool),
        np.zeros((0, 0)),
        certificate,
        trace,
    )


def listed(names: tuple[str, ...]) -> str:
    """Names as they stand in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
