"""Positive families with parameters (shape, scale): (y/scale)^shape has a distribution free of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat.families._contract import Known
from thetahat.families._location_scale import logged_ends
from thetahat.families._standard import StandardFamily
from thetahat.families._terms import Array, Coordinates, Rows, Terms


class ShapeScale(StandardFamily):
    """z = shape log(y/scale): a location-scale family of log y, with location log scale and scale 1/shape.

    Working coordinates are log shape and log scale.
    """

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y."""
        return (xp.log(y),)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """g(z) + log shape - log y."""
        (log_y,) = rows
        log_shape, log_scale = eta
        z = (log_y - log_scale) / xp.exp(-log_shape)
        return self.standard_log_density(xp, z, ()) + log_shape - log_y

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through z."""
        (log_y,) = rows
        log_shape, log_scale = eta
        terms = self.renamed(self.point_terms(log_y, log_scale, -log_shape, ()))
        return terms._replace(value=terms.value - log_y)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of z."""
        return self.mass_between(self.ends_of(low, high), eta, order)

    def ends_of(self, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """The logs of the ends of y, and how far they are apart."""
        return logged_ends(low, high)

    def mass_between(self, ends: tuple[Array, Array, Array], eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of z."""
        location, log_scale = self.located(eta)
        terms = self.interval_terms(ends, location, log_scale, (), order)
        return self.renamed(terms) if order else terms

    def located(self, eta: Coordinates) -> tuple[Any, Any]:
        """Location log scale, and scale 1/shape, of log y."""
        return eta[1], -np.asarray(eta[0])

    def renamed(self, terms: Terms) -> Terms:
        """From (location, log scale) of log y to (log shape, log scale) = (-log scale, location)."""
        location, log_scale = terms.gradient
        location_twice, mixed, log_scale_twice = terms.hessian
        return Terms(terms.value, (-log_scale, location), (log_scale_twice, -mixed, location_twice))
