"""One logistic regression of a few rows, by one library, in a process of its own.

Threads of other libraries, which wait for work by counting, would be timed with whoever comes after them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from contest import answer
from samples import binary


def thetahat(matrix: Any, y: Any) -> Callable[[], object]:
    """Estimates, standard errors and certificate."""
    import thetahat as th

    def fit() -> object:
        found = th.regress(matrix, y, th.Bernoulli())
        return found.standard_errors, found.certificate

    return fit


def statsmodels(matrix: Any, y: Any) -> Callable[[], object]:
    """Estimates and standard errors."""
    import statsmodels.api as sm

    return lambda: sm.Logit(y, matrix).fit(disp=0).bse


def scikit_learn(matrix: Any, y: Any) -> Callable[[], object]:
    """Estimates."""
    from sklearn.linear_model import LogisticRegression

    learn = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    return lambda: learn.fit(matrix, y)


CONTESTANTS = {"thetahat": thetahat, "statsmodels": statsmodels, "scikit-learn": scikit_learn}


if __name__ == "__main__":
    answer(CONTESTANTS[sys.argv[1]](*binary(200, 5)))
