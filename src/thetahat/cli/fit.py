"""``thetahat fit``: a family or a regression, a file, an answer."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from thetahat._errors import ParameterError, SourceError
from thetahat.cli.answer import answer_of, checked_level, status_of, tell
from thetahat.cli.modelling import model_of, pairs
from thetahat.fit import fit
from thetahat.inference.covariance import CLUSTERED, KINDS
from thetahat.inference.intervals import METHODS
from thetahat.progress import following
from thetahat.report.intervals import Uncertainty


def run(given: Namespace) -> int:
    """Fit, tell, write what was asked for, and return the exit status."""
    checked_level(given.level)
    uncertainty = _uncertainty(given)
    fixed = {name: _values(name, text) for name, text in pairs(given.fix, "--fix")}
    model = model_of(given)
    if "~" in given.file and given.formula is None and not Path(given.file).exists():
        raise SourceError(f"{given.file!r} is a formula; the file comes first: thetahat fit FILE FORMULA")
    for path in (given.report, given.save):
        if path is not None:
            refuse_unwritable(path, given.file)
    with following(None, given.file) as told:
        found = fit(model, given.file, weights=given.weights, fixed=fixed, progress=told or False)
        answer = answer_of(found, given.level, uncertainty, as_json=given.json)
    tell(answer)
    if given.save is not None:
        found.save(given.save)
    if given.report is not None:
        from thetahat.report.page import write_page

        with following(None, given.file):
            write_page(found, given.report, given.level, uncertainty)
    return status_of(found)


def _uncertainty(given: Namespace) -> Uncertainty:
    """What standard errors and intervals are made from, checked before anything is read."""
    if given.interval not in METHODS:
        raise ParameterError(f"--interval {given.interval}: choose from {', '.join(METHODS)}")
    kind = given.covariance or ("observed" if given.cluster is None else "sandwich")
    if kind not in KINDS:
        raise ParameterError(f"--covariance {kind}: choose from {', '.join(KINDS)}")
    if given.cluster is not None and kind not in CLUSTERED:
        raise ParameterError(f"--covariance {kind}: with --cluster choose from {', '.join(CLUSTERED)}")
    if given.interval == "profile" and kind != "observed":
        raise ParameterError(
            f"--interval profile: profiles are those of the likelihood and know of no {kind} covariance; use wald"
        )
    return Uncertainty(given.interval, kind, given.cluster)


def _values(name: str, text: str) -> float | list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(
            f"--fix {name}={text}: {text!r} is no number; write {name}=5, or 0.2,0.3,0.5 for a vector"
        ) from None
    return values[0] if len(values) == 1 else values


def refuse_unwritable(path: str, data: str) -> None:
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
