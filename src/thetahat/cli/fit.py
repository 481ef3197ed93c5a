"""``thetahat fit``: a family, a file, an answer."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from thetahat._errors import ParameterError, SourceError
from thetahat.arguments import family_named
from thetahat.cli.answer import answer_of, checked_level, status_of, tell
from thetahat.families import Family, Wrapper
from thetahat.fit import fit
from thetahat.inference.intervals import METHODS
from thetahat.progress import following


def run(
    file: str,
    *,
    family: str,
    y: str | None,
    weights: str | None,
    fix: list[str],
    known: list[str],
    level: float,
    interval: str,
    report: str | None,
    save: str | None,
    as_json: bool,
) -> int:
    """Fit, tell, write what was asked for, and return the exit status."""
    checked_level(level)
    if interval not in METHODS:
        raise ParameterError(f"--interval {interval}: choose from {', '.join(METHODS)}")
    fixed = {name: _values(name, text) for name, text in _pairs(fix, "--fix")}
    model = _family(family, y, dict(_pairs(known, "--known")))
    for path in (report, save):
        if path is not None:
            _writable(path, file)
    with following(None, file) as told:
        found = fit(model, file, weights=weights, fixed=fixed, progress=told or False)
        answer = answer_of(found, level, interval, as_json=as_json)
    tell(answer)
    if save is not None:
        found.save(save)
    if report is not None:
        from thetahat.report.page import write_page

        with following(None, file):
            write_page(found, report, level)
    return status_of(found)


def _family(name: str, y: str | None, known: dict[str, str]) -> Family:
    family = family_named(name)
    unknown = next((key for key in known if key not in family.known), None)
    if unknown is not None:
        takes = ", ".join(family.known) or "nothing"
        raise ParameterError(f"{name} knows no {unknown!r} of its rows; it takes: {takes}")
    given = {key: _number_or_column(text) for key, text in known.items()}
    if isinstance(family, Wrapper):
        return type(family).around(family.made_of, y=y, **family.option_values, **given)
    make: Any = type(family)
    return make(y=y, **given)


def _number_or_column(text: str) -> float | str:
    with suppress(ValueError):
        return float(text)
    return text


def _pairs(items: list[str], option: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for item in items:
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals and value):
            raise ParameterError(f"{option} {item}: write NAME=VALUE, such as df=5")
        if name in dict(pairs):
            raise ParameterError(f"{option} {item}: {name} is given twice; give one value")
        pairs.append((name, value))
    return pairs


def _values(name: str, text: str) -> float | list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(
            f"--fix {name}={text}: {text!r} is no number; write {name}=5, or 0.2,0.3,0.5 for a vector"
        ) from None
    return values[0] if len(values) == 1 else values


def _writable(path: str, data: str) -> None:
    """Find out before a long fit, not after it, that its result has no place."""
    target = Path(path)
    if target.is_dir():
        raise SourceError(f"{path} is a folder; give the name of a file to write")
    if not target.absolute().parent.is_dir():
        raise SourceError(f"there is no folder {target.absolute().parent} to write {target.name} into")
    if target.exists() and Path(data).exists() and target.samefile(data):
        raise SourceError(f"{path} is the data; give another name to write to")
    if target.is_file() and not os.access(target.resolve().parent, os.W_OK):
        raise SourceError(
            f"{path} is replaced by way of its folder, which cannot be written to; give another place"
        )
    # Opening to append changes nothing, and fails now if writing would fail later.
    existed = target.exists()
    with target.open("a", encoding="utf-8"):
        pass
    if not existed:
        target.unlink()
