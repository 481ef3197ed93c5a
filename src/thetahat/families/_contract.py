"""The contract of a family of distributions: what a leaf declares and writes.

A leaf declares its parameters, support and limits as data, and writes its log-density once in working coordinates
(``log_density``), with analytic derivatives (``derivatives``), the log mass of an interval (``log_mass``), and a few
functions on the natural scale. What a user can call on a distribution is derived from it in ``_family.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from copy import copy
from inspect import Parameter as Argument
from inspect import Signature
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families._declarations import Declarations
from thetahat.families._frozen import Frozen
from thetahat.families._regression_form import in_regression
from thetahat.families._submodel import Submodel
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.families._text import misnamed, snake_case, text_of
from thetahat.numerics.namespace import namespace
from thetahat.parameters import Parameter

Theta = tuple[Any, ...]
Known = Mapping[str, Any]
NOTHING_KNOWN: Known = MappingProxyType({})
EDGE = 800.0
"""A log or logit that is the edge itself in double precision."""


class FamilyContract(Frozen, Declarations, ABC):
    """A parametric family; with all its numbers, a distribution; with some of them, those fixed.

    Immutable, and can be copied and pickled: what ``__init__`` of a leaf sets beside, it sets before that of the
    contract.
    """

    def __init__(self, *unnamed: Any, y: str | None = None, **values: Any) -> None:
        names = [parameter.name for parameter in self.declared]
        wrong = misnamed(type(self).__name__, [*names, *self.known], y, unnamed, values)
        if wrong is not None:
            raise ParameterError(wrong)
        self.y = y
        self._known = MappingProxyType(
            {
                name: np.asarray(values[name]) if isinstance(values[name], list | tuple) else values[name]
                for name in self.known
                if values.get(name) is not None
            }
        )
        self._values = MappingProxyType(
            {
                parameter.name: self._checked(parameter, values[parameter.name])
                for parameter in self.declared
                if values.get(parameter.name) is not None
            }
        )

        wrong = self.misplaced(self._values)
        if wrong is not None:
            raise ParameterError(f"{self!r}: {wrong}")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = getattr(cls, "declared", None)
        if declared is not None and "__init__" not in vars(cls):
            arguments = [Argument("self", Argument.POSITIONAL_OR_KEYWORD)]
            arguments += [
                Argument(name, Argument.KEYWORD_ONLY, default=None)
                for name in ("y", *(parameter.name for parameter in declared), *cls.known)
            ]
            cls.__signature__ = Signature(arguments[1:])  # type: ignore[attr-defined]

    def _checked(self, parameter: Parameter, value: Any) -> Any:
        if namespace(value).is_jax or (parameter.domain.vector and any(namespace(v).is_jax for v in value)):
            return value
        try:
            array = np.asarray(value, dtype=float)
            inside = parameter.domain.contains(array)
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ParameterError(
                f"{type(self).__name__}({parameter.name}={value!r}): {parameter.name} must be "
                f"{parameter.domain.describe()}"
            )
        return array if array.ndim else float(array)

    # ---- What a leaf writes -------------------------------------------------------------------------------------

    @abstractmethod
    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Compute once what every evaluation needs of the rows: y, log y, log y!, ..."""

    @abstractmethod
    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log density or mass of prepared rows at working coordinates; the one formula, for NumPy and JAX."""

    @abstractmethod
    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """``log_density`` with its analytic gradient and Hessian in working coordinates (NumPy)."""

    def slopes(self, rows: Rows, eta: Coordinates) -> Terms:
        """``derivatives`` of which the Hessian is not wanted, and may be left out."""
        return self.derivatives(rows, eta)

    @abstractmethod
    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """log P(low < Y <= high), with two derivatives in working coordinates when ``order`` is 2."""

    @abstractmethod
    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Fisher information of one row in working coordinates: lower triangle, row by row."""

    @abstractmethod
    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Natural start values from representative points; never fails on points inside the support."""

    def start_weighted(self, points: NDArray[np.float64], weight: Array, known: Known) -> Theta | None:
        """``start`` from distinct points with their weights; None where a leaf takes them repeated in proportion."""
        return None

    @abstractmethod
    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The closed-form maximum from sufficient statistics, edges included; None where there is none."""

    def solve_given(self, survey: Survey, known: Known, fixed: Mapping[str, Any]) -> Theta | None:
        """``solve`` where some parameters may be fixed; the whole of theta, or None where there is no closed form."""
        return None if fixed else self.solve(survey, known)

    def edge_values(self, survey: Survey) -> Mapping[str, float]:
        """Values of ``edges`` where ℓ breaks off as it rises, whatever the other parameters; empty where unknown.

        For rows of all kinds that have no closed form.
        """
        return {}

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """Slopes of log f in the ``kinked`` parameter as it comes up to the row's value, and as it goes on from there.

        They may leave out what does not jump, and are infinite at a cusp. ``derivatives`` has their mean there, or 0 in
        place of infinite ones.
        """
        return 0.0, 0.0

    def sided(self, above: Any, below: Any, fixed: Mapping[str, Any]) -> Theta | None:
        """The other parameters' maximum for exact rows, where the mean distances above and below the kink tell it.

        For densities whose log is affine on either side of the ``kinked`` parameter, the first one, with a likelihood
        that is concave in these two means at that maximum; None for others.
        """
        return None

    def quantile_level(self, fixed: Mapping[str, Any]) -> float | None:
        """P(Y < location) where log f is affine on each side of it, whatever is not fixed; None elsewhere, or free."""
        return None

    def one_sided(self, survey: Survey) -> tuple[tuple[Mapping[str, float], float, str], ...]:
        """Suprema of exact rows that are neared and not attained as a kink nears an outermost row, with all free.

        Each with its parameters there and the limit in words; a maximum may be higher.
        """
        return ()

    def degenerate(self, survey: Survey) -> tuple[Mapping[str, float], ...]:
        """Values of some parameters that meet in an outermost row, where a kinked likelihood may have its maximum.

        The other parameters are then maximised over.
        """
        return ()

    @abstractmethod
    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Smallest y with F(y) >= probability."""

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """P(Y <= y) and P(Y > y), each to its own last digits, where that takes less than ``log_mass``; else None."""
        return None

    @abstractmethod
    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean; inf or nan where it does not exist."""

    @abstractmethod
    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Variance; inf or nan where it does not exist."""

    @abstractmethod
    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Draw ``size`` independent values."""

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """-E log p in nats; None where no formula is known, and it is then integrated or summed."""
        return None

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """E log p_theta - E log p_other in nats, both of this family; None where no formula is known."""
        return None

    def atoms(self) -> tuple[float, ...]:
        """Values that have probability of their own beside a density."""
        return ()

    def encode(self, y: Any) -> Any:
        """Turn what users call values into the numbers that ``prepare`` takes; labels become codes."""
        return y

    def decode(self, y: Array) -> Array:
        """Turn the numbers that ``prepare`` takes into what users call values; the inverse of ``encode``."""
        return y

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows that what is known of them rules out, as a mask with the reason; None where there can be none."""
        return None

    def misplaced(self, values: Mapping[str, Any]) -> str | None:
        """Say what is wrong with numbers that are each inside their domain, such as ends in the wrong order."""
        return None

    def regularity(self, theta: Theta) -> str:
        """How regular the family is at theta: ``smooth`` unless a leaf says otherwise."""
        return "smooth"

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Whether working coordinates lie in the declared regular region."""
        return True

    def region(self) -> str | None:
        """The declared regular region in words, or None where it is the whole parameter space."""
        return None

    def unbounded_by(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Why the likelihood of these data has no global bound, for a family of which only that of some has none."""
        return None

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """``unbounded_in_theory`` where these parameters are fixed, which may bound the likelihood.

        The survey's ``tie`` is that of the location where that is fixed, and may be 0.
        """
        return self.unbounded_in_theory

    def outweighed(self, fixed: Mapping[str, Any]) -> float | None:
        """Times as many rows equal one value as exclude it, from which on no maximum lies inside.

        ℓ then rises without bound as the second parameter, a scale, shrinks on that value, and to a supremum at that
        number itself. None where the tails do not settle it.
        """
        return None

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """A theorem of uniqueness that holds because these parameters are fixed, or None."""
        return None

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Starts for other maxima, as columns of natural values: of each kind the best is tried."""
        return ()

    def in_order(self, eta: Coordinates, fixed: Collection[str]) -> Coordinates | None:
        """The same distribution with parts that can be exchanged in their order; None where they are in it."""
        return None

    def submodels(self, eta: Coordinates) -> tuple[Submodel, ...]:
        """Simpler distributions of the family near this one, where some parameters say nothing."""
        return ()

    def heights(self, survey: Survey) -> tuple[Theta, ...]:
        """Parameters along which the likelihood of exact rows rises without bound, for families where some do."""
        return ()

    def collapse(self, survey: Survey) -> tuple[Mapping[str, float], float, str] | None:
        """Where the supremum of exact rows is neared and not attained, beside what ``gathers`` tells.

        The parameters there, the supremum and the place in words; None where there is nothing of the kind.
        """
        return None

    def regression_form(self) -> FamilyContract:
        """The family that a regression fits in place of this one, with the numbers that mean the same there.

        Raises
        ------
        ModelError
            If a number was given that means nothing there.
        """
        return in_regression(self, self.regresses_as) if self.regresses_as else self

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """By exact row, whether log f never falls as the primary working coordinate grows, and as it falls.

        It rises somewhere on the way, unless both are true: then the row says nothing of the primary parameter.
        """
        return False, False

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The primary parameter at which each row's density is highest, the others at theta; None where unknown.

        An edge such as 0 stands for a density that is highest towards it. A vector has one column a row.
        """
        return None

    def refinement(self, survey: Survey) -> Any:
        """A function of prepared rows whose weighted mean ``solve`` wants beside the survey, or None."""
        return None

    # ---- What follows ------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The family's name in snake case."""
        return snake_case(type(self).__name__)

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters that were given numbers, whole vectors under their parameter's name."""
        return self._values

    @property
    def known_values(self) -> Known:
        """The known quantities that were given: numbers, arrays or column names."""
        return self._known

    @property
    def option_values(self) -> Mapping[str, Any]:
        """The settings beside parameters and known quantities; None for those that were not given."""
        return MappingProxyType({name: getattr(self, name) for name in self.options})

    @property
    def complete(self) -> bool:
        """Whether every parameter has its number."""
        return len(self._values) == len(self.declared)

    def __repr__(self) -> str:
        options = {name: value for name, value in self.option_values.items() if value is not None}
        return text_of(type(self).__name__, self.y, {**self._values, **self._known, **options})

    def frozen(self, estimates: Mapping[str, float]) -> Self:
        """Return the distribution with these numbers, edges such as prob = 1 included.

        Raises
        ------
        ParameterError
            If a number is missing, NaN or infinite, so that there is no such distribution.
        """
        values: dict[str, Any] = {}
        for parameter in self.declared:
            entries = [estimates[name] for name in parameter.names]
            if not np.isfinite(entries).all():
                raise ParameterError(
                    f"{parameter.name} is {entries[0]:g}, at which there is no {type(self).__name__} distribution; "
                    "see the certificate's limit"
                )
            values[parameter.name] = np.array(entries) if parameter.domain.vector else entries[0]
        return self.carrying(values, self._known)

    def carrying(self, values: Mapping[str, Any], known: Known) -> Self:
        """Return the family with these numbers and known quantities in the place of its own, unchecked."""
        made = copy(self)
        vars(made)["_known"] = MappingProxyType(dict(known))
        vars(made)["_values"] = MappingProxyType(dict(values))
        return made

    def working(self, theta: Theta) -> Coordinates:
        """Natural parameters -> working coordinates."""
        coordinates: list[Any] = []
        for parameter, value in zip(self.declared, theta, strict=True):
            free = parameter.domain.to_free(value)
            if not namespace(free).is_jax and np.isinf(free).any():
                # An edge, such as prob = 1: far enough out to be it, near enough in that 0 times it is 0.
                free = np.clip(free, -EDGE, EDGE)
            coordinates.extend(free) if parameter.domain.vector else coordinates.append(free)
        return tuple(coordinates)

    def theta(self, eta: Coordinates) -> Theta:
        """Working coordinates -> natural parameters."""
        values = []
        start = 0
        for parameter in self.declared:
            size = parameter.domain.free_size
            part = eta[start : start + size]
            values.append(
                parameter.domain.from_free(np.asarray(part) if parameter.domain.vector else part[0])
            )
            start += size
        return tuple(values)
