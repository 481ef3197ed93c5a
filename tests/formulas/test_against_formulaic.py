"""Names and numbers of designs against formulaic, which shares no code with this."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula as OtherFormula
from formulaic import model_matrix
from hypothesis import given
from hypothesis import strategies as st

from thetahat.data import open_source
from thetahat.engines import Threads
from thetahat.formulas import FormulaDesigner, designers, read_formula, restore_designer
from thetahat.formulas.terms import parse
from thetahat.response._response import RowNumbers

RNG = np.random.default_rng(5)
N = 80
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "x": RNG.normal(size=N),
        "z": RNG.uniform(1, 5, N),
        "g": RNG.choice(list("abc"), N),
        "h": RNG.choice(["u", "v"], N),
        "i": RNG.integers(1, 4, N),
        "k": RNG.choice([0.5, 1.5], N),
        "my col": RNG.uniform(size=N),
        "dotted.name": RNG.uniform(size=N),
    }
)

FORMULAS = [
    "1",
    "x",
    "x + z",
    "-1 + x",
    "x + 0",
    "0 + x + z",
    ".",
    ". - g - h",
    "log(z+1)",
    "np.log(z)",
    "I(x**2) + I(z % 2) + exp(x/2)",
    "I((x - z) / 2) + I(-x) + log2(z)",
    "`my col` + log(`my col`)",
    'Q("my col")',
    "dotted.name",
    "g",
    "0 + g",
    "C(i)",
    "C(k)",
    'C(g, contr.treatment("b"))',
    "C(g, contr.treatment(base='c'))",
    "C(g, Treatment(reference='b'))",
    "C(g, contr.sum)",
    "C(g, Sum)",
    "C(g, contr.helmert)",
    "C(i, contr.poly)",
    "C(g, contr.diff)",
    "C(g, contr.SAS)",
    "0 + C(g, contr.sum)",
    'C(g, levels=["c", "a", "b"])',
    "g:h",
    "g*h",
    "g + h:g",
    "h + h:x + x",
    "g:x",
    "0 + g:x",
    "x:g",
    "0 + x:g:h",
    "g*h*x",
    "g*h*C(i)",
    "0 + g*h",
    "g*C(i)",
    "h:C(i) + x",
    "C(g, contr.sum):x",
    "C(g, contr.sum)*C(i, contr.sum)",
    "x/g",
    "g/x",
    "(x + z)/g",
    "(x + z + g)**2",
    "(x + z + g)^3 - x:z:g",
    "g**2",
    "x:z:x",
    "x*z*g - x:z:g",
    "bs(x, df=4)",
    "bs(x, df=6, degree=2)",
    "bs(x, degree=1, df=3)",
    "bs(x, knots=[0, 0.5])",
    "bs(x, df=5, lower_bound=-5, upper_bound=5)",
    "bs(x, df=5, lower_bound=-1, upper_bound=1, extrapolation='clip')",
    "bs(x, df=5, lower_bound=-1, upper_bound=1, extrapolation='zero')",
    "bs(x, df=5, lower_bound=-1, upper_bound=1, extrapolation='extend')",
    "bs(x, df=4, include_intercept=True)",
    "0 + bs(x, df=4, include_intercept=True)",
    "z:bs(x, df=4)",
    "g:bs(x, df=4)",
    "cr(x, df=4, constraints='center')",
    "cc(x, df=4, constraints='center')",
    "0 + cr(x, df=4)",
    "0 + cs(x, df=4)",
    "0 + cc(x, df=5)",
    "0 + cr(x, knots=[0, 0.3])",
    "0 + cr(x, df=5, lower_bound=-1, upper_bound=1)",
    "0 + cc(x, df=5, lower_bound=-1, upper_bound=1)",
    "poly(x, 3)",
    "poly(x, degree=2):poly(z, 2)",
    "g:poly(x, 2)",
    "poly(center(x), 2)",
    "center(x) + scale(z) + standardize(z)",
    "scale(x, center=False) + scale(z, scale=False)",
    "scale(x, ddof=0)",
    "log(scale(z) + 10)",
    "bs(log(z), df=4)",
]


def rows_of(frame: pd.DataFrame) -> dict[str, Any]:
    source = open_source(frame)
    return dict(next(iter(source.blocks(list(source.schema)))).columns)


def made(text: str, frame: pd.DataFrame = FRAME) -> FormulaDesigner:
    source = open_source(frame)
    return designers({"": read_formula(text, source)}, source, Threads(1))[""]


@pytest.mark.parametrize("right", FORMULAS)
def test_names_and_numbers_are_those_of_formulaic(right: str) -> None:
    designer = made(f"y ~ {right}")
    with warnings.catch_warnings():
        # NumPy 2 finds fault with one of formulaic's conversions.
        warnings.simplefilter("ignore")
        other = model_matrix(f"y ~ {right}", FRAME).rhs
    assert list(designer.names) == [str(name) for name in other.columns]
    design = designer.build(rows_of(FRAME), RowNumbers(0))
    np.testing.assert_allclose(design.dense(), other.to_numpy(float), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("right", FORMULAS)
def test_a_description_through_json_gives_the_same_bits(right: str) -> None:
    designer = made(f"y ~ {right}")
    again = restore_designer(json.loads(json.dumps(designer.describe())))
    assert (again.names, again.columns, again.intercept) == (
        designer.names,
        designer.columns,
        designer.intercept,
    )
    few = {name: values[10:30] for name, values in rows_of(FRAME).items()}
    where = RowNumbers(10)
    np.testing.assert_array_equal(again.build(few, where).dense(), designer.build(few, where).dense())
    assert again.describe() == designer.describe()


@pytest.mark.parametrize("right", FORMULAS)
def test_rows_of_a_part_are_those_of_the_whole(right: str) -> None:
    designer = made(f"y ~ {right}")
    rows = rows_of(FRAME)
    whole = designer.build(rows, RowNumbers(0)).dense()
    for start in (0, 33):
        part = {name: values[start : start + 33] for name, values in rows.items()}
        np.testing.assert_allclose(
            designer.build(part, RowNumbers(start)).dense(), whole[start : start + 33], rtol=1e-13, atol=1e-13
        )


def expressions() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(["a", "b", "c", "d", "log(a)", "I(b * 2)"])

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from([" + ", " - ", "*", ":", "/"]), inner).map("".join),
            inner.map(lambda text: f"({text})"),
            st.tuples(inner, st.sampled_from(["**", "^"]), st.integers(1, 3)).map(
                lambda parts: f"({parts[0]}){parts[1]}{parts[2]}"
            ),
            st.tuples(inner, st.sampled_from([" + 0", " - 1"])).map(lambda parts: f"({parts[0]}{parts[1]})"),
        )

    return st.recursive(atoms, larger, max_leaves=6)


@given(expressions(), st.sampled_from(["", " - 1", " + 0", " + 1", "- 0"]))
def test_the_algebra_of_terms_is_that_of_formulaic(right: str, ending: str) -> None:
    text = right + ending
    mine = [frozenset(term) for term in parse(f"~ {text}").terms]
    theirs = [
        frozenset(factor.expr for factor in term.factors if factor.expr != "1") for term in OtherFormula(text)
    ]
    assert len(mine) == len(set(mine))
    assert set(mine) == set(theirs)
    assert [len(term) for term in mine] == sorted(len(term) for term in mine)
