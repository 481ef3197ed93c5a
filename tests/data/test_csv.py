from __future__ import annotations

import gc
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import thetahat as th
from thetahat._errors import DataError, SourceError
from thetahat.data import BLOCK_ROWS, open_source
from thetahat.data import csv as csv_module


@pytest.fixture
def write(tmp_path):
    def make(text, name="x.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


@pytest.fixture(params=["kept", "spooled"])
def way(request, monkeypatch):
    if request.param == "spooled":
        monkeypatch.setattr(csv_module, "_KEPT_BYTES", 0)
    return request.param


def column(source, name):
    return np.concatenate([block.columns[name] for block in source.blocks([name])])


def test_kinds_values_and_missing(write, way):
    path = write(
        "wait,size,event,site,gap,seen,none\n"
        "0.1,1,true,a,1,true,\n"
        "NA,2,false,,,,\n"
        '1e-320,-3,True,"b,\nc",3,FALSE,\n'
    )
    source = open_source(path)
    assert dict(source.schema) == {
        "wait": "number",
        "size": "integer",
        "event": "boolean",
        "site": "text",
        "gap": "number",
        "seen": "number",
        "none": "number",
    }
    assert source.in_memory == (way == "kept")
    assert source.n_rows == 3
    assert source.describe() == f"file {path}"
    (block,) = source.blocks(list(source.schema))
    np.testing.assert_array_equal(block.columns["wait"], [0.1, np.nan, 1e-320])
    assert block.columns["size"].tolist() == [1, 2, -3]
    assert block.columns["event"].tolist() == [True, False, True]
    assert block.columns["site"].tolist() == ["a", None, "b,\nc"]
    np.testing.assert_array_equal(block.columns["gap"], [1, np.nan, 3])
    np.testing.assert_array_equal(block.columns["seen"], [1, np.nan, 0])
    assert np.isnan(block.columns["none"]).all()


@pytest.mark.usefixtures("way")
def test_floats_are_read_exactly(write):
    rng = np.random.default_rng(2)
    values = rng.integers(0, 2**64, 5000, dtype=np.uint64).view(float)
    values = np.concatenate([values[np.isfinite(values)], [5e-324, 1.7976931348623157e308, -0.0, 1e23, 0.1]])
    source = open_source(write("x\n" + "\n".join(map(repr, values.tolist())) + "\n"))
    assert column(source, "x").tobytes() == values.tobytes()


@pytest.mark.parametrize("n", [1, 65_536, 65_537, 200_000])
@pytest.mark.usefixtures("way")
def test_blocks(tmp_path, n):
    values = np.random.default_rng(n).normal(size=n)
    path = tmp_path / "x.csv"
    pa.csv.write_csv(pa.table({"i": np.arange(n), "x": values}), path)
    source = open_source(path)
    for _ in range(2):
        blocks = list(source.blocks(["x", "i"]))
        assert [block.start for block in blocks] == list(range(0, n, BLOCK_ROWS))
        assert all(block.columns["x"].flags.c_contiguous for block in blocks)
        assert np.concatenate([block.columns["x"] for block in blocks]).tobytes() == values.tobytes()
        np.testing.assert_array_equal(np.concatenate([block.columns["i"] for block in blocks]), np.arange(n))
    assert source.digest(["x"]) == open_source(values).digest(["y"])


LATE = 600_000


@pytest.mark.parametrize(
    ("early", "late", "kind", "first", "last"),
    [
        ("7", "1.5", "number", 7.0, 1.5),
        ("7", "", "number", 7.0, None),
        ("007", "abc", "text", "007", "abc"),
        ("", "4", "number", None, 4.0),
        ("", "4.5", "number", None, 4.5),
        ("", "abc", "text", None, "abc"),
        ("1.50", "abc", "text", "1.50", "abc"),
        ("true", "abc", "text", "true", "abc"),
        ("7", "9223372036854775808", "number", 7.0, 2.0**63),
        ("2020-01-01", "later", "text", "2020-01-01", "later"),
    ],
)
@pytest.mark.usefixtures("way")
def test_a_column_has_one_kind_from_the_first_row_to_the_last(write, early, late, kind, first, last):
    source = open_source(write("i,x\n" + f"1,{early}\n" * LATE + f"2,{late}\n"))
    assert source.schema["x"] == kind
    found = column(source, "x")
    assert len(found) == LATE + 1
    for value, expected in ((found[0], first), (found[-1], last)):
        assert np.isnan(value) if expected is None and kind == "number" else value == expected, value


@pytest.mark.usefixtures("way")
def test_many_files_share_one_kind(write):
    files = [
        write("x,y,z\n1,a,\n", "part/1.csv"),
        write("z,y,x\n5,2,2.5\n", "part/2.csv"),
        write("x,y,z\n", "part/3.csv"),
        write("x,y,z\n3,c,6\n", "part/4.csv"),
    ]
    for data in (files, [str(file) for file in files], files[0].parent, str(files[0].parent / "*.csv")):
        source = open_source(data)
        assert dict(source.schema) == {"x": "number", "y": "text", "z": "number"}
        assert column(source, "x").tolist() == [1.0, 2.5, 3.0]
        assert column(source, "y").tolist() == ["a", "2", "c"]
        np.testing.assert_array_equal(column(source, "z"), [np.nan, 5, 6])
    assert open_source(files).describe() == "4 files"
    assert open_source(files[0].parent).describe() == f"4 files in folder {files[0].parent}"


@pytest.mark.usefixtures("way")
def test_packed_and_tab_separated_files(write):
    assert column(open_source(write("a\tx\n1\t2.5\n", "x.tsv")), "x").tolist() == [2.5]
    assert column(open_source(write(gzip.compress(b"x\n2.5\n"), "x.csv.gz")), "x").tolist() == [2.5]
    assert column(open_source(write(gzip.compress(b"a\tx\n1\t2.5\n"), "X.TSV.gz")), "x").tolist() == [2.5]
    assert column(open_source(write(b"\xef\xbb\xbfx\r\n2.5\r\n", "bom.csv")), "x").tolist() == [2.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.csv is empty; give a header"),
        ("\n", "x.csv"),
        ("a,b\n", "x.csv has no rows, only a header"),
        (
            "a,b\n1,2\n3,4,5\n",
            r"row 3 \(the header is row 1\) has 3 fields, the header has 2: '3,4,5'; correct",
        ),
        ("a,b\n1,2\n" * 1 + "1,2\n" * 700_000 + "3\n", r"row 700,003 .* has 1 field, the header has 2: '3'"),
        ("a,a\n1,2\n", "two columns named 'a'"),
        ("1.5,2\n3,4\n", "has no header: its first row is '1.5, 2'; add a row"),
        ("a;b\n1;2\n", "not separated by commas: its header is 'a;b'"),
        ("a;b\n1,5;2\n", "semicolons seem to separate its fields; separate them by commas"),
        (b"a\xff,b\n1,2\n", "a header that is not UTF-8"),
    ],
    ids=[
        "nothing",
        "newline",
        "header",
        "ragged",
        "late",
        "repeated",
        "headless",
        "semicolon",
        "decimal",
        "encoding",
    ],
)
@pytest.mark.usefixtures("way")
def test_errors_say_what_to_do(write, text, message):
    path = write(text)
    with pytest.raises(SourceError, match=message) as caught:
        open_source(path).blocks([])
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.usefixtures("way")
def test_unusable_columns_are_errors_only_when_asked_for(write):
    source = open_source(write(b"y,day,raw\n1,2020-01-01,\xff\n"))
    assert column(source, "y").tolist() == [1]
    assert list(source.schema) == ["y"]
    with pytest.raises(DataError, match=r"column 'day' of file .* holds dates or times \(date32"):
        source.blocks(["day"])
    with pytest.raises(DataError, match=r"column 'raw' of file .* holds bytes .* UTF-8"):
        source.require(["raw"])


