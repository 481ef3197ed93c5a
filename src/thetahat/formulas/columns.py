"""The columns of a design, worked out once: their names, and how a block's rows fill them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import product
from math import prod
from operator import mul
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.designs import DenseDesign, Design, SplitDesign
from thetahat.designs._coded import Coded
from thetahat.formulas.contrasts import Contrast, Level
from thetahat.formulas.evaluation import Rows, category_of, numbers_of
from thetahat.formulas.levels import codes_of
from thetahat.formulas.nodes import Category, Factor, TransformCall
from thetahat.formulas.ranks import coded_terms
from thetahat.formulas.terms import Term
from thetahat.formulas.transforms import State

Array = NDArray[Any]
Matrix = NDArray[np.float64]

MOST_COLUMNS: Final = 1_000_000
BLOCK_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Coding:
    """A factor in one product: its columns' names, and whether they are indicators of levels."""

    factor: Factor
    names: tuple[str, ...]
    levels: tuple[Level, ...] | None
    dropped: int | None
    matrix: Matrix | None
    first: int

    @property
    def indicators(self) -> bool:
        """Whether the columns are indicators, held as codes."""
        return self.levels is not None and self.matrix is None


@dataclass(frozen=True, slots=True)
class Product:
    """Consecutive columns: the product of factors, the first of which varies fastest."""

    codings: tuple[Coding, ...]
    start: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return prod(len(coding.names) for coding in self.codings)


