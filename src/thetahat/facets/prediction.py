"""Predictions of rows, those of the fit or new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from numpy.typing import NDArray

from thetahat.facets._facet import Facet

if TYPE_CHECKING:
    import numpy as np

    from thetahat.prediction.effects import MarginalEffects
    from thetahat.prediction.predictions import Predictions
    from thetahat.prediction.scoring import CrossEntropy


class PredictionFacet(Facet):
    """What the fit says of rows."""

    __slots__ = ()

    @overload
    def predict(
        self,
        data: Any,
        what: Literal["parameters"],
        *,
        level: float | None = None,
        probability: None = None,
        y: None = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        covariance: str = "observed",
        **known: Any,
    ) -> dict[str, NDArray[Any] | Predictions]: ...

    @overload
    def predict(
        self,
        data: Any = None,
        what: str = "mean",
        *,
        level: None = None,
        probability: float | None = None,
        y: Any = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        covariance: str = "observed",
        **known: Any,
    ) -> NDArray[Any]: ...

    @overload
    def predict(
        self,
        data: Any = None,
        what: str = "mean",
        *,
        level: float,
        probability: float | None = None,
        y: Any = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        covariance: str = "observed",
        **known: Any,
    ) -> Predictions: ...

    def predict(
        self,
        data: Any = None,
        what: str = "mean",
        *,
        level: float | None = None,
        probability: float | None = None,
        y: Any = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        covariance: str = "observed",
        **known: Any,
    ) -> NDArray[Any] | Predictions | dict[str, NDArray[Any] | Predictions]:
        """A quantity q(θ_i) of the distribution of each row, θ_i = link⁻¹(x_iᵀβ̂ + offset_i).

        =============== ==========================================================================================
        what
        =============== ==========================================================================================
        ``mean``        mean of the response
        ``variance``    its variance
        a parameter     by its name: ``"sd"``, ``"size"``, ``"prob"``, ``"probs"`` (n, K), ...
        ``parameters``  all of them, a dict by name
        ``predictor``   x_iᵀβ̂ + offset_i of the primary parameter, also called ``link``; (n, K - 1) of a softmax
        ``quantile``    of the response, at ``probability``
        ``probability`` P(Y <= y); without ``y``, of classifiers (Bernoulli, Categorical, Ordinal) the probability of
                        each label, (n, K) in the order of ``labels``, and of others P(Y <= the row's own response)
        ``class``       the most probable label
        ``log_prob``    log density or mass at ``y``, or of the row's own response as it was observed
        =============== ==========================================================================================

        ``quantiles``, ``probabilities`` and ``log_density`` are other names of the three.

        Standard errors are √(∇qᵀ V ∇q) (the delta method). The interval is made on the predictor (on the free scale,
        where the link does not take every number) and mapped back if q depends on one coordinate alone; else on the
        logarithm of positive quantities and the logit of bounded ones; so that it stays in range. Where coefficients
        are at infinity (separated rows), a prediction is its limit along the certificate's ``direction``, on which the
        rows of the fit always agree; it has no interval.

        Parameters
        ----------
        data
            Columns that the formulas read, as a data frame, dict or path; a matrix for fits of ``th.regress``, whose
            constant is added by itself; None for the rows of the fit.
        what
            One of those above.
        level
            Confidence level; None for the predictions alone.
        probability
            Of a quantile.
        y
            Values, one for all rows or one a row.
        offset, designs
            Of new rows, where ``th.regress`` was given them.
        covariance
            Kind of V, as in ``covariance``.
        known
            What the family knows of each new row, such as ``trials=``, where it is no column of the data.

        Returns
        -------
        NDArray or Predictions
            One number (or label, or K numbers) a row of the data, NaN for rows that the fit left out; with ``level`` an
            object with ``estimate``, ``standard_error``, ``low`` and ``high``.

        Raises
        ------
        DataError
            If a column is missing, a level was never seen, or a matrix has another number of columns.
        InferenceError
            If the quantity does not exist, the verdict leaves no point, or there are no data.

        Notes
        -----
        Oehlert (1992).

        Examples
        --------
        >>> import thetahat as th
        >>> columns = {"dose": [0.0, 1.0, 2.0, 3.0], "count": [1, 1, 4, 6]}
        >>> fit = th.fit(th.Regression("count ~ dose", th.Poisson()), columns)
        >>> fit.predict({"dose": [1.5, 4.0]})
        array([ 2.29584, 12.38011])
        >>> fit.predict({"dose": [1.5, 4.0]}, "quantile", probability=0.9)
        array([ 4., 17.])
        """
        from thetahat.prediction.new_rows import Asked
        from thetahat.prediction.predicting import PARAMETERS, Question, predict, predict_parameters

        asked = Asked(data, offset=offset, designs=designs, known=known)
        if what == PARAMETERS and probability is None and y is None:
            return predict_parameters(self._solved, asked, level, covariance)
        return predict(self._solved, Question(what, probability, y), asked, level, covariance)

    def marginal_effects(
        self,
        variables: Sequence[str] | str | None = None,
        at: Any = "overall",
        level: float = 0.95,
        *,
        data: Any = None,
        weights: Any = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        covariance: str = "observed",
        **known: Any,
    ) -> MarginalEffects:
        """Average marginal effects of columns on the mean, or on the probability of each label.

        Of a numeric column Σ w_i ∂μ_i/∂x_i / Σ w_i, through every term of every formula that reads it, differenced
        centrally; of a category or truth value the average of μ_i(level) - μ_i(reference). With standard errors by the
        delta method. For fits of ``th.regress`` each column of a matrix is a variable by itself.

        Parameters
        ----------
        variables
            Names of columns; by default all that terms read.
        at
            ``"overall"``, or a dict of columns and the values that all rows are given before, such as ``{"age": 40}``.
        level
            Confidence level of the intervals.
        data, weights, offset, designs, known
            Rows to average over in the place of those of the fit, as in ``predict``.
        covariance
            As in ``covariance``.

        Raises
        ------
        InferenceError
            If there is no such variable, the mean does not exist, or there are no data.

        Notes
        -----
        Bartus (2005), Williams (2012).

        Examples
        --------
        >>> import thetahat as th
        >>> columns = {"dose": [0.0, 1.0, 2.0, 3.0], "count": [1, 1, 4, 6]}
        >>> fit = th.fit(th.Regression("count ~ dose", th.Poisson()), columns)
        >>> fit.marginal_effects()
        average marginal effects on the mean, 95 % intervals
        variable   effect   standard error     low   high        p
        dose         2.02             1.09   -0.12   4.16   0.0643
        """
        from thetahat.prediction.effects import marginal_effects
        from thetahat.prediction.new_rows import Asked

        asked = Asked(data, offset=offset, weights=weights, designs=designs, known=known)
        return marginal_effects(self._solved, variables, at, level, covariance, asked)

    def cross_entropy_on(
        self,
        data: Any,
        *,
        y: Any = None,
        weights: Any = None,
        offset: Any = None,
        designs: Mapping[str, Any] | None = None,
        **known: Any,
    ) -> CrossEntropy:
        """Cross-entropy -Σ w_i log p(z_i; θ̂) / Σ w_i on new rows, in nats, with its standard error across them.

        The rows are read as the fit read its own, censored and truncated ones included. inf where the fit holds a row
        to be impossible.

        Parameters
        ----------
        data
            Columns of predictors and responses; a matrix for fits of ``th.regress``.
        y
            Responses that are no column of the data: values, labels or ``th.Observations``.
        weights
            Frequency weights, an array or the name of a column; by default the column that the fit had, if it is there.
        offset, designs, known
            As in ``predict``.

        Raises
        ------
        DataError
            If a column is missing or a value is outside the support.
        InferenceError
            If the verdict leaves no point.

        Examples
        --------
        >>> import thetahat as th
        >>> columns = {"dose": [0.0, 1.0, 2.0, 3.0], "count": [1, 1, 4, 6]}
        >>> fit = th.fit(th.Regression("count ~ dose", th.Poisson()), columns)
        >>> fit.cross_entropy_on({"dose": [0.5, 2.5], "count": [2, 3]})
        CrossEntropy(estimate=1.665058, standard_error=0.116001, n_obs=2.0)
        """
        from thetahat.prediction.new_rows import Asked
        from thetahat.prediction.scoring import cross_entropy_on

        return cross_entropy_on(self._solved, Asked(data, y, offset, weights, designs, known))

    def simulate(
        self, rng: np.random.Generator | int | None = None, n: int | None = None, *, data: Any = None
    ) -> NDArray[Any]:
        """Draw from the fitted distribution: ``n`` values (by default as many as rows) of a fit of a family.

        Of a regression, one value for each row given its predictors, (rows,); with ``n`` that many times, (n, rows).
        So too of a family that knows something of each row, such as its trials. Where all rows of a fit of a family
        were truncated at the same limits, so are the values drawn. Of a family of vectors rows, (n, columns).

        Parameters
        ----------
        rng
            A NumPy generator, a seed, or None for a fresh one.
        n
            How many.
        data
            Rows of predictors in the place of those of the fit.

        Raises
        ------
        InferenceError
            If the verdict leaves no point, there are no rows to draw for, or rows have limits of truncation of their
            own.

        Examples
        --------
        >>> import thetahat as th
        >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
        >>> fit.simulate(7).shape, fit.simulate(7, 100).shape
        ((4,), (100, 4))
        """
        vectors = self._solved.multivariate
        if vectors is not None and data is None:
            from thetahat.inference.simulation import simulated_vectors

            return simulated_vectors(vectors.frozen(self.solution.natural), self.solution, n, rng)
        family, description = self._solved.family, self.solution.description
        by_row = any(isinstance(value, str) for value in description.get("known", {}).values())
        if family is not None and not by_row and data is None:
            from thetahat.inference.simulation import simulated
            from thetahat.response import parse_response

            law = family.frozen(self.solution.natural)
            response = parse_response(str(description["response"]), self._solved.columns)
            return simulated(law, response, self.solution.n_rows if n is None else n, rng)
        from thetahat.prediction.new_rows import Asked
        from thetahat.prediction.simulation import simulate_rows

        return simulate_rows(self._solved, rng, n, Asked(data))
