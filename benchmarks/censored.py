"""Censored Weibull and log-normal rows beside R's survreg, or else lifelines, or else a stand-in of our own.

survreg is timed by R itself, without the start of the process. lifelines cannot be locked, since one of its
dependencies has no wheel; it is used where it is installed. Where neither is there, the stand-in is the same likelihood
and its analytic gradient in NumPy, maximised by SciPy's BFGS from the moments, whose last approximation gives the
standard errors; what it takes is told, and is no target.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from contest import Contestant, Row, Topic, faster, here, interleaved, peer
from samples import sample

import thetahat as th

N = 100_000
FAMILIES = {"weibull": (th.Weibull(), "weibull"), "log_normal": (th.LogNormal(), "lognormal")}
STAND_IN = "BFGS in NumPy, a stand-in"
SURVREG = """
arguments <- commandArgs(TRUE)
suppressMessages(library(survival))
rows <- read.csv(arguments[1])
response <- Surv(rows$low, rows$high, type = "interval2")
cat(system.time(survreg(response ~ 1, dist = arguments[2]))[["elapsed"]])
"""


def rows(full: bool) -> Iterator[Row]:
    """Rows known to exceed a time, and rows between bounds; estimates and standard errors, ours with certificate."""
    for name in FAMILIES:
        for kind in ("right", "interval"):
            work = f"{name}-{kind}"
            with rival(work) as (label, theirs):
                ours, taken = interleaved(here(fitting(work)), theirs, repetitions=9 if full else 3)
            target = None if label == STAND_IN else 10.0
            yield faster(f"{name}, {kind}-censored, n = {N:,}", ours, taken, target, label)


def fitting(work: str) -> Callable[[], None]:
    """Our fit, from bounds as the peers take them."""
    family, _ = FAMILIES[work.partition("-")[0]]
    low, high = sample(work, N)

    def fit() -> None:
        found = th.fit(family, th.Observations.interval(low, high))
        usable = np.isfinite(list(found.standard_errors.values())).all()
        if found.certificate.verdict.value != "maximum" or not usable:
            raise RuntimeError(f"{work}: {found.certificate.sentence}")

    return fit


@contextmanager
def rival(work: str) -> Iterator[tuple[str, Contestant]]:
    """Whom to compare with, of those that are here, and what it is called."""
    program = shutil.which("Rscript")
    if program is not None:
        with TemporaryDirectory() as folder:
            yield "survreg (R)", survreg(program, work, Path(folder))
        return
    installed = find_spec("lifelines") is not None
    with peer("lifelines" if installed else "BFGS", work, work, N) as theirs:
        yield "lifelines" if installed else STAND_IN, theirs


def survreg(program: str, work: str, folder: Path) -> Contestant:
    """R reads the rows from a file and times its fit."""
    path = folder / "rows.csv"
    low, high = sample(work, N)
    table = np.column_stack([low, np.where(np.isinf(high), np.nan, high)])
    np.savetxt(path, table, delimiter=",", header="low,high", comments="", fmt="%.17g")
    # R's name for a missing number.
    path.write_text(path.read_text(encoding="utf-8").replace("nan", "NA"), encoding="utf-8")
    arguments = (program, "-e", SURVREG, str(path), FAMILIES[work.partition("-")[0]][1])

    def run() -> float:
        return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)

    return run


TOPIC = Topic("censored rows", rows)
