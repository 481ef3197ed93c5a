"""What each verdict says: its certificate, its sentence, and which coordinates keep their curvature."""

from __future__ import annotations

from functools import partial
from math import isfinite, isinf

import numpy as np
from numpy.typing import NDArray

from thetahat.models import Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import CONCERNED, certify, concluded, listed, nothing
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.limit_fit import LimitFit
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]


def maximum(table: ParameterTable, found: Evidence, search: Search, declared: Declared) -> Outcome:
    """An interior maximum."""
    natural = table.natural(found.point)
    lost_names = []
    if not (table.straight and isfinite(float(np.add.reduce(found.point)))):
        lost_names = [
            name
            for parameter in table.free_parameters
            if not parameter.domain.vector
            for name in parameter.names
            if isinf(natural[name]) or parameter.domain.is_edge(natural[name])
        ]
    if lost_names:
        return _out_of_range(table, found, search, lost_names, declared)
    regularity = declared.regularity(natural)
    regular = regularity in {"smooth", "kinked"}
    if not table.n_free:
        sentence = "Every parameter is fixed, so that there was nothing to estimate."
    elif declared.theorem is not None:
        sentence = f"Interior maximum{declared.what}, and the only one: {declared.theorem}."
    elif declared.unbounded_in_theory is not None:
        within = "" if declared.region is None else f" within the regular region ({declared.region})"
        sentence = (
            f"Interior maximum{declared.what}{within}, local in any case: {declared.unbounded_in_theory}."
        )
    else:
        sentence = f"Interior maximum{declared.what}, as far as was searched: other maxima are not excluded."
    if not regular and table.n_free:
        sentence += (
            " Standard errors are withheld: the model is irregular here, so that curvature does not measure "
            "uncertainty. Use a parametric bootstrap."
        )
    certificate = certify(
        Verdict.MAXIMUM,
        table,
        found,
        declared,
        sentence=sentence,
        exists=True,
        scope=declared.scope,
        status=dict.fromkeys(table.free_names, "regular" if regular else regularity),
        supremum=found.tally.value,
        digits=partial(evidences.digits, found, table, declared.n_obs, natural),
        allows=regular and table.n_free > 0,
    )
    return concluded(natural, found, search, certificate, np.full(table.n_free, regular))


def _out_of_range(
    table: ParameterTable, found: Evidence, search: Search, names: list[str], declared: Declared
) -> Outcome:
    """A maximum in free coordinates whose natural ones double precision does not hold."""
    sentence = (
        f"There is a maximum, but no double precision number is near its {listed(tuple(names))}: it over- or "
        "underflows. Multiply the data by a factor that brings them near 1."
    )
    certificate = certify(
        Verdict.NOT_CONVERGED,
        table,
        found,
        declared,
        sentence=sentence,
        exists=True,
        supremum=found.tally.value,
        status=dict.fromkeys(table.free_names, "not_converged"),
        parameters=tuple(names),
        allows=False,
    )
    mask = np.zeros(table.n_free, dtype=bool)
    return concluded(table.natural(found.point), found, search, certificate, mask)


