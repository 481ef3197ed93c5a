"""Whether a log-concave regression has a maximum: separation of binary, count, class, ordinal and censored rows.

The likelihood of a log-concave regression has no maximum if and only if there is a direction along which every row's
term never falls and one rises for ever (Albert & Anderson, 1984; Silvapulle, 1981; Haberman, 1974, for counts). Each
function here writes that down for one kind of response and asks ``recession``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.optimize.separation.classes import Ordered, Softmax
from thetahat.optimize.separation.recession import Mask, Recession, recession
from thetahat.optimize.separation.rows import Array, Conditions, Signed, Stacked


def separated_rows(
    matrix: Any,
    up: Mask,
    down: Mask,
    names: Sequence[str],
    scores: Array | None = None,
    point: Array | None = None,
) -> Recession | None:
    """Recession directions of rows whose terms depend on one linear predictor; None if there are none.

    With z_i = x_i·d: a row of ``up`` needs z_i >= 0, one of ``down`` z_i <= 0, one of both nothing, and one of neither
    z_i = 0. Successes are up and failures down; a count of zero is down; so is a value censored on the left, and up
    one censored on the right, if values grow with the predictor; a row of weight zero is both.

    Parameters
    ----------
    matrix
        (n, p), an array, a sparse matrix of SciPy's, or a sequence of either, one a block of rows.
    up, down
        (n,), whether each row's term never falls as its predictor goes to +inf, and to -inf.
    names
        p names of columns.
    scores
        (n,), the derivative of each weighted row's log-likelihood by its predictor where Newton's method stopped.
    point
        (p,), the coefficients there.

    Returns
    -------
    Recession or None
        Its conditions are the n rows.

    Raises
    ------
    InferenceError
        Where double precision cannot decide.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> success = np.array([False, False, False, True, True, True])
    >>> found = separated_rows(X, success, ~success, ["Intercept", "dose"])
    >>> found.complete, found.limits
    (True, {'Intercept': -inf, 'dose': inf})
    >>> success[0] = True
    >>> separated_rows(X, success, ~success, ["Intercept", "dose"]) is None
    True
    """
    signs = np.where(down & ~up, -1.0, 1.0)
    multipliers = None if scores is None else np.where(up == down, scores, np.maximum(signs * scores, 0.0))
    return recession(_signed(matrix, signs), up ^ down, ~(up | down), names, multipliers, point)


def separated_classes(
    matrix: Any,
    labels: NDArray[np.intp],
    classes: int,
    names: Sequence[str],
    probabilities: Array | None = None,
    point: Array | None = None,
    counted: Mask | None = None,
) -> Recession | None:
    """Recession directions of a softmax regression: x_i·(d_c - d_k) >= 0 for the class c of row i and each class k.

    Parameters
    ----------
    matrix
        (n, p), an array or a sparse matrix of SciPy's.
    labels
        (n,), the classes as 0, ..., K - 1; class 0 is the reference, d_0 = 0.
    classes
        K.
    names
        (K - 1) p names of coefficients, class by class.
    probabilities
        (n, K), of each class in each row where Newton's method stopped, times the row's weight.
    point
        ((K - 1) p,), the coefficients there.
    counted
        (n,), which rows have a positive weight; None for all.

    Returns
    -------
    Recession or None
        Its conditions are (n, K) in one line: separated where class k becomes impossible for the row, remaining where
        it stays in competition with the row's own class.

    Raises
    ------
    InferenceError
        Where double precision cannot decide.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(5), [0.0, 0.0, 0.0, 0.0, 1.0]])
    >>> names = ["b:Intercept", "b:x", "c:Intercept", "c:x"]
    >>> found = separated_classes(X, np.array([0, 1, 2, 0, 2]), 3, names)
    >>> found.limits, np.flatnonzero(found.separated.reshape(5, 3).any(axis=1)).tolist()
    ({'b:x': nan, 'c:x': inf}, [4])
    """
    conditions = Softmax(matrix, labels, classes)
    inequality = np.arange(classes) != labels[:, None]
    if counted is not None:
        inequality &= counted[:, None]
    multipliers = None if probabilities is None else probabilities.ravel()
    inequality = inequality.ravel()
    return recession(conditions, inequality, np.zeros_like(inequality), names, multipliers, point)


def separated_order(
    matrix: Any,
    labels: NDArray[np.intp],
    classes: int,
    names: Sequence[str],
    slopes: Array | None = None,
    point: Array | None = None,
    counted: Mask | None = None,
) -> Recession | None:
    """Recession directions of an ordinal regression: g_{k-1} <= x_i·d <= g_k for the class k of row i.

    P(Y <= k) = F(c_k - x·b), so that a row's likelihood never falls while its upper end c_k - x·b rises and its lower
    end c_{k-1} - x·b falls, which holds for every distribution function F; that no other direction matters, for
    log-concave F (Haberman, 1980).

    Parameters
    ----------
    matrix
        (n, p), an array or a sparse matrix of SciPy's, without intercept.
    labels
        (n,), the classes as 0, ..., K - 1.
    classes
        K.
    names
        K - 1 + p names, of the thresholds and of the columns.
    slopes
        (n, 2), the derivatives of each weighted row's log-likelihood by its upper end, and by its lower end
        with the sign changed, where Newton's method stopped; both >= 0.
    point
        (K - 1 + p,), the thresholds and coefficients there.
    counted
        (n,), which rows have a positive weight; None for all.

    Returns
    -------
    Recession or None
        Its conditions are (n, 2) in one line, the upper and the lower ends: an end that is separated goes to infinity,
        so that the row says in the limit that its class is at least, or at most, what it is, or nothing.

    Raises
    ------
    DataError
        Where a class has no row: its thresholds meet, and it has to be left out.
    InferenceError
        Where double precision cannot decide.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> names = ["thresholds[0]", "thresholds[1]", "x"]
    >>> separated_order(X, np.array([0, 0, 1, 2]), 3, names).limits
    {'thresholds[0]': inf, 'thresholds[1]': inf, 'x': inf}
    """
    taken = labels if counted is None else labels[counted]
    absent = np.setdiff1d(np.arange(classes), taken)
    if absent.size:
        raise DataError(
            f"class {absent[0]} of {classes} (counted from 0) has no row with positive weight, so that its thresholds "
            "meet; leave it out"
        )
    conditions = Ordered(matrix, labels, classes)
    inequality = np.stack([labels < classes - 1, labels > 0], axis=1)
    if counted is not None:
        inequality &= counted[:, None]
    multipliers = None if slopes is None else slopes.ravel()
    inequality = inequality.ravel()
    return recession(conditions, inequality, np.zeros_like(inequality), names, multipliers, point)


def _signed(matrix: Any, signs: Array) -> Conditions:
    if not isinstance(matrix, list | tuple):
        return Signed(matrix, signs)
    ends = np.cumsum([part.shape[0] for part in matrix])
    return Stacked(
        [Signed(part, piece) for part, piece in zip(matrix, np.split(signs, ends[:-1]), strict=True)]
    )
