"""Residuals, influence, deviance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.facets._facet import Facet

if TYPE_CHECKING:
    from thetahat.diagnostics.goodness_of_fit import GoodnessOfFit


class DiagnosticsFacet(Facet):
    """How well the model fits, row by row and as a whole."""

    __slots__ = ()

    def residuals(
        self, kind: str = "quantile", *, rng: np.random.Generator | int | None = None
    ) -> NDArray[np.float64]:
        """Residuals of every row, in the order of the data.

        NaN for rows that were left out (weight 0, or dropped for missing values) and where a kind has none. Weights
        do not enter: a row of weight 2 has the residual of each of the two.

        ============= ====================================================================================
        kind          of a row with mean μ, log-likelihood ℓ and predictor η of the primary parameter
        ============= ====================================================================================
        ``quantile``  Φ⁻¹(F(y)), standard normal under the model whatever the family; a uniform draw between F at both
                      ends for counts and censored rows (Dunn & Smyth, 1996)
        ``deviance``  sign √(2(ℓ at the row's own best primary parameter - ℓ)), positive where a larger value would fit
                      better (Pierce & Schafer, 1986); Σ w r² is the ``deviance``
        ``response``  y - μ; NaN where y is not known exactly
        ``pearson``   (y - μ)/√Var(y), with the fitted variance: R's divided by √dispersion; NaN likewise
        ``working``   (∂ℓ/∂η)/W, W the expected curvature -E ∂²ℓ/∂η² where every row is known exactly, else the
                      observed; NaN for a row that says nothing of η
        ``cox_snell`` -log(1 - F(y)), unit exponential under the model (Cox & Snell, 1968): of right-censored rows a
                      censored one at -log(1 - F(time)), of other intervals the mean between the two ends
                      (Farrington, 2000)
        ============= ====================================================================================

        For labels, which cannot be subtracted or ordered, there is ``deviance`` alone, without a sign. Between limits
        of truncation ``quantile`` and ``cox_snell`` are those of the truncated distribution, and ``response``,
        ``pearson`` and ``deviance`` are refused.

        Parameters
        ----------
        kind
            One of those above.
        rng
            A NumPy generator or a seed for the draws of ``quantile``; None for fresh ones.

        Returns
        -------
        NDArray
            One number a row of the data, (n,).

        Raises
        ------
        InferenceError
            If the kind is unknown or the family has none, the verdict leaves no point, or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.fit(th.Exponential(), [1.0, 2.0, 3.0])
        >>> fit.residuals("response").tolist(), fit.residuals("cox_snell").tolist()
        ([-1.0, 0.0, 1.0], [0.5, 1.0, 1.5])
        """
        from thetahat.diagnostics.residuals import residuals

        return residuals(self._solved, kind, rng)

    def leverage(self) -> NDArray[np.float64]:
        """Leverage h_i = w_i W_i x_iᵀ(XᵀWX)⁻¹x_i of every row on the primary predictor, in the order of the data.

        W_i is the expected curvature of the row's log-likelihood in its predictor where every row is known exactly,
        and the observed one where rows are censored or truncated. Its sum is the number of estimated coefficients.
        It is R's ``hatvalues`` of a ``glm``. A row of several predictors (softmax) has the trace of its block of the
        hat matrix. NaN for rows that were left out.

        Raises
        ------
        InferenceError
            If this is no regression of a primary parameter, the certificate forbids reading its curvature, or there
            are no data.

        Notes
        -----
        Pregibon (1981).

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [5.0]], [1.0, 2.0, 2.0, 4.0], th.Normal(), intercept=True)
        >>> fit.leverage()
        array([0.535714, 0.321429, 0.25    , 0.892857])
        """
        from thetahat.inference.leverage import Leverage
        from thetahat.inference.rows import Rows

        rows = Rows(self._solved, "leverage()")
        return rows.by_row(Leverage(rows).of)

    def cooks_distance(self) -> NDArray[np.float64]:
        """Cook's distance of every row, in the order of the data: how far the coefficients move without it.

        D_i = δᵀ(XᵀWX)δ/p, where δ is one Newton step of the p coefficients of the primary predictor after the row is
        left out; w_i² u_i² x_iᵀ(XᵀWX)⁻¹x_i/(p(1 - h_i)²) where it has one predictor, u_i = ∂ℓ_i/∂η_i. W and h are those
        of ``leverage``. Other parameters, such as the sd of a normal regression, stay at their maximum likelihood
        estimates, so that R's ``cooks.distance`` of an ``lm`` is (n - p)/n of it. A row of leverage 1 has none (NaN):
        without it a coefficient would not be determined.

        Raises
        ------
        InferenceError
            As ``leverage``.

        Notes
        -----
        Cook (1977), Pregibon (1981).

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [5.0]], [1.0, 2.0, 2.0, 4.0], th.Normal(), intercept=True)
        >>> fit.cooks_distance()
        array([0.319527, 0.807756, 0.311111, 1.111111])
        """
        from thetahat.inference.leverage import Leverage
        from thetahat.inference.rows import Rows

        rows = Rows(self._solved, "cooks_distance()")
        return rows.by_row(Leverage(rows).distance)

    def goodness_of_fit(
        self,
        statistic: str = "anderson_darling",
        method: str = "bootstrap",
        n: int = 999,
        rng: np.random.Generator | int | None = None,
        *,
        censoring: Any = None,
        progress: bool | None = None,
    ) -> GoodnessOfFit:
        """Test whether the rows could have come from the fitted distribution, whose parameters they gave themselves.

        With F the fitted distribution function and F_n that of the rows (weighted by their weights; the product-limit
        estimate of right-censored rows, up to the last observation; the self-consistent estimate of rows in intervals,
        its masses spread inside innermost intervals as F has them there; Turnbull, 1976):

        ====================== ==================================================================================
        statistic
        ====================== ==================================================================================
        ``anderson_darling``   n ∫ (F_n - F)²/(F(1 - F)) dF: both tails count (Anderson & Darling, 1952)
        ``cramer_von_mises``   n ∫ (F_n - F)² dF
        ``kolmogorov_smirnov`` sup |F_n - F|
        ``chi_square``         Σ (observed - expected)²/expected over neighbouring counts, pooled until each cell is
                               expected five times, or over equally likely cells of other values (Pearson, 1900)
        ====================== ==================================================================================

        Of counts the integrals are sums over whole numbers (Choulakian, Lockhart & Stephens, 1994). Tables for known
        parameters do not hold where the same rows gave the estimates, so ``n`` samples are drawn from the fit and
        each is fitted again, to its exact maximum, which gives the statistic's distribution under the family (Stute,
        Gonzales Manteiga & Presedo Quindimil, 1993). Censoring times are drawn from their own product-limit estimate,
        as if they did not depend on the values. Rows in intervals are drawn and inspected as they were: once each, at
        its finite end, where every row has but one; at all ends, where no interval holds the end of another, and then
        rows that are open above have dropped out where they begin. Where intervals overlap a row's other inspections
        cannot be known from the data, and are to be given.

        Parameters
        ----------
        statistic
            One of those above.
        method
            ``bootstrap``.
        n
            How many samples.
        rng
            A NumPy generator or a seed; None for fresh draws.
        censoring
            Times at which each row was or would have been censored, (n_rows,), inf where never, where they are known.
            Of rows in intervals the times at which each was inspected, (n_rows, k), NaN where it was fewer times (all
            NaN where the value is seen itself), or (k,) that all rows share.
        progress
            Whether to show a progress bar on standard error; by default where it is a terminal and the work takes long.

        Returns
        -------
        GoodnessOfFit
            ``value``, ``p_value`` with its Monte Carlo error ``p_error``, and the statistics of the samples.

        Raises
        ------
        InferenceError
            If the statistic is unknown or not defined for such rows (limits or trials that vary by row, labels,
            regressions), rows were inspected at times that they do not tell, the verdict is neither ``maximum`` nor
            ``boundary``, or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> draws = th.Gamma(shape=0.4, rate=1).sample(60, rng=1)
        >>> th.fit("exponential", draws).goodness_of_fit(n=199, rng=1).p_value
        0.005
        >>> th.fit("gamma", draws).goodness_of_fit(n=199, rng=1).p_value
        0.68
        """
        from thetahat.diagnostics.goodness_of_fit import goodness_of_fit
        from thetahat.progress import counting

        if method != "bootstrap":
            raise InferenceError(f"method={method!r}: the p-value is found by bootstrap")
        with counting(progress, n, "samples") as told:
            return goodness_of_fit(self._solved, statistic, n, rng, censoring, told)

    @property
    def deviance(self) -> float:
        """2 Σ w (ℓ_i at the row's own best primary parameter - ℓ_i), the other parameters held at θ̂.

        Where R's ``glm`` has a dispersion it prints this times the dispersion: times sd² for Normal (the residual sum
        of squares), divided by ``shape`` for the mean parametrisation of Gamma and for InverseGaussian. Of a row that
        is known to lie in an interval the best is what the primary parameter alone can reach: log 1 for right-censored
        rows.

        Raises
        ------
        InferenceError
            If the model is a density of one's own, rows are truncated, or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> th.fit(th.Poisson(), [2, 4, 3, 5, 1]).deviance
        3.590628
        """
        from thetahat.diagnostics.goodness import deviance

        return deviance(self._solved)

    @property
    def null_deviance(self) -> float:
        """``deviance`` of a constant primary predictor, fitted to the same rows, weights and offset.

        All other parameters are held at this fit's θ̂, so that the two deviances compare.

        Raises
        ------
        InferenceError
            As ``deviance``, and if this is no regression.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
        >>> fit.deviance, fit.null_deviance
        (0.513124, 6.224774)
        """
        from thetahat.null_model import solve_null

        null = solve_null(self._solved, "the null deviance", held=True)
        return self.deviance + 2.0 * (self.solution.log_likelihood - null.solution.log_likelihood)

    def pseudo_r2(self, kind: str = "mcfadden") -> float:
        """Share of what the null model leaves unexplained that this regression explains.

        With ℓ₀ the log-likelihood of ``null_model()`` and n = ``n_obs``:

        ============== ==========================================================================================
        kind
        ============== ==========================================================================================
        ``mcfadden``   1 - ℓ/ℓ₀ (McFadden, 1974); for probabilities, since a log density may have either sign
        ``cox_snell``  1 - exp(2(ℓ₀ - ℓ)/n) (Cox & Snell, 1989)
        ``nagelkerke`` the same divided by its largest value, 1 - exp(2ℓ₀/n) (Nagelkerke, 1991); for probabilities
        ``deviance``   1 - deviance/null deviance (Cameron & Windmeijer, 1997)
        ============== ==========================================================================================

        Of a normal regression with a constant sd ``cox_snell`` and ``deviance`` are the ordinary R². The null model has
        a constant even where the fit has none, and then a fit can be worse than it.

        Raises
        ------
        InferenceError
            If the kind is unknown or does not exist, this is no regression, or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
        >>> fit.pseudo_r2(), fit.pseudo_r2("deviance")
        (0.333081, 0.917567)
        """
        if kind == "deviance":
            return 1.0 - self.deviance / self.null_deviance
        from thetahat.diagnostics.goodness import pseudo_r2
        from thetahat.null_model import solve_null

        return pseudo_r2(self.solution, solve_null(self._solved, "a pseudo-R²").solution, kind)

    def null_model(self) -> Self:
        """Fit the same rows, weights and offsets with a constant in the place of each predictor.

        Raises
        ------
        InferenceError
            If this is no regression, or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
        >>> fit.null_model().estimates
        {'Intercept': 1.098612}
        """
        from thetahat.null_model import solve_null

        return type(self)(solve_null(self._solved, "null_model()"))
