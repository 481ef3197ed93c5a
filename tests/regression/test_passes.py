"""Regressions of files: few passes over the rows, and the same complaints as of rows in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import thetahat as th
from thetahat.data.parquet import ParquetSource
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize.bend import Bend


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by the columns of each pass over a Parquet file."""
    made: list[Any] = []
    blocks = ParquetSource.blocks

    def counted(source: ParquetSource, columns: Any) -> Any:
        made.append(columns)
        return blocks(source, columns)

    monkeypatch.setattr(ParquetSource, "blocks", counted)
    return made


def written(folder: Path, columns: Mapping[str, Any]) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return path


def data(n: int) -> dict[str, Any]:
    rng = np.random.default_rng(8)
    x, z = rng.standard_normal((2, n))
    return {"x": x, "z": z, "y": rng.poisson(np.exp(0.4 * x - 0.3 * z + 0.5))}


def test_four_passes_are_enough_where_nothing_is_to_be_learned(tmp_path: Path, passes: list[Any]) -> None:
    columns = data(150_000)
    model = th.Regression("y ~ x + z", th.Poisson())
    fit = th.fit(model, written(tmp_path, columns))
    assert fit.certificate.verdict == "maximum"
    assert len(passes) <= 4
    assert fit.certificate.newton_decrement < 1e-12
    held = th.fit(model, columns)
    for name, value in fit.estimates.items():
        assert abs(value - held.estimates[name]) <= 2e-6 * held.standard_errors[name]
    assert fit.standard_errors == pytest.approx(held.standard_errors, rel=1e-6)


def test_levels_take_one_pass_more(tmp_path: Path, passes: list[Any]) -> None:
    columns = data(150_000)
    columns["g"] = np.array(["u", "v", "w"])[np.arange(150_000) % 3]
    fit = th.fit(th.Regression("y ~ x + z + g", th.Poisson()), written(tmp_path, columns))
    assert fit.certificate.verdict == "maximum"
    assert len(passes) <= 5


@pytest.mark.parametrize(
    ("change", "formula"),
    [
        ({"x": np.where(np.arange(500) % 90 == 5, np.nan, 1.5), "z": np.full(500, np.nan)}, "y ~ x + z"),
        ({"x": np.full(500, 3.5)}, "y ~ x + z"),
        ({"x": np.full(500, 3e7)}, "y ~ x + z"),
        ({"x": np.zeros(500)}, "y ~ x + log(z*z)"),
        ({"x": np.linspace(-1.0, 1.0, 500)}, "y ~ log(x) + z"),
        ({"y": np.where(np.arange(500) == 7, np.nan, 2.0)}, "y ~ x + z"),
    ],
)
def test_what_is_wrong_is_told_of_a_file_as_of_rows_in_memory(
    change: dict[str, Any], formula: str, tmp_path: Path
) -> None:
    columns = {**data(500), **change}
    model = th.Regression(formula, th.Poisson())
    with pytest.raises(th.DataError) as held:
        th.fit(model, columns)
    with pytest.raises(th.DataError) as streamed:
        th.fit(model, written(tmp_path, columns))
    assert str(streamed.value) == str(held.value)


def test_a_bend_leaves_over_less_than_a_step_without() -> None:
    """All rows being those of the sample several times, a step with the bend ends where their score says."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal(4_000)
    y = rng.poisson(np.exp(0.5 + 0.8 * x))
    fit = th.regress(np.column_stack([np.ones(4_000), x]), y, th.Poisson())
    likelihood = fit.solution.likelihood
    assert likelihood is not None
    point = fit.solution.point - np.array([0.02, 0.03])
    tally = likelihood.tally(point)
    factor = analyse(5.0 * tally.information)
    step = factor.solve(5.0 * tally.score)
    further = Bend(likelihood, 5.0).further(point, step, factor)
    plain, bent = (np.abs(point + s - fit.solution.point).max() for s in (step, further))
    assert bent < 0.2 * plain
    far = np.array([40.0, 40.0])
    assert (Bend(likelihood, 5.0).further(point, far, factor) == far).all()