def at_limit(
    table: ParameterTable, found: Evidence | None, search: Search | None, limit: LimitFit, declared: Declared
) -> Outcome:
    """The supremum lies at a declared limit: at infinity, or on the edge of the parameter space where it is finite."""
    running = tuple(name for name in table.free_names if name not in limit.names)
    status = dict.fromkeys(table.free_names, "regular")
    direction: dict[str, float] = {}
    for name in running:
        upward = bool(np.isposinf(limit.natural[name]))
        status[name] = "at_infinity" if np.isinf(limit.natural[name]) else "boundary"
        direction[name] = 1.0 if upward else -1.0
    at_edge = limit.edges or (False,) * len(limit.names)
    edges = tuple(name for name, edge in zip(limit.names, at_edge, strict=True) if edge and name)
    inner = [index for index, edge in enumerate(at_edge) if not edge]
    kept = [limit.names[index] for index in inner]
    for name in edges:
        status[name] = "boundary"
        direction[name] = 1.0 if limit.natural[name] == table.by_name[name].domain.upper else -1.0
    runaway, finite = limit.limit.parameter, all(np.isfinite(limit.natural[name]) for name in running)
    side = "above" if limit.limit.sign > 0 else "below"
    kind = f"{runaway} {side} {limit.limit.at:g}" if finite else f"finite {runaway}"
    claim = f"No {kind} attains the supremum"
    if declared.theorem is None:
        claim = f"No {kind} was found that does better than the limit, as far as was searched"
    rest = "; the other parameters' standard errors are those of that limit" if any(kept) else ""
    if edges:
        there = listed(tuple(f"{name} = {limit.natural[name]:g}" for name in edges))
        rest += f". Its maximum is on the edge of the parameter space ({there}), where standard errors do not exist"
    sentence = (
        f"{claim}: the likelihood rises towards {limit.title} as {limit.limit.chart} falls to 0. Fit "
        f"{limit.title} instead{rest}."
    )
    certificate = certify(
        Verdict.BOUNDARY if finite else Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=finite,
        scope=declared.scope,
        limit=limit.title,
        status=status,
        supremum=limit.value,
        parameters=(*running, *edges),
        direction=direction,
        allows=any(kept),
    )
    mask = np.array([name in kept for name in table.free_names])
    point = np.zeros(table.n_free)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if limit.point is not None:
            point[span] = limit.point[span]
            continue
        value = limit.natural[parameter.name] / table.unit(parameter.name)
        with np.errstate(divide="ignore"):
            point[span] = parameter.domain.to_free(value)
    order = np.array([kept.index(name) for name in table.free_names if name in kept], dtype=np.intp)
    whole = limit.tally.restrict(np.array(inner, dtype=np.intp))
    tally = whole.restrict(order)
    information = tally.information
    if 0 < order.size < len(kept):
        # The limit's other parameters are estimated too, though the family has no name for them there.
        covariance = analyse(whole.information).inverse()
        information = analyse(covariance[np.ix_(order, order)]).inverse()
    trace = tuple(search.trace) if search is not None else ()
    return Outcome(limit.natural, point, limit.value, tally, mask, information, certificate, trace)


def unbounded(
    table: ParameterTable,
    search: Search | None,
    declared: Declared,
    reason: str,
    found: Evidence | None = None,
) -> Outcome:
    """The likelihood has no upper bound on these data."""
    names = table.free_names
    sentence = (
        f"The likelihood is unbounded on these data: {reason}. There is no maximum-likelihood estimate; "
        f"{declared.remedy}."
    )
    certificate = certify(
        Verdict.UNBOUNDED,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        scope="global" if found is None else "local",
        supremum=float(np.inf),
        status=dict.fromkeys(names, "unbounded"),
        parameters=names,
        allows=False,
    )
    return nothing(table, search, certificate)


def lost(table: ParameterTable, search: Search, declared: Declared) -> Outcome:
    """The log-likelihood is no number at the start."""
    sentence = (
        "The log-likelihood is not finite at the starting point, so there is nowhere to climb from. Give "
        "start values at "
        "which every row has positive density: start={...}."
    )
    certificate = certify(
        Verdict.NOT_CONVERGED,
        table,
        None,
        declared,
        sentence=sentence,
        exists=None,
        supremum=float(np.nan),
        status=dict.fromkeys(table.free_names, "not_converged"),
        parameters=table.free_names,
        allows=False,
    )
    return nothing(table, search, certificate)


def saddle(
    table: ParameterTable, found: Evidence, search: Search, ascent: Vector, declared: Declared
) -> Outcome:
    """Stationary, with a verified way up."""
    direction = evidences.by_name(table, ascent)
    largest = max(abs(part) for part in direction.values())
    names = tuple(name for name, part in direction.items() if abs(part) > 0.1 * largest)
    what = names[0] if len(names) == 1 else f"a combination of {listed(names)}"
    sentence = (
        f"A saddle point: the score is zero, but the likelihood rises along {what}. Give other start "
        "values, or more "
        "iterations."
    )
    certificate = certify(
        Verdict.SADDLE,
        table,
        found,
        declared,
        sentence=sentence,
        exists=None,
        supremum=float(np.nan),
        parameters=names,
        status=dict.fromkeys(table.free_names, "not_converged"),
        direction=direction,
        allows=False,
    )
    return concluded(
        table.natural(found.point), found, search, certificate, np.zeros(table.n_free, dtype=bool)
    )


