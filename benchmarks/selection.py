"""Fifteen families side by side, beside libraries that do this; the whole catalogue; a bootstrapped p-value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from contest import Contestant, Row, Topic, faster, here, interleaved, peer, python, seconds
from samples import sample

import thetahat as th

N = 1_000
FAMILIES = (
    "normal",
    "log_normal",
    "exponential",
    "gamma",
    "weibull",
    "logistic",
    "student_t",
    "gev",
    "uniform",
    "pareto",
    "cauchy",
    "gumbel",
    "gumbel_min",
    "rayleigh",
    "log_logistic",
)
"""Those that fitter and distfit, by way of scipy.stats, share with us."""
CATALOGUE_LIMIT, BOOTSTRAP_LIMIT = 0.3, 1.0
BOOTSTRAP_ROWS, BOOTSTRAP_SAMPLES = 500, 1_000


def rows(full: bool) -> Iterator[Row]:
    """Ours with standard errors and certificates; the peers give estimates and a distance to the histogram."""
    samples = cycle([sample("gamma", N, number) for number in range(99)])

    def ours_of(names: tuple[str, ...] | None) -> None:
        chosen = th.select(next(samples), names)
        errors = [list(fit.standard_errors.values()) for fit in chosen]
        # A family that has the gamma among its members may by chance do better, and by more than its parameter costs.
        if "gamma" not in chosen.names[:4] or not np.isfinite(errors[chosen.names.index("gamma")]).all():
            raise RuntimeError(f"{chosen.names[0]} was chosen where gamma is the truth")

    repetitions = 21 if full else 7
    with peer("distfit", "fifteen", "gamma", N) as quick, peer("fitter", "fifteen", "gamma", N) as warm:
        ours, distfit, fitter = interleaved(
            here(lambda: ours_of(FAMILIES)), quick, warm, repetitions=repetitions
        )
    work = f"th.select, {len(FAMILIES)} families, n = {N:,}"
    yield faster(work, ours, distfit, 5.0, "distfit")
    yield faster(work, ours, fitter, None, "fitter, once its processes run")
    ours, fitter = interleaved(
        first(f"th.select(y, {FAMILIES})", "import thetahat as th; th.select; import thetahat.families"),
        first(
            "Fitter(y, distributions=list(IN_SCIPY), verbose=False).fit()",
            "from fitter import Fitter; from peers import IN_SCIPY",
        ),
        repetitions=3 if full else 1,
    )
    yield faster(f"{work}, the first call of a process", ours, fitter, 50.0, "fitter")
    (whole,) = interleaved(here(lambda: ours_of(None)), repetitions=repetitions)
    yield within("th.select, the whole continuous catalogue, n = 1,000", whole, CATALOGUE_LIMIT)
    fit = th.fit("gamma", sample("gamma", BOOTSTRAP_ROWS))
    bootstrap = here(lambda: fit.goodness_of_fit(n=BOOTSTRAP_SAMPLES, rng=1))
    (taken,) = interleaved(bootstrap, repetitions=repetitions)
    work = f"Anderson-Darling of a gamma, {BOOTSTRAP_SAMPLES:,} refits, n = {BOOTSTRAP_ROWS}"
    yield within(work, taken, BOOTSTRAP_LIMIT)


def first(call: str, imports: str) -> Contestant:
    """Time the first call in a process that has done its imports."""
    folder = str(Path(__file__).parent)
    lines = (
        f"import sys; sys.path.insert(0, {folder!r}); import numpy as np; from samples import sample",
        imports,
        f"from time import perf_counter; y = sample('gamma', {N}); start = perf_counter()",
        f"{call}; print(perf_counter() - start)",
    )
    run = python("\n".join(lines))
    return lambda: float(str(run()).split()[-1])


def within(work: str, ours: float, limit: float) -> Row:
    """Ours is to take no longer than the limit."""
    return Row(work, seconds(ours), "", "", f"at most {seconds(limit)}", ours <= limit)


TOPIC = Topic("selection and goodness of fit", rows)
