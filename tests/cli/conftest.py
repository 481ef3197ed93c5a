from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from thetahat.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)

    def command(*arguments: object) -> Answer:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(status, captured.out, captured.err)

    return command


@pytest.fixture
def refused(run):
    """Run a command that must be refused in one line, and return that line."""

    def command(*arguments: object) -> str:
        answer = run(*arguments)
        assert answer.status == 2, answer
        assert answer.out == ""
        assert answer.err.startswith("thetahat: ")
        assert answer.err.count("\n") == 1
        assert answer.err.endswith("\n")
        assert "Traceback" not in answer.err
        return answer.err

    return command


@pytest.fixture
def table(tmp_path: Path):
    """Write a CSV of columns and return its path."""

    def write(name: str = "data.csv", **columns: list[object]) -> Path:
        path = tmp_path / name
        lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
