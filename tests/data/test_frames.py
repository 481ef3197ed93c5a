from __future__ import annotations

import datetime as dt
from decimal import Decimal

import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from thetahat._errors import DataError, SourceError
from thetahat.data import BLOCK_ROWS, open_source

COLUMNS = {
    "wait": [0.1, None, 1e300],
    "size": [1, 2, 3],
    "gap": [1, None, 3],
    "event": [True, False, True],
    "seen": [True, None, False],
    "site": ["a", None, "1.5"],
}
KINDS = {
    "wait": "number",
    "size": "integer",
    "gap": "number",
    "event": "boolean",
    "seen": "number",
    "site": "text",
}
FRAMES = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas nullable": lambda: pd.DataFrame(COLUMNS).convert_dtypes(),
    "pandas arrow": lambda: pd.DataFrame(COLUMNS).convert_dtypes(dtype_backend="pyarrow"),
    "pandas index": lambda: pd.DataFrame(COLUMNS, index=[5, 5, 1]),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars lazy": lambda: pl.LazyFrame(COLUMNS),
    "polars chunks": lambda: pl.concat([pl.DataFrame(COLUMNS)[:1], pl.DataFrame(COLUMNS)[1:]]),
    "arrow": lambda: pa.table(COLUMNS),
    "arrow sliced": lambda: pa.concat_tables([pa.table(COLUMNS)] * 5).combine_chunks()[9:12],
    "arrow batch": lambda: pa.record_batch(COLUMNS),
    "arrow reader": lambda: pa.table(COLUMNS).to_reader(),
    "narwhals": lambda: narwhals.from_native(pl.DataFrame(COLUMNS)),
    "dictionary": lambda: COLUMNS,
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES.keys())
def test_every_library_gives_the_same_columns(make):
    source = open_source(make())
    assert dict(source.schema) == KINDS
    assert source.n_rows == 3
    assert source.in_memory
    (block,) = source.blocks(list(KINDS))
    np.testing.assert_array_equal(block.columns["wait"], [0.1, np.nan, 1e300])
    np.testing.assert_array_equal(block.columns["gap"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(block.columns["seen"], [1.0, np.nan, 0.0])
    assert block.columns["size"].tolist() == [1, 2, 3]
    assert block.columns["event"].tolist() == [True, False, True]
    assert block.columns["site"].tolist() == ["a", None, "1.5"]
    dtypes = [block.columns[name].dtype.char for name in KINDS]
    assert dtypes == ["d", "l", "d", "?", "d", "O"]
    assert source.digest(list(KINDS)) == open_source(COLUMNS).digest(list(KINDS))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_numbers_are_shared_with_the_frame(library):
    values = np.random.default_rng(1).normal(size=2 * BLOCK_ROWS)
    frame = library({"wait": values})
    source = open_source(frame)
    blocks = [block.columns["wait"] for block in source.blocks(["wait"])]
    assert blocks[0].base is not None
    assert blocks[0].ctypes.data + 8 * BLOCK_ROWS == blocks[1].ctypes.data
    assert not blocks[0].flags.writeable
    np.testing.assert_array_equal(np.concatenate(blocks), values)


def test_other_types():
    frame = pl.DataFrame(
        {
            "category": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "level": pl.Series(["a", None, "b"], dtype=pl.Enum(["a", "b"])),
            "price": pl.Series([Decimal("0.10"), None, Decimal("12345678901234.57")]),
            "small": pl.Series([1, 2, 3], dtype=pl.Int8),
            "single": pl.Series([0.5, 1.5, None], dtype=pl.Float32),
            "huge": pl.Series([1, 2, 2**64 - 1], dtype=pl.UInt64),
            "none": pl.Series([None, None, None]),
        }
    )
    source = open_source(frame)
    assert list(source.schema.values()) == ["text", "text", "number", "integer", "number", "number", "number"]
    (block,) = source.blocks(list(source.schema))
    assert block.columns["category"].tolist() == ["a", None, "b"]
    assert block.columns["level"].tolist() == ["a", None, "b"]
    np.testing.assert_array_equal(block.columns["price"], [0.10, np.nan, 12345678901234.57])
    np.testing.assert_array_equal(block.columns["single"], [0.5, 1.5, np.nan])
    np.testing.assert_array_equal(block.columns["huge"], [1.0, 2.0, 2.0**64])
    assert np.isnan(block.columns["none"]).all()


def test_many_texts_are_decoded_in_order():
    texts = [None if i % 7 == 0 else f"name {i % 100}" for i in range(100_000)]
    for frame in (pl.DataFrame({"t": texts}), pa.table({"t": pa.array(texts).dictionary_encode()})):
        found = np.concatenate([block.columns["t"] for block in open_source(frame).blocks(["t"])])
        assert found.tolist() == texts


def test_unusable_columns_name_their_type():
    day = [dt.date(2020, 1, 1)]
    for frame in (pl.DataFrame({"y": [1], "day": day, "list": [[1]]}), pa.table({"y": [1], "day": day})):
        source = open_source(frame)
        assert list(source.schema) == ["y"]
        with pytest.raises(
            DataError, match=r"column 'day' of the data frame \(.*\) holds dates or times \(date32"
        ):
            source.blocks(["day"])
    frame = pd.DataFrame(
        {"y": [1, 2], "z": [1j, 2j], "mix": [1, "a"], "when": pd.date_range("2020", periods=2)}
    )
    source = open_source(frame)
    assert list(source.schema) == ["y"]
    for name, message in (("z", "complex"), ("mix", "row 1 .* is 'a', a str"), ("when", "dates or times")):
        with pytest.raises(DataError, match=message):
            source.require([name])
        with pytest.raises(DataError, match=message):
            source.blocks([name])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns"),
        (pa.table([[1], [2]], names=["a", "a"]), "two columns"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "two columns named '1'"),
        (pl.DataFrame({"a": []}), r"data frame \(polars\) has no rows"),
    ],
    ids=["pandas", "arrow", "names", "empty"],
)
def test_errors(frame, message):
    with pytest.raises(SourceError, match=message) as caught:
        open_source(frame)
    assert "\n" not in str(caught.value)


def test_missing_column_and_description():
    source = open_source(pl.DataFrame(COLUMNS))
    assert source.describe() == "data frame (polars), 6 columns"
    with pytest.raises(
        SourceError, match=r"data frame \(polars\) has no column 'wiat'; it has: wait, .*'wait'"
    ):
        source.blocks(["wiat"])
    numbered = open_source(pd.DataFrame(np.ones((3, 2))))
    assert list(numbered.schema) == ["0", "1"]
