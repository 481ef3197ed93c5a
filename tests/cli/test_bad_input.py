"""Every bad input is one clear line and status 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("values", "family", "said"),
    [
        (["1.5", "NA", "2.5"], "gamma", ["1 missing", "row 1"]),
        (["1.5", "nan", "2.5"], "normal", ["1 missing", "row 1"]),
        (["1.5", "inf", "2.5"], "normal", ["1 infinite", "row 1"]),
        (["1.5", "abc", "2.5"], "gamma", ["text"]),
        (["true", "false", "true"], "gamma", ["True/False"]),
        (["1.5", "-2", "2.5", "0", "-7"], "gamma", ["3", "row 1 (-2)", "row 3 (0)", "row 4 (-7)"]),
        (["0.5", "0", "1"], "beta", ["row 1 (0)", "row 2 (1)", "interval"]),
        (["1", "2.5", "3"], "poisson", ["row 1 (2.5)", "whole"]),
        (["0", "1", "2"], "bernoulli", ["row 2 (2)"]),
    ],
)
def test_values_that_cannot_be(refused, table, values, family, said) -> None:
    line = refused("fit", table(x=values), "--y", "x", "--family", family)
    assert [part for part in said if part not in line] == []


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (["1", "-2", "1"], "row 1 (-2)"),
        (["0", "0", "0"], "zero"),
        (["1", "", "1"], "row 1"),
        (["1", "inf", "1"], "row 1"),
        (["a", "b", "c"], "text"),
    ],
)
def test_weights_that_cannot_be(refused, table, weights, said) -> None:
    line = refused(
        "fit", table(x=[1.0, 2.0, 3.0], w=weights), "--y", "x", "--weights", "w", "--family", "gamma"
    )
    assert said in line
    assert "w" in line


def test_a_missing_column_names_those_there_are(refused, table) -> None:
    path = table(wait=[1.0], size=[2.0])
    line = refused("fit", path, "--y", "wiat", "--family", "gamma")
    assert "wiat" in line
    assert "wait, size" in line
    assert "did you mean 'wait'" in line
    assert "size" in refused("fit", path, "--family", "gamma")
    assert "nope" in refused("fit", path, "--y", "wait", "--weights", "nope", "--family", "gamma")
    assert "gone" in refused("fit", path, "--y", "censored(wait, gone)", "--family", "gamma")
    assert "trails" in refused("fit", path, "--y", "wait", "--family", "binomial", "--trials", "trails")


def test_files_that_cannot_be_read(refused, tmp_path: Path) -> None:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    (tmp_path / "empty folder").mkdir()
    for path, said in (
        (tmp_path / "missing.csv", "there is no file"),
        (tmp_path / "empty folder", "no data files"),
        (written("broken.parquet", b"PAR1 and then nothing"), "broken.parquet"),
        (written("ragged.csv", "x,y\n1,2\n3\n4,5\n"), "row 3"),
        (written("header.csv", "x\n"), "no rows"),
        (written("nothing.csv", ""), "is empty"),
        (written("table.xlsx", b"PK"), ".xlsx"),
        (written("latin.csv", b"x\n1\n\xe9\n"), "latin.csv"),
    ):
        assert said in refused("fit", path, "--y", "x", "--family", "gamma")


def test_a_truncated_parquet_file(refused, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "cut.parquet"
    parquet.write_table(pyarrow.table({"x": [float(i) for i in range(10_000)]}), path)
    path.write_bytes(path.read_bytes()[:-200])
    assert "cut.parquet" in refused("fit", path, "--y", "x", "--family", "gamma")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--family", "gama"], "did you mean 'gamma'"),
        ([], "--family"),
        (["--family"], "--family"),
        (["--family", "gamma", "--level", "1.5"], "0.95"),
        (["--family", "gamma", "--level", "nan"], "0.95"),
        (["--family", "gamma", "--level", "high"], "--level"),
        (["--family", "gamma", "--interval", "exact"], "wald, profile"),
        (["--family", "gamma", "--fix", "shape"], "NAME=VALUE"),
        (["--family", "gamma", "--fix", "shape=big"], "no number"),
        (["--family", "gamma", "--fix", "shape=-1"], "above 0"),
        (["--family", "gamma", "--fix", "form=1"], "shape, rate"),
        (["--family", "gamma", "--fix", "shape=1", "--fix", "shape=2"], "twice"),
        (["--family", "gamma", "--trials", "5"], "trials"),
        (["--family", "gamma", "--y", "censored(x)"], "two columns"),
        (["--family", "gamma", "--y", "cens(x, x)"], "censored(time, event)"),
        (["--family", "gamma", "--report", "no/such/folder/page.html"], "no folder"),
        (["--family", "gamma", "--report", "."], "folder"),
        (["--family", "gamma", "--save", "data.csv"], "is the data"),
        (["--family", "gamma", "--jason"], "--jason"),
        (["--family", "binomial"], "trials"),
    ],
)
def test_options_that_cannot_be(refused, table, arguments, said) -> None:
    line = refused("fit", table(x=[1.0, 2.0, 4.0]), *arguments)
    assert said in line


@pytest.mark.parametrize("arguments", [["fits"], ["--colour"], ["show"], ["fit"], ["families", "extra"]])
def test_commands_that_are_none(refused, arguments) -> None:
    refused(*arguments)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "JSON"),
        ("[]", "not a saved fit"),
        ('{"format": "thetahat-fit", "version": 99}', "version"),
        ("", "JSON"),
    ],
)
def test_saved_fits_that_are_none(refused, tmp_path: Path, content, said) -> None:
    path = tmp_path / "fit.json"
    path.write_text(content, encoding="utf-8")
    assert said in refused("show", path)
    assert "missing.json" in refused("show", "missing.json")


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("not_finite",), []),
        (("not_finite",), {"\x1fpoint\x1f9": "nan"}),
        (("not_finite",), {"\x1fnowhere\x1fa": "nan"}),
        (("estimates", "rate"), "two"),
        (("model", "known"), None),
        (("model", "family"), "gama"),
        (("certificate", "status"), "regular"),
        (("certificate", "verdict"), "best"),
        (("point",), [1.0]),
        (("information",), [[1.0, 2.0], [3.0]]),
        (("regular",), [True]),
        (("parameters", 0, "domain", "kind"), "complex"),
        (("parameters", 0, "domain", "arguments"), [1.0, 2.0]),
        (("data",), None),
    ],
)
def test_saved_fits_that_are_damaged(run, refused, table, place, wrong) -> None:
    run("fit", table(y=[1.5, 2.5, 0.5]), "--family", "gamma", "--save", "fit.json")
    plain = json.loads(Path("fit.json").read_text(encoding="utf-8"))
    holder = plain
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = wrong
    Path("fit.json").write_text(json.dumps(plain), encoding="utf-8")
    line = refused("show", "fit.json")
    assert "fit.json is damaged" in line
    assert "fit and save again" in line


HOSTILE = "[red]x[/red]<script>alert(1)</script>\x1b[31m$a$"


def test_hostile_names_are_shown_as_they_are_and_do_nothing(run, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"{HOSTILE},other\n1.5,1\n2.5,2\n0.5,1\n", encoding="utf-8")
    answer = run("fit", path, "--y", HOSTILE, "--family", "gamma", "--report", "page.html")
    assert answer.status == 0
    assert "\x1b" not in answer.out
    assert "[red]x[/red]<script>alert(1)</script>\\x1b[31m$a$" in answer.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    as_json = run("fit", path, "--y", HOSTILE, "--family", "gamma", "--json")
    assert "\x1b" not in as_json.out


def test_hostile_names_in_errors(refused, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a\x1b[2Jb,c\n1,2\n", encoding="utf-8")
    assert "\x1b" not in refused("fit", path, "--y", "x\ny", "--family", "gamma")
    assert "\x1b" not in refused("fit", path, "--family", "gam\x1bma")
