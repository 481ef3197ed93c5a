"""Every applicable family fitted to the same rows, and ranked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import DataError, ModelError, ThetahatError
from thetahat.arguments import DEFAULT_ENGINE, option
from thetahat.engines import Engine
from thetahat.estimation import Opened, opened, solve_family
from thetahat.families import Family
from thetahat.first_pass import collapsible
from thetahat.fit import Fit
from thetahat.models.iid import IndependentModel
from thetahat.numerics.generator import generator_of
from thetahat.progress import Progress, counting
from thetahat.selection.applicable import applicable
from thetahat.selection.criteria import criterion_named
from thetahat.selection.cross_validation import folds_of, held_out
from thetahat.selection.extent import extent_of
from thetahat.selection.ranking import RANKED, Failure, failure_of, ranked
from thetahat.selection.selection import Selection

if TYPE_CHECKING:
    from thetahat.models._levels import Levels


def select(
    data: Any,
    families: Any = None,
    criterion: str = "aic",
    *,
    y: str | None = None,
    weights: Any = None,
    kind: str | None = None,
    folds: int = 10,
    rng: np.random.Generator | int | None = 0,
    engine: Engine | None = None,
    progress: bool | Progress | None = None,
    **known: Any,
) -> Selection:
    """Fit every applicable family to the same rows and rank the fits.

    With ℓ the log-likelihood at the maximum, k the free parameters and n = ``n_obs``: AIC = -2ℓ + 2k (Akaike, 1974),
    AICc = AIC + 2k(k + 1)/(n - k - 1) (Hurvich & Tsai, 1989), BIC = -2ℓ + k log n (Schwarz, 1978), and CV = -2 times
    the log-likelihood of each fold of the rows under the fit to all others (Stone, 1974). The weight of a family is
    exp(-Δ/2) relative to the sum over all, Δ being the difference to the best (Burnham & Anderson, 2002). A family
    is ranked where its certificate's verdict is ``maximum`` or ``boundary``; others are among the ``failures``.

    Parameters
    ----------
    data
        As for ``th.fit``: an array, ``th.Observations``, columns, a data frame or a path.
    families
        Names, classes or instances; by default every family of ``th.families()`` whose support holds the data, each
        in one parametrisation.
    criterion
        ``aic``, ``aicc``, ``bic`` or ``cv``.
    y
        The response where the data have columns: ``"wait"``, ``"censored(time, event)"``.
    weights
        Frequency weights: an array, or the name of a column.
    kind
        ``continuous`` or ``discrete``: densities and probabilities do not compare. By default what all given families
        are; else ``discrete`` where every value is a whole number and none is censored. Measurements that were
        rounded to whole numbers need ``kind="continuous"``.
    folds
        Of ``cv``.
    rng
        Of ``cv``: a NumPy generator or a seed for the folds; None for fresh ones.
    engine
        By default ``th.Threads()``.
    progress
        Whether to show a progress bar on standard error; by default where it is a terminal and the work takes long.
    known
        What families know of each row, such as ``trials=12`` or ``trials="n"``.

    Returns
    -------
    Selection
        The ranked fits: ``.best``, by name and by place, iterable.

    Raises
    ------
    DataError
        If rows are missing or infinite, or no family is applicable.
    ModelError
        If the criterion or a family is unknown.

    Examples
    --------
    >>> import thetahat as th
    >>> waits = [0.8, 1.9, 2.4, 0.3, 4.1, 1.2, 2.2, 0.9, 3.0, 1.6]
    >>> chosen = th.select(waits, ["exponential", "gamma", "normal", "beta"])
    >>> chosen.names, dict(chosen.left_out)
    (('gamma', 'normal', 'exponential'), {'beta': 'for numbers above 0 and below 1'})
    >>> chosen.best
    <Fit gamma: shape=2.46609, rate=1.34026; maximum>
    """
    how = criterion_named(criterion)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    rows = opened(y, data, weights, "th.select(..., y='...')")
    extent = extent_of(rows.source, rows.response, rows.weight_column, engine)
    found = applicable(families, rows.response, extent, known, kind, y)
    if not found.families:
        why = "; ".join(f"{name} is {reason}" for name, reason in list(found.left_out.items())[:5])
        raise DataError(f"no family is applicable to values from {extent.words}: {why}")
    fits: dict[str, Fit] = {}
    failures: list[Failure] = []
    with counting(progress, len(found.families) * (2 if how.of is None else 1), "fits") as told:
        levels = _levels_of(found.families, rows, engine)
        for name, family in found.families.items():
            fit = _fitted(name, family, rows, engine, levels)
            if isinstance(fit, Failure):
                failures.append(fit)
            elif fit.certificate.verdict in RANKED:
                fits[name] = fit
            else:
                failures.append(failure_of(name, fit))
            _advance(told)
        if how.of is not None:
            scores = {name: how.of(fit) for name, fit in fits.items()}
        else:
            scores = _cross_validated(fits, folds, rng, engine, told)
    return Selection(
        how,
        ranked(fits, scores),
        failures,
        left_out=found.left_out,
        kind=found.kind,
        folds=int(folds) if how.of is None else None,
    )


def _fitted(name: str, family: Family, rows: Opened, engine: Engine, levels: Levels | None) -> Fit | Failure:
    try:
        return Fit(solve_family(family, rows, engine=engine, levels=levels))
    except ThetahatError as error:
        return Failure(name, str(error))


def _levels_of(families: Mapping[str, Family], rows: Opened, engine: Engine) -> Levels | None:
    """The distinct values of counts, which are the same for every family; None where rows do not come down to them."""
    for family in families.values():
        if not family.support.discrete or family.labelled or family.known:
            continue
        model = IndependentModel(family, rows.response, weight_column=rows.weight_column)
        if not collapsible(model):
            return None
        return engine.reduce(model.count_levels, rows.source.blocks(model.columns))
    return None


def _cross_validated(
    fits: Mapping[str, Fit],
    folds: int,
    rng: np.random.Generator | int | None,
    engine: Engine,
    told: Progress | None,
) -> dict[str, float]:
    generator = generator_of(rng, "select()")
    scores: dict[str, float] = {}
    fold = None
    for name, fit in fits.items():
        source = fit.source
        if source is None:
            raise ModelError(f"{name} has no rows to leave out")
        fold = folds_of(fit.n_rows, folds, generator) if fold is None else fold
        scores[name] = -2.0 * held_out(fit, source, fold, engine)
        _advance(told)
    return scores


def _advance(told: Progress | None) -> None:
    if told is not None:
        told.advance(1)
