"""Families written through one standardised variable z; derivatives in (location, log scale, shapes).

A leaf gives the log density g(z, shapes) of z = (x - location)/scale with its derivatives, and the log mass
of an interval of z. The chain rule is here, and so is what intervals much narrower than the density's own
scale need.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.families._family import Family
from thetahat.families._terms import Array, Coordinates, EndTerms, Terms

# An interval is narrow when its width times |g'| + sqrt|g''| is below this at both ends. Ten nodes then
# integrate the density to rounding, while differences of its ends' derivatives would lose 1/width² to
# cancellation.
_NARROW = 0.3


@cache
def _unit_rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(10)
    return 0.5 * (nodes + 1.0), 0.5 * weights


class Standard(NamedTuple):
    """A standardised log density g(z, s) with two derivatives in z and in the shape coordinates s.

    The products with z are given too, because a leaf can often write them without overflow at huge z:
    ``radial`` = z g', ``radial_first`` = (z g')', ``radial_second`` = z (z g')', ``shape_radial`` = z g'_s.
    ``shape_shape`` is the lower triangle, row by row.
    """

    value: Any
    first: Any
    second: Any
    radial: Any
    radial_first: Any
    radial_second: Any
    shape: tuple[Any, ...] = ()
    shape_first: tuple[Any, ...] = ()
    shape_radial: tuple[Any, ...] = ()
    shape_shape: tuple[Any, ...] = ()


class StandardFamily(Family):
    """A family whose rows enter through z = (x - location)/scale, x being y or log y."""

    @abstractmethod
    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """Log density of z at shape coordinates; the one formula, for NumPy and JAX."""

    @abstractmethod
    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """``standard_log_density`` with its derivatives (NumPy)."""

    @abstractmethod
    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Log mass of z between ends ``gap`` = high - low apart, with derivatives in ends and shapes.

        One end may be infinite, and derivatives with respect to it are 0. At order 0 only the value is read.
        """

    def point_terms(self, x: Any, location: Any, log_scale: Any, shapes: Coordinates) -> Terms:
        """Log density of x with derivatives in (location, log scale, shapes)."""
        scale = np.exp(log_scale)
        return chained(self.standard_terms((x - location) / scale, shapes), scale, log_scale)

    def interval_terms(
        self,
        ends: tuple[Array, Array, Array],
        location: Any,
        log_scale: Any,
        shapes: Coordinates,
        order: int,
    ) -> Terms:
        """Log mass of x between ``ends`` = (low, high, high - low), derivatives as in ``point_terms``."""
        low, high, width = ends
        with np.errstate(all="ignore"):
            scale = np.exp(log_scale)
            z_low, z_high, gap = (low - location) / scale, (high - location) / scale, width / scale
            end = self.standard_mass(z_low, z_high, gap, shapes, order)
            terms = _moved(end, z_low, z_high, scale) if order else Terms(end.value)
            narrow = self._narrow(z_low, z_high, gap, shapes)
            if not narrow.any():
                return terms
            z_low, width, scale, log_scale, *shapes_there = (
                np.broadcast_to(item, narrow.shape)[narrow]
                for item in (z_low, width, scale, log_scale, *shapes)
            )
            fine = self._quadrature(z_low, width, scale, log_scale, tuple(shapes_there), order)
        return Terms(
            _patched(terms.value, narrow, fine.value),
            tuple(_patched(*pair) for pair in _beside(terms.gradient, narrow, fine.gradient)),
            tuple(_patched(*pair) for pair in _beside(terms.hessian, narrow, fine.hessian)),
        )

    def _narrow(self, z_low: Array, z_high: Array, gap: Array, shapes: Coordinates) -> NDArray[np.bool_]:
        z_low, z_high, gap, *shapes_there = np.broadcast_arrays(z_low, z_high, gap, *shapes)
        narrow: NDArray[np.bool_] = np.asarray(np.isfinite(gap) & (gap > 0))
        for z in (z_low, z_high):
            if narrow.any():
                here = self.standard_terms(z[narrow], tuple(shape[narrow] for shape in shapes_there))
                variation = gap[narrow] * (np.abs(here.first) + np.sqrt(np.abs(here.second)))
                narrow[narrow] = np.isfinite(here.value) & (variation < _NARROW)
        return narrow

    def _quadrature(
        self, z_low: Array, width: Array, scale: Array, log_scale: Array, shapes: Coordinates, order: int
    ) -> Terms:
        """By Gauss-Legendre: M = log ∫ f, M_a = E ℓ_a, M_ab = E ℓ_ab + cov(ℓ_a, ℓ_b) inside the interval."""
        fractions, rule = _unit_rule()
        z = z_low[:, None] + (width / scale)[:, None] * fractions
        columns = tuple(shape[:, None] for shape in shapes)
        inner = chained(self.standard_terms(z, columns), scale[:, None], log_scale[:, None])
        top = np.max(inner.value, axis=1)
        shares = rule * np.exp(inner.value - top[:, None])
        total = shares.sum(axis=1)
        value = np.log(width) + top + np.log(total)
        if not order:
            return Terms(value)
        shares /= total[:, None]
        gradient = [(shares * item).sum(axis=1) for item in inner.gradient]
        centred = [item - mean[:, None] for item, mean in zip(inner.gradient, gradient, strict=True)]
        pairs = [(j, k) for j in range(len(centred)) for k in range(j + 1)]
        hessian = [
            (shares * (item + centred[j] * centred[k])).sum(axis=1)
            for item, (j, k) in zip(inner.hessian, pairs, strict=True)
        ]
        return Terms(value, tuple(gradient), tuple(hessian))


