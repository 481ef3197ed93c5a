"""``thetahat select``: a file, every family that suits it, a ranking."""

from __future__ import annotations

from typing import Any

from thetahat._errors import ModelError
from thetahat.arguments import family_named
from thetahat.cli.answer import NOT_USABLE, tell
from thetahat.cli.fit import refuse_unwritable
from thetahat.cli.modelling import known_of
from thetahat.families import CATALOGUE
from thetahat.rendering import finite_data
from thetahat.selection.select import select
from thetahat.selection.selection import Selection


def run(
    file: str,
    *,
    y: str | None,
    weights: str | None,
    families: str | None,
    criterion: str,
    kind: str | None,
    known: list[str],
    folds: int,
    seed: int,
    report: str | None,
    as_json: bool,
) -> int:
    """Select, tell, write what was asked for; 0 if a family was ranked."""
    names = None if families is None else _split(families)
    quantities: dict[str, Any] = known_of(known)
    takes = {name for leaf in CATALOGUE for name in leaf.known}
    strange = next((name for name in quantities if name not in takes), None)
    if strange is not None:
        raise ModelError(f"no family knows {strange!r} of its rows; there are: {', '.join(sorted(takes))}")
    if report is not None:
        refuse_unwritable(report, file)
    found = select(
        file,
        names,
        criterion,
        y=y,
        weights=weights,
        kind=kind,
        folds=folds,
        rng=seed,
        **quantities,
    )
    tell(_json(found) if as_json else found)
    if report is not None and found.names:
        found.report(report)
    return 0 if found.names else NOT_USABLE


def _split(text: str) -> list[Any]:
    """Families by name, between commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    names = [part.strip() for part in parts]
    if not all(names):
        raise ModelError(f"--families {text}: write names with commas between them, such as gamma,weibull")
    return [family_named(name) for name in names]


def _json(found: Selection) -> str:
    import json

    reasons: dict[str, str] = {}

    def note(path: tuple[str, ...], number: float) -> None:
        reasons[".".join(path)] = str(number)

    facts: dict[str, Any] = finite_data(found.plain(), note)
    facts["reasons"] = reasons
    # Escapes for all that is not ASCII, so that names from a file cannot act on a terminal.
    return json.dumps(facts, indent=2, allow_nan=False)
