"""``thetahat families``: what can be fitted."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from thetahat.families import CATALOGUE, MULTIVARIATE, WRAPPERS, Family, MultivariateFamily
from thetahat.families._cut_laws import LAWS
from thetahat.families._text import snake_case
from thetahat.fit import fit
from thetahat.links import links_of
from thetahat.models._predictors import primary_of
from thetahat.parameters import Domain, Parameter, Positive, PositiveDefinite, Real, UnitInterval
from thetahat.rendering import Table

LINK = "link"
"""The option of families whose link is not that of a parameter."""
_KNOWN = 10.0
_ROWS = 50


def run(*, as_json: bool) -> int:
    """Print the list."""
    facts = [*map(_facts, CATALOGUE), *map(_facts_of_vectors, MULTIVARIATE)]
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return 0
    rows = []
    for fact in facts:
        known = "".join(f"; {name} known" for name in fact["known"])
        driven = _regressed(fact)
        found = "from sums over rows" if fact["from_sums"] else "by Newton's method"
        found = "at a kink, from row to row" if fact["kinked"] else found
        only = fact["global_theorem"] or "not proved"
        rows.append(
            (fact["name"], ", ".join(fact["parameters"]) + known, fact["support"], driven, found, only)
        )
    headings = ("family", "parameters", "support", "regresses (link)", "maximum", "the only one")
    sys.stdout.write("\n".join([*_left(Table(headings, tuple(rows))), *_closing()]) + "\n")
    return 0


def _facts(kind: type[Family]) -> dict[str, Any]:
    make: Any = kind
    family = make(levels=["a", "b"]) if kind.labelled else make()
    return {
        "name": family.name,
        "parameters": {
            parameter.name: parameter.domain.describe().partition(" ")[2]
            if parameter.domain.vector
            else parameter.domain.describe()
            for parameter in family.declared
        },
        "known": list(kind.known),
        "support": "labels" if kind.labelled else family.support.describe(),
        "regression": _regression(family),
        "from_sums": _from_sums(make, family),
        "kinked": bool(kind.kinked),
        "global_theorem": kind.uniqueness,
    }


def _facts_of_vectors(kind: type[MultivariateFamily]) -> dict[str, Any]:
    """The same of a family of vectors, told of as many columns as there are."""
    make: Any = kind
    family: MultivariateFamily = make()
    return {
        "name": family.name,
        "parameters": {
            parameter.name: _of_any_size(parameter.domain) for parameter in kind.parameters_of(kind.fewest)
        },
        "known": [],
        "support": kind.takes,
        "regression": None,
        "from_sums": kind.closed_form,
        "kinked": False,
        "global_theorem": kind.uniqueness,
    }


def _of_any_size(domain: Domain) -> str:
    """What a value must be, without the number of columns."""
    if isinstance(domain, PositiveDefinite):
        return "a symmetric positive definite matrix"
    return domain.describe().partition(" ")[2] if domain.vector else domain.describe()


def _regression(family: Family) -> dict[str, Any] | None:
    """What the first formula drives, in which family, and by which links, the default first; None if nothing."""
    if not family.regressed:
        return None
    form = family.regression_form()
    primary = primary_of(form)
    domain = next(parameter.domain for parameter in form.declared if parameter.name == primary)
    names = list(LAWS) if LINK in family.options else [link.name for link in links_of(domain)]
    if domain.vector:
        names = ["logit"]
    return {"family": form.name, "parameter": primary, "links": names}


def _regressed(fact: dict[str, Any]) -> str:
    found = fact["regression"]
    if found is None:
        return "—"
    of = "" if found["family"] == fact["name"] else f" of {found['family']}"
    return f"{found['parameter']}{of}" + (f" ({found['links'][0]})" if found["links"] else "")


def _closing() -> list[str]:
    """What the table has no room for."""
    lines = ["", "Links, the default first:"]
    for what, domain in (
        ("numbers", Real()),
        ("positive numbers", Positive()),
        ("probabilities", UnitInterval()),
    ):
        lines.append(f"  of {what}: {', '.join(link.name for link in links_of(domain))}")
    lines.append(f"  of ordinal: {', '.join(LAWS)}")
    around = ", ".join(f"{snake_case(kind.__name__)}(...)" for kind in WRAPPERS)
    return [*lines, "", f"Families around another, such as zero_inflated(poisson): {around}"]


def _from_sums(kind: Any, family: Family) -> bool:
    """Whether the maximum over exact rows needs no step: tried on values drawn from the family."""
    if kind.kinked:
        return False
    if kind.labelled:
        return not fit(kind(), ["a", "b", "b"]).trace
    known = dict.fromkeys(kind.known, _KNOWN)
    middle = {parameter.name: _middle(parameter) for parameter in family.declared}
    values = kind(**middle, **known).sample(_ROWS, rng=1)
    return not fit(kind(**known), values).trace


def _middle(parameter: Parameter) -> float:
    middle = float(np.mean(parameter.typical))
    return middle if parameter.domain.contains(middle) else round(middle)


def _left(table: Table) -> list[str]:
    rows = [table.headings, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.headings))]
    return [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
