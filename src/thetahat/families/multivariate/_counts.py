"""What families of counts share: rows of whole numbers with a total, which the data tell or the user knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import DataError, ParameterError
from thetahat.families._terms import Rows
from thetahat.families.multivariate._contract import Known
from thetahat.families.multivariate._family import MultivariateFamily
from thetahat.families.multivariate._moments import Moments

Array = NDArray[Any]


class CountsFamily(MultivariateFamily):
    """A family of vectors of counts. ``trials``, the sum of a row, is what the row itself tells unless it is given."""

    known = ("trials",)
    takes = "vectors of counts: whole numbers from 0 up"
    fewest = 2
    discrete = True

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return the counts, their sums and the log multinomial coefficients."""
        total = y.sum(axis=1)
        return y, total, xp.gammaln(total + 1.0) - xp.gammaln(y + 1.0).sum(axis=1)

    def statistics(self, rows: Rows) -> Array:
        """Counts and log coefficients."""
        return np.column_stack([rows[0], rows[2]])

    def misfits(self, y: Array, known: Known) -> tuple[Array, str] | None:
        """Rows of other numbers than counts, or of another sum than the trials."""
        bad = np.asarray(((y < 0) | (y != np.floor(y))).any(axis=1))
        if bad.any():
            return bad, "counts must be whole numbers from 0 up; correct these rows"
        trials = known.get("trials")
        if trials is None:
            return None
        off = np.asarray(y.sum(axis=1) != trials)
        return off, "the counts of a row must sum to its trials; correct these rows, or leave trials out"

    def known_of_rows(self, rows: Rows) -> Known:
        """The trials of each row."""
        return {"trials": rows[1]}

    def trials_of(self) -> Any:
        """The trials of the distribution, where its moments and draws need them.

        Raises
        ------
        ParameterError
            If they are not given, or are no counts.
        """
        trials = self.known_of(()).get("trials")
        if trials is None:
            raise ParameterError(f"{self!r} needs trials for this: {self.title}(trials=10, ...)")
        array = np.asarray(trials, dtype=float)
        if not ((array >= 0) & (array == np.floor(array))).all():
            raise ParameterError(f"trials={trials!r}: give a whole number from 0 up")
        return array.astype(np.int64) if array.ndim else int(array)

    def one_trials(self) -> int:
        """The trials, where they have to be the same in every row."""
        trials = self.trials_of()
        if np.ndim(trials):
            raise ParameterError(
                f"{self.title}: trials differ by row, and so do its moments; make the distribution wanted: trials=10"
            )
        return int(trials)

    @property
    def n_columns(self) -> int:
        """How many columns there are, whose counts are the first that are averaged."""
        return len(self.declared[0].names)

    def largest(self, moments: Moments) -> Array:
        """The largest count of each column."""
        return np.asarray(moments.maximum[: self.n_columns])

    def shares(self, moments: Moments) -> Array:
        """Summed counts over their sum.

        Raises
        ------
        DataError
            If all counts are 0.
        """
        counts = moments.mean[: self.n_columns]
        total = float(counts.sum())
        if not total > 0:
            raise DataError("all counts are 0, and say nothing of the shares; give rows with counts")
        return np.asarray(counts / total)


def log_factorials(counts: Array) -> Array:
    """log k!."""
    return np.asarray(special.gammaln(counts + 1.0))
