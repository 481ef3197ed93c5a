"""Small rules that hold for every file of the repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import thetahat

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "scripts", "benchmarks", "docs", ".ci")
SUFFIXES = {".py", ".md", ".toml", ".sh", ".html", ".css", ".lock", ".json", ""}

# Written in pieces, so that this file passes its own checks.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
BARE_SILENCER = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:))")
UNBUILT = "NotImplemented" + "Error"
PRIVATE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w")


def repository_files() -> list[Path]:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files += (
            path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
    return sorted(path for path in files if path.suffix in SUFFIXES)


def lines_matching(pattern: re.Pattern[str], suffixes: set[str] = SUFFIXES) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in repository_files()
        if path.suffix in suffixes
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_nothing_is_left_for_later() -> None:
    assert lines_matching(UNFINISHED) == []


def test_a_silenced_check_names_the_check() -> None:
    assert lines_matching(BARE_SILENCER, {".py"}) == []


def test_what_is_absent_is_not_stubbed() -> None:
    assert [line for line in lines_matching(re.compile(UNBUILT), {".py"}) if line.startswith("src")] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    assert lines_matching(PRIVATE_PATH) == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock"])
def test_the_lock_names_packages_and_hashes_but_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, flags=re.MULTILINE), "the lock holds requirements, not options for pip"
    for requirement in re.split(r"\n(?=\w)", text):
        assert requirement.startswith("#") or ("==" in requirement and "--hash=sha256:" in requirement)


def locked_versions(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {line.removesuffix("\\").strip() for line in text.splitlines() if "==" in line}


def test_the_two_locks_agree() -> None:
    def packages(requirements: set[str]) -> set[str]:
        return {requirement.partition("==")[0] for requirement in requirements}

    tests, peers = locked_versions("requirements.lock"), locked_versions("requirements-bench.lock")
    shared = packages(tests) & packages(peers)
    assert "numpy" in shared
    assert {line for line in peers if line.partition("==")[0] in shared} <= tests


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert thetahat.__version__ == project["version"]


def documented_names() -> list[str]:
    """Public names that are called or instantiated; an exception is explained by its one line."""
    names = []
    for name in getattr(thetahat, "__all__", []):
        value = getattr(thetahat, name)
        if callable(value) and not (isinstance(value, type) and issubclass(value, Exception)):
            names.append(name)
    return names


def test_there_is_a_public_surface() -> None:
    assert {"fit", "Fit", "Model", "Observations", "Gamma", "families", "load"} <= set(thetahat.__all__)
    assert sorted(thetahat.__all__) == sorted(set(thetahat.__all__))


@pytest.mark.parametrize("name", documented_names())
def test_every_public_name_shows_how_it_is_used(name: str) -> None:
    documentation = getattr(thetahat, name).__doc__ or ""
    assert re.search(r"^\s*Examples\n\s*-{8}\n", documentation, flags=re.MULTILINE), "add an Examples section"
    assert ">>> " in documentation
