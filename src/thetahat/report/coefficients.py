"""The coefficients of a regression in the groups that its predictors make, and their tests against 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan, sqrt
from typing import Any

from scipy import special

from thetahat._dataclass import dataclass

REST = "without a formula"


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that stand together: the coefficients of one predictor, or what has none.

    ``title`` says what they drive, by which link and formula; it is empty where there is nothing to tell apart.
    """

    title: str
    names: tuple[str, ...]
    driven: bool


def is_regression(model: Mapping[str, Any]) -> bool:
    """Whether a description is that of a regression."""
    return model.get("kind") == "regression"


def groups_of(model: Mapping[str, Any], names: Sequence[str]) -> tuple[Group, ...]:
    """The parameters of a model in its groups, in their order.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.regress([[0.0], [1.0], [2.0]], [1.0, 2.5, 2.0], th.Normal(), intercept=True)
    >>> [(group.title, group.names) for group in groups_of(fit.model, fit.names)]
    [('mean, identity link', ('Intercept', 'x0')), ('without a formula', ('sd',))]
    """
    if not is_regression(model):
        return (Group("", tuple(names), driven=False),)
    groups: list[Group] = []
    own: list[str] = []
    rest = list(names)
    for position, (owner, count) in enumerate(dict(model["coefficients"]).items()):
        # The first formula's come first; others follow in the family's order, with what has no formula between them.
        begin = 0
        while position and begin < len(rest) and not rest[begin].startswith(f"{owner}:"):
            begin += 1
        own += rest[:begin]
        mine, rest = rest[begin : begin + count], rest[begin + count :]
        groups += _of_labels(model, owner, mine) or [Group(_title(model, owner), tuple(mine), driven=True)]
    own += rest
    return tuple([*groups, Group(REST, tuple(own), driven=False)] if own else groups)


def coefficients_of(model: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """The names of coefficients of predictors; none of a fit that is no regression."""
    return tuple(name for group in groups_of(model, names) if group.driven for name in group.names)


def wald_test(estimate: float, error: float) -> tuple[float, float]:
    """z = estimate/standard error and its two-sided p-value; NaN where there is no standard error.

    Examples
    --------
    >>> z, p = wald_test(1.96, 1.0)
    >>> round(z, 2), round(p, 3)
    (1.96, 0.05)
    """
    if not error > 0:
        return nan, nan
    z = estimate / error
    return z, float(special.erfc(abs(z) / sqrt(2.0)))


def link_of(model: Mapping[str, Any]) -> str:
    """The link of the parameter that the first formula drives."""
    if "link" in model:
        return str(model["link"] or "logit")
    return str(dict(model["links"]).get(primary_name(model), "logit"))


def primary_name(model: Mapping[str, Any]) -> str:
    """The parameter that the first formula drives."""
    return str(next(iter(model["coefficients"])))


def _of_labels(model: Mapping[str, Any], owner: str, names: list[str]) -> list[Group]:
    """One group for each logit of a softmax."""
    levels = model.get("levels")
    if levels is None or "located" in model:
        return []
    reference, *others = (str(level) for level in levels)
    width = len(names) // max(len(others), 1)
    formula = _formula(model, owner)
    return [
        Group(
            f"logit of {other} against {reference}{formula if k == 0 else ''}",
            tuple(names[k * width : (k + 1) * width]),
            driven=True,
        )
        for k, other in enumerate(others)
    ]


def _title(model: Mapping[str, Any], owner: str) -> str:
    link = link_of(model) if owner == primary_name(model) else dict(model["links"]).get(owner)
    return f"{owner}{f', {link} link' if link else ''}{_formula(model, owner)}"


def _formula(model: Mapping[str, Any], owner: str) -> str:
    text = dict(model.get("formulas") or {}).get(owner)
    return f": {text}" if text else ""