def flat(
    table: ParameterTable,
    found: Evidence,
    search: Search,
    null: Vector,
    declared: Declared,
    *,
    structural: bool,
) -> Outcome:
    """ℓ does not change along a direction."""
    direction = evidences.by_name(table, null)
    largest = max(abs(part) for part in direction.values())
    names = tuple(name for name, part in direction.items() if abs(part) > CONCERNED * largest)
    why = "whatever the data" if structural else "in these data"
    what = (
        "does not change the likelihood"
        if len(names) == 1
        else "enter the likelihood only through a combination"
    )
    sentence = (
        f"The likelihood is flat: {listed(names)} {what} ({why}), so that no single value is best. "
        "Fix one of them, or reparametrise."
    )
    mask = np.zeros(table.n_free, dtype=bool)
    status: dict[str, str] = {}
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        mask[span] = parameter.name not in names
        status.update(dict.fromkeys(parameter.names, "flat" if parameter.name in names else "regular"))
    certificate = certify(
        Verdict.FLAT,
        table,
        found,
        declared,
        sentence=sentence,
        exists=True,
        status=status,
        supremum=found.tally.value,
        parameters=names,
        direction=direction,
        allows=bool(mask.any()) and bool((found.factor.eigenvalues > evidences.SOLID).any()),
    )
    return concluded(table.natural(found.point), found, search, certificate, mask)


def unidentified(
    table: ParameterTable,
    point: Vector,
    tally: Tally,
    names: tuple[str, ...],
    mask: NDArray[np.bool_],
    told: tuple[str, str],
    declared: Declared,
) -> Outcome:
    """Rows say nothing of some entries of a parameter, and as much of all others as if those were known.

    Parameters
    ----------
    names, mask
        The entries, and the coordinates that are left where those are held.
    told
        Why that is so, and what to do.
    """
    why, remedy = told
    do, they = ("does", "it is") if len(names) == 1 else ("do", "they are")
    sentence = (
        f"The likelihood is flat: {listed(names)} {do} not change it, for {why}. The other estimates and their "
        f"standard errors are the same whatever {they}. {remedy}."
    )
    certificate = certify(
        Verdict.FLAT,
        table,
        None,
        declared,
        sentence=sentence,
        exists=True,
        status={name: "flat" if name in names else "regular" for name in table.free_names},
        supremum=tally.value,
        parameters=names,
        direction=dict.fromkeys(names, 1.0),
        allows=bool(mask.any()),
    )
    information = tally.information[np.ix_(mask, mask)]
    natural = table.natural(point)
    return Outcome(natural, point, tally.value, tally, mask, information, certificate, ())


def not_converged(table: ParameterTable, found: Evidence, search: Search, declared: Declared) -> Outcome:
    """None of the verdicts was earned."""
    gain = (
        f"{found.decrement:.2g} nats may still be gained"
        if np.isfinite(found.decrement)
        else "the curvature there is not that of a maximum"
    )
    times = f"{search.iterations} iteration{'' if search.iterations == 1 else 's'}"
    beyond = [name for name, value in table.natural(found.point).items() if np.isinf(value)]
    if beyond:
        sentence = (
            f"Not converged after {times}: the likelihood rises to where {listed(tuple(beyond))} is beyond the largest "
            f"number that double precision holds, and {gain}. Choose another family, or fix a parameter."
        )
    elif np.isfinite(found.decrement) and evidences.is_rounding(table, found):
        sentence = (
            f"The point is as near to a maximum as the digits of its coordinates allow, yet {gain}: the values differ "
            "too little beside their size. Divide them by a number near them."
        )
    elif search.exhausted:
        sentence = (
            f"Not converged after {times}: {gain}. Allow more iterations "
            "(optimizer=th.Newton(max_iterations=...)), or "
            "give better start values."
        )
    elif found.stationary:
        sentence = (
            "The point is stationary, but the curvature is too weak or changes too fast there to call it a "
            "maximum: the "
            "data hardly determine the parameters. Fix a parameter, or gather more data."
        )
    else:
        sentence = (
            f"No step climbs any further after {times}, yet {gain}. Give other start values, fix a "
            "parameter, or rescale "
            "the data."
        )
    certificate = certify(
        Verdict.NOT_CONVERGED,
        table,
        found,
        declared,
        sentence=sentence,
        exists=None,
        supremum=float(np.nan),
        status=dict.fromkeys(table.free_names, "not_converged"),
        parameters=table.free_names,
        allows=False,
    )
    return concluded(
        table.natural(found.point), found, search, certificate, np.zeros(table.n_free, dtype=bool)
    )
