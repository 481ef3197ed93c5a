"""Mixtures whose labels are exchanged, so that they say something, and those that need fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thetahat.families._components import named
from thetahat.families._family import Family
from thetahat.families._log_sum import Places
from thetahat.families._submodel import Submodel
from thetahat.families._terms import Coordinates

NO_WEIGHT = 800.0
"""A logit at which a weight is 0 in double precision."""


def in_order(
    components: Sequence[Family],
    alike: Sequence[int],
    bound: Sequence[bool],
    places: Sequence[Places],
    eta: Coordinates,
) -> Coordinates | None:
    """The coordinates with alike and unbound components by ascending primary parameter; None where they are so.

    Parameters
    ----------
    components
        The families.
    alike
        For each, the first one that is alike.
    bound
        Whether one has fixed parameters, and so its place.
    places
        Where the coordinates of each lie.
    eta
        Log weights against the first, then the components' coordinates.
    """
    order = list(range(len(components)))
    for first in set(alike):
        slots = [k for k in order if alike[k] == first and not bound[k]]
        ranked = sorted(slots, key=lambda k: _key(components[k], places[k], eta))
        for slot, k in zip(slots, ranked, strict=True):
            order[slot] = k
    if order == list(range(len(components))):
        return None
    weights = [0.0, *eta[: len(components) - 1]]
    moved = list(eta)
    for slot, k in enumerate(order):
        if slot:
            moved[slot - 1] = weights[k] - weights[order[0]]
        for to, at in zip(places[slot], places[k], strict=True):
            moved[to] = eta[at]
    return tuple(moved)


def _key(family: Family, place: Places, eta: Coordinates) -> tuple[Any, ...]:
    """The primary parameter's coordinate, then all of them."""
    names = [parameter.name for parameter in family.declared for _ in range(parameter.domain.free_size)]
    primary = names.index(family.primary) if family.primary in names else 0
    own = tuple(float(eta[at]) for at in place)
    return own[primary], own


def with_fewer(
    components: Sequence[Family],
    alike: Sequence[int],
    places: Sequence[Places],
    tied: Sequence[str],
    eta: Coordinates,
) -> tuple[Submodel, ...]:
    """The mixtures without one of the components, and those in which two that are alike are the same."""
    n = len(components)
    own = [
        tuple(named(k, parameter.name) for parameter in family.declared if parameter.name not in tied)
        for k, family in enumerate(components)
    ]
    found = []
    for k in range(n):
        without = np.array(eta, dtype=float)
        without[: n - 1] += NO_WEIGHT if k == 0 else 0.0
        if k:
            without[k - 1] = np.min(without[: n - 1], initial=0.0) - NO_WEIGHT
        found.append(Submodel(tuple(without), ("weight",), own[k], f"component[{k}] has no weight"))
    logs = np.array([0.0, *eta[: n - 1]], dtype=float)
    weights = np.exp(logs - np.max(logs))
    for k, other in [(i, j) for i in range(n) for j in range(i) if alike[i] == alike[j]]:
        same = np.array(eta, dtype=float)
        share = weights[k] / (weights[k] + weights[other])
        for here, there in zip(places[k], places[other], strict=True):
            same[here] = same[there] = share * eta[here] + (1.0 - share) * eta[there]
        words = f"component[{other}] and component[{k}] coincide"
        found.append(Submodel(tuple(same), ("weight", *own[other], *own[k]), (), words))
    return tuple(found)
