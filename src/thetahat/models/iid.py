"""Independent rows of one family, identically distributed given what is known of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.data import Block
from thetahat.families import Family
from thetahat.families._survey import Survey
from thetahat.models._checks import (
    check_known,
    checked_ends,
    checked_labels,
    checked_limits,
    checked_values,
    checked_weights,
    refuse_truncation,
    refuse_unseen,
)
from thetahat.models._levels import Levels, levels_of
from thetahat.models._model import Model, Tally, Vector
from thetahat.models._positions import NOWHERE, RowPositions
from thetahat.models._rows import PackedRows, tally_rows
from thetahat.models._truncation import TruncatedRows
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, ParameterTable
from thetahat.parameters._entries import entries_joined
from thetahat.response import Observed, Response
from thetahat.response._response import NO_VALUES, RowNumbers, numbers

Array = NDArray[Any]


@final
class IndependentModel(Model[PackedRows]):
    """y_i ~ family(θ), independent, each row known exactly or to lie in an interval."""

    def __init__(
        self,
        family: Family,
        response: Response,
        *,
        weight_column: str | None = None,
        known: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        unit: float = 1.0,
    ) -> None:
        self.family = family
        self.response = response
        self.weight_column = weight_column
        self.known = dict(known or {})
        self.unit = unit
        held = {**family.given, **(fixed or {})}
        if held:
            held = entries_joined(family.declared, held)
        if held or unit != 1.0:
            units = {}
            if unit != 1.0:
                units = {
                    **dict.fromkeys(family.scales, unit),
                    **dict.fromkeys(family.inverse_scales, 1.0 / unit),
                }
            self.table = ParameterTable(tuple(family.declared), held, units)
        else:
            self.table = _free_table(tuple(family.declared))

    @property
    def columns(self) -> tuple[str, ...]:
        """Response, weights and known quantities that are columns."""
        named = [value for value in self.known.values() if isinstance(value, str)]
        weights = [self.weight_column] if self.weight_column is not None else []
        return tuple(dict.fromkeys([*self.response.columns, *weights, *named]))

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name

    @property
    def needs_spread(self) -> bool:
        """Whether a centred second moment is a sufficient statistic, of the family or perhaps of a limit of it."""
        return self.family.affine == "quadratic" or bool(self.family.limits)

    def describe(self) -> Mapping[str, Any]:
        """Family, response and fixed values as plain data."""
        fixed = {name: np.asarray(value).tolist() for name, value in self.table.fixed.items()}
        known = {n: v if isinstance(v, str) else np.asarray(v).tolist() for n, v in self.known.items()}
        return {
            "kind": "family",
            "family": self.family.name,
            "response": self.response.describe(),
            "weights": self.weight_column,
            "known": known,
            "fixed": fixed,
            "unit": self.unit,
            **self.family.specification(),
        }

    def changed(self, **changes: Any) -> IndependentModel:
        """Return the model with some of its parts replaced."""
        parts: dict[str, Any] = {
            "weight_column": self.weight_column,
            "known": self.known,
            "fixed": {n: v for n, v in self.table.fixed.items() if n not in self.family.given},
            "unit": self.unit,
        }
        family = changes.pop("family", self.family)
        response = changes.pop("response", self.response)
        return IndependentModel(family, response, **{**parts, **changes})

    # ---- Reading a block ----------------------------------------------------------------------------------------

    def pack(self, block: Block) -> PackedRows:
        """Read, check and prepare one block."""
        return self.pack_with_positions(block)[0]

    def pack_with_positions(self, block: Block) -> tuple[PackedRows, RowPositions]:
        """Pack one block, and say which of its rows the parts came from."""
        what = self.response.describe()
        if self.response.truncated:
            refuse_truncation(self.family, what)
        observed, weights, known, where, used = self._observe(block)
        exact_known, interval_known = self._part(known, observed)
        y, extent = checked_values(self.family, what, observed.y, observed.exact_rows, where)
        check_known(self.family, what, y, observed.exact_rows, exact_known, self.known, where)
        low, high = checked_ends(self.family, what, observed, where)
        weight, interval_weight = self._part_weight(weights, observed)
        if self.unit != 1.0:
            y, low, high = y / self.unit, low / self.unit, high / self.unit
            extent = (extent[0] / self.unit, extent[1] / self.unit)
        with np.errstate(all="ignore"):
            prepared = self.family.prepare(NUMPY, y, exact_known)
        packed = PackedRows(
            block.n_rows,
            y,
            prepared,
            weight,
            low,
            high,
            interval_weight,
            exact_known,
            interval_known,
            extent,
            self._truncation(observed, weights, known),
        )
        interval = NOWHERE if observed.exact_rows is None else observed.interval_rows
        return packed, RowPositions.of(observed.exact_rows, interval, used)

    def count_levels(self, block: Block) -> Levels:
        """Count the distinct values of one block of exact rows."""
        observed, weights, known, where, _ = self._observe(block)
        what = self.response.describe()
        if self.family.labelled:
            labels = checked_labels(what, observed.y, where)
            found = levels_of(labels, weights, block.n_rows)
            refuse_unseen(self.family, what, found.values, labels, where)
            # Truth values are counted as numbers, and named as they are written.
            if labels.dtype == bool and found.values is not None:
                return replace(found, values=found.values.astype(bool))
            return found
        y, extent = checked_values(self.family, what, observed.y, observed.exact_rows, where)
        check_known(self.family, what, y, observed.exact_rows, known, self.known, where)
        return levels_of(y, weights, block.n_rows, extent)

    def _observe(
        self, block: Block
    ) -> tuple[Observed, Array | None, dict[str, Any], RowNumbers, Array | None]:
        """The rows that count, with their weights, what is known of them, their numbers and places in the block."""
        columns: Mapping[str, Array] = block.columns
        where = RowNumbers(block.start, block.kept)
        weights = used = None
        if self.weight_column is not None:
            weights = checked_weights(self.weight_column, columns[self.weight_column], where)
            if not weights.all():
                used = np.flatnonzero(weights)
                where = RowNumbers(block.start, used if block.kept is None else block.kept[used])
                columns = {name: values[used] for name, values in columns.items()}
                weights = weights[used]
        known = {
            name: numbers(value, columns[value], where).astype(float) if isinstance(value, str) else value
            for name, value in self.known.items()
        }
        return self.response.observe(columns, where), weights, known, where, used

    @staticmethod
    def _part(known: Mapping[str, Any], observed: Observed) -> tuple[dict[str, Any], dict[str, Any]]:
        def rows(value: Any, positions: Array | None) -> Any:
            return value if positions is None or not np.ndim(value) else value[positions]

        exact = {name: rows(value, observed.exact_rows) for name, value in known.items()}
        if observed.exact_rows is None:
            return exact, {}
        return exact, {name: rows(value, observed.interval_rows) for name, value in known.items()}

    @staticmethod
    def _part_weight(weights: Array | None, observed: Observed) -> tuple[Array | None, Array | None]:
        if weights is None or observed.exact_rows is None:
            return weights, None if weights is None else NO_VALUES
        return weights[observed.exact_rows], weights[observed.interval_rows]

    def _truncation(
        self, observed: Observed, weights: Array | None, known: Mapping[str, Any]
    ) -> TruncatedRows | None:
        """The limits of the rows, exact ones first."""
        if observed.limits is None:
            return None
        low, high = checked_limits(self.family, observed.limits)
        order = _packed_order(observed)
        if order is not None:
            low, high = low[order], high[order]
            weights = None if weights is None else weights[order]
            known = {name: value[order] if np.ndim(value) else value for name, value in known.items()}
        return TruncatedRows.of(low / self.unit, high / self.unit, weights, known, None)

    # ---- Sums over rows -----------------------------------------------------------------------------------------

    def tally(self, packed: PackedRows, working: Vector, order: int) -> Tally:
        """Sum the family's terms over packed rows."""
        tally = tally_rows(self.family, packed, working, order)
        if self.unit == 1.0:
            return tally
        shift = packed.n_exact * np.log(self.unit)
        return replace(tally, value=tally.value - shift, absolute=tally.absolute + abs(shift))

    def expected_information(self, packed: PackedRows, working: Vector) -> Array:
        """Sum the Fisher information of packed exact rows in working coordinates."""
        eta = tuple(np.float64(coordinate) for coordinate in working)
        entries = self.family.expected_information(eta, packed.known)
        k = working.size
        matrix = np.zeros((k, k))
        n = packed.n_exact
        lower = [
            float(entry) * n
            if not np.ndim(entry)
            else float(np.add.reduce(entry if packed.weight is None else entry * packed.weight))
            for entry in entries
        ]
        matrix[np.tril_indices(k)] = lower
        return matrix + np.tril(matrix, -1).T

    def condensed(self, survey: Survey) -> PackedRows | None:
        """Pseudo rows with the very log-likelihood of all rows, where their statistics are sufficient."""
        if not (survey.plain and self.family.affine) or survey.refined is not None:
            # Where the means had to be refined, sums over them would lose the digits again.
            return None
        if self.family.affine == "quadratic":
            if not survey.spread > 0:
                return None
            # A family that scales with the data has them as its column. Logs of data are rounded themselves, and
            # points rounded likewise leave a score that shows it.
            points = _quadrature if self.family.scales else _pair
            column, weight = points(float(survey.means[0]), survey.spread, survey.n_exact)
            prepared: tuple[Array, ...] = (column,)
        else:
            prepared = tuple(np.array([mean]) for mean in survey.means)
            weight = np.full(1, survey.n_exact)
        none = NO_VALUES
        return PackedRows(survey.n_rows, prepared[0], prepared, weight, none, none, None, {}, {})

    def starting_values(self, sample: PackedRows, beside: Vector | None = None) -> Vector:
        """Start values on the free scale from representative points, and others ``beside`` them."""
        points, weight = sample.points(self.family.support)
        if beside is not None and beside.size:
            points = np.append(points, beside)
            weight = None if weight is None else np.append(weight, np.full(beside.size, weight.min()))
        known = {
            name: value if not np.ndim(value) else float(np.mean(value))
            for name, value in sample.known.items()
        }
        theta = None
        with np.errstate(all="ignore"):
            if weight is not None and weight.size and float(weight.min()) < float(weight.max()):
                theta = self.family.start_weighted(points, weight, known)
                if theta is None:
                    # Points repeated in proportion to their weights, so that start recipes need not know weights.
                    share = np.maximum(np.round(weight / weight.sum() * 2048), 1).astype(int)
                    points = np.repeat(points, share)
            if theta is None:
                theta = self.family.start(points, known)
        values = dict(zip((p.name for p in self.family.declared), theta, strict=True))
        units = self.table.units
        natural = {name: np.asarray(value) * units.get(name, 1.0) for name, value in values.items()}
        return self.table.free_from_natural(natural)


