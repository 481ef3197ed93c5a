"""What the documents quote is what the code says now; `make documents` brings them up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "refresh_documents.py"))
refreshed = SCRIPT["refreshed"]


@pytest.mark.parametrize("name", SCRIPT["DOCUMENTS"])
def test_quoted_files_and_outputs_are_current(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert refreshed(text, name) == text, "run `make documents` and read the difference"


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
