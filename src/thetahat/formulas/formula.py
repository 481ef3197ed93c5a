"""A formula read for the columns of one source: response, terms and offsets, all of them checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final, final

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError, ModelError, SourceError
from thetahat.data import Source
from thetahat.data._source import Kind, missing_column
from thetahat.formulas.checking import Checker
from thetahat.formulas.functions import Function
from thetahat.formulas.nodes import Factor, Value
from thetahat.formulas.terms import Term, parse, split_sides
from thetahat.formulas.tokens import shown
from thetahat.response import Exact, Response
from thetahat.response.grammar import parse_response

VALUES: Final[Mapping[Kind, Value]] = {
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "text": "text",
}


@final
@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula.

    ``factors`` are those of the terms and offsets by their normal text; ``columns`` are all that the right side
    reads, and ``kinds`` what they hold.
    """

    text: str
    response: Response | None
    terms: tuple[Term, ...]
    offsets: tuple[str, ...]
    factors: Mapping[str, Factor]
    kinds: Mapping[str, Value]
    functions: Mapping[str, Function] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the right side reads, in order."""
        return tuple(self.kinds)


def read_formula(
    text: str,
    source: Source,
    *,
    reserved: Iterable[str] = (),
    functions: Mapping[str, Function] | None = None,
) -> Formula:
    """Read the text of a formula and check all of it against the columns of a source; nothing is evaluated.

    Parameters
    ----------
    text
        ``"y ~ a + b"``, or ``"~ a + b"`` without a response.
    source
        The rows that the formula is for.
    reserved
        Columns, such as weights and the responses of other formulas, that ``.`` does not stand for.
    functions
        Functions of the user's own by the names by which the formula calls them: from arrays with one item a row to
        one number a row, each row's from that row alone.

    Raises
    ------
    FormulaError
        If the text is no formula, or names or calls what is not known.
    SourceError
        If a column is missing or cannot be used.

    Examples
    --------
    >>> from thetahat.data import open_source
    >>> rows = open_source({"y": [1.0, 2.0], "a": [1.0, 3.0], "g": ["u", "v"], "n": [5, 6]})
    >>> formula = read_formula("y ~ . - n + log(a) + offset(log(n))", rows)
    >>> formula.response, formula.terms, formula.offsets
    (Exact(column='y'), ((), ('a',), ('g',), ('log(a)',)), ('offset(log(n))',))
    """
    left, _ = split_sides(text)
    response = _response(text, left, source) if left is not None else None
    own = dict(functions or {})
    kinds = {name: VALUES[kind] for name, kind in source.schema.items()}
    excluded = {*(response.columns if response is not None else ()), *reserved}

    def lacking(name: str) -> Exception:
        if name in source.unusable:
            return SourceError(f"{shown(text)}: {source.unusable[name]}")
        names = [*source.schema, *source.unusable]
        return SourceError(f"{shown(text)}: {missing_column(source.title, name, names)}")

    def everything() -> list[str]:
        # A column that cannot be used is refused below unless the formula takes it out again.
        return [name for name in (*source.schema, *source.unusable) if name not in excluded]

    checker = Checker(kinds, own, lacking)
    sides = parse(text, normal=checker.normal, everything=everything)
    for name in checker.named:
        if name not in kinds and name not in source.unusable:
            raise lacking(name)
    factors = {factor: checker.factor(factor) for term in sides.terms for factor in term}
    factors.update({factor: checker.factor(factor) for factor in sides.offsets})
    if not sides.terms and not sides.offsets:
        raise FormulaError(
            f"{shown(text)} has no terms left: not even a constant; write 1 for one, as in 'y ~ 1'"
        )
    read = {name: kinds[name] for factor in factors.values() for name in factor.columns}
    return Formula(text, response, sides.terms, sides.offsets, factors, read, own)


def _response(text: str, left: str, source: Source) -> Response:
    quoted = left.startswith("`") and left.endswith("`") and "`" not in left[1:-1]
    try:
        response = Exact(left[1:-1]) if quoted else parse_response(left, tuple(source.schema))
    except ModelError as error:
        raise FormulaError(f"{shown(text)}: {error}. {_ADVICE}") from None
    for name in response.columns:
        if name not in source.schema and not quoted and not name.replace(".", "_").isidentifier():
            raise FormulaError(f"{shown(text)}: {shown(left)} is no column. {_ADVICE}")
    source.require(response.columns)
    return response


_ADVICE: Final = (
    "A response is not transformed in a formula, since likelihoods of y and of a function of y do not compare: choose "
    "a family for y itself, such as LogNormal where log(y) was meant, or make the column beforehand"
)
