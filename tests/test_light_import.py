"""The package starts fast because it imports nothing heavier than NumPy and SciPy's special functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "formulaic",
    "jax",
    "jaxlib",
    "matplotlib",
    "narwhals",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "tabmat",
    "typer",
}


ROOMS_OF_OTHERS = {
    "designs",
    "diagnostics",
    "divergence",
    "formulas",
    "links",
    "penalties",
    "prediction",
    "regress",
    "selection",
    "storage",
}
"""Rooms of the house that have nothing to do with a fit of a family to a column."""


def modules_after(statement: str) -> list[str]:
    """Names of the modules that a fresh interpreter holds after the statement."""
    report = "import json, sys; print(json.dumps([name for name in sys.modules]))"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{statement}\n{report}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def loaded_after(statement: str) -> set[str]:
    """Top-level packages, and subpackages of SciPy, that a fresh interpreter holds after the statement."""
    modules = [name.split(".") for name in modules_after(statement)]
    return {".".join(parts[:2]) if parts[0] == "scipy" else parts[0] for parts in modules}


@pytest.mark.parametrize(
    "statement",
    [
        "import thetahat",
        "import thetahat as th, numpy; th.fit(th.Gamma(), numpy.array([1.0, 2.0, 3.5, 0.7]))",
    ],
)
def test_nothing_heavy_is_imported(statement: str) -> None:
    loaded = loaded_after(statement)
    assert loaded & HEAVY == set()
    beyond = {
        name for name in loaded - loaded_after("import numpy, scipy.special") if name.startswith("scipy")
    }
    assert beyond == set()


@pytest.mark.parametrize(
    "statement",
    [
        "th.regress([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 2.0, 5.0], th.Gamma(), intercept=True)",
        "th.regress([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 2.0, 5.0], th.Exponential(), intercept=True)",
        "th.regress([[0.0], [1.0], [2.0]], [0.1, 0.3, 0.4], th.Beta(), intercept=True, fixed={'precision': 5.0})",
        "th.fit('negative_binomial', [3, 3, 4])",
        "th.fit('burr_xii', [0.6, 0.4, 0.5, 1.3, 0.7, 0.9, 2.0, 3.1])",
        "th.fit(th.Mixture([th.Normal(), th.Normal()]), [0.0, 0.1, 0.3, 5.0, 5.2, 5.1, 0.2])",
    ],
)
def test_what_a_family_leads_to_is_found_before_anyone_has_loaded_it(statement: str) -> None:
    loaded_after(f"import thetahat as th; {statement}")


@pytest.mark.parametrize(
    ("statement", "at_most"),
    [
        ("import thetahat", 1),
        ("import thetahat as th; th.fit; th.Gamma", 120),
        ("import thetahat as th; th.fit(th.Gamma(), [1.0, 2.0, 3.5, 0.7])", 120),
        ("import thetahat as th; str(th.fit(th.Gamma(), [1.0, 2.0, 3.5, 0.7]).summary())", 145),
        ("from thetahat.cli import main; main(['fit', 'x.csv', '--family', 'gamma', '--json'])", 150),
        ("from thetahat.cli import main; main(['fit', 'x.csv', '--y', 'x', '--family', 'gamma'])", 155),
    ],
)
def test_a_fit_loads_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, at_most: int
) -> None:
    (tmp_path / "x.csv").write_text("x\n1.0\n2.0\n3.5\n0.7\n", encoding="utf-8")
    # The path of this package may be relative.
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    )
    monkeypatch.chdir(tmp_path)
    ours = [name.split(".") for name in modules_after(statement) if name.partition(".")[0] == "thetahat"]
    assert len(ours) <= at_most
    assert {name[1] for name in ours if len(name) > 1} & ROOMS_OF_OTHERS == set()
    families = {name[2] for name in ours if name[1:2] == ["families"] and len(name) == 3}
    assert {name for name in families if not name.startswith("_")} <= {"gamma", "multivariate"}