@pytest.mark.usefixtures("way")
def test_missing_column(write):
    path = write("wait,size\n1,2\n")
    with pytest.raises(SourceError) as caught:
        open_source(path).blocks(["wiat"])
    expected = f"file {path} has no column 'wiat'; it has: wait, size (did you mean 'wait'?)"
    assert str(caught.value) == expected


@pytest.mark.usefixtures("way")
def test_files_must_have_the_same_columns(write):
    files = [write("a,b\n1,2\n", "1.csv"), write("a,c\n1,2\n", "2.csv")]
    with pytest.raises(SourceError, match=r"file .*2.csv lacks column 'b', which .*1.csv has"):
        open_source(files).blocks([])


def test_large_files_are_parsed_once_and_leave_nothing_behind(write, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_module, "_KEPT_BYTES", 0)
    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spools))
    path = write("x\n" + "1.5\n" * 100_000)
    source = open_source(path)
    assert source.n_rows is None
    assert len(list(source.blocks(["x"]))) == 2
    assert source.n_rows == 100_000
    path.unlink()
    assert column(source, "x").sum() == 150_000
    del source
    gc.collect()
    assert list(spools.iterdir()) == []
    assert not any(str(spools) in str(entry.readlink()) for entry in _open_files())


def _open_files():
    folder = Path("/proc/self/fd")
    return [entry for entry in folder.iterdir() if entry.is_symlink()] if folder.is_dir() else []


