"""Maximising regressions whose density has a kink where the predictor meets a row: quantile regression and its like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models import SCORES
from thetahat.models._predictors import Group
from thetahat.numerics.cholesky import determined
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize import evidence as evidences
from thetahat.optimize import findings
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import Constrained
from thetahat.optimize.declared import Declared
from thetahat.optimize.evidence import Evidence
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.regression.aliases import refuse_aliased
from thetahat.optimize.regression.check_loss import Vertex, least_check_loss
from thetahat.optimize.regression.far_columns import ColumnsFarFromZeroError, far_columns
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
MOST_NUMBERS = 1e8
"""Numbers of a design, beyond which it is not gathered in memory."""
NEARLY_SINGULAR = 1e-9
ROUNDING = 64.0 * float(np.finfo(float).eps)
PROVED = "the coefficients solve a linear programme, and its multipliers prove it (Koenker & Bassett, 1978)"


class KinkedRegression:
    """The rows of such a regression, gathered: its maximum with any of its parameters held.

    Raises
    ------
    ModelError
        If rows are not known exactly, another parameter has a formula, a link bends the predictor, or the rows are too
        many to be held.
    """

    def __init__(self, arrangement: RegressionArrangement) -> None:
        self.arrangement = arrangement
        self.model = arrangement.model
        self.family: Any = self.model.family
        self.table = self.model.table
        self.group = self._checked()
        tau = self.family.quantile_level({**self.family.given, **self.table.fixed})
        assert tau is not None  # noqa: S101 - whoever laid out the parameters has looked
        self.tau: float = tau

    def _checked(self) -> Group:
        model, family = self.model, self.family
        what = f"A regression of {type(family).__name__}"
        response = model.reader.response
        if response.censored or response.truncated:
            raise ModelError(
                f"{what} takes responses that are known exactly, and {response.describe()} is censored or truncated; "
                "choose a smooth family with heavy tails, such as th.StudentT or th.Logistic"
            )
        others = [owner for owner in model.predictors.owners if owner != family.kinked]
        if others:
            raise ModelError(
                f"{what} has one formula, that of its {family.kinked}, and one was given for {others[0]}; leave that "
                "out, or choose a smooth family with heavy tails, such as th.StudentT or th.Logistic"
            )
        group = next(group for group in model.predictors.groups if group.design is not None)
        if not (group.link is None or group.link.trivial):
            raise ModelError(
                f"{what} is linear in its coefficients, and links={{{family.kinked!r}: {group.link.name!r}}} bends the "
                "predictor; leave the link out"
            )
        numbers = self.arrangement.n_positive * (group.span.stop - group.span.start)
        if numbers > MOST_NUMBERS:
            raise ModelError(
                f"{what} holds its design in memory, and {numbers:,} numbers are more than {MOST_NUMBERS:,.0f}; fit a "
                "part of the rows"
            )
        return group

    @cached_property
    def _rows(self) -> tuple[Matrix, Vector, Vector | None]:
        designs: list[Matrix] = []
        values: list[Vector] = []
        weights: list[Vector | None] = []
        index = self.group.design
        assert index is not None  # noqa: S101 - it has a formula
        for block in self.arrangement.blocks():
            packed = block if self.arrangement.packed else self.model.pack(block)
            for part in packed.parts:
                offset = part.offsets[index]
                y = np.asarray(part.rows[0], dtype=float)
                plain = part.designs[index].plain()
                designs.append(plain if isinstance(plain, np.ndarray) else plain.toarray())
                values.append(y if offset is None else y - offset)
                weights.append(part.weight)
        design, y = np.concatenate(designs), np.concatenate(values)
        if weights[0] is None:
            return design, y, None
        weight = np.concatenate([w for w in weights if w is not None])
        counted = weight > 0
        return (design, y, weight) if counted.all() else (design[counted], y[counted], weight[counted])

    def maximum(self, held: Mapping[int, float]) -> tuple[Vertex, Vector, Vector]:
        """The minimum of the loss with working coordinates held: over the others, and the whole point.

        The last is the slope of Σ w log f in each coefficient, in units of the largest slope over tau.
        """
        design, y, weight = self._rows
        span = self.group.span
        width = span.stop - span.start
        fixed = np.array([span.start + j in held for j in range(width)], dtype=bool)
        coefficients = np.zeros(width)
        coefficients[fixed] = [held[span.start + j] for j in np.flatnonzero(fixed)]
        rest = y - design[:, fixed] @ coefficients[fixed] if fixed.any() else y
        found = least_check_loss(design[:, ~fixed] if fixed.any() else design, rest, weight, self.tau)
        coefficients[~fixed] = found.coefficients
        working = np.zeros(self.table.n_working)
        working[span] = coefficients
        residual = y - design @ coefficients
        residual[np.abs(residual) <= ROUNDING * (np.abs(y) + np.abs(design) @ np.abs(coefficients))] = 0.0
        residual = residual if weight is None else residual * weight
        total = self.arrangement.n_obs
        above, below = (float(np.maximum(sign * residual, 0.0).sum()) / total for sign in (1.0, -1.0))
        names = [parameter.name for parameter in self.family.declared]
        numbers = {
            name: group.span.start
            for name, group in zip(names, self._groups(), strict=True)
            if group.design is None
        }
        known = {
            name: float(self.family.theta(self._with(working, numbers, held))[names.index(name)])
            for name, position in numbers.items()
            if position in held
        }
        others = self.family.sided(above, below, known)
        inside = all(p.domain.contains(v) for p, v in zip(self.family.declared[1:], others, strict=True))
        with np.errstate(divide="ignore"):
            eta = self.family.working((np.zeros(()), *others))
        for name, position in numbers.items():
            value = float(eta[names.index(name)]) if inside else -np.inf
            working[position] = held.get(position, value)
        slopes = found.multipliers if weight is None else found.multipliers * weight
        return found, working, slopes @ design

    def _groups(self) -> Sequence[Group]:
        return self.model.predictors.groups

    def _with(
        self, working: Vector, numbers: Mapping[str, int], held: Mapping[int, float]
    ) -> tuple[Any, ...]:
        filled = working.copy()
        for position in numbers.values():
            filled[position] = held.get(position, 0.0)
        return tuple(
            np.zeros(()) if group.design is not None else filled[group.span.start] for group in self._groups()
        )

    @property
    def fixed(self) -> dict[int, float]:
        """What is fixed from the beginning, by working coordinate."""
        working = self.table.working(np.zeros(self.table.n_free))
        free = set(self.table.free_index.tolist())
        return {
            position: float(working[position]) for position in range(working.size) if position not in free
        }

    def undetermined(self) -> bool:
        """Whether the columns may be combinations of each other."""
        design, _, weight = self._rows
        return not determined(
            design.T @ (design if weight is None else design * weight[:, np.newaxis]), NEARLY_SINGULAR
        )

    def largest_slope(self, working: Vector) -> float:
        """The slope of log f in the location below a row, over tau."""
        eta = tuple(
            np.zeros(()) if group.design is not None else working[group.span.start]
            for group in self._groups()
        )
        return float(self.family.kink(eta)[0]) / self.tau

    def pinned(
        self, likelihood: Likelihood, pinned: NDArray[np.intp], start: Vector, _: Conditions
    ) -> Constrained:
        """The maximum with some coordinates held where a start has them, as profiles want it."""
        free = self.table.free_index
        held = {**self.fixed, **{int(free[index]): float(start[index]) for index in pinned}}
        found, working, slopes = self.maximum(held)
        point = working[free]
        tally = likelihood.tally(point, SCORES)
        slope = float(tally.score[pinned[0]])
        position = int(free[pinned[0]]) - self.group.span.start
        if 0 <= position < self.group.span.stop - self.group.span.start:
            slope = self.largest_slope(working) * float(slopes[position])
        return Constrained(point, tally.value, slope, tally.rounding, converged=found.proved and tally.finite)


def maximise_kinked_regression(
    arrangement: RegressionArrangement, likelihood: Likelihood, engine: Engine, penalty: Penalty | None
) -> Outcome:
    """Find the maximum and say what it is."""
    regression = KinkedRegression(arrangement)
    table, family = regression.table, regression.family
    if penalty is not None:
        raise ModelError(
            f"A regression of {type(family).__name__} takes no penalty: the likelihood has kinks in the "
            f"{family.kinked}, which penalised fits do not look for; leave out penalty="
        )
    if regression.undetermined():
        centres = far_columns(arrangement, np.zeros(table.n_working, dtype=bool))
        if centres:
            raise ColumnsFarFromZeroError(centres)
        refuse_aliased(arrangement, engine)
    declared = Declared(
        n_obs=arrangement.n_obs,
        theorem=PROVED,
        regularity=lambda _: "kinked",
        n_rows=arrangement.n_positive,
        remedy="fix the scale, take columns out, or gather more rows",
    )
    found, working, _ = regression.maximum(regression.fixed)
    if not np.isfinite(working).all():
        reason = "the predictor meets every row, so that the density there rises as the scale falls to 0"
        return findings.unbounded(table, None, declared, reason)
    return _judged(likelihood, regression, found, working, declared)


@dataclass(frozen=True, slots=True)
class _Level:
    """The stretch of coefficients that all attain the maximum: by free coordinate, its ends."""

    low: Vector
    high: Vector

    @property
    def half(self) -> Vector:
        return 0.5 * (self.high - self.low)


def _judged(
    likelihood: Likelihood, regression: KinkedRegression, found: Vertex, working: Vector, declared: Declared
) -> Outcome:
    table = regression.table
    point = working[table.free_index]
    information = likelihood.expected_information(working)[np.ix_(table.free_index, table.free_index)]
    tally = likelihood.tally(point, SCORES)
    coefficients = (table.free_index >= regression.group.span.start) & (
        table.free_index < regression.group.span.stop
    )
    score = np.where(coefficients, 0.0, tally.score)
    tally = replace(tally, score=score, information=np.asarray(information))
    factor = analyse(tally.information)
    step = factor.solve(score) if factor.smallest > factor.error_bound else np.zeros_like(point)
    seen = Evidence(
        point,
        tally,
        factor,
        max(0.5 * float(score @ step), 0.0),
        steady=True,
        reach=evidences.reach(table, point, declared.sizes),
        step=step,
        curvature_change=0.0,
        eigenvalues=evidences.unit_eigenvalues(factor),
    )
    settled = Settled(point, tally)
    if not found.proved:
        return findings.not_converged(table, seen, settled, declared)
    low, high = np.zeros(point.size), np.zeros(point.size)
    low[coefficients], high[coefficients] = found.ends.min(axis=0), found.ends.max(axis=0)
    level = _Level(low, high)
    errors = np.sqrt(factor.inverse().diagonal())
    if (level.half[coefficients] >= errors[coefficients]).any():
        return _flat(regression, seen, settled, level, errors, declared)
    outcome = findings.maximum(table, seen, settled, declared)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome
    return _told(outcome, regression, found, level)


def _flat(
    regression: KinkedRegression,
    seen: Evidence,
    settled: Settled,
    level: _Level,
    errors: Vector,
    declared: Declared,
) -> Outcome:
    table = regression.table
    outcome = findings.flat(table, seen, settled, level.half, declared, structural=False)
    longest = int(np.argmax(level.half / errors))
    name = table.free_names[longest]
    sentence = (
        f"The likelihood is flat: every {name} from {level.low[longest]:.6g} to {level.high[longest]:.6g} attains the "
        f"maximum, a stretch longer than its standard error, so that no single value is best. Gather more rows, or fix "
        f"{name}."
    )
    return replace(outcome, certificate=replace(outcome.certificate, sentence=sentence))


def _told(outcome: Outcome, regression: KinkedRegression, found: Vertex, level: _Level) -> Outcome:
    certificate, names = outcome.certificate, regression.table.free_names
    first, digits = certificate.sentence, dict(certificate.digits)
    if found.unique:
        rows = "row" if found.met.size == 1 else "rows"
        words = f"The predictor meets {found.met.size:,} {rows}, where the likelihood has kinks."
    else:
        widest = int(np.argmax(level.half))
        words = (
            f"Other coefficients attain it too, {names[widest]} from {level.low[widest]:.6g} to "
            f"{level.high[widest]:.6g}; those in the middle are given."
        )
        first = first.replace(", and the only one:", ", and no other is higher:")
        for index in np.flatnonzero(level.half > 0.0).tolist():
            size = max(abs(outcome.natural[names[index]]), float(level.half[index]))
            digits[names[index]] = float(np.clip(-np.log10(level.half[index] / size), 0.0, 15.0))
    sentence = (
        f"{first} {words} Standard errors are those of the expected information, as curvature means nothing where ℓ "
        "has kinks, and hold where the rows scatter as the family says; those of fit.covariance('nid') and 'ker' hold "
        "for any scatter about the quantile."
    )
    return replace(outcome, certificate=replace(certificate, sentence=sentence, digits=digits))
