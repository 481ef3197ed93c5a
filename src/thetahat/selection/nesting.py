"""Which of two models is a special case of the other, and the tests between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.families import leaf_named
from thetahat.families._limit import Limit
from thetahat.families._text import snake_case
from thetahat.fit import Fit
from thetahat.inference.rows import Rows
from thetahat.models import VALUE
from thetahat.models._predictors import primary_of
from thetahat.models.iid import IndependentModel
from thetahat.solution import AT_INFINITY, NEAR_LIMIT

_COINCIDE = 1e-12
"""Variance of the log ratios, relative to their mean square, below which the two densities are one."""
_WRAPPED = {"zero_inflated": "edge", "hurdle": "inside"}
"""How a family lies in the one that is made of it: without zeros beside its own, or with as many as it has."""


@dataclass(frozen=True, slots=True)
class ModelTest:
    """A test between two fits of the same rows.

    ``favours`` is the name of the model that a small ``p_value`` speaks for.
    """

    models: tuple[str, str]
    method: str
    statistic: float
    degrees_of_freedom: float
    p_value: float
    favours: str
    note: str

    def plain(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "models": list(self.models),
            "method": self.method,
            "statistic": self.statistic,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
            "favours": self.favours,
            "note": self.note,
        }


def test_between(first: tuple[str, Fit], second: tuple[str, Fit]) -> ModelTest:
    """A likelihood-ratio test where one is declared to be within the other, else Vuong's (1989)."""
    for inner, outer in ((first, second), (second, first)):
        how = _nested(inner[1], outer[1])
        if how is not None:
            return _likelihood_ratio(inner, outer, how)
    return _vuong(first, second)


def _nested(inner: Fit, outer: Fit) -> str | None:
    """How the one model is a special case of the other, as far as is declared.

    It is ``inside``, at an ``edge``, or where parameters of the other are ``unidentified``; None where it is not.
    """
    one, other = inner.model, outer.model
    if inner.dof >= outer.dof or "penalty" in one or "penalty" in other:
        return None
    if other.get("kind") == "regression" and one.get("kind") in {"regression", "family"}:
        return _nested_in_regression(inner, outer)
    if not one.get("kind") == other.get("kind") == "family" or one.get("known") != other.get("known"):
        return None
    if _specification(one) == _specification(other):
        held, also_held = dict(one.get("fixed") or {}), dict(other.get("fixed") or {})
        same = all(name in held and held[name] == value for name, value in also_held.items())
        return "inside" if same else None
    if one.get("fixed") or other.get("fixed"):
        return None
    if isinstance(other.get("of"), list):
        return "unidentified" if _fewer_components(one, other["of"]) else None
    if "of" in other:
        same = {**other["of"]} == {name: one[name] for name in other["of"] if name in one}
        return _WRAPPED.get(str(other["family"])) if same and "of" not in one else None
    return "edge" if _limit_of(inner, outer) is not None else None


def _fewer_components(one: Any, components: list[Any]) -> bool:
    """Whether a model is one of a mixture's components, or a mixture of some of them."""
    left = list(components)
    own = one["of"] if isinstance(one.get("of"), list) else None
    if own is None:
        return any(component == {name: one[name] for name in component if name in one} for component in left)
    for component in own:
        if component not in left:
            return False
        left.remove(component)
    return True


def _limit_of(inner: Fit, outer: Fit) -> Limit | None:
    """The declared limit of the outer fit's family that the inner one's is."""
    family = leaf_named(str(outer.model.get("family")))
    limits = () if family is None else family.limits
    return next((limit for limit in limits if snake_case(limit.family) == inner.model.get("family")), None)


def _nested_in_regression(inner: Fit, outer: Fit) -> str | None:
    """Whether the outer model takes the inner one's values at its estimates, coefficients that it lacks being 0."""
    small, large = inner.solution, outer.solution
    if (
        large.likelihood is None
        or small.likelihood is None
        or inner.model.get("fixed")
        or outer.model.get("fixed")
    ):
        return None
    values = dict(zip(inner.free_names, small.finite_point.tolist(), strict=True))
    if isinstance(small.likelihood.model, IndependentModel):
        # Rows without predictors have the constant of the primary parameter's formula, and no other coefficient.
        primary = primary_of(small.likelihood.model.family)
        values = {"Intercept" if name == primary else name: value for name, value in values.items()}
    limit = None if inner.model.get("family") == outer.model.get("family") else _limit_of(inner, outer)
    if limit is None and inner.model.get("family") != outer.model.get("family"):
        return None
    used: set[str] = set()
    point = np.zeros(large.table.n_free)
    for index, name in enumerate(outer.free_names):
        # A parameter without a formula is the constant of its formula, under the link that is its own domain's.
        ours = name if name in values else name.removesuffix(":Intercept")
        if ours in values:
            point[index] = values[ours]
            used.add(ours)
        elif limit is not None and name == limit.parameter:
            point[index] = AT_INFINITY if limit.order > 0 or limit.sign < 0 else -AT_INFINITY
    if used != set(values):
        return None
    reached = large.likelihood.tally(point, VALUE)
    alike = abs(reached.value - inner.log_likelihood) <= NEAR_LIMIT * max(abs(reached.value), outer.n_obs)
    return ("inside" if limit is None else "edge") if alike else None