@final
class Columns:
    """The columns that terms make, for known levels and states.

    Parameters
    ----------
    terms
        In order.
    factor
        Returns a factor by its text.
    levels, states
        What was learned.
    n_rows
        How many rows the fit has, by which the faster layout is chosen.

    Raises
    ------
    FormulaError
        If a categorical factor has one level, there are far too many columns, or two have one name.
    """

    def __init__(
        self,
        terms: tuple[Term, ...],
        factor: Callable[[str], Factor],
        levels: Mapping[str, tuple[Level, ...]],
        states: Mapping[str, State],
        n_rows: int,
    ) -> None:
        self._factor = factor
        self._levels = levels
        self._states = states
        self.products = tuple(self._products(terms))
        last = self.products[-1] if self.products else None
        self.count = last.start + last.width if last is not None else 0
        self.names = tuple(name for piece in self.products for name in _names(piece))
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise FormulaError(
                f"two columns of the design have the name {twice!r}; rename a column of the data"
            )
        self.intercept = next((piece.start for piece in self.products if not piece.codings), None)
        self.dense = self._prefers_dense(n_rows)

    # ---- Worked out once -----------------------------------------------------------------------------------------

    def _products(self, terms: tuple[Term, ...]) -> Iterator[Product]:
        start = 0
        for _, coded in coded_terms(terms, self._spans):
            for piece in coded:
                found = Product(tuple(self._coding(text, reduced=reduced) for text, reduced in piece), start)
                start += found.width
                if start > MOST_COLUMNS:
                    raise FormulaError(
                        f"the formula makes more than {MOST_COLUMNS:,} columns (at {':'.join(t for t, _ in piece)}); "
                        "a column with that many distinct values is hardly a category"
                    )
                yield found

    def _spans(self, text: str) -> bool:
        content = self._factor(text).content
        if isinstance(content, TransformCall):
            return content.transform.spans_intercept
        return isinstance(content, Category)

    def _coding(self, text: str, *, reduced: bool) -> Coding:
        factor = self._factor(text)
        content = factor.content
        if isinstance(content, Category):
            return self._category(factor, content.contrast, reduced=reduced)
        names = None
        if isinstance(content, TransformCall):
            names = content.transform.fields(self._states[content.text])
        if names is None:
            return Coding(factor, (text,), None, None, None, 0)
        first = int(reduced)
        return Coding(factor, tuple(f"{text}[{name}]" for name in names[first:]), None, None, None, first)

    def _category(self, factor: Factor, contrast: Contrast, *, reduced: bool) -> Coding:
        levels = self._levels[factor.text]
        if len(levels) < 2:
            raise FormulaError(
                f"{factor.text} has one level only ({levels[0]!r} in every row), so nothing can be told from it; "
                "leave it out"
            )
        if not reduced:
            names = tuple(f"{factor.text}[{level}]" for level in levels)
            return Coding(factor, names, levels, None, None, 0)
        try:
            names = tuple(factor.text + ending for ending in contrast.names(levels))
            if contrast.indicators:
                return Coding(factor, names, levels, contrast.base(levels), None, 0)
            return Coding(factor, names, levels, None, contrast.matrix(levels), 0)
        except FormulaError as error:
            raise FormulaError(f"{factor.text}: {error}") from None

    def _prefers_dense(self, n_rows: int) -> bool:
        """Whether a dense array is faster than codes, by the time that a block's Gram matrix takes.

        In nanoseconds on one core, as measured with 65,536 rows and 1 to 8 factors of 5 to 100 levels: a dense Gram
        matrix of p columns takes p (2.3 + 0.022 p) a row. A split one takes that for its dense columns; 1.2 a row for
        the sums of each coded part and 3 + 0.6 k more for those with k dense columns; 2.1 a row for each pair of
        parts; 2 for each of its p² entries, whatever the rows; and 8,000 for every one of these steps.
        """
        dense = parts = 0
        for piece in self.products:
            others = prod(len(coding.names) for coding in piece.codings if not coding.indicators)
            if any(coding.indicators for coding in piece.codings):
                parts += others
            else:
                dense += others
        if not parts:
            return True
        rows = min(n_rows, BLOCK_ROWS)
        pairs = parts * (parts - 1) / 2
        beside = 3.0 + 0.6 * dense if dense else 0.0
        by_row = _dense_cost(dense) + parts * (1.2 + beside) + 2.1 * pairs
        return rows * _dense_cost(self.count) <= rows * by_row + 2.0 * self.count**2 + 8e3 * (
            2 * parts + pairs
        )

    # ---- For each block ------------------------------------------------------------------------------------------

    def build(self, rows: Rows) -> Design:
        """Return the design of a block's rows.

        Raises
        ------
        DataError
            If a value is infinite after a transform, or a level was never seen.
        """
        filling = _Filling(rows)
        dense: list[Array] = []
        positions: list[int] = []
        coded: list[Coded] = []
        for piece in self.products:
            for start, values, part in filling.parts(piece):
                if part is not None:
                    coded.append(part)
                else:
                    dense.append(values)
                    positions.append(start)
        if not self.dense:
            matrix = np.empty((rows.n_rows, len(dense)))
            for k, column in enumerate(dense):
                matrix[:, k] = column
            return SplitDesign(self.count, matrix, np.array(positions, dtype=np.intp), tuple(coded))
        # Indicators are written into zeros; without them every number is written anyway.
        whole = np.zeros((rows.n_rows, self.count)) if coded else np.empty((rows.n_rows, self.count))
        for position, column in zip(positions, dense, strict=True):
            whole[:, position] = column
        for part in coded:
            part.fill(whole)
        return DenseDesign(whole)


def _dense_cost(columns: int) -> float:
    """Nanoseconds a row of a dense Gram matrix."""
    return columns * (2.3 + 0.022 * columns)


def _names(piece: Product) -> Iterator[str]:
    if not piece.codings:
        yield "Intercept"
        return
    for chosen in product(*(coding.names for coding in reversed(piece.codings))):
        yield ":".join(reversed(chosen))


