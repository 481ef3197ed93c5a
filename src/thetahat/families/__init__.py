"""Families of distributions, one file each; a new one adds its file and the name of its class here.

A file is loaded when its class is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from thetahat.families._contract import snake_case
from thetahat.families._family import Family
from thetahat.families._wrapper import Wrapper

_LEAVES = (
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
    "DiscreteUniform",
    "Exponential",
    "ExponentiallyModifiedNormal",
    "ExponentialMean",
    "FisherF",
    "Frechet",
    "Gamma",
    "GammaMean",
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
    "StudentT",
    "Uniform",
    "VonMises",
    "Weibull",
    "Zeta",
)
_WRAPPERS = ("Hurdle", "Mixture", "Shifted", "Transformed", "Truncated", "ZeroInflated")
_FILES = {name: snake_case(name) for name in (*_LEAVES, *_WRAPPERS)}
_LEAF_OF = {_FILES[name]: name for name in _LEAVES}
_WRAPPER_OF = {_FILES[name]: name for name in _WRAPPERS}

CATALOGUE: tuple[type[Family], ...]
"""Every family that stands by itself."""
WRAPPERS: tuple[type[Wrapper], ...]
"""Families made of another one, which they take as their first argument."""


def __getattr__(name: str) -> Any:
    value: Any
    if name in _FILES:
        value = getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
    elif name == "CATALOGUE":
        value = tuple(__getattr__(leaf) for leaf in _LEAVES)
    elif name == "WRAPPERS":
        value = tuple(__getattr__(wrapper) for wrapper in _WRAPPERS)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def leaf_named(name: str) -> type[Family] | None:
    """Return the family of a name in snake case, if there is one that stands by itself."""
    found: type[Family] | None = __getattr__(_LEAF_OF[name]) if name in _LEAF_OF else None
    return found


def wrapper_named(name: str) -> type[Wrapper] | None:
    """Return the wrapper of a name in snake case, if there is one."""
    found: type[Wrapper] | None = __getattr__(_WRAPPER_OF[name]) if name in _WRAPPER_OF else None
    return found


def limit_named(name: str) -> Family:
    """Return the family that a limit names: one of the catalogue, or such a one ``shifted_`` or ``reflected_``.

    Examples
    --------
    >>> limit_named("reflected_shifted_half_normal").title
    'Shifted(HalfNormal) of -y'
    """
    if name.startswith("shifted_"):
        return __getattr__("Shifted")(limit_named(name.removeprefix("shifted_")))
    if name.startswith("reflected_"):
        from thetahat.families._reflected import Reflected

        return Reflected(limit_named(name.removeprefix("reflected_")))
    kind = leaf_named(name)
    if kind is None:
        raise LookupError(f"{name!r} is declared as a limit, and is no family")
    return kind()


def class_names() -> list[str]:
    """List the names of all classes, wrappers included, as they stand in Python."""
    return list(_FILES)


def families() -> list[str]:
    """List the names of all families, in snake case, as ``th.fit`` and the command line take them.

    Examples
    --------
    >>> "gamma" in families()
    True
    """
    return list(_LEAF_OF)


__all__ = [
    "CATALOGUE",
    "WRAPPERS",
    "Family",
    "Wrapper",
    "class_names",
    "families",
    "leaf_named",
    "limit_named",
    "wrapper_named",
]
__all__ += _FILES  # noqa: PLE0605 - names that are found when they are asked for
