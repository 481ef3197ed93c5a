"""Functions of single reported parameters, and their derivatives on the free scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.parameters import Parameter, ParameterTable
from thetahat.penalties._curvature import Block, Curvature

Vector = NDArray[np.float64]
Function = Callable[[Vector], tuple[Vector, Vector, Vector]]
"""Of values: a function of each, with two derivatives."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One reported number: entry ``index`` of a parameter, which has this part of the free vector."""

    parameter: Parameter
    span: slice
    index: int
    unit: float


def entries_of(table: ParameterTable, names: Iterable[str]) -> dict[str, Entry]:
    """Find the estimated entries of these names; those that are none are left out."""
    wanted = set(names)
    return {
        name: Entry(parameter, span, index, table.unit(parameter.name))
        for parameter, span in zip(table.free_parameters, table.free_slices, strict=True)
        for index, name in enumerate(parameter.names)
        if name in wanted
    }


def on_free_scale(
    entry: Entry, function: Function, free: Vector, gradient: Vector, diagonal: Vector
) -> tuple[float, Block | None]:
    """Add a function of one entry to a gradient and a diagonal of minus second derivatives; return its value.

    By the chain rule through the domain, without a Jacobian's determinant: it is a function of the reported number.
    An entry of a vector parameter touches several coordinates, whose block is returned.
    """
    domain, span, unit = entry.parameter.domain, entry.span, entry.unit
    part = free[span]
    if not domain.vector:
        value, first, second = function(np.asarray(domain.from_free(part)) * unit)
        slope, bend = domain.derivative(part) * unit, domain.second_derivative(part) * unit
        gradient[span] += first * slope
        diagonal[span] -= second * slope * slope + first * bend
        return float(value[0]), None
    at = np.asarray(domain.from_free(part))[entry.index : entry.index + 1] * unit
    value, first, second = function(at)
    slope = domain.derivative(part)[entry.index] * unit
    bend = domain.second_derivative(part)[entry.index] * unit
    gradient[span] += first * slope
    places = np.arange(span.start, span.stop, dtype=np.intp)[np.newaxis]
    return float(value[0]), Block(places, -(second * np.outer(slope, slope) + first * bend))


def without_blocks(diagonal: Vector, blocks: list[Block | None]) -> Curvature:
    """The curvature of a diagonal and those blocks that there are."""
    return Curvature(diagonal, tuple(block for block in blocks if block is not None))
