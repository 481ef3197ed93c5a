"""The check of a factor's text: Python's grammar read as data, and only what is listed let through."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, Final, NoReturn, final

from thetahat._errors import FormulaError
from thetahat.formulas.contrasts import KINDS, Contrast, Level
from thetahat.formulas.functions import ELEMENTWISE, SPELLED_WITH
from thetahat.formulas.nodes import (
    Category,
    Column,
    Constant,
    Factor,
    Node,
    Operation,
    OwnCall,
    TransformCall,
    columns_of,
)
from thetahat.formulas.scope import Scope
from thetahat.formulas.tokens import shown
from thetahat.formulas.transforms import TRANSFORMS

LONGEST_FACTOR: Final = 20_000
MOST_NODES: Final = 2_000
DEEPEST: Final = 60
LARGEST_NUMBER: Final = 1e300

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`([^`]*)`")
_OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_SPECIAL: Final = ("I", "C", "Q", "offset")
_BASES: Final = ("bs", "cc", "cr", "cs", "poly")


@final
class Walk:
    """One walk through the tree of one factor's text, which lets through what is listed and refuses all else."""

    def __init__(self, scope: Scope, text: str) -> None:
        self._scope = scope
        self._text = text
        self._quoted: dict[str, str] = {}

    def factor(self) -> Factor:
        """Return the checked factor.

        Raises
        ------
        FormulaError
            If it holds anything but columns, numbers and what is listed.
        """
        tree = self._parsed()
        content = self._top(tree)
        columns = columns_of(content)
        if not columns:
            self._refuse("reads no column, so it is the same in every row")
        return Factor(self._spelling(tree), content, columns)

    # ---- From text to Python's own syntax tree, which is only looked at ------------------------------------------

    def _parsed(self) -> ast.expr:
        if len(self._text) > LONGEST_FACTOR:
            self._refuse(f"has {len(self._text):,} characters; {LONGEST_FACTOR:,} are the most")
        try:
            tree = ast.parse(self._without_backquotes(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise FormulaError(f"{shown(self._text)} cannot be read: {reason}") from None
        except (RecursionError, MemoryError):
            raise FormulaError(f"{shown(self._text)} is nested too deep") from None
        count = 0
        level: list[ast.AST] = [tree]
        for _ in range(DEEPEST):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            count += len(level)
            if not level:
                break
        if level or count > MOST_NODES:
            self._refuse(
                f"is too long or nested too deep; {MOST_NODES:,} pieces in {DEEPEST} levels are the most"
            )
        return tree

    def _without_backquotes(self) -> str:
        def replaced(found: re.Match[str]) -> str:
            if found.group(1) is None:
                return found.group()
            placeholder = f"quoted_column_{len(self._quoted)}_"
            while placeholder in self._text:
                placeholder += "_"
            self._quoted[placeholder] = found.group(1)
            return placeholder

        return _QUOTED.sub(replaced, self._text.strip())

    def _spelling(self, node: ast.AST) -> str:
        text = ast.unparse(node)
        for placeholder, name in self._quoted.items():
            text = text.replace(placeholder, f"`{name}`")
        return text

    def _refuse(self, reason: str, piece: ast.AST | None = None) -> NoReturn:
        inside = f" in {shown(self._spelling(piece))}" if piece is not None else ""
        raise FormulaError(f"{shown(self._text)}: {reason}{inside}")

    # ---- What may stand at the top of a factor -------------------------------------------------------------------

    def _top(self, node: ast.expr) -> Node | Category:
        name = self._function_name(node)
        if name == "C" and isinstance(node, ast.Call):
            return self._category(node)
        if name == "offset" and isinstance(node, ast.Call):
            argument = self._value(self._only_argument(node))
            if argument.kind == "text":
                self._refuse("an offset must be numbers, and this is text", node)
            return argument
        value = self._value(node, top=True)
        if value.kind == "number":
            return value
        return Category(value)

    def _category(self, node: ast.Call) -> Category:
        given = dict(zip(("contrasts",), node.args[1:], strict=False))
        if not node.args or len(node.args) > 2:
            self._refuse("C takes a column and at most one contrast, as in C(region, ref='north')")
        argument = self._value(node.args[0])
        for keyword in node.keywords:
            if keyword.arg not in {"contrasts", "ref", "levels"} or keyword.arg in given:
                self._refuse(
                    f"C has no option {shown(str(keyword.arg))} here; it takes a contrast, ref= and levels="
                )
            given[str(keyword.arg)] = keyword.value
        contrast = self._contrast(given["contrasts"]) if "contrasts" in given else Contrast()
        if "ref" in given:
            if contrast != Contrast():
                self._refuse("give C either a contrast or ref=")
            contrast = Contrast("treatment", self._level(given["ref"]))
        levels = None
        if "levels" in given:
            found = given["levels"]
            if not isinstance(found, ast.List | ast.Tuple) or not found.elts:
                self._refuse("levels must be a list, as in levels=['low', 'high']", found)
            levels = tuple(self._level(item) for item in found.elts)
            if len(set(levels)) < len(levels):
                self._refuse("levels names one level twice", found)
        return Category(argument, contrast, levels)

    def _contrast(self, node: ast.expr) -> Contrast:
        call = node if isinstance(node, ast.Call) else None
        name = self._dotted(call.func if call is not None else node)
        if name not in KINDS:
            self._refuse(
                f"{self._spelling(node)} is no contrast; there are {', '.join(KINDS)}. A reference level is written "
                "ref=, as in C(region, ref='north')"
            )
        kind = KINDS[name]
        arguments = list(call.args) if call is not None else []
        for keyword in call.keywords if call is not None else ():
            if keyword.arg not in {"base", "reference", "ref"}:
                self._refuse(f"{name} has no option {shown(str(keyword.arg))}; it takes the reference level")
            arguments.append(keyword.value)
        if len(arguments) > (1 if kind in {"treatment", "SAS"} else 0):
            self._refuse(f"{name} takes {'one level' if kind in {'treatment', 'SAS'} else 'nothing'}", node)
        return Contrast(kind, self._level(arguments[0]) if arguments else None)

    def _level(self, node: ast.expr) -> Level:
        value = self._literal(node)
        if not isinstance(value, str | int | float):
            self._refuse("a level is a text, a number, True or False", node)
        return value

    # ---- Values, one a row ---------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, *, top: bool = False) -> Node:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._binary(node)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node, top=top)
        return self._refuse(f"{_described(node)} may not stand in a formula", node)

    def _constant(self, node: ast.Constant) -> Constant:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self._refuse(f"{value!r} is neither a number nor a text")
        if isinstance(value, str):
            return Constant(value, "text")
        if not abs(value) <= LARGEST_NUMBER:
            self._refuse("a number is too large", node)
        return Constant(float(value), "number")

    def _named(self, node: ast.expr) -> Column:
        name = self._dotted(node)
        if name is None:
            self._refuse(f"{_described(node)} may not stand in a formula", node)
        if name in self._quoted:
            return self._scope.column(self._quoted[name])
        if isinstance(node, ast.Attribute) and name not in self._scope.kinds:
            self._refuse(f"attributes may not stand in a formula, and {shown(name)} is no column", node)
        return self._scope.column(name)

    def _dotted(self, node: ast.AST) -> str | None:
        """A name with dots in it, such as R's data have, as one name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None

    def _binary(self, node: ast.BinOp) -> Node:
        symbol = _OPERATORS[type(node.op)]
        left, right = self._value(node.left), self._value(node.right)
        logical = symbol in {"&", "|"}
        for side in (left, right):
            if logical and side.kind != "boolean":
                self._refuse(
                    "& and | join conditions, each in its own brackets, as in (a > 1) & (b < 2)", node
                )
            if side.kind == "text":
                self._refuse(f"{symbol} needs numbers, and there is text", node)
        return Operation(symbol, (left, right), "boolean" if logical else "number")

    def _unary(self, node: ast.UnaryOp) -> Node:
        value = self._value(node.operand)
        if isinstance(node.op, ast.Invert):
            if value.kind != "boolean":
                self._refuse("~ turns a condition round, as in ~(a > 1)", node)
            return Operation("~", (value,), "boolean")
        if isinstance(node.op, ast.Not):
            self._refuse("write ~(...) for 'not'", node)
        if value.kind == "text":
            self._refuse("a sign needs numbers, and there is text", node)
        if isinstance(value, Constant) and isinstance(value.value, float):
            return Constant(-value.value if isinstance(node.op, ast.USub) else value.value, "number")
        return Operation("negative" if isinstance(node.op, ast.USub) else "positive", (value,), "number")

    def _comparison(self, node: ast.Compare) -> Node:
        if len(node.ops) > 1:
            self._refuse("compare two things at a time, each pair in brackets, as in (1 < a) & (a < 3)", node)
        operator = node.ops[0]
        if type(operator) not in _OPERATORS:
            self._refuse("'in' and 'is' may not stand in a formula", node)
        symbol = _OPERATORS[type(operator)]
        left, right = self._value(node.left), self._value(node.comparators[0])
        texts = [side.kind == "text" for side in (left, right)]
        if any(texts) and not (all(texts) and symbol in {"==", "!="}):
            self._refuse("text is compared with text, by == or !=", node)
        return Operation(symbol, (left, right), "boolean")

    # ---- Calls ---------------------------------------------------------------------------------------------------

    def _function_name(self, node: ast.expr) -> str | None:
        if not isinstance(node, ast.Call):
            return None
        name = self._dotted(node.func)
        if name is not None:
            library, _, plain = name.partition(".")
            if library in SPELLED_WITH and plain in ELEMENTWISE:
                return plain
        return name

    def _only_argument(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 1 or node.keywords:
            self._refuse(f"{self._function_name(node)} takes one argument", node)
        return node.args[0]

    def _call(self, node: ast.Call, *, top: bool) -> Node:
        name = self._function_name(node)
        if any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            keyword.arg is None for keyword in node.keywords
        ):
            self._refuse("arguments are written one by one, without '*'", node)
        if name is not None and name in self._scope.functions:
            return self._own_call(name, node)
        if name in ELEMENTWISE:
            return self._elementwise(str(name), node)
        if name == "I":
            return self._value(self._only_argument(node))
        if name == "Q":
            quoted = self._literal(self._only_argument(node))
            return self._scope.column(str(quoted))
        if name in TRANSFORMS:
            if name in _BASES and not top:
                self._refuse(f"{name} makes several columns, so it stands by itself", node)
            return self._transform(str(name), node)
        if name in {"C", "offset"}:
            self._refuse(f"{name}(...) stands by itself, not inside another call", node)
        return self._refuse(self._unknown(name, node))

    def _unknown(self, name: str | None, node: ast.Call) -> str:
        called = shown(name if name is not None else self._spelling(node.func))
        known = sorted({*_SPECIAL, *ELEMENTWISE, *TRANSFORMS, *self._scope.functions})
        close = get_close_matches(name or "", known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return (
            f"{called} is no function of formulas{hint}; there are {', '.join(known)}. "
            "A function of your own is passed from Python, as in functions={'f': f}"
        )

    def _elementwise(self, name: str, node: ast.Call) -> Node:
        wanted = ELEMENTWISE[name].nin
        if len(node.args) != wanted or node.keywords:
            self._refuse(f"{name} takes {wanted} argument{'s' if wanted > 1 else ''}", node)
        arguments = tuple(self._value(argument) for argument in node.args)
        if any(argument.kind == "text" for argument in arguments):
            self._refuse(f"{name} needs numbers, and there is text", node)
        return Operation(name, arguments, "number")

    def _own_call(self, name: str, node: ast.Call) -> Node:
        arguments = tuple(self._value(argument) for argument in node.args)
        options = {str(keyword.arg): self._literal(keyword.value) for keyword in node.keywords}
        return OwnCall(name, self._spelling(node), arguments, options)

    def _transform(self, name: str, node: ast.Call) -> Node:
        kind = TRANSFORMS[name]
        options = [option.name for option in fields(kind)]  # type: ignore[arg-type]
        if not node.args:
            self._refuse(f"{name} needs a column", node)
        argument = self._value(node.args[0])
        if argument.kind == "text":
            self._refuse(f"{name} needs numbers, and there is text", node)
        if len(node.args) - 1 > len(options):
            self._refuse(f"{name} takes a column and {', '.join(options) or 'nothing else'}", node)
        given = {option: self._literal(value) for option, value in zip(options, node.args[1:], strict=False)}
        for keyword in node.keywords:
            if keyword.arg not in options or keyword.arg in given:
                self._refuse(
                    f"{name} has no option {shown(str(keyword.arg))} here; it takes "
                    f"{', '.join(options) or 'a column alone'}"
                )
            given[str(keyword.arg)] = self._literal(keyword.value)
        try:
            transform = kind(**given)
        except FormulaError as error:
            self._refuse(str(error))
        return TransformCall(self._spelling(node), transform, argument)

    def _literal(self, node: ast.expr) -> Any:
        """A number, text, True, False, None, or a list of these, as a tuple."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None):
            if isinstance(node.value, int | float) and not abs(node.value) <= LARGEST_NUMBER:
                self._refuse("a number is too large", node)
            return node.value
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(self._literal(item) for item in node.elts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._literal(node.operand)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value if isinstance(node.op, ast.USub) else value
        return self._refuse("an option must be a number, a text, True, False, None or a list of these", node)


def _described(node: ast.AST) -> str:
    words = {
        ast.Attribute: "an attribute",
        ast.Subscript: "a subscript",
        ast.Lambda: "a lambda",
        ast.ListComp: "a comprehension",
        ast.SetComp: "a comprehension",
        ast.DictComp: "a comprehension",
        ast.GeneratorExp: "a comprehension",
        ast.JoinedStr: "an f-string",
        ast.IfExp: "'if'",
        ast.BoolOp: "'and' or 'or' (write & and |, with brackets)",
        ast.NamedExpr: "':='",
        ast.Starred: "'*'",
        ast.Await: "'await'",
        ast.BinOp: "this operator",
    }
    return words.get(type(node), f"a {type(node).__name__.lower()}")
