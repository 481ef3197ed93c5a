"""Families of vectors, one file each; a new one adds its file and the name of its class here."""

from __future__ import annotations

from thetahat.families._catalogue import Catalogue
from thetahat.families.multivariate._family import MultivariateFamily

VECTORS: Catalogue[MultivariateFamily] = Catalogue(
    __name__, ("Dirichlet", "DirichletMultinomial", "Multinomial", "MultivariateNormal", "MultivariateT")
)

__all__ = ["VECTORS", "MultivariateFamily"]
