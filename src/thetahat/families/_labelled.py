"""Families of labels: their codes, and what is said of labels that have none."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, ParameterError
from thetahat.families._family import Family
from thetahat.families._terms import Array
from thetahat.numerics.namespace import namespace

_SHOWN = 8


class LabelledFamily(Family):
    """A family whose rows are labels; ``levels`` are those of its codes 0, 1, ..., or None as long as unknown.

    A leaf sets ``levels`` and ``_codes``, made by ``labels_of`` and ``codes_of``, before it calls the contract's
    ``__init__``.
    """

    labelled: ClassVar[bool] = True
    levels: tuple[Any, ...] | None
    _codes: Mapping[Any, int]

    @abstractmethod
    def with_levels(self, levels: Sequence[Any] | NDArray[Any]) -> Self:
        """Return the same family with labels for its codes."""

    @property
    @abstractmethod
    def n_levels(self) -> int:
        """How many labels there are.

        Raises
        ------
        ParameterError
            If the family does not know yet.
        """

    def encode(self, y: Any) -> Any:
        """Turn labels into codes; without levels, codes are taken as they are.

        Raises
        ------
        DataError
            If a label is none of the levels, or there are labels and no levels.
        """
        if namespace(y).is_jax:
            return y
        labels = np.asarray(y)
        name = type(self).__name__
        if self.levels is None:
            if labels.dtype.kind not in "biuf":
                raise DataError(
                    f"{name}() takes codes 0, 1, ... as long as it has no levels, and got "
                    f"{_shortened(labels.ravel()[:1].tolist())}; give levels=[...]"
                )
            return labels.astype(float)
        found_codes = _found(labels, self.levels)
        if found_codes is not None:
            return found_codes
        codes = [self._codes.get(label, _code_of_absent(label)) for label in labels.ravel().tolist()]
        array = np.array(codes, dtype=float).reshape(labels.shape)
        unseen = np.flatnonzero(np.ravel(array) < 0)
        if unseen.size:
            found = list(dict.fromkeys(labels.ravel()[unseen[:1000]].tolist()))
            raise DataError(
                f"no level of {name}: {_shortened(found)}; its levels are: {_shortened(self.levels)}"
            )
        return array

    def decode(self, y: Array) -> Array:
        """Turn codes into labels where there are levels."""
        if self.levels is None:
            return y
        labels = np.asarray(self.levels)
        if labels.tolist() != list(self.levels):
            labels = np.empty(len(self.levels), dtype=object)
            labels[:] = self.levels
        return np.asarray(labels[np.asarray(y).astype(np.intp)])

    def numbers(self) -> Array:
        """The codes, or levels that are numbers; nan for other labels."""
        if self.levels is None:
            return np.arange(float(self.n_levels))
        labels = np.asarray(self.levels)
        return labels.astype(float) if labels.dtype.kind in "biuf" else np.full(labels.shape, np.nan)


def labels_of(name: str, levels: Sequence[Any] | NDArray[Any]) -> tuple[Any, ...]:
    """Distinct labels as plain values, or an error that names the family."""
    labels = tuple(np.asarray(levels).tolist()) if isinstance(levels, np.ndarray) else tuple(levels)
    labels = tuple(label.item() if isinstance(label, np.generic) else label for label in labels)
    repeated = [label for label, count in Counter(labels).items() if count > 1]
    if not labels or repeated:
        problem = f"{repeated[0]!r} occurs more than once" if repeated else "there are none"
        raise ParameterError(
            f"{name}(levels={_shortened(labels)}): levels must be distinct labels; {problem}"
        )
    return labels


def codes_of(levels: tuple[Any, ...] | None) -> dict[Any, int]:
    """The code of each label."""
    return {label: code for code, label in enumerate(levels or ())}


def _found(labels: Array, levels: Sequence[Any]) -> Array | None:
    """The codes of labels by bisection; None where some are no levels, or the two are not of one kind."""
    known = np.asarray(levels)
    numbers = labels.dtype.kind in "biu" and known.dtype.kind in "biu"
    if not numbers and not (labels.dtype.kind == known.dtype.kind == "U"):
        return None
    if labels.shape == known.shape and (labels == known).all():
        return np.arange(float(known.size))
    order = np.argsort(known)
    places = np.searchsorted(known[order], labels).clip(max=known.size - 1)
    codes = order[places]
    return codes.astype(float) if (known[codes] == labels).all() else None


def _code_of_absent(label: Any) -> float:
    """NaN stays NaN; anything else is marked as unseen."""
    return np.nan if isinstance(label, float) and np.isnan(label) else -1.0


def _shortened(labels: Sequence[Any]) -> str:
    shown = ", ".join(repr(label) for label in labels[:_SHOWN])
    return shown if len(labels) <= _SHOWN else f"{shown}, ... ({len(labels)} in all)"
