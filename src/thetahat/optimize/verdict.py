"""Which verdict a search has earned: the first in the documented order whose criteria hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import Tally
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.evidence import DENSE, Evidence, Ray
from thetahat.optimize.limits import LimitFit
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable, Real

Vector = NDArray[np.float64]
CONCERNED = 1e-3


@dataclass(frozen=True, slots=True)
class Declared:
    """What theory says of the model beforehand."""

    n_obs: float
    theorem: str | None = None
    region: str | None = None
    unbounded_in_theory: str | None = None
    limits: Sequence[LimitFit] = ()
    regularity: Callable[[Mapping[str, float]], str] = field(default=lambda _: "smooth")
    seed: int = 0


def judge(likelihood: Likelihood, search: Search, declared: Declared) -> Outcome:
    """Examine where a search ended and say what it is."""
    if search.tally is None or not search.tally.finite:
        return lost(likelihood.table, search, declared)
    found = evidences.gather(likelihood, search.point, search.tally, search.previous)
    limit = _limit_reached(found, declared)
    if limit is not None:
        return at_limit(likelihood.table, found, search, limit, declared)
    if found.is_maximum:
        return _maximum(likelihood, found, search, declared)
    if found.tally.densest > DENSE and not found.stationary:
        return unbounded(likelihood.table, search, declared, "the density piles up on single values", found)
    for direction in evidences.candidate_directions(found):
        ray = evidences.walk(likelihood, found, direction)
        if ray.rises and _falls_behind(likelihood, found, ray):
            if np.isposinf(ray.supremum) or not ray.levels_off:
                return unbounded(
                    likelihood.table, search, declared, "it still rises as far as it was followed", found
                )
            return _recession(likelihood.table, found, search, ray, declared)
    if found.stationary:
        ascent = evidences.ascent_direction(likelihood, found)
        if ascent is not None:
            return _saddle(likelihood.table, found, search, ascent, declared)
    null = evidences.structural_null(likelihood, found, np.random.default_rng(declared.seed))
    structural = null is not None
    if null is None and found.stationary:
        null = evidences.level_direction(likelihood, found)
    if null is not None:
        return _flat(likelihood.table, found, search, null, declared, structural=structural)
    if declared.unbounded_in_theory is not None and declared.region is not None and not found.stationary:
        return unbounded(likelihood.table, search, declared, declared.unbounded_in_theory, found)
    return _not_converged(likelihood.table, found, search, declared)


def _limit_reached(found: Evidence, declared: Declared) -> LimitFit | None:
    noise = found.tally.rounding
    for limit in declared.limits:
        nothing_gained = found.tally.value - limit.value <= noise
        if nothing_gained and (limit.slope <= 1e-12 * declared.n_obs or found.is_maximum):
            return limit
    return None


def _falls_behind(likelihood: Likelihood, found: Evidence, ray: Ray) -> bool:
    """Whether ℓ is lower the other way, as it is on a slope and is not on a level ridge."""
    if ray.supremum > found.tally.value + 4 * found.tally.rounding + evidences.DECREMENT:
        return True
    back = likelihood.tally(found.point - 2.0 * ray.direction, evidences.VALUE)
    return bool(
        not back.finite or back.value < found.tally.value - found.tally.rounding - evidences.DECREMENT
    )


# ---- The verdicts -------------------------------------------------------------------------------------------------


def _maximum(likelihood: Likelihood, found: Evidence, search: Search, declared: Declared) -> Outcome:
    table = likelihood.table
    natural = table.natural(found.point)
    regularity = declared.regularity(natural)
    regular = regularity in {"smooth", "kinked"}
    status = {name: "regular" if regular else regularity for name in table.free_names}
    scope = "global" if declared.theorem else "local"
    sentence = "Interior maximum"
    sentence += (
        f", the only one ({declared.theorem})"
        if declared.theorem
        else " (local: other maxima are not excluded)"
    )
    if declared.unbounded_in_theory is not None:
        sentence += f". {declared.unbounded_in_theory}"
    if not regular:
        sentence += (
            ". Standard errors are withheld: the model is irregular here, so that curvature does not measure "
            "uncertainty; use a parametric bootstrap"
        )
    certificate = _certificate(
        Verdict.MAXIMUM,
        table,
        found,
        declared,
        sentence=sentence,
        exists=True,
        scope=scope,
        status=status,
        supremum=found.tally.value,
        digits=evidences.digits(found, table, declared.n_obs),
        allows=regular,
    )
    mask = np.full(table.n_free, regular)
    return _outcome(natural, found, search, certificate, mask)


def at_limit(
    table: ParameterTable, found: Evidence | None, search: Search | None, limit: LimitFit, declared: Declared
) -> Outcome:
    """The supremum lies at a declared limit."""
    runaway = limit.limit.parameter
    status = {name: "at_infinity" if name == runaway else "regular" for name in table.free_names}
    sentence = (
        f"No finite {runaway} attains the supremum: the likelihood rises towards {limit.title} as {limit.limit.chart} "
        f"falls to 0. Fit {limit.title} instead; the other parameters' standard errors are those of that limit"
    )
    certificate = _certificate(
        Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        limit=limit.title,
        status=status,
        supremum=limit.value,
        parameters=(runaway,),
        direction={runaway: 1.0},
        allows=len(limit.names) > 0,
    )
    mask = np.array([name != runaway for name in table.free_names])
    point = np.zeros(table.n_free)
    working = dict(limit.natural)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        value = working[parameter.name] / table.unit(parameter.name)
        point[span] = np.inf if parameter.name == runaway else parameter.domain.to_free(value)
    order = [limit.names.index(name) for name in table.free_names if name != runaway]
    tally = limit.tally.restrict(np.array(order, dtype=np.intp))
    trace = tuple(search.trace) if search is not None else ()
    return Outcome(limit.natural, point, limit.value, tally, mask, tally.information, certificate, trace)


def at_edge(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    concerned: tuple[str, ...],
    declared: Declared,
) -> Outcome:
    """A closed form whose solution lies on the edge of the parameter space."""
    mask = np.ones(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        mask[span] = not set(parameter.names) & set(concerned)
    return _edge_outcome(table, natural, point, tally, mask, concerned, None, declared, ())


def _recession(
    table: ParameterTable, found: Evidence, search: Search, ray: Ray, declared: Declared
) -> Outcome:
    units = evidences.reach(table, found.point)
    moved = np.abs(ray.direction) / units > CONCERNED
    natural = table.natural(ray.end)
    concerned: list[str] = []
    infinite = False
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if not moved[span].any():
            continue
        concerned.extend(parameter.names)
        if parameter.domain.vector:
            continue
        upward = bool(ray.direction[span][0] > 0)
        edge = parameter.domain.upper if upward else parameter.domain.lower
        natural[parameter.name] = (
            float(edge) if np.isfinite(edge) or isinstance(parameter.domain, Real) else float(np.inf)
        )
        infinite = infinite or not np.isfinite(natural[parameter.name])
    names = tuple(concerned)
    if not infinite:
        direction = evidences.by_name(table, ray.direction)
        return _edge_outcome(
            table,
            natural,
            ray.end,
            found.tally,
            ~moved,
            names,
            direction,
            declared,
            tuple(search.trace),
            ray.supremum,
        )
    status = {name: "at_infinity" if name in names else "regular" for name in table.free_names}
    sentence = (
        f"No finite value of {_and(names)} attains the supremum: the likelihood keeps rising towards "
        f"{ray.supremum:.6g} along the direction shown. The data do not bound {'it' if len(names) == 1 else 'them'}"
    )
    certificate = _certificate(
        Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        status=status,
        supremum=ray.supremum,
        parameters=names,
        direction=evidences.by_name(table, ray.direction),
        allows=bool((~moved).any()),
    )
    return _outcome(natural, found, search, certificate, ~moved, value=ray.supremum)


def _edge_outcome(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    mask: NDArray[np.bool_],
    names: tuple[str, ...],
    direction: Mapping[str, float] | None,
    declared: Declared,
    trace: tuple,
    supremum: float | None = None,
) -> Outcome:
    value = tally.value if supremum is None else supremum
    status = {name: "boundary" if name in names else "regular" for name in table.free_names}
    shown = _and(tuple(f"{name} = {natural[name]:g}" for name in names))
    sentence = (
        f"The maximum is on the edge of the parameter space: {shown}. Standard errors do not exist there; "
        "use a one-sided profile interval"
    )
    certificate = _certificate(
        Verdict.BOUNDARY,
        table,
        None,
        declared,
        sentence=sentence,
        exists=True,
        scope="global" if declared.theorem else "local",
        status=status,
        supremum=value,
        parameters=names,
        direction=direction,
        allows=bool(mask.any()),
    )
    information = tally.information[np.ix_(mask, mask)]
    return Outcome(natural, point, value, tally, mask, information, certificate, trace)


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
        f"The likelihood is unbounded on these data: {reason}. There is no maximum-likelihood estimate; give the values "
        "with their rounding as intervals (th.Observations.interval), or fix a parameter"
    )
    certificate = _certificate(
        Verdict.UNBOUNDED,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        supremum=float(np.inf),
        status=dict.fromkeys(names, "unbounded"),
        parameters=names,
        allows=False,
    )
    return _nothing(table, search, certificate)


def lost(table: ParameterTable, search: Search, declared: Declared) -> Outcome:
    """The log-likelihood is no number at the start."""
    sentence = (
        "The log-likelihood is not finite at the starting point, so there is nowhere to climb from. Give start values at "
        "which every row has positive density: start={...}"
    )
    certificate = _certificate(
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
    return _nothing(table, search, certificate)


def _saddle(
    table: ParameterTable, found: Evidence, search: Search, ascent: Vector, declared: Declared
) -> Outcome:
    direction = evidences.by_name(table, ascent)
    names = tuple(
        name for name, part in direction.items() if abs(part) > 0.1 * np.max(np.abs(list(direction.values())))
    )
    sentence = (
        f"A saddle point: the score is zero, but the likelihood rises along a combination of {_and(names)}. "
        "Give other start values, or more iterations"
    )
    certificate = _certificate(
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
    return _outcome(
        table.natural(found.point), found, search, certificate, np.zeros(table.n_free, dtype=bool)
    )


def _flat(
    table: ParameterTable,
    found: Evidence,
    search: Search,
    null: Vector,
    declared: Declared,
    *,
    structural: bool,
) -> Outcome:
    direction = evidences.by_name(table, null)
    largest = max(abs(part) for part in direction.values())
    names = tuple(name for name, part in direction.items() if abs(part) > CONCERNED * largest)
    status = {name: "flat" if name in names else "regular" for name in table.free_names}
    why = "whatever the data" if structural else "in these data"
    what = (
        "does not change the likelihood"
        if len(names) == 1
        else "enter the likelihood only through a combination"
    )
    sentence = (
        f"The likelihood is flat: {_and(names)} {what} ({why}), so no single value is best. "
        "Fix one of them, or reparametrise"
    )
    mask = np.zeros(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        mask[span] = parameter.name not in names
    certificate = _certificate(
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
        allows=bool(mask.any()),
    )
    return _outcome(table.natural(found.point), found, search, certificate, mask)


def _not_converged(table: ParameterTable, found: Evidence, search: Search, declared: Declared) -> Outcome:
    sentence = (
        f"Not converged after {search.iterations} iterations: {found.decrement:.2g} nats may still be gained. Give other "
        "start values or more iterations (optimizer=th.Newton(max_iterations=...)), or rescale the data"
    )
    if found.stationary:
        sentence = (
            "Stationary, but the curvature is too weak or changes too fast here to call it a maximum: the data hardly "
            "determine the parameters. Fix a parameter, or gather more data"
        )
    certificate = _certificate(
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
    return _outcome(
        table.natural(found.point), found, search, certificate, np.zeros(table.n_free, dtype=bool)
    )


# ---- Putting them together ------------------------------------------------------------------------------------------


def _certificate(
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
    digits: Mapping[str, float] | None = None,
) -> Certificate:
    fixed = {name: "fixed" for name in table.names if name not in table.free_names}
    everything = {**fixed, **status}
    none = float(np.nan)
    return Certificate(
        verdict=verdict,
        exists=exists,
        scope=scope,
        supremum=supremum,
        limit=limit,
        status={name: everything[name] for name in table.names},
        parameters=parameters,
        direction=direction,
        newton_decrement=none if found is None else found.decrement,
        curvature_change=none if found is None else found.curvature_change,
        condition_number=none if found is None else found.factor.condition,
        smallest_eigenvalue=none if found is None else found.factor.smallest,
        digits={name: (digits or {}).get(name, none) for name in table.names},
        sentence=sentence,
        allows_standard_errors=allows,
        theorem=declared.theorem,
        region=declared.region,
    )


def _outcome(
    natural: Mapping[str, float],
    found: Evidence,
    search: Search,
    certificate: Certificate,
    mask: NDArray[np.bool_],
    value: float | None = None,
) -> Outcome:
    information = found.tally.information
    if certificate.verdict is not Verdict.FLAT:
        information = information[np.ix_(mask, mask)]
    value = found.tally.value if value is None else value
    return Outcome(
        natural, found.point, value, found.tally, mask, information, certificate, tuple(search.trace)
    )


def _nothing(table: ParameterTable, search: Search | None, certificate: Certificate) -> Outcome:
    none = np.full(table.n_free, np.nan)
    natural = {name: value for name, value in table.natural(none).items()}
    k = table.n_free
    tally = Tally(float(np.nan), 0.0, none, np.full((k, k), np.nan))
    trace = tuple(search.trace) if search is not None else ()
    return Outcome(
        natural, none, float(np.nan), tally, np.zeros(k, dtype=bool), np.zeros((0, 0)), certificate, trace
    )


def _and(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
