"""What the page of a regression shows: coefficients, residuals, influence, classes, separation."""

from __future__ import annotations

from thetahat.report.regression.sections import sections_of

__all__ = ["sections_of"]
