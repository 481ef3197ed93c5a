"""Families and distributions of the catalogue are immutable, and copies and pickles are the same again."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from tests.families.variants import OTHERS, VARIANTS

from thetahat.families import CATALOGUE, Family

KNOWN = {"trials": 7.0}
"""A value for each quantity that a family may need to know."""
LABELS = ("a", "b", "c")

every_family = pytest.mark.parametrize("cls", [*CATALOGUE, *VARIANTS, *OTHERS], ids=lambda cls: cls.__name__)


def again(family: Family, how: str) -> Family:
    if how == "pickle":
        return pickle.loads(pickle.dumps(family))  # noqa: S301 - made here
    return copy.copy(family) if how == "copy" else copy.deepcopy(family)


def blank(cls: type[Family]) -> Family:
    known = {name: KNOWN[name] for name in cls.known}
    return cls(y="column", **known, **({"levels": LABELS} if cls.labelled else {}))


def typical(cls: type[Family]) -> Family:
    family = blank(cls)
    values: dict[str, float] = {}
    for parameter in family.declared:
        inner = np.linspace(-0.4, 0.6, parameter.domain.free_size)
        value = parameter.domain.from_free(inner if parameter.domain.vector else inner[0])
        values.update(zip(parameter.names, np.atleast_1d(value).tolist(), strict=True))
    return family.frozen(values)


@every_family
@pytest.mark.parametrize("how", ["pickle", "copy", "deepcopy"])
def test_what_comes_back_is_the_same(cls: type[Family], how: str) -> None:
    for family in (cls(), blank(cls), typical(cls)):
        back = again(family, how)
        assert type(back) is type(family)
        assert (repr(back), back.y, back.name) == (repr(family), family.y, family.name)
        assert dict(back.option_values) == dict(family.option_values)
        np.testing.assert_equal(dict(back.given), dict(family.given))
        np.testing.assert_equal(dict(back.known_values), dict(family.known_values))
        assert [parameter.name for parameter in back.declared] == [p.name for p in family.declared]
    drawn = family.sample(5, rng=1)
    np.testing.assert_array_equal(back.sample(5, rng=1), drawn)
    np.testing.assert_array_equal(back.log_prob(drawn), family.log_prob(drawn))


@pytest.mark.parametrize("how", ["pickle", "copy", "deepcopy"])
def test_a_distribution_on_the_edge_of_its_parameters_comes_back(how: str) -> None:
    cls = next(cls for cls in CATALOGUE if cls.__name__ == "Bernoulli")
    edge = cls().frozen({"prob": 1.0})
    assert dict(again(edge, how).given) == {"prob": 1.0}


@every_family
def test_a_family_is_immutable(cls: type[Family]) -> None:
    family = typical(cls)
    for name in ("y", "anything", "declared", *(parameter.name for parameter in family.declared)):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(family, name, 1.0)
    with pytest.raises(AttributeError, match="immutable"):
        del family.y
    for mapping in (family.given, family.known_values, again(family, "pickle").given):
        with pytest.raises(TypeError):
            mapping["anything"] = 1.0
