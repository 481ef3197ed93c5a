"""The columns on which a regression depends, and rows with one of them changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.data import Block
from thetahat.designs import Centred, WithoutConstant
from thetahat.formulas import FormulaDesigner
from thetahat.prediction.laws import Laws
from thetahat.prediction.matrices import matrix_designs

Array = NDArray[Any]
Vector = NDArray[np.float64]

SHARE: Final = 1e-3
"""Step of the differences as a share of the column's standard deviation, or of the value where all are above 0."""

COARSE: Final = 1e-8
"""Of a step, from which on the rounding of a value is felt."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A column, or one column of a matrix (``index``); ``levels`` are those of a category, the reference first."""

    name: str
    column: str
    index: int | None = None
    levels: tuple[Any, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    spread: float = 1.0

    def values(self, block: Block) -> Vector:
        """The numbers of a block's rows."""
        values: Any = block.columns[self.column]
        if self.index is None:
            return np.asarray(values, dtype=float)
        if isinstance(values, np.ndarray):
            return values[:, self.index]
        return np.asarray(values[:, [self.index]].toarray()[:, 0])

    def changed(self, block: Block, values: Any) -> Block:
        """A block with other values: one a row, or one for all."""
        held: Any = block.columns[self.column]
        new: Any
        if self.index is None:
            new = _column(values, held, block.n_rows)
        elif isinstance(held, np.ndarray):
            new = held.copy()
            new[:, self.index] = values
        else:
            new = _sparse(held, self.index, values - self.values(block))
        return Block(block.start, block.n_rows, {**block.columns, self.column: new}, block.kept)

    def steps(self, values: Vector) -> Vector:
        """How far each row's value is moved to either side."""
        if not self.spread > 0.0:
            return SHARE * np.maximum(np.abs(values), 1.0)
        size = (
            np.minimum(self.spread, np.abs(values)) if self.low > 0.0 else np.full(values.shape, self.spread)
        )
        step = SHARE * size
        # Far from 0 a value and the step make a rounded sum, unless the step is a power of two.
        coarse = np.spacing(np.abs(values)) > COARSE * step
        return np.where(coarse, np.exp2(np.floor(np.log2(step))), step)


def _column(values: Any, held: Array, n_rows: int) -> Array:
    if np.ndim(values):
        return np.asarray(values)
    if held.dtype == object:
        column = np.empty(n_rows, dtype=object)
        column[:] = values
        return column
    return np.full(n_rows, values)


def _sparse(held: Any, index: int, added: Vector) -> Any:
    from scipy import sparse

    rows = np.arange(held.shape[0])
    more = sparse.csr_array((added, (rows, np.full(rows.size, index))), shape=held.shape)
    return (sparse.csr_array(held) + more).tocsr()


def variables_of(laws: Laws) -> tuple[list[Variable], list[Variable]]:
    """The variables of terms, and those of offsets alone."""
    first: dict[str, Variable] = {}
    beside: dict[str, Variable] = {}
    for held in laws.designers:
        designer = held.whole if isinstance(held, WithoutConstant | Centred) else held
        if not isinstance(designer, FormulaDesigner):
            continue
        categories = designer.categories
        for name in designer.columns:
            made = _formula_variable(designer, name, categories)
            if made is None or (name in first and first[name].levels):
                continue
            (first if name in designer.term_columns else beside)[name] = made
    for description in matrix_designs(laws).values():
        for index, name in enumerate(description["names"]):
            whole = description["prefix"] + name
            first[whole] = Variable(whole, description["column"], index)
    return list(first.values()), [variable for name, variable in beside.items() if name not in first]


def _formula_variable(
    designer: FormulaDesigner, name: str, categories: Mapping[str, tuple[tuple[Any, ...], int]]
) -> Variable | None:
    if name in categories:
        levels, base = categories[name]
        return Variable(name, name, levels=(levels[base], *levels[:base], *levels[base + 1 :]))
    kind = designer.kinds[name]
    if kind == "boolean":
        return Variable(name, name, levels=(False, True))
    # Text that is only compared with something has no levels to go through.
    return Variable(name, name) if kind == "number" else None


def chosen(laws: Laws, names: Sequence[str] | str | None) -> list[Variable]:
    """The variables that are asked about; by default all of the terms.

    Raises
    ------
    InferenceError
        If there is no such variable, or none at all.
    """
    own, beside = variables_of(laws)
    if names is None:
        if not own:
            raise InferenceError(f"{laws.purpose}: the fit depends on no columns, so nothing has an effect")
        return own
    by_name = {variable.name: variable for variable in (*own, *beside)}
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in by_name:
            raise InferenceError(
                f"{laws.purpose}: there is no variable {name!r}; choose from {', '.join(by_name)}"
            )
    return [by_name[name] for name in wanted]


@dataclass(frozen=True, slots=True)
class Extent:
    """Least and largest value, with count, mean and squares about it."""

    low: float = np.inf
    high: float = -np.inf
    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def with_values(self, values: Vector) -> Extent:
        """That of further values too (Chan, Golub & LeVeque, 1983)."""
        if not values.size:
            return self
        n, mean = values.size, float(values.mean())
        whole = self.n + n
        gap = mean - self.mean
        squares = self.squares + float(np.square(values - mean).sum()) + gap * gap * self.n * n / whole
        low, high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        return Extent(low, high, whole, self.mean + gap * n / whole, squares)

    def of(self, variable: Variable) -> Variable:
        """The variable with its extent."""
        spread = float(np.sqrt(self.squares / self.n)) if self.n else 0.0
        return replace(variable, low=self.low, high=self.high, spread=spread)
