"""The house keeps its floors: imports go down only, leaves do not know their siblings, modules stay small."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "thetahat"

# From the ground up. A module imports from lower floors and from its own package; never from another package
# on its own floor, and never from a floor above.
FLOORS = (
    ("_errors",),
    ("_lazy", "_dataclass"),
    ("rendering", "progress", "datasets"),
    ("numerics",),
    ("parameters",),
    ("links",),
    ("families", "data", "engines"),
    ("penalties",),
    ("response",),
    ("designs",),
    ("formulas",),
    ("models",),
    ("likelihood", "first_pass", "regression_pass"),
    ("penalised_likelihood",),
    ("optimize",),
    ("solution",),
    ("solved",),
    ("inference",),
    ("diagnostics",),
    ("prediction",),
    ("report",),
    ("arguments", "restoring"),
    ("storage", "regressing"),
    ("estimation", "null_model"),
    ("facets",),
    ("fit",),
    ("loading", "regress", "selection", "divergence"),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {package: floor for floor, row in enumerate(FLOORS) for package in row}

# In these folders every file is one leaf, which may know its folder's private files and no sibling.
LEAF_FOLDERS = ("parameters", "families", "data", "engines", "designs", "penalties", "models", "facets")

LONGEST_MODULE = 400
MEANINGLESS_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}
IMPORTING_FUNCTIONS = {"import_module", "load", "__import__"}


def modules_under(root: Path) -> dict[str, Path]:
    """Dotted name -> file; a package is named by its ``__init__``, as ``families.__init__``."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path for path in sorted(root.rglob("*.py"))
    }


def resolve(dotted: str, modules: dict[str, Path]) -> str | None:
    """The module of ours that importing ``dotted`` (less ``thetahat.``) runs; None if there is none."""
    if dotted in modules:
        return dotted
    package = f"{dotted}.__init__" if dotted else "__init__"
    return package if package in modules else None


def imported_names(name: str, tree: ast.AST) -> list[tuple[int, str, list[str]]]:
    """(line, dotted module, names taken from it) for each import of ours anywhere in a module."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # Inside a.b, or a.b.__init__ for the package, one dot means the package that holds the module.
            holder = ["thetahat", *name.split(".")][: -node.level] if node.level else []
            module = ".".join([*holder, *([node.module] if node.module else [])])
            found.append((node.lineno, module, [alias.name for alias in node.names]))
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if (
                called in IMPORTING_FUNCTIONS
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                found.append((node.lineno, first.value, []))
    return [(line, module, names) for line, module, names in found if package_of(module) == "thetahat"]


@cache
def imports(root: Path) -> list[tuple[str, int, str]]:
    """(importing module, line, imported module) for every import of ours, wherever in the file it stands."""
    modules = modules_under(root)
    edges = []
    for name, path in modules.items():
        for line, module, names in imported_names(name, ast.parse(path.read_text(encoding="utf-8"))):
            inside = module.removeprefix("thetahat").removeprefix(".")
            for taken in names or [""]:
                member = ".".join(part for part in (inside, taken) if part)
                target = resolve(member, modules) or resolve(inside, modules)
                edges.append((name, line, target or module))
    return list(dict.fromkeys(edges))


def package_of(module: str) -> str:
    return module.partition(".")[0]


def upward_imports(root: Path) -> list[str]:
    complaints = []
    for importer, line, imported in imports(root):
        above, below = package_of(importer), package_of(imported)
        if above != below and FLOOR_OF.get(below, len(FLOORS)) >= FLOOR_OF.get(above, -1):
            complaints.append(f"{importer}:{line} imports {imported}, which is not on a floor below")
    return complaints


def sibling_imports(root: Path) -> list[str]:
    complaints = []
    for importer, line, imported in imports(root):
        package = package_of(importer)
        if package not in LEAF_FOLDERS or package_of(imported) != package or importer.endswith("__init__"):
            continue
        inside = imported.split(".")[1:]
        if not any(part.startswith("_") and part != "__init__" for part in inside):
            complaints.append(
                f"{importer}:{line} imports its sibling {imported}; move what both need into a _file"
            )
    return complaints


def test_every_module_has_a_floor() -> None:
    homeless = {package_of(name) for name in modules_under(ROOT)} - FLOOR_OF.keys()
    assert not homeless, f"give {sorted(homeless)} a floor in tests/test_layers.py and in CONTRIBUTING.md"


def test_imports_go_down_only() -> None:
    assert upward_imports(ROOT) == []


def test_no_other_room_of_the_optimiser_needs_regressions() -> None:
    rooms = {"kinks": {"separation", "regression"}, "separation": {"kinks", "regression"}, "": {"regression"}}
    needed = []
    for importer, line, imported in imports(ROOT):
        if package_of(importer) == package_of(imported) == "optimize":
            above, below = (name.split(".")[1:-1] for name in (importer, imported))
            if "".join(below) in rooms.get("".join(above), set()):
                needed.append(f"{importer}:{line} imports {imported}")
    assert needed == []


def test_leaves_do_not_import_their_siblings() -> None:
    assert sibling_imports(ROOT) == []


def test_leaves_hold_one_public_class() -> None:
    crowded = {}
    for name, path in modules_under(ROOT).items():
        if package_of(name) in LEAF_FOLDERS and not name.split(".")[-1].startswith("_"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            classes = [
                node.name for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
            ]
            if len(classes) > 1:
                crowded[name] = classes
    assert crowded == {}


def test_modules_stay_small() -> None:
    lengths = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules_under(ROOT).items()
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_modules_are_named_for_what_they_hold() -> None:
    meaningless = [
        name
        for name in modules_under(ROOT)
        if any(part.strip("_") in MEANINGLESS_NAMES for part in name.split("."))
    ]
    assert meaningless == []


def house(folder: Path, files: dict[str, str]) -> Path:
    for name in ("__init__.py", *files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files.get(name, ""), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "source",
    [
        "from thetahat.fit import fit",
        "import thetahat.fit",
        "from thetahat import fit",
        "import thetahat",
        "from .. import fit",
        "from ..fit import Fit",
        "def late():\n    from thetahat.fit import fit",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from thetahat.fit import Fit",
        "from importlib import import_module\nimport_module('thetahat.fit')",
        "from thetahat.data import csv",
        "from thetahat.nowhere import thing",
    ],
)
def test_an_upward_import_is_found_in_every_disguise(tmp_path: Path, source: str) -> None:
    root = house(
        tmp_path, {"families/gamma.py": source, "fit.py": "", "data/csv.py": "", "data/__init__.py": ""}
    )
    assert len(upward_imports(root)) == 1


@pytest.mark.parametrize(
    "source",
    ["from thetahat.families.normal import Normal", "from .normal import Normal", "from . import normal"],
)
def test_a_sibling_import_is_found(tmp_path: Path, source: str) -> None:
    files = {"families/__init__.py": "", "families/gamma.py": source, "families/normal.py": ""}
    assert len(sibling_imports(house(tmp_path, files))) == 1


def test_permitted_imports_pass(tmp_path: Path) -> None:
    files = {
        "families/__init__.py": "from thetahat.families.gamma import Gamma",
        "families/_family.py": "from thetahat.numerics import special\nimport numpy",
        "families/gamma.py": "from thetahat.families._family import Family\nfrom . import _family",
        "numerics/__init__.py": "",
        "numerics/special.py": "from thetahat._errors import DataError\nfrom thetahat.numerics import arrays",
        "numerics/arrays.py": "",
        "_errors.py": "",
    }
    root = house(tmp_path, files)
    assert (upward_imports(root), sibling_imports(root)) == ([], [])