@lru_cache(maxsize=64)
def _free_table(declared: tuple[Parameter, ...]) -> ParameterTable:
    """The table of a family with nothing fixed: the same for each of its fits, with all that it has worked out."""
    return ParameterTable(declared)


def _packed_order(observed: Observed) -> Array | None:
    """The order in which rows are packed; None where it is their own."""
    if observed.exact_rows is None or observed.interval_rows is None:
        return None
    return np.concatenate([observed.exact_rows, observed.interval_rows])


def _pair(centre: float, spread: float, count: float) -> tuple[Array, Array]:
    """Two points with these moments, as far as points at such a centre can have them."""
    half = float(np.sqrt(spread / count))
    return np.array([centre - half, centre + half]), np.full(2, count / 2)


def _quadrature(centre: float, spread: float, count: float) -> tuple[Array, Array]:
    """Three points and weights with this mean, Σ w (x - centre)² and Σ w.

    The gaps are those between the points as they were rounded, so that the spread survives any offset.
    """
    gap = 2 * max(float(np.sqrt(spread / count)), float(np.spacing(abs(centre))), 1e-150)
    below, above = centre - gap, centre + gap
    left, right = centre - below, above - centre
    low, high = spread / (left * (left + right)), spread / (right * (left + right))
    return np.array([below, centre, above]), np.array([low, count - low - high, high])
