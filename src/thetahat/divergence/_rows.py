"""Data as a distribution: the empirical one of what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError, ModelError
from thetahat.arguments import WEIGHTS, Extra, column_of, open_rows
from thetahat.data import open_source
from thetahat.data.joined import JoinedSource
from thetahat.families import Family, MultivariateFamily
from thetahat.families._expectation import log_density_of
from thetahat.families._terms import Array
from thetahat.response import Exact, Response
from thetahat.response._response import RowNumbers, numbers, rows_message, shown_column

NO_DENSITY = (
    "data are points, and points have no density: the entropy of their empirical distribution relative to a density "
    "does not exist (it is -inf), and neither does a divergence from it. th.cross_entropy(data, q) exists, and its "
    "differences between distributions are differences of divergence; for an entropy take that of a fitted "
    "distribution, th.fit(family, data).distribution.entropy()"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Data that were opened: where values and weights stand."""

    source: Any
    response: Response
    weight_column: str | None

    @classmethod
    def of(cls, data: Any, y: str | None, weights: Any) -> Rows:
        """Open data; ``y`` names the response where there are columns."""
        source, response = open_rows(y, data)
        extra: Extra = {}
        weight_column = column_of(weights, WEIGHTS, "weights", extra)
        if extra:
            source = JoinedSource(source, open_source(extra))
        return cls(source, response, weight_column)

    @property
    def exact(self) -> bool:
        """Whether every value is known exactly, whatever it is."""
        return isinstance(self.response, Exact)

    def blocks(self) -> Iterator[tuple[Array, Array]]:
        """Values and weights, those of weight 0 left out."""
        columns = [*self.response.columns, *([self.weight_column] if self.weight_column else [])]
        self.source.require(columns)
        for block in self.source.blocks(tuple(columns)):
            where = RowNumbers(block.start, block.kept)
            y = np.asarray(block.columns[self.response.columns[0]])
            if y.dtype.kind == "f":
                numbers(self.response.columns[0], y, where)
            weight = np.ones(y.shape[0])
            if self.weight_column:
                weight = numbers(self.weight_column, np.asarray(block.columns[self.weight_column]), where)
                if (weight < 0).any():
                    raise DataError(
                        f"{shown_column(self.weight_column)}: weights are how often rows occur, and some are negative: "
                        f"{rows_message(weight < 0, weight, where)}"
                    )
            yield y[weight > 0], weight[weight > 0]

    def frequencies(self) -> tuple[list[Any], Array]:
        """Distinct counts or labels and their shares.

        Raises
        ------
        InferenceError
            If values are neither whole numbers nor labels, or are not known exactly.
        DataError
            If there is no row of any weight.
        """
        if not self.exact:
            raise InferenceError(
                f"{self.response.describe()}: rows that are not known exactly have no empirical distribution; "
                "take th.cross_entropy(data, q)"
            )
        totals: dict[Any, float] = {}
        for y, weight in self.blocks():
            if y.dtype.kind == "f" and (y != np.floor(y)).any():
                raise InferenceError(NO_DENSITY)
            values, place = np.unique(y, return_inverse=True)
            for value, total in zip(values.tolist(), np.bincount(place, weight).tolist(), strict=True):
                totals[value] = totals.get(value, 0.0) + total
        share = np.array(list(totals.values()))
        if not share.sum() > 0:
            raise DataError("no row has any weight, so that there is no empirical distribution")
        return list(totals), share / share.sum()


def log_density_at(q: Family, values: Any) -> Array:
    """log q of values as users know them; -inf for labels and numbers that q rules out."""
    if q.labelled:
        levels = getattr(q, "levels", None)
        if levels is not None:
            place = {label: float(code) for code, label in enumerate(levels)}
            codes = np.array([place.get(value, -1.0) for value in np.asarray(values).tolist()])
        else:
            codes = np.asarray(q.encode(np.asarray(values)), dtype=float)
    else:
        codes = np.asarray(values)
        if codes.dtype.kind not in "iuf":
            raise DataError(
                f"{q.title} is a distribution of numbers, and the data hold {codes.dtype.name} values such as "
                f"{codes.ravel()[0]!r}; give numbers, or a th.Categorical"
            )
        codes = codes.astype(float)
    inside = q.support.contains(codes)
    fallback = q.support.lower if np.isfinite(q.support.lower) else 0.0
    return np.where(inside, log_density_of(q)(np.where(inside, codes, fallback)), -np.inf)


def mean_loss(rows: Rows, q: Family) -> float:
    """-Σ w log q(y) / Σ w over rows that are known exactly."""
    loss = total = 0.0
    for y, weight in rows.blocks():
        if y.size:
            loss -= float(weight @ log_density_at(q, y))
            total += float(weight.sum())
    if not total > 0:
        raise DataError("no row has any weight, so that there is no cross-entropy")
    return loss / total


def empirical_divergence(values: list[Any], share: Array, q: Family) -> float:
    """Σ p̂ log(p̂/q) over distinct counts or labels."""
    if not q.support.discrete:
        raise InferenceError(NO_DENSITY)
    return max(float(share @ (np.log(share) - log_density_at(q, np.array(values)))), 0.0)


def empirical_entropy(share: Array) -> float:
    """-Σ p̂ log p̂."""
    return float(special.entr(share).sum())


def of_vectors(called: str, law: MultivariateFamily) -> ModelError:
    """What to say where a distribution of vectors is given."""
    return ModelError(
        f"{called}: {law.title} is a distribution of vectors, over which nothing is integrated: formulas are known of "
        "its own entropy(), and between two of one family but MultivariateT's. Else take the mean over a sample: "
        "-q.log_prob(p.sample(100_000)).mean()"
    )


def refuse_as_data(p: Any, called: str) -> None:
    """Raise where what should be a distribution or data is of vectors, or a family's class or name."""
    if isinstance(p, MultivariateFamily):
        raise of_vectors(called, p)
    if isinstance(p, type | str) and not hasattr(p, "__fspath__"):
        name = p if isinstance(p, str) else p.__name__
        raise ModelError(
            f"{called}({name!r}, ...): give a distribution with all its numbers, such as th.Gamma(shape=2, rate=1), a "
            "fit, or data"
        )
