"""What drives each working coordinate of a family: a linear predictor through its link, or a number of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError, ParameterError
from thetahat.designs import Design, Designer
from thetahat.families import Family
from thetahat.families._contract import FamilyContract
from thetahat.links import Link, default_link, link_named
from thetahat.parameters import Parameter, ParameterTable, Real
from thetahat.parameters._entries import entries_joined

Array = NDArray[Any]
Vector = NDArray[np.float64]
Bend = tuple[Any, Any] | None
"""The two derivatives of a link; None where it is the identity."""
Bends = tuple[Bend, ...]
Entry = str | Parameter
"""A coefficient by its name, or a parameter that has no predictor."""
SHARED = 64
"""Parameters, up to which a table is kept for the next fit of the same."""


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive working coordinates that are made alike: each of one number of the point, or of one design.

    ``design`` is its position among the designs, None for a number; ``span`` the part of the point, which holds the
    coefficients of ``size`` coordinates one after another.
    """

    design: int | None
    span: slice
    size: int = 1
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Predictors:
    """The designers of a regression, and how its family's working coordinates are made of a point.

    ``owners`` names, for each designer, the parameter that it drives; ``groups`` are in the family's order. ``unit`` is
    that in which responses and their location are computed.
    """

    designers: tuple[Designer, ...]
    owners: tuple[str, ...]
    groups: tuple[Group, ...]
    table: ParameterTable
    unit: float = 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the designs read."""
        return tuple(dict.fromkeys(name for designer in self.designers for name in designer.columns))

    def coordinates(
        self, designs: Sequence[Design], offsets: Sequence[Vector | None], working: Vector
    ) -> tuple[tuple[Any, ...], Bends]:
        """Return the working coordinates of rows and, where a link bends them, its two derivatives."""
        return self.through_links(self.linear(designs, offsets, working))

    def linear(
        self, designs: Sequence[Design], offsets: Sequence[Vector | None], working: Vector
    ) -> list[Any]:
        """Return what goes into the links: for each coordinate X β with its offset, or its own number."""
        first = self.groups[0]
        if len(self.groups) == 1 and first.design is not None and first.size == 1:
            predictor, offset = designs[first.design].matvec(working), offsets[first.design]
            return [predictor if offset is None else predictor + offset]
        made = self.along(designs, working)
        at = 0
        for group in self.groups:
            offset = None if group.design is None else offsets[group.design]
            if offset is not None:
                for place in range(at, at + group.size):
                    made[place] = made[place] + offset
            at += group.size
        return made

    def along(self, designs: Sequence[Design], vector: Vector) -> list[Any]:
        """Return how far each coordinate's predictor, or its own number, moves along a vector."""
        made: list[Any] = []
        for group in self.groups:
            if group.design is None:
                made.append(vector[group.span.start])
            elif group.size == 1:
                made.append(designs[group.design].matvec(vector[group.span]))
            else:
                coefficients = vector[group.span].reshape(group.size, -1)
                made.extend(designs[group.design].matvec(coefficients))
        return made

    def through_links(self, linear: Sequence[Any]) -> tuple[tuple[Any, ...], Bends]:
        """Return working coordinates of what goes into the links, and what bends them there."""
        if len(linear) == 1 and ((link := self.groups[0].link) is None or link.trivial):
            return (linear[0],), (None,)
        eta: list[Any] = []
        bends: list[Bend] = []
        at = 0
        for group in self.groups:
            link = group.link
            if group.size > 1 or link is None or link.trivial:
                eta.extend(linear[at : at + group.size])
                bends.extend([None] * group.size)
            else:
                value, slope, curvature = link.working(linear[at])
                eta.append(value)
                bends.append((slope, curvature))
            at += group.size
        return tuple(eta), tuple(bends)


def primary_of(family: FamilyContract) -> str:
    """Return the name of the parameter that the first formula drives.

    Raises
    ------
    ModelError
        If the family is not regressed.
    """
    if family.regressed:
        return family.primary or family.declared[0].name
    what = f"{family!r} is not regressed"
    if family.edges:
        ends = " and ".join(family.edges)
        raise ModelError(
            f"{what}: its support ends at {ends}, and a regression of an end is settled by as many outermost rows as "
            "it has coefficients, without standard errors. Where the ends are known, regress (y - low)/(high - low) as "
            "th.BetaMean(); to follow an end of the data, regress a high or low quantile, "
            "th.AsymmetricLaplace(tau=0.95); or fit each group of rows by itself"
        )
    if family.kinked:
        raise ModelError(
            f"{what}: its log-likelihood has kinks in the {family.kinked}, at which the maximum of a regression is not "
            "looked for. Regress th.Laplace() or th.AsymmetricLaplace(tau=0.5), whose maximum a linear programme "
            "finds, or a smooth family with heavy tails, such as th.StudentT or th.Logistic; or fit it without "
            "covariates"
        )
    raise ModelError(
        f"{what}: none of its parameters is one for a formula to drive. Choose a family that has a location, a mean or "
        "a scale"
    )


