"""The categorical family: which of K labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log1p
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import ModelError, ParameterError
from thetahat.families._contract import Known, Theta
from thetahat.families._labelled import LabelledFamily, codes_of, labels_of
from thetahat.families._support import COUNTS, Support
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Simplex

_NO_ORDER = (
    "the labels of a Categorical have no order, so it has no distribution function, quantiles or intervals; "
    "use density(label), or an ordered family"
)


@final
class Categorical(LabelledFamily):
    """Categorical distribution: P(Y = label k) = probs[k], k = 0, ..., K - 1.

    Working coordinates are the logits log(probs[k] / probs[0]), k = 1, ..., K - 1, in which the
    log-likelihood is concave. The maximum is the proportions (Agresti, 2013). Rows are labels; without
    ``levels`` they are the codes 0, ..., K - 1.

    Parameters
    ----------
    y
        The response's column, where data have columns.
    probs
        K positive numbers that sum to 1.
    levels
        K distinct labels, the first of which is the reference; a fit to data finds them by itself: sorted, or
        in the order that a categorical column of pandas, polars (``Enum``) or Arrow declares.

    Raises
    ------
    ParameterError
        If ``probs`` are no probabilities, labels repeat, or there are more of one than of the other.

    Examples
    --------
    >>> import thetahat as th
    >>> species = th.Categorical(probs=[0.5, 0.2, 0.3], levels=["a", "b", "c"])
    >>> species.density(["c", "a"]).round(6).tolist()
    [0.3, 0.5]
    """

    declared: tuple[Parameter, ...] = ()
    support: Support = COUNTS
    options: ClassVar[tuple[str, ...]] = ("levels",)
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in the logits"
    ordered: ClassVar[bool] = False
    primary: ClassVar[str] = "probs"
    single_maximum = MappingProxyType({"*": "concave in the logits"})

    def __init__(
        self,
        *,
        y: str | None = None,
        probs: Any = None,
        levels: Sequence[Any] | NDArray[Any] | None = None,
        **values: Any,
    ) -> None:
        if probs is not None and np.ndim(probs) != 1:
            raise ParameterError(
                f"Categorical(probs={probs!r}): probs must be a list of positive numbers that sum to 1"
            )
        if values:
            raise ParameterError(
                f"Categorical has no parameter {next(iter(values))!r}; its parameters are: probs; "
                "it takes levels besides"
            )
        self.levels: tuple[Any, ...] | None = None if levels is None else labels_of("Categorical", levels)
        size = len(probs) if probs is not None else len(self.levels) if self.levels is not None else None
        if probs is not None and self.levels is not None and size != len(self.levels):
            raise ParameterError(
                f"Categorical(probs=..., levels=...): {size} probabilities for {len(self.levels)} levels; "
                "give one probability for each level"
            )
        if size is not None:
            self.declared = (Parameter("probs", Simplex(size), (0.05, 1.0)),)
            self.support = Support(0.0, size - 1.0, discrete=True)
        self._codes = codes_of(self.levels)
        super().__init__(y=y, **({} if probs is None else {"probs": probs}))

    def with_levels(self, levels: Sequence[Any] | NDArray[Any]) -> Categorical:
        """Return the same family with labels for its codes.

        Examples
        --------
        >>> import thetahat as th
        >>> th.Categorical().with_levels(["no", "yes"])
        Categorical(levels=('no', 'yes'))
        """
        probs = self.given.get("probs")
        if probs is not None:
            return Categorical(y=self.y, probs=probs, levels=levels)
        return _labelled(self.y, *labels_of("Categorical", levels))

    @property
    def n_levels(self) -> int:
        """How many labels there are."""
        if not self.declared:
            raise ParameterError(
                "Categorical() does not know its categories yet: give probs=[...] or levels=[...], "
                "or fit it: th.fit(th.Categorical(), data)"
            )
        return self.declared[0].domain.size

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return K columns, 1 where the row has the column's code."""
        return tuple(xp.where(y == code, 1.0, 0.0) for code in range(self.n_levels))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Sum of the indicators times the log of the softmax of (0, eta)."""
        logits = _stacked(xp, eta)
        largest = _is_largest(logits)
        top = xp.where(largest, logits, 0.0).sum(axis=0)
        others = xp.where(largest, 0.0, xp.exp(logits - top)).sum(axis=0)
        log_others = xp.log1p(others)
        return sum(
            xp.where(column == 0, 0.0, column * ((logits[code] - top) - log_others))
            for code, column in enumerate(rows)
        )

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient indicator - prob, not rounded near 0 or 1; Hessian prob prob' - diag(prob)."""
        softmax = _softmax(eta)
        p, q = softmax.p, softmax.q
        triangle = _lower_triangle(p, q)
        np.negative(triangle, out=triangle)
        return Terms(softmax.value(rows), _departures(rows, p, q), tuple(triangle))

    def slopes(self, rows: Rows, eta: Coordinates) -> Terms:
        """The same without the Hessian, whose entries outnumber all else."""
        softmax = _softmax(eta)
        return Terms(softmax.value(rows), _departures(rows, softmax.p, softmax.q))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Refused: labels have no order.

        Raises
        ------
        ModelError
            Always.
        """
        raise ModelError(_NO_ORDER)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """diag(prob) - prob prob'."""
        softmax = _softmax(eta)
        return tuple(_lower_triangle(softmax.p, softmax.q))

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The proportions, with half an observation added to each label."""
        counts = np.bincount(np.asarray(points).astype(np.intp), minlength=self.n_levels) + 0.5
        return (counts / counts.sum(),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The proportions, edges included."""
        return (survey.means / survey.means.sum(),)

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """All mass on the row's own label, one column a row."""
        return np.equal.outer(np.arange(self.n_levels), y).astype(float)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Refused: labels have no order.

        Raises
        ------
        ModelError
            Always.
        """
        raise ModelError(_NO_ORDER)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean of the codes, or of levels that are numbers; nan for other labels."""
        return float(np.sum(self._probs(theta) * self.numbers()))

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """-Σ p log p."""
        return float(np.sum(special.entr(self._probs(theta))))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Variance of the codes, or of levels that are numbers; nan for other labels."""
        probs, numbers = self._probs(theta), self.numbers()
        return float(np.sum(probs * np.square(numbers - np.sum(probs * numbers))))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Labels where there are levels, else codes."""
        codes = rng.choice(self.n_levels, size, p=self._probs(theta))
        return self.decode(codes)

    def _probs(self, theta: Theta) -> Array:
        # The size is asked for first, so that a family without categories says what it lacks.
        return np.asarray(theta[0]) if self.n_levels else np.zeros(0)