def chained(standard: Standard, scale: Any, log_scale: Any) -> Terms:
    """Terms in (location, log scale, shapes) of log density g(z) - log scale."""
    hessian = [standard.second / scale / scale, standard.radial_first / scale, standard.radial_second]
    position = 0
    for row, (first, radial) in enumerate(zip(standard.shape_first, standard.shape_radial, strict=True)):
        hessian += [-first / scale, -radial, *standard.shape_shape[position : position + row + 1]]
        position += row + 1
    return Terms(
        standard.value - log_scale,
        (-standard.first / scale, -1.0 - standard.radial, *standard.shape),
        tuple(hessian),
    )


def reflected_terms(terms: Standard) -> Standard:
    """The log density of -z as a function of z, from ``terms`` at -z."""
    return terms._replace(
        first=-terms.first,
        radial_first=-terms.radial_first,
        shape_first=tuple(-item for item in terms.shape_first),
    )


def unstretched(
    z: Any,
    value: Any,
    first: Any,
    second: Any,
    shape: tuple[Any, ...] = (),
    shape_first: tuple[Any, ...] = (),
    shape_shape: tuple[Any, ...] = (),
) -> Standard:
    """A standardised log density whose products with z need no care."""
    radial_first = first + z * second
    return Standard(
        value,
        first,
        second,
        z * first,
        radial_first,
        z * radial_first,
        shape,
        shape_first,
        tuple(z * item for item in shape_first),
        shape_shape,
    )


def reflected(end: EndTerms) -> EndTerms:
    """The log mass of (-high, -low] as a function of (low, high), from ``end`` at (-high, -low)."""
    return EndTerms(
        end.value,
        -end.high,
        -end.low,
        end.high_high,
        end.low_high,
        end.low_low,
        end.s,
        tuple(-item for item in end.high_s),
        tuple(-item for item in end.low_s),
        end.s_s,
    )


def _moved(end: EndTerms, z_low: Array, z_high: Array, scale: Any) -> Terms:
    """Chain rule for ends that are functions of (location, log scale)."""
    low, high = (np.where(np.isfinite(z), z, 0.0) for z in (z_low, z_high))
    total = end.low + end.high
    low_row, high_row = end.low_low + end.low_high, end.low_high + end.high_high
    by_log_scale = low * end.low + high * end.high
    stretched = low * (low * end.low_low + high * end.low_high) + high * (
        low * end.low_high + high * end.high_high
    )
    hessian = [
        (low_row + high_row) / scale / scale,
        (total + low * low_row + high * high_row) / scale,
        by_log_scale + stretched,
    ]
    position = 0
    for row, (low_s, high_s) in enumerate(zip(end.low_s, end.high_s, strict=True)):
        hessian += [
            -(low_s + high_s) / scale,
            -(low * low_s + high * high_s),
            *end.s_s[position : position + row + 1],
        ]
        position += row + 1
    return Terms(end.value, (-total / scale, -by_log_scale, *end.s), tuple(hessian))


def _beside(
    items: tuple[Any, ...], narrow: NDArray[np.bool_], fine: tuple[Any, ...]
) -> list[tuple[Any, NDArray[np.bool_], Any]]:
    return [(item, narrow, better) for item, better in zip(items, fine, strict=True)]


def _patched(item: Any, where: NDArray[np.bool_], better: Any) -> Array:
    result = np.array(np.broadcast_to(item, where.shape))
    result[where] = better
    return result
