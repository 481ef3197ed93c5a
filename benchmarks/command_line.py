"""A whole process of the command line, beside one that does no more than import scipy.stats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from contest import Row, Topic, at_most, command, here, interleaved, python
from samples import sample


def rows(full: bool) -> Iterator[Row]:
    """A gamma fit of 1,000 rows of CSV, printed as JSON."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.csv")
        np.savetxt(path, sample("gamma", 1_000), header="x", comments="", fmt="%.17g")
        program = str(Path(sys.executable).with_name("thetahat"))
        fit = command(program, "fit", str(path), "--y", "x", "--family", "gamma", "--json")
        contestants = here(fit), here(python("import scipy.stats"))
        ours, theirs = interleaved(*contestants, repetitions=21 if full else 11)
    yield at_most("thetahat fit x.csv, 1,000 rows", ours, theirs, 0.5, "import scipy.stats")


TOPIC = Topic("command line", rows)
