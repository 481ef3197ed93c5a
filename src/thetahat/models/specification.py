"""A regression as it is written down: formulas, a family, links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, final

from thetahat._errors import ModelError
from thetahat.families import Family


@final
class Regression:
    """A family whose parameters depend on columns: link(θ_i) = x_iᵀβ + offset_i.

    The first formula drives the family's primary parameter (the mean of Normal, the rate of Poisson, the scale of
    Weibull, the logits of Categorical, ...). Any other parameter may have a formula of its own.

    Parameters
    ----------
    formula
        ``"y ~ x + C(g) + offset(log(n))"``; on the left a column, or ``censored(time, event)``,
        ``left_censored(value, detected)``, ``interval(low, high)``, each with ``entry=``. Levels are sorted, or in the
        order that a categorical column declares; the first is the reference.
    family
        A family or its name.
    links
        Names of links by parameter: ``{"prob": "probit"}``.
    functions
        Functions of one's own that the formulas call, by name.
    missing
        ``"error"``, or ``"drop"`` to leave out rows with missing values, which the fit counts.
    formulas
        Right sides for other parameters: ``sd="~ x"``.

    Raises
    ------
    ModelError
        If a formula is no text, the family is none, or links are no names.

    Examples
    --------
    >>> import thetahat as th
    >>> columns = {"dose": [0.0, 1.0, 2.0, 3.0], "count": [1, 1, 4, 6]}
    >>> fit = th.fit(th.Regression("count ~ dose", th.Poisson()), columns)
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}
    {'Intercept': -0.1799, 'dose': 0.674}
    """

    def __init__(
        self,
        formula: str,
        family: Any,
        *,
        links: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        missing: Literal["error", "drop"] = "error",
        **formulas: str,
    ) -> None:
        for name, text in {"the formula": formula, **formulas}.items():
            if not isinstance(text, str):
                raise ModelError(f"{name}={text!r} is no text; write a formula such as 'y ~ x' or '~ x'")
        _refuse_no_family(formula, family)
        if links is not None and not isinstance(links, Mapping):
            raise ModelError(f"links={links!r}: give a dict of names, such as {{'prob': 'probit'}}")
        self.formula = formula
        self.family = family
        self.links: Mapping[str, str] = MappingProxyType(dict(links or {}))
        self.functions = MappingProxyType(dict(functions or {}))
        self.missing = missing
        self.formulas: Mapping[str, str] = MappingProxyType(dict(formulas))

    def __repr__(self) -> str:
        parts = [repr(self.formula), repr(self.family)]
        parts += [f"links={dict(self.links)!r}"] if self.links else []
        parts += [f"missing={self.missing!r}"] if self.missing != "error" else []
        parts += [f"{name}={text!r}" for name, text in self.formulas.items()]
        return f"Regression({', '.join(parts)})"


def _refuse_no_family(formula: str, family: Any) -> None:
    if isinstance(family, (str, Family)) or (isinstance(family, type) and issubclass(family, Family)):
        return
    from thetahat.families import MultivariateFamily

    # Those of vectors are refused where they are fitted, with what to do.
    kind = family if isinstance(family, type) else type(family)
    if not issubclass(kind, MultivariateFamily):
        raise ModelError(
            f"Regression({formula!r}, {family!r}): {family!r} is no family; give one, such as th.Poisson(), or its "
            "name, such as 'poisson'"
        )
