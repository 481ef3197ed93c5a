"""A factor as it is evaluated: a tree of columns, numbers and listed functions, with a kind that is known before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from thetahat._dataclass import dataclass
from thetahat.formulas.contrasts import Contrast, Level
from thetahat.formulas.transforms import Transform

Value = Literal["number", "boolean", "text"]
"""What a node's array holds, one item a row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data."""

    name: str
    kind: Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or a text to compare with."""

    value: float | str
    kind: Value


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic, a comparison, or a function of numbers; ``name`` is its key among those listed."""

    name: str
    arguments: tuple[Node, ...]
    kind: Value


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A function that the user passed from Python, by name."""

    name: str
    text: str
    arguments: tuple[Node, ...]
    options: Mapping[str, Any]
    kind: Value = "number"


@dataclass(frozen=True, slots=True)
class TransformCall:
    """A transform that remembers the rows of the fit; ``text`` is the key of what it remembers."""

    text: str
    transform: Transform
    argument: Node
    kind: Value = "number"


Node: TypeAlias = Column | Constant | Operation | OwnCall | TransformCall


@dataclass(frozen=True, slots=True)
class Category:
    """A categorical factor: the distinct values of ``argument``, or the levels given, coded by ``contrast``."""

    argument: Node
    contrast: Contrast = field(default_factory=Contrast)
    levels: tuple[Level, ...] | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A checked factor: its normal text, what is evaluated for it, and the columns that it reads."""

    text: str
    content: Node | Category
    columns: tuple[str, ...]


def columns_of(node: Node | Category) -> tuple[str, ...]:
    """Names of the columns below a node, in order, once each."""
    if isinstance(node, Column):
        return (node.name,)
    return tuple(dict.fromkeys(name for child in children(node) for name in columns_of(child)))


def transforms_of(node: Node | Category) -> tuple[TransformCall, ...]:
    """Calls of transforms in a tree, the innermost first."""
    inner = tuple(call for child in children(node) for call in transforms_of(child))
    return (*inner, node) if isinstance(node, TransformCall) else inner


def children(node: Node | Category) -> tuple[Node, ...]:
    """The nodes just below one."""
    if isinstance(node, Operation | OwnCall):
        return node.arguments
    if isinstance(node, TransformCall | Category):
        return (node.argument,)
    return ()
