"""What a family says of itself as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._support import Support
from thetahat.parameters import Parameter


class Declarations:
    """Facts of a family that need no code, most of them with what holds for most families.

    Class data
    ----------
    declared
        The parameters in order. Working coordinates are their domains' free coordinates, concatenated.
    support
        Where the density can be positive. A support that moves with a parameter declares its widest extent and
        returns -inf outside.
    known
        Names of quantities known for each row, such as ``trials``.
    limits
        Limiting submodels (STATISTICS: at_infinity).
    gathers
        Where the mass can be gathered, which settles whether censored rows have a maximum.
    scales
        Parameters that are multiplied by c when y is: lets data near 1e300 be fitted near 1.
    inverse_scales
        Parameters that are divided by c then, such as rates; only beside ``scales``.
    affine
        Whether ``log_density`` is affine in the prepared columns (or quadratic in a single one: ``"quadratic"``), so
        that their means (and spread) are sufficient.
    spikes
        Where constant data make the density unbounded: ``"anywhere"``, ``"nowhere"``, or on one value: ``"at 0"``,
        ``"at 1"``.
    uniqueness
        The theorem by which a stationary point is the global maximum for exact rows, or None.
    uniqueness_censored
        The same for censored rows, or None.
    uniqueness_truncated, uniqueness_entered
        The same for exact rows between limits of truncation, and for exact and censored ones above one, or None.
    unbounded_in_theory
        A sentence where the likelihood of exact rows has no global bound, every parameter being free, or None.
    region_of
        The parameters that the regular region bounds; with one of them fixed there is nothing left to bound.
    edges
        Parameters that end the support: their maximum lies on outermost values, beyond which a row would have no
        density, or close to them. Their closed form need then not be stationary.
    ends_truncated
        Whether parameters in ``edges`` are found from rows with limits of truncation too, exact or censored.
    kinked
        The parameter in which the log-likelihood of an exact row has a kink: it is not differentiable where the
        parameter is the row's first prepared column. Empty for the families that have none.
    between_ends
        Whether the parameters are the two ends of the support, which ``ends_of_rows`` finds from rows that are not all
        exact.
    open_only
        Whether rows that are not known exactly must be open above for the parameters to be estimated; beside
        ``edges`` that are found or given, rows that lie above the end are taken too.
    labelled
        Whether rows are labels, whose distinct values are found on a first pass.
    ordered
        Whether values have an order, and with it a distribution function, quantiles and intervals.
    primary
        The parameter that the first formula of a regression drives; empty for the first one declared.
    regressed
        Whether regressions may move the primary parameter; False where no parameter orders the distributions.
    increasing
        Whether values grow, stochastically, as the primary working coordinate does.
    ordered_by_primary
        Whether they either grow or fall so; where not, rows that are open at one side say nothing of separation.
    tilted
        Whether the primary coordinate tilts the family: its other parameters held, log f is y times a monotone function
        of that coordinate, plus functions of y alone and of the coordinate alone.
    single_maximum
        By name, the links of the primary parameter under which a regression on it alone has at most one maximum, and
        the theorem that says so. ``*`` stands for the default link.
    regresses_as
        Name of the family that a regression fits in place of this one; empty for itself.
    holds_constant
        Whether other parameters already hold the constant of the primary one's predictor, which then has none.
    dilation
        The direction in working coordinates that multiplies y: the distribution of c y is at eta + dilation log c.
        Empty where the family has none.
    decreasing
        Whether the density falls from its largest value, at the lower end of the support, whatever the parameters.
    singly
        Those of ``quantile_at`` and ``sample_at`` that take the parameters of one distribution, not arrays by row.
    options
        Names of the settings that its own constructor takes beside parameters and keeps as attributes: numbers, text
        or sequences of them.
    """

    declared: tuple[Parameter, ...]
    support: Support
    known: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[tuple[Limit, ...]] = ()
    gathers: ClassVar[Gathering] = Gathering()
    scales: ClassVar[tuple[str, ...]] = ()
    inverse_scales: ClassVar[tuple[str, ...]] = ()
    affine: ClassVar[str] = ""
    spikes: ClassVar[str] = "nowhere"
    uniqueness: ClassVar[str | None] = None
    uniqueness_censored: ClassVar[str | None] = None
    uniqueness_truncated: ClassVar[str | None] = None
    uniqueness_entered: ClassVar[str | None] = None
    unbounded_in_theory: ClassVar[str | None] = None
    region_of: ClassVar[tuple[str, ...]] = ()
    edges: ClassVar[tuple[str, ...]] = ()
    ends_truncated: ClassVar[bool] = False
    kinked: ClassVar[str] = ""
    between_ends: ClassVar[bool] = False
    open_only: ClassVar[bool] = False
    labelled: ClassVar[bool] = False
    ordered: ClassVar[bool] = True
    primary: ClassVar[str] = ""
    regressed: ClassVar[bool] = True
    increasing: ClassVar[bool] = True
    ordered_by_primary: ClassVar[bool] = True
    tilted: ClassVar[bool] = False
    single_maximum: Mapping[str, str] = MappingProxyType({})
    holds_constant: ClassVar[bool] = False
    regresses_as: ClassVar[str] = ""
    dilation: ClassVar[tuple[float, ...]] = ()
    decreasing: ClassVar[bool] = False
    singly: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[str, ...]] = ()
