"""The contract of a family of vectors: what a leaf declares and writes.

A row is a vector of ``size`` numbers. A leaf declares its parameters for any size, writes its log-density once in
working coordinates (``log_density``, for NumPy and JAX), and its derivatives analytically: the scores of rows, and
summed over rows the score and the information, which few families need row by row. What a user can call on a
distribution is derived from it in ``_family.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from inspect import Parameter as Argument
from inspect import Signature
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families._contract import EDGE
from thetahat.families._frozen import Frozen
from thetahat.families._limit import Limit
from thetahat.families._terms import Rows
from thetahat.families._text import snake_case, text_of
from thetahat.families.multivariate._moments import Moments
from thetahat.families.multivariate._records import Condensed, Derivatives, Extreme, Unseen
from thetahat.families.multivariate._sizes import size_of
from thetahat.numerics.namespace import namespace
from thetahat.parameters import Parameter, PositiveDefinite

Array = NDArray[Any]
Values = Mapping[str, Any]
Known = Mapping[str, Any]


class MultivariateContract(Frozen, ABC):
    """A parametric family of vectors; with all its numbers a distribution, with some of them those fixed.

    Class data
    ----------
    known
        Names of quantities known for each row, such as ``trials``.
    takes
        What rows must be, in words that follow "takes".
    fewest
        The smallest number of columns.
    discrete
        Whether rows are counts.
    handles_missing
        What can be done with rows that have missing values: refuse them, leave them out, or take the density of what
        is known of them, in which case ``prepare`` is given NaN in the place of what is not.
    piles_up
        Whether the likelihood can rise without bound as the density piles up on some of many rows.
    closed_form
        Whether the maximum needs no step.
    uniqueness
        The theorem by which a stationary point is the global maximum, or None.
    limits
        Limiting submodels. ``names`` and ``moving`` are of whole parameters.
    region_of
        The parameters without one of which there is no regular region to keep to.
    """

    known: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[str] = "vectors of finite numbers"
    fewest: ClassVar[int] = 1
    discrete: ClassVar[bool] = False
    handles_missing: ClassVar[tuple[str, ...]] = ("error", "drop")
    piles_up: ClassVar[bool] = False
    closed_form: ClassVar[bool] = False
    uniqueness: ClassVar[str | None] = None
    limits: ClassVar[tuple[Limit, ...]] = ()
    region_of: ClassVar[tuple[str, ...]] = ()

    # ---- What a leaf writes -------------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def parameters_of(cls, size: int) -> tuple[Parameter, ...]:
        """The parameters of vectors of this size. Working coordinates are their free ones, concatenated."""

    @abstractmethod
    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Compute once what every evaluation needs of the rows (n, size); each item has a row for each."""

    @abstractmethod
    def log_density(self, xp: Any, rows: Rows, eta: Any) -> Any:
        """Log density or mass of prepared rows at working coordinates (k,); the one formula, for NumPy and JAX."""

    @abstractmethod
    def scores(self, rows: Rows, eta: Array) -> Array:
        """∂ log f/∂eta of each row, (n, k)."""

    @abstractmethod
    def derivatives(self, rows: Rows, weight: Array, eta: Array) -> Derivatives:
        """``log_density`` with its analytic derivatives summed over rows."""

    @abstractmethod
    def expected_information(self, rows: Rows, weight: Array, eta: Array) -> Array:
        """Σ w E(-∂² log f/∂eta²) over rows, (k, k); rows tell it no more than what is known of them."""

    @abstractmethod
    def statistics(self, rows: Rows) -> Array:
        """What of prepared rows is to be averaged for ``solve`` and ``start``, (n, q)."""

    @abstractmethod
    def start(self, moments: Moments, sample: Rows, weight: Array) -> Values:
        """Natural start values from the moments and some of the rows; never fails on rows inside the support."""

    @abstractmethod
    def mean_at(self) -> Array:
        """Mean vector; nan or inf where it does not exist."""

    @abstractmethod
    def covariance_at(self) -> Array:
        """Covariance matrix; nan or inf where it does not exist."""

    @abstractmethod
    def entropy_at(self) -> float:
        """-E log p in nats."""

    def divergence_at(self, other: Self) -> float | None:
        """E log p - E log q in nats, q of the same family and size; None where no formula is known."""
        return None

    @abstractmethod
    def sample_at(self, rng: np.random.Generator, n: int) -> Array:
        """Draw ``n`` independent rows."""

    def solve(self, moments: Moments, fixed: Values) -> Values | None:
        """The closed-form maximum from moments, edges included; None where there is none.

        Fixed parameters keep their values.
        """
        return None

    def moments_of(self, rows: Rows, weight: Array, n_rows: int) -> Moments:
        """The moments of ``statistics`` over prepared rows of positive weight, of so many."""
        return Moments.of(self.statistics(rows), weight, n_rows)

    def magnitude(self, rows: Rows, eta: Array) -> Any:
        """How large the parts are that cancel in a row's log density, where they are larger than itself."""
        return 0.0

    def condensed(self, moments: Moments) -> Condensed | None:
        """Pseudo rows that have the log-likelihood of all rows, where moments are sufficient; else None."""
        return None

    def degenerate(self, moments: Moments, columns: Sequence[str], fixed: Values) -> str | None:
        """Why the likelihood of such rows has no upper bound, naming the columns; None where none is known."""
        return None

    def empty(self, moments: Moments) -> Array:
        """Columns whose own parameters lie on the edge of their domain at the maximum."""
        return np.zeros(0, dtype=bool)

    def lost_at(self, solution: Values, fixed: Values) -> tuple[str, ...]:
        """Parameters that mean nothing at a closed form on the edge of the others."""
        return ()

    def extreme(self, moments: Moments, fixed: Values) -> Extreme | None:
        """The supremum of such rows, where it is known to lie on the edge of the parameter space."""
        return None

    def level(self, moments: Moments, fixed: Values) -> Array | None:
        """A direction in working coordinates that such rows say nothing of, or None."""
        return None

    def unseen(self, moments: Moments, fixed: Values) -> Unseen | None:
        """Entries of a parameter that such rows say nothing of, whatever the others are; None where there are none."""
        return None

    def known_of_rows(self, rows: Rows) -> Known:
        """What new rows are to be drawn with, where prepared rows tell."""
        return {}

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows of finite numbers outside the support, as a mask with the reason; None where there can be none."""
        return None

    def misplaced(self, values: Values) -> str | None:
        """Say what is wrong with numbers that are each inside their domain."""
        return None

    def charted(self, moments: Moments) -> Self:
        """The family in working coordinates that suit these rows, where those depend on them."""
        return self

    def lowest(self, sample: Rows, weight: Array) -> Array | None:
        """What working coordinates have to exceed to lie in the declared regular region, by some of the rows."""
        return None

    def further_starts(self, sample: Rows, weight: Array) -> Sequence[Values]:
        """Where else a maximum may be, where none is known to be the only one."""
        return ()

    def region(self) -> str | None:
        """The declared regular region in words, or None where it is the whole parameter space."""
        return None

    def unbounded_in_theory(self, fixed: Values) -> str | None:
        """A sentence where the likelihood has no global bound with these parameters fixed, or None."""
        return None

    def uniqueness_given(self, fixed: Values) -> str | None:
        """The theorem of uniqueness that holds with these parameters fixed."""
        return self.uniqueness

    # ---- What follows -------------------------------------------------------------------------------------------

    def __init__(
        self, *, y: str | Sequence[str] | None = None, missing: str = "error", **values: Any
    ) -> None:
        names = [parameter.name for parameter in self.parameters_of(self.fewest)]
        title = type(self).__name__
        unknown = [name for name in values if name not in names and name not in self.known]
        if unknown:
            takes = ", ".join([*names, *self.known])
            raise ParameterError(f"{title} has no parameter {unknown[0]!r}; its parameters are: {takes}")
        self.y = y if y is None or isinstance(y, str) else tuple(y)
        if isinstance(self.y, tuple) and not (self.y and all(isinstance(name, str) for name in self.y)):
            raise ParameterError(f"{title}(y={y!r}): give the names of columns, as in y=['a', 'b']")
        self.missing = missing
        if missing not in self.handles_missing:
            choices = ", ".join(map(repr, self.handles_missing))
            raise ParameterError(f"{title}(missing={missing!r}): choose from {choices}")
        given = {name: value for name, value in values.items() if value is not None}
        self._known = MappingProxyType({name: given[name] for name in self.known if name in given})
        self.size: int | None = size_of(title, self.parameters_of(self.fewest), self.fewest, given)
        self._declared = () if self.size is None else self.declared_for(self.size, given)
        self._values = MappingProxyType(
            {name: self._checked(name, given[name]) for name in names if name in given}
        )
        wrong = self.misplaced(self._values)
        if wrong is not None:
            raise ParameterError(f"{self!r}: {wrong}")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not getattr(cls, "__abstractmethods__", frozenset()) and "parameters_of" in vars(cls):
            names = ["y", *(parameter.name for parameter in cls.parameters_of(cls.fewest)), *cls.known]
            cls.__signature__ = Signature(  # type: ignore[attr-defined]
                [
                    *(Argument(name, Argument.KEYWORD_ONLY, default=None) for name in names),
                    Argument("missing", Argument.KEYWORD_ONLY, default="error"),
                ]
            )

    def declared_for(self, size: int, given: Values) -> tuple[Parameter, ...]:
        """The parameters of vectors of this size, in working coordinates that suit the numbers that were given."""
        return self.parameters_of(size)

    def _checked(self, name: str, value: Any) -> Any:
        if namespace(value).is_jax:
            return value
        domain = (self.by_name if self.size is not None else self._smallest())[name].domain
        try:
            array = np.array(value, dtype=float)
            inside = domain.contains(array)
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ParameterError(
                f"{type(self).__name__}({name}={value!r}): {name} must be {domain.describe()}"
            )
        if isinstance(domain, PositiveDefinite):
            array = domain.matrix(array)
        array.flags.writeable = False
        return array if array.ndim else float(array)

    def _smallest(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters_of(self.fewest)}

    def sized(self, size: int) -> Self:
        """The family of vectors of this size."""
        return self if self.size == size else self.made(size, self.declared_for(size, self._values))

    def made(self, size: int, declared: tuple[Parameter, ...]) -> Self:
        """The family with these parameters, those that have numbers keeping them."""
        made = copy(self)
        vars(made).update(size=size, _declared=declared)
        return made

    @property
    def declared(self) -> tuple[Parameter, ...]:
        """The parameters, in order."""
        if self.size is None:
            raise ParameterError(
                f"{self!r} does not know how many columns it has: give numbers, such as "
                f"{self.parameters_of(self.fewest)[0].name}=[...], or fit it: th.fit({self!r}, data)"
            )
        return self._declared

    @property
    def by_name(self) -> Mapping[str, Parameter]:
        """The parameters by their names."""
        return {parameter.name: parameter for parameter in self.declared}

    @property
    def name(self) -> str:
        """The family's name in snake case."""
        return snake_case(type(self).__name__)

    @property
    def title(self) -> str:
        """The family's name as in Python."""
        return type(self).__name__

    @property
    def given(self) -> Values:
        """The parameters that were given numbers: vectors and matrices whole."""
        return self._values

    @property
    def known_values(self) -> Known:
        """The known quantities that were given: a number, an array or a column's name."""
        return self._known

    def specification(self) -> Mapping[str, Any]:
        """Name, size and what is done with missing values, as plain data from which the family can be made again."""
        return {"family": self.name, "size": self.size, **self._unusual}

    def frozen(self, estimates: Mapping[str, float]) -> Self:
        """Return the distribution with these numbers, edges included.

        Raises
        ------
        ParameterError
            If a number is missing, NaN or infinite, so that there is no such distribution.
        """
        values: dict[str, Any] = {}
        for parameter in self.declared:
            entries = np.array([estimates[name] for name in parameter.names])
            if not np.isfinite(entries).all():
                raise ParameterError(
                    f"{parameter.name} has no finite numbers, so there is no {self.title} distribution; see the "
                    "certificate's limit"
                )
            domain = parameter.domain
            values[parameter.name] = (
                domain.matrix(entries) if isinstance(domain, PositiveDefinite) else entries
            )
            if not domain.vector:
                values[parameter.name] = float(entries[0])
        assert self.size is not None  # noqa: S101 - there are declared parameters
        made = self.made(self.size, self.declared_for(self.size, values))
        vars(made)["_values"] = MappingProxyType(values)
        return made

    def knowing(self, known: Known) -> Self:
        """The same distribution with these known quantities."""
        made = copy(self)
        vars(made)["_known"] = MappingProxyType(dict(known))
        return made

    def working(self, values: Values) -> Any:
        """Natural parameters -> working coordinates (k,), NumPy's or JAX's."""
        parts = []
        for parameter in self.declared:
            free = parameter.domain.to_free(values[parameter.name])
            xp = namespace(free)
            if not xp.is_jax and np.isinf(free).any():
                # An edge, such as a probability of 0: far enough out to be it, near enough in that 0 times it is 0.
                free = parameter.domain.beside_edge(values[parameter.name], EDGE)
            parts.append(free if np.ndim(free) else xp.stack([free]))
        return namespace(*parts).concatenate(parts)

    def parts(self, eta: Any) -> tuple[Any, ...]:
        """The working coordinates of each parameter; one number where it has one coordinate of its own."""
        found, at = [], 0
        for parameter in self.declared:
            part = eta[at : at + parameter.domain.free_size]
            found.append(part if parameter.domain.vector else part[0])
            at += parameter.domain.free_size
        return tuple(found)

    @property
    def _unusual(self) -> Mapping[str, str]:
        return {} if self.missing == "error" else {"missing": self.missing}

    def __repr__(self) -> str:
        shown: Any = list(self.y) if isinstance(self.y, tuple) else self.y
        return text_of(type(self).__name__, shown, {**self._values, **self._known, **self._unusual})
