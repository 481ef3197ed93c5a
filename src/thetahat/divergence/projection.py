"""The member of a family nearest to a distribution: what a misspecified fit converges to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError, ModelError
from thetahat.arguments import as_family
from thetahat.divergence._rows import NO_DENSITY, Rows, refuse_as_data
from thetahat.divergence.measures import kl_divergence
from thetahat.families import Family
from thetahat.families._divergences import cross_entropy_of, divergence_of, entropy_of
from thetahat.families._expectation import ends, expectation, nodes_of
from thetahat.families._terms import Array
from thetahat.fit import Fit, fit
from thetahat.numerics.namespace import NUMPY
from thetahat.optimize import Certificate

_AS_MANY = 1e6
"""Rows that a distribution's probabilities are turned into: enough for the verdict's thresholds, which are in nats."""
_QUANTILES = 400
_STEP = 1e-3
_UNSEEN = -700.0
_CLOSE = 1e-9
_MOST_STEPS = 20


@final
@dataclass(frozen=True, slots=True, repr=False)
class Projection:
    """The member q of a family at which KL(p ‖ q) is least, with the verdict on it.

    Attributes
    ----------
    family
        The family, as it was given.
    estimates
        Name -> value, natural scale.
    certificate
        Whether there is such a member, and what kind of point it is. It says nothing of sampling, since there is none.
    cross_entropy
        H(p, q), for data -ℓ/n.
    divergence
        KL(p ‖ q); nan for data and a density, where there is none.

    Examples
    --------
    >>> import thetahat as th
    >>> found = th.project(th.NegativeBinomial(mean=3, size=2), th.Poisson())
    >>> found.estimates, found.distribution, found.divergence
    ({'rate': 3.0}, Poisson(rate=3.0), 0.258489)
    """

    family: Family
    estimates: dict[str, float]
    certificate: Certificate
    cross_entropy: float
    divergence: float

    @property
    def distribution(self) -> Family:
        """The member, frozen.

        Raises
        ------
        ParameterError
            If the infimum is not attained.
        """
        return self.family.frozen(self.estimates)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in self.estimates.items())
        verdict = self.certificate.verdict.value
        return f"<Projection {self.family.name}: {shown}; divergence {self.divergence:.6g}; {verdict}>"


def project(p: Any, family: Any, *, weights: Any = None) -> Projection:
    """Project p onto a family: θ* = argmin KL(p ‖ q_θ) = argmax E_p log q_θ.

    For data this is the maximum-likelihood estimate. For a distribution it is the pseudo-true parameter, to which the
    estimate from ever more of its draws converges, whether the family holds it or not (White, 1982). An exponential
    family's member has the expectations of its sufficient statistics: the normal one has p's mean and variance.

    p's probabilities are fitted as weighted rows by the same optimiser, with the same verdict; the stationary point
    is then refined with expected scores by adaptive quadrature.

    Parameters
    ----------
    p
        A distribution, a fit of one, or data as ``th.fit`` takes them.
    family
        A family or its name; numbers that it has are held.
    weights
        Of data, how often each row occurs.

    Raises
    ------
    InferenceError
        If no member of the family has a finite divergence, one is of counts and the other a density, or an integral can
        be neither computed nor shown to be infinite.

    Examples
    --------
    >>> import thetahat as th
    >>> th.project(th.Gamma(shape=4, rate=2), th.Normal())
    <Projection normal: mean=2, sd=1; divergence 0.088679; maximum>
    >>> th.project(th.LogNormal(mean_log=0, sd_log=1), th.Exponential()).distribution.mean()
    1.648721
    """
    target = as_family(family)
    if isinstance(p, Fit):
        p = p.distribution
    if isinstance(p, Family):
        if weights is not None:
            raise ModelError(
                "project(..., weights=...): weights belong to rows of data, and p is a distribution"
            )
        p.distribution_theta()
        return _of_labels(p, target) if p.labelled else _of_law(p, target)
    refuse_as_data(p, "project")
    found = fit(target, p, weights=weights)
    discrete = target.support.discrete and found.certificate.exists and Rows.of(p, target.y, weights).exact
    divergence = kl_divergence(p, found, weights=weights) if discrete else float("nan")
    return _projection(_fitted_family(found, target), found, found.cross_entropy, divergence)


def _projection(target: Family, found: Fit, cross_entropy: float, divergence: float) -> Projection:
    return Projection(target, dict(found.estimates), found.certificate, cross_entropy, divergence)


def _fitted_family(found: Fit, target: Family) -> Family:
    """The family with the labels that the rows had."""
    levels = found.model.get("levels")
    with_levels: Any = getattr(target, "with_levels", None)
    return with_levels(levels) if target.labelled and levels is not None else target


def _of_labels(p: Family, target: Family) -> Projection:
    """Onto a family of labels: the rows are the labels, with their probabilities for weights."""
    if not target.labelled:
        raise InferenceError(
            f"{p!r} is a distribution of labels and {target!r} a family of numbers; {NO_DENSITY}"
        )
    codes = np.arange(p.support.lower, p.support.upper + 1.0)
    labels = np.asarray(p.decode(codes))
    share = np.exp(np.asarray(p.log_prob(labels)))
    found = fit(target, labels, weights=_AS_MANY * share)
    whole = _fitted_family(found, target)
    q = whole.frozen(found.estimates)
    return _projection(whole, found, cross_entropy_of(p, q)[0], divergence_of(p, q)[0])


def _of_law(p: Family, target: Family) -> Projection:
    _refuse_uncovered(p, target)
    if target.kinked and target.kinked not in target.given:
        raise InferenceError(
            f"{target.title} has a kink in its {target.kinked}, which the points of an integral do not place to the "
            f"digits that a projection has; project a large sample, p.sample(n), or give {target.kinked}"
        )
    y, weight = nodes_of(p)
    if target.edges:
        # The ends of p, which no member may leave out.
        reached = np.array([end for end in ends(p) if np.isfinite(end)])
        if not target.support.contains(reached).all():
            raise InferenceError(_none_near(p, target))
        y, weight = np.append(y, reached), np.append(weight, np.full(reached.size, 1e-15))
    misfits = target.misfits(y, target.known_values)
    if misfits is not None and np.any(misfits[0]):
        raise InferenceError(f"{_none_near(p, target)} ({misfits[1]})")
    found = fit(target, y, weights=_AS_MANY * weight, start=_start(p, target))
    estimates = found.estimates
    if not np.isfinite(list(estimates.values())).all() or not found.certificate.exists:
        cross_entropy = -found.certificate.supremum / found.n_obs
        return _projection(target, found, cross_entropy, cross_entropy - entropy_of(p)[0])
    free = [name for name in found.free_names if found.certificate.status[name] == "regular"]
    if free:
        estimates = _refined(p, target, estimates, free, (y, weight))
    q = target.frozen(estimates)
    # An end that moves with the estimates may miss p's by their rounding, where p has no probability to speak of.
    cross_entropy, _ = cross_entropy_of(p, q, _UNSEEN)
    if not np.isfinite(cross_entropy):
        raise InferenceError(_none_near(p, target))
    divergence, _ = divergence_of(p, q, _UNSEEN)
    return Projection(target, dict(estimates), found.certificate, cross_entropy, divergence)


def _start(p: Family, target: Family) -> dict[str, float] | None:
    """Estimates from p's quantiles, which unlike nodes are as dense as p; None where there are none, or of counts."""
    if p.support.discrete or target.edges:
        return None
    near = fit(target, p.quantile((np.arange(_QUANTILES) + 0.5) / _QUANTILES))
    values = {name: near.estimates[name] for name in near.free_names}
    return values if np.isfinite(list(values.values())).all() else None


