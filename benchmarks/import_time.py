"""Whole processes that import thetahat, beside one that imports what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from contest import Row, Topic, at_most, here, interleaved, python


def rows(full: bool) -> Iterator[Row]:
    """The bare import, and one that has loaded all that a first fit needs."""
    ours, loaded, floor = interleaved(
        here(python("import thetahat")),
        here(python("import thetahat as th; th.fit; th.Gamma")),
        here(python("import numpy, scipy.special")),
        repetitions=21 if full else 11,
    )
    yield at_most("import thetahat", ours, floor, 1.25, "numpy, scipy.special")
    yield at_most("import thetahat, with th.fit and th.Gamma", loaded, floor, 1.25, "numpy, scipy.special")


TOPIC = Topic("import", rows)
