"""The ridge penalty: half the squared length of the coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.parameters import Real
from thetahat.penalties._bound import BoundPenalty, PenaltyTerms
from thetahat.penalties._curvature import Block, Curvature
from thetahat.penalties._entries import Entry, entries_of, on_free_scale, without_blocks
from thetahat.penalties._layout import Coefficients, Layout
from thetahat.penalties._penalty import Penalty, unknown

Vector = NDArray[np.float64]


@final
class Ridge(Penalty):
    """Maximise ℓ(θ) - λ/2 ‖β‖²: ridge regression (Hoerl & Kennard, 1970), a Normal(0, 1/√λ) prior on every slope.

    β are the coefficients of all predictors. The constants that ``intercept=True`` or a formula adds are left alone,
    and so are parameters without predictor, such as a shape; ``parameters`` names what is penalised instead. Columns
    count as they are: standardise those of different units. Of a softmax the K classes count alike, whichever is the
    reference: λ/2 times the least Σ_k ‖b_k‖² of all b_k with β_k = b_k - b_0, which is
    λ/2 (Σ_k ‖β_k‖² - ‖Σ_k β_k‖²/K). On the sum over rows: who has a λ per row multiplies it by their number.

    Parameters
    ----------
    strength
        λ, above 0.
    parameters
        Names of the estimated parameters to penalise, on the scale on which they are reported.

    Raises
    ------
    ParameterError
        If λ is not above 0, or (at the fit) a name is unknown or there is nothing to penalise.

    Examples
    --------
    >>> import thetahat as th
    >>> X, y = [[-1.0], [0.0], [1.0], [2.0]], [0, 0, 1, 1]
    >>> fit = th.regress(X, y, th.Bernoulli(), intercept=True, penalty=th.Ridge(1.0))
    >>> {name: round(value, 4) for name, value in fit.estimates.items()}, fit.certificate.verdict.value
    ({'Intercept': -0.4791, 'x0': 0.9583}, 'maximum')
    """

    def __init__(self, strength: float, parameters: Iterable[str] | str | None = None) -> None:
        try:
            number = float(strength)
        except (TypeError, ValueError):
            number = float("nan")
        if not 0 < number < np.inf:
            raise ParameterError(
                f"Ridge({strength!r}): the strength must be a finite number above 0, such as 1.0"
            )
        self.strength = number
        named = [parameters] if isinstance(parameters, str) else parameters
        self.parameters = None if named is None else tuple(named)

    @property
    def title(self) -> str:
        """With the names, where some were given."""
        named = "" if self.parameters is None else f", {list(self.parameters)!r}"
        return f"Ridge({self.strength:g}{named})"

    def describe(self) -> Mapping[str, Any]:
        """Strength and names."""
        names = None if self.parameters is None else list(self.parameters)
        return {"kind": "ridge", "strength": self.strength, "parameters": names}

    def elsewhere(self, names: Mapping[str, str], gone: str) -> Self | None:
        """The same on theirs; a parameter that runs to infinity and is penalised has no limit."""
        if self.parameters is None:
            return self
        if gone in self.parameters:
            return None
        return type(self)(self.strength, [names.get(name, name) for name in self.parameters])

    def bind(self, layout: Layout) -> BoundPenalty:
        """On the coefficients, or on the named parameters."""
        if self.parameters is not None:
            entries = entries_of(layout.table, self.parameters)
            for name in self.parameters:
                if name not in entries:
                    raise unknown(self.title, name, layout)
            return _OnEntries(self.strength, layout, list(entries.values()))
        bound = _OnCoefficients(self.strength, layout)
        if not bound.penalised.any():
            raise ParameterError(
                f"{self.title} penalises the coefficients of predictors, and this model estimates none but constants. "
                "Name parameters: th.Ridge(1.0, ['mean']), or give a prior: th.Prior({'mean': th.Normal(mean=0, sd=1)})"
            )
        return bound


class _OnCoefficients(BoundPenalty):
    """-λ/2 of the squares, where several classes share a column less those of their sum."""

    concave = True

    def __init__(self, strength: float, layout: Layout) -> None:
        self._table = layout.table
        index = layout.table.free_index
        diagonal = np.zeros(layout.table.n_working)
        blocks = []
        self.floor = strength
        for coefficients in layout.coefficients:
            places = _slopes(coefficients)
            diagonal[places] = strength
            if coefficients.size > 1:
                classes = coefficients.size + 1
                shared = np.full((coefficients.size, coefficients.size), -strength / classes)
                blocks.append(Block(places.T, shared))
                self.floor = strength / classes
        self._curvature = Curvature(diagonal, tuple(blocks))
        self._free = _restricted(self._curvature, index)
        self.penalised = diagonal[index] > 0

    def terms(self, free: Vector) -> PenaltyTerms:
        """-½ βᵀPβ, P the same everywhere."""
        working = self._table.working(free)
        gradient = -self._curvature.product(working)
        value = 0.5 * float(gradient @ working)
        return PenaltyTerms(value, gradient[self._table.free_index], self._free)


def _slopes(coefficients: Coefficients) -> NDArray[np.intp]:
    """Positions in the working vector of all but constants, (size, columns)."""
    span = coefficients.span
    places = np.arange(span.start, span.stop, dtype=np.intp).reshape(coefficients.size, -1)
    if coefficients.intercept is None:
        return places
    return np.delete(places, coefficients.intercept, axis=1)


def _restricted(curvature: Curvature, index: NDArray[np.intp]) -> Curvature:
    """Keep the free coordinates; a row of a block that has lost some is a block of its own."""
    size = curvature.diagonal_part.size
    if index.size == size:
        return curvature
    position = np.full(size, -1, dtype=np.intp)
    position[index] = np.arange(index.size)
    blocks: list[Block] = []
    for block in curvature.blocks:
        places = position[block.places]
        whole = (places >= 0).all(axis=1)
        blocks.append(Block(places[whole], block.matrix))
        for row in places[~whole]:
            kept = np.flatnonzero(row >= 0)
            blocks.append(Block(row[kept][np.newaxis], block.matrix[np.ix_(kept, kept)]))
    return Curvature(curvature.diagonal_part[index], tuple(blocks))


class _OnEntries(BoundPenalty):
    """-λ/2 θ² of reported numbers."""

    def __init__(self, strength: float, layout: Layout, entries: list[Entry]) -> None:
        self._strength = strength
        self._entries = entries
        self.penalised = np.zeros(layout.table.n_free, dtype=bool)
        real = [isinstance(entry.parameter.domain, Real) for entry in entries]
        for entry, on_line in zip(entries, real, strict=True):
            self.penalised[entry.span] = on_line
        self.concave = all(real)
        self.floor = strength if self.concave else 0.0

    def terms(self, free: Vector) -> PenaltyTerms:
        """The sum over the entries."""
        gradient, diagonal = np.zeros(free.size), np.zeros(free.size)
        found = [on_free_scale(entry, self._square, free, gradient, diagonal) for entry in self._entries]
        value = sum(value for value, _ in found)
        return PenaltyTerms(value, gradient, without_blocks(diagonal, [block for _, block in found]))

    def _square(self, value: Vector) -> tuple[Vector, Vector, Vector]:
        strength = self._strength
        return -0.5 * strength * value * value, -strength * value, np.full(value.shape, -strength)