def predictors(
    family: Family,
    designers: Mapping[str, Designer],
    links: Mapping[str, str],
    fixed: Mapping[str, Any],
    unit: float = 1.0,
) -> Predictors:
    """Lay out the parameters of a regression: coefficients of predictors, then what has no predictor.

    Parameters
    ----------
    family
        In its regression form, its levels known.
    designers
        By parameter; the primary one's is there.
    links
        Names of links by parameter; the default one where there is none.
    fixed
        Values that are held: of coefficients on the scale of the predictor, of other parameters on the natural one.
    unit
        That of responses, where their location is regressed as it is.

    Raises
    ------
    ModelError
        If a link or a formula is for no parameter, or a parameter cannot be driven.
    ParameterError
        If a parameter with a formula was given a number.
    """
    names = [parameter.name for parameter in family.declared]
    for what, given in (("a formula", designers), ("links", links)):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ModelError(
                f"{what} for {unknown[0]!r}: {type(family).__name__} regresses {', '.join(names)}"
            )
    for name in links:
        if name not in designers:
            raise ModelError(f"links={{{name!r}: ...}}: {name} has no formula, so there is nothing to link")
    primary = primary_of(family)
    in_order = sorted(family.declared, key=lambda parameter: parameter.name != primary)
    entries: list[Entry] = []
    groups: dict[str, list[Group]] = {}
    order: list[Designer] = []
    owners: list[str] = []
    at = 0
    for parameter in in_order:
        size = parameter.domain.free_size
        designer = designers.get(parameter.name)
        if designer is None:
            entries.append(parameter)
            groups[parameter.name] = [Group(None, slice(at + k, at + k + 1)) for k in range(size)]
            at += size
            continue
        if parameter.name in family.given:
            raise ParameterError(
                f"{family!r}: {parameter.name} is given a number and a formula; give one or the other"
            )
        if parameter.name in family.edges and designer.names:
            raise ModelError(
                f"a formula with columns for {parameter.name}: the support of {type(family).__name__} ends at it, so "
                "that as many outermost rows as there are columns would settle the coefficients, whatever the others "
                f"say. Leave the formula out, or give the {parameter.name} of each row without a coefficient: "
                f"{parameter.name}='~ 0 + offset(...)' on the scale of its link"
            )
        link = _link(parameter, links)
        order.append(designer)
        owners.append(parameter.name)
        for prefix in _prefixes(family, parameter):
            entries.extend([prefix + name for name in designer.names] if prefix else designer.names)
        width = len(designer.names) * size
        groups[parameter.name] = [Group(len(order) - 1, slice(at, at + width), size, link)]
        at += width
    names = []
    for entry in entries:
        names.extend([entry] if isinstance(entry, str) else entry.names)
    if len(set(names)) < len(names):
        raise ModelError(f"two parameters would be named {_repeated(names)!r}; rename the column")
    held = {**family.given, **fixed}
    if family.kinked and family.quantile_level(held) is None:
        raise ModelError(
            f"{family!r} is not regressed while its tau is free: give it, as in th.AsymmetricLaplace(tau=0.9)"
            if "tau" in [parameter.name for parameter in family.declared]
            else f"{family!r} is not regressed: its log-likelihood has kinks in the {family.kinked}; regress the "
            "family inside it, or choose a smooth one with heavy tails, such as th.StudentT or th.Logistic"
        )
    laid_out = tuple([group for parameter in family.declared for group in groups[parameter.name]])
    shifts = _shifts(family, order, owners) if any(designer.centres for designer in order) else {}
    units = _units(family, order, owners, unit) if unit != 1.0 else {}
    if held or units or shifts or len(entries) > SHARED:
        parameters = _parameters(entries)
        held = entries_joined(parameters, held) if held else held
        table = ParameterTable(parameters, held, units, shifts)
    else:
        table = _free_table(tuple(entries))
    return Predictors(tuple(order), tuple(owners), laid_out, table, unit)


def _parameters(entries: Sequence[Entry]) -> tuple[Parameter, ...]:
    """The parameters of a table, coefficients being given by their names."""
    line = Real()
    return tuple([Parameter(entry, line) if isinstance(entry, str) else entry for entry in entries])


@lru_cache(maxsize=64)
def _free_table(entries: tuple[Entry, ...]) -> ParameterTable:
    """The table with nothing fixed: the same for fits of the same columns, with all that it has worked out."""
    return ParameterTable(_parameters(entries))


def _units(
    family: Family, designers: Sequence[Designer], owners: Sequence[str], unit: float
) -> dict[str, float]:
    """Those of the coefficients of the location, and of numbers of scale."""
    units = dict.fromkeys(designers[0].names, unit)
    units.update({name: unit for name in family.scales if name not in owners})
    units.update({name: 1.0 / unit for name in family.inverse_scales if name not in owners})
    return units


def _shifts(
    family: Family, designers: Sequence[Designer], owners: Sequence[str]
) -> dict[str, dict[str, float]]:
    """By constant, what the centres of the columns beside it take off its coefficient."""
    by_name = {parameter.name: parameter for parameter in family.declared}
    shifts = {}
    for designer, owner in zip(designers, owners, strict=True):
        if not designer.centres or designer.intercept is None:
            continue
        for prefix in _prefixes(family, by_name[owner]):
            names = [prefix + name for name in designer.names]
            shifts[names[designer.intercept]] = {
                names[column]: -centre for column, centre in designer.centres.items()
            }
    return shifts


def _link(parameter: Parameter, links: Mapping[str, str]) -> Link | None:
    named = links.get(parameter.name)
    if parameter.domain.vector and named in {None, "logit"}:
        return None
    return (
        default_link(parameter.domain)
        if named is None
        else link_named(named, parameter.name, parameter.domain)
    )


def _prefixes(family: Family, parameter: Parameter) -> list[str]:
    """What stands before the names of coefficients: nothing, or the label that a logit belongs to."""
    if not parameter.domain.vector:
        return [""]
    levels = family.option_values.get("levels") or range(parameter.domain.size)
    return [f"{level}:" for level in list(levels)[1:]]


def _repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
