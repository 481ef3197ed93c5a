"""Coefficients without a finite estimate: which rows they move, and what can be done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import listed
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.regression.numbered_rows import numbered_parts, rows_in_words
from thetahat.optimize.separation.finite_submodel import without_constants
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
MOVED = 1e-3
"""The share of the farthest move from which on a row is moved."""


def in_words_of_rows(arrangement: RegressionArrangement, outcome: Outcome) -> Outcome:
    """The outcome with rows and a remedy where coefficients run to infinity, and no numbers where ℓ is flat."""
    certificate, model = outcome.certificate, arrangement.model
    if certificate.verdict is Verdict.FLAT:
        return _without_numbers(model, outcome)
    running = certificate.parameters
    if certificate.verdict is not Verdict.AT_INFINITY or certificate.limit is not None or not running:
        return outcome
    direction = _direction(model, outcome, running)
    if direction is None:
        return outcome
    moved, signs, count = _moved(arrangement, direction)
    if not moved.size:
        return outcome
    rows = "all rows" if moved.size == count else f"{rows_in_words(moved)} of {count}"
    rows += _ends_of(model, direction, moved, signs)
    return replace(outcome, certificate=replace(certificate, sentence=_sentence(outcome, running, rows)))


def _without_numbers(model: RegressionModel, outcome: Outcome) -> Outcome:
    """NaN for every coefficient that a null direction of the information moves, of which the verdict names one."""
    factor = analyse(outcome.tally.information)
    null = (
        factor.eigenvectors[:, factor.eigenvalues <= 100 * factor.error_bound] / factor.roots[:, np.newaxis]
    )
    moved = (np.abs(null) > MOVED * np.abs(null).max(axis=0, initial=0.0)).any(axis=1)
    flat = dict.fromkeys(name for name, status in outcome.certificate.status.items() if status == "flat")
    names = (*flat, *(name for name, there in zip(model.table.free_names, moved, strict=True) if there))
    regular = outcome.regular & ~np.array([name in names for name in model.table.free_names])
    certificate = replace(
        outcome.certificate,
        status={**outcome.certificate.status, **dict.fromkeys(names, "flat")},
        parameters=tuple(dict.fromkeys((*outcome.certificate.parameters, *names))),
        allows_standard_errors=bool(outcome.certificate.allows_standard_errors and regular.any()),
    )
    natural = {**outcome.natural, **dict.fromkeys(names, float(np.nan))}
    return replace(outcome, natural=natural, regular=regular, certificate=certificate)


def _sentence(outcome: Outcome, running: tuple[str, ...], rows: str) -> str:
    ends = {name: outcome.natural[name] for name in running}
    moves = [
        f"{listed(names)} {'goes' if len(names) == 1 else 'go'} {where}"
        for where, end in (("to infinity", np.inf), ("to minus infinity", -np.inf))
        if (names := tuple(name for name in running if ends[name] == end))
    ]
    spare = without_constants(running)
    levels = any("[" in name for name in spare)
    merge = (
        f" or merge {'their levels with others' if len(spare) > 1 else 'its level with another'}"
        if levels
        else ""
    )
    return (
        f"No finite value of {listed(running)} attains the supremum: the likelihood keeps rising towards "
        f"{outcome.certificate.supremum:.6g} as {listed(tuple(moves))}, because of {rows}. "
        f"Drop {listed(spare)}{merge}, or give a prior such as penalty=th.Ridge(1.0), or read "
        "a one-sided profile interval."
    )


def _direction(model: RegressionModel, outcome: Outcome, running: tuple[str, ...]) -> Vector | None:
    """The direction over the working coordinates; None where it is not one of coefficients to infinity alone."""
    steps = outcome.certificate.direction or {}
    names = model.table.names
    direction = np.zeros(model.table.n_working)
    for group in model.predictors.groups:
        if group.design is not None:
            for at in range(group.span.start, group.span.stop):
                if names[at] in running:
                    direction[at] = steps.get(names[at], 0.0)
    found = np.count_nonzero(direction) == len(running)
    return direction if found and all(np.isinf(outcome.natural[name]) for name in running) else None


def _moved(arrangement: RegressionArrangement, direction: Vector) -> tuple[NDArray[np.intp], Vector, int]:
    """The numbers of the rows whose predictors the direction moves, which way, and how many rows there are."""
    sizes: list[Vector] = []
    signs: list[Vector] = []
    numbers: list[NDArray[np.intp]] = []
    for part, places, _ in numbered_parts(arrangement):
        size, sign = np.zeros(part.n_rows), np.zeros(part.n_rows)
        for group in arrangement.model.predictors.groups:
            if group.design is not None and direction[group.span].any():
                for coefficients in direction[group.span].reshape(group.size, -1):
                    step = part.designs[group.design].matvec(coefficients)
                    sign = np.where(np.abs(step) > size, np.sign(step), sign)
                    size = np.maximum(size, np.abs(step))
        sizes.append(size)
        signs.append(sign)
        numbers.append(places)
    size, places = np.concatenate(sizes), np.concatenate(numbers)
    far = size > MOVED * float(size.max(initial=0.0))
    return places[far], np.concatenate(signs)[far], places.size


def _ends_of(model: RegressionModel, direction: Vector, moved: NDArray[np.intp], signs: Vector) -> str:
    """To which end the one parameter that the direction moves goes, and where; empty where there are several."""
    groups = [group for group in model.predictors.groups if direction[group.span].any()]
    if len(groups) != 1 or groups[0].size > 1 or groups[0].design is None:
        return ""
    (group,) = groups
    owner = model.predictors.owners[groups[0].design]
    domain = next(parameter.domain for parameter in model.family.declared if parameter.name == owner)
    if group.link is None or not group.link.trivial or not np.isfinite(domain.lower):
        return ""
    ends = [(domain.lower, signs < 0), (domain.upper, signs > 0)]
    words = [("infinity" if np.isinf(end) else f"{end:g}", there) for end, there in ends if there.any()]
    if len(words) == 1:
        return f", where {owner} goes to {words[0][0]}"
    told = [f"to {end} in {rows_in_words(moved[there])}" for end, there in words]
    return f": {owner} goes {' and '.join(told)}"
