"""Whether rows could have come from the fitted distribution: distances with p-values by parametric bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError
from thetahat.diagnostics.bootstrapped import (
    CensoredRows,
    ContinuousRows,
    CountRows,
    Experiment,
    PooledRows,
    Window,
)
from thetahat.diagnostics.distances import DISTANCES
from thetahat.diagnostics.inspected import IntervalRows, inspection_of
from thetahat.diagnostics.pooled_cells import pooled_cells
from thetahat.families import Family
from thetahat.models._rows import PackedRows, join
from thetahat.models.iid import IndependentModel
from thetahat.numerics.generator import generator_of
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.refitting import Refitting
from thetahat.rendering import Table, for_html, number
from thetahat.solved import Solved

if TYPE_CHECKING:
    from thetahat.progress import Progress

Vector = NDArray[np.float64]
STATISTICS = (*DISTANCES, "chi_square")
TITLES = {
    "anderson_darling": "Anderson-Darling A²",
    "cramer_von_mises": "Cramér-von Mises W²",
    "kolmogorov_smirnov": "Kolmogorov-Smirnov D",
    "chi_square": "chi-square X²",
}
_USABLE = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY})
_MOST_FAILED = 0.1
_ALIKE = 1e-10
"""How much, relatively, two statistics of counts may differ by rounding."""


@final
@dataclass(frozen=True, slots=True, repr=False)
class GoodnessOfFit:
    """A statistic of fit with its p-value. Immutable; renders as text and as HTML.

    ``p_value`` is (1 + #{T* >= T})/(1 + n) over the statistics T* of ``n`` samples that were drawn from the fit and
    fitted again, ``p_error`` its Monte Carlo standard error; ``replicates`` are the T*. ``n_failed`` samples had no
    maximum and do not count. ``cells`` are those of ``chi_square``: label -> (observed, expected).

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.Exponential(), [0.2, 0.5, 0.9, 1.1, 1.9, 2.4, 3.8])
    >>> tested = fit.goodness_of_fit(n=99, rng=1)
    >>> print(tested)
    Anderson-Darling A² = 0.20118, p = 0.98 ± 0.014
      99 samples drawn from the fitted Exponential and fitted again; 7 observations.
    """

    statistic: str
    value: float
    p_value: float
    p_error: float
    n: int
    n_failed: int
    n_obs: int
    model: str
    reference: str
    replicates: Vector
    cells: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        return "\n".join([self._headline, *(f"  {note}" for note in self._notes)])

    def __repr__(self) -> str:
        return str(self)

    @property
    def _headline(self) -> str:
        p_value = f"{number(self.p_value, 3)} ± {number(self.p_error, 2)}"
        return f"{TITLES[self.statistic]} = {number(self.value, 5)}, p = {p_value}"

    @property
    def _notes(self) -> list[str]:
        failed = f" ({self.n_failed} more had no maximum)" if self.n_failed else ""
        how = f"{self.n:,} samples drawn from the fitted {self.model} and fitted again{failed}"
        notes = [f"{how}; {self.n_obs:,} observations{self.reference}."]
        if self.cells:
            cells = self._cells().text().replace("\n", "\n  ")
            notes.append(cells)
        return notes

    def _cells(self) -> Table:
        rows = tuple(
            (label, number(observed), f"{expected:.2f}") for label, (observed, expected) in self.cells.items()
        )
        return Table(("cell", "observed", "expected"), rows)

    def _repr_html_(self) -> str:
        notes = f"<div>{for_html(self._notes[0])}</div>"
        cells = self._cells().html() if self.cells else ""
        return (
            f'<div><p style="margin:0 0 .3em"><b>{for_html(self._headline)}</b></p>{cells}'
            f'<div style="opacity:.75;font-size:90%">{notes}</div></div>'
        )


def goodness_of_fit(
    solved: Solved,
    statistic: str,
    n: int,
    rng: np.random.Generator | int | None,
    censoring: Any,
    progress: Progress | None,
) -> GoodnessOfFit:
    """Compute the statistic, and its distribution under the fit."""
    if statistic not in STATISTICS:
        raise InferenceError(f"statistic={statistic!r}: choose from {', '.join(STATISTICS)}")
    if int(n) != n or n < 1:
        raise InferenceError(f"n={n!r}: give the number of samples, such as 999")
    model, law, rows = _fitted(solved)
    experiment = _experiment(statistic, model, law, rows, censoring, solved.solution.table.n_free)
    refitting = Refitting(experiment.refitted(), solved.solution.point, _likelihood(solved).engine)
    generator = generator_of(rng, "goodness_of_fit()")
    with np.errstate(all="ignore"):
        value = experiment.of_rows(law)
    if not np.isfinite(value):
        raise InferenceError(
            f"{statistic} is infinite: some rows lie where the fitted {model.family.title} ends or has no mass; choose "
            "cramer_von_mises or kolmogorov_smirnov"
        )
    replicates: list[float] = []
    for _ in range(int(n)):
        block, of = experiment.drawn(law, generator)
        found = refitting.of(block)
        if found is not None:
            with np.errstate(all="ignore"):
                replicates.append(of(found))
        if progress is not None:
            progress.advance(1)
    counted = len(replicates)
    if n - counted > _MOST_FAILED * n:
        raise InferenceError(
            f"{n - counted:,} of {n:,} samples drawn from the fit have no maximum of their own, so that the statistic "
            "has no distribution to compare with; choose a family with fewer parameters"
        )
    values = np.array(replicates)
    values.flags.writeable = False
    exceeding = int((values >= value - _ALIKE * abs(value)).sum())
    p_value = (1 + exceeding) / (1 + counted)
    cells: dict[str, tuple[float, float]] = {}
    if isinstance(experiment, PooledRows):
        pooled = experiment.cells
        within = experiment.window.of(law)
        labels = pooled.labels(model.unit, within.support)
        expected = experiment.n_obs * pooled.expected(within)
        observed = pooled.observed(rows.y, rows.weight)
        cells = dict(zip(labels, zip(observed.tolist(), expected.tolist(), strict=True), strict=True))
    return GoodnessOfFit(
        statistic,
        value,
        p_value,
        sqrt(p_value * (1.0 - p_value) / counted),
        counted,
        int(n) - counted,
        experiment.n_obs,
        model.family.title,
        experiment.reference,
        values,
        MappingProxyType(cells),
    )


def _likelihood(solved: Solved) -> Any:
    return solved.solution.with_data("goodness_of_fit()").unpenalised


def _fitted(solved: Solved) -> tuple[IndependentModel, Family, PackedRows]:
    """The model, its fitted distribution and its rows, all in the model's unit."""
    solution = solved.solution
    likelihood = _likelihood(solved)
    model = likelihood.model
    if not isinstance(model, IndependentModel):
        raise InferenceError(
            "goodness_of_fit() is of a family whose rows are alike. For a regression look at residuals('quantile'), "
            "which are standard normal under the model; vectors and densities of one's own have no distribution "
            "function"
        )
    if solution.penalised is not None:
        raise InferenceError(
            "goodness_of_fit() fits by maximum likelihood again and again, and this fit has a penalty"
        )
    verdict = solution.certificate.verdict
    if verdict not in _USABLE:
        raise InferenceError(
            f"goodness_of_fit() needs a fitted distribution, and the verdict is {verdict.value}: "
            f"{solution.certificate.sentence}"
        )
    if model.family.labelled:
        raise InferenceError(
            f"{model.family.title} gives each label its own proportion: there is nothing that could fit badly"
        )
    varying = [name for name, value in model.known.items() if isinstance(value, str)]
    if varying:
        raise InferenceError(
            f"goodness_of_fit() is of rows that are alike, and {', '.join(varying)} varies by row; look at "
            "residuals('quantile'), which are standard normal under the model"
        )
    solution.refuse_if_changed("goodness_of_fit()")
    rows = join(list(likelihood.rows()))
    working = model.table.working(solution.finite_point)
    theta = model.family.theta(tuple(working))
    if solution.certificate.verdict is Verdict.BOUNDARY:
        # Where the edge itself is the estimate, the free scale has only its neighbourhood.
        natural = {name: value / model.table.unit(name) for name, value in solution.natural.items()}
        law = model.family.frozen(natural)
        return model, law.carrying(law.given, model.known), rows
    names = (parameter.name for parameter in model.family.declared)
    law = model.family.carrying(dict(zip(names, theta, strict=True)), model.known)
    return model, law, rows


