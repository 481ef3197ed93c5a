"""Climbs that end on their way to a limit: they say what they would at its end, and go on where ℓ rises again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.optimize import ascent, independent, limits
from thetahat.optimize.kinks import kinked

LEVELS = (np.arange(40) + 0.5) / 40
ROWS = {
    "uniform": LEVELS,
    "skewed": -np.log1p(-LEVELS),
    "skewed the other way": np.log1p(-LEVELS),
    "nearly normal": th.Normal(mean=0, sd=1).quantile(LEVELS) + 0.01 * LEVELS**2,
    "heavy": th.StudentT(df=2.5, location=0, scale=1).quantile(LEVELS),
}
ON_THE_LINE = (
    "johnson_su",
    "student_t",
    "skew_normal",
    "generalized_normal",
    "exponentially_modified_normal",
)
POSITIVE = ("dagum", "burr_xii", "generalized_gamma", "lomax")


def all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ascent, independent, limits, kinked):
        monkeypatch.setattr(module, "approaches", lambda *_: False)


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("family", [*ON_THE_LINE, *POSITIVE])
def test_what_is_said_is_what_is_said_at_the_end_of_the_way(
    family: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = np.exp(0.3 * ROWS[kind]) if family in POSITIVE else ROWS[kind]
    soon = th.fit(family, y)
    all_the_way(monkeypatch)
    late = th.fit(family, y)
    if late.certificate.verdict == "not_converged":
        # The whole way is longer than searches go.
        assert soon.log_likelihood >= late.log_likelihood - 1e-9
        return
    assert soon.certificate.verdict == late.certificate.verdict
    assert soon.certificate.limit == late.certificate.limit
    assert soon.log_likelihood == pytest.approx(late.log_likelihood, abs=1e-7)
    assert soon.estimates == pytest.approx(late.estimates, rel=1e-4, abs=1e-4, nan_ok=True)


def test_hardly_a_step_is_taken_beside_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    answered = ascent.climb

    def counted(*given: Any, **named: Any) -> Any:
        search = answered(*given, **named)
        steps.append(search.iterations)
        return search

    monkeypatch.setattr(ascent, "climb", counted)
    assert th.fit("johnson_su", ROWS["skewed"]).certificate.verdict == "at_infinity"
    soon = sum(steps)
    steps.clear()
    all_the_way(monkeypatch)
    assert th.fit("johnson_su", ROWS["skewed"]).certificate.verdict == "at_infinity"
    assert soon < 0.5 * sum(steps)