@final
class _Filling:
    """The factors of one block, each evaluated once."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._numbers: dict[str, Array] = {}
        self._codes: dict[str, NDArray[np.int32]] = {}
        self._joint: dict[tuple[tuple[str, int | None], ...], NDArray[np.int32]] = {}

    def parts(self, piece: Product) -> Iterator[tuple[int, Any, Coded | None]]:
        """Dense columns with their positions, or coded ones."""
        if not piece.codings:
            yield piece.start, 1.0, None
            return
        strides = np.cumprod([1, *(len(coding.names) for coding in piece.codings)])[:-1]
        indicators = [(c, int(s)) for c, s in zip(piece.codings, strides, strict=True) if c.indicators]
        others = [(c, int(s)) for c, s in zip(piece.codings, strides, strict=True) if not c.indicators]
        codes = self._joint_codes([coding for coding, _ in indicators]) if indicators else None
        reached = _positions(indicators)
        for chosen in product(*(range(len(coding.names)) for coding, _ in reversed(others))):
            picked = list(zip(others, reversed(chosen), strict=True))
            shift = piece.start + sum(k * stride for (_, stride), k in picked)
            values = [self._column(coding, k) for (coding, _), k in picked]
            scale = reduce(mul, values) if values else None
            if codes is None:
                yield shift, scale, None
            else:
                place = reached + shift
                whole = slice(shift, shift + place.size) if _consecutive(reached) else place
                yield shift, None, Coded(codes, place.size, whole, scale)

    def _column(self, coding: Coding, k: int) -> Array:
        text = coding.factor.text
        if coding.matrix is not None:
            return coding.matrix[:, k].take(self._code(coding))
        if text not in self._numbers:
            content = coding.factor.content
            assert not isinstance(content, Category)  # noqa: S101 - these have levels
            self._numbers[text] = numbers_of(text, content, self._rows)
        values = self._numbers[text]
        return values if values.ndim == 1 else np.ascontiguousarray(values[:, coding.first + k])

    def _code(self, coding: Coding) -> NDArray[np.int32]:
        text = coding.factor.text
        if text not in self._codes:
            content = coding.factor.content
            assert isinstance(content, Category)  # noqa: S101 - only these have levels
            assert coding.levels is not None  # noqa: S101 - likewise
            values = category_of(content, self._rows)
            self._codes[text] = codes_of(text, values, coding.levels, self._rows.where)
        return self._codes[text]

    def _joint_codes(self, codings: list[Coding]) -> NDArray[np.int32]:
        """One code for a product of indicators, the first varying fastest; the last code for no column."""
        key = tuple((coding.factor.text, coding.dropped) for coding in codings)
        if key not in self._joint:
            width = prod(len(coding.names) for coding in codings)
            joint: Any = np.zeros(self._rows.n_rows, np.int32) if len(codings) > 1 else None
            nowhere: Any = None
            stride = 1
            for coding in codings:
                own = self._code(coding)
                if coding.dropped is not None:
                    # The last place is that of the level without a column.
                    last = np.int32(len(coding.names))
                    assert coding.levels is not None  # noqa: S101 - indicators have levels
                    places = np.arange(len(coding.levels), dtype=np.int32)
                    places[coding.dropped + 1 :] -= 1
                    places[coding.dropped] = last
                    own = places.take(own)
                    if joint is not None:
                        absent = own == last
                        nowhere = absent if nowhere is None else nowhere | absent
                joint = own if joint is None else joint + own * np.int32(stride)
                stride *= len(coding.names)
            if nowhere is not None:
                joint[nowhere] = width
            self._joint[key] = joint
        return self._joint[key]


def _positions(indicators: list[tuple[Coding, int]]) -> NDArray[np.intp]:
    """Columns of a product's indicators, relative to its first, in the order of the joint code."""
    reached = np.zeros(1, dtype=np.intp)
    for coding, stride in indicators:
        step = np.arange(len(coding.names), dtype=np.intp) * stride
        reached = (step[:, np.newaxis] + reached).ravel()
    return reached


def _consecutive(places: NDArray[np.intp]) -> bool:
    return bool(places[0] == 0 and places[-1] == places.size - 1)
