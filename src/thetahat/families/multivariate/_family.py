"""What a user can call on a distribution of vectors, derived from the contract once for every family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError, ParameterError
from thetahat.families._points import points_of
from thetahat.families.multivariate._contract import MultivariateContract, Values
from thetahat.numerics.generator import generator_of, is_count
from thetahat.numerics.namespace import namespace

Array = NDArray[Any]


class MultivariateFamily(MultivariateContract):
    """A family of vectors, or with all its numbers a distribution.

    Examples
    --------
    >>> import thetahat as th
    >>> th.MultivariateNormal(mean=[0, 1], covariance=[[1, 0], [0, 1]]).mean().tolist()
    [0.0, 1.0]
    """

    @property
    def parameters(self) -> Mapping[str, float]:
        """The numbers that the distribution has, by name: ``mean[0]``, ``covariance[1,0]``, ..."""
        found: dict[str, float] = {}
        for name, value in self.given.items():
            parameter = (self.by_name if self.size is not None else self._smallest())[name]
            found.update(zip(parameter.names, parameter.domain.entries(value).tolist(), strict=True))
        return MappingProxyType(found)

    def distribution_values(self) -> Values:
        """The natural parameters of a complete distribution."""
        missing = [parameter.name for parameter in self.declared if parameter.name not in self.given]
        if missing:
            example = ", ".join(f"{name}=..." for name in missing)
            raise ParameterError(
                f"{self!r} is a family without numbers for {', '.join(missing)}. "
                f"Give them ({self.title}({example})) or fit it: th.fit({self!r}, data)"
            )
        return self.given

    def log_prob(self, y: Any) -> Any:
        """Log density or mass at a vector (size,) or at rows (..., size); -inf outside the support.

        ``y`` and the parameters may be JAX's: a built-in density can stand inside a density of one's own. Such rows are
        taken to lie in the support.
        """
        values = self.distribution_values()
        eta = self.working(values)
        xp = namespace(y, eta)
        y = xp.asarray(y) if xp.is_jax else np.asarray(points_of(y, f"{self.title}.log_prob"), dtype=float)
        if not y.ndim or y.shape[-1] != self.size:
            raise ParameterError(
                f"{self.title}.log_prob: give vectors of {self.size} numbers, (..., {self.size}); this has the shape "
                f"{y.shape}"
            )
        rows = y.reshape(-1, self.size)
        known = self.known_of(rows)
        if xp.is_jax:
            return self.log_density(xp, self.prepare(xp, rows, known), eta).reshape(y.shape[:-1])
        # Where what is known of a row has a density of its own, NaN says what is not.
        unknown = np.isnan(rows) if self.missing == "marginal" else np.zeros(rows.shape, dtype=bool)
        bad = ~(np.isfinite(rows) | unknown).all(axis=1)
        safe = np.where(bad[:, np.newaxis], self.inner_point(), rows)
        outside = self.misfits(safe, known)
        bad |= False if outside is None else outside[0]
        safe = np.where(bad[:, np.newaxis], self.inner_point(), rows)
        with np.errstate(all="ignore"):
            value = self.log_density(xp, self.prepare(xp, safe, self.known_of(safe)), eta)
        value = np.where((np.isnan(rows) & ~unknown).any(axis=1), np.nan, np.where(bad, -np.inf, value))
        return value.reshape(y.shape[:-1]) if y.ndim > 1 else float(value[0])

    def density(self, y: Any) -> Any:
        """Density, or probability mass, at a vector or at rows."""
        value = self.log_prob(y)
        return namespace(value).exp(value)

    def known_of(self, rows: Any) -> Mapping[str, Any]:
        """What is known of each row, refused where it is the name of a column."""
        for name, value in self.known_values.items():
            if isinstance(value, str):
                raise ParameterError(
                    f"{name} is the column {value!r} and varies by row, and so does the distribution; make the one "
                    f"wanted: th.{self.title}({name}=..., ...)"
                )
        return self.known_values

    def mean(self) -> Array:
        """Mean vector; nan or inf where it does not exist."""
        self.distribution_values()
        return np.asarray(self.mean_at())

    def covariance(self) -> Array:
        """Covariance matrix; nan or inf where it does not exist."""
        self.distribution_values()
        return np.asarray(self.covariance_at())

    def variance(self) -> Array:
        """Variance of each entry: the diagonal of ``covariance()``."""
        return np.diagonal(self.covariance()).copy()

    def entropy(self) -> float:
        """H(p) = -E log p in nats: of a density the differential entropy, of counts that of the masses."""
        self.distribution_values()
        return float(self.entropy_at())

    def sample(self, n: int, rng: np.random.Generator | int | None = None) -> Array:
        """Draw ``n`` independent rows, (n, size).

        Parameters
        ----------
        n
            How many.
        rng
            A NumPy generator, a seed, or None for a fresh one.
        """
        if not is_count(n):
            raise ParameterError(f"sample({n!r}): the number of draws must be a whole number from 0 up")
        self.distribution_values()
        generator = generator_of(rng, f"{type(self).__name__}.sample()")
        return self.sample_at(generator, int(n))

    def cdf(self, y: Any) -> Never:
        """Refused: vectors have no order.

        Raises
        ------
        ModelError
            Always.
        """
        raise self._unordered("cdf")

    def sf(self, y: Any) -> Never:
        """Refused, as ``cdf``.

        Raises
        ------
        ModelError
            Always.
        """
        raise self._unordered("sf")

    def log_cdf(self, y: Any) -> Never:
        """Refused, as ``cdf``.

        Raises
        ------
        ModelError
            Always.
        """
        raise self._unordered("log_cdf")

    def log_sf(self, y: Any) -> Never:
        """Refused, as ``cdf``.

        Raises
        ------
        ModelError
            Always.
        """
        raise self._unordered("log_sf")

    def quantile(self, probability: Any) -> Never:
        """Refused, as ``cdf``.

        Raises
        ------
        ModelError
            Always.
        """
        raise self._unordered("quantile")

    def _unordered(self, what: str) -> ModelError:
        return ModelError(
            f"{self.title} has no {what}: its values are vectors, which have no order. Use log_prob, density, mean, "
            "covariance or sample, or describe one column by a family of single values"
        )

    def inner_point(self) -> Array:
        """A row inside the support."""
        return np.zeros(self.size or 0)
