"""How a categorical factor of reduced rank is coded: against a reference, or by other contrasts."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import FormulaError
from thetahat.formulas.transforms import Summary
from thetahat.formulas.transforms.polynomial import LARGEST_DEGREE, Polynomial

Matrix = NDArray[np.float64]
Level = str | int | float | bool

KINDS: Final[dict[str, str]] = {
    "contr.treatment": "treatment",
    "Treatment": "treatment",
    "contr.SAS": "SAS",
    "contr.sum": "sum",
    "Sum": "sum",
    "contr.helmert": "helmert",
    "Helmert": "helmert",
    "contr.diff": "diff",
    "Diff": "diff",
    "contr.poly": "poly",
    "Poly": "poly",
}
"""The spellings of R and formulaic, and those of patsy."""

MOST_CODED_LEVELS: Final = 200
"""Contrasts other than treatment make dense columns, so they are for few levels."""
_MARKS: Final = {"treatment": "T.", "SAS": "T.", "sum": "S.", "helmert": "H.", "diff": "D.", "poly": ""}
_ORDINAL: Final = {1: ".L", 2: ".Q", 3: ".C"}


@final
@dataclass(frozen=True, slots=True)
class Contrast:
    """A coding; ``reference`` is the level that treatment contrasts compare with, None for the first.

    Examples
    --------
    >>> Contrast().names(("a", "b", "c"))
    ('[T.b]', '[T.c]')
    >>> Contrast("sum").matrix(("a", "b", "c")).tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    """

    kind: str = "treatment"
    reference: Level | None = None

    @property
    def indicators(self) -> bool:
        """Whether each column tells one level from all others."""
        return self.kind in {"treatment", "SAS"}

    def base(self, levels: tuple[Level, ...]) -> int:
        """Position of the level that has no column of its own.

        Raises
        ------
        FormulaError
            If the reference is not among the levels.
        """
        if self.reference is not None:
            for position, level in enumerate(levels):
                if level == self.reference and isinstance(level, str) == isinstance(self.reference, str):
                    return position
            raise FormulaError(f"the reference {self.reference!r} is none of the levels: {listed(levels)}")
        return len(levels) - 1 if self.kind == "SAS" else 0

    def names(self, levels: tuple[Level, ...]) -> tuple[str, ...]:
        """What follows the factor's name in the names of its columns."""
        if self.kind == "poly":
            return tuple(f"[{_ORDINAL.get(k, f'^{k}')}]" for k in range(1, len(levels)))
        if self.indicators:
            base = self.base(levels)
            named = [level for position, level in enumerate(levels) if position != base]
        else:
            named = list(levels[:-1] if self.kind == "sum" else levels[1:])
        return tuple(f"[{_MARKS[self.kind]}{level}]" for level in named)

    def matrix(self, levels: tuple[Level, ...]) -> Matrix:
        """The (levels, columns) coding of a contrast that is no set of indicators.

        Raises
        ------
        FormulaError
            If there are too many levels for it.
        """
        n = len(levels)
        most = LARGEST_DEGREE + 1 if self.kind == "poly" else MOST_CODED_LEVELS
        if n > most:
            raise FormulaError(
                f"{self.kind} contrasts of {n:,} levels would make dense columns; {most} levels are the most. "
                "Use treatment contrasts, the default"
            )
        if self.kind == "poly":
            scores = np.arange(float(n))
            polynomials = Polynomial(n - 1)
            state = polynomials.learn("contr.poly", Summary.of(scores, keep=True))
            return polynomials.apply("contr.poly", scores, state)
        matrix = np.eye(n, n - 1)
        if self.kind == "sum":
            matrix[-1] = -1.0
        elif self.kind == "helmert":
            for k in range(n - 1):
                matrix[:, k] = 0.0
                matrix[: k + 1, k] = -1.0
                matrix[k + 1, k] = k + 1.0
        else:
            for k in range(n - 1):
                matrix[: k + 1, k] = (k + 1.0) / n - 1.0
                matrix[k + 1 :, k] = (k + 1.0) / n
        return matrix


def listed(levels: tuple[Any, ...], most: int = 10) -> str:
    """Name the first few levels.

    Examples
    --------
    >>> listed(("a", "b"))
    "'a', 'b'"
    """
    more = f" and {len(levels) - most:,} more" if len(levels) > most else ""
    return ", ".join(repr(level) for level in levels[:most]) + more
