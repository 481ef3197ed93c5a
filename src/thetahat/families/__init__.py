"""Families of distributions, one file each; a new one adds its file and its line here."""

from __future__ import annotations

from thetahat.families._family import Family
from thetahat.families.bernoulli import Bernoulli
from thetahat.families.beta import Beta
from thetahat.families.beta_binomial import BetaBinomial
from thetahat.families.binomial import Binomial
from thetahat.families.categorical import Categorical
from thetahat.families.conway_maxwell_poisson import ConwayMaxwellPoisson
from thetahat.families.discrete_uniform import DiscreteUniform
from thetahat.families.exponential import Exponential
from thetahat.families.gamma import Gamma
from thetahat.families.gamma_mean import GammaMean
from thetahat.families.generalized_poisson import GeneralizedPoisson
from thetahat.families.geometric import Geometric
from thetahat.families.gev import GEV
from thetahat.families.kumaraswamy import Kumaraswamy
from thetahat.families.log_normal import LogNormal
from thetahat.families.log_series import LogSeries
from thetahat.families.logistic import Logistic
from thetahat.families.logit_normal import LogitNormal
from thetahat.families.negative_binomial import NegativeBinomial
from thetahat.families.normal import Normal
from thetahat.families.poisson import Poisson
from thetahat.families.skellam import Skellam
from thetahat.families.student_t import StudentT
from thetahat.families.uniform import Uniform
from thetahat.families.von_mises import VonMises
from thetahat.families.weibull import Weibull
from thetahat.families.zeta import Zeta

CATALOGUE: tuple[type[Family], ...] = (
    Bernoulli,
    Beta,
    BetaBinomial,
    Binomial,
    Categorical,
    ConwayMaxwellPoisson,
    DiscreteUniform,
    Exponential,
    Gamma,
    GammaMean,
    GeneralizedPoisson,
    Geometric,
    GEV,
    Kumaraswamy,
    LogNormal,
    LogSeries,
    Logistic,
    LogitNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    Skellam,
    StudentT,
    Uniform,
    VonMises,
    Weibull,
    Zeta,
)


def families() -> list[str]:
    """List the names of all families, in snake case, as ``th.fit`` and the command line take them.

    Examples
    --------
    >>> "gamma" in families()
    True
    """
    return [family().name for family in CATALOGUE]


__all__ = ["CATALOGUE", "Family", "families"]
__all__ += [family.__name__ for family in CATALOGUE]
