"""Sums over censored rows whose family has a kernel for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.families._end_kernel import NARROW, EndKernel, Slopes, outside
from thetahat.families._end_sums import SortedEnds, SummedByEnds
from thetahat.families._row_sums import Sums, Vector, score_sums, total
from thetahat.families._terms import Coordinates, Terms
from thetahat.models._model import SCORES, VALUE

TILE = 32_768
"""Rows computed at once, as in ``_rows.py``."""
Mask = NDArray[np.bool_]


class Careful(NamedTuple):
    """Rows that are not for the kernel: their terms and weights."""

    terms: Terms
    weight: Vector | None
    n: int


class _Kind(NamedTuple):
    """Rows with the same ends finite: their columns and weights, and what of the kernel is for them."""

    columns: tuple[Vector, ...]
    weight: Vector | None
    slopes: Callable[..., Slopes]
    doubts: Callable[..., Mask | None]
    ends: Callable[..., tuple[Vector, Vector, Vector]]


def summed_ends(
    family: SummedByEnds, ends: SortedEnds, eta: Coordinates, order: int
) -> Iterator[Sums | Careful]:
    """The sums of rows tile by tile, and after each tile the terms of those of its rows that want more care."""
    with np.errstate(all="ignore"):
        location, log_scale = (float(coordinate) for coordinate in family.located(eta))
        scale = float(np.exp(log_scale))
        for kind in _kinds(family.end_kernel, ends):
            for start in range(0, kind.columns[0].shape[0], TILE):
                columns = tuple(column[start : start + TILE] for column in kind.columns)
                weight = None if kind.weight is None else kind.weight[start : start + TILE]
                # A width, the third column of rows between ends, is not measured from the location.
                z = tuple((x - location) / scale for x in columns[:2]) + tuple(x / scale for x in columns[2:])
                doubtful = kind.doubts(*z)
                if doubtful is None:
                    yield _sums(family, kind.slopes(*z, order), weight, scale, order)
                    continue
                if not doubtful.all():
                    certain = ~doubtful
                    slopes = kind.slopes(*(column[certain] for column in z), order)
                    yield _sums(family, slopes, None if weight is None else weight[certain], scale, order)
                rest = kind.ends(*(column[doubtful] for column in columns))
                terms = family.mass_between(rest, eta, min(order, 2))
                yield Careful(terms, None if weight is None else weight[doubtful], rest[0].shape[0])


def _kinds(kernel: EndKernel, ends: SortedEnds) -> tuple[_Kind, ...]:
    def between(low: Vector, high: Vector, gap: Vector) -> Mask | None:
        masks = [outside(low, kernel.lower_of_two), outside(high, kernel.upper_of_two)]
        masks.append(None if gap.min() >= NARROW else gap < NARROW)
        found = [mask for mask in masks if mask is not None]
        return np.logical_or.reduce(found) if found else None

    def far(x: Vector) -> Vector:
        return np.full(x.shape, np.inf)

    return (
        _Kind(
            (ends.low, ends.high, ends.gap), ends.weight, kernel.between, between, lambda *columns: columns
        ),
        _Kind(
            (ends.above,),
            ends.above_weight,
            kernel.above,
            lambda z: outside(z, kernel.lower),
            lambda x: (x, far(x), far(x)),
        ),
        _Kind(
            (ends.below,),
            ends.below_weight,
            kernel.below,
            lambda z: outside(z, kernel.upper),
            lambda x: (-far(x), x, far(x)),
        ),
    )


def _sums(family: SummedByEnds, slopes: Slopes, weight: Vector | None, scale: float, order: int) -> Sums:
    """Sums in working coordinates: z falls by 1/scale with the location, and by z with log scale."""
    work = np.empty(slopes.value.shape)
    n = float(work.size) if weight is None else float(np.add.reduce(weight))
    value = total(slopes.value, weight, work)
    # Log masses are never above 0.
    absolute = n * family.end_kernel.rounding - value
    if order == VALUE:
        return Sums(value, absolute, (), ())
    by_total, by_radial = total(slopes.total, weight, work), total(slopes.radial, weight, work)
    terms = family.renamed(
        Terms(
            value,
            (-by_total / scale, -by_radial),
            (
                total(slopes.curvature, weight, work) / scale / scale,
                (by_total + total(slopes.radial_first, weight, work)) / scale,
                by_radial + total(slopes.radial_second, weight, work),
            ),
        )
    )
    if order != SCORES:
        return Sums(value, absolute, terms.gradient, terms.hessian)
    rows = family.renamed(Terms(value, (slopes.total / -scale, -slopes.radial), (0.0, 0.0, 0.0))).gradient
    return Sums(value, absolute, terms.gradient, terms.hessian, *score_sums(rows, weight, work))
