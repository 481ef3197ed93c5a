"""What every family has, as a page of tables that is made of the classes themselves and of nothing else.

``refresh_documents.py`` writes it to ``docs/families.md``. Facts come from ``thetahat families --json``, from what the
classes declare, and from their docstrings: the claim that opens one, and the sources that it cites.
"""

from __future__ import annotations

import inspect
import io
import json
import re
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from typing import Any

from thetahat.cli import families as listing
from thetahat.families import CATALOGUE, MULTIVARIATE, WRAPPERS, Family
from thetahat.families._contract import FamilyContract
from thetahat.families._text import snake_case

OPENING = """\
# What each family has

`make documents` writes this page from the classes; a family that is added appears here by itself.

- **maximum**: *sums* where the maximum of exact rows needs no more than sums over them, read once; *kink* where it is
  looked for from row to row, since the density has one; *Newton* otherwise.
  *only one*: a theorem, named below, says that there is no other.
- **rows**: *any* are values, values known only to lie above, below or between bounds, and all of these under
  truncation; *untruncated* are all of these without it. *any above a value* are values, rows known only to lie
  above a bound, and others that lie above a smaller value known exactly, or above an end that is given; under
  truncation too.
- **regression**: the parameter that the first formula drives, with its default link; another family where the
  regression is fitted in that form. A dash: the support ends at the parameters that a formula would drive, which as
  many outermost rows as there are coefficients would settle, without standard errors; or, of `GeneralizedNormal`, the
  likelihood has kinks that come and go with the shape, between those of `Laplace` and the smooth one of `Normal`.
- **missing**, of vectors: what can be done with rows of which some entries are NaN: *error* refuses them, *drop* leaves
  them out, *marginal* takes from each what is known of it.
- **entropy** and **KL**: *formula* where one is known, otherwise summed or integrated to a stated error.
"""
ON_LIMITS = """\
What the certificate compares a maximum with, and where standard errors need more than curvature. Families that are not
listed declare none, and are smooth.
"""
AT_A_GLANCE = ("family", "parameters", "support", "maximum", "rows", "regression", "entropy", "KL")
CLAIM = re.compile(r"^[^:]*?distribution[^:]*: ")


def groups() -> dict[str, list[type[Family]]]:
    """The catalogue by what kind of values a family is of, in the order in which people look for one."""
    found: dict[str, list[type[Family]]] = {
        "The real line": [],
        "Positive numbers": [],
        "Intervals and the circle": [],
        "Counts and other whole numbers": [],
        "Labels": [],
    }
    for kind in CATALOGUE:
        found[_group(kind)].append(kind)
    return {title: kinds for title, kinds in found.items() if kinds}


def _group(kind: type[Family]) -> str:
    support = _of(kind).support
    if kind.labelled:
        return "Labels"
    if support.discrete:
        return "Counts and other whole numbers"
    if support.upper < float("inf"):
        return "Intervals and the circle"
    return "The real line" if support.lower < 0 else "Positive numbers"


def _of(kind: type[Family]) -> Family:
    make: Any = kind
    return make(levels=["a", "b"]) if kind.labelled else make()


def glance(kind: type[Family], fact: dict[str, Any]) -> tuple[str, ...]:
    """One family's line in the first tables."""
    known = "".join(f"; {name} known" for name in fact["known"])
    return (
        f"`{kind.__name__}`",
        ", ".join(fact["parameters"]) + known,
        fact["support"],
        _maximum(fact),
        _rows(kind),
        _regression(fact),
        _by_formula(kind, FamilyContract.entropy_at),
        _by_formula(kind, FamilyContract.divergence_at),
    )


def glance_at_vectors(kind: type[Any], fact: dict[str, Any]) -> tuple[str, ...]:
    """The same of a family of vectors, of which nothing is regressed."""
    known = "".join(f"; {name} known" for name in kind.known)
    missing = ", ".join(kind.handles_missing)
    return (
        f"`{kind.__name__}`",
        ", ".join(fact["parameters"]) + known,
        fact["support"],
        _maximum(fact),
        missing,
    )


def _maximum(fact: dict[str, Any]) -> str:
    found = "sums" if fact["from_sums"] else "kink" if fact["kinked"] else "Newton"
    return f"{found}, only one" if fact["global_theorem"] else found


