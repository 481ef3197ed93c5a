"""The rows of a fit, read once more: each with its parameters at the estimates and its number in the data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol, Self, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.data import Block, Source
from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.families._terms import Terms
from thetahat.models._checks import checked_labels
from thetahat.models._model import DERIVATIVES
from thetahat.models._parts import parts_of
from thetahat.models._positions import RowPositions
from thetahat.models._predictors import Group, primary_of
from thetahat.models._regression_rows import Part
from thetahat.models._regression_sums import on_predictors
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.numerics.sums import Total
from thetahat.response._response import RowNumbers
from thetahat.solved import Solved

Array = NDArray[Any]
Vector = NDArray[np.float64]


class Record(Protocol):
    """A summary of some rows, to which that of the rows that follow can be added."""

    def merge(self, other: Self) -> Self:
        """Return the summary of both."""
        ...


Summary = TypeVar("Summary", bound=Record)


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one block that are known alike, with their parameters at the estimates.

    ``place`` are their positions in the block, which starts at row ``start`` of the data; ``y`` their values, None
    where they are known only to lie in an interval; ``eta`` their working coordinates; ``bends`` the derivatives of the
    links.
    """

    start: int
    place: NDArray[np.intp]
    part: Part
    y: Array | None
    eta: tuple[Any, ...]
    bends: tuple[tuple[Any, Any] | None, ...]

    @property
    def n_rows(self) -> int:
        """How many they are."""
        return self.part.n_rows

    @property
    def weight(self) -> Any:
        """One weight a row, or 1."""
        return 1.0 if self.part.weight is None else self.part.weight

    def spread(self, item: Any) -> Vector:
        """Return an item as one number a row."""
        return np.broadcast_to(np.asarray(item, dtype=float), (self.n_rows,))

    def slopes(self, family: Family) -> Terms:
        """Log-likelihood of each row with two derivatives in the predictors (in a number's own coordinate)."""
        terms = self.part.terms(family, self.eta, DERIVATIVES)
        return Terms(terms.value, *on_predictors(terms, self.bends))


