"""Writing a file whole or not at all, so that a failure leaves what was there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from secrets import token_hex


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write text as UTF-8 to a file beside ``path``, which then takes its place in one step.

    A link is followed, permissions are kept, and what is no regular file (a pipe, a terminal) is written to directly.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp(), "note.txt")
    >>> write_whole(target, "first")
    >>> write_whole(target, "second")
    >>> target.read_text(), len(list(target.parent.iterdir()))
    ('second', 1)
    """
    content = text.encode("utf-8")
    target = Path(os.path.realpath(os.fspath(path)))
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"there is no folder {target.parent} to write {target.name} into; make it first"
        )
    beside = target.with_name(f".{token_hex(8)}.partial")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            # A rename may reach the disk before what it names.
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