def _rows(kind: type[Family]) -> str:
    if not kind.ordered:
        return "values"
    if kind.open_only:
        return "any above a value"
    return "untruncated" if kind.edges and not kind.ends_truncated else "any"


def _regression(fact: dict[str, Any]) -> str:
    found = fact["regression"]
    if found is None:
        return "—"
    links = f" ({found['links'][0]})" if found["links"] else ""
    return found["parameter"] + (f" of {found['family']}" if found["family"] != fact["name"] else "") + links


def _by_formula(kind: type[Family], default: Callable[..., Any]) -> str:
    return "—" if getattr(kind, default.__name__) is default else "formula"


def ends(kind: type[Family]) -> tuple[str, ...] | None:
    """What a family declares of where its likelihood ends, or None where there is nothing to tell."""
    family = _of(kind)
    limits = [f"`{limit.family}` as {limit.parameter} → {_end(limit.end)}" for limit in family.limits]
    limits += [f"support ends at {' and '.join(family.edges)}"] if family.edges else []
    regular = (
        "smooth"
        if kind.regularity is FamilyContract.regularity
        else _sentence(inspect.getdoc(kind.regularity) or "")
    )
    facts = ("; ".join(limits), family.region() or "", family.unbounded_in_theory or "")
    if regular == "smooth" and not any(facts):
        return None
    return (f"`{kind.__name__}`", *(fact or "—" for fact in facts), regular)


def _end(value: float) -> str:
    return f"{value:g}".replace("inf", "∞")


def _sentence(text: str) -> str:
    line = text.partition("\n")[0]
    return (line if line.endswith("...") else line.removesuffix(".")).replace("|", "\\|")


def definition(kind: type[Any], fact: dict[str, Any]) -> tuple[str, ...]:
    """What a family is, why its maximum is the only one, and who says so."""
    documentation = inspect.getdoc(kind) or ""
    claim = CLAIM.sub("", _sentence(documentation))
    prose = " ".join(documentation.partition("Examples\n---")[0].split())
    theorem = fact["global_theorem"] or ""
    sources = dict.fromkeys(cited(f"{prose} {theorem}"))
    return f"`{kind.__name__}`", claim, theorem or "—", "; ".join(sources) or "—"


def cited(prose: str) -> list[str]:
    """The sources in brackets of a docstring: ``(Burridge, 1981)``, ``(in the manner of Loader, 2000)``."""
    pieces = [piece for bracket in re.findall(r"\(([^()]*)\)", prose) for piece in bracket.split(";")]
    names = [re.search(r"[A-Z].*?, (?:1[6-9]|20)\d\d", piece) for piece in pieces]
    return [name.group() for name in names if name]


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    headings = tuple(headings)
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def document() -> str:
    """The whole page."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        listing.run(as_json=True)
    facts = {fact["name"]: fact for fact in json.loads(printed.getvalue())}
    ordered = [(kind, facts[snake_case(kind.__name__)]) for kinds in groups().values() for kind in kinds]
    parts = [OPENING]
    for title, kinds in groups().items():
        rows = [glance(kind, facts[snake_case(kind.__name__)]) for kind in kinds]
        parts += [f"## {title}\n", table(AT_A_GLANCE, rows)]
    vectors = [(kind, facts[snake_case(kind.__name__)]) for kind in MULTIVARIATE]
    parts += [
        "## Vectors\n",
        table((*AT_A_GLANCE[:4], "missing"), [glance_at_vectors(*pair) for pair in vectors]),
    ]
    parts += [
        "## Limits and irregular places\n",
        ON_LIMITS,
        table(
            ("family", "limits and ends", "regular region", "no global bound", "regularity"),
            [row for kind, _ in ordered if (row := ends(kind)) is not None],
        ),
        "## Definitions and sources\n",
        table(
            ("family", "definition", "its maximum is the only one", "sources"),
            [definition(kind, fact) for kind, fact in (*ordered, *vectors)],
        ),
        "## Families around another\n",
        table(
            ("family", "definition"),
            [(f"`{kind.__name__}`", _sentence(inspect.getdoc(kind) or "")) for kind in WRAPPERS],
        ),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    print(document(), end="")
