"""Fits as data-free JSON: our own schema, read without running anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from thetahat._errors import ModelError, SourceError
from thetahat.families import Family, MultivariateFamily, leaf_named, multivariate_named, wrapper_named
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.parameters import DOMAINS, Domain, Parameter, ParameterTable
from thetahat.rendering import finite_data
from thetahat.restoring import Functions, restored_regression
from thetahat.solution import Solution
from thetahat.solved import Solved

FORMAT = "thetahat-fit"
VERSION = 1
_DEEPEST = 8
"""Families inside one another that a saved fit may have."""
_SEPARATOR = "\x1f"
_SPECIALS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
_NUMBER = (int, float)
_TEXT_OR_NONE = (str, type(None))
_SHAPE: dict[str, Any] = {
    "model": dict,
    "parameters": list,
    "fixed": dict,
    "units": dict,
    "estimates": dict,
    "point": list,
    "log_likelihood": _NUMBER,
    "information": list,
    "regular": list,
    "n_rows": int,
    "n_obs": _NUMBER,
    "certificate": dict,
    "data": dict,
}
_PARAMETER = {"name": str, "domain": dict}
_DOMAIN = {"kind": str}
_DATA = {"columns": list, "sha256": str}
_MODEL = {"kind": str, "fixed": dict, "weights": _TEXT_OR_NONE}
_FAMILY = {"family": str, "response": str, "known": dict, "unit": _NUMBER}
_REGRESSION = {
    **_FAMILY,
    "formulas": dict,
    "links": dict,
    "coefficients": dict,
    "designs": dict,
    "missing": str,
}
_MULTIVARIATE = {"family": str, "response": str, "known": dict, "columns": list, "size": int}
_KINDS: dict[str, Mapping[str, Any]] = {
    "family": _FAMILY,
    "regression": _REGRESSION,
    "model": _MODEL,
    "multivariate": _MULTIVARIATE,
}
_CERTIFICATE: dict[str, Any] = {
    "verdict": str,
    "exists": (bool, type(None)),
    "scope": str,
    "supremum": _NUMBER,
    "limit": _TEXT_OR_NONE,
    "status": dict,
    "parameters": list,
    "direction": (dict, type(None)),
    "newton_decrement": _NUMBER,
    "curvature_change": _NUMBER,
    "condition_number": _NUMBER,
    "smallest_eigenvalue": _NUMBER,
    "digits": dict,
    "sentence": str,
    "allows_standard_errors": bool,
    "theorem": _TEXT_OR_NONE,
    "region": _TEXT_OR_NONE,
}


# ---- Writing ---------------------------------------------------------------------------------------------


def to_text(solution: Solution, digest: str, columns: tuple[str, ...]) -> str:
    """Write a solution as JSON; a number that JSON lacks becomes null beside the reason."""
    reasons: dict[str, str] = {}
    plain = {
        "format": FORMAT,
        "version": VERSION,
        "model": dict(solution.description),
        "parameters": [
            {"name": parameter.name, "domain": _domain_plain(parameter)}
            for parameter in solution.table.parameters
        ],
        "fixed": {name: np.asarray(value).tolist() for name, value in solution.table.fixed.items()},
        "units": dict(solution.table.units),
        **({"shifts": dict(solution.table.shifts)} if solution.table.shifts else {}),
        "estimates": dict(solution.natural),
        "point": solution.point.tolist(),
        "log_likelihood": solution.log_likelihood,
        **({} if solution.penalised is None else {"penalised_log_likelihood": solution.penalised}),
        "information": solution.information.tolist(),
        "regular": solution.regular.tolist(),
        "n_rows": solution.n_rows,
        "n_obs": solution.n_obs,
        "certificate": solution.certificate.plain(),
        "data": {"columns": list(columns), "sha256": digest},
    }

    def note(path: tuple[str, ...], number: float) -> None:
        reasons[_SEPARATOR.join(("", *path))] = str(number)

    finite = finite_data(plain, note)
    finite["not_finite"] = reasons
    return json.dumps(finite, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _domain_plain(parameter: Parameter) -> dict[str, Any]:
    domain = parameter.domain
    for name, made in DOMAINS.items():
        if type(domain) is made:
            return {"kind": name, **({"arguments": list(domain.arguments)} if domain.arguments else {})}
    raise ModelError(
        f"{parameter.name} has the domain {type(domain).__name__}, which a saved fit cannot name; "
        f"choose from: {', '.join(DOMAINS)}"
    )


# ---- Reading ---------------------------------------------------------------------------------------------


def from_text(
    text: str, where: str | PathLike[str], functions: Functions | None = None
) -> tuple[Solved, str]:
    """Read what was solved, without the data, and the digest of the data.

    Raises
    ------
    SourceError
        If the text is not a fit that this version can read.
    """
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{where} is not JSON (line {error.lineno}: {error.msg}); give a file written by fit.save"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where} is no JSON of ours ({error}); give a file written by fit.save") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise SourceError(f"{where} is not a saved fit; give a file written by fit.save")
    if plain.get("version") != VERSION:
        raise SourceError(
            f"{where} has format version {plain.get('version')!r}, and this thetahat reads version {VERSION}; "
            "update thetahat, or fit again"
        )
    try:
        return _read(plain, functions or {})
    except ValueError as error:
        raise SourceError(f"{where} is damaged: {error}; fit and save again") from error


def _read(plain: dict[str, Any], functions: Functions) -> tuple[Solved, str]:
    _restore_specials(plain)
    table = _checked(plain)
    facts = {name: plain["certificate"][name] for name in _CERTIFICATE}
    facts["verdict"] = Verdict(facts["verdict"])
    facts["parameters"] = tuple(facts["parameters"])
    size = len(plain["information"])
    solution = Solution(
        table=table,
        natural={name: float(plain["estimates"][name]) for name in table.names},
        point=np.array(plain["point"], dtype=float),
        log_likelihood=float(plain["log_likelihood"]),
        information=np.array(plain["information"], dtype=float).reshape((size, size)),
        regular=np.array(plain["regular"], dtype=bool),
        certificate=Certificate(**facts),
        n_rows=plain["n_rows"],
        n_obs=float(plain["n_obs"]),
        likelihood=None,
        description=plain["model"],
        penalised=plain.get("penalised_log_likelihood"),
    )
    model, columns = plain["model"], tuple(plain["data"]["columns"])
    family = regression = vectors = None
    if model["kind"] == "family":
        family = _family(model, table)
    elif model["kind"] == "regression":
        made = _made_whole(model)
        regression = restored_regression(model, made, table, columns, functions)
    elif model["kind"] == "multivariate":
        vectors = _vectors(model, table)
    solved = Solved(solution, family, None, columns, (), regression, vectors)
    return solved, plain["data"]["sha256"]


def _restore_specials(plain: dict[str, Any]) -> None:
    _check(plain, {"not_finite": dict}, "the file")
    for path, kind in plain["not_finite"].items():
        _require(isinstance(kind, str) and kind in _SPECIALS, f"not_finite says {kind!r}")
        place: Any = plain
        *steps, last = path.split(_SEPARATOR)[1:] or [""]
        for step in steps:
            place = _inside(place, step)[1]
        key, absent = _inside(place, last)
        _require(absent is None, f"not_finite names {last!r}, where there is a value")
        place[key] = _SPECIALS[kind]


def _inside(place: Any, step: str) -> tuple[Any, Any]:
    """A key of a list or dict with what it holds."""
    if isinstance(place, dict) and step in place:
        return step, place[step]
    if isinstance(place, list) and step.isdecimal() and len(step) < 10 and int(step) < len(place):
        return int(step), place[int(step)]
    raise ValueError(f"not_finite names a place that is not there ({step!r})")


def _checked(plain: dict[str, Any]) -> ParameterTable:
    """Return the table of the parameters, having seen that everything has its type and belongs together."""
    _check(plain, _SHAPE, "the file")
    table = _table(plain)
    estimates, regular, information = plain["estimates"], plain["regular"], plain["information"]
    _require(set(estimates) == set(table.names), "its estimates are not those of its parameters")
    _numbers(estimates.values(), "an estimate")
    _require(len(plain["point"]) == len(regular) == table.n_free, f"it needs {table.n_free} free coordinates")
    _numbers(plain["point"], "a free coordinate")
    _require(
        all(isinstance(item, bool) for item in regular), "regular holds something else than true and false"
    )
    size = len(information)
    _require(size in {sum(regular), table.n_free}, "its information has the wrong size")
    for row in information:
        _require(isinstance(row, list) and len(row) == size, "its information is not square")
        _numbers(row, "an entry of the information")
    _numbers([plain["n_obs"], plain["log_likelihood"]], "the log-likelihood or n_obs")
    if "penalised_log_likelihood" in plain:
        _numbers([plain["penalised_log_likelihood"]], "the penalised log-likelihood")
        _require(isinstance(plain["model"].get("penalty"), dict), "its model lacks the penalty")
        _require(isinstance(plain["model"]["penalty"].get("title"), str), "its penalty has no title")
    _require(0 < plain["n_obs"] < np.inf, "n_obs is no finite number above 0")
    _require(plain["n_rows"] >= 0 and not isinstance(plain["n_rows"], bool), "n_rows is no count")
    _check(plain["data"], _DATA, "data")
    _texts(plain["data"]["columns"], "data.columns")
    _check_certificate(plain["certificate"], table)
    _check_model(plain["model"])
    return table


def _table(plain: dict[str, Any]) -> ParameterTable:
    parameters = []
    for entry in plain["parameters"]:
        _check(entry, _PARAMETER, "a parameter")
        parameters.append(Parameter(entry["name"], _domain(entry["domain"], len(plain["estimates"]))))
    names = [parameter.name for parameter in parameters]
    _require(len(set(names)) == len(names), "a parameter occurs twice")
    _require(set(plain["units"]) <= set(names), "units names a parameter that is not there")
    _numbers(plain["units"].values(), "a unit")
    _require(all(0 < unit < np.inf for unit in plain["units"].values()), "a unit is not above 0")
    for parameter in parameters:
        value = plain["fixed"].get(parameter.name, [] if parameter.domain.vector else 0.0)
        _require(
            isinstance(value, list) == parameter.domain.vector, f"{parameter.name} is fixed at {value!r}"
        )
        _numbers(value if isinstance(value, list) else [value], f"the fixed {parameter.name}")
    shifts, line = plain.get("shifts", {}), {p.name for p in parameters if not p.domain.vector}
    moved = {name for shifted, others in dict(shifts).items() for name in (shifted, *others)}
    _require(moved <= line - set(plain["fixed"]), "a shift is of no estimated number")
    return ParameterTable(tuple(parameters), plain["fixed"], plain["units"], shifts)


def _domain(plain: dict[str, Any], largest: int) -> Domain:
    _check(plain, _DOMAIN, "a domain")
    arguments = plain.get("arguments", [])
    _require(plain["kind"] in DOMAINS, f"there is no domain {plain['kind']!r}")
    _require(isinstance(arguments, list), "the arguments of a domain are no list")
    _numbers(arguments, "an argument of a domain")
    _require(bool(np.isfinite(arguments).all()), "an argument of a domain is not finite")
    try:
        made: Domain = DOMAINS[plain["kind"]](*arguments)
    except TypeError as error:
        raise ValueError(f"the domain {plain['kind']} does not take {len(arguments)} arguments") from error
    _require(made.size <= largest, "it has fewer estimates than parameters")
    return made


def _check_certificate(facts: dict[str, Any], table: ParameterTable) -> None:
    _check(facts, _CERTIFICATE, "the certificate")
    _require(facts["verdict"] in set(Verdict), f"there is no verdict {facts['verdict']!r}")
    _numbers(
        [facts[name] for name, kind in _CERTIFICATE.items() if kind is _NUMBER], "a number of the certificate"
    )
    for name in ("status", "digits"):
        _require(
            set(facts[name]) == set(table.names), f"its certificate's {name} is not that of its parameters"
        )
    _texts(facts["status"].values(), "certificate.status")
    _numbers(facts["digits"].values(), "certificate.digits")
    _texts(facts["parameters"], "certificate.parameters")
    _numbers((facts["direction"] or {}).values(), "certificate.direction")


def _check_model(model: dict[str, Any]) -> None:
    _check(model, _MODEL, "the model")
    _require(model["kind"] in _KINDS, f"there is no kind of model {model['kind']!r}")
    if model["kind"] != "model":
        _check(model, _KINDS[model["kind"]], "the model")
        for name, value in model["known"].items():
            if not isinstance(value, str):
                _numbers(value if isinstance(value, list) else [value], f"the known {name}")


def _family(model: Mapping[str, Any], table: ParameterTable) -> Family:
    family = _made_whole(model)
    ours = [(parameter.name, parameter.domain.size) for parameter in family.declared]
    theirs = [(parameter.name, parameter.domain.size) for parameter in table.parameters]
    _require(ours == theirs, f"its parameters are not those of {model['family']}")
    return family


def _vectors(model: Mapping[str, Any], table: ParameterTable) -> MultivariateFamily:
    kind: Any = multivariate_named(model["family"])
    _require(kind is not None, f"there is no family of vectors {model['family']!r}")
    size, columns, known = model["size"], model["columns"], model["known"]
    _texts(columns, "the columns of the model")
    _require(kind.fewest <= size == len(columns) <= len(table.names), f"it has no {size} columns")
    _require(set(known) <= set(kind.known), f"{model['family']} knows no such quantities")
    missing = model.get("missing", "error")
    _require(missing in kind.handles_missing, f"{model['family']} has no missing={missing!r}")
    made: MultivariateFamily = kind(**known, missing=missing).sized(size)
    ours, theirs = (
        [(p.name, type(p.domain), p.domain.size) for p in held] for held in (made.declared, table.parameters)
    )
    _require(ours == theirs, f"its parameters are not those of {model['family']}")
    return made


def _made_whole(model: Mapping[str, Any]) -> Family:
    family = _made(model, model["known"], _DEEPEST)
    _require(set(model["known"]) <= set(family.known), f"{model['family']} knows no such quantities")
    return family


def _made(plain: Mapping[str, Any], known: Mapping[str, Any], deepest: int) -> Family:
    """The family of a specification, and of those inside it."""
    _check(plain, {"family": str}, "a family")
    name = plain["family"]
    wrapper = wrapper_named(name)
    kind: Any = wrapper or leaf_named(name)
    if kind is None:
        raise ValueError(f"there is no family {name!r}")
    options = {option: plain[option] for option in kind.options if plain.get(option) is not None}
    for option, value in options.items():
        scalars = value if isinstance(value, list) else [value]
        _require(
            all(isinstance(item, str | int | float) for item in scalars), f"{option} holds no plain values"
        )
    _require(("of" in plain) == (wrapper is not None), f"{name} is made of another family, or is not")
    if wrapper is not None:
        inside = plain["of"] if wrapper.several else [plain["of"]]
        whole = deepest > 0 and isinstance(inside, list) and all(isinstance(item, dict) for item in inside)
        _require(whole, f"what {name} is made of is no family")
        return wrapper.around([_made(item, known, deepest - 1) for item in inside], **options)
    own = {quantity: known[quantity] for quantity in kind.known if quantity in known}
    try:
        return kind(**options, **own)
    except TypeError as error:
        raise ValueError(f"{name} does not take {', '.join(options)} of this type") from error


def _check(plain: Any, kinds: Mapping[str, Any], what: str) -> None:
    _require(isinstance(plain, dict), f"{what} holds no named values")
    for name, kind in kinds.items():
        _require(name in plain, f"{what} lacks {name!r}")
        _require(isinstance(plain[name], kind), f"{name!r} of {what} has the wrong type")


def _numbers(values: Iterable[Any], what: str) -> None:
    # Whole numbers beyond those that a float holds are none that we wrote.
    for value in values:
        number = isinstance(value, float) or (type(value) is int and abs(value) <= 2**1023)
        _require(number, f"{what} is no number")


def _texts(values: Iterable[Any], what: str) -> None:
    _require(all(isinstance(value, str) for value in values), f"{what} holds something else than text")


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ValueError(complaint)
