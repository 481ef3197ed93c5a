"""What a result was computed with."""

from __future__ import annotations

import platform
from importlib.metadata import version


def versions() -> str:
    """thetahat, NumPy, SciPy and Python with their versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    return f"thetahat {version('thetahat')}, {libraries}, Python {platform.python_version()}"
