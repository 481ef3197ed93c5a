"""Families of vectors, one file each; a new one adds its file and its line here."""

from __future__ import annotations

from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate.dirichlet import Dirichlet
from thetahat.families.multivariate.dirichlet_multinomial import DirichletMultinomial
from thetahat.families.multivariate.multinomial import Multinomial
from thetahat.families.multivariate.multivariate_normal import MultivariateNormal
from thetahat.families.multivariate.multivariate_t import MultivariateT

MULTIVARIATE: tuple[type[MultivariateFamily], ...] = (
    Dirichlet,
    DirichletMultinomial,
    Multinomial,
    MultivariateNormal,
    MultivariateT,
)

__all__ = ["MULTIVARIATE", "MultivariateFamily"]
__all__ += [family.__name__ for family in MULTIVARIATE]
