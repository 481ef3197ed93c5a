"""Rewrite what README.md and CONTRIBUTING.md quote, and the documents that are made of the code and nothing else.

A fenced block under ``<!-- include: path -->`` holds that file. Other ``python`` blocks of a document are run
in order, in one namespace, and the ``text`` block that follows each one holds what it printed.
"""

from __future__ import annotations

import io
import os
import re
import runpy
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
MADE = {"docs/families.md": "scripts/family_table.py"}
"""Documents that a script makes whole, by its function ``document``."""
BLOCK = re.compile(
    r"^(?P<include><!-- include: (?P<path>\S+) -->\n)?"
    r"(?P<fence>`{3,})(?P<language>\w+)\n"
    r"(?P<body>.*?)"
    r"^(?P=fence)\n",
    flags=re.DOTALL | re.MULTILINE,
)


def printed_by(code: str, namespace: dict[str, Any], origin: str) -> str:
    """Run the code of one block and return what it printed, on a terminal 88 columns wide."""
    printed = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(printed), patch.dict(os.environ, COLUMNS="88"):
        warnings.simplefilter("error")
        exec(compile(code, origin, "exec"), namespace)  # noqa: S102 - the code is this repository's own
    return re.sub(r"[ \t]+$", "", printed.getvalue(), flags=re.MULTILINE)


def refreshed(text: str, origin: str = "document") -> str:
    """The text with every included file and every output as they are now."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    awaiting: list[str] = []

    def renewed(block: re.Match[str]) -> str:
        body = block["body"]
        if block["include"]:
            body = (ROOT / block["path"]).read_text(encoding="utf-8")
        elif block["language"] == "text" and awaiting:
            body = awaiting.pop()
        elif block["language"] == "python":
            printed = printed_by(body, namespace, origin)
            if awaiting:
                raise ValueError(f"{origin}: an example prints, but no text block follows it: {awaiting[0]}")
            awaiting.extend([printed] if printed else [])
        return f"{block['include'] or ''}{block['fence']}{block['language']}\n{body}{block['fence']}\n"

    result = BLOCK.sub(renewed, text)
    if awaiting:
        raise ValueError(f"{origin}: the last example prints, but no text block follows it: {awaiting[0]}")
    return result


def made(name: str) -> str:
    """The text that the script of a document makes."""
    document: str = runpy.run_path(str(ROOT / MADE[name]))["document"]()
    return document


def main() -> None:
    """Rewrite every document in place and say which ones changed."""
    for name in (*DOCUMENTS, *MADE):
        path = ROOT / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = made(name) if name in MADE else refreshed(before, name)
        if after != before:
            path.parent.mkdir(exist_ok=True)
            path.write_text(after, encoding="utf-8")
        print(f"{name}: {'rewritten' if after != before else 'up to date'}")


if __name__ == "__main__":
    main()
