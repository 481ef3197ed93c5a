"""Families whose z is a smooth increasing function of which another distribution is the law."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from thetahat.families._gumbel_ends import gumbel_ends
from thetahat.families._normal_ends import normal_ends
from thetahat.families._standard import StandardFamily, reflected
from thetahat.families._terms import Array, Coordinates, EndTerms


class Carried(NamedTuple):
    """A variable w(z, s) with two derivatives; ``by_s_s`` is the lower triangle."""

    value: Any
    by_z: Any
    by_z_z: Any
    by_s: tuple[Any, ...] = ()
    by_z_s: tuple[Any, ...] = ()
    by_s_s: tuple[Any, ...] = ()


class LogHazardFamily(StandardFamily):
    """exp(w) is the cumulative hazard -log P(Z > z), so that w has Gumbel's distribution of minima."""

    @abstractmethod
    def log_hazard(self, z: Array, shapes: Coordinates) -> Carried:
        """w, rising from -inf to inf over the support, at finite z."""

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Gumbel's mass between the ends of w."""
        return log_hazard_mass(self.log_hazard, low, high, shapes, order)


class NormalScoreFamily(StandardFamily):
    """w has the standard normal distribution."""

    @abstractmethod
    def normal_score(self, z: Array, shapes: Coordinates) -> Carried:
        """w, rising from -inf to inf over the line, at finite z."""

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """The normal mass between the ends of w."""
        low, high, *rest = np.broadcast_arrays(low, high, *shapes)
        at_low, at_high = (_placed(self.normal_score(_finite(z), tuple(rest)), z) for z in (low, high))
        end = normal_ends(at_low.value, at_high.value, at_high.value - at_low.value)
        return carried_back(end, at_low, at_high) if order else end


def log_hazard_mass(
    log_hazard: Callable[[Array, Coordinates], Carried],
    low: Array,
    high: Array,
    shapes: Coordinates,
    order: int,
) -> EndTerms:
    """Gumbel's mass between the ends of the log hazard, as a function of z there and of the shapes."""
    low, high, *rest = np.broadcast_arrays(low, high, *shapes)
    at_low, at_high = (_placed(log_hazard(_finite(z), tuple(rest)), z) for z in (low, high))
    end = reflected(gumbel_ends(-at_high.value, -at_low.value, at_high.value - at_low.value))
    return carried_back(end, at_low, at_high) if order else end


def carried_back(end: EndTerms, low: Carried, high: Carried) -> EndTerms:
    """The log mass of w between its ends as a function of z there and of s."""
    with np.errstate(all="ignore"):
        sizes = range(len(low.by_s))
        low_row = [end.low_low * low.by_s[i] + end.low_high * high.by_s[i] for i in sizes]
        high_row = [end.low_high * low.by_s[i] + end.high_high * high.by_s[i] for i in sizes]
        pairs = [(i, j) for i in sizes for j in range(i + 1)]
        return EndTerms(
            end.value,
            end.low * low.by_z,
            end.high * high.by_z,
            end.low_low * np.square(low.by_z) + end.low * low.by_z_z,
            end.low_high * low.by_z * high.by_z,
            end.high_high * np.square(high.by_z) + end.high * high.by_z_z,
            tuple(end.low * low.by_s[i] + end.high * high.by_s[i] for i in sizes),
            tuple(low.by_z * low_row[i] + end.low * low.by_z_s[i] for i in sizes),
            tuple(high.by_z * high_row[i] + end.high * high.by_z_s[i] for i in sizes),
            tuple(
                low.by_s[j] * low_row[i]
                + high.by_s[j] * high_row[i]
                + end.low * low.by_s_s[position]
                + end.high * high.by_s_s[position]
                for position, (i, j) in enumerate(pairs)
            ),
        )


def _finite(z: Array) -> Array:
    return np.where(np.isfinite(z), z, 0.0)


def _placed(carried: Carried, z: Array) -> Carried:
    """Infinite, and without slope, where z is."""
    inside = np.isfinite(z) & np.isfinite(carried.value)

    def kept(item: Any) -> Array:
        return np.where(inside, item, 0.0)

    return Carried(
        np.where(np.isinf(z), z, carried.value),
        kept(carried.by_z),
        kept(carried.by_z_z),
        tuple(kept(item) for item in carried.by_s),
        tuple(kept(item) for item in carried.by_z_s),
        tuple(kept(item) for item in carried.by_s_s),
    )
