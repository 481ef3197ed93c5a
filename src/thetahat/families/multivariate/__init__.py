"""Families of vectors, one file each; a new one adds its file and the name of its class here.

A file is loaded when its class is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thetahat.families._catalogue import Catalogue

if TYPE_CHECKING:
    from thetahat.families.multivariate._family import MultivariateFamily

VECTORS: Catalogue[MultivariateFamily] = Catalogue(
    __name__,
    (
        "Dirichlet",
        "DirichletMultinomial",
        "Multinomial",
        "MultivariateNormal",
        "MultivariateT",
        "VonMisesFisher",
    ),
)

__all__ = ["VECTORS"]
