"""Regressions whose maximum is on the edge of {β: every predictor has a parameter}: which rows hold it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.links import Link
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._predictors import Group
from thetahat.models._regression_rows import PackedRegression, Part
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import CONCERNED, certify, listed
from thetahat.optimize.constrained import Tallies
from thetahat.optimize.declared import Declared
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.regression.active_rows import Ends, Mask, OnTheEdge, maximise_on_edge
from thetahat.optimize.regression.numbered_rows import numbered_parts, rows_in_words
from thetahat.parameters import ParameterTable
from thetahat.penalised_likelihood import penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
MOST_NUMBERS = 2e7
"""Numbers of the rows that may end, beyond which they are not gathered in memory for the sake of this question."""
BEFORE_THE_END = (1e-6, 1e-9)
"""Usual distances from its end at which a row shows whether its likelihood is finite there."""
STEADY = 10.0
"""A slope that grows by more from the one to the other has no bound."""
NO_SLOPE = 1e-6
ON_THE_EDGE = 1e-9
AT_ITS_END = 25.0
"""A log or logit from which on a parameter may be at its end, but for what is called no gain."""


@dataclass(frozen=True, slots=True)
class EndRows:
    """Where the rows of ``ends`` are: the part and the position there, their numbers, and what holds at their end."""

    ends: Ends
    parts: tuple[Part, ...]
    part_of: NDArray[np.intp]
    position: NDArray[np.intp]
    numbers: NDArray[np.intp]
    words: tuple[str, ...]
    finite: Mask
    """Whether their likelihood is finite at their ends."""

    def finite_ones(self) -> EndRows | None:
        """Those whose likelihood is finite at their ends; None where there are none, or one that nothing moves."""
        which = self.finite
        if not which.any() or not self.ends.matrix[which].any(axis=1).all():
            return None
        old = self.ends
        ends = Ends(
            old.matrix[which], old.constants[which], old.signs[which], old.pulls[which], old.usual[which]
        )
        words = tuple(np.array(self.words)[which].tolist())
        places = self.part_of[which], self.position[which], self.numbers[which]
        return EndRows(ends, self.parts, *places, words, which[which])

    def without(self, active: Mask) -> PackedRegression:
        """The rows less some of these."""
        kept = []
        for index, part in enumerate(self.parts):
            mine = active & (self.part_of == index)
            if not mine.any():
                kept.append(part)
                continue
            left = np.setdiff1d(np.arange(part.n_rows), self.position[mine])
            if left.size:
                kept.append(part.take(left))
        count = sum(part.n_rows for part in kept)
        return PackedRegression(count, count, tuple(kept), (np.zeros(0), None))


def reaches_an_end(arrangement: RegressionArrangement, point: Vector) -> bool:
    """Whether some row of the sample is at its end but for rounding, as far as its parameter shows."""
    model = arrangement.model
    for part in arrangement.sample.parts:
        eta, _ = model.predictors.coordinates(part.designs, part.offsets, model.table.working(point))
        coordinate = 0
        for group in model.predictors.groups:
            if _ends_of(group) and float(np.max(np.abs(eta[coordinate]))) > AT_ITS_END:
                return True
            coordinate += group.size
    return False


def has_ends(model: RegressionModel) -> bool:
    """Whether some predictor has an end."""
    links = [group.link for group in model.predictors.groups if group.link is not None]
    return any(not link.everywhere and np.isfinite(link.ends).any() for link in links)


def on_the_edge(
    arrangement: RegressionArrangement,
    engine: Engine,
    likelihood: Likelihood,
    starts: Sequence[Vector],
    search: Search,
    declared: Declared,
    penalty: Penalty | None,
) -> Outcome | None:
    """Return the maximum on the edge where some rows' predictors end; None where there is none, or none was proved.

    Asked where Newton's method found no maximum inside; ``starts`` are points that may be well inside.
    """
    inside = next((start for start in starts if likelihood.tally(start).finite), None)
    if inside is None:
        return None
    every = end_rows(arrangement, inside)
    rows = None if every is None else every.finite_ones()
    if rows is None:
        return None

    def without(active: Mask) -> Likelihood:
        return likelihood_without(rows, active, arrangement, engine, penalty)

    found = maximise_on_edge(likelihood, without, rows.ends, inside)
    if found is None:
        return None
    return _concluded(likelihood, rows, found, inside, search, declared)


def likelihood_without(
    rows: EndRows, active: Mask, arrangement: RegressionArrangement, engine: Engine, penalty: Penalty | None
) -> Likelihood:
    """The likelihood of all rows but some."""
    packed = rows.without(active)
    return penalised(Likelihood(arrangement.model, lambda: [packed], packed=True, engine=engine), penalty)


def _ends_of(group: Group) -> list[tuple[float, float]]:
    """The ends of a group's predictors, each with the way inwards."""
    if group.design is None or group.size > 1 or group.link is None:
        return []
    low, high = group.link.ends
    return [(end, sign) for end, sign in ((low, 1.0), (high, -1.0)) if np.isfinite(end)]


