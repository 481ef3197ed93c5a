"""Expected information as a sum over nodes of the standard variable, by the trapezoidal rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thetahat.families._standard import StandardFamily, chained
from thetahat.families._terms import Array, Coordinates

# The rule is exponentially accurate in the step for integrands that are analytic about the line.
_LOG_HAZARDS = np.arange(-40.0, 4.26, 0.25)
_NORMALS = np.arange(-9.0, 9.01, 0.25)
LOG_HAZARD_NODES = _LOG_HAZARDS, 0.25 * np.exp(_LOG_HAZARDS - np.exp(_LOG_HAZARDS))
NORMAL_NODES = _NORMALS, 0.25 * np.exp(-0.5 * np.square(_NORMALS)) / np.sqrt(2.0 * np.pi)


def expected_products(
    family: StandardFamily,
    nodes: tuple[Array, Array],
    placed: Callable[[Array, Coordinates], Array],
    log_scale: Any,
    shapes: Coordinates,
) -> tuple[Any, ...]:
    """E u uᵀ in (location, log scale, shapes): lower triangle, row by row.

    ``nodes`` are values of w with their probabilities, and ``placed`` gives z from w and the shapes.
    """
    w, mass = nodes
    with np.errstate(all="ignore"):
        columns = tuple(np.asarray(shape, dtype=float)[..., None] for shape in shapes)
        log_scale = np.asarray(log_scale, dtype=float)[..., None]
        score = chained(
            family.standard_terms(placed(w, columns), columns), np.exp(log_scale), log_scale
        ).gradient
        return tuple(
            np.sum(mass * score[i] * score[j], axis=-1) for i in range(len(score)) for j in range(i + 1)
        )
