"""What the first pass learns and refuses, in memory and from files, in one block and in many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from thetahat._errors import DataError, FormulaError
from thetahat.data import BLOCK_ROWS, open_source
from thetahat.designs import DenseDesign, SplitDesign
from thetahat.engines import Threads
from thetahat.formulas import FormulaDesigner, Selection, designers, read_formula, restore_designer
from thetahat.response._response import RowNumbers


def made(text: str, data: Any, **options: Any) -> FormulaDesigner:
    source = open_source(data)
    formula = read_formula(text, source, functions=options.pop("functions", None))
    selection = Selection(formula.columns, options.pop("weights", None), options.pop("missing", "error"))
    return designers({"": formula}, source, Threads(options.pop("workers", 1)), selection)[""]


def built(designer: FormulaDesigner, **columns: Any) -> np.ndarray[Any, Any]:
    arrays = {
        name: np.array(values, dtype=object if isinstance(values[0], str) or values[0] is None else None)
        for name, values in columns.items()
    }
    return designer.build(arrays, RowNumbers(0)).dense()


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 2 * BLOCK_ROWS + 777
    return pd.DataFrame(
        {
            "y": rng.poisson(2.0, n),
            "x": rng.gamma(2.0, size=n).round(6),
            "g": np.array([f"level{k:03d}" for k in range(300)], dtype=object)[rng.integers(0, 300, n)],
            "h": rng.choice(["u", "v"], n),
            "k": rng.integers(-3, 4, n),
            "flag": rng.uniform(size=n) < 0.5,
        }
    )


MANY = "y ~ g + h*x + C(k, ref=0) + bs(log(x), df=5) + poly(x, 3) + scale(x) + flag + cc(x, df=4, constraints='center')"


def test_files_and_memory_teach_the_same(frame: pd.DataFrame, tmp_path: Path) -> None:
    csv, parquet = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    frame.to_csv(csv, index=False)
    frame.to_parquet(parquet, row_group_size=50_000)
    memory = made(MANY, frame)
    for source in (csv, parquet):
        assert made(MANY, source).describe() == memory.describe()
    assert made(MANY, frame, workers=3).describe() == memory.describe()


def test_blocks_build_what_the_whole_would(frame: pd.DataFrame) -> None:
    designer = made(MANY, frame)
    assert designer.n_rows == len(frame)
    source = open_source(frame)
    blocks = list(source.blocks(designer.columns))
    designs = [designer.build(block.columns, RowNumbers(block.start)) for block in blocks]
    assert all(isinstance(design, SplitDesign) for design in designs)
    stacked = SplitDesign.stack(designs)
    rng = np.random.default_rng(0)
    coefficients, values = rng.normal(size=stacked.n_columns), rng.normal(size=stacked.n_rows)
    parts = np.concatenate([design.matvec(coefficients) for design in designs])
    np.testing.assert_array_equal(stacked.matvec(coefficients), parts)
    total = sum(
        design.transpose(values[block.start : block.start + block.n_rows])
        for design, block in zip(designs, blocks, strict=True)
    )
    np.testing.assert_allclose(stacked.transpose(values), total, rtol=1e-9, atol=1e-9)
    # The columns of polynomials are orthonormal over all rows, not over a block's.
    at = [designer.names.index(f"poly(x, 3)[{k}]") for k in (1, 2, 3)]
    basis = np.stack([stacked.matvec(np.eye(1, stacked.n_columns, place)[0]) for place in at])
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-8)
    # Every row has one level of g, or the reference.
    ones = np.array([name.startswith("g[T.") for name in designer.names], dtype=float)
    in_reference = (frame["g"] == "level000").to_numpy()
    np.testing.assert_array_equal(stacked.matvec(ones), np.where(in_reference, 0.0, 1.0))


def test_a_transform_inside_another_takes_what_the_inner_one_gives(frame: pd.DataFrame) -> None:
    nested = made("y ~ poly(scale(center(x)), 2)", frame)
    plain = made("y ~ poly(x, 2)", frame)
    new = {"x": [0.5, 2.0, 3.5]}
    np.testing.assert_allclose(built(nested, **new), built(plain, **new), rtol=1e-9, atol=1e-12)
    again = restore_designer(json.loads(json.dumps(nested.describe())))
    np.testing.assert_array_equal(built(again, **new), built(nested, **new))


def test_new_rows_are_coded_as_the_first_were() -> None:
    designer = made(
        "y ~ g + center(x) + flag",
        {
            "y": [1, 2, 3, 4],
            "g": ["b", "a", "c", "a"],
            "x": [1.0, 2, 3, 6],
            "flag": [True, False, False, True],
        },
    )
    assert designer.names == ("Intercept", "g[T.b]", "g[T.c]", "center(x)", "flag[T.True]")
    rows = built(designer, g=["c", "a"], x=[4.0, 3.0], flag=[True, True])
    assert rows.tolist() == [[1, 0, 1, 1, 1], [1, 0, 0, 0, 1]]
    with pytest.raises(DataError, match=r"'z' in 2 rows \(first in row 1\).*'a', 'b', 'c'"):
        built(designer, g=["c", "z", "z"], x=[4.0, 3.0, 1.0], flag=[True, True, False])
    with pytest.raises(DataError, match="holds numbers and the formula was made for text"):
        built(designer, g=[1, 2], x=[4.0, 3.0], flag=[True, True])
    with pytest.raises(DataError, match="'x', which the formula"):
        built(designer, g=["c"], flag=[True])
    with pytest.raises(DataError, match="column 'x' has 1 missing value"):
        built(designer, g=["c"], x=[np.nan], flag=[True])


@pytest.mark.parametrize("new", [[1, 3], [1.0, 3.0]])
def test_whole_numbers_are_levels_by_value(new: list[Any]) -> None:
    designer = made("y ~ C(k)", {"y": [1, 2, 3, 4], "k": [1, 2, 3, 1]})
    assert designer.names == ("Intercept", "C(k)[T.2]", "C(k)[T.3]")
    assert built(designer, k=new).tolist() == [[1, 0, 0], [1, 0, 1]]
    for value in (4, 0, -1, 10**9, 2.5, np.nan, np.inf):
        with pytest.raises(DataError, match=r"none of its levels|missing value"):
            built(designer, k=[1.0, value])


def test_levels_far_apart_and_broken_are_levels_too() -> None:
    designer = made(
        "y ~ C(k) + C(r)", {"y": [1, 2, 3, 4], "k": [2**53 + 1, -5, 2**53, -5], "r": [0.1, 0.2, 0.1, -0.0]}
    )
    assert designer.names[1:] == (
        "C(k)[T.9007199254740992]",
        "C(k)[T.9007199254740993]",
        "C(r)[T.0.1]",
        "C(r)[T.0.2]",
    )
    rows = built(designer, k=[2**53 + 1, 2**53], r=[0.0, 0.2])
    assert rows.tolist() == [[1, 0, 1, 0, 0], [1, 1, 0, 0, 1]]


def test_a_reference_may_be_chosen() -> None:
    data = {"y": [1, 2, 3], "g": ["a", "b", "c"], "flag": [True, False, True]}
    assert made("y ~ C(g, ref='b')", data).names == ("Intercept", "C(g, ref='b')[T.a]", "C(g, ref='b')[T.c]")
    assert made("y ~ C(flag, ref=True)", data).names == ("Intercept", "C(flag, ref=True)[T.False]")
    with pytest.raises(FormulaError, match="'d' is none of the levels: 'a', 'b', 'c'"):
        made("y ~ C(g, ref='d')", data)


def test_missing_values_are_counted_by_column(frame: pd.DataFrame) -> None:
    holed = frame.copy()
    holed.loc[[5, BLOCK_ROWS + 1], "x"] = np.nan
    holed.loc[[BLOCK_ROWS + 2], "g"] = None
    with pytest.raises(DataError) as caught:
        made("y ~ x + g", holed)
    assert "column 'x' has 2 missing values (first in row 5)" in str(caught.value)
    assert f"column 'g' has 1 missing value (first in row {BLOCK_ROWS + 2})" in str(caught.value)
    dropped = made("y ~ center(x) + g", holed, missing="drop")
    kept = made("y ~ center(x) + g", holed.dropna())
    assert dropped.n_rows == len(frame) - 3
    mean = [dict(designer.describe())["states"]["center(x)"]["mean"] for designer in (dropped, kept)]
    assert mean[0] == pytest.approx(mean[1], rel=1e-14)


def test_rows_without_weight_teach_nothing() -> None:
    data = {"y": [1, 2, 3, 4], "g": ["a", "b", "c", "b"], "x": [1.0, 2.0, 99.0, 3.0], "w": [1, 2, 0, 1]}
    designer = made("y ~ g + center(x)", data, weights="w")
    assert designer.names == ("Intercept", "g[T.b]", "center(x)")
    assert dict(designer.describe())["states"] == {"center(x)": {"mean": 2.0}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y ~ one", r"one \(= 3\) is the same in every row"),
        ("y ~ one + x", "leave it out"),
        ("y ~ same", "one level only"),
        ("y ~ always", "one level only"),
        ("y ~ log(zero)", r"log\(zero\) is infinite in 2 rows: row 0 \(zero = 0\), row 2 \(zero = 0\)"),
        ("y ~ sqrt(x)", r"sqrt\(x\) is not a number in 1 row: row 0 \(x = -1\)"),
        ("y ~ x + offset(log(zero))", r"offset\(log\(zero\)\) is infinite"),
        ("y ~ poly(log(zero), 2)", r"infinite in 2 rows"),
        ("y ~ exp(big)", "infinite"),
        ("y ~ I(x / zero)", "infinite"),
        ("y ~ bs(one, df=4)", "all values are equal"),
        ("y ~ scale(one)", "all values are equal"),
        ("y ~ poly(two, 2)", "needs 3 distinct values"),
        ("y ~ bs(two, df=8)", "smaller df"),
        ("y ~ cr(two, df=8)", "8 distinct values"),
        ("y ~ bs(x, knots=[50])", "do not lie between the ends"),
        ("y ~ bs(x, df=4, lower_bound=3, upper_bound=2)", "must lie below"),
        ("y ~ C(x, contr.poly)", None),
        ("0 ~ x", "no column '0'|no column"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(text: str, said: str | None) -> None:
    data = {
        "y": [1.0, 2, 3, 4],
        "x": [-1.0, 0.5, 1.0, 2.0],
        "one": [3.0] * 4,
        "two": [0.0, 1.0, 0.0, 1.0],
        "same": ["a"] * 4,
        "always": [True] * 4,
        "zero": [0.0, 1.0, 0.0, 2.0],
        "big": [1e3, 1.0, 2.0, 3.0],
    }
    if said is None:
        assert len(made(text, data).names) == 4
        return
    with pytest.raises((FormulaError, DataError), match=said):
        made(text, data)


def test_a_constant_column_is_no_fault_without_an_intercept() -> None:
    assert made("y ~ 0 + one", {"y": [1.0, 2.0], "one": [3.0, 3.0]}).names == ("one",)


def test_too_many_levels_are_refused() -> None:
    with pytest.raises(FormulaError, match="more than 100,000 distinct values"):
        made("y ~ C(k)", {"y": np.zeros(100_001), "k": np.arange(100_001)})
    with pytest.raises(FormulaError, match="dense columns"):
        made("y ~ C(k, contr.sum)", {"y": np.zeros(1000), "k": np.arange(1000)})
    with pytest.raises(FormulaError, match="more than 1,000,000 columns"):
        made("y ~ C(k):C(m)", {"y": np.zeros(2000), "k": np.arange(2000), "m": np.arange(2000)})


def test_no_row_left_is_said() -> None:
    with pytest.raises(DataError, match="no row is left of 2: all have missing values"):
        made("y ~ x", {"y": [1.0, 2.0], "x": [np.nan, np.nan]}, missing="drop")
    with pytest.raises(FormulaError, match="must be 'error' or 'drop'"):
        made("y ~ x", {"y": [1.0, 2.0], "x": [1.0, 2.0]}, missing="omit")


def test_offsets_add_up() -> None:
    designer = made(
        "y ~ x + offset(log(e)) + offset(2 * x)", {"y": [1.0, 2.0], "x": [1.0, 3.0], "e": [1.0, np.e]}
    )
    assert designer.names == ("Intercept", "x")
    total = designer.offset({"x": np.array([1.0, 3.0]), "e": np.array([1.0, np.e])}, RowNumbers(0))
    assert total is not None
    assert total.tolist() == [2.0, 7.0]
    assert (
        made("y ~ x", {"y": [1.0], "x": [1.0]} | {"y": [1.0, 2.0], "x": [1.0, 2.0]}).offset({}, RowNumbers(0))
        is None
    )


def test_own_functions_see_columns_and_must_give_a_number_a_row() -> None:
    data = {"y": [1.0, 2.0, 3.0], "x": [1.0, 2.0, 4.0], "g": ["a", "bb", "a"]}
    lengths = {"length": lambda texts: np.array([len(text) for text in texts])}
    designer = made(
        "y ~ length(g) + center(double(x))", data, functions={**lengths, "double": lambda x: 2 * x}
    )
    assert built(designer, g=["ccc", "a"], x=[7.0, 0.0])[:, 1].tolist() == [3.0, 1.0]
    for wrong in (lambda x: x.sum(), lambda x: x[:1], lambda x: np.stack([x, x]), lambda x: x.astype(str)):
        with pytest.raises(FormulaError, match="one number a row"):
            made("y ~ f(x)", data, functions={"f": wrong})


def test_splines_say_what_they_do_beyond_their_ends() -> None:
    data = {"y": np.arange(9.0), "x": np.arange(9.0)}
    stopped = made("y ~ bs(x, df=4)", data)
    with pytest.raises(DataError, match="lie beyond the ends 0 and 8"):
        built(stopped, x=[1.0, 9.5])
    clipped = made("y ~ bs(x, df=4, extrapolation='clip')", data)
    np.testing.assert_array_equal(built(clipped, x=[9.5]), built(clipped, x=[8.0]))
    ended = made("y ~ bs(x, df=4, extrapolation='zero')", data)
    assert built(ended, x=[-3.0])[0, 1:].tolist() == [0.0] * 4
    # A polynomial piece goes on as the polynomial that it is.
    extended = made("y ~ bs(x, df=4, extrapolation='extend')", data)
    inside = np.linspace(5, 8, 4)
    for k in range(1, 5):
        curve = np.polyfit(inside, built(extended, x=inside)[:, k], 3)
        assert built(extended, x=[10.0])[0, k] == pytest.approx(np.polyval(curve, 10.0), abs=1e-8)


def test_knots_that_are_given_need_no_values_in_memory(frame: pd.DataFrame) -> None:
    ends = "lower_bound=0, upper_bound=40"
    designer = made(f"y ~ bs(x, knots=[1, 2], {ends}) + cr(x, knots=[1, 2], {ends})", frame)
    # Splines that add up to a constant lose their first column beside the intercept.
    assert [name for name in designer.names if name.startswith("cr")] == [
        f"cr(x, knots=[1, 2], {ends})[{k}]" for k in (2, 3, 4)
    ]
    assert len(designer.names) == 9
    natural = made(f"y ~ cr(x, knots=[1, 2], {ends})", frame)
    assert np.linalg.matrix_rank(built(natural, x=np.linspace(0, 40, 50))) == len(natural.names) == 4


def test_two_formulas_are_learned_together() -> None:
    source = open_source({"y": [1.0, 2.0, 4.0], "g": ["u", "v", "u"], "x": [0.5, 1.5, 2.0]})
    both = designers(
        {"": read_formula("y ~ g*x", source), "sd": read_formula("~ g + center(x)", source)},
        source,
        Threads(),
    )
    assert both[""].names == ("Intercept", "g[T.v]", "x", "g[T.v]:x")
    assert both["sd"].names == ("sd:Intercept", "sd:g[T.v]", "sd:center(x)")
    assert restore_designer(both["sd"].describe()).names == both["sd"].names


def test_a_small_design_is_dense_and_a_wide_one_is_not(frame: pd.DataFrame) -> None:
    rows = {name: frame[name].to_numpy()[:50] for name in ("x", "k", "flag")}
    assert isinstance(made("y ~ x + flag", frame).build(rows, RowNumbers(0)), DenseDesign)
    few = {"y": np.arange(50.0), **rows}
    assert isinstance(made("y ~ x + C(k)", few).build(rows, RowNumbers(0)), DenseDesign)
    assert isinstance(made("y ~ x + C(k)", frame).build(rows, RowNumbers(0)), SplitDesign)


@pytest.mark.parametrize(
    "right",
    ["g*h", "x:g:h + poly(x, 2):g", "0 + g:h + x", "C(k, contr.sum):g", "h:x:flag", "bs(x, df=4):g*h"],
)
def test_dense_and_split_layouts_agree(right: str, frame: pd.DataFrame) -> None:
    few = frame[frame["g"] < "level007"]
    designer = made(f"y ~ {right}", few)
    rows = dict(next(iter(open_source(few).blocks(list(few.columns)))).columns)
    designer._columns.dense = False
    split = designer.build(rows, RowNumbers(0))
    designer._columns.dense = True
    dense = designer.build(rows, RowNumbers(0))
    assert isinstance(split, SplitDesign)
    assert isinstance(dense, DenseDesign)
    np.testing.assert_array_equal(split.dense(), dense.dense())
