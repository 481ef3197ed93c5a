from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thetahat._errors import DataError, SourceError
from thetahat.data import BLOCK_ROWS, open_source

TABLE = pa.table(
    {
        "wait": pa.array([0.1, None, 5e-324]),
        "single": pa.array([0.5, 1.5, None], pa.float32()),
        "size": pa.array([1, 2, 3], pa.int16()),
        "gap": pa.array([1, None, 3]),
        "event": pa.array([True, False, True]),
        "seen": pa.array([True, None, False]),
        "site": pa.array(["a", None, "1.5"]),
        "level": pa.array(["a", None, "b"]).dictionary_encode(),
        "price": pa.array([Decimal("0.10"), None, Decimal("12345678901234.57")]),
        "large": pa.array([1, 2, 2**64 - 1], pa.uint64()),
        "small": pa.array([1, 2, 3], pa.uint64()),
        "none": pa.nulls(3),
    }
)
KINDS = {
    "wait": "number",
    "single": "number",
    "size": "integer",
    "gap": "number",
    "event": "boolean",
    "seen": "number",
    "site": "text",
    "level": "text",
    "price": "number",
    "large": "number",
    "small": "integer",
    "none": "number",
}


def column(source, name):
    return np.concatenate([block.columns[name] for block in source.blocks([name])])


@pytest.mark.parametrize("statistics", [True, False])
def test_kinds_values_and_missing(tmp_path, statistics):
    path = tmp_path / "x.parquet"
    pq.write_table(TABLE, path, write_statistics=statistics)
    source = open_source(path)
    assert dict(source.schema) == KINDS
    assert source.n_rows == 3
    assert not source.in_memory
    assert source.describe() == f"file {path}"
    (block,) = source.blocks(list(KINDS))
    expected = {
        "wait": [0.1, np.nan, 5e-324],
        "single": [0.5, 1.5, np.nan],
        "size": [1, 2, 3],
        "gap": [1.0, np.nan, 3.0],
        "event": [True, False, True],
        "seen": [1.0, np.nan, 0.0],
        "price": [0.1, np.nan, 12345678901234.57],
        "large": [1.0, 2.0, 2.0**64],
        "small": [1, 2, 3],
        "none": [np.nan] * 3,
    }
    for name, values in expected.items():
        wanted = np.array(values)
        assert block.columns[name].dtype == wanted.dtype, name
        np.testing.assert_array_equal(block.columns[name], wanted)
    assert block.columns["site"].tolist() == ["a", None, "1.5"]
    assert block.columns["level"].tolist() == ["a", None, "b"]
    assert source.digest(list(KINDS)) == open_source(TABLE).digest(list(KINDS))


