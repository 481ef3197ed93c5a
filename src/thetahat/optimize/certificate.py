"""The certificate of a fit: its verdict and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from thetahat._dataclass import dataclass
from thetahat.optimize.deferred import Late


class Verdict(StrEnum):
    """What a fit found; of the verdicts whose criteria hold, the first in this order.

    Each is text as well, so that it compares with its own name.

    Examples
    --------
    >>> import thetahat as th
    >>> verdict = th.fit(th.Bernoulli(), [1, 1, 1]).certificate.verdict
    >>> verdict == "boundary", verdict.value
    (True, 'boundary')
    """

    UNBOUNDED = "unbounded"
    AT_INFINITY = "at_infinity"
    BOUNDARY = "boundary"
    SADDLE = "saddle"
    FLAT = "flat"
    MAXIMUM = "maximum"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What is known of the point that a fit reports.

    Attributes
    ----------
    verdict
        One of ``maximum``, ``boundary``, ``at_infinity``, ``flat``, ``unbounded``, ``saddle``,
        ``not_converged``.
    exists
        Whether a maximum-likelihood estimate exists: True, False, or None where that is not known.
    scope
        ``global`` where a theorem makes the stationary point the only one, else ``local``.
    supremum
        The supremum of the log-likelihood as far as it is known: inf where it was found to be unbounded, and
        the highest value found where the sentence tells that theory has no bound, or where no theorem rules
        out another maximum.
    limit
        The name of the limiting model, or None.
    status
        By parameter: ``regular``, ``fixed``, ``boundary``, ``edge`` (where the support ends at or near outermost
        values), ``at_infinity``, ``flat``, ``unidentified``, ``irregular``, ``singular`` (where the information is so
        whatever the data), ``unbounded``, ``not_converged``, or ``too_many`` where coefficients are too many for their
        covariance.
    parameters
        The parameters that the verdict concerns; empty for an interior maximum.
    direction
        By parameter on the free scale: along which the likelihood is flat or still rises; None where there
        is none.
    newton_decrement
        ½uᵀA⁻¹u, the log-likelihood still to be gained, in nats.
    curvature_change
        h = ‖A^{-½}A(φ+δ)A^{-½} - I‖, how much the curvature changes over the last step.
    condition_number
        Of the information scaled to unit diagonal, whatever the units of measurement.
    smallest_eigenvalue
        Of the same matrix.
    digits
        By parameter: correct significant digits, NaN unless the verdict is ``maximum``.
    sentence
        The verdict and what to do about it, for people.
    allows_standard_errors
        Whether curvature at this point may be read as uncertainty, for at least one parameter.
    theorem
        The uniqueness theorem behind a ``global`` scope, or None.
    region
        The regular region that the verdict refers to, in words, or None where it is the whole parameter
        space.

    Examples
    --------
    >>> import thetahat as th
    >>> certificate = th.fit(th.NegativeBinomial(), [3, 3, 4]).certificate
    >>> certificate.verdict.value, certificate.limit, certificate.exists
    ('at_infinity', 'Poisson', False)
    """

    verdict: Verdict
    exists: bool | None
    scope: str
    supremum: float
    limit: str | None
    status: Mapping[str, str]
    parameters: tuple[str, ...]
    direction: Mapping[str, float] | None
    newton_decrement: float
    curvature_change: Late[float] = Late()
    condition_number: Late[float] = Late()
    smallest_eigenvalue: Late[float] = Late()
    digits: Late[Mapping[str, float]] = Late()
    sentence: str
    allows_standard_errors: bool
    theorem: str | None = None
    region: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the attributes as plain data, in their order.

        Examples
        --------
        >>> import thetahat as th
        >>> plain = th.fit(th.Bernoulli(), [1, 1, 1]).certificate.plain()
        >>> plain["verdict"], plain["status"]
        ('boundary', {'prob': 'boundary'})
        """
        facts: dict[str, Any] = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        facts.update(
            verdict=self.verdict.value,
            status=dict(self.status),
            parameters=list(self.parameters),
            direction=None if self.direction is None else dict(self.direction),
            digits=dict(self.digits),
        )
        return facts

    def __getstate__(self) -> dict[str, Any]:
        # What is worked out at the first look is a function until then, which no pickle holds.
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def __repr__(self) -> str:
        from thetahat.rendering.escape import for_terminal

        return f"Certificate({self.verdict.value}: {for_terminal(self.sentence)})"
