"""The law of each row at the estimates, limits at infinity included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.data import Block
from thetahat.designs import Design
from thetahat.families import Family
from thetahat.families._contract import EDGE
from thetahat.models._predictors import Group, Predictors
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.optimize.certificate import Verdict
from thetahat.parameters import Domain, Real
from thetahat.response._response import RowNumbers
from thetahat.response.grammar import parse_response
from thetahat.solution import AT_INFINITY
from thetahat.solved import Solved

Array = NDArray[Any]
Vector = NDArray[np.float64]

STILL: Final = 1e-9
"""A predictor stays where it is if the direction moves it by less than this share of its terms."""


@dataclass(frozen=True, slots=True)
class LawRows:
    """Rows of one block with their coordinates at the estimates.

    ``place`` are their positions in the block, which starts at row ``start``. ``predictors`` has one item for each
    working coordinate: the linear predictor, or the number's own coordinate; ``eta`` the working coordinates; ``bends``
    the derivatives of the links; ``moving`` whether the coordinate has run to infinity (None where none has).
    """

    start: int
    place: NDArray[np.intp]
    designs: tuple[Design, ...]
    predictors: tuple[Any, ...]
    eta: tuple[Any, ...]
    bends: tuple[tuple[Any, Any] | None, ...]
    moving: tuple[NDArray[np.bool_] | None, ...]
    known: Mapping[str, Any]

    @property
    def n_rows(self) -> int:
        """How many they are."""
        return int(self.place.size)

    def full(self, item: Any) -> Vector:
        """Return an item as one number a row."""
        return np.broadcast_to(np.asarray(item, dtype=float), (self.n_rows,))


@final
class Laws:
    """What a solution makes of any row.

    A fit of a family alone is a regression without predictors. Predictors whose coefficients are at infinity are
    followed along the certificate's direction: they end at -inf or inf, or stay finite where the direction does not
    move them.

    Raises
    ------
    InferenceError
        If the verdict leaves no point, or the density is one of the user's own.
    """

    def __init__(self, solved: Solved, purpose: str) -> None:
        self.solved = solved
        self.solution = solved.solution
        self.purpose = purpose
        self.solution.refuse_unless_usable(purpose)
        solved.refuse_joint_limit(purpose)
        self.model = _as_regression(solved, purpose)
        self.family: Family = self.model.family
        self.groups: tuple[Group, ...] = self.model.predictors.groups
        self.table = self.solution.table

    @property
    def designers(self) -> tuple[Any, ...]:
        """What makes the designs of rows."""
        return self.model.predictors.designers

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """For each working coordinate, its parameter."""
        return tuple(p.name for p in self.family.declared for _ in range(p.domain.free_size))

    @cached_property
    def group_of(self) -> tuple[Group, ...]:
        """For each working coordinate, how it is made."""
        return tuple(group for group in self.groups for _ in range(group.size))

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """For each working coordinate, its part of the point."""
        spans = []
        for group in self.groups:
            width = (group.span.stop - group.span.start) // group.size
            spans += [
                slice(group.span.start + k * width, group.span.start + (k + 1) * width)
                for k in range(group.size)
            ]
        return tuple(spans)

    @cached_property
    def working(self) -> Vector:
        """The point in working coordinates, with edges and infinities so far out that they are their limits."""
        point = self.solution.point
        if self.solution.certificate.limit is not None:
            # The edge itself has 0/0 where the way there has the values of the family that is the limit.
            return self.table.working(self.solution.law_point)
        status = self.solution.certificate.status
        edge = np.array([EDGE if status[name] == "boundary" else AT_INFINITY for name in self._free_names])
        point = np.where(np.isfinite(point), point, np.sign(np.nan_to_num(point)) * edge)
        return self.table.working(point)

    @property
    def _free_names(self) -> list[str]:
        """A name for each free coordinate; a simplex has one entry more than coordinates, the first."""
        return [
            name for p in self.table.free_parameters for name in p.names[p.domain.size - p.domain.free_size :]
        ]

    @cached_property
    def direction(self) -> Vector | None:
        """Which way coefficients go to infinity; None if they stay, or if numbers without predictor go with them."""
        certificate = self.solution.certificate
        if certificate.verdict is not Verdict.AT_INFINITY:
            return None
        steps = dict(certificate.direction or {})
        if not steps:
            point = dict(zip(self._free_names, self.solution.point, strict=True))
            steps = {name: float(np.sign(value)) for name, value in point.items() if np.isinf(value)}
        largest = max((abs(step) for step in steps.values()), default=0.0)
        moved = {name: step for name, step in steps.items() if abs(step) > STILL * largest}
        numbers = {name for p in self.family.declared for name in p.names}
        if not moved or numbers & set(moved):
            return None
        working = np.zeros(self.table.n_working)
        working[self.table.free_index] = [moved.get(name, 0.0) for name in self._free_names]
        return working

    @cached_property
    def unit_slopes(self) -> Vector:
        """How fast the coordinate of each number, in the data's own unit, moves with that of the model."""
        slopes = np.ones(self.table.n_working)
        at = 0
        for parameter in self.table.parameters:
            if (unit := self.table.unit(parameter.name)) != 1.0 and not parameter.domain.vector:
                domain = parameter.domain
                natural = domain.from_free(self.working[at]) * unit
                coordinate = np.asarray(domain.to_free(natural), dtype=float)
                slopes[at] = unit * domain.derivative(self.working[at]) / domain.derivative(coordinate)
            at += parameter.domain.free_size
        return slopes

    @cached_property
    def _numbers(self) -> Vector:
        """The coordinates of what has no predictor, in the data's own unit."""
        numbers = self.working.copy()
        at = 0
        for parameter in self.table.parameters:
            size = parameter.domain.free_size
            if (unit := self.table.unit(parameter.name)) != 1.0:
                span = slice(at, at + size) if parameter.domain.vector else at
                numbers[span] = parameter.domain.to_free(parameter.domain.from_free(numbers[span]) * unit)
            at += size
        return numbers

    def rows(self, block: Block, columns: Mapping[str, Array], known: Mapping[str, Any]) -> LawRows:
        """Return the laws of a block's rows, those that were left out excepted.

        Parameters
        ----------
        block
            The block; ``kept`` says which rows were left.
        columns
            Columns of the rows that were left.
        known
            What is known of each of them.
        """
        where = RowNumbers(block.start, block.kept)
        n_rows = block.n_rows
        designs = tuple(designer.build(columns, where) for designer in self.designers)
        offsets = [designer.offset(columns, where) for designer in self.designers]
        place = np.arange(n_rows, dtype=np.intp) if block.kept is None else block.kept
        return self.at(block.start, place, designs, offsets, known)

    def at(
        self,
        start: int,
        place: NDArray[np.intp],
        designs: tuple[Design, ...],
        offsets: Sequence[Vector | None],
        known: Mapping[str, Any],
    ) -> LawRows:
        """Return the laws of rows whose designs have been built."""
        predictors: list[Any] = []
        eta: list[Any] = []
        bends: list[tuple[Any, Any] | None] = []
        moving: list[NDArray[np.bool_] | None] = []
        with np.errstate(all="ignore"):
            for group in self.groups:
                for one in _coordinates(self, group, len(eta), designs, offsets):
                    predictors.append(one[0])
                    eta.append(one[1])
                    bends.append(one[2])
                    moving.append(one[3])
        return LawRows(
            start, place, designs, tuple(predictors), tuple(eta), tuple(bends), tuple(moving), known
        )

    def number(self, position: int) -> float:
        """The coordinate of a number, in the data's own unit."""
        return float(self._numbers[position])

    def domain(self, position: int) -> Domain:
        """The domain of the parameter that a working coordinate belongs to."""
        return next(p.domain for p in self.family.declared if p.name == self.owners[position])

    def within(self, position: int, eta: Any) -> Any:
        """An infinite logarithm or logit as one that is its edge in double precision."""
        return eta if isinstance(self.domain(position), Real) else np.clip(eta, -EDGE, EDGE)

    def theta(self, eta: tuple[Any, ...]) -> tuple[Any, ...]:
        """Natural parameters of rows."""
        with np.errstate(over="ignore", under="ignore"):
            return self.family.theta(eta)


