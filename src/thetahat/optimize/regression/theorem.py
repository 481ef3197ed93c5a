"""Whether a regression has one maximum at the most, and whose theorem says so."""

from __future__ import annotations

import numpy as np

from thetahat.models.regression import RegressionModel
from thetahat.penalties import BoundPenalty


def single_maximum(model: RegressionModel, penalty: BoundPenalty | None) -> str | None:
    """The family's theorem for this link, where nothing but the primary parameter has a predictor; None without one.

    A concave penalty leaves concave what is so in the coefficients themselves, whatever else has no part in it.
    """
    owners = model.predictors.owners
    # An end that is given by row is known, as the theorem wants it.
    driven = [
        group
        for group in model.predictors.groups
        if group.design is not None and owners[group.design] not in model.family.edges
    ]
    if len(driven) != 1 or model.reader.response.truncated:
        # The log mass between limits is subtracted, which need not leave concave what was.
        return None
    link = driven[0].link
    theorem = model.family.single_maximum.get("*" if link is None or link.trivial else link.name)
    if penalty is None or theorem is None:
        return theorem
    numbers = [group.span.start for group in model.predictors.groups if group.design is None]
    others = bool(np.isin(numbers, model.table.free_index).any())
    return None if others or not penalty.concave else f"{theorem}, and so is the penalty"
