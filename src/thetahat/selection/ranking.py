"""Fits in the order of a criterion, and those that cannot be ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError, ModelError
from thetahat.fit import Fit
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.selection.criteria import Criterion, differences_of, weights_of

RANKED = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY})
"""Verdicts with estimates whose likelihood is attained."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fit that was ranked.

    ``score`` is the criterion, the smaller the better; ``difference`` is that to the best; ``weight`` is the share of
    the evidence, exp(-difference/2) relative to the sum over all.
    """

    name: str
    fit: Fit
    score: float
    difference: float
    weight: float

    def plain(self) -> dict[str, Any]:
        """The same as plain data."""
        fit = self.fit
        return {
            "name": self.name,
            "dof": fit.dof,
            "log_likelihood": fit.log_likelihood,
            "aic": fit.aic,
            "aicc": fit.aicc,
            "bic": fit.bic,
            "score": self.score,
            "difference": self.difference,
            "weight": self.weight,
            "verdict": fit.certificate.verdict.value,
            "estimates": fit.estimates,
            "standard_errors": fit.standard_errors,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that was tried and cannot be ranked.

    ``fit`` is None where there was an error, which ``reason`` then is.
    """

    name: str
    reason: str
    fit: Fit | None = None

    @property
    def certificate(self) -> Certificate | None:
        """That of the fit, where there is one."""
        return None if self.fit is None else self.fit.certificate

    @property
    def verdict(self) -> str:
        """The verdict, or ``error``."""
        return "error" if self.fit is None else self.fit.certificate.verdict.value

    def plain(self) -> dict[str, Any]:
        """The same as plain data."""
        certificate = self.certificate
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "certificate": None if certificate is None else certificate.plain(),
        }


class Ranked:
    """Fits, the best first: iterable, and indexed by name or by place.

    Immutable. ``best`` is the first one.
    """

    __slots__ = ("_candidates", "_criterion", "_failures")

    _candidates: tuple[Candidate, ...]
    _criterion: Criterion
    _failures: tuple[Failure, ...]

    def __init__(
        self, criterion: Criterion, candidates: Sequence[Candidate], failures: Sequence[Failure]
    ) -> None:
        object.__setattr__(self, "_criterion", criterion)
        object.__setattr__(self, "_candidates", tuple(candidates))
        object.__setattr__(self, "_failures", tuple(failures))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable; {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable; {name!r} cannot be deleted")

    @property
    def criterion(self) -> str:
        """``aic``, ``aicc``, ``bic`` or ``cv``."""
        return self._criterion.name

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What was ranked, best first, with score, difference and weight."""
        return self._candidates

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What was tried and has no maximum, or raised an error, with the reason."""
        return self._failures

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what was ranked, best first."""
        return tuple(candidate.name for candidate in self._candidates)

    @property
    def best(self) -> Fit:
        """The first fit.

        Raises
        ------
        InferenceError
            If none could be ranked.
        """
        if not self._candidates:
            why = "; ".join(f"{failure.name}: {failure.reason}" for failure in self._failures[:5])
            raise InferenceError(f"no model could be ranked. {why}")
        return self._candidates[0].fit

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of evidence by name; they sum to one."""
        return {candidate.name: candidate.weight for candidate in self._candidates}

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[Fit]:
        return (candidate.fit for candidate in self._candidates)

    def __contains__(self, item: object) -> bool:
        return item in self.names if isinstance(item, str) else any(item is fit for fit in self)

    def __getitem__(self, which: str | int) -> Fit:
        if not isinstance(which, str):
            return self._candidates[which].fit
        found = next((candidate.fit for candidate in self._candidates if candidate.name == which), None)
        if found is not None:
            return found
        failed = next((failure for failure in self._failures if failure.name == which), None)
        if failed is not None and failed.fit is not None:
            return failed.fit
        if failed is not None:
            raise ModelError(f"there is no fit of {which}: {failed.reason}")
        raise ModelError(f"there is no fit of {which!r}; there are: {', '.join(self.names)}")


def ranked(fits: Mapping[str, Fit], scores: Mapping[str, float]) -> tuple[Candidate, ...]:
    """Candidates in the order of their scores, an infinite one after all others."""
    names = sorted(fits, key=lambda name: (scores[name], fits[name].aic))
    values = np.array([scores[name] for name in names])
    beside = zip(names, values, differences_of(values), weights_of(values), strict=True)
    return tuple(
        Candidate(name, fits[name], float(score), float(difference), float(weight))
        for name, score, difference, weight in beside
    )


def failure_of(name: str, fit: Fit) -> Failure:
    """Why a fit with this verdict cannot be ranked."""
    certificate = fit.certificate
    reason = certificate.sentence
    if certificate.verdict is Verdict.AT_INFINITY and certificate.limit is not None:
        reason = f"nears {certificate.limit}, which is as likely with fewer parameters. {reason}"
    return Failure(name, reason, fit)
