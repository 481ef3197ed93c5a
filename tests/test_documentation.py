"""What the documents quote is what the code says now; `make documents` brings them up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from thetahat.families import CATALOGUE, MULTIVARIATE

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "refresh_documents.py"))
refreshed = SCRIPT["refreshed"]


@pytest.mark.parametrize("name", SCRIPT["DOCUMENTS"])
def test_quoted_files_and_outputs_are_current(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert refreshed(text, name) == text, "run `make documents` and read the difference"


@pytest.mark.parametrize("name", SCRIPT["MADE"])
def test_what_is_made_of_the_code_is_current(name: str) -> None:
    assert SCRIPT["made"](name) == (ROOT / name).read_text(encoding="utf-8"), "run `make documents`"


def test_the_page_of_families_has_every_family_once_in_each_kind_of_table() -> None:
    text = (ROOT / "docs" / "families.md").read_text(encoding="utf-8")
    glance, _, further = text.partition("## Limits and irregular places")
    definitions = further.partition("## Definitions and sources")[2]
    for family in (*CATALOGUE, *MULTIVARIATE):
        assert glance.count(f"| `{family.__name__}` |") == definitions.count(f"| `{family.__name__}` |") == 1
    for part in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        rows = part.splitlines()
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {rows[0].count("|")}


def test_the_page_of_families_tells_formulas_that_exist() -> None:
    told = {family.__name__ for family in CATALOGUE if "entropy_at" in vars(family)}
    text = (ROOT / "docs" / "families.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` .*\| (formula|—) \| (?:formula|—) \|$", text, flags=re.MULTILINE)
    assert told <= {name for name, entropy in rows if entropy == "formula"}


@pytest.mark.parametrize("name", SCRIPT["DOCUMENTS"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_map_of_the_house_shows_every_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "src" / "thetahat").iterdir()
        if path.name != "__pycache__" and (path.is_dir() or path.suffix == ".py")
    }
    assert {room for room in rooms if room not in text} == set()


def test_the_readme_shows_an_example_and_the_guide_a_family() -> None:
    assert "```python\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- include: src/thetahat/families/" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_examples_share_names_and_each_output_follows_its_example() -> None:
    text = "```python\na = 1\nprint(a)\n```\n\n```text\n?\n```\n```python\nprint(a + 1)\n```\n```text\n```\n"
    expected = text.replace("?", "1").replace("```text\n```", "```text\n2\n```")
    assert refreshed(text) == expected
    assert refreshed(expected) == expected


def test_a_file_is_included_whole_and_not_run() -> None:
    text = "<!-- include: LICENSE -->\n```python\nold\n```\n"
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert refreshed(text) == f"<!-- include: LICENSE -->\n```python\n{licence}```\n"


def test_an_output_without_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no text block follows"):
        refreshed("```python\nprint(1)\n```\n")
    with pytest.raises(ValueError, match="no text block follows"):
        refreshed("```python\nprint(1)\n```\n```python\nprint(2)\n```\n```text\n```\n")
