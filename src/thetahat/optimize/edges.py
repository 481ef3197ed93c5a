"""Findings at the edge: boundaries, recession, and places where all mass gathers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import EDGE
from thetahat.models import Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Search, Trace
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import CONCERNED, certify, listed
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.existence import Gathered
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

if TYPE_CHECKING:
    from thetahat.optimize.directions import Ray

Vector = NDArray[np.float64]


def at_edge(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    concerned: tuple[str, ...],
    declared: Declared,
    lost: tuple[str, ...] = (),
) -> Outcome:
    """A closed form whose solution lies on the edge of the parameter space, where ``lost`` parameters mean nothing."""
    mask = np.ones(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        edge = np.array([name in concerned for name in parameter.names])
        mask[span] = False if set(parameter.names) & set(lost) else parameter.domain.inside_edge(edge)
    direction = {
        parameter.name: 1.0 if natural[parameter.name] == parameter.domain.upper else -1.0
        for parameter in table.free_parameters
        if parameter.name in concerned
    }
    status = None
    if lost:
        natural = {**natural, **dict.fromkeys(lost, float(np.nan))}
        status = {name: "boundary" if name in concerned else "regular" for name in table.free_names}
        status.update(dict.fromkeys(lost, "unidentified"))
    return _edge_outcome(
        table, natural, point, tally, mask, concerned, declared, direction or None, status=status
    )


def neared(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    concerned: tuple[str, ...],
    place: str,
    declared: Declared,
) -> Outcome:
    """A supremum that is known, and that nothing attains: it is neared as some entries come to their edge."""
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        None,
        declared,
        sentence=f"No distribution of the family attains the supremum, {tally.value:.6g}: it is neared {place}.",
        exists=False,
        scope="global",
        status={name: "boundary" if name in concerned else "unidentified" for name in table.free_names},
        supremum=tally.value,
        parameters=concerned,
        direction=dict.fromkeys(concerned, -1.0),
        allows=False,
    )
    none = np.zeros(table.n_free, dtype=bool)
    return Outcome(natural, point, tally.value, tally, none, np.zeros((0, 0)), certificate, ())


def at_outermost(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    concerned: tuple[str, ...],
    declared: Declared,
    others: str = "smooth",
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Outcome:
    """Parameters that end the support at outermost values, where ℓ breaks off as it rises.

    ``others`` is how regular the family is in the remaining ones: without standard errors too, where it is not.
    ``beside`` names those among them that are ``boundary`` or ``unidentified`` there.
    """
    regular = others in {"smooth", "kinked"}
    mask = np.array([regular and name not in {*concerned, *beside} for name in table.free_names])
    natural = {
        **natural,
        **{name: float(np.nan) for name, what in beside.items() if what == "unidentified"},
    }
    shown = listed(tuple(f"{name} = {natural[name]:g}" for name in concerned))
    conditional = " those of the other parameters are conditional on it;" if mask.any() else ""
    sentence = (
        f"The maximum is where the support ends at outermost values of the data ({shown}), on the edge of the "
        f"parameters that give every row a density. Standard errors do not exist there;{conditional} use a parametric "
        "bootstrap."
    )
    for name, what in beside.items():
        sentence += (
            f" {name} is not identified: every row is cut off before it could tell."
            if what == "unidentified"
            else f" {name} = {natural[name]:g} is on the edge of the parameter space."
        )
    certificate = certify(
        Verdict.BOUNDARY,
        table,
        None,
        declared,
        sentence=sentence,
        exists=True,
        scope=declared.scope,
        status={
            name: "edge" if name in concerned else "regular" if regular else others
            for name in table.free_names
        }
        | dict(beside),
        supremum=tally.value,
        parameters=concerned,
        direction={
            name: float(np.nan_to_num(np.sign(tally.score[table.free_names.index(name)])))
            for name in concerned
        },
        allows=bool(mask.any()),
    )
    information = tally.information[np.ix_(mask, mask)]
    return Outcome(natural, point, tally.value, tally, mask, information, certificate, ())


def gathered(table: ParameterTable, guess: Vector, place: Gathered, declared: Declared) -> Outcome:
    """All mass gathers at a place that every row admits; the remaining parameters do not matter there."""
    natural = table.natural(guess)
    natural.update(dict.fromkeys(table.free_names, float(np.nan)))
    natural.update(place.values)
    status = dict.fromkeys(table.free_names, "unidentified")
    point = guess.copy()
    direction: dict[str, float] = {}
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        value = place.values.get(parameter.name, float(np.nan))
        if np.isnan(value):
            continue
        edge = parameter.domain.is_edge(value)
        status[parameter.name] = "boundary" if edge else "at_infinity"
        if edge or np.isinf(value):
            direction[parameter.name] = 1.0 if value == parameter.domain.upper else -1.0
        with np.errstate(divide="ignore"):
            free = parameter.domain.to_free(value / table.unit(parameter.name))
        point[span] = free if np.isinf(value) else np.clip(free, -EDGE, EDGE)
    names = tuple(direction)
    shown = listed(tuple(f"{name} = {natural[name]:g}" for name in names))
    lost = tuple(name for name in table.free_names if status[name] == "unidentified")
    aside = f" {listed(lost)} {'is' if len(lost) == 1 else 'are'} not identified there." if lost else ""
    if not names:
        verdict, exists = Verdict.FLAT, True
        status = dict.fromkeys(table.free_names, "flat")
        names = table.free_names
        sentence = (
            f"The likelihood is flat: many values of {listed(names)} give every row the highest probability it can "
            "have. Add rows that are known on both sides, or fix a parameter."
        )
    elif not place.attained:
        verdict, exists = Verdict.AT_INFINITY, False
        sentence = (
            f"No distribution of the family attains the supremum, {place.supremum:.6g}: it is neared on the way to "
            f"{place.place} ({shown}). Fit that, or fix a parameter."
        )
    elif place.supremum < 0 or any(np.isinf(place.values[name]) for name in names):
        verdict, exists = Verdict.AT_INFINITY, False
        sentence = (
            f"No distribution of the family attains the supremum, {place.supremum:.6g}: it is neared as "
            "all mass gathers "
            f"at {place.place} ({shown}).{aside} Add rows that are known exactly, or fix a parameter."
        )
    else:
        verdict, exists = Verdict.BOUNDARY, True
        sentence = (
            f"The maximum is on the edge of the parameter space ({shown}): every row admits {place.place}, "
            "where all mass "
            f"can gather.{aside} Standard errors do not exist there; use a one-sided profile interval."
        )
    certificate = certify(
        verdict,
        table,
        None,
        declared,
        sentence=sentence if place.sentence is None else place.sentence,
        exists=exists,
        scope="global",
        status=status,
        supremum=place.supremum,
        parameters=names,
        direction=direction or None,
        allows=False,
    )
    k = table.n_free
    tally = Tally(place.supremum, 0.0, np.full(k, np.nan), np.full((k, k), np.nan))
    none = np.zeros(k, dtype=bool)
    return Outcome(natural, point, place.supremum, tally, none, np.zeros((0, 0)), certificate, ())


def recession(
    table: ParameterTable,
    found: Evidence,
    search: Search,
    ray: Ray,
    there: Tally,
    declared: Declared,
) -> Outcome:
    """ℓ rises along a direction and levels off; ``there`` is the tally at the direction's far end."""
    moved = np.abs(ray.direction) / found.reach > CONCERNED
    # At the far end the rows must still determine what did not move, or it is not identified.
    strength = np.diag(there.information) * found.reach**2
    known = ~moved & (strength > 1e-8 * declared.n_obs)
    factor = analyse(there.information[np.ix_(known, known)])
    irregular = bool(known.any()) and not factor.smallest > factor.error_bound
    if irregular:
        known[:] = False
    natural = table.natural(ray.end)
    status: dict[str, str] = {}
    concerned: list[str] = []
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if moved[span].any():
            concerned.extend(parameter.names)
            status.update(dict.fromkeys(parameter.names, "boundary"))
            if not parameter.domain.vector:
                upward = bool(ray.direction[span][0] > 0)
                natural[parameter.name] = parameter.domain.upper if upward else parameter.domain.lower
                if np.isinf(natural[parameter.name]):
                    status[parameter.name] = "at_infinity"
        elif irregular or known[span].all():
            status.update(dict.fromkeys(parameter.names, "irregular" if irregular else "regular"))
        else:
            status.update(dict.fromkeys(parameter.names, "unidentified"))
            natural.update(dict.fromkeys(parameter.names, float(np.nan)))
    names = tuple(concerned)
    direction = evidences.by_name(table, ray.direction)
    if "at_infinity" not in status.values():
        trace = tuple(search.trace)
        return _edge_outcome(
            table, natural, ray.end, there, known, names, declared, direction, trace, ray.supremum, status
        )
    sentence = (
        f"No finite value of {listed(names)} attains the supremum: the likelihood keeps rising towards "
        f"{ray.supremum:.6g} along the direction shown. The data do not bound "
        f"{'it' if len(names) == 1 else 'them'}; "
        "fix a parameter, or add rows that are known more exactly."
    )
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        scope=declared.scope,
        status=status,
        supremum=ray.supremum,
        parameters=names,
        direction=direction,
        allows=bool(known.any()),
    )
    information = there.information[np.ix_(known, known)]
    trace = tuple(search.trace)
    return Outcome(natural, ray.end, ray.supremum, there, known, information, certificate, trace)


