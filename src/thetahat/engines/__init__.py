"""Engines: who runs the reduction over blocks of rows."""

from __future__ import annotations

from thetahat.engines._engine import Engine
from thetahat.engines.threads import Threads
from thetahat.numerics.single_blas import single_blas

__all__ = ["Engine", "Threads", "single_blas"]
