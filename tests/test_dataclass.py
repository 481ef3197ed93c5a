"""The house's ``dataclass`` means what the standard library's does."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from thetahat._dataclass import dataclass

KINDS = {"house": dataclass, "standard": dataclasses.dataclass}
OPTIONS: list[dict[str, bool]] = [
    {"frozen": True, "slots": True},
    {"frozen": True},
    {"slots": True},
    {},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "repr": False},
    {"frozen": True, "kw_only": True},
]


def declared(kind: Any, **options: bool) -> Any:
    """A class with a field of every sort that the house uses."""

    @kind(**options)
    class Example:
        """An example."""

        shared: ClassVar[int] = 7
        name: str
        values: dict[str, float] = field(default_factory=dict)
        size: float = 2.0
        memory: Any = field(default=None, compare=False, repr=False)
        last: str = field(default="z", kw_only=True)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError(self.size)

        def named(self) -> str:
            return __class__.__name__ + self.name  # type: ignore[name-defined]

    return Example


@dataclass(frozen=True, slots=True)
class Point:
    """A point, at the top of a module, where a pickle finds it."""

    x: float
    y: Any = 0.0


@dataclass(frozen=True, slots=True)
class Placed(Point):
    """One with more fields."""

    place: str = "here"

    def __repr__(self) -> str:
        return f"at {self.place}"


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_signature_text_and_fields_are_the_standard_ones(options: dict[str, bool]) -> None:
    ours, standard = (declared(kind, **options) for kind in KINDS.values())
    assert str(inspect.signature(ours)) == str(inspect.signature(standard))
    assert [each.name for each in fields(ours)] == [each.name for each in fields(standard)]
    assert ours.__match_args__ == standard.__match_args__
    assert hasattr(ours, "__slots__") == hasattr(standard, "__slots__")
    made = [kind(name="a", size=3.0, last="b") for kind in (ours, standard)]
    if options.get("repr", True):
        assert repr(made[0]) == repr(made[1])
    assert made[0].named() == "Examplea"
    assert made[0].shared == 7


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equality_and_hashes_are_the_standard_ones(options: dict[str, bool]) -> None:
    for kind in KINDS.values():
        made = declared(kind, **options)
        first, same, other = made(name="a", memory=1), made(name="a", memory=2), made(name="b")
        assert (first == same) == options.get("eq", True), kind
        assert first != other
        assert first != "a"
        if not options.get("eq", True):
            assert hash(first) != hash(same)
        elif options.get("frozen", False):
            assert hash(replace(first, values=())) == hash(replace(same, values=()))
        else:
            with pytest.raises(TypeError, match="unhashable"):
                hash(first)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_instances_are_made_and_changed_as_by_the_standard_one(options: dict[str, bool]) -> None:
    for kind in KINDS.values():
        made = declared(kind, **options)
        first, second = made(name="a"), made(name="a")
        assert first.values == {}
        assert first.values is not second.values
        changed = replace(first, size=5.0)
        assert (changed.name, changed.size, first.size, changed.last) == ("a", 5.0, 2.0, "z")
        with pytest.raises(ValueError, match=r"-1\.0"):
            made(name="a", size=-1.0)
        for wrong in ({}, {"name": "a", "nobody": 1}):
            with pytest.raises(TypeError):
                made(**wrong)
        if options.get("frozen", False):
            with pytest.raises(FrozenInstanceError, match="size"):
                first.size = 4.0
            with pytest.raises(FrozenInstanceError, match="size"):
                del first.size
        else:
            first.size = 4.0
        assert first.size == (2.0 if options.get("frozen", False) else 4.0)


def test_a_class_of_more_fields_takes_those_of_its_base() -> None:
    assert (Placed(1.0).y, Placed(1.0, 2.0, "there").place) == (0.0, "there")
    assert repr(Placed(1.0)) == "at here"
    assert Placed(1.0) == Placed(1.0)
    assert Placed(1.0) != Point(1.0)
    assert inspect.signature(Point).parameters.keys() == {"x", "y"}


def test_copies_and_pickles_hold_the_fields() -> None:
    point = Placed(1.0, [2.0], "there")
    for back in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):  # noqa: S301
        assert back == point
        assert back is not point


def test_the_same_array_is_equal_to_itself() -> None:
    held = np.array([1.0, 2.0])
    assert Point(1.0, held) == Point(1.0, held)


def test_a_value_that_holds_itself_has_a_text() -> None:
    inside: list[Any] = []
    point = Point(1.0, inside)
    inside.append(point)
    assert repr(point) == "Point(x=1.0, y=[...])"


def test_a_default_may_be_a_descriptor() -> None:
    class Doubled:
        def __get__(self, instance: Any, owner: type) -> Any:
            return 1.0 if instance is None else vars(instance)["_value"]

        def __set__(self, instance: Any, value: float) -> None:
            vars(instance)["_value"] = 2 * value

    for kind in KINDS.values():

        @kind(frozen=True)
        class Holder:
            """Where one is."""

            value: float = Doubled()  # type: ignore[assignment]

        assert (Holder().value, Holder(4.0).value) == (2.0, 8.0)


def test_no_method_is_compiled_before_it_is_needed() -> None:
    made = declared(dataclass, frozen=True, slots=True)
    assert not inspect.isfunction(vars(made)["__init__"])
    made("a")
    assert inspect.isfunction(vars(made)["__init__"])


def test_fields_without_a_default_come_first() -> None:
    @dataclass(frozen=True)
    class Disordered:
        """One whose order is wrong."""

        first: float = 1.0
        second: float  # type: ignore[misc]

    with pytest.raises(TypeError, match="first, of first, second"):
        Disordered(1.0, 2.0)


def test_a_class_may_have_no_fields() -> None:
    @dataclass(frozen=True, slots=True)
    class Nothing:
        """Of which all are equal."""

    assert Nothing() == Nothing()
    assert {Nothing(), Nothing()} == {Nothing()}
