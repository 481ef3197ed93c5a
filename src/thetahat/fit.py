"""Fitting a model to data, and what a fit can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np

from thetahat._errors import InferenceError
from thetahat.arguments import DEFAULT_ENGINE
from thetahat.estimation import solve
from thetahat.facets import ClassificationFacet, DiagnosticsFacet, InferenceFacet, PredictionFacet
from thetahat.families import Family
from thetahat.optimize.certificate import Certificate
from thetahat.progress import Progress, following
from thetahat.solved import Solved

if TYPE_CHECKING:
    from thetahat.data import Source
    from thetahat.engines import Engine
    from thetahat.families import MultivariateFamily
    from thetahat.optimize import Optimizer
    from thetahat.penalties import Penalty
    from thetahat.report.summary import Summary


MOST_NAMED, NAMED_OF_MANY = 100, 12
"""Parameters that the short text of a fit names, and how many of more than those."""


def fit(
    model: Any,
    data: Any,
    *,
    weights: Any = None,
    fixed: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    penalty: Penalty | None = None,
    optimizer: Optimizer | None = None,
    engine: Engine | None = None,
    progress: bool | Progress | None = None,
) -> Fit:
    """Find the parameters that make the data least surprising: θ̂ = argmax Σ w_i log p(z_i; θ).

    Parameters
    ----------
    model
        A family (``th.Gamma()``), its name (``"gamma"``), or a ``th.Model``. The family names its response where the
        data have columns: ``th.Gamma(y="wait")``, ``th.Weibull(y="censored(time, event)")``.
    data
        An array or sequence; ``th.Observations``; a data frame or dict of columns; the path of CSV or Parquet files.
    weights
        Frequency weights, as if rows were repeated: an array, or the name of a column.
    fixed
        Parameters held at a value on the natural scale: ``{"df": 5}``.
    start
        Start values on the natural scale for some or all parameters.
    penalty
        What is added to the log-likelihood: ``th.Prior({"df": th.Gamma(shape=2, rate=0.1)})``, ``th.Ridge(1.0)``,
        ``th.Firth()``. The fit is then the mode of a posterior, standard errors are those of its curvature, and
        profile intervals are those of the penalised likelihood.
    optimizer
        By default ``th.Newton()``.
    engine
        By default ``th.Threads()``.
    progress
        Whether to show a progress bar on standard error; by default only where it is a terminal and the work is long.

    Raises
    ------
    DataError
        If rows are missing, infinite, of the wrong kind or outside the support; the message names them.
    ParameterError
        If ``fixed`` or ``start`` do not fit the model.
    ModelError
        If the model cannot be read.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.Exponential(), [1.0, 2.0, 3.0])
    >>> fit.estimates
    {'rate': 0.5}
    >>> fit.certificate.verdict.value
    'maximum'
    """
    with following(progress, data) as told:
        if told is not None:
            from thetahat.engines.watched import Watched

            engine = Watched(DEFAULT_ENGINE if engine is None else engine, told)
        solved = solve(
            model,
            data,
            weights=weights,
            fixed=fixed,
            start=start,
            optimizer=optimizer,
            engine=engine,
            penalty=penalty,
        )
    return Fit(solved)


@final
class Fit(InferenceFacet, DiagnosticsFacet, PredictionFacet, ClassificationFacet):
    """A fitted model. Immutable; what needs the data keeps a reference to them, which ``save`` leaves behind.

    What it can tell beside its numbers stands in its facets: inference, diagnostics, prediction.

    ``copy`` and ``deepcopy`` return the fit itself. A pickle holds what ``save`` writes, so that a fit which comes back
    from one is like a loaded one: without the data, and without the record of the optimiser's steps.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.fit(th.Poisson(), [2, 4, 3, 5, 1])
    >>> fit
    <Fit poisson: rate=3; maximum>
    >>> fit.standard_errors, fit.aic
    ({'rate': 0.774597}, 19.942536)
    """

    __slots__ = ("_digest", "_solved")

    _digest: str | None
    _solved: Solved

    def __init__(self, solved: Solved, digest: str | None = None) -> None:
        object.__setattr__(self, "_solved", solved)
        object.__setattr__(self, "_digest", digest)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Fit is immutable; {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Fit is immutable; {name!r} cannot be deleted")

    def __copy__(self) -> Fit:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Fit:
        return self

    def __reduce__(self) -> tuple[Callable[[str], Fit], tuple[str]]:
        return restored, (self._text(),)

    @property
    def estimates(self) -> dict[str, float]:
        """θ̂ on the natural scale, in declared order, fixed parameters included."""
        return dict(self.solution.natural)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Root of the diagonal of ``covariance()``; NaN where the certificate forbids it and for fixed parameters."""
        return self.solution.standard_errors()

    @property
    def certificate(self) -> Certificate:
        """The verdict on this fit, and its evidence."""
        return self.solution.certificate

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters."""
        return self.solution.table.names

    @property
    def free_names(self) -> tuple[str, ...]:
        """The estimated parameters, the rows and columns of ``covariance``."""
        return self.solution.table.free_names

    @property
    def model(self) -> Mapping[str, Any]:
        """The model's specification as plain data."""
        return MappingProxyType(dict(self.solution.description))

    @property
    def trace(self) -> tuple[Any, ...]:
        """The accepted steps of the optimiser, one record each."""
        return self._solved.trace

    @property
    def log_likelihood(self) -> float:
        """ℓ(θ̂) in nats, with every constant, so that it compares across families; without any penalty."""
        return self.solution.log_likelihood

    @property
    def penalised_log_likelihood(self) -> float:
        """What was maximised: ℓ(θ̂) plus the penalty, for a prior its log density with every constant.

        Of a ``th.Ridge`` it is ℓ - λ/2 ‖β‖², without constants. It is ``log_likelihood`` where there is no penalty.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.fit(th.Poisson(), [2, 4, 3, 5, 1], penalty=th.Prior({"rate": th.Gamma(shape=2, rate=1)}))
        >>> fit.log_likelihood, fit.penalised_log_likelihood
        (-9.071347, -10.757184)
        """
        return self.solution.objective

    @property
    def nll(self) -> float:
        """-ℓ(θ̂)."""
        return -self.log_likelihood

    @property
    def cross_entropy(self) -> float:
        """-ℓ(θ̂)/n_obs, the empirical cross-entropy in nats per observation.

        For counts and categories it is H(p̂) + KL(p̂ ‖ q). For densities only differences in θ are differences of KL, and
        under censoring it is that of the records as observed: not comparable across censoring or units.
        """
        return self.nll / self.n_obs

    @property
    def aic(self) -> float:
        """-2ℓ + 2k (Akaike, 1974); NaN for a penalised fit, whose parameters are less than free."""
        if self.solution.penalised is not None:
            return float("nan")
        return -2 * self.log_likelihood + 2 * self.dof

    @property
    def aicc(self) -> float:
        """AIC + 2k(k + 1)/(n_obs - k - 1) (Hurvich & Tsai, 1989); inf when n_obs <= k + 1."""
        if self.solution.penalised is not None:
            return float("nan")
        spare = self.n_obs - self.dof - 1
        return self.aic + 2 * self.dof * (self.dof + 1) / spare if spare > 0 else float(np.inf)

    @property
    def bic(self) -> float:
        """-2ℓ + k ln n_obs (Schwarz, 1978); NaN for a penalised fit."""
        if self.solution.penalised is not None:
            return float("nan")
        return -2 * self.log_likelihood + self.dof * float(np.log(self.n_obs))

    @property
    def dof(self) -> int:
        """k, the number of free parameters; a simplex of K counts K - 1."""
        return self.solution.table.n_free

    @property
    def n_rows(self) -> int:
        """Rows read."""
        return self.solution.n_rows

    @property
    def n_obs(self) -> float:
        """Σ w, the number of observations that the rows stand for."""
        return self.solution.n_obs

    @property
    def distribution(self) -> Family | MultivariateFamily:
        """The fitted distribution, frozen.

        Raises
        ------
        InferenceError
            If the model is a density of one's own, or the estimates are no point of the family.
        """
        if self.model["kind"] == "regression":
            raise InferenceError(
                "each row of a regression has a distribution of its own; ask for what is wanted of it: predict(data), "
                "predict(data, 'sd'), predict(data, 'quantile', probability=0.9), ..., or draw from it: simulate(rng)"
            )
        if self._solved.multivariate is not None:
            return self._solved.multivariate.frozen(self.estimates)
        if self._solved.family is None:
            raise InferenceError("a density of one's own has no distribution object; evaluate its log_prob")
        return self._solved.family.frozen(self.estimates)

    def summary(self, level: float = 0.95, *, covariance: str = "observed", cluster: Any = None) -> Summary:
        """The fit as a table: renders in a terminal, in a notebook and as plain text.

        Parameters
        ----------
        level
            Confidence level of the intervals.
        covariance, cluster
            What standard errors are made from, as in ``covariance()``.
        """
        from thetahat.report.intervals import Uncertainty
        from thetahat.report.summary import summarise

        return summarise(self, level, Uncertainty("wald", covariance, cluster))

    def __repr__(self) -> str:
        entries = list(self.estimates.items())
        few = entries if len(entries) <= MOST_NAMED else entries[:NAMED_OF_MANY]
        shown = ", ".join(f"{name}={value:.6g}" for name, value in few)
        if len(few) < len(entries):
            shown += f" and {len(entries) - len(few):,} more"
        family, verdict = self.solution.description.get("family", "model"), self.certificate.verdict.value
        # Names of columns are foreign text.
        from thetahat.rendering.escape import for_terminal

        return f"<Fit {family}: {for_terminal(shown)}; {verdict}>"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def report(self, path: str | PathLike[str]) -> None:
        """Write one self-contained HTML page: verdict, table, density, Q-Q and P-P plots, profiles.

        Of a regression: verdict, coefficients, residuals, influence, calibration where there are classes, profiles.
        A file that is there is replaced only once the page is complete.
        """
        from thetahat.report.page import write_page

        write_page(self, path)

    @property
    def source(self) -> Source | None:
        """Where the rows came from; None for a loaded fit."""
        return self._solved.source

    @property
    def data_digest(self) -> str:
        """SHA-256 of the columns that were fitted, computed when it is asked for."""
        if self._digest is None:
            if self._solved.source is None:
                raise InferenceError("this fit has neither data nor their digest")
            self.solution.refuse_if_changed("the digest of the data")
            object.__setattr__(self, "_digest", self._solved.source.digest(self._solved.columns))
        return str(self._digest)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fit, without the data, as JSON that ``th.load`` reads; only a complete text replaces a file."""
        from thetahat.rendering import write_whole

        write_whole(path, self._text())

    def _text(self) -> str:
        from thetahat.storage import to_text

        return to_text(self.solution, self.data_digest, self._solved.columns)


def restored(
    text: str,
    where: str | PathLike[str] = "the pickle of a fit",
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Fit:
    """The fit of a text that ``Fit.save`` wrote."""
    from thetahat.storage import from_text

    return Fit(*from_text(text, where, functions))
