"""How well predicted probabilities agree with labels: reliability, confusion, Brier's score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.prediction import quantities
from thetahat.prediction.laws import Laws
from thetahat.prediction.new_rows import Asked, Reading
from thetahat.prediction.predicting import pieces, point_of
from thetahat.rendering import Table, number
from thetahat.solved import Solved

Array = NDArray[Any]
Vector = NDArray[np.float64]


class _Judged(NamedTuple):
    """Probabilities (n, K), codes (n,) and weights (n,) of rows with responses."""

    probabilities: Array
    codes: NDArray[np.intp]
    weights: Vector


def _judged(laws: Laws, asked: Asked) -> _Judged:
    shares = quantities.class_probabilities(laws.family)
    found = []
    for piece in pieces(Reading(laws, asked, responses=True), observed=True):
        if piece.part is None or piece.y is None:
            raise InferenceError(
                f"{laws.purpose} needs labels that are known exactly, and some rows are censored"
            )
        weight = np.ones(piece.law.n_rows) if piece.part.weight is None else piece.part.weight
        found.append(_Judged(shares(point_of(piece.law)).value, np.asarray(piece.y).astype(np.intp), weight))
    return _Judged(*(np.concatenate([one[k] for one in found]) for k in range(3)))


def _classifier(solved: Solved, purpose: str) -> tuple[Laws, tuple[Any, ...]]:
    laws = Laws(solved, purpose)
    return laws, quantities.required_labels(laws.family, purpose)


class Bin(NamedTuple):
    """Rows of like predicted probability: their mean prediction and the share of them that have the label."""

    label: Any
    predicted: float
    observed: float
    low: float
    high: float
    n_obs: float


@final
@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability table: the share of rows that have a label against its predicted probability; renders as a table.

    ``bins`` are by label and rising prediction; ``low`` and ``high`` of each are Wilson's interval.
    """

    bins: tuple[Bin, ...]
    level: float

    def __len__(self) -> int:
        return len(self.bins)

    def __iter__(self) -> Iterator[Bin]:
        return iter(self.bins)

    @property
    def error(self) -> float:
        """Mean distance of observed shares and predictions, weighted by rows (expected calibration error)."""
        weights = np.array([one.n_obs for one in self.bins])
        gaps = np.array([abs(one.observed - one.predicted) for one in self.bins])
        return float(weights @ gaps / weights.sum())

    @property
    def title(self) -> str:
        """What the table shows."""
        return f"calibration, {100 * self.level:g} % Wilson intervals"

    def __repr__(self) -> str:
        return f"{self.title}\n{self._table().text()}"

    def _repr_html_(self) -> str:
        return self._table().html(self.title)

    def _table(self) -> Table:
        rows = [
            (str(one.label), *(f"{value:.4f}" for value in one[1:5]), number(one.n_obs)) for one in self.bins
        ]
        return Table(("label", "predicted", "observed", "low", "high", "rows"), tuple(rows))


def calibration(solved: Solved, bins: int, asked: Asked, level: float) -> Calibration:
    """Put rows into bins of equal numbers by their predicted probability, label by label."""
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InferenceError(f"calibration(bins={bins!r}): the number of bins must be a whole number above 0")
    if not 0 < level < 1:
        raise InferenceError(f"level={level!r}: the confidence level must lie between 0 and 1, such as 0.95")
    laws, labels = _classifier(solved, "calibration()")
    rows = _judged(laws, asked)
    # The probability of the first of two labels is one less that of the second.
    shown = [1] if len(labels) == 2 else list(range(len(labels)))
    width = float(special.ndtri(0.5 + level / 2))
    found = [one for code in shown for one in _bins(rows, code, labels[code], bins, width)]
    return Calibration(tuple(found), level)


def _bins(rows: _Judged, code: int, label: Any, bins: int, width: float) -> Iterator[Bin]:
    counted = rows.weights > 0.0
    predicted, weights = rows.probabilities[counted, code], rows.weights[counted]
    has = (rows.codes[counted] == code).astype(float)
    order = np.argsort(predicted, kind="stable")
    predicted, weights, has = predicted[order], weights[order], has[order]
    # The middle of each row's share of all weight tells its bin; equal predictions stay together in the first's.
    reached = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    place = np.minimum((reached * bins).astype(np.intp), bins - 1)
    place = place[np.searchsorted(predicted, predicted, side="left")]
    for k in np.unique(place):
        inside = place == k
        total = float(weights[inside].sum())
        share = float(weights[inside] @ has[inside] / total)
        low, high = wilson(share, total, width)
        yield Bin(label, float(weights[inside] @ predicted[inside] / total), share, low, high, total)


def wilson(share: float, n: float, width: float) -> tuple[float, float]:
    """Interval of a proportion by inverting the score test (Wilson, 1927).

    Examples
    --------
    >>> low, high = wilson(0.0, 10.0, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.2775)
    """
    square = width * width / n
    centre = (share + 0.5 * square) / (1.0 + square)
    half = width * float(np.sqrt((share * (1.0 - share) + 0.25 * square) / n)) / (1.0 + square)
    return max(centre - half, 0.0), min(centre + half, 1.0)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """How often rows of each label (first index) were predicted to have each (second); renders as a table."""

    counts: Array
    labels: tuple[Any, ...]

    def __post_init__(self) -> None:
        self.counts.flags.writeable = False

    @property
    def accuracy(self) -> float:
        """Share of rows whose most probable label is theirs."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def title(self) -> str:
        """What the table shows."""
        return f"labels (rows) and predicted labels (columns), accuracy {self.accuracy:.4f}"

    def __repr__(self) -> str:
        return f"{self.title}\n{self._table().text()}"

    def _repr_html_(self) -> str:
        return self._table().html(self.title)

    def _table(self) -> Table:
        rows = [
            (str(label), *(number(float(count)) for count in row))
            for label, row in zip(self.labels, self.counts, strict=True)
        ]
        return Table(("label", *(str(label) for label in self.labels)), tuple(rows))


def confusion(solved: Solved, asked: Asked) -> Confusion:
    """Count rows by label and most probable label, with their weights."""
    laws, labels = _classifier(solved, "confusion()")
    rows = _judged(laws, asked)
    size = len(labels)
    pairs = rows.codes * size + np.argmax(rows.probabilities, axis=1)
    counts = np.bincount(pairs, rows.weights, size * size).reshape(size, size)
    return Confusion(counts, labels)


def brier_score(solved: Solved, asked: Asked) -> float:
    """Weighted mean squared distance of the probabilities from the labels."""
    laws, labels = _classifier(solved, "brier_score()")
    rows = _judged(laws, asked)
    hit = rows.codes[:, np.newaxis] == np.arange(len(labels))
    squares = np.square(rows.probabilities - hit)
    by_row = squares[:, 1] if len(labels) == 2 else squares.sum(axis=1)
    return float(rows.weights @ by_row / rows.weights.sum())
