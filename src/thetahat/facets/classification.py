"""Labels and how well their probabilities agree with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thetahat.facets._facet import Facet

if TYPE_CHECKING:
    from thetahat.prediction.classifiers import Calibration, Confusion


class ClassificationFacet(Facet):
    """What the fit of a classifier says of labels."""

    __slots__ = ()

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels of a classifier, in the order of the columns of their probabilities.

        Raises
        ------
        InferenceError
            If the family is no classifier.

        Examples
        --------
        >>> import thetahat as th
        >>> th.fit(th.Categorical(), ["a", "b", "b"]).labels
        ('a', 'b')
        """
        from thetahat.prediction.laws import Laws
        from thetahat.prediction.quantities import required_labels

        return required_labels(Laws(self._solved, "labels").family, "labels")

    def calibration(
        self, bins: int = 10, data: Any = None, *, level: float = 0.95, y: Any = None, weights: Any = None
    ) -> Calibration:
        """Reliability table of a classifier: observed shares of a label against its predicted probabilities.

        Rows are put into bins of about equal numbers by their prediction, rows of equal prediction together; of two
        labels the second is shown, of more each against the rest. Each share has Wilson's interval.

        Parameters
        ----------
        bins
            How many, at most.
        data, y, weights
            Rows with labels in the place of those of the fit, as in ``cross_entropy_on``.
        level
            Confidence level of the intervals.

        Raises
        ------
        InferenceError
            If the family is no classifier (Bernoulli, Categorical, Ordinal), or there are no data.

        Notes
        -----
        DeGroot & Fienberg (1983), Wilson (1927).

        Examples
        --------
        >>> import thetahat as th
        >>> columns = {"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "y": [0, 1, 0, 1, 0, 1]}
        >>> fit = th.fit(th.Regression("y ~ x", th.Bernoulli()), columns)
        >>> fit.calibration(bins=2)
        calibration, 95 % Wilson intervals
        label   predicted   observed      low     high   rows
        1          0.3704     0.3333   0.0615   0.7923      3
        1          0.6296     0.6667   0.2077   0.9385      3
        """
        from thetahat.prediction.classifiers import calibration
        from thetahat.prediction.new_rows import Asked

        return calibration(self._solved, bins, Asked(data, y, weights=weights), level)

    def confusion(self, data: Any = None, *, y: Any = None, weights: Any = None) -> Confusion:
        """Counts of rows by label and most probable label, with their accuracy.

        Parameters
        ----------
        data, y, weights
            Rows with labels in the place of those of the fit, as in ``cross_entropy_on``.

        Raises
        ------
        InferenceError
            If the family is no classifier (Bernoulli, Categorical, Ordinal), or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> columns = {"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "y": [0, 1, 0, 1, 0, 1]}
        >>> fit = th.fit(th.Regression("y ~ x", th.Bernoulli()), columns)
        >>> fit.confusion()
        labels (rows) and predicted labels (columns), accuracy 0.6667
        label   0   1
        0       2   1
        1       1   2
        """
        from thetahat.prediction.classifiers import confusion
        from thetahat.prediction.new_rows import Asked

        return confusion(self._solved, Asked(data, y, weights=weights))

    def brier_score(self, data: Any = None, *, y: Any = None, weights: Any = None) -> float:
        """Mean of (p_i - y_i)² for two labels, of Σ_k (p_ik - 1{y_i = k})² for more (Brier, 1950).

        Parameters
        ----------
        data, y, weights
            Rows with labels in the place of those of the fit, as in ``cross_entropy_on``.

        Raises
        ------
        InferenceError
            If the family is no classifier (Bernoulli, Categorical, Ordinal), or there are no data.

        Examples
        --------
        >>> import thetahat as th
        >>> th.fit(th.Bernoulli(), [0, 1, 1, 1]).brier_score()
        0.1875
        """
        from thetahat.prediction.classifiers import brier_score
        from thetahat.prediction.new_rows import Asked

        return brier_score(self._solved, Asked(data, y, weights=weights))
