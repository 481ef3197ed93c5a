"""Profile likelihoods for a page, as long as they do not take too long."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.engines import single_blas
from thetahat.inference.curve import Profile
from thetahat.inference.profile import curve
from thetahat.models import DERIVATIVES
from thetahat.rendering import alike
from thetahat.report import figures
from thetahat.report.elements import figure, note
from thetahat.report.facts import label_of
from thetahat.report.summary import Summary

if TYPE_CHECKING:
    from thetahat.likelihood import Likelihood
    from thetahat.report._fitted import Fitted

MOST_PROFILES = 12
_PASSES_OF_A_PROFILE = 250
_LONGER = 3
"""How much longer a profile is looked for beside parameters at an edge or at infinity."""
PATIENCE = 30.0
"""Seconds that the profiles may be expected to take; beyond them they are left out, and the page says so."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profile curves by parameter and their intervals by label, or why there are none."""

    curves: dict[str, Profile]
    ends: dict[str, tuple[float, float]]
    why_none: str = ""


def profiles_of(
    fit: Fitted, level: float, names: Sequence[str], passes: int = _PASSES_OF_A_PROFILE, *, whole: bool = True
) -> Profiles:
    """Profile intervals of some parameters, if they can be had and do not take too long.

    Parameters
    ----------
    fit, level
        What is profiled, and the confidence level of its intervals.
    names
        The parameters.
    passes
        Sums over the rows that one profile is expected to take.
    whole
        Whether all are to be had or none; else as many as there is time for.
    """
    likelihood = fit.solution.likelihood
    if likelihood is None:
        return Profiles({}, {}, "they need the data, which a saved fit does not hold")
    if not names:
        return Profiles({}, {}, "every parameter is fixed")
    if fit.solution.too_many:
        return Profiles({}, {}, "there are too many coefficients")
    if fit.certificate.verdict.value != "maximum":
        passes *= _LONGER
    each = seconds_of_a_pass(fit, likelihood) * passes
    affordable = names[: int(PATIENCE / each)]
    if not affordable or (whole and len(affordable) < len(names)):
        expected = each * len(names)
        return Profiles(
            {},
            {},
            f"over {fit.n_rows:,} rows they would take about {expected / 60:.0f} minutes; "
            'fit.intervals(method="profile") computes them',
        )
    curves: dict[str, Profile] = {}
    ends: dict[str, tuple[float, float]] = {}
    why = ""
    begun = perf_counter()
    # Matrices are small here, and BLAS's threads would wait for each other longer than they work.
    with single_blas:
        for name in affordable:
            if curves and not whole and perf_counter() - begun > PATIENCE:
                break
            try:
                found = fit.intervals(level, "profile", name)[name]
                ends[label_of(name, fit.model)] = found
                if not np.isnan(found).all():
                    curves[name] = curve(fit.solution, name)
            except InferenceError as error:
                why = str(error).rstrip(".")
    return Profiles(curves, ends, why)


def profiles_section(fit: Fitted, summary: Summary, profiles: Profiles) -> str:
    """The curves, and what they tell."""
    heading = "<h2>Profile likelihood</h2>"
    if not profiles.curves:
        why = profiles.why_none
        return f"<section>{heading}{note(f'Not drawn: {why}.')}</section>" if why else ""
    pictures = []
    for name, profile in profiles.curves.items():
        label = label_of(name, fit.model)
        low, high = profiles.ends[label]
        shown = " to ".join(alike([low, high], (high - low) / 4))
        pictures.append(
            figure(
                label,
                figures.profile_plot(profile, (low, high), summary.level, label),
                f"{100 * summary.level:g} % interval: {shown}",
            )
        )
    more = len(fit.free_names) - len(profiles.curves)
    rest = note(f"{len(profiles.curves)} parameters; {more:,} more are not drawn.") if more > 0 else ""
    how = note(
        "Each curve holds one parameter at a value and maximises over the others. The interval is where "
        "the log-likelihood stays above the dashed line; where a curve leans, a symmetric interval is wrong."
    )
    return f'<section>{heading}{how}<div class="plots">{"".join(pictures)}</div>{rest}</section>'


def seconds_of_a_pass(fit: Fitted, likelihood: Likelihood) -> float:
    """How long one sum over the rows takes, with its derivatives."""
    begun = perf_counter()
    likelihood.tally(np.nan_to_num(fit.solution.point, posinf=30.0, neginf=-30.0), DERIVATIVES)
    return perf_counter() - begun


def shown_ends(ends: tuple[float, float] | None, error: float) -> str:
    """Both ends of an interval, to the precision that its width leaves."""
    if ends is None or np.isnan(ends).all():
        return "—"
    width = error if np.isfinite(error) else (ends[1] - ends[0]) / 4
    return " to ".join(alike(ends, width))
