"""The plain facts of a fit, before anyone decides how they look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from thetahat.report._fitted import Fitted
from thetahat.report.intervals import intervals_of, reason_of

_INTERVALS = {
    "wald": "Wald intervals, made on the free scale (log, logit) and mapped back into the domain.",
    "profile": "Profile-likelihood intervals.",
}


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
    left_out: int = 0
    """Parameters that the table does not show, there being too many."""

    @property
    def title(self) -> str:
        """``"Weibull fit of censored(time, event)"``."""
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
        how = f"; penalised by {self.penalty}" if self.penalty else ""
        return f"{rows}{source}{stands}, {self.dof:,} free parameter{'s' * (self.dof != 1)}{how}"


def facts_of(fit: Fitted, level: float = 0.95, interval: str = "wald") -> Facts:
    """Collect the facts of a fit, fresh or loaded, with intervals of one method.

    Raises
    ------
    InferenceError
        If the level or the method is unknown.
    """
    certificate, errors = fit.certificate, fit.standard_errors
    names = tuple(fit.estimates)
    shown = names if len(names) <= MOST_SHOWN else names[:SHOWN_OF_MANY]
    ends, why_none = intervals_of(fit, level, interval, shown)
    nowhere = (float("nan"), float("nan"))
    model = fit.model
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
                reason_of(fit, name) if isnan(errors[name]) else "no interval" * (name in why_none),
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
        interval=_INTERVALS[interval],
        parameters=tuple(parameters),
        left_out=len(names) - len(shown),
    )


def title_of(model: Mapping[str, Any]) -> str:
    """The model's name as in Python: ``negative_binomial`` -> ``NegativeBinomial``."""
    from thetahat.families import CATALOGUE, WRAPPERS
    from thetahat.families._contract import snake_case

    name = str(model.get("family", "Model"))
    if "of" in model:
        wrapper = next((kind.__name__ for kind in WRAPPERS if snake_case(kind.__name__) == name), name)
        inside = model["of"] if isinstance(model["of"], list) else [model["of"]]
        return f"{wrapper}({', '.join(title_of(item) for item in inside)})"
    return next((kind.__name__ for kind in CATALOGUE if kind().name == name), name)


def label_of(name: str, model: Mapping[str, Any]) -> str:
    """A parameter's name, with its category where it has one: ``probs[1] (setosa)``, ``thresholds[0] (low | high)``."""
    levels = model.get("levels")
    parts = re.fullmatch(r"(probs|thresholds)\[(\d+)\]", name)
    if levels is None or parts is None:
        return name
    index = int(parts[2])
    if parts[1] == "probs":
        return f"{name} ({levels[index]})"
    return f"{name} ({levels[index]} | {levels[index + 1]})"
