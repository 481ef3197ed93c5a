"""A mixture of families as a distribution: density, masses, responsibilities, quantiles, moments and draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._components import inverted, named, within
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._log_sum import NOWHERE, Places, log_sum, log_total
from thetahat.families._moments import EDGES, points_of
from thetahat.families._tails import inner_point
from thetahat.families._terms import Array, Coordinates, Rows, Terms, less, pairs
from thetahat.families._wrapper import Wrapper
from thetahat.numerics.namespace import NUMPY


class MixedLaw(Wrapper):
    """f(y) = Σ_k weight[k] f_k(y), from log weights against the first and the coordinates of the components.

    A leaf sets, before the contract's own constructor, the ``components``, which hold no numbers, the names of ``tied``
    parameters, the ``places`` of each component's coordinates among all ``size`` of them, the first component that each
    is ``alike``, whether its support is ``smaller`` than that of the whole, and the ``columns`` that it prepares.
    """

    components: tuple[Family, ...]
    tied: tuple[str, ...] | None
    places: tuple[Places, ...]
    size: int
    alike: tuple[int, ...]
    smaller: tuple[bool, ...]
    columns: tuple[tuple[int | None, slice], ...]

    @property
    def made_of(self) -> tuple[Family, ...]:
        """The components."""
        return self.components

    # ---- The parts ----------------------------------------------------------------------------------------------

    def known_of(self, k: int, known: Known) -> Known:
        """What a component knows of the rows."""
        return {name: known[name] for name in self.components[k].known if name in known}

    def coordinates_of(self, k: int, eta: Coordinates) -> Coordinates:
        """A component's working coordinates."""
        return tuple(eta[place] for place in self.places[k])

    def theta_of(self, k: int, theta: Theta) -> Theta:
        """A component's natural parameters among those of the mixture."""
        by_name = dict(zip((parameter.name for parameter in self.declared), theta, strict=True))
        own = [parameter.name for parameter in self.components[k].declared]
        return tuple(by_name[name if name in (self.tied or ()) else named(k, name)] for name in own)

    def _log_weights(self, xp: Any, eta: Coordinates) -> list[Any]:
        """log(weight[k]/weight[0])."""
        zero = xp.zeros_like(xp.asarray(eta[0]))
        return [zero, *(xp.asarray(item) for item in eta[: len(self.components) - 1])]

    # ---- Density and masses -------------------------------------------------------------------------------------

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """What each component prepares, alike ones once, after whether y lies in its support where that is smaller."""
        rows: list[Any] = []
        for k, family in enumerate(self.components):
            if self.alike[k] != k:
                continue
            inside, safe = (None, y) if not self.smaller[k] else within(xp, family.support, y)
            if inside is not None:
                rows.append(xp.where(inside, 1.0, 0.0))
            rows.extend(family.prepare(xp, safe, self.known_of(k, known)))
        return tuple(rows)

    def parted(self, rows: Rows) -> list[tuple[Any, Rows]]:
        """Each component's mask, None where all rows are in its support, and its prepared columns."""
        return [(None if mask is None else rows[mask], rows[columns]) for mask, columns in self.columns]

    def _parts(self, rows: Rows, eta: Coordinates) -> list[Terms]:
        parts = []
        for k, (mask, own) in enumerate(self.parted(rows)):
            terms = self.components[k].derivatives(own, self.coordinates_of(k, eta))
            parts.append(terms if mask is None else _only(mask > 0, terms))
        return parts

    def _log_parts(self, xp: Any, rows: Rows, eta: Coordinates) -> list[Any]:
        """log f_k."""
        found = []
        for k, (mask, own) in enumerate(self.parted(rows)):
            value = self.components[k].log_density(xp, own, self.coordinates_of(k, eta))
            found.append(value if mask is None else xp.where(mask > 0, value, -np.inf))
        return found

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log Σ exp(a_k + log f_k) - log Σ exp(a_k), a_k = log(weight[k]/weight[0])."""
        logs = self._log_weights(xp, eta)
        parts = [a + part for a, part in zip(logs, self._log_parts(xp, rows, eta), strict=True)]
        return log_total(xp, parts) - log_total(xp, logs)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the components, by their responsibilities."""
        with np.errstate(all="ignore"):
            return self._summed(self._parts(rows, eta), eta)

    def _summed(self, parts: list[Terms], eta: Coordinates) -> Terms:
        logs = self._log_weights(NUMPY, eta)
        weights = [(NOWHERE,), *((k,) for k in range(len(parts) - 1))]
        places = [(*weight, *place) for weight, place in zip(weights, self.places, strict=True)]
        total = log_sum(parts, logs, places, self.size)
        alone = log_sum([Terms(np.zeros(()))] * len(parts), logs, weights, self.size)
        if not total.gradient:
            return Terms(total.value - alone.value)
        return less(total, alone)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """log Σ weight[k] P_k(low < Y <= high)."""
        parts = []
        for k, family in enumerate(self.components):
            seen, own = self.known_of(k, known), self.coordinates_of(k, eta)
            if not self.smaller[k]:
                terms = family.log_mass(low, high, seen, own, order)
            else:
                lower, upper = np.maximum(low, _below(family)), np.minimum(high, family.support.upper)
                some = np.floor(lower) < np.floor(upper) if self.support.discrete else lower < upper
                lower, upper = np.where(some, lower, -np.inf), np.where(some, upper, np.inf)
                terms = _only(some, family.log_mass(lower, upper, seen, own, order))
            parts.append(terms if order else Terms(terms.value))
        return self._summed(parts, eta)

    def responsibilities(self, y: Any) -> NDArray[np.float64]:
        """The probability that each value came from each component: weight[k] f_k(y)/f(y), one k after the other.

        Parameters
        ----------
        y
            A value or an array of them; its shape is that of the answer, the components along one axis more. NaN
            outside the support.

        Raises
        ------
        ParameterError
            If the mixture lacks a number.
        """
        theta = self.distribution_theta()
        eta = self.working(theta)
        y = np.asarray(y)
        inside = self.support.contains(y)
        safe = np.where(inside, y, inner_point(self.support))
        with np.errstate(all="ignore"):
            parts = self._log_parts(NUMPY, self.prepare(NUMPY, safe, self.known_values), eta)
            logs = [a + part for a, part in zip(self._log_weights(NUMPY, eta), parts, strict=True)]
            total = log_total(NUMPY, logs)
            found = np.stack([np.broadcast_to(np.exp(item - total), y.shape) for item in logs], axis=-1)
        return np.where(inside[..., np.newaxis], found, np.nan)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """The covariance of the score, by quadrature between the quantiles of all components."""
        shape = np.broadcast_shapes(*(np.shape(item) for item in (*eta, *known.values())))
        flat = [np.broadcast_to(item, shape).ravel() for item in (*eta, *known.values())]
        rows = [self._information([item[row] for item in flat]) for row in range(flat[0].size)]
        return tuple(np.array(entry).reshape(shape)[()] for entry in zip(*rows, strict=True))

    def _information(self, row: list[Any]) -> list[float]:
        eta, known = tuple(row[: self.size]), dict(zip(self.known, row[self.size :], strict=True))
        with np.errstate(all="ignore"):
            y, mass = self._points(self.theta(eta), eta, known)
            scores = self.derivatives(self.prepare(NUMPY, y, known), eta).gradient
            scores = tuple(np.where(mass > 0, item, 0.0) for item in scores)
            return [float(np.sum(mass * scores[i] * scores[j])) for i, j in pairs(self.size)]

    def _points(self, theta: Theta, eta: Coordinates, known: Known) -> tuple[Array, Array]:
        parts = [
            np.asarray(family.quantile_at(EDGES, self.theta_of(k, theta), self.known_of(k, known)))
            for k, family in enumerate(self.components)
        ]

        def log_density(y: Array) -> Array:
            inside = self.support.contains(np.floor(y) if self.support.discrete else y)
            safe = np.where(inside, y, inner_point(self.support))
            value = self.log_density(NUMPY, self.prepare(NUMPY, safe, known), eta)
            return np.where(inside, value, -np.inf)

        return points_of(self.support, np.sort(np.concatenate(parts)), log_density)

    # ---- The distribution ---------------------------------------------------------------------------------------

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """By halving between the quantiles of the components, to the last bit."""
        eta = self.working(theta)
        ends = [
            np.asarray(family.quantile_at(probability, self.theta_of(k, theta), self.known_of(k, known)))
            for k, family in enumerate(self.components)
        ]
        # A component without weight has no say.
        ends = [np.where(np.asarray(theta[0][k]) > 0, end, np.nan) for k, end in enumerate(ends)]
        return inverted(self, probability, ends, known, eta)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Σ weight[k] mean_k."""
        return sum(w * mean for w, mean, _ in self._moments(theta, known))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Σ weight[k] (variance_k + (mean_k - mean)²)."""
        parts = self._moments(theta, known)
        with np.errstate(all="ignore"):
            mean = sum(w * centre for w, centre, _ in parts)
            total = sum(w * (variance + np.square(centre - mean)) for w, centre, variance in parts)
            infinite = [np.isposinf(variance) for *_, variance in parts]
        return np.where(np.any(infinite, axis=0) & ~np.isnan(mean), np.inf, total)

    def _moments(self, theta: Theta, known: Known) -> list[tuple[Any, Any, Any]]:
        found: list[tuple[Any, Any, Any]] = []
        for k, family in enumerate(self.components):
            own, seen = self.theta_of(k, theta), self.known_of(k, known)
            weight = np.asarray(theta[0][k])
            some = weight > 0
            # A component without weight may lack parameters.
            mean = np.where(some, family.mean_at(own, seen), 0.0)
            found.append((weight, mean, np.where(some, family.variance_at(own, seen), 0.0)))
        return found

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Draws of all components, of which a draw of the labels chooses."""
        steps = np.cumsum(np.asarray(theta[0], dtype=float), axis=0)[:-1]
        steps = steps.reshape((steps.shape[0], -1)) if steps.ndim > 1 else steps[:, np.newaxis]
        label = np.sum(rng.random(size) > steps, axis=0)
        drawn = [
            np.asarray(family.sample_at(rng, size, self.theta_of(k, theta), self.known_of(k, known)))
            for k, family in enumerate(self.components)
        ]
        return np.choose(label, drawn)


def _below(family: Family) -> float:
    """A limit that nothing of the support lies at or under."""
    lower = family.support.lower
    return lower - 1.0 if family.support.discrete else lower


def _only(mask: Any, terms: Terms) -> Terms:
    """Terms of rows in a component's support; elsewhere its density is 0."""
    return Terms(
        np.where(mask, terms.value, -np.inf),
        tuple(np.where(mask, item, 0.0) for item in terms.gradient),
        tuple(np.where(mask, item, 0.0) for item in terms.hessian),
    )
