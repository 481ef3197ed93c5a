from __future__ import annotations

import datetime as dt
import subprocess
import sys
import timeit
from array import array
from collections import deque
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thetahat._errors import DataError, SourceError
from thetahat.data import BLOCK_ROWS, open_source
from thetahat.data._source import reblock
from thetahat.data.arrays import ArraySource


def column(data, name="y"):
    return np.concatenate([block.columns[name] for block in open_source(data).blocks([name])])


@pytest.mark.parametrize(
    ("data", "kind", "values"),
    [
        ([1.5, 2.0], "number", [1.5, 2.0]),
        ((1, 2), "integer", [1, 2]),
        (range(3, 9, 2), "integer", [3, 5, 7]),
        ([True, False], "boolean", [True, False]),
        (["1.5", "2"], "text", ["1.5", "2"]),
        (np.array(["a", "b"]), "text", ["a", "b"]),
        (np.array(["a", "b"], dtype=np.dtypes.StringDType()), "text", ["a", "b"]),
        ([1, None], "number", [1.0, np.nan]),
        ([True, None], "number", [1.0, np.nan]),
        (["a", None, float("nan")], "text", ["a", None, None]),
        (np.array(["a", np.nan], dtype=object), "text", ["a", None]),
        ([None, None], "number", [np.nan, np.nan]),
        ([pd.NA, 2], "number", [np.nan, 2.0]),
        ([Decimal("0.1"), Fraction(1, 4), 3], "number", [0.1, 0.25, 3.0]),
        (np.array([1, 2], dtype=object), "integer", [1, 2]),
        ([np.float64(1), np.int8(2)], "number", [1.0, 2.0]),
        (np.array([1.5], dtype=np.float32), "number", [1.5]),
        (np.array([1.5, 2], dtype=">f8"), "number", [1.5, 2.0]),
        (np.array([7], dtype=np.uint8), "integer", [7]),
        (np.array([2**64 - 1], dtype=np.uint64), "number", [2.0**64]),
        (np.array([2**62], dtype=np.uint64), "integer", [2**62]),
        ([2**70, 1], "number", [2.0**70, 1.0]),
        (np.arange(6.0)[::2], "number", [0.0, 2.0, 4.0]),
        (np.array([[1.0], [2.0]]), "number", [1.0, 2.0]),
        ([[1.0], [2.0]], "number", [1.0, 2.0]),
        (np.ma.array([1, 2], mask=[False, True]), "number", [1.0, np.nan]),
        (np.ma.array([1, 2]), "integer", [1, 2]),
        (array("d", [1.0, 2.0]), "number", [1.0, 2.0]),
        (deque([1, 2]), "integer", [1, 2]),
        ({"a": 1, "b": 2}.values(), "integer", [1, 2]),
        (pd.Series([1, None], dtype="Int64"), "number", [1.0, np.nan]),
        (pd.Series([1, 2], dtype="Int64"), "integer", [1, 2]),
        (pd.Series([2, 1], dtype="category"), "integer", [2, 1]),
        (pd.Series(["b", None], dtype="category"), "text", ["b", None]),
        (pd.Series([0.0, 1.5], dtype="Sparse[float]"), "number", [0.0, 1.5]),
        (pl.Series([1, 2, None]), "number", [1.0, 2.0, np.nan]),
        (pl.Series([1, 2], dtype=pl.Int128), "integer", [1, 2]),
        (pa.array([True, False]), "boolean", [True, False]),
        (pa.chunked_array([[1.5], [None]]), "number", [1.5, np.nan]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kinds_and_values(data, kind, values):
    source = open_source(data)
    assert dict(source.schema) == {"y": kind}
    found = column(data)
    assert found.dtype == {"number": "f8", "integer": "i8", "boolean": "?", "text": "O"}[kind]
    np.testing.assert_array_equal(found, np.array(values, dtype=found.dtype))
    assert source.n_rows == len(values)
    assert source.in_memory


def test_jax_array():
    jax_numpy = pytest.importorskip("jax.numpy")
    np.testing.assert_array_equal(column(jax_numpy.arange(3.0)), [0.0, 1.0, 2.0])


@pytest.mark.parametrize("dtype", [np.float64, np.int64, bool])
def test_contiguous_arrays_are_not_copied_and_not_writable(dtype):
    values = np.ones(BLOCK_ROWS + 1, dtype=dtype)
    for block in open_source(values).blocks(["y"]):
        assert np.shares_memory(block.columns["y"], values)
        assert not block.columns["y"].flags.writeable
    assert values.flags.writeable


@pytest.mark.parametrize("n", [1, 65_536, 65_537, 200_000])
def test_blocks_start_at_multiples_and_cover_every_row(n):
    values = np.arange(n, dtype=float)
    source = open_source(values)
    for _ in range(2):
        blocks = list(source.blocks(["y"]))
        assert [block.start for block in blocks] == list(range(0, n, BLOCK_ROWS))
        assert all(block.n_rows == BLOCK_ROWS for block in blocks[:-1])
        assert all(block.n_rows == len(block.columns["y"]) for block in blocks)
        np.testing.assert_array_equal(np.concatenate([block.columns["y"] for block in blocks]), values)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 150_000), max_size=6))
