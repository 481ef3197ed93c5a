"""Directions: vectors of length 1, freed by a stereographic projection."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain

UNIT = 1e-9
"""How far a vector's squared length may be from 1."""
OPPOSITE = 1e17
"""A coordinate at which the direction cannot be told from the one opposite to the base."""


@final
class UnitVector(Domain):
    """A vector of d numbers whose squares sum to 1; free coordinates are d - 1 of the plane that touches the sphere.

    With the base b and an orthonormal basis B of what is across it, u = ((1 - |t|²/4) b + B t)/(1 + |t|²/4): one to one
    between all t and every direction but -b, which is at infinity, and of slope B at t = 0. Who puts the base near what
    is looked for has no edge to fear. Without a base it is the first axis.

    Examples
    --------
    >>> UnitVector(3).from_free(np.zeros(2)).tolist()
    [1.0, 0.0, 0.0]
    """

    vector: ClassVar[bool] = True
    lower = -np.inf
    upper = np.inf

    def __init__(self, size: int, *base: float) -> None:
        if int(size) != size or size < 2 or len(base) not in {0, size}:
            raise ParameterError(
                f"unit_vector({', '.join(map(repr, (size, *base)))}): give a whole number above 1, and perhaps as many "
                "numbers, the base"
            )
        self.size = int(size)
        self.free_size = self.size - 1
        self.arguments = (self.size, *map(float, base))
        axis = np.asarray(base or np.eye(self.size)[0], dtype=float)
        if not self.contains(axis):
            raise ParameterError(f"unit_vector: the base {axis.tolist()} has not the length 1")
        self.base: Array = axis / np.linalg.norm(axis)
        # Householder's reflection of the first axis onto the base or its opposite moves the others across it.
        mirror = self.base.copy()
        mirror[0] += 1.0 if mirror[0] >= 0 else -1.0
        reflection = np.eye(self.size) - np.outer(mirror, mirror) * (2.0 / (mirror @ mirror))
        self.across: Array = reflection[:, 1:]

    def to_free(self, value: Any) -> Any:
        """Return 2 Bᵀu/(1 + bᵀu)."""
        xp = namespace(value)
        direction = value if xp.is_jax else np.asarray(value, dtype=float)
        sideways, along = direction @ self.across, direction @ self.base
        if xp.is_jax or along >= 0:
            return 2.0 * sideways / (1.0 + along)
        # 1 + bᵀu cancels there, and is |Bᵀu|²/(1 - bᵀu).
        square = sideways @ sideways
        far = OPPOSITE * np.eye(self.free_size)[0]
        return far if square < 4.0 / OPPOSITE**2 else 2.0 * sideways * (1.0 - along) / square

    def from_free(self, free: Any) -> Any:
        """Return the direction."""
        quarter = 0.25 * (free @ free)
        return ((1.0 - quarter) * self.base + self.across @ free) / (1.0 + quarter)

    def derivative(self, free: Array) -> Array:
        """(B - (b + u) tᵀ/2)/(1 + |t|²/4)."""
        t = np.asarray(free, dtype=float)
        return np.asarray(
            (self.across - 0.5 * np.outer(self.base + self.from_free(t), t)) / (1.0 + 0.25 * (t @ t))
        )

    def second_derivative(self, free: Array) -> Array:
        """-((b + u) δ_kl + u_k t_l + u_l t_k)/(2 (1 + |t|²/4))."""
        t = np.asarray(free, dtype=float)
        slopes = self.derivative(t)
        bends = (self.base + self.from_free(t))[:, None, None] * np.eye(self.free_size)
        bends = bends + slopes[:, :, None] * t + slopes[:, None, :] * t[:, None]
        return np.asarray(-0.5 * bends / (1.0 + 0.25 * (t @ t)))

    def contains(self, value: Any) -> bool:
        """Whether the squares sum to 1 (to rounding)."""
        array = np.asarray(value, dtype=float)
        return array.shape == (self.size,) and bool(abs(float(array @ array) - 1.0) <= UNIT)

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The inverse hyperbolic tangent of the number, which is between -1 and 1."""
        number = np.float64(np.asarray(value, dtype=float)[entry])
        with np.errstate(divide="ignore"):
            return float(np.arctanh(number)), float(1.0 / (1.0 - number * number))

    def from_line(self, at: float, entry: int = 0) -> float:
        """The number whose inverse hyperbolic tangent this is."""
        return float(np.tanh(at))

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} numbers whose squares sum to 1"
