"""Links: from a linear predictor to a parameter, by way of its working coordinate."""

from __future__ import annotations

from functools import cache

from thetahat._errors import ModelError
from thetahat.links import positive, real, unit_interval
from thetahat.links._link import Link
from thetahat.parameters import Domain, Positive, Real, UnitInterval

_BY_DOMAIN: tuple[tuple[type[Domain], tuple[Link, ...]], ...] = (
    (Real, real.LINKS),
    (Positive, positive.LINKS),
    (UnitInterval, unit_interval.LINKS),
)

__all__ = ["Link", "default_link", "link_named", "links_of"]


def links_of(domain: Domain) -> tuple[Link, ...]:
    """List the links of a domain, its default one first; none for domains that are not one number.

    Examples
    --------
    >>> [link.name for link in links_of(Real())]
    ['identity', 'log', 'inverse']
    """
    return _links_of_kind(type(domain))


@cache
def _links_of_kind(kind: type[Domain]) -> tuple[Link, ...]:
    return next((links for base, links in _BY_DOMAIN if issubclass(kind, base)), ())


def default_link(domain: Domain) -> Link | None:
    """Return the link under which the predictor is the working coordinate itself."""
    return next(iter(links_of(domain)), None)


def link_named(name: str, parameter: str, domain: Domain) -> Link:
    """Return the link of this name for a parameter.

    Raises
    ------
    ModelError
        If the parameter's domain has no such link; the message lists those it has.

    Examples
    --------
    >>> link_named("probit", "prob", UnitInterval()).name
    'probit'
    """
    links = links_of(domain)
    found = next((link for link in links if link.name == name), None)
    if found is None:
        names = ", ".join(link.name for link in links) or "none"
        raise ModelError(f"links={{{parameter!r}: {name!r}}}: the links of {parameter} are: {names}")
    return found
