"""A distribution of a family that a simpler one is as well, so that some of its parameters say nothing."""

from __future__ import annotations

from typing import NamedTuple

from thetahat.families._terms import Coordinates


class Submodel(NamedTuple):
    """Where a family is a simpler one: its working coordinates there, which parameters many values of serve as well.

    ``flat`` and ``lost`` are names of parameters, the latter without any value that is better than others; ``words``
    say what is simpler.
    """

    eta: Coordinates
    flat: tuple[str, ...]
    lost: tuple[str, ...]
    words: str
