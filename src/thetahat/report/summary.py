"""The summary of a fit: its facts, rendered for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, final

from thetahat._dataclass import dataclass
from thetahat.report._fitted import Fitted
from thetahat.report.facts import Facts, facts_of
from thetahat.report.html import as_html
from thetahat.report.intervals import Uncertainty
from thetahat.report.plain import as_text


@final
@dataclass(frozen=True, repr=False)
class Summary(Facts):
    """A fit as a table: prints as text, renders as HTML in a notebook, with colours where ``rich`` prints it.

    Examples
    --------
    >>> import thetahat as th
    >>> print(th.fit(th.Poisson(), [2, 4, 3, 5, 1]).summary())
    Poisson fit, maximum
      Interior maximum, and the only one: concave in log rate.
    <BLANKLINE>
    parameter   estimate   standard error    95 % interval
    rate           3.000            0.775   1.809 to 4.976
    <BLANKLINE>
      Wald intervals, made on the free scale (log, logit) and mapped back into the domain.
      log-likelihood -8.971   AIC 19.943   AICc 21.276   BIC 19.552
      5 rows (array of 5 integers), 1 free parameter
    """

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from thetahat.report.terminal import rendered

        yield from rendered(self, options)


def summarise(fit: Fitted, level: float = 0.95, uncertainty: Uncertainty | None = None) -> Summary:
    """Summarise a fit, fresh or loaded, with standard errors and intervals of one kind.

    Raises
    ------
    InferenceError
        If the level, the method or the covariance is unknown or does not exist.
    """
    facts = facts_of(fit, level, uncertainty)
    return Summary(**{field.name: getattr(facts, field.name) for field in fields(facts)})