def test_reblock_gives_the_same_blocks_whatever_the_batches(sizes):
    total = sum(sizes)
    values = np.arange(total)
    edges = np.cumsum([0, *sizes])
    batches = ((b - a, {"y": values[a:b]}) for a, b in pairwise(edges))
    blocks = list(reblock(batches))
    assert [(block.start, block.n_rows) for block in blocks] == [
        (start, min(BLOCK_ROWS, total - start)) for start in range(0, total, BLOCK_ROWS)
    ]
    for block in blocks:
        assert block.columns["y"].flags.c_contiguous
        np.testing.assert_array_equal(block.columns["y"], values[block.start : block.start + block.n_rows])


def test_reblock_copies_only_blocks_that_span_batches():
    values = np.arange(3 * BLOCK_ROWS + 10)
    cut = 2 * BLOCK_ROWS + 5
    blocks = list(reblock([(cut, {"y": values[:cut]}), (len(values) - cut, {"y": values[cut:]})]))
    assert [np.shares_memory(block.columns["y"], values) for block in blocks] == [True, True, False, True]


def test_blocks_without_columns_still_count_rows():
    assert [block.n_rows for block in open_source(np.zeros(70_000)).blocks([])] == [65_536, 4_464]


def test_dictionaries_and_record_arrays():
    source = open_source({"time": [5, 8], "event": np.array([True, False]), "site": pd.Series(["a", None])})
    assert dict(source.schema) == {"time": "integer", "event": "boolean", "site": "text"}
    assert source.describe() == "3 columns of 2 rows"
    records = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")])
    assert dict(open_source(records).schema) == {"a": "integer", "b": "number"}
    np.testing.assert_array_equal(column(records, "b"), [2.5, 4.5])


