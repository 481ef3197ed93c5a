"""What a user can call on a distribution, derived from the contract once for every family."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families._contract import FamilyContract, Theta
from thetahat.families._tails import inner_point, tail_terms
from thetahat.families._unit import in_unit
from thetahat.numerics.generator import generator_of, is_count
from thetahat.numerics.namespace import namespace

if TYPE_CHECKING:
    from thetahat.families._censored_ends import Covering, Ends
    from thetahat.families._entered_ends import Entered
    from thetahat.families._mixed_ends import Mixed

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
    def title(self) -> str:
        """The family's name as in Python."""
        return type(self).__name__

    def specification(self) -> Mapping[str, Any]:
        """Name and options as plain data, from which the family can be made again."""
        options = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.option_values.items()
        }
        return {"family": self.name, **options}

    def ends_of_rows(self, rows: Covering, fixed: Mapping[str, Any]) -> Ends | None:
        """The maximum of a family that is ``between_ends``; None where what is fixed leaves a row outside."""
        return None

    def ends_of_entered(self, rows: Entered | Mixed, fixed: Mapping[str, Any]) -> Ends | None:
        """The same from exact rows and rows open at one side, which have limits of truncation at the other."""
        return None

    def limiting(self, family: Family) -> Family:
        """What a family that was declared as a limit is here."""
        return family

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The numbers that the distribution has, by name; a vector's entries as ``probs[0]``, ..."""
        entries: dict[str, Any] = {}
        for parameter in self.declared:
            if parameter.name in self.given:
                entries.update(
                    zip(parameter.names, np.atleast_1d(self.given[parameter.name]).tolist(), strict=True)
                )
        return MappingProxyType(entries)

    def distribution_theta(self) -> Theta:
        """The natural parameters of a complete distribution."""
        missing = [parameter.name for parameter in self.declared if parameter.name not in self._values]
        if missing:
            example = ", ".join(f"{name}=..." for name in missing)
            raise ParameterError(
                f"{self!r} is a family without numbers for {', '.join(missing)}. "
                f"Give them ({type(self).__name__}({example})) or fit it: th.fit({self!r}, data)"
            )
        for name, value in self._known.items():
            if isinstance(value, str):
                raise ParameterError(
                    f"{name} is the column {value!r} and varies by row, and so does the distribution; make the one "
                    f"wanted: th.{type(self).__name__}({name}=..., **fit.estimates)"
                )
        absent = [name for name in self.known if name not in self._known]
        if absent:
            raise ParameterError(f"{self!r} needs {absent[0]}: {type(self).__name__}({absent[0]}=..., ...)")
        if self._known and not namespace(*self._known.values()).is_jax:
            wrong = self.misfits(
                np.zeros(np.broadcast_shapes(*map(np.shape, self._known.values()))), self._known
            )
            if wrong is not None and np.any(wrong[0]):
                raise ParameterError(f"{self!r}: {wrong[1]}")
        return tuple(self._values[parameter.name] for parameter in self.declared)

    def _asked(self, values: Any, method: str) -> Array:
        # A fit asks for none of these.
        from thetahat.families._points import points_of

        return points_of(values, f"{type(self).__name__}.{method}")

    def log_prob(self, y: Any) -> Any:
        """Log density (continuous) or log mass (discrete) at ``y``; -inf outside the support.

        ``y`` and the parameters may be JAX's: a built-in density can stand inside a density of one's own.
        """
        theta = self.distribution_theta()
        xp = namespace(y, *theta, *self.known_values.values())
        if xp.is_jax:
            from thetahat.families._bridge import log_prob

            return log_prob(self, y, theta)
        y = self._asked(self.encode(y), "log_prob")
        inside = self.support.contains(y)
        safe = np.where(inside, y, inner_point(self.support))
        safe, theta, unit = in_unit(self, safe, theta)
        with np.errstate(all="ignore"):
            value = self.log_density(xp, self.prepare(xp, safe, self.known_values), self.working(theta))
        if unit != 1.0:
            value = value - log(unit)
        result = np.where(np.isnan(y), np.nan, np.where(inside, value, -np.inf))
        return result if result.ndim else float(result)

    def density(self, y: Any) -> Any:
        """Density, or probability mass, at ``y``."""
        return _exponential(self.log_prob(y))

    def log_cdf(self, y: Any) -> Any:
        """log P(Y <= y), accurate far in either tail."""
        return self._log_tail(y, upper=False)

    def log_sf(self, y: Any) -> Any:
        """log P(Y > y), the log survival function, accurate far in either tail."""
        return self._log_tail(y, upper=True)

    def cdf(self, y: Any) -> Any:
        """P(Y <= y)."""
        return _exponential(self.log_cdf(y))

    def sf(self, y: Any) -> Any:
        """P(Y > y)."""
        return _exponential(self.log_sf(y))

    def _log_tail(self, y: Any, *, upper: bool) -> Any:
        theta = self.distribution_theta()
        y = self.encode(y)
        if namespace(y, *theta, *self.known_values.values()).is_jax:
            from thetahat.families._bridge import log_tail

            return log_tail(self, y, theta, upper=upper)
        array = np.asarray(self._asked(y, "log_sf" if upper else "log_cdf"), dtype=float)
        y, theta, _ = in_unit(self, array, theta)
        result = tail_terms(self, y, self.known_values, self.working(theta), upper=upper, order=0).value
        return result if result.ndim else float(result)

    def quantile(self, probability: Any) -> Any:
        """Smallest y with P(Y <= y) at least ``probability``.

        Raises
        ------
        ParameterError
            If a probability is not between 0 and 1.
        """
        array = np.asarray(self._asked(probability, "quantile"), dtype=float)
        if not np.all((array >= 0) & (array <= 1)):
            raise ParameterError(f"quantile({probability!r}): a probability must be between 0 and 1")
        with np.errstate(all="ignore"):
            result = np.asarray(self.quantile_at(array, self.distribution_theta(), self.known_values))
        result = self.decode(result)
        if result.ndim:
            return result
        return result.item() if self.labelled else float(result)

    def mean(self) -> Any:
        """Mean of the distribution; inf or nan where it does not exist."""
        return _number(self.mean_at(self.distribution_theta(), self.known_values))

    def variance(self) -> Any:
        """Variance of the distribution; inf or nan where it does not exist."""
        return _number(self.variance_at(self.distribution_theta(), self.known_values))

    def entropy(self) -> float:
        """H(p) = -E log p in nats: of a density the differential entropy, of counts and labels that of the masses.

        By formula where one is known, else summed or integrated to within 1e-8; ``th.entropy`` tells the bound.

        Examples
        --------
        >>> import thetahat as th
        >>> th.Exponential(rate=1).entropy()
        1.0
        """
        from thetahat.families._divergences import entropy_of

        return entropy_of(self)[0]

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Array:
        """Draw ``n`` independent values.

        Parameters
        ----------
        n
            How many.
        rng
            A NumPy generator, a seed, or None for a fresh one.
        """
        if not is_count(n):
            raise ParameterError(f"sample({n!r}): the number of draws must be a whole number from 0 up")
        generator = generator_of(rng, f"{type(self).__name__}.sample()")
        return self.sample_at(generator, int(n), self.distribution_theta(), self.known_values)


def _exponential(value: Any) -> Any:
    xp = namespace(value)
    return xp.exp(value) if xp.is_jax else _number(np.exp(value))


def _number(value: Any) -> Any:
    array = np.asarray(value)
    return array if array.ndim else float(array)
