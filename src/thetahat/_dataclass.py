"""``dataclass`` as in the standard library, for half of the package's start.

The standard one writes and compiles six methods for each class when its module is loaded, nearly half a millisecond for
each of the dozens that a first fit loads. Here ``__init__`` is compiled when the first instance is made, and the others
are shared. Fields are the standard library's own, so that its ``field``, ``fields`` and ``replace`` serve as ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, final


def _dataclass(
    *,
    frozen: bool = False,
    slots: bool = False,
    eq: bool = True,
    repr: bool = True,  # noqa: A002 - the standard library's name
    kw_only: bool = False,
) -> Callable[[type], type]:
    """A decorator that means what the standard library's does.

    Examples
    --------
    >>> @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0)
    Point(x=1.0, y=0.0)
    >>> Point(1.0) == dataclasses.replace(Point(2.0), x=1.0)
    True
    """

    def decorated(given: type) -> type:
        own = vars(given)
        if given.__doc__ is None:
            # Where nothing is said the standard one says the signature, for which it reads all of it at once.
            given.__doc__ = f"{given.__name__} of fields."
        standard = dataclasses.dataclass  # noqa: TID251 - which finds the fields
        made: type = standard(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(given)
        methods: dict[str, Any] = {"__init__": _Initialiser(made)}
        if repr:
            methods["__repr__"] = _represented
        if eq:
            compared = _values(tuple(each.name for each in dataclasses.fields(made) if each.compare))
            methods["__eq__"] = _equality(compared)
            methods["__hash__"] = _hashing(compared) if frozen else None
        if frozen:
            methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
            if slots:
                methods |= {"__getstate__": _state, "__setstate__": _set_state}
        for name, method in methods.items():
            if name not in own:
                setattr(made, name, method)
        return made

    return decorated


if TYPE_CHECKING:
    from dataclasses import dataclass  # noqa: TID251 - which is what type checkers know
else:
    dataclass = _dataclass


__all__ = ["dataclass"]


@final
class _Initialiser:
    """``__init__`` of a class, which is compiled at the first look and stands in its own place from then on."""

    __slots__ = ("_kind",)

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def __get__(self, instance: object, owner: type) -> Any:
        method = _initialiser(self._kind)
        type.__setattr__(self._kind, "__init__", method)
        return method if instance is None else MethodType(method, instance)


@final
class _Absent:
    """The default of a parameter for which a factory makes a value."""

    def __repr__(self) -> str:
        return "<factory>"


def _initialiser(kind: type) -> Callable[..., None]:
    """Write ``__init__`` of the fields' names alone; it is made from its code, and no text is run."""
    every = dataclasses.fields(kind)
    known: dict[str, Any] = {"_absent": _Absent()}
    steps, defaults = [], {}
    for each in every:
        name = value = each.name
        if each.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = each.default_factory
            defaults[name] = known["_absent"]
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif each.default is not dataclasses.MISSING:
            defaults[name] = each.default
        # A frozen class refuses ``self.name = value``; its slot does not, and is faster than object.__setattr__.
        place = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
        if hasattr(type(place), "__set__"):
            known[f"_set_{name}"] = place.__set__  # type: ignore[union-attr]
            steps.append(f" _set_{name}(self, {value})")
        else:
            steps.append(f" self.__dict__[{name!r}] = {value}")
    if hasattr(kind, "__post_init__"):
        steps.append(" self.__post_init__()")
    by_place = [each.name for each in every if not each.kw_only]
    by_name = [each.name for each in every if each.kw_only]
    given = [name in defaults for name in by_place]
    if given != sorted(given):
        raise TypeError(f"{kind.__qualname__}: fields without a default come first, of {', '.join(by_place)}")
    parameters = ["self", *by_place, *(["*"] if by_name else []), *by_name]
    text = "\n".join([f"def __init__({', '.join(parameters)}):", *(steps or [" pass"])])
    module = compile(text, f"<__init__ of {kind.__qualname__}>", "exec")
    code = next(part for part in module.co_consts if isinstance(part, CodeType))
    method = FunctionType(
        code, known, "__init__", tuple(defaults[name] for name in by_place if name in defaults)
    )
    method.__kwdefaults__ = {name: defaults[name] for name in by_name if name in defaults}
    method.__qualname__ = f"{kind.__qualname__}.__init__"
    method.__module__ = kind.__module__
    method.__annotations__ = {**{each.name: each.type for each in every}, "return": None}
    return method


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """From an instance to a tuple of its values, in which the same array is equal to itself."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        name = names[0]
        return lambda instance: (getattr(instance, name),)
    return attrgetter(*names)


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes that of a class
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hashing(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[object], int]:
    def __hash__(self: object) -> int:  # noqa: N807 - it becomes that of a class
        return hash(values(self))

    return __hash__


@recursive_repr("...")
def _represented(self: Any) -> str:
    shown = [f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """What a copy or a pickle of an instance with slots holds."""
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
