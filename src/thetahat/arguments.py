"""What users hand to a fit beside model and data, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import DataError, ModelError, ParameterError
from thetahat.data import Source, open_source
from thetahat.engines import Threads
from thetahat.families import Family, families, leaf_named, wrapper_named
from thetahat.optimize.newton import Newton
from thetahat.parameters import ParameterTable
from thetahat.response import Exact, Observations, Response

if TYPE_CHECKING:
    from thetahat.penalties import Penalty

WEIGHTS = "(weights)"
DEFAULT_ENGINE = Threads()
DEFAULT_OPTIMIZER = Newton()
EXAMPLES = {"penalty": "th.Ridge"}
"""What an option that has no default is an instance of."""
Extra = dict[str, Any]
"""Columns that were handed over beside the data, by the name they get there."""


def known_quantities(family: Family, extra: Extra) -> dict[str, Any]:
    """Return what the family knows of each row: a number, or the name of a column."""
    known: dict[str, Any] = {}
    for name in family.known:
        if name not in family.known_values:
            raise ParameterError(
                f"{type(family).__name__} needs {name}: give a number or a column's name, as in "
                f"th.{type(family).__name__}({name}=12) or th.{type(family).__name__}({name}='n')"
            )
        value = family.known_values[name]
        whole = not np.ndim(value) and not isinstance(value, str)
        known[name] = value if whole else column_of(value, f"({name})", name, extra)
    return known


def as_family(model: Any) -> Family:
    """Return the family that is meant, by instance, class or name."""
    if isinstance(model, Family):
        return model
    if isinstance(model, type) and issubclass(model, Family):
        return model()
    if isinstance(model, str):
        return family_named(model)
    raise ModelError(
        f"model={model!r} is no model; give a family such as th.Gamma(), its name such as 'gamma', "
        "a th.Regression or a th.Model"
    )


def family_named(name: str) -> Family:
    """Return the family of a name in snake case, such as ``zero_inflated(poisson)``, or say which there are.

    In the brackets are the families that it is made of, then its settings: ``truncated(poisson, 0)``,
    ``mixture(normal, normal, tied=sd)``.
    """
    wrapper, bracket, rest = name.partition("(")
    outer = wrapper_named(wrapper.strip())
    if bracket and outer is not None and rest.rstrip().endswith(")"):
        parts = _arguments(rest.rstrip().removesuffix(")"))
        named = dict(part.split("=", 1) for part in parts if "=" in part)
        settings = {key.strip(): value.strip() for key, value in named.items()}
        plain_parts = [part for part in parts if "=" not in part]
        count = len(plain_parts) if outer.several else 1
        settings.update(zip(outer.options, plain_parts[count:], strict=False))
        strange = [key for key in settings if key not in outer.options]
        if strange or len(plain_parts) - count > len(outer.options):
            takes = ", ".join(outer.options) or "nothing else"
            raise ModelError(f"{name!r}: beside the family inside, {wrapper.strip()} takes: {takes}")
        return outer.around([family_named(part) for part in plain_parts[:count]], **settings)
    if outer is not None:
        raise ModelError(f"{name!r} lacks the family inside; write {wrapper.strip()}(poisson)")
    kind = leaf_named(name)
    if kind is not None:
        return kind()
    from difflib import get_close_matches

    there = families()
    close = get_close_matches(name.lower().replace(" ", "_"), there, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ModelError(f"there is no family {name!r}{hint}; there are: {', '.join(sorted(there))}")


def _arguments(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def open_rows(y: str | None, data: Any) -> tuple[Source, Response]:
    """Open the data and find the response in them."""
    if isinstance(data, Observations):
        if y is not None:
            raise ModelError(
                f"y={y!r} names a column, but th.Observations has no names; give one or the other"
            )
        return open_source(dict(data.columns)), data.response
    source = open_source(data)
    names = tuple(source.schema)
    if y is not None:
        from thetahat.response.grammar import parse_response

        response = parse_response(y, names)
        source.require(response.columns)
        return source, response
    usable = [*names, *source.unusable]
    if len(usable) == 1:
        source.require(usable)
        return source, Exact(usable[0])
    raise ModelError(
        f"{source.title} has {len(usable)} columns, so the response must be named: th.Gamma(y='...'), "
        f"th.select(..., y='...') or, on the command line, --y; the columns are: {', '.join(usable[:20])}"
    )


def column_of(value: Any, name: str, what: str, extra: Extra) -> str | None:
    """Return the name of the column that holds a value: its own, or the one under which an array joins ``extra``."""
    if value is None or isinstance(value, str):
        return value
    if not np.ndim(value) and not hasattr(value, "__len__"):
        raise DataError(f"{what}={value!r}: give one number per row, or the name of a column")
    extra[name] = value
    return name


def option(name: str, value: Any, kind: type, default: Any) -> Any:
    """Return an optimiser or engine, the default one in the place of None."""
    if value is None:
        return default
    if not isinstance(value, kind):
        example = f"th.{type(default).__name__}" if default is not None else EXAMPLES[name]
        raise ModelError(f"{name}={value!r}: give an instance of {example} or a similar object")
    return value


def penalty_of(value: Any) -> Penalty | None:
    """Return a penalty, or None; what penalties need is loaded with the first one."""
    if value is None:
        return None
    from thetahat.penalties import Penalty

    found: Penalty = option("penalty", value, Penalty, None)
    return found


def plain(values: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """Return values by name as a dict, an empty one in the place of None."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ParameterError(
            f"{what}={values!r}: give a dict of parameter names and values, such as {{'df': 5}}"
        )
    return dict(values)


def check_start(start: Mapping[str, Any] | None, table: ParameterTable) -> None:
    """Refuse start values of what is no parameter, is fixed, or cannot have them."""
    values = plain(start, "start")
    for name, value in values.items():
        parameter = table.by_name.get(name)
        if parameter is None:
            names = ", ".join(table.by_name)
            raise ParameterError(
                f"start={{{name!r}: ...}}: there is no parameter {name!r}; there are: {names}"
            )
        if name in table.fixed:
            raise ParameterError(f"{name!r} is both fixed and given a start; give one or the other")
        try:
            inside = parameter.domain.contains(value)
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ParameterError(
                f"start={{{name!r}: {value!r}}}: {name} must be {parameter.domain.describe()}"
            )
