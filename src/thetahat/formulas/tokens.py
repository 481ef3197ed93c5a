"""The text of a formula cut into factors, numbers and operators; nothing of it is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.rendering import for_terminal

Kind = Literal["factor", "number", "operator", "end"]

LONGEST_FORMULA: Final = 200_000
DEEPEST_NESTING: Final = 40
SHOWN_CHARACTERS: Final = 200

_SPACE = re.compile(r"\s+")
_NAME = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+")
_OPERATOR = re.compile(r"\*\*|[-+*/:^()~.]")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula and where it stands; the text of a quoted column keeps its backquotes."""

    kind: Kind
    text: str
    position: int


def shown(text: str) -> str:
    """Quote a piece of a formula harmlessly, shortened where it is long.

    Examples
    --------
    >>> shown("a + b")
    "'a + b'"
    """
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return repr(for_terminal(cut))


def tokenize(formula: str) -> list[Token]:
    """Cut a formula into tokens; a call with all its arguments is one factor.

    Raises
    ------
    FormulaError
        If a character has no place in a formula, or a quotation or bracket does not end.

    Examples
    --------
    >>> [token.text for token in tokenize("y ~ a*log(b + 1)")]
    ['y', '~', 'a', '*', 'log(b + 1)', '']
    """
    if len(formula) > LONGEST_FORMULA:
        raise FormulaError(
            f"a formula of {len(formula):,} characters is too long; {LONGEST_FORMULA:,} are the most. "
            "Write '.' for all columns, or hand the columns over as a matrix with th.regress"
        )
    return [*_pieces(formula), Token("end", "", len(formula))]


def _pieces(formula: str) -> Iterator[Token]:
    at = 0
    while at < len(formula):
        if space := _SPACE.match(formula, at):
            at = space.end()
            continue
        start = at
        character = formula[at]
        if character == "`":
            at = _end_of_quotation(formula, at)
            yield Token("factor", formula[start:at], start)
        elif name := _NAME.match(formula, at):
            at = name.end()
            bracket = _SPACE.match(formula, at)
            after = bracket.end() if bracket else at
            if formula[after : after + 1] == "(":
                at = _end_of_call(formula, after)
            yield Token("factor", formula[start:at], start)
        elif number := _NUMBER.match(formula, at):
            at = number.end()
            yield Token("number", number.group(), start)
        elif operator := _OPERATOR.match(formula, at):
            at = operator.end()
            yield Token("operator", operator.group(), start)
        else:
            raise FormulaError(
                f"{shown(formula)}: {shown(character)} at position {at} has no place in a formula; terms are joined "
                "by + - * / : ** and arithmetic stands inside I(...), as in 'y ~ a + I(b > 0)'"
            )


def _end_of_quotation(formula: str, start: int) -> int:
    end = formula.find("`", start + 1)
    if end < 0 or end == start + 1:
        raise FormulaError(f"{shown(formula)}: the backquote at position {start} encloses no column name")
    return end + 1


def _end_of_call(formula: str, start: int) -> int:
    """Position after the bracket that closes the one at ``start``."""
    depth, quote, at = 0, "", start
    while at < len(formula):
        character = formula[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in "'\"`":
            quote = character
        elif character in "([{":
            depth += 1
            if depth > DEEPEST_NESTING:
                raise FormulaError(f"{shown(formula)}: brackets are nested more than {DEEPEST_NESTING} deep")
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    missing = f"quotation ({quote})" if quote else "bracket"
    raise FormulaError(f"{shown(formula)}: a {missing} opened after position {start} is not closed")
