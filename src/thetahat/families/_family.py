"""What a user can call on a distribution, derived from the contract once for every family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families._contract import FamilyContract
from thetahat.numerics.namespace import namespace

Array = NDArray[Any]


class Family(FamilyContract):
    """A family, or with all its numbers a distribution.

    Examples
    --------
    >>> import thetahat as th
    >>> th.Gamma(shape=2, rate=1).mean()
    2.0
    """

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The numbers that the distribution has, by name; a vector's entries as ``probs[0]``, ``probs[1]``, ..."""
        entries: dict[str, Any] = {}
        for parameter in self.declared:
            if parameter.name in self.given:
                entries.update(
                    zip(parameter.names, np.atleast_1d(self.given[parameter.name]).tolist(), strict=True)
                )
        return MappingProxyType(entries)

    def log_prob(self, y: Any) -> Any:
        """Log density (continuous) or log mass (discrete) at ``y``; -inf outside the support.

        ``y`` and the parameters may be JAX's: a built-in density can stand inside a density of one's own.
        """
        theta = self.distribution_theta()
        xp = namespace(y, *theta, *self.known_values.values())
        y = xp.asarray(self.encode(y))
        if xp.is_jax:
            return self.log_density(xp, self.prepare(xp, y, self.known_values), self.working(theta))
        inside = self.support.contains(y)
        safe = np.where(inside, y, self._inner_point())
        with np.errstate(all="ignore"):
            value = self.log_density(xp, self.prepare(xp, safe, self.known_values), self.working(theta))
        result = np.where(np.isnan(y), np.nan, np.where(inside, value, -np.inf))
        return result if result.ndim else float(result)

    def density(self, y: Any) -> Any:
        """Density, or probability mass, at ``y``."""
        value = self.log_prob(y)
        return namespace(value).exp(value)

    def log_cdf(self, y: Any) -> Any:
        """log P(Y <= y), accurate far in either tail."""
        return self._log_tail(y, upper=False)

    def log_sf(self, y: Any) -> Any:
        """log P(Y > y), the log survival function, accurate far in either tail."""
        return self._log_tail(y, upper=True)

    def cdf(self, y: Any) -> Any:
        """P(Y <= y)."""
        return np.exp(self.log_cdf(y))

    def sf(self, y: Any) -> Any:
        """P(Y > y)."""
        return np.exp(self.log_sf(y))

    def _log_tail(self, y: Any, *, upper: bool) -> Any:
        theta = self.distribution_theta()
        y = np.asarray(self.encode(y), dtype=float)
        points = np.floor(y) if self.support.discrete else y
        below = points < self.support.lower if self.support.includes_lower else points <= self.support.lower
        above = points >= self.support.upper
        inside = ~(below | above) & ~np.isnan(y)
        safe = np.where(inside, points, self._inner_point())
        edge = np.full_like(safe, np.inf if upper else -np.inf)
        low, high = (safe, edge) if upper else (edge, safe)
        with np.errstate(all="ignore"):
            value = self.log_mass(low, high, self.known_values, self.working(theta), 0).value
        value = np.where(below, 0.0 if upper else -np.inf, np.where(above, -np.inf if upper else 0.0, value))
        result = np.where(np.isnan(y), np.nan, value)
        return result if result.ndim else float(result)

    def _inner_point(self) -> float:
        low, high = self.support.lower, self.support.upper
        if np.isfinite(low) and np.isfinite(high):
            return float(low) if self.support.discrete else (low + high) / 2
        return float(low) + 1.0 if np.isfinite(low) else 0.0

    def quantile(self, probability: Any) -> Any:
        """Smallest y with P(Y <= y) at least ``probability``.

        Raises
        ------
        ParameterError
            If a probability is not between 0 and 1.
        """
        array = np.asarray(probability, dtype=float)
        if not np.all((array >= 0) & (array <= 1)):
            raise ParameterError(f"quantile({probability!r}): a probability must be between 0 and 1")
        with np.errstate(all="ignore"):
            result = np.asarray(self.quantile_at(array, self.distribution_theta(), self.known_values))
        return result if result.ndim else float(result)

    def mean(self) -> Any:
        """Mean of the distribution; inf or nan where it does not exist."""
        return _number(self.mean_at(self.distribution_theta(), self.known_values))

    def variance(self) -> Any:
        """Variance of the distribution; inf or nan where it does not exist."""
        return _number(self.variance_at(self.distribution_theta(), self.known_values))

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Array:
        """Draw ``n`` independent values.

        Parameters
        ----------
        n
            How many.
        rng
            A NumPy generator, a seed, or None for a fresh one.
        """
        if int(n) != n or n < 0:
            raise ParameterError(f"sample({n!r}): the number of draws must be a whole number from 0 up")
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        return self.sample_at(generator, int(n), self.distribution_theta(), self.known_values)


def _number(value: Any) -> Any:
    array = np.asarray(value)
    return array if array.ndim else float(array)
