"""Entropy, cross-entropy and divergence of distributions: by formula where one is known, else computed with a bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat._errors import InferenceError
from thetahat.families._expectation import LogDensity, ends, expectation, log_density_of
from thetahat.families._family import Family
from thetahat.families._terms import Array

_ROUNDING = 1e-13
"""What a formula loses to rounding, relative to 1 or its value."""
Bounded = tuple[float, float]
"""A value and a bound on its error."""


def entropy_of(p: Family) -> Bounded:
    """-E_p log p, of a mixed distribution relative to Lebesgue's measure and a count of its points of mass."""
    found = _by_formula(p.entropy_at(p.distribution_theta(), p.known_values))
    if found is not None:
        return found
    return _single(p, lambda _y, log_p, _mass: -log_p[None])


def divergence_of(p: Family, q: Family, least: float = -np.inf) -> Bounded:
    """E_p log(p/q); inf where q rules out what p does not, with a log probability above ``least``."""
    refuse_unlike(p, q)
    if same_kind(p, q):
        theta, other = p.distribution_theta(), q.distribution_theta()
        if _equal(theta, other):
            return 0.0, 0.0
        found = _by_formula(p.divergence_at(theta, other, p.known_values))
        if found is not None:
            return max(found[0], 0.0), found[1]
    if not covered(p, q, least):
        return float(np.inf), 0.0
    log_q = log_density_under(p, q)
    value, error = _single(p, lambda y, log_p, mass: (log_p - log_q(y, mass))[None], q)
    return max(value, 0.0), error


def cross_entropy_of(p: Family, q: Family, least: float = -np.inf) -> Bounded:
    """-E_p log q; inf where q rules out what p does not, with a log probability above ``least``."""
    refuse_unlike(p, q)
    if same_kind(p, q):
        theta, other = p.distribution_theta(), q.distribution_theta()
        own = _by_formula(p.entropy_at(theta, p.known_values))
        gap = (
            (0.0, 0.0) if _equal(theta, other) else _by_formula(p.divergence_at(theta, other, p.known_values))
        )
        if own is not None and gap is not None:
            return own[0] + gap[0], own[1] + gap[1]
    if not covered(p, q, least):
        return float(np.inf), 0.0
    log_q = log_density_under(p, q)
    return _single(p, lambda y, _log_p, mass: -log_q(y, mass)[None], q)


def same_kind(p: Family, q: Family) -> bool:
    """Whether two distributions differ in nothing but their parameters."""
    bare = [family.carrying({}, family.known_values) for family in (p, q)]
    return type(p) is type(q) and _nameless(bare[0]) == _nameless(bare[1]) and p.declared == q.declared


def _nameless(family: Family) -> str:
    return repr(family).replace(f"y={family.y!r}", "")


def _equal(theta: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(np.array_equal(one, two) for one, two in zip(theta, other, strict=True))


def _by_formula(value: Any) -> Bounded | None:
    if value is None or np.isnan(value):
        return None
    number = float(value)
    return number, _ROUNDING * max(1.0, abs(number)) if np.isfinite(number) else 0.0


def _single(p: Family, integrand: Any, *others: Family) -> Bounded:
    found = expectation(p, integrand, [] if p.support.discrete and p.labelled else others)
    value = float(found.value[0])
    if np.isnan(value):
        raise InferenceError(f"the integral under {p!r} does not exist: it is infinite on both sides of 0")
    return value, float(found.error[0])


def refuse_unlike(p: Family, q: Family) -> None:
    """Raise where two distributions have no common measure: numbers and labels, counts and densities.

    Raises
    ------
    InferenceError
        If they have none.
    """
    for family in (p, q):
        family.distribution_theta()
    if p.labelled != q.labelled and (labels_of(p) is not None or labels_of(q) is not None):
        one, two = (p, q) if p.labelled else (q, p)
        raise InferenceError(
            f"{one!r} is a distribution of labels and {two!r} one of numbers; neither has a density relative to the "
            "other. Give two distributions of the same labels, or codes without levels"
        )
    if p.support.discrete != q.support.discrete:
        counts, density = (p, q) if p.support.discrete else (q, p)
        raise InferenceError(
            f"{counts!r} gives probability to whole numbers and {density!r} to none of them: a mass and a density have "
            "no common measure, so neither the one's entropy relative to the other nor a divergence exists. Give two "
            "of the same kind"
        )


def labels_of(family: Family) -> list[Any] | None:
    """The labels of the codes 0, 1, ..., or None where values are numbers."""
    levels = getattr(family, "levels", None) if family.labelled else None
    return None if levels is None else list(levels)


def covered(p: Family, q: Family, least: float = -np.inf) -> bool:
    """Whether q gives some probability wherever p does, as far as their ends and points of mass tell."""
    if p.labelled or q.labelled:
        return True
    theirs, ours = ends(q), ends(p)
    if p.atoms() and not set(p.atoms()) <= set(q.atoms()) and not _massless(p, q):
        return False
    below = ours[0] < theirs[0] and _tail(p, np.nextafter(theirs[0], -np.inf), upper=False) > least
    above = ours[1] > theirs[1] and _tail(p, theirs[1], upper=True) > least
    return not (below or above)


def _massless(p: Family, q: Family) -> bool:
    """Whether the points of mass that q lacks have none under p either."""
    lacking = np.array(sorted(set(p.atoms()) - set(q.atoms())))
    return bool(np.isneginf(log_density_of(p)(lacking)).all())


def _tail(p: Family, y: float, *, upper: bool) -> float:
    one = np.array([y])
    infinite = np.array([np.inf])
    low, high = (one, infinite) if upper else (-infinite, one)
    with np.errstate(all="ignore"):
        return float(p.log_mass(low, high, p.known_values, p.working(p.distribution_theta()), 0).value.item())


def log_density_under(p: Family, q: Family) -> Any:
    """``log_q(y, mass)`` at what are values of p: its labels' codes, or its points of mass where ``mass`` says so."""
    density = log_density_of(q)
    ours, theirs = labels_of(p), labels_of(q)
    if (p.labelled or q.labelled) and ours != theirs:
        return _relabelled(p, q, density)
    low, high = ends(q)
    atoms = np.array(q.atoms())

    def log_q(y: Array, mass: bool) -> Array:
        # An end that both have may be passed by a rounding.
        inside = y if q.support.discrete else np.clip(y, low, high)
        value = density(inside)
        if mass and not q.support.discrete:
            value = np.where(np.isin(y, atoms), value, -np.inf)
        return value

    return log_q


def _relabelled(p: Family, q: Family, density: LogDensity) -> Any:
    ours, theirs = labels_of(p), labels_of(q)
    if ours is None or theirs is None:
        named, bare = (q, p) if ours is None else (p, q)
        raise InferenceError(
            f"{named!r} has labels and {bare!r} has codes 0, 1, ... without labels, so that it is not known which is "
            "which; give levels=[...] to both"
        )
    place = {label: code for code, label in enumerate(theirs)}
    codes = np.array([place.get(label, -1) for label in ours])

    def log_q(y: Array, mass: bool) -> Array:  # noqa: ARG001 - as the integrands are called
        code = codes[y.astype(np.intp)]
        return np.where(code >= 0, density(np.maximum(code, 0).astype(float)), -np.inf)

    return log_q