@final
class Rows:
    """The rows of a solved likelihood of independent rows.

    Parameters
    ----------
    solved
        A regression or a fit of a family, with its data.
    purpose
        What they are read for, as the subject of an error message.

    Raises
    ------
    InferenceError
        If there are no data, they have changed, the verdict leaves no point, or the density is one of the user's own.
    """

    def __init__(self, solved: Solved, purpose: str) -> None:
        solution = solved.solution
        likelihood = solution.with_data(purpose)
        model = solved.regression if solved.regression is not None else likelihood.model
        if solved.multivariate is not None:
            raise InferenceError(
                f"{purpose} is there for families of single values, and a row of {solved.multivariate.title} is a "
                "vector; use fit.distribution, or model one column"
            )
        if not isinstance(model, IndependentModel | RegressionModel) or solved.source is None:
            raise InferenceError(
                f"{purpose} needs a family, whose parameters each row has, and {likelihood.model.name} is a density "
                "of one's own"
            )
        solution.refuse_unless_usable(purpose)
        solved.refuse_joint_limit(purpose)
        solution.refuse_if_changed(purpose)
        self.purpose = purpose
        self.solution = solution
        self.source: Source = solved.source
        self.engine: Engine = likelihood.engine
        self.family: Family = model.family
        self.table = model.table
        self.unit = 1.0
        self.groups: tuple[Group, ...]
        if isinstance(model, IndependentModel):
            # Rows that were counted are read one by one again.
            model = model.changed(weight_column=solution.description["weights"])
            self.groups = tuple(Group(None, slice(k, k + 1)) for k in range(model.table.n_working))
            self.unit = model.unit
        else:
            self.groups = model.predictors.groups
            self.unit = model.predictors.unit
        self._model = model
        self.working = model.table.working(solution.law_point)

    @property
    def primary(self) -> range:
        """The coordinates of the primary parameter.

        Raises
        ------
        InferenceError
            If the family has no parameter with which its values grow or fall.
        """
        if not self.family.regressed:
            raise InferenceError(
                f"{self.purpose} asks for a parameter with which values grow or fall, and {self.family.title} has "
                "none; use residuals('quantile'), 'response' or 'pearson'"
            )
        name, first = primary_of(self.family), 0
        for parameter in self.family.declared:
            if parameter.name == name:
                return range(first, first + parameter.domain.free_size)
            first += parameter.domain.free_size
        raise AssertionError(name)

    @property
    def primary_group(self) -> Group | None:
        """How the primary parameter's predictor is made of the point; None where it has none."""
        at = 0
        for group in self.groups:
            if at == self.primary.start:
                return group if group.design is not None else None
            at += group.size
        return None

    @property
    def all_exact(self) -> bool:
        """Whether every response is a value, and nothing but its own rows was left out."""
        model = self._model
        response = model.response if isinstance(model, IndependentModel) else model.reader.response
        return not response.censored and not response.truncated

    def pieces(self, block: Block) -> list[Piece]:
        """Read a block of the source."""
        model = self._model
        used = model.selected(block) if isinstance(model, RegressionModel) else block
        rows, positions, parts = self._read(used)
        pieces = []
        for part in parts:
            exact = part.kind == "exact"
            place = positions.exact if exact else positions.interval
            if place is None:
                place = np.arange(used.n_rows, dtype=np.intp)
            eta, bends = self._coordinates(part)
            pieces.append(
                Piece(
                    block.start,
                    place if used.kept is None else used.kept[place],
                    part,
                    rows.y if exact else None,
                    eta,
                    bends,
                )
            )
        return pieces

    def _read(self, block: Block) -> tuple[PackedRows, RowPositions, tuple[Part, ...]]:
        model = self._model
        if isinstance(model, RegressionModel):
            return model.read(block)
        if model.family.labelled:
            name = model.response.columns[0]
            codes = model.family.encode(checked_labels(name, block.columns[name], RowNumbers(block.start)))
            block = Block(block.start, block.n_rows, {**block.columns, name: codes})
        rows, positions = model.pack_with_positions(block)
        return rows, positions, parts_of(model.family, rows, positions, (), ())

    def _coordinates(self, part: Part) -> tuple[tuple[Any, ...], tuple[tuple[Any, Any] | None, ...]]:
        model = self._model
        if isinstance(model, RegressionModel):
            return model.predictors.coordinates(part.designs, part.offsets, self.working)
        return tuple(self.working), (None,) * self.working.size

    def reduce(
        self, function: Callable[[list[Piece], Block], Summary], beside: Source | None = None, *extra: str
    ) -> Summary:
        """Sum a function of the pieces of each block, in the order of the rows.

        Parameters
        ----------
        function
            Of the pieces of a block and the block itself.
        beside
            The source in the place of the fit's own, with the same rows and further columns.
        extra
            The further columns that blocks are to hold.
        """
        source = self.source if beside is None else beside
        columns = tuple(dict.fromkeys([*self._model.columns, *extra]))
        return self.engine.reduce(lambda block: function(self.pieces(block), block), source.blocks(columns))

    def by_row(self, function: Callable[[Piece], Any]) -> Vector:
        """Return a function's numbers in the order of the data's rows; NaN for rows that were left out."""
        found = self.reduce(
            lambda pieces, block: _Placed(
                block.n_rows,
                [(piece.start + piece.place, piece.spread(function(piece))) for piece in pieces],
            )
        )
        values = np.full(found.n_rows, np.nan)
        for place, numbers in found.items:
            values[place] = numbers
        return values

    @cached_property
    def n_data(self) -> int:
        """Rows of the data, those that were left out included."""
        if self.source.n_rows is not None:
            return self.source.n_rows
        column = self._model.columns[:1]
        return int(self.engine.reduce(lambda block: Total(block.n_rows), self.source.blocks(column)).value)

    def total(self, function: Callable[[Piece], Any]) -> float:
        """Return Σ w f over all rows."""
        return self.reduce(
            lambda pieces, _: Total(
                sum(float(np.add.reduce(piece.spread(piece.weight * function(piece)))) for piece in pieces)
            )
        ).value

    def theta(self, eta: tuple[Any, ...]) -> tuple[Any, ...]:
        """Natural parameters of rows, in units of the model."""
        return self.family.theta(eta)


@dataclass(frozen=True, slots=True)
class _Placed:
    n_rows: int
    items: list[tuple[NDArray[np.intp], Vector]]

    def merge(self, other: _Placed) -> _Placed:
        return _Placed(self.n_rows + other.n_rows, self.items + other.items)
