"""What a report needs to know of a fit, so that it need not know the floor above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from thetahat.data import Source
from thetahat.families import Family
from thetahat.inference.intervals import Intervals
from thetahat.optimize import Certificate
from thetahat.solution import Solution


class Fitted(Protocol):
    """A fit, fresh or loaded."""

    @property
    def solution(self) -> Solution: ...  # noqa: D102 - Fit says what each of these is
    @property
    def estimates(self) -> dict[str, float]: ...  # noqa: D102
    @property
    def standard_errors(self) -> dict[str, float]: ...  # noqa: D102
    @property
    def certificate(self) -> Certificate: ...  # noqa: D102
    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def free_names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def model(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def trace(self) -> tuple[Any, ...]: ...  # noqa: D102
    @property
    def log_likelihood(self) -> float: ...  # noqa: D102
    @property
    def aic(self) -> float: ...  # noqa: D102
    @property
    def aicc(self) -> float: ...  # noqa: D102
    @property
    def bic(self) -> float: ...  # noqa: D102
    @property
    def dof(self) -> int: ...  # noqa: D102
    @property
    def n_rows(self) -> int: ...  # noqa: D102
    @property
    def n_obs(self) -> float: ...  # noqa: D102
    @property
    def distribution(self) -> Family: ...  # noqa: D102
    @property
    def source(self) -> Source | None: ...  # noqa: D102
    @property
    def data_digest(self) -> str: ...  # noqa: D102
    def intervals(self, level: float = ..., method: str = ...) -> Intervals: ...  # noqa: D102
