"""Wilkinson and Rogers' (1973) algebra: a formula's right side as a list of terms, each a product of factors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, final

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.formulas.tokens import DEEPEST_NESTING, Token, shown, tokenize

Term = tuple[str, ...]
"""The texts of the factors whose product it is; the empty product is the intercept."""

MOST_TERMS: Final = 10_000
MOST_FACTORS: Final = 12
LARGEST_POWER: Final = 12
INTERCEPT: Final[Term] = ()

_Terms = dict[frozenset[str], Term]


@dataclass(frozen=True, slots=True)
class Sides:
    """A formula taken apart: the text of its response, its terms by degree, and what is added to the predictor."""

    response: str | None
    terms: tuple[Term, ...]
    offsets: tuple[str, ...]


def split_sides(formula: str) -> tuple[str | None, list[Token]]:
    """Cut a formula at its ``~`` into the text of the response, None where there is none, and the right side.

    Raises
    ------
    FormulaError
        If there is no ``~`` or more than one, or nothing on its right.
    """
    if not isinstance(formula, str):
        raise FormulaError(
            f"a formula is text, as in 'y ~ a + b'; this is {type(formula).__name__}: {formula!r}"
        )
    tokens = tokenize(formula)
    tildes = [token.position for token in tokens if token.text == "~"]
    if len(tildes) != 1:
        raise FormulaError(
            f"{shown(formula)} has {len(tildes) or 'no'} '~' and needs one: the response on its left and terms on its "
            "right, as in 'y ~ a + b'; '~ a + b' for a parameter other than the first"
        )
    right = [token for token in tokens if token.position > tildes[0]]
    if len(right) == 1:
        raise FormulaError(
            f"{shown(formula)} has nothing right of '~'; write 1 for a constant alone, as in 'y ~ 1'"
        )
    left = formula[: tildes[0]].strip()
    return left or None, right


def parse(
    formula: str,
    *,
    normal: Callable[[str], str] = str,
    everything: Callable[[], Iterable[str]] | None = None,
) -> Sides:
    """Read a formula into terms, those of fewer factors first, as R and formulaic order them.

    Parameters
    ----------
    formula
        The text.
    normal
        Gives the text of a factor in its normal spelling, by which factors are told apart.
    everything
        Gives the columns that ``.`` stands for.

    Raises
    ------
    FormulaError
        If the text is no formula, or would make an absurd number of terms.

    Examples
    --------
    >>> parse("y ~ (a + b + c)**2 - b:c").terms
    ((), ('a',), ('b',), ('c',), ('a', 'b'), ('a', 'c'))
    >>> parse("y ~ 0 + a/b + offset(log(n))")
    Sides(response='y', terms=(('a',), ('a', 'b')), offsets=('offset(log(n))',))
    """
    response, right = split_sides(formula)
    terms = _Parser(formula, right, normal, everything).parse()
    offsets = [term for term in terms if any(_is_offset(factor) for factor in term)]
    for term in offsets:
        if len(term) > 1:
            raise FormulaError(
                f"{shown(formula)}: offset(...) is added to the predictor by itself; it cannot stand in a product "
                f"({shown(':'.join(term))})"
            )
    rest = sorted((term for term in terms if term not in offsets), key=len)
    return Sides(response, tuple(rest), tuple(term[0] for term in offsets))


def _is_offset(factor: str) -> bool:
    return factor.startswith("offset(")


@final
class _Parser:
    """Reads tokens by descent: sums of products of interactions of powers."""

    def __init__(
        self,
        formula: str,
        tokens: list[Token],
        normal: Callable[[str], str],
        everything: Callable[[], Iterable[str]] | None,
    ) -> None:
        self._formula = formula
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._normal = normal
        self._everything = everything

    def parse(self) -> list[Term]:
        terms = self._sum({frozenset(): INTERCEPT})
        if self._next.kind != "end":
            raise self._unexpected()
        return list(terms.values())

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _taken(self, *texts: str) -> str | None:
        token = self._next
        if token.kind == "operator" and token.text in texts:
            self._at += 1
            return token.text
        return None

    def _unexpected(self) -> FormulaError:
        token = self._next
        what = (
            "it ends" if token.kind == "end" else f"{shown(token.text)} stands at position {token.position}"
        )
        return FormulaError(
            f"{shown(self._formula)}: {what} where a term or an operator (+ - * / : **) was expected"
        )

    def _sum(self, terms: _Terms) -> _Terms:
        terms = dict(terms)
        sign = self._sign() or "+"
        while True:
            part = self._product()
            # Zero is no term; adding it takes the intercept away.
            if part is None:
                part, sign = {frozenset(): INTERCEPT}, "-" if sign == "+" else "+"
            if sign == "+":
                for key, term in part.items():
                    terms.setdefault(key, term)
                self._bounded(terms)
            else:
                for key in part:
                    terms.pop(key, None)
            following = self._sign()
            if following is None:
                return terms
            sign = following

    def _sign(self) -> str | None:
        """Consecutive signs as one."""
        sign = self._taken("+", "-")
        while sign is not None and (further := self._taken("+", "-")) is not None:
            sign = "+" if sign == further else "-"
        return sign

    def _product(self) -> _Terms | None:
        left = self._interaction()
        while operator := self._taken("*", "/"):
            right = self._interaction()
            if left is None or right is None:
                raise self._lonely_number("0")
            if operator == "*":
                left = self._bounded({**left, **right, **self._crossed(left, right)})
            else:
                everything = frozenset().union(*left)
                parent = {
                    everything: tuple(dict.fromkeys(factor for term in left.values() for factor in term))
                }
                left = self._bounded({**left, **self._crossed(parent, right)})
        return left

    def _interaction(self) -> _Terms | None:
        left = self._power()
        while self._taken(":"):
            right = self._power()
            if left is None or right is None:
                raise self._lonely_number("0")
            left = self._crossed(left, right)
        return left

    def _power(self) -> _Terms | None:
        base = self._atom()
        if not self._taken("**", "^"):
            return base
        token = self._next
        if base is None or token.kind != "number" or not token.text.isdecimal() or len(token.text) > 3:
            raise FormulaError(
                f"{shown(self._formula)}: a power of terms must be a whole number from 1 to {LARGEST_POWER}, as in "
                "'(a + b)**2'; the square of a column is I(a**2)"
            )
        power = int(token.text)
        if not 1 <= power <= LARGEST_POWER:
            raise FormulaError(
                f"{shown(self._formula)}: power {power} of terms; give one from 1 to {LARGEST_POWER}"
            )
        self._at += 1
        result = base
        for _ in range(power - 1):
            larger = self._crossed(result, base)
            if larger.keys() == result.keys():
                break
            result = larger
        return result

    def _atom(self) -> _Terms | None:
        token = self._next
        if token.kind == "factor":
            self._at += 1
            factor = self._normal(token.text)
            return {frozenset((factor,)): (factor,)}
        if token.kind == "number":
            if token.text not in {"0", "1"}:
                raise self._lonely_number(token.text)
            self._at += 1
            return None if token.text == "0" else {frozenset(): INTERCEPT}
        if self._taken("."):
            if self._everything is None:
                raise FormulaError(
                    f"{shown(self._formula)}: '.' stands for all columns, which are not known here"
                )
            return {frozenset((name,)): (name,) for name in self._everything()}
        if self._taken("("):
            self._depth += 1
            if self._depth > DEEPEST_NESTING:
                raise FormulaError(
                    f"{shown(self._formula)}: brackets are nested more than {DEEPEST_NESTING} deep"
                )
            inside = self._sum({})
            if not self._taken(")"):
                raise self._unexpected()
            self._depth -= 1
            return inside
        raise self._unexpected()

    def _lonely_number(self, number: str) -> FormulaError:
        return FormulaError(
            f"{shown(self._formula)}: the number {number} is no term; 1 adds a constant and 0 takes it away, and "
            f"arithmetic stands inside I(...), as in 'I({number} * a)'"
        )

    def _crossed(self, left: _Terms, right: _Terms) -> _Terms:
        if len(left) * len(right) > 4 * MOST_TERMS:
            raise self._too_many(len(left) * len(right))
        products: _Terms = {}
        for first in left.values():
            for second in right.values():
                factors = tuple(dict.fromkeys((*first, *second)))
                if len(factors) > MOST_FACTORS:
                    raise FormulaError(
                        f"{shown(self._formula)}: an interaction of {len(factors)} factors; "
                        f"{MOST_FACTORS} are the most"
                    )
                products.setdefault(frozenset(factors), factors)
        return self._bounded(products)

    def _bounded(self, terms: _Terms) -> _Terms:
        if len(terms) > MOST_TERMS:
            raise self._too_many(len(terms))
        return terms

    def _too_many(self, count: int) -> FormulaError:
        return FormulaError(
            f"{shown(self._formula)} makes {count:,} terms or more; {MOST_TERMS:,} are the most. Name the "
            "interactions that are meant, as in 'a + b + a:b'"
        )
