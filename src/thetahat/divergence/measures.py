"""Entropy, cross-entropy and Kullback-Leibler divergence of distributions, fits and data."""

from __future__ import annotations

from typing import Any, Literal, overload

from thetahat._errors import ModelError
from thetahat.divergence._rows import (
    Rows,
    empirical_divergence,
    empirical_entropy,
    mean_loss,
    of_vectors,
    refuse_as_data,
)
from thetahat.families import Family, MultivariateFamily
from thetahat.families._divergences import Bounded, cross_entropy_of, divergence_of, entropy_of
from thetahat.fit import Fit, fit

_ROUNDING = 1e-13


@overload
def entropy(p: Any, *, weights: Any = None, return_error: Literal[False] = False) -> float: ...
@overload
def entropy(p: Any, *, weights: Any = None, return_error: Literal[True]) -> Bounded: ...
def entropy(p: Any, *, weights: Any = None, return_error: bool = False) -> float | Bounded:
    """Entropy H(p) = -E_p log p in nats (Shannon, 1948).

    Of a density it is the differential entropy, which may be negative and depends on the unit: that of c·Y is higher by
    log c. Of counts and labels it is that of the probabilities, of a mixed distribution such as ``th.Hurdle`` of
    positive numbers that relative to Lebesgue's measure and a count of its points of mass. Of data it is the entropy of
    the shares of their distinct values, which exists for counts and labels alone. It is a formula where one is known,
    else a sum or an adaptive quadrature.

    Parameters
    ----------
    p
        A distribution, a fit of one, or data: counts or labels.
    weights
        Of data, how often each row occurs.
    return_error
        Whether to return the value with a bound on its error, which never is above 1e-8 of 1 or the value.

    Raises
    ------
    InferenceError
        If data are not counts or labels, or an integral can be neither computed nor shown to be infinite.

    Examples
    --------
    >>> import thetahat as th
    >>> th.entropy(th.Normal(mean=0, sd=1))
    1.418939
    >>> th.entropy(["a", "b", "a", "b"])
    0.693147
    """
    vectors = p.distribution if isinstance(p, Fit) else p
    if isinstance(vectors, MultivariateFamily):
        _refuse_weights(weights, "entropy")
        return _answer(_rounded(vectors.entropy()), return_error=return_error)
    law = _law(p, "entropy")
    if law is not None:
        _refuse_weights(weights, "entropy")
        return _answer(entropy_of(law), return_error=return_error)
    _, share = Rows.of(p, None, weights).frequencies()
    return _answer(_rounded(empirical_entropy(share)), return_error=return_error)


@overload
def cross_entropy(p: Any, q: Any, *, weights: Any = None, return_error: Literal[False] = False) -> float: ...
@overload
def cross_entropy(p: Any, q: Any, *, weights: Any = None, return_error: Literal[True]) -> Bounded: ...
def cross_entropy(p: Any, q: Any, *, weights: Any = None, return_error: bool = False) -> float | Bounded:
    """Cross-entropy H(p, q) = -E_p log q in nats; inf where q rules out what p does not.

    Of data it is the mean -Σ w log q(y)/Σ w, which for a fit's own data is ``fit.cross_entropy`` = -ℓ/n, and for others
    its loss on held-out rows. Censored and truncated rows count as in a fit.

    Parameters
    ----------
    p
        A distribution, a fit of one, or data as ``th.fit`` takes them.
    q
        A distribution, or a fit, also of a regression where p is data.
    weights
        Of data, how often each row occurs.
    return_error
        Whether to return the value with a bound on its error, which never is above 1e-8 of 1 or the value.

    Raises
    ------
    InferenceError
        If one is of counts and the other a density, or an integral can be neither computed nor shown to be infinite.

    Examples
    --------
    >>> import thetahat as th
    >>> th.cross_entropy(th.Gamma(shape=2, rate=1), th.Exponential(rate=0.5))
    1.693147
    >>> th.cross_entropy(th.Normal(mean=0, sd=1), th.Exponential(rate=1))
    inf
    >>> counts = [2, 4, 3, 5, 1]
    >>> fit = th.fit(th.Poisson(), counts)
    >>> th.cross_entropy(counts, fit), fit.cross_entropy
    (1.794254, 1.794254)
    """
    pair = _vectors(p, q, "cross_entropy")
    if pair is not None:
        _refuse_weights(weights, "cross_entropy")
        return _answer(_rounded(pair[0].entropy() + pair[1]), return_error=return_error)
    law = _law(p, "cross_entropy")
    if law is not None:
        _refuse_weights(weights, "cross_entropy")
        return _answer(cross_entropy_of(law, _other(q, "cross_entropy")), return_error=return_error)
    if isinstance(q, Fit) and q.model["kind"] == "regression":
        found = q.cross_entropy_on(p, weights=weights).estimate
    elif isinstance(vectors := q.distribution if isinstance(q, Fit) else q, MultivariateFamily):
        vectors.distribution_values()
        found = fit(vectors, p, weights=weights).cross_entropy
    else:
        other = _other(q, "cross_entropy")
        rows = Rows.of(p, other.y, weights)
        # Every parameter has its number, so that nothing is estimated: the rows are read and summed as in a fit.
        found = mean_loss(rows, other) if rows.exact else fit(other, p, weights=weights).cross_entropy
    return _answer(_rounded(found), return_error=return_error)


