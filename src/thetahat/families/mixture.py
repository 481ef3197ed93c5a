"""Several families at once: each value comes from one of them, and nobody saw from which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError, ParameterError
from thetahat.families._components import columns_of, common_support, gathering_of, laid_out, named
from thetahat.families._contract import NOTHING_KNOWN, Known, Theta
from thetahat.families._family import Family
from thetahat.families._mixture_law import MixedLaw
from thetahat.families._mixture_start import Recipe, starts
from thetahat.families._relabelling import in_order, with_fewer
from thetahat.families._spread_floor import above_floor, collapsible, collapsing
from thetahat.families._submodel import Submodel
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates
from thetahat.families._wrapper import family_inside
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Simplex

WEIGHT = "weight"
_UNBOUNDED = "the likelihood rises without bound as a component collapses on a value (Day, 1969)"


@final
class Mixture(MixedLaw):
    """Mixture of K families: f(y) = Σ_k weight[k] f_k(y).

    Parameters are ``weight[0]``, ..., which sum to one, and ``component[0].mean``, ... of each family; those of
    ``tied`` names are shared and keep their own name. Working coordinates are log(weight[k]/weight[0]) and those of the
    families. A fit begins with the EM algorithm (Dempster, Laird & Rubin, 1977) from several partitions of the values
    and ends with Newton's method. Labels have no meaning of their own: where families are alike, components are
    listed by ascending primary parameter (mean of Normal, rate of Poisson, ...). The likelihood has many local maxima,
    and none that is global where a component can collapse on one value (Day, 1969): then the maximum sought is one
    with every component's spread above a floor, a thousandth of the mean gap between values.

    Parameters
    ----------
    families
        Two or more families, all of counts or all of real numbers, with or without numbers.
    tied
        Names of parameters that all components share, such as ``["sd"]``; in text with + between them.
    y
        The response's column, where data have columns.
    weight
        The weights; the components' parameters are given in the families.

    Raises
    ------
    ModelError
        If there are fewer than two families, or both of counts and of real numbers, or a tied name is not theirs.

    Examples
    --------
    >>> import thetahat as th
    >>> two = th.Mixture([th.Normal(mean=0, sd=1), th.Normal(mean=4, sd=1)], weight=[0.25, 0.75])
    >>> two.mean(), two.variance()
    (3.0, 4.0)
    >>> two.responsibilities(2.0).tolist()
    [0.25, 0.75]
    >>> fit = th.fit(th.Mixture([th.Poisson(), th.Poisson()]), [0, 1, 0, 1, 1, 0, 9, 11, 8, 12])
    >>> round(fit.estimates["component[0].rate"], 3), round(fit.estimates["weight[0]"], 3)
    (0.5, 0.6)
    """

    several: ClassVar[bool] = True
    options: ClassVar[tuple[str, ...]] = ("tied",)
    regressed: ClassVar[bool] = False

    def __init__(
        self,
        families: Sequence[Any],
        *,
        tied: Sequence[str] | str | None = None,
        y: str | None = None,
        **values: Any,
    ) -> None:
        if isinstance(families, str | Family | type) or len(families) < 2:
            raise ModelError(
                f"th.Mixture({families!r}): give two families or more in a list, as in "
                "th.Mixture([th.Normal(), th.Normal()])"
            )
        inside = [family_inside("Mixture", family) for family in families]
        kinked = next((family for family in inside if family.kinked), None)
        if kinked is not None:
            raise ModelError(
                f"th.Mixture([... {kinked!r} ...]): the log-density of {kinked.title} has a kink in its "
                f"{kinked.kinked}, so that a mixture would have maxima at every row; choose a smooth family, such as "
                "th.Logistic"
            )
        if len({family.atoms() for family in inside}) > 1:
            raise ModelError(
                f"th.Mixture({families!r}): some give single values a probability beside their density and others do "
                "not, so that no mixture of theirs has a density; choose families that do so alike"
            )
        self.components = tuple(family.carrying({}, {}) for family in inside)
        self.tied = (tuple(tied.split("+")) if isinstance(tied, str) else tuple(tied)) if tied else None
        self.support, self.smaller = common_support(inside)
        shared, self.places = laid_out(inside, self.tied or ())
        self.declared = (
            Parameter(WEIGHT, Simplex(len(inside)), (0.1, 0.9)),
            *(
                Parameter(named(k, parameter.name), parameter.domain, parameter.typical)
                for k, family in enumerate(inside)
                for parameter in family.declared
                if parameter.name not in shared
            ),
            *shared.values(),
        )
        self.size = sum(parameter.domain.free_size for parameter in self.declared)
        alike = [dict(family.specification()) for family in inside]
        self.alike = tuple(alike.index(item) for item in alike)
        self.columns = columns_of(inside, self.alike, self.smaller)
        can_collapse = collapsible(inside, tuple(shared))
        # Class data of a leaf, which here depend on the families inside.
        vars(self).update(
            known=tuple(dict.fromkeys(name for family in inside for name in family.known)),
            gathers=gathering_of(inside, tuple(shared)),
            spikes="anywhere" if all(family.spikes == "anywhere" for family in inside) else "nowhere",
            open_only=any(family.open_only for family in inside),
            scales=self._scales(inside, tuple(shared)),
            dilation=self._dilation(),
            unbounded_in_theory=_UNBOUNDED if can_collapse else None,
        )
        given: dict[str, Any] = {}
        for k, family in enumerate(inside):
            given.update(family.known_values)
            for name, value in family.given.items():
                ours = name if name in shared else named(k, name)
                if given.setdefault(ours, value) is not value and name in shared:
                    raise ParameterError(
                        f"th.Mixture: {name} is tied, so give it once: Mixture(..., {name}=...)"
                    )
        columns = {family.y for family in inside} - {None}
        super().__init__(y=columns.pop() if y is None and columns else y, **{**given, **values})

    def __repr__(self) -> str:
        shown = [
            repr(family.carrying(self._given_of(k), self.known_of(k, self.known_values)))
            for k, family in enumerate(self.components)
        ]
        own = {name: self.given[name] for name in (WEIGHT, *(self.tied or ())) if name in self.given}
        text = [f"[{', '.join(shown)}]"]
        text += [f"tied={list(self.tied)!r}"] if self.tied else []
        text += [f"{n}={v.tolist() if isinstance(v, np.ndarray) else v!r}" for n, v in own.items()]
        text += [f"y={self.y!r}"] if self.y is not None else []
        return f"Mixture({', '.join(text)})"

    def _given_of(self, k: int) -> Mapping[str, Any]:
        own = [parameter.name for parameter in self.components[k].declared]
        return {name: self.given[named(k, name)] for name in own if named(k, name) in self.given}

    @staticmethod
    def _scales(inside: Sequence[Family], shared: Sequence[str]) -> tuple[str, ...]:
        """Those of the components, where all have some."""
        if not all(family.scales for family in inside) or any(family.inverse_scales for family in inside):
            return ()
        names = [
            name if name in shared else named(k, name)
            for k, family in enumerate(inside)
            for name in family.scales
        ]
        return tuple(dict.fromkeys(names))

    def _dilation(self) -> tuple[float, ...]:
        """That of the components, where all have one and agree on what they share."""
        found: list[float | None] = [0.0] * (len(self.components) - 1) + [None] * (
            self.size - len(self.components) + 1
        )
        for family, place in zip(self.components, self.places, strict=True):
            if not family.dilation:
                return ()
            for at, item in zip(place, family.dilation, strict=True):
                if found[at] not in (None, item):
                    return ()
                found[at] = item
        return tuple(item or 0.0 for item in found)

    # ---- Fitting ------------------------------------------------------------------------------------------------

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Where EM leads from the partition of the points that it leads highest from.

        Raises
        ------
        ModelError
            If the support of a component ends at a parameter that was given no number.
        """
        for k, family in enumerate(self.components):
            free = [name for name in family.edges if named(k, name) not in self.given]
            if free:
                raise ModelError(
                    f"{self.title} cannot be fitted: the support of {family.title} ends at its {free[0]}, which a "
                    f"mixture does not tell; give its number, as in th.{type(family).__name__}({free[0]}=...)"
                )
        return self.theta(starts(self._recipe(known), points)[0])

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Where EM leads from other partitions of the points, a kind for each."""
        if self.known:
            return ()
        found = starts(self._recipe(NOTHING_KNOWN), points)
        return tuple(tuple(np.asarray(item)[..., np.newaxis] for item in self.theta(eta)) for eta in found)

    def _recipe(self, known: Known) -> Recipe:
        held: list[int] = []
        at = 0
        for parameter in self.declared:
            span = range(at, at + parameter.domain.free_size)
            held.extend(span if parameter.name in self.given else ())
            at = span.stop
        numbers = [
            self.given.get(parameter.name, parameter.domain.from_free(np.zeros(parameter.domain.free_size)))
            if parameter.domain.vector
            else self.given.get(parameter.name, parameter.domain.from_free(np.float64(0.0)))
            for parameter in self.declared
        ]
        return Recipe(
            self.components,
            tuple(self.places),
            tuple(held),
            self.working(tuple(numbers)),
            lambda y: self.prepare(NUMPY, y, known),
            self.parted,
            lambda k: self.known_of(k, known),
            self.in_region if self.unbounded_in_theory else None,
        )

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """There is no closed form."""
        return None

    def in_order(self, eta: Coordinates, fixed: Collection[str]) -> Coordinates | None:
        """Alike components by ascending primary parameter, where none of their parameters is fixed."""
        if WEIGHT in fixed:
            return None
        bound = [
            any(named(k, parameter.name) in fixed for parameter in family.declared)
            for k, family in enumerate(self.components)
        ]
        return in_order(self.components, self.alike, bound, self.places, eta)

    def submodels(self, eta: Coordinates) -> tuple[Submodel, ...]:
        """The mixtures of a component less: one without weight, or two alike ones as one."""
        return with_fewer(self.components, self.alike, self.places, self.tied or (), eta)

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows that what is known of them rules out for some component."""
        for k, family in enumerate(self.components):
            found = family.misfits(y, self.known_of(k, known))
            if found is not None and np.any(found[0]):
                return found
        return None

    def misplaced(self, values: Mapping[str, Any]) -> str | None:
        """What a component finds wrong with its own."""
        for k, family in enumerate(self.components):
            own = [parameter.name for parameter in family.declared]
            wrong = family.misplaced(
                {name: values[named(k, name)] for name in own if named(k, name) in values}
            )
            if wrong is not None:
                return f"component[{k}]: {wrong}"
        return None

    def regularity(self, theta: Theta) -> str:
        """That of the first component which is not smooth; an end of a support has its number already."""
        kinds = [family.regularity(self.theta_of(k, theta)) for k, family in enumerate(self.components)]
        return next((kind for kind in kinds if kind not in {"smooth", "edge"}), "smooth")

    def atoms(self) -> tuple[float, ...]:
        """Those of the families inside, which have them alike."""
        return self.components[0].atoms()

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """That of each component, and its spread above the floor."""
        for k, family in enumerate(self.components):
            own = self.coordinates_of(k, eta)
            if not family.in_region(own, survey):
                return False
            # Searches look far out, where numbers overflow.
            with np.errstate(all="ignore"):
                theta = family.theta(own)
                if survey is not None and not above_floor(family, theta, survey):
                    return False
        return True

    def region(self) -> str | None:
        """The floor under the spread of each component."""
        if self.unbounded_in_theory is None:
            return None
        return "each component's spread above a thousandth of the mean gap between values"

    def heights(self, survey: Survey) -> tuple[Theta, ...]:
        """A component that collapses on the smallest value, beside others that hold them all."""
        shared = tuple(self.tied or ())
        found = []
        for parts in collapsing(self.components, shared, survey):
            values: dict[str, Any] = {WEIGHT: np.full(len(parts), 1.0 / len(parts))}
            for k, (family, theta) in enumerate(zip(self.components, parts, strict=True)):
                for parameter, value in zip(family.declared, theta, strict=True):
                    values.setdefault(
                        parameter.name if parameter.name in shared else named(k, parameter.name), value
                    )
            found.append(tuple(values[parameter.name] for parameter in self.declared))
        return tuple(found)

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where no component can collapse, because a parameter that it needs for that is fixed."""
        free = [
            family
            for k, family in enumerate(self.components)
            if not any(named(k, name) in fixed for name in family.gathers.point or ())
        ]
        shared = tuple(name for name in self.tied or ())
        return self.unbounded_in_theory if collapsible(free, shared) else None
