"""The plain facts of a fit, before anyone decides how they look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isnan, nan
from typing import Any

from thetahat._dataclass import dataclass
from thetahat.report._fitted import Fitted
from thetahat.report.coefficients import Group, groups_of, is_regression, link_of, wald_test
from thetahat.report.intervals import Uncertainty, reason_of, spreads_of

_INTERVALS = {
    "wald": "Wald intervals, made on the free scale (log, logit) and mapped back into the domain.",
    "profile": "Profile-likelihood intervals.",
}
_TESTS = "z and p ask whether a coefficient is 0 (Wald). "
_ON_PREDICTORS = "Intervals are Wald’s, of coefficients on the scale of the predictor"
_OF_THE_REST = "; of other parameters made on the free scale (log, logit) and mapped back"
MOST_SHOWN = 400
SHOWN_OF_MANY = 40
"""Parameters in the table where there are more than ``MOST_SHOWN``."""


@dataclass(frozen=True, slots=True)
class ParameterFacts:
    """One line of the table; NaN where there is no number, and then ``reason`` says why."""

    name: str
    estimate: float
    standard_error: float
    low: float
    high: float
    digits: float
    status: str
    reason: str
    z: float = nan
    p: float = nan


@dataclass(frozen=True)
class Facts:
    """A fit as a table, before it is rendered."""

    model: str
    response: str
    weights: str
    data: str
    n_rows: int
    n_obs: float
    dof: int
    log_likelihood: float
    penalised_log_likelihood: float
    penalty: str
    aic: float
    aicc: float
    bic: float
    verdict: str
    sentence: str
    allows_standard_errors: bool
    level: float
    interval: str
    parameters: tuple[ParameterFacts, ...]
    groups: tuple[Group, ...] = ()
    link: str = ""
    dropped: int = 0
    """Rows of the data that were not used."""
    left_out: int = 0
    """Parameters that are not among those here, there being too many."""

    @property
    def regression(self) -> bool:
        """Whether parameters are driven by predictors."""
        return bool(self.link)

    @property
    def tested(self) -> bool:
        """Whether coefficients are tested against 0; where they are penalised, z is no standard normal."""
        return self.regression and not self.penalty

    @property
    def title(self) -> str:
        """``"Weibull fit of censored(time, event)"``, ``"Poisson regression of claims, log link"``."""
        if self.regression:
            return f"{self.model} regression of {self.response}, {self.link}"
        return (
            f"{self.model} fit of {self.response}" if self.response not in {"", "y"} else f"{self.model} fit"
        )

    @property
    def reasons(self) -> Mapping[str, str]:
        """Parameter -> why it has no standard error; those that have one are left out."""
        return {fact.name: fact.reason for fact in self.parameters if fact.reason}

    @property
    def size(self) -> str:
        """Rows, what they stand for, and free parameters, in words."""
        rows = f"{self.n_rows:,} row{'s' * (self.n_rows != 1)}"
        source = f" ({self.data})" if self.data else ""
        stands = f", standing for {self.n_obs:,.6g} observations" if self.n_obs != self.n_rows else ""
        left = f", {self.dropped:,} left out" if self.dropped else ""
        how = f"; penalised by {self.penalty}" if self.penalty else ""
        return f"{rows}{source}{left}{stands}, {self.dof:,} free parameter{'s' * (self.dof != 1)}{how}"


def facts_of(fit: Fitted, level: float = 0.95, uncertainty: Uncertainty | None = None) -> Facts:
    """Collect the facts of a fit, fresh or loaded, with standard errors and intervals of one kind.

    Raises
    ------
    InferenceError
        If the level, the method or the covariance is unknown or does not exist.
    """
    uncertainty = Uncertainty() if uncertainty is None else uncertainty
    certificate, model = fit.certificate, fit.model
    names = tuple(fit.estimates)
    shown = names if len(names) <= MOST_SHOWN else names[:SHOWN_OF_MANY]
    spreads = spreads_of(fit, level, uncertainty, shown)
    errors, ends = spreads.errors, spreads.ends
    groups = groups_of(model, fit.names)
    driven = {name for group in groups if group.driven for name in group.names}
    nowhere = (nan, nan)
    parameters = []
    estimates = fit.estimates
    for name in shown:
        estimate = estimates[name]
        status = certificate.status[name]
        low, high = ends.get(name, nowhere)
        parameters.append(
            ParameterFacts(
                label_of(name, model),
                estimate,
                errors[name],
                low,
                high,
                certificate.digits[name],
                status,
                reason_of(fit, name, errors[name])
                if isnan(errors[name])
                else "no interval" * (name in spreads.why),
                *(wald_test(estimate, errors[name]) if name in driven and "penalty" not in model else ()),
            )
        )
    return Facts(
        model=title_of(model),
        response=str(model.get("response", "")),
        weights=str(model.get("weights") or ""),
        data="" if fit.source is None else fit.source.describe(),
        n_rows=fit.n_rows,
        n_obs=fit.n_obs,
        dof=fit.dof,
        log_likelihood=fit.log_likelihood,
        penalised_log_likelihood=fit.penalised_log_likelihood,
        penalty=str(model.get("penalty", {}).get("title", "")),
        aic=fit.aic,
        aicc=fit.aicc,
        bic=fit.bic,
        verdict=certificate.verdict.value,
        sentence=certificate.sentence,
        allows_standard_errors=certificate.allows_standard_errors,
        level=level,
        interval=_how(uncertainty, groups, tested="penalty" not in model),
        parameters=tuple(parameters),
        groups=groups,
        link=_link_in_words(model) if is_regression(model) else "",
        dropped=_dropped(fit),
        left_out=len(names) - len(shown),
    )


def _how(uncertainty: Uncertainty, groups: tuple[Group, ...], *, tested: bool) -> str:
    """How standard errors and intervals were made."""
    driven = [group.driven for group in groups]
    told = _INTERVALS[uncertainty.interval]
    if any(driven) and uncertainty.interval == "wald":
        told = f"{_ON_PREDICTORS}{'' if all(driven) else _OF_THE_REST}."
    told = f"{_TESTS}{told}" if any(driven) and tested else told
    source = uncertainty.source
    return f"{told} Standard errors: {source}." if source else told


def _link_in_words(model: Mapping[str, Any]) -> str:
    levels = model.get("levels")
    if levels is not None and "located" not in model:
        return f"logits against {levels[0]}"
    return f"{link_of(model)} link"


def _dropped(fit: Fitted) -> int:
    """Rows of the data that the fit did not use."""
    there = None if fit.source is None else fit.source.n_rows
    return max(there - fit.n_rows, 0) if there is not None else 0


def title_of(model: Mapping[str, Any]) -> str:
    """The model's name as in Python: ``negative_binomial`` -> ``NegativeBinomial``."""
    from thetahat.families import leaf_named, multivariate_named, wrapper_named

    name = str(model.get("family", "Model"))
    if "of" in model:
        outer = wrapper_named(name)
        wrapper = name if outer is None else outer.__name__
        inside = model["of"] if isinstance(model["of"], list) else [model["of"]]
        return f"{wrapper}({', '.join(title_of(item) for item in inside)})"
    kind = leaf_named(name) or multivariate_named(name)
    return name if kind is None else kind.__name__


def label_of(name: str, model: Mapping[str, Any]) -> str:
    """A parameter's name, with the category or columns that it is of: ``probs[1] (setosa)``, ``mean[0] (height)``."""
    if model.get("kind") == "multivariate":
        return _with_columns(name, [str(column) for column in model["columns"]])
    levels = model.get("levels")
    parts = re.fullmatch(r"(probs|thresholds)\[(\d+)\]", name)
    if levels is None or parts is None:
        return name
    index = int(parts[2])
    if parts[1] == "probs":
        return f"{name} ({levels[index]})"
    return f"{name} ({levels[index]} | {levels[index + 1]})"


def _with_columns(name: str, columns: list[str]) -> str:
    """``covariance[1,0] (weight, height)``; a matrix has no names to tell."""
    parts = re.fullmatch(r"\w+\[(\d+)(?:,(\d+))?\]", name)
    if parts is None or columns[0] == "y[0]":
        return name
    return f"{name} ({', '.join(columns[int(index)] for index in parts.groups() if index is not None)})"
