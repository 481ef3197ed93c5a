"""How far a fit is from the data, and how far it has come from the fit without predictors."""

from __future__ import annotations

import numpy as np

from thetahat._errors import InferenceError
from thetahat.diagnostics.saturated import row_deviance
from thetahat.inference.rows import Rows
from thetahat.solution import Solution
from thetahat.solved import Solved

KINDS = ("mcfadden", "cox_snell", "nagelkerke")


def deviance(solved: Solved) -> float:
    """2 Σ w (the row's highest log-likelihood - its log-likelihood)."""
    rows = Rows(solved, "the deviance")
    return rows.total(lambda piece: row_deviance(rows, piece))


def pseudo_r2(fit: Solution, null: Solution, kind: str) -> float:
    """Share of what the null model leaves that the fit explains, by the two log-likelihoods."""
    n = fit.n_obs
    fitted, empty = fit.log_likelihood, null.log_likelihood
    if kind == "mcfadden":
        return 1.0 - fitted / empty
    gained = float(-np.expm1(2.0 * (empty - fitted) / n))
    if kind == "cox_snell":
        return gained
    if kind == "nagelkerke":
        most = float(-np.expm1(2.0 * empty / n))
        if not most > 0:
            raise InferenceError(
                "pseudo_r2('nagelkerke') divides by the most that a log-likelihood of at most 0 could gain, and "
                f"that of the null model is {empty:.6g}; use 'cox_snell' or 'deviance' for densities"
            )
        return gained / most
    raise InferenceError(f"pseudo_r2({kind!r}): choose from {', '.join((*KINDS, 'deviance'))}")
