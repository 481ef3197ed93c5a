"""Average marginal effects: how the mean moves with each column, through the whole of the formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.data import Block
from thetahat.prediction import quantities
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.new_rows import Asked, Reading
from thetahat.prediction.predicting import point_of
from thetahat.prediction.quantities import Quantity
from thetahat.prediction.uncertainty import Uncertainty
from thetahat.prediction.variables import Extent, Variable, chosen
from thetahat.rendering import Table, alike, number, to_precision
from thetahat.solved import Solved

Array = NDArray[Any]
Vector = NDArray[np.float64]
OVERALL = "overall"


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """An average marginal effect: numbers, or arrays with one entry a label."""

    estimate: Any
    standard_error: Any
    low: Any
    high: Any
    p_value: Any


@final
class MarginalEffects(Mapping[str, Effect]):
    """Average marginal effects by column, of categories by ``column[level]``; renders as a table.

    ``labels`` name the entries of an effect on probabilities; they are empty for effects on a mean.
    """

    def __init__(self, effects: Mapping[str, Effect], level: float, labels: tuple[Any, ...]) -> None:
        self._effects = dict(effects)
        self.level = level
        self.labels = labels

    def __getitem__(self, name: str) -> Effect:
        return self._effects[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._effects)

    def __len__(self) -> int:
        return len(self._effects)

    @property
    def title(self) -> str:
        """What the table shows."""
        on = "probabilities" if self.labels else "the mean"
        return f"average marginal effects on {on}, {100 * self.level:g} % intervals"

    def __repr__(self) -> str:
        return f"{self.title}\n{self._table().text()}"

    def _repr_html_(self) -> str:
        return self._table().html(self.title)

    def _table(self) -> Table:
        of = ("label",) if self.labels else ()
        rows = []
        for name, effect in self._effects.items():
            for k in range(len(self.labels) or 1):
                one = [
                    float(np.atleast_1d(item)[k])
                    for item in (
                        effect.estimate,
                        effect.standard_error,
                        effect.low,
                        effect.high,
                        effect.p_value,
                    )
                ]
                label = (str(self.labels[k]),) if self.labels else ()
                low, high = alike(one[2:4], one[1])
                cells = (
                    to_precision(one[0], one[1]),
                    to_precision(one[1], one[1]),
                    low,
                    high,
                    number(one[4], 3),
                )
                rows.append((name, *label, *cells))
        return Table(("variable", *of, "effect", "standard error", "low", "high", "p"), tuple(rows))


def marginal_effects(
    solved: Solved, names: Sequence[str] | str | None, at: Any, level: float, covariance: str, asked: Asked
) -> MarginalEffects:
    """Average over rows of the derivative of the mean, or of its change between a level and the reference."""
    if not 0 < level < 1:
        raise InferenceError(f"level={level!r}: the confidence level must lie between 0 and 1, such as 0.95")
    laws = Laws(solved, "marginal_effects()")
    variables = chosen(laws, names)
    fixed = _held(laws, at)
    labels = quantities.labels_of(laws.family) if laws.family.labelled else ()
    quantity = quantities.class_probabilities(laws.family) if labels else quantities.mean(laws.family)
    averaging = _Averaging(laws, Reading(laws, asked, weighted=True), quantity, covariance, fixed)
    effects: dict[str, Effect] = {}
    width = float(special.ndtri(0.5 + level / 2))
    for name, total in averaging.of(variables).items():
        effects[name] = total.effect(averaging.uncertainty, width, several=bool(labels))
    return MarginalEffects(effects, level, labels)


def _held(laws: Laws, at: Any) -> list[tuple[Variable, Any]]:
    """The columns that are held at a value."""
    if isinstance(at, str) and at == OVERALL:
        return []
    if not isinstance(at, Mapping):
        raise InferenceError(f"{laws.purpose}: at={at!r} must be 'overall', or a dict such as {{'age': 40}}")
    return [(variable, at[variable.name]) for variable in chosen(laws, list(at))]


@dataclass(slots=True)
class _Total:
    """Weighted sums over rows of an effect and of its derivatives by the estimates."""

    value: Array
    gradient: Array
    weight: float = 0.0
    lost: bool = False

    def effect(self, uncertainty: Uncertainty, width: float, *, several: bool) -> Effect:
        estimate = self.value / self.weight
        error = uncertainty.length(self.gradient / self.weight)
        error = np.where(self.lost, np.nan, error)
        with np.errstate(all="ignore"):
            p_value = 2.0 * special.ndtr(-np.abs(estimate / error))
        found = (estimate, error, estimate - width * error, estimate + width * error, p_value)
        return Effect(*(item if several else float(item[0]) for item in found))


@final
class _Averaging:
    """Averages over the rows of a reading, some of whose columns are held."""

    def __init__(
        self,
        laws: Laws,
        reading: Reading,
        quantity: Quantity,
        covariance: str,
        held: list[tuple[Variable, Any]],
    ) -> None:
        self.laws = laws
        self.reading = reading
        self.quantity = quantity
        self.held = held
        self.uncertainty = Uncertainty(laws, covariance)

    def of(self, variables: list[Variable]) -> dict[str, _Total]:
        numeric = [variable for variable in variables if not variable.levels]
        extents = dict.fromkeys((variable.name for variable in numeric), Extent())
        for block in self.reading.blocks():
            for variable in numeric:
                extents[variable.name] = extents[variable.name].with_values(variable.values(block))
        totals: dict[str, _Total] = {}
        for block in self.reading.blocks():
            weights = self.reading.weights(block)
            here = block
            for variable, value in self.held:
                here = variable.changed(here, value)
            for variable in variables:
                if variable.levels:
                    self._levels(totals, variable, here, weights)
                else:
                    self._slope(totals, extents[variable.name].of(variable), here, weights)
        return totals

    def _levels(self, totals: dict[str, _Total], variable: Variable, block: Block, weights: Vector) -> None:
        reference, *others = variable.levels
        base = self.reading.rows(variable.changed(block, reference))
        for other in others:
            # Of two levels that are no labels, the one is what the other is not.
            name = variable.name if isinstance(reference, bool) else f"{variable.name}[{other}]"
            total = self._total(totals, name, float(weights.sum()))
            self._add(total, self.reading.rows(variable.changed(block, other)), weights)
            self._add(total, base, -weights)

    def _slope(self, totals: dict[str, _Total], variable: Variable, block: Block, weights: Vector) -> None:
        """Slope of the parabola through three points, as central as the range allows; then Richardson's step."""
        total = self._total(totals, variable.name, float(weights.sum()))
        values = variable.values(block)
        for share, factor in ((1.0, -1.0 / 3.0), (0.5, 4.0 / 3.0)):
            step = share * variable.steps(values)
            centre = np.clip(
                values, variable.low + step, np.maximum(variable.high - step, variable.low + step)
            )
            # What a value held beyond the column's range has around it is its own business.
            inside = (values >= variable.low) & (values <= variable.high)
            centre = np.where(inside, centre, values)
            aside = (values - centre) / step
            for place, share_of in ((-1.0, aside - 0.5), (0.0, -2.0 * aside), (1.0, aside + 0.5)):
                counts = factor * weights * share_of / step
                if counts.any():
                    rows = self.reading.rows(variable.changed(block, centre + place * step))
                    self._add(total, rows, counts)

    def _total(self, totals: dict[str, _Total], name: str, weight: float) -> _Total:
        if name not in totals:
            size = len(quantities.labels_of(self.laws.family)) if self.laws.family.labelled else 1
            totals[name] = _Total(np.zeros(size), np.zeros((size, self.uncertainty.kept.size)))
        totals[name].weight += weight
        return totals[name]

    def _add(self, total: _Total, rows: LawRows, weights: Vector) -> None:
        found = self.quantity(point_of(rows))
        slopes = self.uncertainty.with_slopes(rows, self.quantity, found)
        values = found.value if found.value.ndim == 2 else found.value[:, np.newaxis]
        counts = weights[:, np.newaxis]
        total.value += np.sum(np.where(counts == 0.0, 0.0, values * counts), axis=0)
        for k in range(values.shape[1]):
            own = [None if s is None else s[:, k] if s.ndim == 2 else s for s in slopes]
            gradient, lost = self.uncertainty.summed(rows, own, weights)
            total.gradient[k] += gradient
            total.lost |= lost
