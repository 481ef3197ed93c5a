"""The package starts fast because it imports nothing heavier than NumPy and SciPy's special functions."""

from __future__ import annotations

import json
import subprocess
import sys

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


def loaded_after(statement: str) -> set[str]:
    """Top-level packages, and subpackages of SciPy, that a fresh interpreter holds after the statement."""
    report = "import json, sys; print(json.dumps([name for name in sys.modules]))"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{statement}\n{report}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    modules = [name.split(".") for name in json.loads(finished.stdout)]
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