@lru_cache(maxsize=32, typed=True)
def _labelled(y: str | None, *levels: Any) -> Categorical:
    """One family for the same labels, 1 and True being different ones, so that its table is made once."""
    return Categorical(y=y, levels=levels)


def _stacked(xp: Any, eta: Coordinates) -> Any:
    """Logits of all labels, the reference's 0 first: (K,) or (K, rows)."""
    if not xp.is_jax and all(np.ndim(item) == 0 for item in eta):
        return np.array([0.0, *eta])
    zero = sum((xp.zeros_like(xp.asarray(item)) for item in eta), 0.0)
    return xp.stack([xp.asarray(item + zero) for item in (0.0, *eta)])


def _is_largest(logits: Any) -> Any:
    """Mark one largest logit of each row."""
    codes = np.arange(logits.shape[0]).reshape(-1, *[1] * (logits.ndim - 1))
    return codes == logits.argmax(axis=0)


class _Softmax(NamedTuple):
    """Probabilities p, their logs and their complements q, the largest one's as the sum of the others."""

    p: Array
    q: Array
    log_p: Array

    def value(self, rows: Rows) -> Any:
        """Sum of the indicators times log p."""
        if self.log_p.ndim == np.ndim(rows[0]) == 1:
            value = np.add.reduce(np.array(rows) * self.log_p[:, np.newaxis], axis=0)
        else:
            value = sum(column * log_p for column, log_p in zip(rows, self.log_p, strict=True))
        if np.isfinite(np.add.reduce(value, axis=None)):
            return value
        # A label that is impossible counts for nothing where the row has another one.
        pairs = zip(rows, self.log_p, strict=True)
        return sum(np.where(column == 0, 0.0, column * log_p) for column, log_p in pairs)


def _softmax(eta: Coordinates) -> _Softmax:
    """The softmax of (0, eta), for one row or an array of them, from one exponential."""
    if all(isinstance(item, float) for item in eta):
        return _softmax_of_one([0.0, *map(float, eta)])
    below = np.empty((len(eta) + 1, *np.broadcast_shapes(*(np.shape(item) for item in eta))))
    below[0] = 0.0
    for k, item in enumerate(eta, start=1):
        below[k] = item
    below -= np.maximum.reduce(below, axis=0)
    # 1 for all labels but the largest: masks cost several times as much as arithmetic.
    smaller = (below < 0.0).astype(np.float64)
    weight = np.exp(below)
    rest = weight * smaller
    others = np.add.reduce(rest, axis=0)
    # Of equal largest ones each has the others beside it.
    others += len(eta) - np.add.reduce(smaller, axis=0)
    # The weights of all but the label itself, without a difference of what is nearly equal: the largest is 1.
    np.subtract(others, rest, out=rest)
    rest += smaller
    share = 1.0 / (1.0 + others)
    weight *= share
    rest *= share
    below -= np.log1p(others)
    return _Softmax(weight, rest, below)


def _softmax_of_one(logits: list[float]) -> _Softmax:
    """The same for one row in plain floats: the overhead of NumPy's would be all of its cost."""
    top = max(logits)
    below = [logit - top for logit in logits]
    largest = below.count(0.0)
    # Of equal largest ones each has the others beside it.
    others = sum(exp(step) for step in below if step != 0.0) + (largest - 1)
    total, log_total = 1.0 + others, log1p(others)
    weight = [exp(step) for step in below]
    rest = [others if step == 0.0 else total - held for step, held in zip(below, weight, strict=True)]
    share = 1.0 / total
    return _Softmax(
        np.array([held * share for held in weight]),
        np.array([held * share for held in rest]),
        np.array([step - log_total for step in below]),
    )


def _departures(rows: Rows, p: Array, q: Array) -> tuple[Any, ...]:
    """Indicator less probability: q of the row's own label, -p of the others."""
    if p.ndim == np.ndim(rows[0]) == 1:
        columns = np.array(rows[1:]).reshape(-1, rows[0].shape[0])
        return tuple(columns * q[1:, np.newaxis] + (columns - 1.0) * p[1:, np.newaxis])
    return tuple(column * q[k] + (column - 1.0) * p[k] for k, column in enumerate(rows) if k)


def _lower_triangle(p: Array, q: Array) -> Array:
    """diag(p) - p p' without the reference, row by row."""
    size = p.shape[0] - 1
    entries = np.empty((size * (size + 1) // 2, *p.shape[1:]))
    at = 0
    for k in range(1, size + 1):
        np.multiply(p[1:k], -p[k], out=entries[at : at + k - 1])
        entries[at + k - 1] = p[k] * q[k]
        at += k
    return entries
