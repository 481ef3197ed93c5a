"""Scores summed by cluster, however the clusters are spread over the blocks of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError
from thetahat.data import Block, Source, open_source
from thetahat.data.joined import JoinedSource
from thetahat.inference.rows import Piece, Rows
from thetahat.models._multivariate_model import MultivariateModel
from thetahat.models._predictors import Group
from thetahat.response._response import RowNumbers, rows_message, shown_column
from thetahat.solved import Solved

Array = NDArray[Any]
Matrix = NDArray[np.float64]
CLUSTER = "(cluster)"
TILE_NUMBERS = 1 << 18
"""Entries of a design that are held as an array at once."""


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """Σ w u over the rows of each cluster: ``labels`` in ascending order, one row of ``sums`` for each."""

    labels: Array
    sums: Matrix

    def merge(self, other: ClusterScores) -> ClusterScores:
        """Add the rows that follow, whose clusters may be new ones or the same."""
        labels, codes = np.unique(np.concatenate([self.labels, other.labels]), return_inverse=True)
        sums = np.zeros((labels.size, self.sums.shape[1]))
        mine = self.labels.size
        sums[codes[:mine]] += self.sums
        sums[codes[mine:]] += other.sums
        return ClusterScores(labels, sums)


def cluster_scores(
    rows: Rows, cluster: Any, gradient: Callable[[Piece], tuple[Any, ...]] | None = None
) -> ClusterScores:
    """Sum the scores of the rows by cluster, over the working coordinates.

    Parameters
    ----------
    rows
        The rows of the fit.
    cluster
        One label a row (numbers or text), or the name of the column that holds them.
    gradient
        The scores of the rows of a piece by their predictors, where they are not the family's own.

    Raises
    ------
    DataError
        If a label is missing, or there are not as many as rows.
    InferenceError
        If there are fewer than two clusters.
    """
    source, column = _beside(rows.source, cluster)

    def summed(pieces: list[Piece], block: Block) -> ClusterScores:
        total = ClusterScores(block.columns[column][:0], np.zeros((0, rows.working.size)))
        for piece in pieces:
            labels, codes = np.unique(_checked(column, block, piece.place), return_inverse=True)
            of_rows = piece.slopes(rows.family).gradient if gradient is None else gradient(piece)
            scores = [piece.spread(piece.weight * item) for item in of_rows]
            sums = _by_code(rows.groups, piece, scores, codes, (labels.size, rows.working.size))
            total = total.merge(ClusterScores(labels, sums))
        return total

    return _several(rows.reduce(summed, source, column), rows.purpose)


def clustered_vectors(solved: Solved, cluster: Any, purpose: str) -> ClusterScores:
    """The same of rows of vectors."""
    solution = solved.solution
    likelihood = solution.with_data(purpose)
    model = likelihood.model
    if not isinstance(model, MultivariateModel) or solved.source is None:
        raise InferenceError(
            f"{purpose} needs the rows, which a saved fit does not hold. Fit the model again"
        )
    solution.refuse_unless_usable(purpose)
    solution.refuse_if_changed(purpose)
    source, column = _beside(solved.source, cluster)
    working = model.table.working(solution.finite_point)

    def summed(block: Block) -> ClusterScores:
        packed = model.rows_of(block)
        labels, codes = np.unique(_checked(column, block, model.used(block)), return_inverse=True)
        sums = np.zeros((labels.size, working.size))
        for tile, rows, weight in packed.tiles():
            np.add.at(sums, codes[tile], model.family.scores(rows, working) * weight[:, np.newaxis])
        return ClusterScores(labels, sums)

    columns = tuple(dict.fromkeys([*model.columns, column]))
    return _several(likelihood.engine.reduce(summed, source.blocks(columns)), purpose)


def _several(found: ClusterScores, purpose: str) -> ClusterScores:
    if found.labels.size < 2:
        raise InferenceError(
            f"{purpose}: all rows are in one cluster, so there is nothing between clusters to estimate from; "
            "give one label a row, equal for rows that belong together"
        )
    return found


def _beside(source: Source, cluster: Any) -> tuple[Source, str]:
    if isinstance(cluster, str):
        source.require([cluster])
        return source, cluster
    nested = isinstance(cluster, list | tuple) and any(isinstance(item, list | tuple) for item in cluster)
    if nested or not np.ndim(cluster):
        raise DataError(f"cluster={cluster!r}: give one label a row, or the name of a column")
    return JoinedSource(source, open_source({CLUSTER: cluster})), CLUSTER


def _checked(column: str, block: Block, place: Array) -> Array:
    labels = block.columns[column][place]
    if labels.dtype.kind == "O":
        bad = np.array([label is None for label in labels.tolist()], dtype=bool)
    else:
        bad = np.isnan(labels) if labels.dtype.kind == "f" else np.zeros(labels.shape, dtype=bool)
    if bad.any():
        raise DataError(
            f"{shown_column(column)} has {int(bad.sum()):,} missing label{'s' * (int(bad.sum()) > 1)}: "
            f"{rows_message(bad, labels, RowNumbers(block.start, place))}. Say which cluster each row belongs to"
        )
    return labels


def _by_code(
    groups: tuple[Group, ...], piece: Piece, scores: list[Any], codes: Array, shape: tuple[int, int]
) -> Matrix:
    """Sum the scores of rows by code: in a number's own coordinate, or times the row of the design."""
    sums = np.zeros(shape)
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    at = 0
    for group in groups:
        if group.design is None:
            sums[:, group.span.start] = np.bincount(codes, weights=scores[at], minlength=shape[0])
            at += 1
            continue
        design = piece.part.designs[group.design].take(order)
        width = design.n_columns
        step = max(1, TILE_NUMBERS // max(width, 1))
        for start in range(0, piece.n_rows, step):
            tile = slice(start, min(start + step, piece.n_rows))
            matrix = design.rows(tile.start, tile.stop).dense()
            first = np.flatnonzero(np.diff(sorted_codes[tile], prepend=-1))
            for index in range(group.size):
                span = slice(group.span.start + index * width, group.span.start + (index + 1) * width)
                weighted = matrix * scores[at + index][order[tile]][:, np.newaxis]
                sums[sorted_codes[tile][first], span] += np.add.reduceat(weighted, first, axis=0)
        at += group.size
    return sums
