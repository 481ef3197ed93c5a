"""Families of distributions, one file each; a new one adds its file and its line here."""

from __future__ import annotations

from thetahat.families._family import Family
from thetahat.families._wrapper import Wrapper
from thetahat.families.asymmetric_laplace import AsymmetricLaplace
from thetahat.families.bernoulli import Bernoulli
from thetahat.families.beta import Beta
from thetahat.families.beta_binomial import BetaBinomial
from thetahat.families.beta_mean import BetaMean
from thetahat.families.binomial import Binomial
from thetahat.families.birnbaum_saunders import BirnbaumSaunders
from thetahat.families.burr_xii import BurrXII
from thetahat.families.categorical import Categorical
from thetahat.families.cauchy import Cauchy
from thetahat.families.chi_squared import ChiSquared
from thetahat.families.conway_maxwell_poisson import ConwayMaxwellPoisson
from thetahat.families.discrete_uniform import DiscreteUniform
from thetahat.families.exponential import Exponential
from thetahat.families.exponential_mean import ExponentialMean
from thetahat.families.fisher_f import FisherF
from thetahat.families.frechet import Frechet
from thetahat.families.gamma import Gamma
from thetahat.families.gamma_mean import GammaMean
from thetahat.families.generalized_normal import GeneralizedNormal
from thetahat.families.generalized_pareto import GeneralizedPareto
from thetahat.families.generalized_poisson import GeneralizedPoisson
from thetahat.families.geometric import Geometric
from thetahat.families.gev import GEV
from thetahat.families.gompertz import Gompertz
from thetahat.families.gumbel import Gumbel
from thetahat.families.gumbel_min import GumbelMin
from thetahat.families.half_normal import HalfNormal
from thetahat.families.hurdle import Hurdle
from thetahat.families.hyperbolic_secant import HyperbolicSecant
from thetahat.families.inverse_gamma import InverseGamma
from thetahat.families.inverse_gaussian import InverseGaussian
from thetahat.families.kumaraswamy import Kumaraswamy
from thetahat.families.laplace import Laplace
from thetahat.families.log_logistic import LogLogistic
from thetahat.families.log_normal import LogNormal
from thetahat.families.log_series import LogSeries
from thetahat.families.logistic import Logistic
from thetahat.families.logit_normal import LogitNormal
from thetahat.families.lomax import Lomax
from thetahat.families.maxwell import Maxwell
from thetahat.families.mixture import Mixture
from thetahat.families.nakagami import Nakagami
from thetahat.families.negative_binomial import NegativeBinomial
from thetahat.families.normal import Normal
from thetahat.families.ordinal import Ordinal
from thetahat.families.pareto import Pareto
from thetahat.families.poisson import Poisson
from thetahat.families.rayleigh import Rayleigh
from thetahat.families.shifted import Shifted
from thetahat.families.skellam import Skellam
from thetahat.families.student_t import StudentT
from thetahat.families.transformed import Transformed
from thetahat.families.triangular import Triangular
from thetahat.families.truncated import Truncated
from thetahat.families.uniform import Uniform
from thetahat.families.von_mises import VonMises
from thetahat.families.weibull import Weibull
from thetahat.families.zero_inflated import ZeroInflated
from thetahat.families.zeta import Zeta

CATALOGUE: tuple[type[Family], ...] = (
    AsymmetricLaplace,
    Bernoulli,
    Beta,
    BetaBinomial,
    BetaMean,
    Binomial,
    BirnbaumSaunders,
    BurrXII,
    Categorical,
    Cauchy,
    ChiSquared,
    ConwayMaxwellPoisson,
    DiscreteUniform,
    Exponential,
    ExponentialMean,
    FisherF,
    Frechet,
    Gamma,
    GammaMean,
    GeneralizedNormal,
    GeneralizedPareto,
    GeneralizedPoisson,
    Geometric,
    GEV,
    Gompertz,
    Gumbel,
    GumbelMin,
    HalfNormal,
    HyperbolicSecant,
    InverseGamma,
    InverseGaussian,
    Kumaraswamy,
    Laplace,
    Logistic,
    LogitNormal,
    LogLogistic,
    LogNormal,
    LogSeries,
    Lomax,
    Maxwell,
    Nakagami,
    NegativeBinomial,
    Normal,
    Ordinal,
    Pareto,
    Poisson,
    Rayleigh,
    Skellam,
    StudentT,
    Triangular,
    Uniform,
    VonMises,
    Weibull,
    Zeta,
)

WRAPPERS: tuple[type[Wrapper], ...] = (Hurdle, Mixture, Shifted, Transformed, Truncated, ZeroInflated)
"""Families made of another one, which they take as their first argument."""


def families() -> list[str]:
    """List the names of all families, in snake case, as ``th.fit`` and the command line take them.

    Examples
    --------
    >>> "gamma" in families()
    True
    """
    return [family().name for family in CATALOGUE]


__all__ = ["CATALOGUE", "WRAPPERS", "Family", "Wrapper", "families"]
__all__ += [family.__name__ for family in (*CATALOGUE, *WRAPPERS)]
