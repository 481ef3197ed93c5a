"""Models: what a density makes of a block of rows."""

from __future__ import annotations

from thetahat.models._model import DERIVATIVES, GRADIENT, ROUGHLY, SCORES, VALUE, Model, Tally

__all__ = ["DERIVATIVES", "GRADIENT", "ROUGHLY", "SCORES", "VALUE", "Model", "Tally"]