def _experiment(
    statistic: str,
    model: IndependentModel,
    law: Family,
    rows: PackedRows,
    censoring: Any,
    n_parameters: int,
) -> Experiment:
    window = _window(rows)
    total = rows.n_exact + rows.n_interval
    n_obs = round(total)
    if abs(total - n_obs) > 1e-9 * total:
        raise InferenceError(
            f"the weights sum to {total:.6g}, and samples of the same size take a whole number of observations; "
            "frequency weights count rows"
        )
    where = (model, rows, window, n_obs)
    if rows.low.size:
        return _censored(statistic, law, rows, censoring, where)
    if censoring is not None:
        raise InferenceError("censoring= was given, and every row is known exactly")
    if statistic == "chi_square":
        return PooledRows(pooled_cells(window.of(law), n_obs, rows.y, n_parameters), *where)
    distance = DISTANCES[statistic]
    return CountRows(distance, law, *where) if law.support.discrete else ContinuousRows(distance, *where)


def _censored(
    statistic: str, law: Family, rows: PackedRows, censoring: Any, where: tuple[Any, ...]
) -> Experiment:
    model, _, window, n_obs = where
    if statistic == "chi_square":
        raise InferenceError(
            "chi_square counts values known exactly, and some here are censored; choose anderson_darling"
        )
    if law.support.discrete:
        raise InferenceError(
            "goodness_of_fit() of counts takes values known exactly, and some here are censored"
        )
    if not np.isposinf(rows.high).all() or np.isfinite(window.high):
        inspection = inspection_of(rows, censoring, n_obs, model.unit)
        return IntervalRows(DISTANCES[statistic], inspection, *where)
    if not rows.y.size:
        raise InferenceError("goodness_of_fit() needs values known exactly, and all rows are censored")
    times = None
    if censoring is not None:
        times = np.asarray(censoring, dtype=float).ravel() / model.unit
        if times.size != n_obs or np.isnan(times).any():
            raise DataError(
                f"censoring= holds {times.size:,} times for {n_obs:,} observations; give for each the time at which it "
                "was or would have been censored, inf where never"
            )
    return CensoredRows(DISTANCES[statistic], times, *where)


def _window(rows: PackedRows) -> Window:
    limits = rows.truncation
    if limits is None:
        return Window(-np.inf, np.inf)
    if not limits.same or limits.place is not None:
        raise InferenceError(
            "goodness_of_fit() is of rows that are alike, and these have limits of truncation of their own; look at "
            "residuals('quantile'), which are standard normal under the model"
        )
    return Window(float(limits.low[0]), float(limits.high[0]))