def test_closing_removes_the_temporary_file_and_reading_parses_again(write, monkeypatch):
    monkeypatch.setattr(csv_module, "_KEPT_BYTES", 0)
    source = open_source(write("x\n1\n2\n"))
    assert column(source, "x").tolist() == [1, 2]
    source.close()
    assert source.n_rows is None
    assert column(source, "x").tolist() == [1, 2]


def test_two_readers_of_one_large_file_do_not_disturb_each_other(write, monkeypatch):
    monkeypatch.setattr(csv_module, "_KEPT_BYTES", 0)
    source = open_source(write("x\n" + "\n".join(map(str, range(150_000))) + "\n"))
    for one, other in zip(source.blocks(["x"]), source.blocks(["x"]), strict=True):
        np.testing.assert_array_equal(one.columns["x"], other.columns["x"])


def test_a_small_file_needs_only_the_core_of_arrow(write):
    path = write("x,site\n1.5,a\nNA,b\n")
    code = (
        "import sys; from thetahat.data import open_source; "
        f"s = open_source({str(path)!r}); list(s.blocks(['x', 'site'])); "
        "heavy = {'pandas', 'narwhals', 'pyarrow.compute', 'pyarrow.dataset', 'pyarrow.parquet'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bytes_that_are_no_text_are_told_from_an_empty_file(tmp_path):
    for content in (b"\0" * 400, b"a,b\n1,\x002\n", "a,b\n1,2\n".encode("utf-16")):
        path = tmp_path / "numbers.csv"
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"is no text: it holds NUL bytes; save it as CSV in UTF-8"):
            open_source(path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', "opens in row 2 .*column 'b', is never closed"),
        ('a,b\n1,x\n"2,y\n3,z\n', "row 3 .* has 1 field.* opens there is never closed"),
    ],
)
def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path, text, place):
    path = tmp_path / "quoted.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=place):
        open_source(path)
    path.write_text('a,b\n1,"x\ny"\n2,5"\n')
    assert open_source(path).n_rows == 2


def test_no_thread_calls_python_while_rows_are_read(monkeypatch, tmp_path):
    """One that did so as the interpreter ends would abort it; only the reading again on one thread asks."""
    handlers = []
    read, opened = pyarrow.csv.read_csv, pyarrow.csv.open_csv

    def watched(reader):
        def call(path, **options):
            threads = options["read_options"].use_threads
            handlers.append((threads, options["parse_options"].invalid_row_handler is not None))
            return reader(path, **options)

        return call

    monkeypatch.setattr(pyarrow.csv, "read_csv", watched(read))
    monkeypatch.setattr(pyarrow.csv, "open_csv", watched(opened))
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n1,2\n3,4,5\n")
    with pytest.raises(SourceError, match=r"row 3 .* has 3 fields"):
        open_source(path)
    assert handlers == [(True, False), (False, True)]


def test_a_late_text_is_told_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("x\n" + "1.5\n" * 70_000 + "abc\n2.5\n")
    for model in (th.Gamma(), th.Regression("x ~ 1", th.Gamma())):
        with pytest.raises(th.DataError, match=r"text where numbers are needed: row 70000 \('abc'\)"):
            th.fit(model, path)
