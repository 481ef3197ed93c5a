"""Families of distributions, one file each; a new one adds its file and the name of its class here.

A file is loaded when its class is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thetahat.families._catalogue import Catalogue
from thetahat.families._family import Family
from thetahat.families._wrapper import Wrapper
from thetahat.families.multivariate import VECTORS

if TYPE_CHECKING:
    from thetahat.families.multivariate._family import MultivariateFamily

_LEAVES: Catalogue[Family] = Catalogue(
    __name__,
    (
        "AsymmetricLaplace",
        "Bernoulli",
        "Beta",
        "BetaBinomial",
        "BetaMean",
        "Binomial",
        "BirnbaumSaunders",
        "BurrXII",
        "Categorical",
        "Cauchy",
        "ChiSquared",
        "ConwayMaxwellPoisson",
        "Dagum",
        "DiscreteUniform",
        "Exponential",
        "ExponentiallyModifiedNormal",
        "ExponentialMean",
        "FisherF",
        "Frechet",
        "Gamma",
        "GammaMean",
        "GeneralizedGamma",
        "GeneralizedNormal",
        "GeneralizedPareto",
        "GeneralizedPoisson",
        "Geometric",
        "GEV",
        "Gompertz",
        "Gumbel",
        "GumbelMin",
        "HalfNormal",
        "HyperbolicSecant",
        "InverseGamma",
        "InverseGaussian",
        "JohnsonSU",
        "Kumaraswamy",
        "Laplace",
        "Logistic",
        "LogitNormal",
        "LogLogistic",
        "LogNormal",
        "LogSeries",
        "Lomax",
        "Maxwell",
        "Nakagami",
        "NegativeBinomial",
        "Normal",
        "Ordinal",
        "Pareto",
        "Poisson",
        "Rayleigh",
        "Skellam",
        "SkewNormal",
        "StudentT",
        "Triangular",
        "Tweedie",
        "Uniform",
        "VonMises",
        "Weibull",
        "Zeta",
    ),
)
_WRAPPERS: Catalogue[Wrapper] = Catalogue(
    __name__, ("Hurdle", "Mixture", "Shifted", "Transformed", "Truncated", "ZeroInflated")
)

CATALOGUE: tuple[type[Family], ...]
"""Every family of single values that stands by itself."""
MULTIVARIATE: tuple[type[MultivariateFamily], ...]
"""Every family of vectors."""
WRAPPERS: tuple[type[Wrapper], ...]
"""Families made of another one, which they take as their first argument."""


def __getattr__(name: str) -> Any:
    value: Any
    if name == "CATALOGUE":
        value = _LEAVES.kinds()
    elif name == "WRAPPERS":
        value = _WRAPPERS.kinds()
    elif name == "MultivariateFamily":
        value = import_module("thetahat.families.multivariate._family").MultivariateFamily
    elif name == "MULTIVARIATE":
        value = VECTORS.kinds()
    else:
        value = _LEAVES.called(name) or _WRAPPERS.called(name) or VECTORS.called(name)
        if value is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def leaf_named(name: str) -> type[Family] | None:
    """Return the family of single values of a name in snake case, if there is one that stands by itself."""
    return _LEAVES.named(name)


def wrapper_named(name: str) -> type[Wrapper] | None:
    """Return the wrapper of a name in snake case, if there is one."""
    return _WRAPPERS.named(name)


def multivariate_named(name: str) -> type[MultivariateFamily] | None:
    """Return the family of vectors of a name in snake case, if there is one."""
    return VECTORS.named(name)


def limit_named(name: str) -> Family:
    """Return the family that a limit names: one of the catalogue, or that ``shifted_``, ``reflected_`` or ``exp_``.

    Examples
    --------
    >>> limit_named("reflected_shifted_half_normal").title
    'Shifted(HalfNormal) of -y'
    """
    prefix, _, rest = name.partition("_")
    if prefix == "exp":
        from thetahat.families.transformed import Transformed

        return Transformed(limit_named(rest), "exp")
    if prefix == "shifted":
        from thetahat.families.shifted import Shifted

        return Shifted(limit_named(rest))
    if prefix == "reflected":
        from thetahat.families._reflected import Reflected

        return Reflected(limit_named(rest))
    kind = leaf_named(name)
    if kind is None:
        raise LookupError(f"{name!r} is declared as a limit, and is no family")
    return kind()


def class_names() -> list[str]:
    """List the names of all classes, wrappers included, as they stand in Python."""
    return [*_LEAVES.names, *VECTORS.names, *_WRAPPERS.names]


def families() -> list[str]:
    """List the names of all families, in snake case, as ``th.fit`` and the command line take them.

    Examples
    --------
    >>> "gamma" in families()
    True
    """
    return [*_LEAVES.snake_names, *VECTORS.snake_names]


__all__ = [
    "CATALOGUE",
    "MULTIVARIATE",
    "WRAPPERS",
    "Family",
    "MultivariateFamily",
    "Wrapper",
    "class_names",
    "families",
    "leaf_named",
    "limit_named",
    "multivariate_named",
    "wrapper_named",
]
__all__ += class_names()  # noqa: PLE0605 - names that are found when they are asked for
