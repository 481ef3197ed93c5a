"""Reading a fit that was saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from thetahat._errors import SourceError
from thetahat.fit import Fit, restored


def load(path: str | PathLike[str], *, functions: Mapping[str, Callable[..., Any]] | None = None) -> Fit:
    """Read a fit that ``Fit.save`` wrote; what needs the data then says so. Predictions for new data do not.

    Parameters
    ----------
    path
        Of the file.
    functions
        Functions of one's own that the formulas call, by name, which no file holds; predictions need them.

    Raises
    ------
    SourceError
        If there is no such file, or it is not a saved fit of a version that can be read.

    Examples
    --------
    >>> import thetahat as th, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "fit.json")
    >>> th.fit(th.Exponential(), [1.0, 2.0, 3.0]).save(path)
    >>> th.load(path).estimates
    {'rate': 0.5}
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - any path-like
            text = file.read()
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {path}; give a file written by fit.save") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}; give a file written by fit.save") from error
    return restored(text, path, functions)
