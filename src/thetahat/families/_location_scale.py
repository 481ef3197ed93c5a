"""Families with parameters (location, scale, shapes), of y or of log y."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from thetahat.families._contract import Known
from thetahat.families._standard import StandardFamily
from thetahat.families._terms import Array, Coordinates, Rows, Terms


class LocationScale(StandardFamily):
    """z = (y - location)/scale, or (log y - location)/scale where ``logged``.

    Working coordinates are location, log scale and those of the shapes, in this order.
    """

    logged: ClassVar[bool] = False

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y, or log y."""
        return (xp.log(y),) if self.logged else (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """g(z) - log scale, less log y where logged."""
        (x,) = rows
        location, log_scale, *shapes = eta
        z = (x - location) / xp.exp(log_scale)
        value = self.standard_log_density(xp, z, tuple(shapes)) - log_scale
        return value - x if self.logged else value

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through z."""
        (x,) = rows
        location, log_scale, *shapes = eta
        terms = self.point_terms(x, location, log_scale, tuple(shapes))
        return terms._replace(value=terms.value - x) if self.logged else terms

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of z."""
        return self.mass_between(self.ends_of(low, high), eta, order)

    def ends_of(self, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """The ends of y, or their logs, and how far they are apart."""
        return logged_ends(low, high) if self.logged else (low, high, high - low)

    def mass_between(self, ends: tuple[Array, Array, Array], eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of z."""
        location, log_scale, *shapes = eta
        return self.interval_terms(ends, location, log_scale, tuple(shapes), order)

    def located(self, eta: Coordinates) -> tuple[Any, Any]:
        """The first two."""
        return eta[0], eta[1]

    def renamed(self, terms: Terms) -> Terms:
        """As they are."""
        return terms


def logged_ends(low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Logarithms of the ends and log(high/low); an end at or below 0 is at -inf."""
    with np.errstate(all="ignore"):
        low = np.maximum(low, 0.0)
        high = np.maximum(high, 0.0)
        ratio = (high - low) / low
        log_low, log_high = np.log(low), np.log(high)
        return log_low, log_high, np.where(ratio < 1.0, np.log1p(ratio), log_high - log_low)
