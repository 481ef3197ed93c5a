"""Rows that predictions are for: those of the fit, or new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError, ModelError
from thetahat.data import Block, Source, open_source
from thetahat.data.joined import JoinedSource
from thetahat.data.matrix import MatrixSource
from thetahat.formulas import Selection
from thetahat.models._checks import checked_weights
from thetahat.models._regression_rows import Part
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.matrices import matrices_of, matrix_designs
from thetahat.response import Exact, Observations, Response
from thetahat.response._response import RowNumbers, numbers

Array = NDArray[Any]

RESPONSE: Final = "(y)"
WEIGHTS: Final = "(weights)"


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows that someone asks about, as they were handed over; None for data are the rows of the fit."""

    data: Any = None
    y: Any = None
    offset: Any = None
    weights: Any = None
    designs: Mapping[str, Any] | None = None
    known: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Rows with what was observed of their responses, if that was read.

    ``y`` is None where responses are known only to lie in intervals, too.
    """

    law: LawRows
    part: Part | None = None
    y: Array | None = None


@final
class Reading:
    """Reads rows and makes their laws.

    Parameters
    ----------
    laws
        Those of the fit.
    asked
        The rows.
    responses
        Whether their responses are wanted, with weights.
    knowing
        Whether what is known of each row, such as trials, is wanted.
    weighted
        Whether the weights of rows are wanted.

    Raises
    ------
    InferenceError
        If the rows of the fit are asked for and the fit was loaded, or has changed data.
    DataError
        If a column is missing or a matrix has another number of columns.
    """

    def __init__(
        self,
        laws: Laws,
        asked: Asked,
        *,
        responses: bool = False,
        knowing: bool = True,
        weighted: bool = False,
    ) -> None:
        self.laws = laws
        self._weighted = weighted
        self.own = asked.data is None
        if self.own:
            self._of_the_fit(asked, responses=responses, knowing=knowing)
        else:
            self._of_new_data(asked, responses=responses, knowing=knowing)

    def _of_the_fit(self, asked: Asked, *, responses: bool, knowing: bool) -> None:
        laws = self.laws
        given = {"offset": asked.offset, "weights": asked.weights, "designs": asked.designs}
        beside = [name for name, value in {**given, **(asked.known or {})}.items() if value is not None]
        if beside:
            raise ModelError(
                f"{laws.purpose} without data is about the rows of the fit, so {beside[0]}= has no rows to belong to; "
                "give data=, or leave it out"
            )
        if laws.solved.source is None:
            raise InferenceError(
                f"{laws.purpose} is about the rows of the fit, and this fit was loaded from a file, which holds none; "
                "give data="
            )
        laws.solution.refuse_if_changed(laws.purpose)
        self.source: Source = laws.solved.source
        self.model = laws.model
        self._selection = laws.model.selection
        # Something has to tell how many rows there are, even where formulas read no column.
        needed = self._needed(responses=responses or self._selection is not None, knowing=knowing)
        self._columns = needed or tuple(self.reader.columns[:1])

    def _of_new_data(self, asked: Asked, *, responses: bool, knowing: bool) -> None:
        laws = self.laws
        reader: Any = laws.model.reader
        beside: dict[str, Any] = {}
        response = reader.response
        if isinstance(asked.data, Observations) and not laws.designers:
            response = asked.data.response
            asked = replace(asked, data=dict(asked.data.columns))
        known = _known(laws, asked.known or {}, beside, needed=knowing)
        source, matrices = _opened(laws, asked, beside)
        if responses and asked.y is not None:
            response = _response(asked.y, source, beside)
        weights = None
        if responses or self._weighted:
            weights = _weights(reader.weight_column, asked.weights, source, beside)
        if beside:
            more = open_source(beside)
            source = more if source is None else JoinedSource(source, more)
        if matrices is not None:
            source = matrices if source is None else JoinedSource(source, matrices)
        assert source is not None  # noqa: S101 - there are data
        self.source = source
        self._selection = None
        old = laws.model
        changed = reader.changed(response=response, weight_column=weights, known=known)
        self.model = RegressionModel(changed, old.predictors, old.text)
        self._columns = self._needed(responses=responses, knowing=knowing)
        if responses and asked.y is None:
            self._require_response(response)
        source.require(self._columns)
        if old.selection is not None and old.selection.missing == "drop":
            self._selection = Selection(self._columns, None, "drop")
        if not self._columns:
            # Something has to tell how many rows there are.
            self._columns = tuple(source.schema)[:1]

    def _require_response(self, response: Response) -> None:
        absent = [name for name in response.columns if name not in self.source.schema]
        if absent and matrix_designs(self.laws):
            raise DataError(
                f"{self.laws.purpose} needs the responses of the new rows; give y=, one value a row"
            )
        if absent and not self.laws.designers:
            raise DataError(
                f"{self.laws.purpose} needs responses in the new data, in {', '.join(response.columns)}; give y="
            )

    def _needed(self, *, responses: bool, knowing: bool) -> tuple[str, ...]:
        reader: Any = self.model.reader
        columns = list(self.model.predictors.columns)
        if responses:
            columns += reader.columns
        elif knowing:
            columns += [value for value in reader.known.values() if isinstance(value, str)]
        if self._weighted and reader.weight_column is not None:
            columns.append(reader.weight_column)
        if self._selection is not None and self.own:
            columns += self.model.columns
        return tuple(dict.fromkeys(columns))

    @property
    def reader(self) -> IndependentModel:
        """The reader of responses."""
        reader: Any = self.model.reader
        return reader

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the source, less the rows that are left out."""
        for block in self.source.blocks(self._columns):
            if self._selection is None:
                yield block
                continue
            columns, where = self._selection.of(block)
            n_rows = block.n_rows if where.kept is None else len(where.kept)
            yield Block(block.start, n_rows, columns, where.kept)

    @property
    def n_data(self) -> int:
        """Rows of the source, those that are left out included."""
        if self.source.n_rows is not None:
            return self.source.n_rows
        return sum(block.n_rows for block in self.source.blocks(self._columns[:1]))

    def rows(self, block: Block) -> LawRows:
        """The laws of a block's rows."""
        where = RowNumbers(block.start, block.kept)
        known = {
            name: numbers(value, block.columns[value], where).astype(float)
            if isinstance(value, str)
            else value
            for name, value in self.reader.known.items()
            if not isinstance(value, str) or value in block.columns
        }
        return self.laws.rows(block, block.columns, known)

    def weights(self, block: Block) -> NDArray[np.float64]:
        """The weights of a block's rows."""
        column = self.reader.weight_column
        if column is None:
            return np.ones(block.n_rows)
        return checked_weights(column, block.columns[column], RowNumbers(block.start, block.kept))

    def answered(self, block: Block) -> list[Answered]:
        """The laws of a block's rows, in parts, with what was observed of them; rows without weight are left out."""
        rows, positions, parts = self.model.read(block)
        found = []
        for part in parts:
            exact = part.kind == "exact"
            at = positions.exact if exact else positions.interval
            place = np.arange(block.n_rows, dtype=np.intp) if at is None else at
            if block.kept is not None:
                place = block.kept[place]
            law = self.laws.at(block.start, place, part.designs, part.offsets, part.known)
            found.append(Answered(law, part, rows.y if exact else None))
        return found


