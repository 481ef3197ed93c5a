"""A distribution of each family of vectors, from which the tests draw."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

import thetahat as th
from thetahat.families import MULTIVARIATE

MATRIX = [[2.0, 0.6, -0.3], [0.6, 1.5, 0.4], [-0.3, 0.4, 0.8]]

MADE: Mapping[str, Any] = MappingProxyType(
    {
        "Dirichlet": th.Dirichlet(concentration=[2.5, 0.8, 4.0]),
        "DirichletMultinomial": th.DirichletMultinomial(concentration=[2.5, 0.8, 4.0], trials=12),
        "Multinomial": th.Multinomial(probs=[0.2, 0.5, 0.3], trials=7),
        "MultivariateNormal": th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=MATRIX),
        "MultivariateT": th.MultivariateT(location=[1.0, -2.0, 0.5], scatter=MATRIX, df=6.0),
        "VonMisesFisher": th.VonMisesFisher(direction=[0.6, 0.0, -0.8], concentration=5.0),
    }
)


def blank(law: Any, y: Any = None) -> Any:
    """The family of a distribution, without its numbers."""
    return type(law)(y=y, **law.known_values)


def working(law: Any) -> np.ndarray:
    """The working coordinates of a distribution."""
    return np.asarray(law.working(law.given))


def every_law() -> list[Any]:
    """All of them, in the order of the catalogue."""
    return [MADE[kind.__name__] for kind in MULTIVARIATE]