_Coordinate = tuple[Any, Any, tuple[Any, Any] | None, NDArray[np.bool_] | None]


def _coordinates(
    laws: Laws, group: Group, first: int, designs: Sequence[Design], offsets: Sequence[Vector | None]
) -> list[_Coordinate]:
    """Predictor, working coordinate, bend and movement of each coordinate of a group, which begins at ``first``."""
    if group.design is None:
        value = laws.number(group.span.start)
        return [(value, value, None, None)]
    design, offset = designs[group.design], offsets[group.design]
    coefficients = laws.working[group.span].reshape(group.size, -1)
    predictor = design.matvec(coefficients[0] if group.size == 1 else coefficients).reshape(group.size, -1)
    unit = laws.model.predictors.unit if group.design == 0 else 1.0
    if unit != 1.0:
        predictor = predictor * unit
    if offset is not None:
        predictor = predictor + offset
    speed = _speeds(laws.direction, group, design)
    if group.size > 1:
        moving = None
        if speed is not None:
            moving = (speed != 0.0).any(axis=0)
            predictor = _apart(predictor, speed)
        return [(one, one, None, moving) for one in predictor]
    value, moving = predictor[0], None
    if speed is not None:
        moving = speed[0] != 0.0
        value = np.where(moving, np.copysign(np.inf, speed[0]), value)
    if group.link is None or group.link.trivial:
        bend = None if unit == 1.0 else (unit, 0.0)
        return [(value, laws.within(first, value), bend, moving)]
    working, slope, curvature = group.link.working(value)
    return [(value, laws.within(first, working), (slope, curvature), moving)]