def receding(
    table: ParameterTable, found: Evidence, search: Search, direction: Vector, declared: Declared
) -> Outcome:
    """ℓ has levelled off along a direction, beyond which rounding hides what it still gains."""
    moved = np.abs(direction) / found.reach > CONCERNED
    natural = table.natural(found.point)
    status: dict[str, str] = {}
    concerned: list[str] = []
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if not moved[span].any():
            status.update(dict.fromkeys(parameter.names, "irregular"))
            continue
        concerned.extend(parameter.names)
        if not parameter.domain.vector:
            upward = bool(direction[span][0] > 0)
            natural[parameter.name] = parameter.domain.upper if upward else parameter.domain.lower
        edge = np.isfinite(natural[parameter.names[0]])
        status.update(dict.fromkeys(parameter.names, "boundary" if edge else "at_infinity"))
    names = tuple(concerned)
    sentence = (
        f"No {listed(names)} inside the parameter space {'attains' if len(names) == 1 else 'attain'} the supremum, as "
        f"far as double precision shows: the likelihood levels off at {found.tally.value:.6g} along the direction "
        "shown. The data do not bound it; fix a parameter, or choose a simpler family."
    )
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        status=status,
        supremum=found.tally.value,
        parameters=names,
        direction=evidences.by_name(table, direction),
        allows=False,
    )
    mask = np.zeros(table.n_free, dtype=bool)
    information = np.zeros((0, 0))
    trace = tuple(search.trace)
    return Outcome(
        natural, found.point, found.tally.value, found.tally, mask, information, certificate, trace
    )


