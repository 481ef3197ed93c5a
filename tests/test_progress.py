"""Progress counts rows and passes, and appears only when work is long."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import numpy as np
import pytest

import thetahat as th
from thetahat.progress import Progress, following


def test_counts_do_not_change_the_answer() -> None:
    values = np.random.default_rng(1).weibull(1.5, 200_000)
    progress = Progress(patience=60.0)
    with progress:
        told = th.fit(th.Weibull(), values, progress=progress)
    alone = th.fit(th.Weibull(), values)
    assert told.estimates == alone.estimates
    assert told.log_likelihood == alone.log_likelihood
    assert progress.total == 200_000
    assert progress.passes >= 3


def test_short_work_shows_nothing_and_imports_nothing() -> None:
    fitted = "import sys, thetahat as th; th.fit(th.Weibull(), [1.0, 2.0, 4.0], progress=True); "
    code = f"{fitted}print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_long_work_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(patience=0.01) as progress:
        progress.begin()
        progress.advance(1234)
        progress.end()
        deadline = time.monotonic() + 10
        while progress._display is None and time.monotonic() < deadline:
            time.sleep(0.02)
    shown = capsys.readouterr()
    assert "1,234 of 1,234 rows" in shown.err
    assert "pass 2" in shown.err
    assert shown.out == ""


def test_who_wants_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def wanted(data: object, asked: bool | None) -> bool:
        with following(asked, data) as told:
            return told is not None

    assert not wanted("claims.csv", None)
    monkeypatch.setattr("sys.stderr", Terminal())
    assert wanted("claims.csv", None)
    assert wanted(np.zeros(10**6), None)
    assert not wanted(np.zeros(1000), None)
    assert not wanted("claims.csv", asked=False)
    assert wanted(np.zeros(3), asked=True)


def test_pieces_of_work_are_counted_in_their_own_unit(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(patience=0.0, total=12, unit="fits") as progress:
        progress.advance(5)
        deadline = time.monotonic() + 10
        while progress._display is None and time.monotonic() < deadline:
            time.sleep(0.02)
    shown = capsys.readouterr().err
    assert "5 of 12 fits" in shown
    assert "pass" not in shown


def test_a_selection_and_a_bootstrap_report_their_pieces() -> None:
    with Progress(patience=60.0) as progress:
        chosen = th.select([1.0, 2.0, 3.5, 0.4], ["gamma", "weibull"], "cv", folds=2, progress=progress)
        assert progress.rows == 4
        chosen.best.goodness_of_fit(n=9, progress=progress)
        assert progress.rows == 13


def test_an_engine_that_is_none_is_refused() -> None:
    with pytest.raises(th.ModelError, match="engine=5"):
        th.fit(th.Weibull(), [1.0, 2.0], engine=5, progress=True)
