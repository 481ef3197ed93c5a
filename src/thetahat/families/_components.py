"""How the parameters, columns and supports of a mixture's components lie in those of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thetahat._errors import ModelError
from thetahat.families._contract import Known
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._log_sum import Places
from thetahat.families._monotone import first_float, first_integer
from thetahat.families._support import Support
from thetahat.families._tails import inner_point
from thetahat.families._terms import Array, Coordinates
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter


def named(k: int, name: str) -> str:
    """``component[0].mean``."""
    return f"component[{k}].{name}"


def common_support(inside: Sequence[Family]) -> tuple[Support, tuple[bool, ...]]:
    """The union of the supports, and whether each component has less than that.

    Raises
    ------
    ModelError
        If some families are of counts and some of real numbers.
    """
    supports = [family.support for family in inside]
    if len({support.discrete for support in supports}) > 1:
        told = ", ".join(f"{family.title} ({family.support.describe()})" for family in inside)
        raise ModelError(
            f"th.Mixture of {told}: some of these have masses and some densities, which do not add up; mix families "
            "of one kind, or use th.Hurdle for positive numbers with zeros"
        )
    lower = min(support.lower for support in supports)
    upper = max(support.upper for support in supports)
    union = Support(
        lower,
        upper,
        supports[0].discrete,
        any(support.includes_lower and support.lower == lower for support in supports),
        any(support.includes_upper and support.upper == upper for support in supports),
    )
    return union, tuple(support != union for support in supports)


def laid_out(
    inside: Sequence[Family], tied: Sequence[str]
) -> tuple[Mapping[str, Parameter], tuple[Places, ...]]:
    """The tied parameters by name, and the places of each component's working coordinates.

    Raises
    ------
    ModelError
        If a tied name is not a parameter of every component, with one domain.
    """
    shared: dict[str, Parameter] = {}
    for name in tied:
        found = [parameter for family in inside for parameter in family.declared if parameter.name == name]
        domains = {(type(parameter.domain), parameter.domain.arguments) for parameter in found}
        if len(found) != len(inside) or len(domains) != 1:
            common = [
                parameter.name
                for parameter in inside[0].declared
                if all(parameter.name in [own.name for own in family.declared] for family in inside)
            ]
            takes = ", ".join(common) or "nothing"
            raise ModelError(f"th.Mixture(..., tied=[{name!r}]): the components have in common: {takes}")
        shared[name] = found[0]
    at = len(inside) - 1
    places: list[list[int]] = []
    untied = [[p for p in family.declared if p.name not in shared] for family in inside]
    last = at + sum(parameter.domain.free_size for own in untied for parameter in own)
    of_shared: dict[str, range] = {}
    for name, parameter in shared.items():
        of_shared[name] = range(last, last + parameter.domain.free_size)
        last = of_shared[name].stop
    for family in inside:
        place: list[int] = []
        for parameter in family.declared:
            span = of_shared.get(parameter.name)
            if span is None:
                span = range(at, at + parameter.domain.free_size)
                at = span.stop
            place.extend(span)
        places.append(place)
    return shared, tuple(tuple(place) for place in places)


def columns_of(
    inside: Sequence[Family], alike: Sequence[int], smaller: Sequence[bool]
) -> tuple[tuple[int | None, slice], ...]:
    """The column of each component's mask, or None, and those that it prepares, which alike ones share."""
    found: list[tuple[int | None, slice]] = []
    at = 0
    for k, family in enumerate(inside):
        if alike[k] != k:
            found.append(found[alike[k]])
            continue
        mask = at if smaller[k] else None
        first = at + smaller[k]
        with np.errstate(all="ignore"):
            point = np.array([inner_point(family.support)])
            at = first + len(family.prepare(NUMPY, point, dict.fromkeys(family.known, 1.0)))
        found.append((mask, slice(first, at)))
    return tuple(found)


def within(xp: Any, support: Support, y: Any) -> tuple[Any, Any]:
    """Whether values lie in a support, and the values, or where they do not, one that does."""
    above = y >= support.lower if support.includes_lower else y > support.lower
    below = y <= support.upper if support.includes_upper else y < support.upper
    inside = above & below
    return inside, xp.where(inside, y, xp.asarray(inner_point(support)))


def gathering_of(inside: Sequence[Family], shared: Sequence[str]) -> Gathering:
    """All components at one place gather all mass there; two of them, at the two ends."""

    def joined(ways: Sequence[Mapping[str, float] | None]) -> Mapping[str, float] | None:
        merged: dict[str, float] = {}
        for k, way in enumerate(ways):
            if way is None:
                return None
            merged.update({name if name in shared else named(k, name): value for name, value in way.items()})
        return merged

    upper = joined([next(iter(family.gathers.upper), None) for family in inside])
    lower = joined([next(iter(family.gathers.lower), None) for family in inside])
    both = None
    if len(inside) == 2 and not shared:
        both = joined([next(iter(inside[0].gathers.lower), None), next(iter(inside[1].gathers.upper), None)])
    return Gathering(
        upper=() if upper is None else (upper,),
        lower=() if lower is None else (lower,),
        both=both,
        point=joined([family.gathers.point for family in inside]),
    )


def inverted(
    family: Family, probability: Array, ends: Sequence[Array], known: Known, eta: Coordinates
) -> Array:
    """Where a mixture's distribution function reaches a probability, which is between the quantiles of its parts."""
    values = [np.asarray(item, dtype=float) for item in (*eta, *known.values())]
    p, *wide = np.broadcast_arrays(np.asarray(probability, dtype=float), *ends, *values)
    shape, p = p.shape, p.ravel()
    between = np.array([item.ravel() for item in wide[: len(ends)]])
    low, high = np.nanmin(between, axis=0), np.nanmax(between, axis=0)
    if any(value.ndim for value in values):
        flat = [item.ravel() for item in wide[len(ends) :]]
        eta, known = tuple(flat[: len(eta)]), dict(zip(known, flat[len(eta) :], strict=True))
    discrete = family.support.discrete
    # Of counts a neighbour may be right, as the parts' quantiles are those of other roundings.
    settled = (p == 0) | (p == 1) | ((low == high) & (not discrete))

    def mass(low: Array, high: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.exp(family.log_mass(low, high, known, eta, 0).value)

    def reached(y: Array) -> Any:
        below = mass(np.full_like(y, -np.inf), y) >= p
        if discrete or not np.any(p > 0.5):
            return below
        # Above the middle the upper tail tells more.
        return np.where(p > 0.5, mass(y, np.full_like(y, np.inf)) <= 1.0 - p, below)

    first = np.where(settled, 0.0, low)
    last = np.where(settled, 1.0, high)
    guess = 0.5 * first + 0.5 * last
    if discrete:
        ends = np.full(p.shape, family.support.lower - 1.0), np.full(p.shape, np.inf)
        found = first_integer(reached, *ends, np.floor(guess))
    else:
        found = first_float(reached, first, last, guess)
    extreme = np.where(p == 0, low, high)
    return np.where(np.isnan(p), np.nan, np.where(settled, extreme, found)).reshape(shape)