def _specification(model: Any) -> dict[str, Any]:
    aside = {"fixed", "response", "weights", "unit"}
    return {name: value for name, value in model.items() if name not in aside}


def _likelihood_ratio(inner: tuple[str, Fit], outer: tuple[str, Fit], how: str) -> ModelTest:
    """2(ℓ₁ - ℓ₀): χ² with as many degrees of freedom as parameters more; at an edge half a χ² (Self & Liang, 1987)."""
    (small, below), (large, above) = inner, outer
    statistic = max(2.0 * (above.log_likelihood - below.log_likelihood), 0.0)
    more = above.dof - below.dof
    tail = float(special.chdtrc(more, statistic))
    if how == "unidentified":
        note = (
            f"{small} is {large} with fewer components, where the parameters of the others are not identified, so that "
            "no χ² holds: simulate the likelihood ratio from the smaller one"
        )
        return ModelTest((small, large), "none", np.nan, np.nan, np.nan, "", note)
    if how == "inside":
        note = f"{small} is {large} with {more} parameter{'s' if more > 1 else ''} fewer: χ² with {more} df"
        return ModelTest((small, large), "likelihood ratio", statistic, float(more), tail, large, note)
    if more > 1:
        note = (
            f"{small} is {large} at the edge of its parameters, {more} fewer: the χ² with {more} df bounds the p-value "
            "from above"
        )
        return ModelTest((small, large), "likelihood ratio", statistic, float(more), tail, large, note)
    note = f"{small} is {large} at the edge of its parameters: half a χ² with 1 df (Self & Liang, 1987)"
    p_value = 0.5 * tail if statistic > 0 else 1.0
    return ModelTest((small, large), "likelihood ratio", statistic, float(more), p_value, large, note)


def _vuong(first: tuple[str, Fit], second: tuple[str, Fit]) -> ModelTest:
    """z = Σ w m/(√n ω) over the rows' log ratios m, ω² their variance (Vuong, 1989, theorem 5.1), two-sided."""
    (one, left), (two, right) = first, second
    try:
        ratios = _row_values(left) - _row_values(right)
        weights = _row_weights(left)
    except InferenceError as error:
        return ModelTest((one, two), "none", np.nan, np.nan, np.nan, "", str(error))
    counted = np.isfinite(ratios) & (weights > 0)
    ratios, weights = ratios[counted], weights[counted]
    total = float(weights.sum())
    mean = float(weights @ ratios) / total
    spread = float(weights @ np.square(ratios - mean)) / total
    if not spread > _COINCIDE * max(float(weights @ np.square(ratios)) / total, _COINCIDE):
        note = "the two fitted distributions coincide, so that there is nothing to choose"
        return ModelTest((one, two), "none", np.nan, np.nan, np.nan, "", note)
    z = float(np.sqrt(total / spread) * mean)
    p_value = float(2.0 * special.ndtr(-abs(z)))
    note = "neither is declared to be within the other; not adjusted for the numbers of parameters"
    return ModelTest((one, two), "Vuong", z, np.nan, p_value, one if z > 0 else two, note)


def _row_values(fit: Fit) -> Any:
    rows = Rows(fit._solved, "Vuong's test")  # noqa: SLF001 - a comparison looks at rows as the facets of a fit do
    shift = float(np.log(rows.unit))
    return rows.by_row(
        lambda piece: (
            piece.part.terms(rows.family, piece.eta, VALUE).value - (shift if piece.y is not None else 0.0)
        )
    )


def _row_weights(fit: Fit) -> Any:
    rows = Rows(fit._solved, "Vuong's test")  # noqa: SLF001 - likewise
    return np.nan_to_num(rows.by_row(lambda piece: piece.weight))
