"""What users hand to a fit beside model and data, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import DataError, ModelError, ParameterError
from thetahat.data import Source, open_source
from thetahat.engines import Threads
from thetahat.families import (
    Family,
    families,
    leaf_named,
    multivariate_named,
    wrapper_named,
)
from thetahat.optimize.newton import Newton
from thetahat.parameters import ParameterTable
from thetahat.response import Exact, Observations, Response

if TYPE_CHECKING:
    from thetahat.families import MultivariateFamily
    from thetahat.penalties import Penalty

WEIGHTS = "(weights)"
DEFAULT_ENGINE = Threads()
DEFAULT_OPTIMIZER = Newton()
EXAMPLES = {"penalty": "th.Ridge"}
"""What an option that has no default is an instance of."""
Extra = dict[str, Any]
"""Columns that were handed over beside the data, by the name they get there."""


def known_quantities(family: Family | MultivariateFamily, extra: Extra) -> dict[str, Any]:
    """Return what the family knows of each row: a number, or the name of a column."""
    known: dict[str, Any] = {}
    for name in family.known:
        if name not in family.known_values:
            if not isinstance(family, Family):
                # The rows themselves tell.
                continue
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
    vectors = as_multivariate(model)
    if vectors is not None:
        raise _of_vectors(vectors.title)
    raise ModelError(
        f"model={model!r} is no model; give a family such as th.Gamma(), its name such as 'gamma', "
        "a th.Regression or a th.Model"
    )


def as_multivariate(model: Any) -> MultivariateFamily | None:
    """Return the family of vectors that is meant, by instance, class or name; None where none is."""
    if isinstance(model, str):
        named = multivariate_named(model)
        return None if named is None else named()
    if isinstance(model, Family):
        return None
    from thetahat.families import MultivariateFamily

    if isinstance(model, MultivariateFamily):
        return model
    if isinstance(model, type) and issubclass(model, MultivariateFamily):
        return model()
    return None


def _of_vectors(title: str) -> ModelError:
    return ModelError(
        f"{title} describes vectors, the values of several columns, and here a family of single values is needed; "
        f"fit it to all columns: th.fit(th.{title}(y=['a', 'b']), data)"
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
    vectors = as_multivariate(name)
    if vectors is not None:
        raise _of_vectors(vectors.title)
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


def open_rows(y: str | None, data: Any, how: str = "y='...'") -> tuple[Source, Response]:
    """Open the data and find the response in them; ``how`` says where it is named."""
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
        f"{source.title} has {len(usable)} columns, so the response must be named: {how} or, on the "
        f"command line, --y; the columns are: {', '.join(usable[:20])}"
    )


def open_vectors(
    y: str | Sequence[str] | None, data: Any, beside: Sequence[str]
) -> tuple[Source, tuple[str, ...]]:
    """Open the data and find the columns that make up the vectors: those named, or all that hold numbers.

    Parameters
    ----------
    y
        Names, one by one or in one text with commas; None for all numeric columns.
    data
        A matrix, a row an observation; or columns.
    beside
        Columns that are something else, such as weights.
    """
    if isinstance(data, Observations):
        raise ModelError(
            f"rows of vectors are known exactly, and {data!r} has single values; give the columns"
        )
    matrix = _matrix_of(data)
    if matrix is not None:
        if y is not None:
            raise ModelError(f"y={y!r} names columns, but a matrix has no names; give one or the other")
        names = tuple(f"y[{at}]" for at in range(matrix.shape[1]))
        return open_source(dict(zip(names, np.ascontiguousarray(matrix.T), strict=True))), names
    source = open_source(data)
    schema = source.schema
    if y is None:
        names = tuple(
            name for name, kind in schema.items() if kind in {"number", "integer"} and name not in beside
        )
        if not names:
            raise DataError(
                f"{source.title} has no columns of numbers; name those that are meant: y=['a', 'b']"
            )
        return source, names
    names = _column_names(y, schema)
    source.require(names)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ModelError(f"y={y!r} names column {twice[0]!r} twice; name each once")
    return source, names


def refuse_other_size(family: MultivariateFamily, names: Sequence[str]) -> None:
    """Raise where there are too few columns for a family, or others than it has numbers for."""
    listed = ", ".join(names[:20])
    if len(names) < family.fewest:
        raise DataError(
            f"{family.title} describes vectors of at least {family.fewest} columns, and there is {len(names)}: {listed}"
        )
    if family.size not in {None, len(names)}:
        raise DataError(
            f"{family!r} has numbers for {family.size} columns, and there are {len(names)}: {listed}. Name those meant "
            "with y=[...]"
        )


def _column_names(y: str | Sequence[str], schema: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(y, str):
        return tuple(y)
    if y in schema:
        return (y,)
    names = tuple(name.strip().strip("`") for name in y.split(","))
    if not all(names):
        raise ModelError(f"y={y!r}: a name is empty; write columns with commas between, as in y='a, b'")
    return names


def _matrix_of(data: Any) -> Any:
    """The matrix that an array or a sequence of rows is; None of what has columns.

    Raises
    ------
    DataError
        If it is an array, but no matrix of numbers.
    """
    rows = isinstance(data, list | tuple) and not (data and isinstance(data[0], str | PathLike))
    columns = (
        isinstance(data, Mapping | Source | str | PathLike) or getattr(data, "columns", None) is not None
    )
    if columns or not (rows or isinstance(data, np.ndarray) or hasattr(data, "__array__")):
        return None
    try:
        matrix = np.asarray(data)
    except ValueError as error:
        raise DataError(
            f"the rows are of different lengths; give as many numbers in each ({error})"
        ) from error
    if matrix.dtype.names is not None:
        return None
    if matrix.ndim != 2 or not matrix.size:
        raise DataError(
            f"the array has the shape {matrix.shape}; give an (n, d) array, a row an observation of d values"
            + ("; for single values choose a family of them, such as th.Normal()" if matrix.ndim == 1 else "")
        )
    return matrix


def column_of(value: Any, name: str, what: str, extra: Extra) -> str | None:
    """Return the name of the column that holds a value: its own, or the one under which an array joins ``extra``."""
    if value is None or isinstance(value, str):
        return value
    wanted = "give one number per row, or the name of a column"
    if isinstance(value, list | tuple) and any(isinstance(item, list | tuple | np.ndarray) for item in value):
        raise DataError(f"{what} holds sequences; {wanted}")
    shape = getattr(value, "shape", None)
    if shape == () or not (shape or hasattr(value, "__len__")):
        raise DataError(f"{what}={value!r}: {wanted}")
    if shape and any(length != 1 for length in shape[1:]):
        raise DataError(f"{what} has the shape {tuple(shape)}; {wanted}")
    if not len(value):
        raise DataError(f"{what} is empty; {wanted}")
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
