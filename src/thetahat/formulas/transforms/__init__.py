"""Transforms that remember the rows of the fit: centring, polynomials, splines."""

from __future__ import annotations

from typing import Final

from thetahat.formulas.transforms._transform import State, Summary, Transform
from thetahat.formulas.transforms.b_spline import BSpline
from thetahat.formulas.transforms.center import Center
from thetahat.formulas.transforms.cyclic_spline import CyclicSpline
from thetahat.formulas.transforms.natural_spline import NaturalSpline
from thetahat.formulas.transforms.polynomial import Polynomial
from thetahat.formulas.transforms.scale import Scale
from thetahat.formulas.transforms.standardize import Standardize

__all__ = ["TRANSFORMS", "State", "Summary", "Transform"]

TRANSFORMS: Final[dict[str, type[Transform]]] = {
    name: transform
    for transform in (BSpline, Center, CyclicSpline, NaturalSpline, Polynomial, Scale, Standardize)
    for name in transform.spelled
}
