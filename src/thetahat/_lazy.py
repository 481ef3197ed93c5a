"""Imports of heavy libraries, made where they are used and explained where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from thetahat._errors import MissingDependencyError


def load(module: str, purpose: str) -> Any:
    """Import ``module`` now, or say what it was needed for and how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        package = missing.partition(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with: pip install {package}"
        ) from error
