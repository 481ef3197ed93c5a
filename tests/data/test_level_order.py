"""Categories in the order that a column declares, not in that of the alphabet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import thetahat as th
from thetahat.data._order import declared_order

LEVELS = ["low", "mid", "high"]
VALUES = ["low", "high", "mid", "low", "mid", "mid", "high", "low"]
X = [0.1, 0.9, 0.7, 0.8, 0.2, 0.5, 0.4, 0.3]
PANDAS = pd.Categorical(VALUES, categories=[*LEVELS, "never"], ordered=True)
ARROW = pa.DictionaryArray.from_arrays([LEVELS.index(value) for value in VALUES], LEVELS, ordered=True)
COLUMNS = {
    "pandas": PANDAS,
    "pandas series": pd.Series(PANDAS, index=range(8, 16)),
    "pandas, unordered": pd.Series(pd.Categorical(VALUES, categories=LEVELS)),
    "polars": pl.Series(VALUES, dtype=pl.Enum([*LEVELS, "never"])),
    "arrow": ARROW,
    "arrow, chunked": pa.chunked_array([ARROW[:3], ARROW[3:]]),
}


@pytest.fixture(params=COLUMNS)
def column(request: pytest.FixtureRequest) -> Any:
    return COLUMNS[request.param]


def test_labels_keep_their_order(column: Any) -> None:
    told = th.fit(th.Ordinal(levels=LEVELS), VALUES)
    found = th.fit(th.Ordinal(), column)
    assert list(found.labels) == LEVELS
    assert found.estimates == told.estimates
    assert th.fit(th.Categorical(), column).estimates["probs[2]"] == 0.25


def test_a_regression_of_labels_keeps_their_order(column: Any) -> None:
    told = th.regress(X, VALUES, th.Ordinal(levels=LEVELS))
    assert th.regress(X, column, th.Ordinal()).estimates == told.estimates
    beside = {"rating": column, "x": X}
    found = th.fit(th.Regression("rating ~ x", th.Ordinal()), beside)
    assert found.estimates["x"] == pytest.approx(told.estimates["x0"], rel=1e-12)
    softmax = th.fit(th.Regression("rating ~ x", th.Categorical()), beside)
    assert next(iter(softmax.estimates)) == "mid:Intercept"


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_factor_has_its_first_category_as_reference(frame: Any) -> None:
    column = PANDAS if frame is pd.DataFrame else COLUMNS["polars"]
    data = frame({"grade": column, "x": X})
    for text in ("grade", "C(grade)"):
        fit = th.fit(th.Regression(f"x ~ {text}", th.Normal()), data)
        assert list(fit.estimates) == ["Intercept", f"{text}[T.mid]", f"{text}[T.high]", "sd"]
    again = fit.predict({"grade": ["high", "low"]})
    np.testing.assert_allclose(again, [np.mean([0.9, 0.4]), np.mean([0.1, 0.8, 0.3])], rtol=1e-8)
    asked = th.fit(th.Regression("x ~ C(grade, Treatment('high'))", th.Normal()), data)
    assert list(asked.estimates)[1].endswith("[T.low]")


def test_categories_as_they_came_declare_no_order() -> None:
    assert declared_order(pl.Series(VALUES, dtype=pl.Categorical)) is None
    assert declared_order(pa.array(VALUES).dictionary_encode()) is None
    assert declared_order(pd.Series(VALUES)) is None
    assert declared_order(VALUES) is None
    assert list(th.fit(th.Categorical(), pl.Series(VALUES, dtype=pl.Categorical)).labels) == sorted(LEVELS)


def test_weights_beside_a_frame_leave_the_order() -> None:
    frame = pd.DataFrame({"grade": PANDAS, "x": X})
    weights = [1, 2, 1, 1, 1, 2, 1, 1]
    fit = th.fit(th.Ordinal(y="grade"), frame, weights=weights)
    assert list(fit.labels) == LEVELS


def test_a_parquet_file_keeps_the_order_of_a_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame({"grade": PANDAS, "plain": VALUES, "x": X})
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=3)
    models = (
        th.Regression("grade ~ x", th.Ordinal()),
        th.Regression("x ~ grade", th.Normal()),
        th.Ordinal(y="grade"),
    )
    for model in models:
        assert th.fit(model, tmp_path / "rows.parquet").estimates == th.fit(model, frame).estimates
    assert list(th.fit(th.Ordinal(y="plain"), tmp_path / "rows.parquet").labels) == sorted(LEVELS)