def _speeds(direction: Vector | None, group: Group, design: Design) -> Array | None:
    """How fast each row's predictors move, 0 where that is rounding; None if none moves."""
    if direction is None or not direction[group.span].any():
        return None
    steps = direction[group.span].reshape(group.size, -1)
    matrix = design.dense()
    speed = steps @ matrix.T
    return np.where(np.abs(speed) <= STILL * (np.abs(steps) @ np.abs(matrix).T), 0.0, speed)


def _apart(logits: Array, speed: Array) -> Array:
    """Logits against the first label as far apart as the order of their speeds says; equal speeds keep their gap."""
    size, n_rows = logits.shape
    values = np.vstack([np.zeros((1, n_rows)), logits])
    speeds = np.vstack([np.zeros((1, n_rows)), speed])
    order = np.argsort(speeds, axis=0, kind="stable")
    across = np.arange(n_rows)
    scale = np.abs(speeds).max(axis=0)
    place = np.zeros(values.shape)
    step, leader = np.zeros(n_rows), values[order[0], across]
    for k in range(size + 1):
        here = order[k]
        if k:
            before = order[k - 1]
            rises = speeds[here, across] - speeds[before, across] > STILL * scale
            step = step + 2.0 * EDGE * rises
            leader = np.where(rises, values[here, across], leader)
        place[here, across] = step + (values[here, across] - leader)
    still = scale == 0.0
    apart = place[1:] - place[0]
    return np.where(still, logits, apart)


def _as_regression(solved: Solved, purpose: str) -> RegressionModel:
    if solved.regression is not None:
        return solved.regression
    solution = solved.solution
    description = solution.description
    if description.get("kind") == "regression":
        raise InferenceError(
            f"{purpose} needs the functions that the formulas call, which no file holds; give them: "
            "th.load(path, functions={'name': function})"
        )
    if solved.multivariate is not None:
        raise InferenceError(
            f"{purpose} is there for families of single values, and a row of {solved.multivariate.title} is a vector; "
            "use fit.distribution, which has log_prob, mean, covariance and sample"
        )
    if solved.family is None:
        raise InferenceError(
            f"{purpose} needs a family, whose parameters each row has, and this model is a density of one's own; "
            "evaluate its log_prob"
        )
    known = {
        name: np.asarray(value) if isinstance(value, list) else value
        for name, value in description["known"].items()
    }
    model = IndependentModel(
        solved.family,
        parse_response(description["response"], solved.columns),
        weight_column=description["weights"],
        known=known,
    )
    size = solution.table.n_working
    groups = tuple(Group(None, slice(k, k + 1)) for k in range(size))
    return RegressionModel(model, Predictors((), (), groups, solution.table), {})
