"""From the options of a command to a family or a regression of one."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, cast

from thetahat._errors import ModelError, ParameterError
from thetahat.arguments import as_multivariate, family_named
from thetahat.families import Family, Wrapper
from thetahat.models.specification import Regression

if TYPE_CHECKING:
    from thetahat.families import MultivariateFamily

MISSING = ("error", "drop")
_EXAMPLE = "thetahat fit FILE 'y ~ x' --family NAME"
LINK = "link"
"""The option of families whose link is not that of a parameter."""


def model_of(given: Namespace) -> Family | MultivariateFamily | Regression:
    """Return what is to be fitted: a family where there is no formula, else a regression.

    Raises
    ------
    ModelError
        If response and formula are both given, or an option goes with a formula and there is none.
    ParameterError
        If an option cannot be read.
    """
    known = [*given.known, *([f"trials={given.trials}"] if given.trials is not None else [])]
    quantities = known_of(known)
    if given.formula is None:
        vectors = as_multivariate(given.family)
        for option, value in (
            ("--link", given.link),
            ("--formula", given.formulas),
            ("--missing", given.missing if vectors is None else None),
        ):
            if value:
                raise ModelError(
                    f"{option} goes with a regression, and there is no formula; write {_EXAMPLE}"
                )
        if vectors is not None:
            return _of_vectors(vectors, given.y, quantities, given.levels, given.missing or "error")
        return _family(given.family, given.y, quantities, _options(given.family, given.levels, None))
    if given.y is not None:
        raise ModelError(
            f"--y {given.y} and the formula {given.formula!r} both name a response; give one of them"
        )
    missing = given.missing or "error"
    _refuse_other(missing, MISSING)
    links, own = _links(given.link, given.family)
    family = _family(given.family, None, quantities, _options(given.family, given.levels, own))
    # Names of parameters, which are none of the options.
    others: dict[str, Any] = dict(_formulas(given.formulas))
    return Regression(
        given.formula, family, links=links, missing=cast("Literal['error', 'drop']", missing), **others
    )


def _of_vectors(
    family: MultivariateFamily,
    y: str | None,
    known: dict[str, float | str],
    levels: str | None,
    missing: str,
) -> MultivariateFamily:
    if levels is not None:
        raise ParameterError(f"--levels {levels}: {family.name} has no labels; leave it out")
    _refuse_unknown(family, known)
    _refuse_other(missing, family.handles_missing)
    make: Any = type(family)
    return cast("MultivariateFamily", make(y=y, missing=missing, **known))


def _refuse_other(missing: str, choices: tuple[str, ...]) -> None:
    if missing not in choices:
        raise ParameterError(f"--missing {missing}: choose from {', '.join(choices)}")


def _refuse_unknown(family: Family | MultivariateFamily, known: dict[str, float | str]) -> None:
    unknown = next((key for key in known if key not in family.known), None)
    if unknown is not None:
        takes = ", ".join(family.known) or "nothing"
        raise ParameterError(f"{family.name} knows no {unknown!r} of its rows; it takes: {takes}")


def known_of(items: list[str]) -> dict[str, float | str]:
    """What families are to know of their rows: numbers, or names of columns."""
    return {name: _number_or_column(text) for name, text in pairs(items, "--known")}


def pairs(items: list[str], option: str, example: str = "df=5") -> list[tuple[str, str]]:
    """Read ``NAME=VALUE``; the value is what follows the last equals sign, for names may hold one.

    Raises
    ------
    ParameterError
        If one is not written so, or a name is given twice.
    """
    found: list[tuple[str, str]] = []
    for item in items:
        name, equals, value = (part.strip() for part in item.rpartition("="))
        _check(
            item,
            option,
            example,
            complete=bool(name and equals and value),
            again=name in dict(found),
            name=name,
        )
        found.append((name, value))
    return found


def _check(item: str, option: str, example: str, *, complete: bool, again: bool, name: str) -> None:
    if not complete:
        raise ParameterError(f"{option} {item}: write NAME=VALUE, such as {example}")
    if again:
        raise ParameterError(f"{option} {item}: {name} is given twice; give one value")


def _formulas(items: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        complete = bool(equals and text and name.isidentifier())
        _check(item, "--formula", "sd='~ x'", complete=complete, again=name in found, name=name)
        if name in _TAKEN:
            raise ParameterError(
                f"--formula {item}: {name} is no parameter of a family; name one, such as sd='~ x'"
            )
        found[name] = text
    return found


_TAKEN = frozenset({"formula", "family", "links", "functions", "missing"})
"""What ``th.Regression`` takes beside formulas of parameters."""


def _links(items: list[str], name: str) -> tuple[dict[str, str], str | None]:
    """Links by parameter, and the link that is the family's own, such as that of ``ordinal``."""
    links: dict[str, str] = {}
    own: str | None = None
    family = family_named(name)
    for item in items:
        parameter, equals, link = (part.strip() for part in item.rpartition("="))
        if not link or (equals and not parameter):
            raise ParameterError(
                f"--link {item}: write LINK or PARAMETER=LINK, such as probit or sd=identity"
            )
        if not equals and LINK in family.options:
            again, own = own is not None, link
        else:
            from thetahat.models._predictors import primary_of

            parameter = parameter or primary_of(family.regression_form())
            again, links[parameter] = parameter in links, link
        if again:
            raise ParameterError(f"--link {item}: {parameter or 'the link'} is given twice; give one")
    return links, own


def _options(name: str, levels: str | None, link: str | None) -> dict[str, Any]:
    """Options of a family by name: what its labels are, lowest first, and its link."""
    options: dict[str, Any] = {} if link is None else {LINK: link}
    if levels is not None:
        if "levels" not in family_named(name).options:
            raise ParameterError(
                f"--levels {levels}: {name} has no labels; leave it out, or choose another family"
            )
        options["levels"] = [level.strip() for level in levels.split(",")]
    return options


def _family(name: str, y: str | None, known: dict[str, float | str], options: dict[str, Any]) -> Family:
    family = family_named(name)
    _refuse_unknown(family, known)
    if isinstance(family, Wrapper):
        return type(family).around(family.made_of, y=y, **{**family.option_values, **options}, **known)
    make: Any = type(family)
    return make(y=y, **options, **known)


def _number_or_column(text: str) -> float | str:
    with suppress(ValueError):
        return float(text)
    return text
