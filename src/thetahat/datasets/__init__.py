"""The data sets that ship with the package; ``README.md`` beside them names their sources."""

from __future__ import annotations

from pathlib import Path

NAMES = ("aml", "groundbeef", "insurance")


def path(name: str) -> Path:
    """Return the file of ``"groundbeef"``, ``"aml"`` or ``"insurance"``; ``README.md`` tells their columns.

    Raises
    ------
    KeyError
        If there is no such data set.

    Examples
    --------
    >>> import thetahat as th
    >>> from thetahat import datasets
    >>> fit = th.fit(th.Gamma(y="serving"), datasets.path("groundbeef"))
    >>> round(fit.estimates["shape"], 3)
    4.008
    """
    if name not in NAMES:
        raise KeyError(f"there is no data set {name!r}; there are: {', '.join(NAMES)}")
    return Path(__file__).parent / f"{name}.csv"
