"""What each verdict says: its certificate, its sentence, and which coordinates keep their curvature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thetahat.models import Tally
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.evidence import Evidence, Ray
from thetahat.optimize.existence import Gathered
from thetahat.optimize.limits import LimitFit
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
CONCERNED = 1e-3
"""The share of a direction from which on a parameter is named."""
BEYOND = 800.0
"""A log or logit this far out is the edge itself in double precision."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What theory says of the model beforehand.

    ``n_rows`` bounds the rank of the row scores; ``sizes`` are natural magnitudes of parameters on the real line, from which a direction is measured.
    """

    n_obs: float
    theorem: str | None = None
    region: str | None = None
    unbounded_in_theory: str | None = None
    limits: Sequence[LimitFit] = ()
    regularity: Callable[[Mapping[str, float]], str] = field(default=lambda _: "smooth")
    seed: int = 0
    n_rows: float = np.inf
    sizes: Mapping[str, float] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """``global`` where a theorem says so."""
        return "local" if self.theorem is None else "global"


def maximum(table: ParameterTable, found: Evidence, search: Search, declared: Declared) -> Outcome:
    """An interior maximum."""
    natural = table.natural(found.point)
    regularity = declared.regularity(natural)
    regular = regularity in {"smooth", "kinked"}
    if not table.n_free:
        sentence = "Every parameter is fixed, so that there was nothing to estimate."
    elif declared.theorem is not None:
        sentence = f"Interior maximum, and the only one: {declared.theorem}."
    elif declared.unbounded_in_theory is not None:
        sentence = (
            f"Interior maximum within the regular region ({declared.region}), local in any case: "
            f"{declared.unbounded_in_theory}."
        )
    else:
        sentence = "Interior maximum, as far as was searched: other maxima are not excluded."
    if not regular:
        sentence += (
            " Standard errors are withheld: the model is irregular here, so that curvature does not measure "
            "uncertainty. Use a parametric bootstrap."
        )
    certificate = _certificate(
        Verdict.MAXIMUM,
        table,
        found,
        declared,
        sentence=sentence,
        exists=True,
        scope=declared.scope,
        status={name: "regular" if regular else regularity for name in table.free_names},
        supremum=found.tally.value,
        digits=evidences.digits(found, table, declared.n_obs),
        allows=regular and table.n_free > 0,
    )
    return _outcome(natural, found, search, certificate, np.full(table.n_free, regular))


def at_limit(
    table: ParameterTable, found: Evidence | None, search: Search | None, limit: LimitFit, declared: Declared
) -> Outcome:
    """The supremum lies at a declared limit."""
    runaway = limit.limit.parameter
    status = {name: "at_infinity" if name == runaway else "regular" for name in table.free_names}
    sentence = (
        f"No finite {runaway} attains the supremum: the likelihood rises towards {limit.title} as {limit.limit.chart} "
        f"falls to 0. Fit {limit.title} instead; the other parameters' standard errors are those of that limit."
    )
    certificate = _certificate(
        Verdict.AT_INFINITY,
        table,
        found,
        declared,
        sentence=sentence,
        exists=False,
        scope=declared.scope,
        limit=limit.title,
        status=status,
        supremum=limit.value,
        parameters=(runaway,),
        direction={runaway: 1.0},
        allows=len(limit.names) > 0,
    )
    mask = np.array([name != runaway for name in table.free_names])
    point = np.zeros(table.n_free)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        value = limit.natural[parameter.name] / table.unit(parameter.name)
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
    mask = np.isfinite(point) & (np.abs(point) < BEYOND)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if not parameter.domain.vector:
            mask[span] = parameter.name not in concerned
    return _edge_outcome(table, natural, point, tally, mask, concerned, declared)


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
        status[parameter.name] = "boundary" if edge else "at_infinity" if np.isinf(value) else "limit"
        if edge or np.isinf(value):
            direction[parameter.name] = 1.0 if value == parameter.domain.upper else -1.0
        with np.errstate(divide="ignore"):
            free = parameter.domain.to_free(value / table.unit(parameter.name))
        point[span] = free if np.isinf(value) else np.clip(free, -BEYOND, BEYOND)
    names = tuple(direction)
    shown = _and(tuple(f"{name} = {natural[name]:g}" for name in names))
    lost = tuple(name for name in table.free_names if status[name] == "unidentified")
    aside = f" {_and(lost)} {'is' if len(lost) == 1 else 'are'} not identified there." if lost else ""
    if not names:
        verdict, exists = Verdict.FLAT, True
        status = dict.fromkeys(table.free_names, "flat")
        names = table.free_names
        sentence = (
            f"The likelihood is flat: many values of {_and(names)} give every row the probability 1. Add rows that "
            "are known on both sides, or fix a parameter."
        )
    elif place.supremum < 0 or any(np.isinf(place.values[name]) for name in names):
        verdict, exists = Verdict.AT_INFINITY, False
        sentence = (
            f"No distribution of the family attains the supremum, {place.supremum:.6g}: it is neared as all mass gathers "
            f"at {place.place} ({shown}).{aside} Add rows that are known exactly, or fix a parameter."
        )
    else:
        verdict, exists = Verdict.BOUNDARY, True
        sentence = (
            f"The maximum is on the edge of the parameter space ({shown}): every row admits {place.place}, where all mass "
            f"can gather.{aside} Standard errors do not exist there; use a one-sided profile interval."
        )
    certificate = _certificate(
        verdict,
        table,
        None,
        declared,
        sentence=sentence,
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
        elif known[span].all():
            status.update(dict.fromkeys(parameter.names, "regular"))
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
        f"No finite value of {_and(names)} attains the supremum: the likelihood keeps rising towards "
        f"{ray.supremum:.6g} along the direction shown. The data do not bound {'it' if len(names) == 1 else 'them'}; "
        "fix a parameter, or add rows that are known more exactly."
    )
    certificate = _certificate(
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


def _edge_outcome(
    table: ParameterTable,
    natural: Mapping[str, float],
    point: Vector,
    tally: Tally,
    mask: NDArray[np.bool_],
    names: tuple[str, ...],
    declared: Declared,
    direction: Mapping[str, float] | None = None,
    trace: tuple = (),
    supremum: float | None = None,
    status: Mapping[str, str] | None = None,
) -> Outcome:
    value = tally.value if supremum is None else supremum
    if status is None:
        status = {name: "boundary" if name in names else "regular" for name in table.free_names}
    shown = _and(tuple(f"{name} = {natural[name]:g}" for name in names))
    conditional = " those of the other parameters are conditional on it;" if mask.any() else ""
    sentence = (
        f"The maximum is on the edge of the parameter space ({shown}). Standard errors do not exist there;{conditional} "
        "use a one-sided profile interval."
    )
    certificate = _certificate(
        Verdict.BOUNDARY,
        table,
        None,
        declared,
        sentence=sentence,
        exists=True,
        scope=declared.scope,
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
        "with their rounding as intervals (th.Observations.interval), or fix a parameter."
    )
    certificate = _certificate(
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
    return _nothing(table, search, certificate)


def lost(table: ParameterTable, search: Search, declared: Declared) -> Outcome:
    """The log-likelihood is no number at the start."""
    sentence = (
        "The log-likelihood is not finite at the starting point, so there is nowhere to climb from. Give start values at "
        "which every row has positive density: start={...}."
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


def saddle(
    table: ParameterTable, found: Evidence, search: Search, ascent: Vector, declared: Declared
) -> Outcome:
    """Stationary, with a verified way up."""
    direction = evidences.by_name(table, ascent)
    largest = max(abs(part) for part in direction.values())
    names = tuple(name for name, part in direction.items() if abs(part) > 0.1 * largest)
    what = names[0] if len(names) == 1 else f"a combination of {_and(names)}"
    sentence = (
        f"A saddle point: the score is zero, but the likelihood rises along {what}. Give other start values, or more "
        "iterations."
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
        f"The likelihood is flat: {_and(names)} {what} ({why}), so that no single value is best. "
        "Fix one of them, or reparametrise."
    )
    mask = np.zeros(table.n_free, dtype=bool)
    status: dict[str, str] = {}
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        mask[span] = parameter.name not in names
        status.update(dict.fromkeys(parameter.names, "flat" if parameter.name in names else "regular"))
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


def not_converged(table: ParameterTable, found: Evidence, search: Search, declared: Declared) -> Outcome:
    """None of the verdicts was earned."""
    gain = (
        f"{found.decrement:.2g} nats may still be gained"
        if np.isfinite(found.decrement)
        else "the curvature there is not that of a maximum"
    )
    times = f"{search.iterations} iteration{'' if search.iterations == 1 else 's'}"
    if search.exhausted:
        sentence = (
            f"Not converged after {times}: {gain}. Allow more iterations (optimizer=th.Newton(max_iterations=...)), or "
            "give better start values."
        )
    elif found.stationary:
        sentence = (
            "The point is stationary, but the curvature is too weak or changes too fast there to call it a maximum: the "
            "data hardly determine the parameters. Fix a parameter, or gather more data."
        )
    else:
        sentence = (
            f"No step climbs any further after {times}, yet {gain}. Give other start values, fix a parameter, or rescale "
            "the data."
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
    none = float(np.nan)
    return Certificate(
        verdict=verdict,
        exists=exists,
        scope=scope,
        supremum=supremum,
        limit=limit,
        status={name: status.get(name, "fixed") for name in table.names},
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
) -> Outcome:
    information = found.tally.information
    if certificate.verdict is not Verdict.FLAT:
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


def _nothing(table: ParameterTable, search: Search | None, certificate: Certificate) -> Outcome:
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


def _and(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
