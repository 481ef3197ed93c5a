"""Counts with more zeros than their family has: some rows can only be zero."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat._errors import ModelError
from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._limit import Limit
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._with_zero import WithZero, mixed
from thetahat.numerics.namespace import NUMPY


@final
class ZeroInflated(WithZero):
    """Zero-inflated counts: P(Y = 0) = zero_prob + (1 - zero_prob) f(0), P(Y = y) = (1 - zero_prob) f(y), y > 0.

    f is the mass of the family inside (Lambert, 1992, for Poisson's). Working coordinates are logit zero_prob and
    those of the family, whose primary parameter a regression drives first. Where the data have fewer zeros than the
    family, the maximum is at zero_prob = 0, which is the family itself.

    Parameters
    ----------
    family
        A family of counts, with or without numbers.
    y
        The response's column, where data have columns.
    zero_prob
        The probability of being a zero whatever the family says, and the family's own parameters by name.

    Raises
    ------
    ModelError
        If the family is none of counts with more than two values.

    Examples
    --------
    >>> import thetahat as th
    >>> articles = th.ZeroInflated(th.Poisson(rate=2), zero_prob=0.25)
    >>> articles.mean(), articles.variance()
    (1.5, 2.25)
    >>> round(float(articles.density(0)), 6)
    0.351501
    """

    def _refuse(self, inner: Family) -> None:
        support = inner.support
        if not (support.discrete and support.lower == 0 and support.upper > 1):
            raise ModelError(
                f"th.ZeroInflated(th.{inner.title}): its values are {support.describe()}; give a family of counts from "
                "0 up, such as th.Poisson(), or use th.Hurdle for positive numbers with zeros"
            )
        self.support = support

    def _facts(self, inner: Family) -> dict[str, Any]:
        return {}

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return 1 where y is 0, and what the family inside prepares."""
        return xp.where(y == 0, 1.0, 0.0), *self.inner.prepare(xp, y, known)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log(zero_prob [y = 0] + (1 - zero_prob) f(y)), by log-sum-exp."""
        inside = self.inner.log_density(xp, rows[1:], eta[1:])
        if not xp.is_jax:
            return mixed(rows[0] > 0, Terms(inside), eta[0], 0).value
        scaled = xp.log_expit(-eta[0]) + inside
        safe = xp.where(rows[0] > 0, scaled, 0.0)
        return xp.where(rows[0] > 0, xp.logaddexp(xp.log_expit(eta[0]), safe), scaled)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the family inside, by the probability that a zero is one of its own."""
        return mixed(rows[0] > 0, self.inner.derivatives(rows[1:], eta[1:]), eta[0], 2)

    def _inside(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        return self.inner.log_mass(low, high, known, eta, order)

    def _slope(self, limit: Limit, rows: Rows, eta: Coordinates) -> Any:
        inside = limit.slope(rows[1:], eta[1:])
        value = Terms(self.inner.log_density(NUMPY, rows[1:], eta[1:]), (1.0,), (0.0,))
        return mixed(rows[0] > 0, value, eta[0], 2).gradient[1] * inside

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """(1 - p) times the family's, less what the unknown origin of zeros takes, with p = zero_prob."""
        zero = self._at_zero(known, eta[1:], 2)
        terms = mixed(True, zero, eta[0], 2)  # noqa: FBT003 - every row is a zero here
        with np.errstate(all="ignore"):
            p, q = np.exp(NUMPY.log_expit(eta[0])), np.exp(NUMPY.log_expit(-eta[0]))
            mass = np.exp(zero.value)
            other = p / np.exp(terms.value)
            lost = q * mass * other
            entries = [q * p * other * -np.expm1(zero.value)]
            inside = self.inner.expected_information(eta[1:], known)
            position = 0
            for i, first in enumerate(zero.gradient):
                entries.append(lost * first)
                for j in range(i + 1):
                    entries.append(q * inside[position] - lost * first * zero.gradient[j])
                    position += 1
        return tuple(entries)

    def _unexplained(self, share: float, inside: Theta, known: Known) -> float:
        with np.errstate(all="ignore"):
            own = float(np.mean(np.exp(self._at_zero(known, self.inner.working(inside), 0).value)))
        return (share - own) / (1.0 - own) if own < 1 else 0.0

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Those of the family inside: a zero of either origin grows with the family's."""
        return self.inner.recession(y, known)

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """That of the family inside."""
        return self.inner.saturated(y, theta[1:], known)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """(1 - zero_prob) times the family's mean."""
        return (1.0 - np.asarray(theta[0])) * self.inner.mean_at(theta[1:], known)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(1 - zero_prob) times the family's variance, plus zero_prob (1 - zero_prob) times its squared mean."""
        p = np.asarray(theta[0])
        square = np.square(self.inner.mean_at(theta[1:], known))
        return (1.0 - p) * (self.inner.variance_at(theta[1:], known) + p * square)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Draws of the family inside, some of them replaced by zero."""
        drawn = self.inner.sample_at(rng, size, theta[1:], known)
        return np.where(rng.random(size) < theta[0], np.zeros_like(drawn), drawn)
