"""Fits as data-free JSON: our own schema, read without running anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from thetahat._errors import SourceError
from thetahat.families import CATALOGUE, Family
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.parameters import (
    Bounded,
    Domain,
    Parameter,
    ParameterTable,
    Positive,
    Real,
    Simplex,
    UnitInterval,
)
from thetahat.solution import Solution

FORMAT = "thetahat-fit"
VERSION = 1
_DOMAINS: dict[str, Any] = {
    "real": Real,
    "positive": Positive,
    "unit_interval": UnitInterval,
    "bounded": Bounded,
    "simplex": Simplex,
}


def to_text(solution: Solution, digest: str, columns: tuple[str, ...]) -> str:
    """Write a solution as JSON; a number that JSON lacks becomes null beside the reason."""
    reasons: dict[str, str] = {}
    certificate = solution.certificate
    plain = {
        "format": FORMAT,
        "version": VERSION,
        "model": dict(solution.description),
        "parameters": [
            {"name": parameter.name, "domain": _domain_plain(parameter.domain)}
            for parameter in solution.table.parameters
        ],
        "fixed": {name: np.asarray(value).tolist() for name, value in solution.table.fixed.items()},
        "units": dict(solution.table.units),
        "estimates": dict(solution.natural),
        "point": solution.point.tolist(),
        "log_likelihood": solution.log_likelihood,
        "information": solution.information.tolist(),
        "regular": solution.regular.tolist(),
        "n_rows": solution.n_rows,
        "n_obs": solution.n_obs,
        "certificate": {
            "verdict": certificate.verdict.value,
            "exists": certificate.exists,
            "scope": certificate.scope,
            "supremum": certificate.supremum,
            "limit": certificate.limit,
            "status": dict(certificate.status),
            "parameters": list(certificate.parameters),
            "direction": None if certificate.direction is None else dict(certificate.direction),
            "newton_decrement": certificate.newton_decrement,
            "curvature_change": certificate.curvature_change,
            "condition_number": certificate.condition_number,
            "smallest_eigenvalue": certificate.smallest_eigenvalue,
            "digits": dict(certificate.digits),
            "sentence": certificate.sentence,
            "allows_standard_errors": certificate.allows_standard_errors,
            "theorem": certificate.theorem,
            "region": certificate.region,
        },
        "data": {"columns": list(columns), "sha256": digest},
    }
    finite = _without_specials(plain, "", reasons)
    finite["not_finite"] = reasons
    return json.dumps(finite, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def from_text(text: str, where: str | PathLike[str]) -> tuple[Solution, Family | None, str, tuple[str, ...]]:
    """Read a solution, its family and the digest of its data.

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
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise SourceError(f"{where} is not a saved fit; give a file written by fit.save")
    if plain.get("version") != VERSION:
        raise SourceError(
            f"{where} has format version {plain.get('version')!r}, and this thetahat reads version {VERSION}; "
            "update thetahat, or fit again"
        )
    try:
        return _read(plain)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise SourceError(f"{where} is damaged: {error!r}; fit and save again") from error


def _read(plain: dict[str, Any]) -> tuple[Solution, Family | None, str, tuple[str, ...]]:
    for path, kind in plain["not_finite"].items():
        _put(plain, path.split("\x1f")[1:], _SPECIALS[kind])
    parameters = tuple(Parameter(entry["name"], _domain(entry["domain"])) for entry in plain["parameters"])
    table = ParameterTable(parameters, plain["fixed"], plain["units"])
    facts = plain["certificate"]
    facts["verdict"] = Verdict(facts["verdict"])
    facts["parameters"] = tuple(facts["parameters"])
    solution = Solution(
        table=table,
        natural=plain["estimates"],
        point=np.array(plain["point"], dtype=float),
        log_likelihood=float(plain["log_likelihood"]),
        information=np.array(plain["information"], dtype=float).reshape(
            (len(plain["information"]), len(plain["information"]))
        ),
        regular=np.array(plain["regular"], dtype=bool),
        certificate=Certificate(**facts),
        n_rows=int(plain["n_rows"]),
        n_obs=float(plain["n_obs"]),
        likelihood=None,
        description=plain["model"],
    )
    data = plain["data"]
    return solution, _family(plain["model"]), str(data["sha256"]), tuple(data["columns"])


def _family(model: Mapping[str, Any]) -> Family | None:
    if model["kind"] != "family":
        return None
    kind = next(kind for kind in CATALOGUE if kind().name == model["family"])
    options = {"levels": model["levels"]} if model.get("levels") is not None else {}
    return kind(**options, **{name: value for name, value in model["known"].items() if value is not None})


_SPECIALS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def _without_specials(value: Any, path: str, reasons: dict[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_specials(item, f"{path}\x1f{name}", reasons) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_specials(item, f"{path}\x1f{index}", reasons) for index, item in enumerate(value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        reasons[path] = str(value)
        return None
    return value


def _put(plain: Any, path: list[str], value: float) -> None:
    for step in path[:-1]:
        plain = plain[int(step)] if isinstance(plain, list) else plain[step]
    last = path[-1]
    plain[int(last) if isinstance(plain, list) else last] = value


def _domain_plain(domain: Domain) -> dict[str, Any]:
    kind = next(name for name, made in _DOMAINS.items() if isinstance(domain, made))
    options: dict[str, list[float]] = {}
    if isinstance(domain, Bounded):
        options = {"arguments": [domain.lower, domain.upper]}
    if isinstance(domain, Simplex):
        options = {"arguments": [domain.size]}
    return {"kind": kind, **options}


def _domain(plain: Mapping[str, Any]) -> Domain:
    made: Domain = _DOMAINS[plain["kind"]](*plain.get("arguments", ()))
    return made
