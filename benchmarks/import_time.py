"""Whole processes that import thetahat, beside one that imports what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from contest import Row, Topic, at_most, interleaved, python


def rows(full: bool) -> Iterator[Row]:
    """The bare import, and one that has loaded all that a first fit needs."""
    floor = python("import numpy, scipy.special")
    bare = python("import thetahat")
    ready = python("import thetahat as th; th.fit; th.Gamma")
    ours, loaded, peer = interleaved(bare, ready, floor, repetitions=21 if full else 11)
    yield at_most("import thetahat", ours, peer, 1.25, "numpy, scipy.special")
    yield at_most("import thetahat, with th.fit and th.Gamma", loaded, peer, 1.25, "numpy, scipy.special")


TOPIC = Topic("import", rows)
