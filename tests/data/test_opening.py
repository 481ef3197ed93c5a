from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from thetahat._errors import DataError, SourceError
from thetahat.data import csv as csv_module
from thetahat.data import open_source


def test_values_are_the_same_bits_whichever_way_they_come(tmp_path, monkeypatch):
    rng = np.random.default_rng(6)
    n = 70_000
    wait = np.where(rng.random(n) < 0.01, np.nan, np.exp(rng.normal(scale=30, size=n)))
    columns = {
        "wait": wait,
        "size": rng.integers(-(2**62), 2**62, n),
        "event": rng.random(n) < 0.5,
        "site": np.array(["", "a", "Zürich", None], dtype=object)[rng.integers(1, 4, n)],
    }
    table = pa.table(
        {name: pa.array(values, from_pandas=True) for name, values in columns.items()},
    )
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=9_999)
    pa.csv.write_csv(table, tmp_path / "x.csv")
    half = tmp_path / "halves"
    half.mkdir()
    pa.csv.write_csv(table[: n // 2], half / "1.csv")
    pa.csv.write_csv(table[n // 2 :], half / "2.csv")
    sources = [
        open_source(columns),
        open_source({name: values.tolist() for name, values in columns.items()}),
        open_source(pd.DataFrame(columns)),
        open_source(pl.DataFrame(columns)),
        open_source(table),
        open_source(tmp_path / "x.parquet"),
        open_source(tmp_path / "x.csv"),
        open_source(half),
    ]
    monkeypatch.setattr(csv_module, "_KEPT_BYTES", 0)
    sources += [open_source(tmp_path / "x.csv"), open_source(half)]
    names = list(columns)
    first = list(sources[0].blocks(names))
    assert len({source.digest(names) for source in sources}) == 1
    for source in sources:
        assert dict(source.schema) == {
            "wait": "number",
            "size": "integer",
            "event": "boolean",
            "site": "text",
        }
        for block, expected in zip(source.blocks(names), first, strict=True):
            assert (block.start, block.n_rows) == (expected.start, expected.n_rows)
            for name in ("wait", "size", "event"):
                assert block.columns[name].dtype == expected.columns[name].dtype
                np.testing.assert_array_equal(block.columns[name], expected.columns[name])
            assert block.columns["site"].tolist() == expected.columns["site"].tolist()


def test_paths_in_the_home_folder(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("x\n1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_source("~/x.csv").n_rows == 1


def test_patterns_reach_into_folders(tmp_path):
    for year in ("2020", "2019"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "x.csv").write_text(f"x\n{year}\n")
    source = open_source(str(tmp_path / "**" / "*.csv"))
    assert next(source.blocks(["x"])).columns["x"].tolist() == [2019, 2020]
    assert source.describe() == f"2 files matching {tmp_path}/**/*.csv"


def test_texts_that_are_no_paths_are_values():
    assert open_source(["a.csv", "b"]).describe() == "array of 2 texts"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none.csv", "there is no file .*none.csv"),
        (lambda _: "none", "there is no file none"),
        (lambda folder: [folder / "a.csv", folder / "none.csv"], "there is no file .*none.csv"),
        (lambda _: ["none.csv", "no.csv"], "there is no file none.csv"),
        (lambda folder: folder / "x.xlsx", r"has the suffix '.xlsx', which .* known are .csv"),
        (lambda folder: folder / "plain", "has no suffix, which .* known are .csv"),
        (lambda folder: folder / "empty", "folder .*empty holds no data files .* give a pattern"),
        (lambda folder: str(folder / "*.pq"), r"no data file matches .*\*.pq"),
        (lambda folder: [folder / "empty"], "empty is no file"),
        (lambda folder: [folder / "empty", folder / "a.csv"], "empty is no file"),
        (
            lambda folder: folder,
            "2 files in folder .* are a mix of CSV and Parquet, such as a.csv and b.parquet",
        ),
        (lambda folder: [folder / "a.csv", folder / "b.parquet"], "2 files are a mix of CSV and Parquet"),
    ],
)
def test_errors_say_what_to_do(tmp_path, make, message):
    (tmp_path / "a.csv").write_text("x\n1\n")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "b.parquet")
    (tmp_path / "x.xlsx").write_text("x")
    (tmp_path / "plain").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=message) as caught:
        open_source(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_empty_list_is_no_list_of_files():
    with pytest.raises(DataError, match="the array is empty"):
        open_source(())


def test_a_path_object_in_a_list_is_a_file(tmp_path):
    path = Path(tmp_path, "x.txt")
    path.write_text("x")
    with pytest.raises(SourceError, match=r"has the suffix '\.txt'"):
        open_source([path])
