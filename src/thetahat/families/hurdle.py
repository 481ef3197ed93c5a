"""Zeros and the rest apart: whether there is anything, and if so how much."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from scipy import special

from thetahat._errors import ModelError
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._limit import Limit
from thetahat.families._support import Support
from thetahat.families._terms import Array, Coordinates, Rows, Terms, complement, less
from thetahat.families._with_zero import WithZero
from thetahat.numerics.namespace import NUMPY

_FEW = -1e-2
"""The log probability of zero above which what is left of one is not taken as a difference."""


@final
class Hurdle(WithZero):
    """Zeros apart: P(Y = 0) = zero_prob, and above 0 f(y | Y > 0) (1 - zero_prob).

    f is the density of the family inside, of counts (Mullahy, 1986) or of positive numbers (Cragg, 1971), where 0 is
    a point mass beside it. Working coordinates are logit zero_prob and those of the family, whose primary parameter
    a regression drives first. The two parts share no parameter, so that the maximum is that of each by itself: the
    share of zeros, and the family's for the other rows. ``mean`` and its like are those of the family before its
    zeros are left out.

    Parameters
    ----------
    family
        A family of counts or of positive numbers, with or without numbers.
    y
        The response's column, where data have columns.
    zero_prob
        The probability of a zero, and the family's own parameters by name.

    Raises
    ------
    ModelError
        If the family is none of counts with more than two values, nor of positive numbers.

    Examples
    --------
    >>> import thetahat as th
    >>> spending = th.Hurdle(th.LogNormal(mean_log=0, sd_log=1), zero_prob=0.5)
    >>> float(spending.density(0)), round(spending.quantile(0.75), 12)
    (0.5, 1.0)
    >>> visits = th.Hurdle(th.Poisson(rate=2), zero_prob=0.25)
    >>> round(visits.mean(), 6), round(float(visits.cdf(0)), 12)
    (1.734776, 0.25)
    """

    def _refuse(self, inner: Family) -> None:
        support = inner.support
        if support.lower != 0 or not support.upper > 1:
            raise ModelError(
                f"th.Hurdle(th.{inner.title}): its values are {support.describe()}; give a family of counts, such as "
                "th.Poisson(), or of positive numbers, such as th.Gamma()"
            )
        if inner.atoms():
            raise ModelError(
                f"th.Hurdle(th.{inner.title}): zeros have a probability there already; fit it as it is"
            )
        self.support = Support(0.0, support.upper, discrete=support.discrete)

    def _facts(self, inner: Family) -> dict[str, Any]:
        if inner.support.discrete:
            return {"uniqueness": inner.uniqueness_truncated}
        return {
            "uniqueness": inner.uniqueness,
            "spikes": "anywhere" if inner.spikes == "anywhere" else "nowhere",
            "single_maximum": inner.single_maximum,
        }

    def atoms(self) -> tuple[float, ...]:
        """Zero, beside a density."""
        return () if self.support.discrete else (0.0,)

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return 1 where y is 0, what the family inside prepares of the rest, and what is known of the rows."""
        rest = xp.where(y == 0, 1, y)
        return (
            xp.where(y == 0, 1.0, 0.0),
            *self.inner.prepare(xp, rest, known),
            *(known[name] for name in self.known),
        )

    def _parted(self, rows: Rows) -> tuple[Any, Rows, Known]:
        n = len(rows) - len(self.known)
        return rows[0] > 0, rows[1:n], dict(zip(self.known, rows[n:], strict=True))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log zero_prob at 0; above it log(1 - zero_prob) + log f(y), of counts less log(1 - f(0))."""
        zero, inside, known = self._parted(rows)
        value = self.inner.log_density(xp, inside, eta[1:])
        if self.support.discrete:
            if xp.is_jax:
                nothing = self.inner.log_density(
                    xp, self.inner.prepare(xp, xp.zeros_like(rows[0]), known), eta[1:]
                )
                value = value - xp.log(-xp.expm1(nothing))
            else:
                value = value - self._above_zero(known, eta[1:], 0).value
        return xp.where(zero, xp.log_expit(eta[0]), xp.log_expit(-eta[0]) + value)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Of the logit -zero_prob or 1 - zero_prob; of the rest those of the family above zero."""
        zero, inside, known = self._parted(rows)
        with np.errstate(all="ignore"):
            terms = self.inner.derivatives(inside, eta[1:])
            if self.support.discrete:
                terms = less(terms, self._above_zero(known, eta[1:], 2))
            p, q = special.expit(eta[0]), special.expit(-np.asarray(eta[0]))
            value = np.where(zero, NUMPY.log_expit(eta[0]), NUMPY.log_expit(-eta[0]) + terms.value)
            hessian: list[Any] = [-p * q]
            position = 0
            for i in range(len(terms.gradient)):
                hessian.append(0.0)
                for _ in range(i + 1):
                    hessian.append(np.where(zero, 0.0, terms.hessian[position]))
                    position += 1
        rest = tuple(np.where(zero, 0.0, item) for item in terms.gradient)
        return Terms(value, (np.where(zero, q, -p), *rest), tuple(hessian))

    def _above_zero(self, known: Known, eta: Coordinates, order: int) -> Terms:
        """log P(Y > 0) of counts of the family inside."""
        with np.errstate(all="ignore"):
            zero = self._at_zero(known, eta, order)
            if np.max(zero.value) < _FEW:
                return complement(zero)
            shape = np.shape(zero.value)
            low, high = np.zeros(shape or (1,)), np.full(shape or (1,), np.inf)
            terms = self.inner.log_mass(low, high, known, eta, order)

        def shaped(item: Any) -> Any:
            return np.broadcast_to(item, shape or (1,)).reshape(shape)[()]

        return Terms(
            shaped(terms.value),
            tuple(map(shaped, terms.gradient if order else ())),
            tuple(map(shaped, terms.hessian if order else ())),
        )

    def _inside(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        positive = np.maximum(low, 0.0)
        empty = np.floor(high) <= np.floor(positive) if self.support.discrete else high <= positive
        safe_low, safe_high = np.where(empty, 0.0, positive), np.where(empty, np.inf, high)
        terms = self.inner.log_mass(safe_low, safe_high, known, eta, order)
        terms = terms if order else Terms(terms.value)
        if self.support.discrete:
            terms = less(terms, self._above_zero(known, eta, order))
        return Terms(
            np.where(empty, -np.inf, terms.value),
            tuple(np.where(empty, 0.0, item) for item in terms.gradient),
            tuple(np.where(empty, 0.0, item) for item in terms.hessian),
        )

    def _slope(self, limit: Limit, rows: Rows, eta: Coordinates) -> Any:
        zero, inside, known = self._parted(rows)
        slope = limit.slope(inside, eta[1:])
        if self.support.discrete:
            nothing = self.inner.prepare(NUMPY, np.zeros(np.shape(zero)), known)
            mass = self._at_zero(known, eta[1:], 0).value
            slope = slope + np.exp(mass) / -np.expm1(mass) * limit.slope(nothing, eta[1:])
        return np.where(zero, 0.0, slope)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """p (1 - p) for the logit, with p = zero_prob, and 1 - p times that of the family above zero."""
        p, q = special.expit(eta[0]), special.expit(-np.asarray(eta[0]))
        inside = self.inner.expected_information(eta[1:], known)
        if self.support.discrete:
            zero = self._at_zero(known, eta[1:], 2)
            above, mass = -np.expm1(zero.value), np.exp(zero.value)
            pairs = [(i, j) for i in range(len(zero.gradient)) for j in range(i + 1)]
            inside = tuple(
                item / above - mass / above / above * zero.gradient[i] * zero.gradient[j]
                for item, (i, j) in zip(inside, pairs, strict=True)
            )
        entries: list[Any] = [p * q]
        position = 0
        for i in range(len(eta) - 1):
            entries += [0.0, *(q * item for item in inside[position : position + i + 1])]
            position += i + 1
        return tuple(entries)

    def _unexplained(self, share: float, inside: Theta, known: Known) -> float:
        return share

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero says nothing of the family inside; of counts that it tilts, the least and the largest pull it."""
        zero = np.equal(y, 0)
        if not self.support.discrete:
            up, down = self.inner.recession(np.where(zero, 1.0, y), known)
        elif self.inner.tilted:
            highest = np.minimum(self.support.upper, known.get("trials", np.inf))
            least, most = np.equal(y, 1), np.equal(y, highest)
            up, down = (most, least) if self.increasing else (least, most)
        else:
            up, down = False, False
        return zero | up, zero | down

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """That of the family inside where it is one of positive numbers, and any value for a zero."""
        if self.support.discrete:
            return None
        return self.inner.saturated(np.where(np.equal(y, 0), 1.0, y), theta[1:], known)

    def _rest_quantile(self, probability: Array, theta: Theta, known: Known) -> Any:
        if not self.support.discrete:
            return self.inner.quantile_at(probability, theta, known)
        with np.errstate(all="ignore"):
            nothing = np.exp(self._at_zero(known, self.inner.working(theta), 0).value)
        found = self.inner.quantile_at(np.minimum(nothing + probability * (1.0 - nothing), 1.0), theta, known)
        return np.maximum(found, 1.0)

    def _share_above(self, theta: Theta, known: Known) -> Any:
        """(1 - zero_prob)/P(Y > 0)."""
        rest = 1.0 - np.asarray(theta[0])
        if not self.support.discrete:
            return rest
        with np.errstate(all="ignore"):
            return rest / np.exp(self._above_zero(known, self.inner.working(theta[1:]), 0).value)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """(1 - zero_prob) times the family's mean above zero."""
        return self._share_above(theta, known) * self.inner.mean_at(theta[1:], known)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean of the squares less the squared mean."""
        share, mean = self._share_above(theta, known), self.inner.mean_at(theta[1:], known)
        return share * (self.inner.variance_at(theta[1:], known) + (1.0 - share) * np.square(mean))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Zeros, and the family's draws, of counts by inversion above zero."""
        zero = rng.random(size) < theta[0]
        if self.support.discrete:
            drawn = np.asarray(self._rest_quantile(rng.random(size), theta[1:], known)).astype(np.int64)
        else:
            drawn = np.asarray(self.inner.sample_at(rng, size, theta[1:], known))
        return np.where(zero, np.zeros_like(drawn), drawn)
