"""Which families can be fitted to the rows at hand, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.arguments import as_family
from thetahat.families import CATALOGUE, MULTIVARIATE, Family, Wrapper
from thetahat.response import Response
from thetahat.selection.extent import Extent

KINDS = ("continuous", "discrete")


@dataclass(frozen=True, slots=True)
class Applicable:
    """Families to be fitted, by the names they are shown under, and the others with the reason."""

    kind: str
    families: Mapping[str, Family]
    left_out: Mapping[str, str]


def applicable(
    families: Any,
    response: Response,
    extent: Extent,
    known: Mapping[str, Any],
    kind: str | None,
    y: str | None,
) -> Applicable:
    """Sort the families that were asked for, by default the whole catalogue.

    Raises
    ------
    ModelError
        If one of them is no family, or they name another response.
    """
    if kind is not None and kind not in KINDS:
        raise ModelError(f"kind={kind!r}: choose from {', '.join(KINDS)}, or None to go by the data")
    asked = _asked(families)
    left_out: dict[str, str] = {}
    chosen: list[Family] = []
    if asked is None:
        twins = {leaf.regresses_as for leaf in CATALOGUE if leaf.regresses_as}
        for leaf in CATALOGUE:
            family = leaf()
            if family.name in twins:
                left_out[family.name] = "another parametrisation of a family here"
            elif family.atoms():
                left_out[family.name] = (
                    f"gives {family.atoms()[0]:g} a probability, which no density compares with; ask for it by name, "
                    "beside th.Hurdle(th.Gamma()) and its like"
                )
            else:
                chosen.append(family)
        left_out.update((kind().name, "a family of vectors") for kind in MULTIVARIATE)
    else:
        chosen = [_with_response(family, y) for family in asked]
    kinds = {family.support.discrete for family in chosen if not family.labelled}
    if kind is None:
        kind = _kind_of(kinds, response, extent, given=asked is not None)
    kept: dict[str, Family] = {}
    for name, family in _named(chosen).items():
        prepared = _with_known(family, known)
        reason = _reason_against(prepared, response, extent, kind)
        if reason is None:
            kept[name] = prepared
        else:
            left_out[name] = reason
    if asked is not None:
        _part_atoms(kept, left_out, extent)
    return Applicable(kind, kept, left_out)


def _part_atoms(kept: dict[str, Family], left_out: dict[str, str], extent: Extent) -> None:
    """Of values that some families give a probability and others a density, leave out those of a density."""

    def counts(family: Family) -> bool:
        return any(extent.lowest <= atom <= extent.highest for atom in family.atoms())

    kinds = {name: counts(family) for name, family in kept.items()}
    if not extent.n_exact or len(set(kinds.values())) < 2:
        return
    for name, probability in kinds.items():
        if not probability:
            left_out[name] = (
                "gives a value of these data a density, which does not compare with a probability"
            )
            del kept[name]


def _asked(families: Any) -> list[Family] | None:
    if families is None:
        return None
    if isinstance(families, str | Family | type) or not isinstance(families, Iterable):
        families = [families]
    found = [as_family(family) for family in families]
    if not found:
        raise ModelError("families=[]: give at least one family, or None for all of them")
    return found


def _kind_of(kinds: set[bool], response: Response, extent: Extent, *, given: bool) -> str:
    """By the families where all that were given are of one kind, else by the data."""
    if given and len(kinds) == 1:
        return "discrete" if kinds == {True} else "continuous"
    # Times of survival are often noted in whole units, and are no counts for that.
    return "discrete" if extent.labels or (extent.whole and not response.censored) else "continuous"


def _with_response(family: Family, y: str | None) -> Family:
    if family.y is not None and family.y != y:
        raise ModelError(
            f"{family!r} names the response {family.y!r}, and select fits one response: give y={family.y!r} to "
            "th.select and leave it out of the families"
        )
    return family


def _with_known(family: Family, known: Mapping[str, Any]) -> Family:
    absent = {name: known[name] for name in family.known if name in known and name not in family.known_values}
    if not absent:
        return family
    options = {name: value for name, value in family.option_values.items() if value is not None}
    arguments = {**family.given, **family.known_values, **absent, **options}
    if isinstance(family, Wrapper):
        return type(family).around(family.made_of, **arguments)
    make: Any = type(family)
    return make(**arguments)


def _reason_against(family: Family, response: Response, extent: Extent, kind: str) -> str | None:
    """Why a family is not for these rows; None where it is."""
    if family.labelled:
        return _against_labelled(family, response, extent)
    if extent.labels:
        return "for numbers; these are labels"
    absent = [name for name in family.known if name not in family.known_values]
    if absent:
        return f"needs to be told {', '.join(absent)}"
    if family.support.discrete != (kind == "discrete"):
        return "for whole numbers" if family.support.discrete else "for continuous values"
    if extent.n_exact and not family.support.spans(extent.lowest, extent.highest):
        return f"for {family.support.describe()}"
    if family.support.discrete and not extent.whole:
        return f"for {family.support.describe()}"
    if response.truncated and family.edges and not family.ends_truncated:
        return "its support ends at its parameters, which are not estimated from truncated rows"
    return None


def _against_labelled(family: Family, response: Response, extent: Extent) -> str | None:
    if not extent.labels:
        return "for labels"
    if family.ordered and family.option_values.get("levels") is None:
        return "needs to be told the order of the levels"
    return "for labels known exactly" if response.censored or response.truncated else None


def _named(families: Sequence[Family]) -> dict[str, Family]:
    """Families by a name that tells them apart.

    Raises
    ------
    ModelError
        If one is given twice.
    """
    named: dict[str, Family] = {}
    for family in families:
        name = name_of(family)
        if name in named:
            raise ModelError(f"{name} is given twice among the families; give it once")
        named[name] = family
    return named


def name_of(family: Family) -> str:
    """A family's name, with what was given to it: ``student_t(df=5)``, ``zero_inflated(poisson)``."""
    inside = [name_of(part) for part in family.made_of] if isinstance(family, Wrapper) else []
    listed = family.option_values if isinstance(family, Wrapper) else {}
    joined = {name: "+".join(value) for name, value in listed.items() if isinstance(value, tuple)}
    settings = {
        name: value
        for name, value in {**family.given, **family.option_values, **joined}.items()
        if value is not None and np.ndim(value) == 0
    }
    inside += [
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in settings.items()
    ]
    return f"{family.name}({', '.join(inside)})" if inside else family.name