def test_unusable_columns_are_errors_only_when_asked_for():
    source = open_source({"y": [1.0, 2.0], "day": [dt.date(2020, 1, 1)] * 2, "mixed": [1, "a"]})
    assert dict(source.schema) == {"y": "number"}
    assert set(source.unusable) == {"day", "mixed"}
    assert next(source.blocks(["y"])).n_rows == 2
    with pytest.raises(DataError, match=r"column 'day' holds dates or times \(date\); convert it to numbers"):
        source.blocks(["day"])
    with pytest.raises(SourceError, match="column 'mixed' mixes numbers and text: row 1"):
        source.require(["y", "mixed"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "data is None; give"),
        (3.5, "data is 3.5; give"),
        (np.float64(2), "data is .*2.0.*; give"),
        (b"x", "data is b'x'; give"),
        (np.array(1.0), "the array is a single value, 1.0; give a sequence"),
        ([], "the array is empty"),
        (np.array([]), "the array is empty"),
        ({}, "the dictionary has no columns"),
        ({"y": []}, "the columns are empty"),
        ({"y": 3}, "column 'y' holds int values; give one"),
        ({"y": "abc"}, "column 'y' is 'abc', no sequence"),
        ({"y": None}, "column 'y' is None, no sequence"),
        ({1: [2]}, "column names must be text; 1 is a int"),
        ({"a": [1, 2], "b": [1]}, "different lengths: 'a' has 2 rows and 'b' has 1"),
        (np.ones((3, 2)), r"2 dimensions \(3 × 2\); name its columns with a dictionary"),
        ([[1, 2], [3, 4]], "2 dimensions"),
        (
            [[1, 2], [3]],
            r"rows of different lengths: row 1 \(counted from 0\) is \[3\] and row 0 is \[1, 2\]",
        ),
        ([1, [2, 3]], "rows of different lengths: row 1"),
        (np.array([1j]), r"complex numbers \(complex128\); take the real part"),
        (np.array([1.0, 1j], dtype=object), "row 1 .* is a complex number, 1j"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "dates or times"),
        ([dt.datetime(2020, 1, 1)], "row 0 .* holds dates or times"),  # noqa: DTZ001
        (np.array([b"a"]), "holds bytes"),
        ([1.0, "a"], "mixes numbers and text: row 1 .* is 'a', a str"),
        (["a", None, 2], "mixes text and numbers: row 2 .* is 2, a int"),
        (np.array([True, 2.0], dtype=object), "mixes booleans and numbers: row 1"),
        ([1, {"a": 1}], r"row 1 .* is \{'a': 1\}, a dict"),
        ([10**400, 1], "beyond the range of float64"),
        ((x for x in [1]), "is a generator"),
        ({1, 2}, "is a set"),
        (object(), "is a object"),
        (pd.Series(pd.date_range("2020", periods=2)), "dates or times"),
        (pl.Series([[1], [2]]), "holds .*list.* values; give one"),
        (pd.Series([1, "a"], dtype="category"), "mixes numbers and text"),
        (pa.array([b"a"]), "holds bytes"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_say_what_to_do(data, message):
    with pytest.raises(DataError, match=message) as caught:
        open_source(data)
    assert "\n" not in str(caught.value)


def test_missing_column_suggests_a_name():
    source = open_source({"wait": [1], "size": [2]})
    for ask in (source.require, source.blocks):
        with pytest.raises(SourceError) as caught:
            ask(["wiat"])
        expected = "dictionary has no column 'wiat'; it has: wait, size (did you mean 'wait'?)"
        assert str(caught.value) == expected


def test_digest_depends_on_values_alone():
    y = np.array([0.0, 1.0, np.nan, 3.0])
    digest = open_source(y).digest(["y"])
    other_nan = np.array([0x7FF8000000000001], dtype=np.uint64).view(float)[0]
    assert open_source([-0.0, 1, other_nan, 3]).digest(["y"]) == digest
    assert open_source({"x": pd.Series([0, 1, None, 3], dtype="Int64")}).digest(["x"]) == digest
    assert open_source([0, 1, 2, 3]).digest(["y"]) != digest
    two = open_source({"a": [1, 2], "b": [3, 4]})
    assert two.digest(["a", "b"]) != two.digest(["b", "a"])
    assert len(digest) == 64


def test_digest_of_large_integers_and_text():
    wide = open_source([2**53 + 1, 5]).digest(["y"])
    assert wide != open_source([2.0**53, 5.0]).digest(["y"])
    for edge in (-(2**63), 2**63 - 1):
        open_source([edge]).digest(["y"])
    assert open_source([-(2**63)]).digest(["y"]) == open_source([-(2.0**63)]).digest(["y"])
    assert open_source(["ab", "c"]).digest(["y"]) != open_source(["a", "bc"]).digest(["y"])
    assert open_source(["", "c"]).digest(["y"]) != open_source([None, "c"]).digest(["y"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros(1000), "array of 1,000 numbers"),
        ([1, 2], "array of 2 integers"),
        ({"a": [1]}, "1 column of 1 row"),
    ],
)
def test_describe(data, words):
    assert open_source(data).describe() == words


def test_sources_pass_through():
    source = ArraySource({"y": [1]})
    assert open_source(source) is source


def test_opening_an_array_takes_microseconds():
    values = np.zeros(1000)
    assert min(timeit.repeat(lambda: open_source(values), number=200, repeat=20)) / 200 < 20e-6


def test_arrays_need_no_heavy_library():
    code = (
        "import sys, numpy; from thetahat.data import open_source; "
        "open_source(numpy.zeros(3)).digest(['y']); open_source([1, None]); open_source({'a': ['b']}); "
        "print(sorted({'pandas', 'polars', 'pyarrow', 'narwhals', 'jax', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