def _edge_outcome(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    mask: NDArray[np.bool_],
    names: tuple[str, ...],
    declared: Declared,
    direction: Mapping[str, float] | None = None,
    trace: tuple[Trace, ...] = (),
    supremum: float | None = None,
    status: Mapping[str, str] | None = None,
) -> Outcome:
    value = tally.value if supremum is None else supremum
    infinite = [name for name in names if np.isinf(natural[name])]
    if status is None:
        status = {name: "boundary" if name in names else "regular" for name in table.free_names}
        status = {**status, **dict.fromkeys(infinite, "at_infinity")}
    shown = listed(tuple(f"{name} = {natural[name]:g}" for name in names))
    conditional = " those of the other parameters are conditional on it;" if mask.any() else ""
    sentence = (
        f"No finite value of {listed(tuple(infinite))} attains the supremum, which is neared on the way to {shown}. "
        f"Standard errors do not exist there;{conditional} leave out or join levels that have no rows."
        if infinite
        else f"The maximum is on the edge of the parameter space ({shown}). Standard errors do not exist "
        f"there;{conditional} "
        "use a one-sided profile interval."
    )
    lost = tuple(name for name, what in status.items() if what == "unidentified")
    if lost:
        sentence += f" {listed(lost)} {'is' if len(lost) == 1 else 'are'} not identified there."
    certificate = certify(
        Verdict.AT_INFINITY if infinite else Verdict.BOUNDARY,
        table,
        None,
        declared,
        sentence=sentence,
        exists=not infinite,
        scope=declared.scope,
        status=status,
        supremum=value,
        parameters=names,
        direction=direction,
        allows=bool(mask.any()),
    )
    information = tally.information[np.ix_(mask, mask)]
    return Outcome(natural, point, value, tally, mask, information, certificate, trace)