@overload
def kl_divergence(p: Any, q: Any, *, weights: Any = None, return_error: Literal[False] = False) -> float: ...
@overload
def kl_divergence(p: Any, q: Any, *, weights: Any = None, return_error: Literal[True]) -> Bounded: ...
def kl_divergence(p: Any, q: Any, *, weights: Any = None, return_error: bool = False) -> float | Bounded:
    """Kullback-Leibler divergence KL(p ‖ q) = E_p log(p/q) in nats, 0 only where both are the same.

    It is H(p, q) - H(p) (Kullback & Leibler, 1951), and inf where q rules out what p does not. Of data it is that of
    the shares of their distinct values, which exists for counts and labels alone.

    Parameters
    ----------
    p
        A distribution, a fit of one, or data: counts or labels.
    q
        A distribution, or a fit of one.
    weights
        Of data, how often each row occurs.
    return_error
        Whether to return the value with a bound on its error, which never is above 1e-8 of 1 or the value.

    Raises
    ------
    InferenceError
        If one is of counts and the other a density, if data are not counts or labels, or if an integral can be neither
        computed nor shown to be infinite.

    Examples
    --------
    >>> import thetahat as th
    >>> th.kl_divergence(th.Normal(mean=0, sd=1), th.Normal(mean=1, sd=1))
    0.5
    >>> value, error = th.kl_divergence(
    ...     th.Normal(mean=0, sd=1), th.Logistic(location=0, scale=0.6), return_error=True
    ... )
    >>> value, error < 1e-10
    (0.011168, True)
    >>> th.kl_divergence(th.Cauchy(location=0, scale=1), th.Normal(mean=0, sd=1))
    inf
    """
    pair = _vectors(p, q, "kl_divergence")
    if pair is not None:
        _refuse_weights(weights, "kl_divergence")
        return _answer(_rounded(pair[1]), return_error=return_error)
    law = _law(p, "kl_divergence")
    other = _other(q, "kl_divergence")
    if law is not None:
        _refuse_weights(weights, "kl_divergence")
        return _answer(divergence_of(law, other), return_error=return_error)
    values, share = Rows.of(p, other.y, weights).frequencies()
    return _answer(_rounded(empirical_divergence(values, share, other)), return_error=return_error)


def _vectors(p: Any, q: Any, called: str) -> tuple[MultivariateFamily, float] | None:
    """A distribution of vectors, with its divergence from another of the same family; None where p is none."""
    law = p.distribution if isinstance(p, Fit) else p
    if not isinstance(law, MultivariateFamily):
        return None
    law.distribution_values()
    other = q.distribution if isinstance(q, Fit) else q
    if type(other) is not type(law):
        raise of_vectors(called, law)
    other.distribution_values()
    if other.size != law.size:
        raise ModelError(
            f"{called}: p has {law.size} columns and q has {other.size}; give two of the same size"
        )
    found = law.divergence_at(other)
    if found is None:
        raise of_vectors(called, law)
    return law, found


def _law(p: Any, called: str) -> Family | None:
    """The distribution that is meant, or None where it is data."""
    law = p.distribution if isinstance(p, Fit) else p
    if isinstance(law, Family):
        return law
    refuse_as_data(law, called)
    return None


def _other(q: Any, called: str) -> Family:
    law = q.distribution if isinstance(q, Fit) else q
    if isinstance(law, MultivariateFamily):
        raise of_vectors(called, law)
    if not isinstance(law, Family):
        raise ModelError(
            f"{called}(p, {q!r}): q must be a distribution with all its numbers, such as th.Poisson(rate=2), or a fit"
        )
    law.distribution_theta()
    return law


def _refuse_weights(weights: Any, called: str) -> None:
    if weights is not None:
        raise ModelError(
            f"{called}(..., weights=...): weights belong to rows of data, and p is a distribution"
        )


def _rounded(value: float) -> Bounded:
    return value, _ROUNDING * max(1.0, abs(value)) if abs(value) < float("inf") else 0.0


def _answer(found: Bounded, *, return_error: bool) -> float | Bounded:
    return found if return_error else found[0]