def end_rows(arrangement: RegressionArrangement, inside: Vector) -> EndRows | None:
    """The rows whose predictors have ends; None where they are too many."""
    model = arrangement.model
    working, fixed = model.table.working(inside), model.table.working(np.zeros_like(inside))
    parts: list[Part] = []
    found: list[_Piece] = []
    for part, numbers, _ in numbered_parts(arrangement):
        found.extend(_pieces(model, part, len(parts), numbers, working, fixed))
        parts.append(part)
        if sum(piece.matrix.size for piece in found) > MOST_NUMBERS:
            return None
    if not found:
        return None
    sizes = [piece.position.size for piece in found]
    ends = Ends(
        np.concatenate([piece.matrix for piece in found])[:, model.table.free_index],
        np.concatenate([piece.constants for piece in found]),
        np.repeat([piece.sign for piece in found], sizes),
        np.concatenate([piece.pulls for piece in found]),
        np.repeat([piece.usual for piece in found], sizes),
    )
    return EndRows(
        ends,
        tuple(parts),
        np.repeat([piece.part for piece in found], sizes),
        np.concatenate([piece.position for piece in found]),
        np.concatenate([piece.numbers for piece in found]),
        tuple(piece.words for piece in found for _ in range(piece.position.size)),
        np.concatenate([piece.finite for piece in found]),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """The rows of one part that have the same end."""

    matrix: NDArray[np.float64]
    constants: Vector
    sign: float
    pulls: Vector
    usual: float
    position: NDArray[np.intp]
    words: str
    part: int
    numbers: NDArray[np.intp]
    finite: Mask


def _pieces(
    model: RegressionModel, part: Part, index: int, numbers: NDArray[np.intp], working: Vector, fixed: Vector
) -> Iterator[_Piece]:
    eta, _ = model.predictors.coordinates(part.designs, part.offsets, working)
    coordinate = 0
    for group in model.predictors.groups:
        for end, sign in _ends_of(group):
            assert group.design is not None  # noqa: S101 - a group with ends is driven
            assert group.link is not None  # noqa: S101 - likewise
            design, offset = part.designs[group.design], part.offsets[group.design]
            predictor = design.matvec(working[group.span]) + (0.0 if offset is None else offset)
            usual = float(np.median(np.abs(predictor - end)))
            pulls, finite = _pulls(model, part, eta, coordinate, group.link, end, sign * usual)
            matrix = np.zeros((part.n_rows, working.size))
            matrix[:, group.span] = design.dense()
            constants = matrix @ fixed - end + (0.0 if offset is None else offset)
            weight = 1.0 if part.weight is None else part.weight
            position = np.arange(part.n_rows)
            words = (
                f"{model.predictors.owners[group.design]} = {float(group.link.natural(np.asarray(end))):g}"
            )
            pulls = np.where(finite, pulls, 0.0) * weight
            yield _Piece(matrix, constants, sign, pulls, usual, position, words, index, numbers, finite)
        coordinate += group.size


def _pulls(
    model: RegressionModel,
    part: Part,
    eta: tuple[Any, ...],
    coordinate: int,
    link: Link,
    end: float,
    inwards: float,
) -> tuple[Vector, Mask]:
    """The slopes of rows by their predictor at an end, and whether their log-likelihood is finite there."""
    slopes, others = [], np.zeros(part.n_rows)
    for distance in BEFORE_THE_END:
        value, slope, _ = link.working(np.full(part.n_rows, end + distance * inwards))
        terms = part.terms(model.family, (*eta[:coordinate], value, *eta[coordinate + 1 :]), DERIVATIVES)
        slopes.append(np.broadcast_to(terms.gradient[coordinate] * slope, (part.n_rows,)))
        others = sum(
            (np.abs(item) for at, item in enumerate(terms.gradient) if at != coordinate),
            np.zeros(part.n_rows),
        )
    # What a row on its end says of other parameters would be lost with it.
    finite = (np.abs(slopes[1]) <= STEADY * np.abs(slopes[0])) & (others <= NO_SLOPE)
    return slopes[1], finite


# ---- What was found --------------------------------------------------------------------------------------


def _concluded(
    likelihood: Likelihood,
    rows: EndRows,
    found: OnTheEdge,
    inside: Vector,
    search: Search,
    declared: Declared,
) -> Outcome | None:
    table = likelihood.table
    point = just_inside(likelihood, found.point, inside)
    if point is None:
        return None
    value = likelihood.tally(point, VALUE).value
    held = found.active | (rows.ends.distances(found.point) < ON_THE_EDGE * rows.ends.usual)
    concerned = rows.ends.matrix[held].any(axis=0) & ~found.untouched
    infinite = np.zeros_like(concerned)
    if found.away is not None:
        infinite = np.abs(found.away) > CONCERNED * float(np.max(np.abs(found.away)))
        point = np.where(infinite, np.sign(found.away) * np.inf, point)
    names = _named(table, concerned & ~infinite)
    running = _named(table, infinite)
    regular = ~(concerned | infinite)
    score = found.tally.score + (rows.ends.pulls * held) @ rows.ends.matrix
    status = dict.fromkeys(table.free_names, "regular")
    status.update(dict.fromkeys(names, "boundary"))
    status.update(dict.fromkeys(running, "at_infinity"))
    certificate = certify(
        Verdict.AT_INFINITY if running else Verdict.BOUNDARY,
        table,
        None,
        declared,
        sentence=_sentence(rows, held, names, running, others=bool(regular.any())),
        exists=not running,
        scope=declared.scope,
        status=status,
        supremum=value,
        parameters=running or names,
        direction=_directed(table, infinite, found.away) if running else _directed(table, concerned, score),
        allows=bool(regular.any()),
        decrement=found.decrement,
    )
    information = np.zeros((0, 0))
    if regular.any():
        # What is known of these when the others move along the edge.
        information = analyse(found.covariance[np.ix_(regular, regular)]).inverse()
    tally = replace(found.tally, value=value, score=score)
    trace = tuple(search.trace)
    return Outcome(table.natural(point), point, value, tally, regular, information, certificate, trace)


def _directed(table: ParameterTable, which: Mask, along: Vector | None) -> dict[str, float]:
    assert along is not None  # noqa: S101 - what runs has a direction
    return dict(zip(_named(table, which), along[which].tolist(), strict=True))


def _named(table: ParameterTable, which: Mask) -> tuple[str, ...]:
    return tuple(np.array(table.free_names)[which].tolist())


def just_inside(likelihood: Tallies, point: Vector, inside: Vector) -> Vector | None:
    """The nearest point towards the inside at which rounding leaves every row a parameter."""
    share = float(np.finfo(float).eps) / 4
    while share < ON_THE_EDGE:
        near = point + share * (inside - point)
        there = likelihood.tally(near, DERIVATIVES)
        if there.finite and np.isfinite(there.score).all():
            return np.asarray(near)
        share *= 2
    return None


def _sentence(
    rows: EndRows, held: Mask, names: tuple[str, ...], running: tuple[str, ...], *, others: bool
) -> str:
    words = np.array(rows.words)
    where = tuple(
        f"{what} in {rows_in_words(rows.numbers[held & (words == what)])}"
        for what in dict.fromkeys(words[held].tolist())
    )
    conditional = " those of the other parameters are conditional on it;" if others else ""
    edge = f"on the edge of the parameter space: {listed(where)}, where the predictor may go no further"
    if running:
        they, them = ("they go", "them") if len(running) > 1 else ("it goes", "it")
        return (
            f"No finite value of {listed(running)} attains the supremum, which is neared as {they} to infinity {edge}. "
            f"Standard errors of {listed((*running, *names))} do not exist there;{conditional} leave {them} out, or "
            "give a prior such as penalty=th.Ridge(1.0)."
        )
    return (
        f"The maximum is {edge}. Standard errors of {listed(names)} do not exist there;{conditional} use profile "
        "intervals."
    )