@pytest.mark.parametrize("n", [1, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("group", [1_000, 50_000, 65_536, 1_000_000])
def test_blocks_do_not_depend_on_row_groups(tmp_path, n, group):
    if n > 50 * group:
        n = 50 * group + 1
    values = np.random.default_rng(n).normal(size=n)
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": values, "i": np.arange(n)}), path, row_group_size=group)
    source = open_source(path)
    for _ in range(2):
        blocks = list(source.blocks(["i", "x"]))
        assert [(block.start, block.n_rows) for block in blocks] == [
            (start, min(BLOCK_ROWS, n - start)) for start in range(0, n, BLOCK_ROWS)
        ]
        assert all(block.columns["x"].flags.c_contiguous for block in blocks)
        assert np.concatenate([block.columns["x"] for block in blocks]).tobytes() == values.tobytes()
        np.testing.assert_array_equal(np.concatenate([block.columns["i"] for block in blocks]), np.arange(n))
    assert source.digest(["x"]) == open_source(values).digest(["y"])


def test_many_files_are_one_sequence_of_rows(tmp_path):
    values = np.random.default_rng(3).normal(size=150_000)
    cuts = [0, 40_000, 40_000, 130_001, 150_000]
    for part, (low, high) in enumerate(pairwise(cuts)):
        pq.write_table(pa.table({"x": values[low:high]}), tmp_path / f"part-{part}.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-0.parquet").touch()
    (tmp_path / "README.txt").touch()
    files = sorted(tmp_path.glob("part-*"))
    for data in (tmp_path, str(tmp_path), files, str(tmp_path / "part-*.parquet")):
        source = open_source(data)
        assert source.n_rows == 150_000
        blocks = list(source.blocks(["x"]))
        assert [block.n_rows for block in blocks] == [65_536, 65_536, 18_928]
        assert np.concatenate([block.columns["x"] for block in blocks]).tobytes() == values.tobytes()
    assert open_source(tmp_path).describe() == f"4 files in folder {tmp_path}"


def test_types_may_differ_between_files_where_one_kind_holds_both(tmp_path):
    parts = [
        {"a": pa.array([1]), "b": pa.nulls(1), "c": pa.array([1])},
        {"a": pa.array([2.5]), "b": pa.array([2]), "c": pa.array(["x"])},
    ]
    files = [tmp_path / f"{part}.pq" for part in range(2)]
    for file, columns in zip(files, parts, strict=True):
        pq.write_table(pa.table(columns), file)
    source = open_source(files)
    assert dict(source.schema) == {"a": "number", "b": "number"}
    assert column(source, "a").tolist() == [1.0, 2.5]
    np.testing.assert_array_equal(column(source, "b"), [np.nan, 2.0])
    with pytest.raises(SourceError, match=r"column 'c' of 2 files has different types .*int64, string"):
        source.blocks(["c"])


def test_files_of_polars(tmp_path):
    path = tmp_path / "x.parquet"
    pl.DataFrame({"x": [1, 2, 3], "t": ["a", None, "b"], "f": [0.1, None, 0.3]}).write_parquet(path)
    source = open_source(path)
    assert dict(source.schema) == {"x": "integer", "t": "text", "f": "number"}
    assert column(source, "t").tolist() == ["a", None, "b"]


def test_blocks_without_columns_still_count_rows(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": np.zeros(70_000)}), path)
    assert [block.n_rows for block in open_source(path).blocks([])] == [65_536, 4_464]


def test_unusable_columns_are_errors_only_when_asked_for(tmp_path):
    path = tmp_path / "x.parquet"
    when = pa.array([0], pa.timestamp("us"))
    pq.write_table(pa.table({"y": [1], "when": when, "list": [[1]], "raw": [b"a"]}), path)
    source = open_source(path)
    assert list(source.schema) == ["y"]
    assert column(source, "y").tolist() == [1]
    for name, words in (("when", r"dates or times \(timestamp\[us\]\)"), ("list", "list<"), ("raw", "bytes")):
        with pytest.raises(DataError, match=rf"column '{name}' of file .* holds {words}"):
            source.blocks([name])


def test_names_may_have_dots(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [{"b": 5}], "a.b": [7], "c.d": [1.5]}), path)
    assert column(open_source(path), "c.d").tolist() == [1.5]
    assert column(open_source(path), "a.b").tolist() == [7]


def test_missing_column(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"wait": [1], "size": [2]}), path)
    with pytest.raises(SourceError) as caught:
        open_source(path).blocks(["wiat"])
    expected = f"file {path} has no column 'wiat'; it has: wait, size (did you mean 'wait'?)"
    assert str(caught.value) == expected


def test_broken_files(tmp_path):
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"x": np.random.default_rng(4).normal(size=10_000)}), whole)
    for length in (0, 3, 1_000, whole.stat().st_size - 10):
        cut = tmp_path / "cut.parquet"
        cut.write_bytes(whole.read_bytes()[:length])
        with pytest.raises(
            SourceError, match=r"file .*cut.parquet cannot be read as Parquet: .*cut short"
        ) as caught:
            open_source(cut)
        assert "\n" not in str(caught.value)
    spoilt = bytearray(whole.read_bytes())
    spoilt[4:200] = b"\xff" * 196
    cut.write_bytes(spoilt)
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        column(open_source(cut), "x")


def test_other_errors(tmp_path):
    empty = tmp_path / "empty.parquet"
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), empty)
    with pytest.raises(SourceError, match=r"file .*empty.parquet has no rows"):
        open_source(empty)
    repeated = tmp_path / "repeated.parquet"
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), repeated)
    with pytest.raises(SourceError, match="two columns named 'a'"):
        open_source(repeated)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"y": [1]}), other)
    with pytest.raises(SourceError, match=r"other.parquet lacks column 'x', which .*empty.parquet has"):
        open_source([empty, other])


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "x.parquet"
    values = np.random.default_rng(5).normal(size=1_000_000)
    with pq.ParquetWriter(path, pa.schema([("x", pa.float64())])) as writer:
        table = pa.table({"x": values})
        for _ in range(5):
            writer.write_table(table, row_group_size=1_000_000)
    code = (
        "import resource, sys; import numpy, pyarrow.parquet; from thetahat.data import open_source\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        f"before = peak(); source = open_source({str(path)!r})\n"
        "rows = sum(block.n_rows for block in source.blocks(['x']))\n"
        "print(rows, peak() - before, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, megabytes, pandas = done.stdout.split()
    assert (rows, pandas) == ("5000000", "False")
    # The column is 40 MB; macOS counts bytes where Linux counts kilobytes.
    assert int(megabytes) / (1024 if sys.platform == "darwin" else 1) < 35
