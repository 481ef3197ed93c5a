"""What can be asked of a row: functions of its working coordinates, with derivatives where they are written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.families import Family
from thetahat.families._contract import EDGE, Known
from thetahat.families._tails import inner_point, tail_terms
from thetahat.numerics.namespace import NUMPY

Array = NDArray[Any]
Eta = tuple[Any, ...]

FARTHER: Final = 2.0
"""How much farther out a coordinate at its edge is put, to see whether a log density still falls there."""


@dataclass(frozen=True, slots=True)
class Value:
    """A quantity of rows: (n,) or (n, K), and its derivatives by coordinate.

    They are None where they are not written out; a single one is None where the quantity does not know the coordinate.
    """

    value: Array
    slopes: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """The working coordinates of rows, what is known of them, and how many they are."""

    eta: Eta
    known: Known
    n_rows: int

    @property
    def columns(self) -> Eta:
        """The coordinates, each with one number a row."""
        return tuple(np.broadcast_to(item, (self.n_rows,)) for item in self.eta)


Quantity = Callable[[Point], Value]


def classified(family: Family) -> bool:
    """Whether values are labels, or 0 and 1."""
    support = family.support
    return family.labelled or (support.discrete and support.lower == 0 and support.upper == 1)


def labels_of(family: Family) -> tuple[Any, ...]:
    """The labels of a classifier, in the order of its codes."""
    if not family.labelled:
        return (0, 1)
    levels = family.option_values.get("levels")
    return tuple(levels) if levels is not None else tuple(range(int(family.support.upper) + 1))


def required_labels(family: Family, purpose: str) -> tuple[Any, ...]:
    """The labels of a classifier.

    Raises
    ------
    InferenceError
        If the family is none.
    """
    if not classified(family):
        raise InferenceError(
            f"{purpose}: values of {family.name} are no labels; this is for Bernoulli, Categorical and Ordinal"
        )
    return labels_of(family)


def class_probabilities(family: Family) -> Quantity:
    """The probability of each label, (n, K)."""
    codes = range(len(labels_of(family)))

    def quantity(at: Point) -> Value:
        columns = []
        slopes: list[list[Array]] = [[] for _ in at.eta]
        with np.errstate(all="ignore"):
            for code in codes:
                rows = family.prepare(NUMPY, np.full(at.n_rows, float(code)), at.known)
                terms = family.derivatives(rows, at.columns)
                share = np.exp(_rows(terms.value, at.n_rows))
                columns.append(share)
                for k, slope in enumerate(terms.gradient):
                    # A label that has become impossible has no slope either.
                    slopes[k].append(np.where(share > 0.0, share * slope, 0.0))
        return Value(np.stack(columns, axis=1), tuple(np.stack(items, axis=1) for items in slopes))

    return quantity


def mean(family: Family) -> Quantity:
    """The mean of the distribution; of labels that are numbers, that of the numbers."""
    if family.labelled:
        return _of_labels(family, lambda shares, numbers: shares @ numbers)
    return lambda at: Value(_rows(family.mean_at(_theta(family, at.eta), at.known), at.n_rows))


def variance(family: Family) -> Quantity:
    """The variance of the distribution."""
    if family.labelled:
        return _of_labels(
            family,
            lambda shares, numbers: np.sum(
                shares * np.square(numbers - (shares @ numbers)[:, np.newaxis]), axis=1
            ),
        )
    return lambda at: Value(_rows(family.variance_at(_theta(family, at.eta), at.known), at.n_rows))


def _of_labels(family: Any, function: Callable[[Array, Array], Array]) -> Quantity:
    shares = class_probabilities(family)
    numbers = np.asarray(family.numbers(), dtype=float)
    if np.isnan(numbers).any():
        raise InferenceError(
            f"labels of {family.name} that are no numbers have neither mean nor variance; ask for 'probability' or "
            "'class'"
        )
    return lambda at: Value(function(shares(at).value, numbers))


def quantile(family: Family, probability: float) -> Quantity:
    """The quantile at a probability; of labels, their code."""

    def quantity(at: Point) -> Value:
        with np.errstate(all="ignore"):
            if family.labelled:
                shares = class_probabilities(family)(at).value
                below = np.cumsum(shares, axis=1)[:, :-1]
                return Value(np.sum(below < probability, axis=1))
            theta = _theta(family, at.columns)
            if "quantile_at" in family.singly:
                laws = one_by_one(theta, at.known, at.n_rows)
                found = [float(family.quantile_at(np.asarray(probability), *law)) for law in laws]
            else:
                found = family.quantile_at(np.full(at.n_rows, probability), theta, at.known)
            return Value(_rows(found, at.n_rows))

    return quantity


def parameter(family: Family, name: str) -> Quantity:
    """A parameter on its natural scale; a vector has one column an entry."""
    index = next(k for k, p in enumerate(family.declared) if p.name == name)
    domain = family.declared[index].domain
    first = sum(p.domain.free_size for p in family.declared[:index])

    def quantity(at: Point) -> Value:
        own = at.columns[first : first + domain.free_size]
        with np.errstate(over="ignore", under="ignore"):
            if domain.vector:
                return Value(np.asarray(domain.from_free(np.stack(own))).T)
            slopes: list[Any] = [None] * len(at.eta)
            slopes[first] = domain.derivative(own[0])
            return Value(np.asarray(domain.from_free(own[0])), tuple(slopes))

    return quantity


def distribution_function(family: Family, y: Array) -> Quantity:
    """P(Y <= y) at one value, or at one a row."""

    def quantity(at: Point) -> Value:
        values = np.array(_rows(y, at.n_rows))
        with np.errstate(all="ignore"):
            lower = tail_terms(family, values, at.known, at.eta, upper=False, order=2)
        value = np.exp(_rows(lower.value, at.n_rows))
        return Value(value, tuple(np.where(value > 0.0, value * item, 0.0) for item in lower.gradient))

    return quantity


def log_density(family: Family, y: Array) -> Quantity:
    """The log density at one value, or at one a row; -inf outside the support."""

    def quantity(at: Point) -> Value:
        values = _rows(y, at.n_rows)
        inside = family.support.contains(values)
        safe = np.where(inside, values, inner_point(family.support))
        with np.errstate(all="ignore"):
            rows = family.prepare(NUMPY, safe, at.known)
            terms = family.derivatives(rows, at.eta)
        found = np.where(inside, _rows(terms.value, at.n_rows), -np.inf)
        value = np.where(np.isnan(values), np.nan, found)
        return Value(value, terms.gradient)

    return quantity


def at_their_limit(function: Quantity) -> Quantity:
    """A log density that is -inf where it still falls as coordinates at their edge go farther."""

    def quantity(at: Point) -> Value:
        found = function(at)
        edges = [np.abs(item) >= EDGE for item in at.eta]
        if not any(np.any(edge) for edge in edges):
            return found
        farther = tuple(
            np.where(edge, FARTHER * item, item) for edge, item in zip(edges, at.eta, strict=True)
        )
        falls = function(Point(farther, at.known, at.n_rows)).value < found.value - 1.0
        return Value(np.where(falls, -np.inf, found.value), found.slopes)

    return quantity


def one_by_one(
    theta: tuple[Any, ...], known: Known, n_rows: int
) -> Iterator[tuple[tuple[float, ...], Known]]:
    """The parameters of each row, and what is known of it, as numbers."""
    rows = [np.broadcast_to(item, (n_rows,)).tolist() for item in theta]
    beside = {name: np.broadcast_to(value, (n_rows,)).tolist() for name, value in known.items()}
    for k in range(n_rows):
        yield tuple(item[k] for item in rows), {name: value[k] for name, value in beside.items()}


def _theta(family: Family, eta: Eta) -> tuple[Any, ...]:
    with np.errstate(over="ignore", under="ignore"):
        return family.theta(eta)


def _rows(item: Any, n_rows: int) -> Array:
    return np.broadcast_to(np.asarray(item, dtype=float), (n_rows,))