def _refuse_uncovered(p: Family, target: Family) -> None:
    if target.labelled:
        raise InferenceError(f"{p!r} is a distribution of numbers and {target!r} a family of labels")
    if p.support.discrete != target.support.discrete:
        kinds = ("counts", "a density") if p.support.discrete else ("a density", "counts")
        raise InferenceError(
            f"{p!r} is a distribution of {kinds[0]} and {target!r} a family of {kinds[1]}: a mass and a density have "
            "no common measure, so that no divergence exists. Give a family of the same kind"
        )
    low, high = ends(p)
    if low < target.support.lower or high > target.support.upper:
        raise InferenceError(_none_near(p, target))


def _none_near(p: Family, target: Family) -> str:
    return (
        f"no member of {target!r} has a finite divergence from {p!r}: each gives too little probability to some of "
        f"what p makes possible. Give a family of {p.support.describe()} with tails as heavy, or cut p off: "
        "th.Truncated(...)"
    )


def _refined(
    p: Family,
    target: Family,
    estimates: Mapping[str, float],
    free: list[str],
    nodes: tuple[Array, Array],
) -> dict[str, float]:
    """Solve E_p u = 0 in the working coordinates of the free parameters, from near the solution."""
    whole = target.frozen(estimates)
    eta = np.array(whole.working(whole.distribution_theta()), dtype=float)
    names = [name for parameter in target.declared for name in parameter.names]
    if any(parameter.domain.vector for parameter in target.declared):
        raise InferenceError(
            f"{target!r} has parameters that are vectors; a distribution of numbers has no such family"
        )
    places = [names.index(name) for name in free]
    scale = _spread_of(target, eta, places, nodes)

    def member(at: Array) -> Family:
        theta = target.theta(tuple(at))
        return target.frozen(dict(zip(names, (float(value) for value in theta), strict=True)))

    def score(at: Array) -> Array:
        found = expectation(p, _scores(target, at, places, scale), [member(at)])
        if not np.isfinite(found.value).all():
            raise InferenceError(_none_near(p, target))
        return np.asarray(found.value)

    steps = np.zeros((len(places), eta.size))
    steps[np.arange(len(places)), places] = _STEP / scale
    slope = np.stack([(score(eta + step) - score(eta - step)) / (2.0 * _STEP) for step in steps], axis=1)
    for _ in range(_MOST_STEPS):
        move = np.linalg.solve(slope, score(eta))
        eta[places] -= move / scale
        if np.max(np.abs(move)) < _CLOSE:
            return {**estimates, **{name: member(eta).parameters[name] for name in free}}
    raise InferenceError(
        f"the projection of {p!r} on {target!r} was not found to nine digits: its expected score does not settle at 0 "
        f"(it still moves by {np.max(np.abs(move)):.2g} standard deviations of one row's)"
    )


def _spread_of(target: Family, eta: Array, places: list[int], nodes: tuple[Array, Array]) -> Array:
    y, weight = nodes
    terms = target.derivatives(target.prepare(NUMPY, y, target.known_values), tuple(eta))
    spread = [
        float(np.sqrt(np.sum(weight * np.square(np.broadcast_to(terms.gradient[place], y.shape)))))
        for place in places
    ]
    return np.array([value if value > 0 and np.isfinite(value) else 1.0 for value in spread])


def _scores(
    target: Family, eta: Array, places: list[int], scale: Array
) -> Callable[[Array, Array, bool], Array]:
    def scores(y: Array, _log_p: Array, _mass: bool) -> Array:
        terms = target.derivatives(target.prepare(NUMPY, y, target.known_values), tuple(eta))
        return (
            np.stack([np.broadcast_to(terms.gradient[place], y.shape) for place in places]) / scale[:, None]
        )

    return scores
