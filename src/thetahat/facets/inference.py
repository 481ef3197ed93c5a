"""Covariance, intervals, profiles and functions of the estimates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat.facets._facet import Facet

if TYPE_CHECKING:
    from thetahat.inference.curve import Profile
    from thetahat.inference.delta import Transformed, Values
    from thetahat.inference.intervals import Intervals


class InferenceFacet(Facet):
    """How sure one can be of the estimates."""

    __slots__ = ()

    def covariance(self, kind: str = "observed", cluster: Any = None) -> NDArray[np.float64]:
        """Covariance of the estimates, (k, k) over ``free_names``.

        With A the observed information and B = Σ w u uᵀ over the rows' scores u, or B = Σ_g s_g s_gᵀ over the sums
        s_g = Σ w u of each of G clusters:

        ============  ====================  ================================
        kind          of rows               of clusters
        ============  ====================  ================================
        ``observed``  A⁻¹
        ``expected``  inverse of E A
        ``opg``       B⁻¹
        ``sandwich``  A⁻¹BA⁻¹               A⁻¹BA⁻¹
        ``HC0``       the same
        ``stata``     times n/(n - 1)       times G/(G - 1)
        ``HC1``       times n/(n - k)       times G/(G - 1) (n - 1)/(n - k)
        ``HC2``       B = Σ w u uᵀ/(1 - h)
        ``HC3``       B = Σ w u uᵀ/(1 - h)²
        ``ker``       A⁻¹BA⁻¹, see below
        ``nid``       A⁻¹BA⁻¹, see below
        ============  ====================  ================================

        Where ℓ has kinks, as of a Laplace distribution, it has no curvature to read: A is then E A, or B where rows are
        censored or truncated. In regressions of th.Laplace and of th.AsymmetricLaplace(tau=...), which are quantile
        regressions, all kinds of sandwich have A = Σ w J f x xᵀ instead, J being the jump of the slope at a kink and f
        an estimate of the density of the row at its predictor: a normal kernel with Hall & Sheather's bandwidth
        (Powell, 1991), and for ``nid`` the inverse of the distance between two quantiles (Hendricks & Koenker, 1992).
        ``ker`` and ``nid``, named as in R's ``quantreg``, have B = tau (1 - tau) J² Σ w x xᵀ for the coefficients,
        which holds where the predictor is the tau quantile of every row; ``sandwich`` holds where it is not (Kim &
        White, 2003).

        n is ``n_obs``. In a regression k counts the estimated coefficients of predictors and not parameters without
        a formula, such as the sd of a normal regression, as R's ``sandwich`` and Stata's ``regress`` do; elsewhere it
        is ``dof``. h is the leverage of one observation (``leverage``, without the row's weight), so that HC2 and HC3
        exist in regressions of a primary parameter only. For families with more parameters the h of the primary one
        stands for all.

        Parameters
        ----------
        kind
            One of those above.
        cluster
            Which rows belong together: one label a row, numbers or text, or the name of a column of the data. ``stata``
            is then what Stata prints for maximum likelihood, ``HC1`` what it prints for ``regress``, and what
            ``sandwich::vcovCL`` gives for ``lm``.

        Raises
        ------
        InferenceError
            If the kind is unknown, needs data that are not there, or does not exist (expected, under censoring).
        DataError
            If a label is missing, or there are not as many as rows.

        Notes
        -----
        Huber (1967), White (1982); HC0 to HC3 MacKinnon & White (1985); clusters Liang & Zeger (1986), of quantile
        regressions Parente & Santos Silva (2016).

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.fit(th.Exponential(), [1.0, 2.0, 3.0, 6.0])
        >>> float(fit.covariance()[0, 0]), float(fit.covariance("sandwich")[0, 0])
        (0.027777, 0.010802)
        >>> float(fit.covariance("sandwich", cluster=["a", "a", "b", "b"])[0, 0])
        0.013889
        """
        from thetahat.inference.covariance import covariance

        return covariance(self._solved, kind, cluster)

    def information(self, kind: str = "observed") -> NDArray[np.float64]:
        """Information of the natural parameters: the inverse of ``covariance(kind)``."""
        from thetahat.inference.covariance import information

        return information(self._solved, kind)

    def intervals(
        self,
        level: float = 0.95,
        method: str = "wald",
        parameters: Sequence[str] | str | None = None,
        scale: str = "free",
    ) -> Intervals:
        """Confidence intervals by parameter name.

        Parameters
        ----------
        level
            Confidence level.
        method
            ``wald``, made on the free scale and mapped back so that it stays in the domain; ``profile``, the values
            whose profile log-likelihood is within χ²/2 of the maximum, one-sided at an edge.
        parameters
            Which; by default all that were estimated, NaN for those that have none, as where the support ends.
        scale
            ``free``, or ``natural`` for the symmetric Wald interval.

        Raises
        ------
        InferenceError
            If an argument is unknown, or a profile is asked of a fit without data or without a usable point.
        """
        from thetahat.inference.intervals import intervals

        return intervals(self.solution, level, method, parameters, scale)

    def profile(self, name: str) -> Profile:
        """The profile log-likelihood curve of one parameter, out to signed roots of ±3."""
        from thetahat.inference.profile import curve

        return curve(self.solution, name)

    def transform(
        self,
        function: Callable[[Values], Any],
        level: float = 0.95,
        method: str = "delta",
        *,
        covariance: str = "observed",
    ) -> Transformed:
        """Estimate, standard error and interval of any function of the estimates.

        By the invariance of the maximum the estimate is g(θ̂); its standard error is √(∇gᵀ V ∇g).

        Parameters
        ----------
        function
            Takes the parameters, by name or attribute (``lambda p: p.shape / p["rate"]``), or those that its own
            arguments name (``lambda shape, rate: shape / rate``); returns a number or an array.
        level
            Confidence level of the interval, which is symmetric on the function's own scale.
        method
            ``delta``.
        covariance
            Kind of V, as in ``covariance``.

        Raises
        ------
        InferenceError
            If the function does not return finite numbers near the estimates.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.fit(th.Exponential(), [1.0, 2.0, 3.0])
        >>> mean = fit.transform(lambda rate: 1 / rate)
        >>> round(mean.estimate, 6), round(mean.standard_error, 6)
        (2.0, 1.154701)
        """
        from thetahat.inference.delta import transform

        return transform(self._solved, function, level, method, covariance)