def _opened(laws: Laws, asked: Asked, beside: dict[str, Any]) -> tuple[Source | None, MatrixSource | None]:
    """The source of new columns, or the matrices of a regression that was made of such."""
    wanted = matrix_designs(laws)
    if not wanted:
        for name, value in (("offset", asked.offset), ("designs", asked.designs)):
            if value is not None:
                raise ModelError(
                    f"{name}= belongs to regressions that were made of matrices; this one reads columns of the data"
                )
        return open_source(asked.data), None
    matrices = matrices_of(laws, asked.data, asked.designs)
    columns = {one["offset"] for one in wanted.values() if one["offset"] is not None}
    if asked.offset is not None and not columns:
        raise ModelError("offset= was given, and the fit has no offset; leave it out")
    for column in columns:
        if asked.offset is None:
            raise DataError(
                f"{laws.purpose}: the fit has an offset, and so have its predictions; give offset=, one number a row "
                "(zeros for none)"
            )
        beside[column] = _by_row(asked.offset, matrices, "offset")
    for name in [name for name, value in beside.items() if np.ndim(value) == 0]:
        beside[name] = _by_row(beside[name], matrices, name)
    return None, MatrixSource(matrices)


def _by_row(value: Any, matrices: Mapping[str, Any], what: str) -> Any:
    """One number a row; a single one stands for all."""
    n_rows = next(iter(matrices.values())).shape[0]
    if np.ndim(value) == 0 and not hasattr(value, "__len__"):
        return np.full(n_rows, value)
    if len(value) != n_rows:
        raise DataError(f"{what} has {len(value):,} values for {n_rows:,} rows; give one for each row")
    return value


def _known(laws: Laws, given: Mapping[str, Any], beside: dict[str, Any], *, needed: bool) -> dict[str, Any]:
    """What is known of new rows: numbers, or the names of columns."""
    reader: Any = laws.model.reader
    strange = [name for name in given if name not in reader.known]
    if strange:
        takes = ", ".join(reader.known) or "nothing"
        raise ModelError(
            f"{laws.purpose}: {strange[0]}= is unknown; {laws.family.name} knows {takes} of each row"
        )
    known: dict[str, Any] = {}
    for name, held in reader.known.items():
        value = given.get(name)
        if value is None and not needed:
            continue
        if value is None:
            if np.ndim(held) or (isinstance(held, str) and held.startswith("(")):
                raise DataError(
                    f"{laws.purpose}: {name} was given beside the data of the fit, so the new rows' is not known; "
                    f"give {name}="
                )
            known[name] = held
        elif isinstance(value, str) or not np.ndim(value):
            known[name] = value
        else:
            known[name] = f"({name})"
            beside[f"({name})"] = value
    return known


def _response(y: Any, source: Source | None, beside: dict[str, Any]) -> Response:
    if isinstance(y, str):
        return Exact(y)
    if isinstance(y, Observations):
        taken = [name for name in y.columns if source is not None and name in source.schema]
        if taken:
            raise ModelError(
                f"y={y!r} has a column {taken[0]!r}, and so have the data; name the response's columns in the data, as "
                "the fit does, and leave out y="
            )
        beside.update(y.columns)
        return y.response
    beside[RESPONSE] = y
    return Exact(RESPONSE)


def _weights(column: str | None, given: Any, source: Source | None, beside: dict[str, Any]) -> str | None:
    """The column of weights: the one given, or the fit's own where the new data have it too."""
    if isinstance(given, str):
        return given
    if given is not None:
        beside[WEIGHTS] = given
        return WEIGHTS
    return column if column is not None and source is not None and column in source.schema else None
