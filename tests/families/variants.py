"""Families with settings and wrapped ones, for tests that go through all kinds of families."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thetahat.families import (
    Binomial,
    Exponential,
    Family,
    Gamma,
    Geometric,
    Hurdle,
    InverseGaussian,
    LogNormal,
    Mixture,
    NegativeBinomial,
    Normal,
    Ordinal,
    Poisson,
    Shifted,
    Transformed,
    Weibull,
    Wrapper,
    ZeroInflated,
)


class Variant:
    """A kind of family that is called like a class of the catalogue, and has its class's data."""

    def __init__(self, name: str, make: Callable[..., Family]) -> None:
        self.__name__ = name
        self._make = make

    def __call__(self, **values: Any) -> Family:
        return self._make(**values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)

    @property
    def __doc__(self) -> str | None:
        return type(self._make()).__doc__


def _ordinal(link: str, *, located: bool) -> Variant:
    def make(**values: Any) -> Family:
        return Ordinal(link=link, located=located, **values)

    return Variant(f"Ordinal-{link}{'-located' if located else ''}", make)


def _wrapped(wrapper: type[Wrapper], inner: type[Family]) -> Variant:
    def make(**values: Any) -> Family:
        return wrapper(inner(), **values)

    return Variant(f"{wrapper.__name__}-{inner.__name__}", make)


def _mixture(*inner: type[Family], **options: Any) -> Variant:
    def make(**values: Any) -> Family:
        return Mixture([family() for family in inner], **options, **values)

    return Variant(f"Mixture-{'-'.join(family.__name__ for family in inner)}", make)


def _transformed(inner: type[Family], bijection: str) -> Variant:
    def make(**values: Any) -> Family:
        return Transformed(inner(), bijection, **values)

    return Variant(f"Transformed-{inner.__name__}-{bijection}", make)


VARIANTS = (
    _ordinal("probit", located=True),
    _ordinal("cauchit", located=False),
    *(
        _wrapped(wrapper, inner)
        for wrapper in (ZeroInflated, Hurdle)
        for inner in (Poisson, NegativeBinomial)
    ),
    _mixture(Normal, Normal),
    _mixture(Poisson, Poisson),
    _transformed(Normal, "exp"),
    _transformed(Exponential, "power(0.4)"),
)
OTHERS = (
    *(_ordinal(link, located=True) for link in ("logit", "cloglog", "loglog", "cauchit")),
    *(_wrapped(wrapper, inner) for wrapper in (ZeroInflated, Hurdle) for inner in (Binomial, Geometric)),
    _mixture(Exponential, Gamma),
    _mixture(Poisson, Binomial, Poisson),
    _mixture(Weibull, Weibull, tied="shape"),
    _transformed(Gamma, "affine(0, 3)"),
    _transformed(Weibull, "sqrt"),
    *(_wrapped(Shifted, inner) for inner in (Exponential, InverseGaussian, Weibull, LogNormal)),
)
"""Further ones, for tests that are quick."""
