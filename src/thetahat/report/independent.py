"""The sections of a fit without predictors: its estimates, and the data under the fitted distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thetahat._errors import InferenceError, ParameterError
from thetahat.families import Family
from thetahat.models._multivariate_model import MultivariateModel
from thetahat.models.iid import IndependentModel
from thetahat.rendering import Table
from thetahat.report import figures, further_pictures
from thetahat.report.elements import figure, note, words
from thetahat.report.empirical import Empirical, Sample, sample_of
from thetahat.report.fitted_law import FittedLaw, law_of
from thetahat.report.plain import error_of, estimate_of, interval_of
from thetahat.report.profiles import Profiles, shown_ends
from thetahat.report.summary import Summary

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_FEWEST_POINTS = 3


def estimates(summary: Summary, profiles: Profiles) -> str:
    """The table of estimates."""
    ends, why_none = profiles.ends, profiles.why_none
    percent = f"{100 * summary.level:g} %"
    headings = ["parameter", "estimate", "standard error", f"{percent} Wald"]
    headings += [f"{percent} profile"] if ends else []
    headings += ["digits"]
    headings += [""] if summary.reasons else []
    rows = []
    for fact in summary.parameters:
        row = [fact.name, estimate_of(fact), error_of(fact), interval_of(fact)]
        if ends:
            row.append(shown_ends(ends.get(fact.name), fact.standard_error))
        row.append("—" if np.isnan(fact.digits) else f"{fact.digits:.0f}")
        row += [fact.reason] if summary.reasons else []
        rows.append(tuple(row))
    table = Table(tuple(headings), tuple(rows)).html().replace("<table", '<table class="estimates"', 1)
    notes = [
        "Digits: how many of the estimate’s are settled numerically, for these data in double precision."
    ]
    if summary.allows_standard_errors:
        notes.insert(0, summary.interval)
    if not ends and why_none:
        notes.append(f"No profile intervals: {why_none}.")
    text = "".join(map(note, notes))
    return f'<section><h2>Estimates</h2><div class="scroll">{table}</div>{text}</section>'


def data_and_fit(fit: Fitted, summary: Summary) -> str:
    """The rows beside the fitted distribution."""

    def without(reason: str) -> str:
        return f"<section>{heading}{note(reason)}</section>"

    heading = "<h2>Data and fit</h2>"
    likelihood = fit.solution.likelihood
    if likelihood is None:
        return without("This fit was loaded from a file, which holds no data to draw.")
    if isinstance(likelihood.model, MultivariateModel):
        return without("Rows are vectors, whose distribution no curve over one axis shows.")
    if not isinstance(likelihood.model, IndependentModel):
        return without("A density of one’s own has no distribution function to draw.")
    try:
        distribution = fit.distribution
        sample = sample_of(likelihood, fit.n_rows, likelihood.model.unit)
        law = law_of(distribution, sample.rows) if isinstance(distribution, Family) else None
    except (InferenceError, ParameterError):
        return without(f"There is no fitted distribution to draw: the verdict is {words(summary.verdict)}.")
    if law is None or sample.why_none is not None:
        return without(sample.why_none or "")
    empirical = sample.empirical()
    levels = fit.model.get("levels")
    labels = None if levels is None else [str(level) for level in levels]
    pictures = []
    if sample.censored or sample.entered:
        given = " Both are given that the value exceeds the lowest entry." if sample.entered else ""
        if empirical.points.size:
            pictures += _estimated(sample, empirical, law, summary.response)
            pictures.append(
                figure(
                    "Distribution function",
                    figures.distribution_plot(empirical, law, summary.response),
                    f"Grey: the {empirical.method} estimate, which knows of no family and takes censored "
                    f"rows for what they are. Blue: the fitted distribution.{given}",
                    wide=True,
                )
            )
    else:
        pictures.append(
            figure(
                "Data under the fit",
                figures.density_plot(sample, law, labels, summary.response),
                "",
                wide=True,
            )
        )
    if labels is None and empirical.points.size and not (sample.censored or sample.entered):
        if law.family.support.discrete:
            pictures.append(
                figure(
                    "Hanging rootogram",
                    further_pictures.rootogram(sample, law, summary.response),
                    "Bars hang from the fitted counts and should end at 0, between the dashed lines; on the scale of "
                    "roots rare counts show as well as frequent ones.",
                )
            )
        pictures.append(
            figure(
                "Distribution function",
                further_pictures.cumulative_plot(empirical, law, summary.response),
                "The share of rows up to each value, beside the fitted probability.",
                wide=not law.family.support.discrete,
            )
        )
    if labels is None and empirical.points.size >= _FEWEST_POINTS:
        percent = f"{100 * summary.level:g} %"
        band = f" Shaded: where {percent} of points would fall, each by itself, if the fit were true."
        shaded = band if empirical.method == "proportions" and not law.family.support.discrete else ""
        if law.single:
            pictures.append(
                figure(
                    "Q-Q plot",
                    figures.quantile_plot(empirical, law, fit.n_obs, summary.level),
                    f"Straight where the family fits; the ends show the tails.{shaded}",
                )
            )
        pictures.append(
            figure(
                "P-P plot",
                figures.probability_plot(empirical, law, fit.n_obs, summary.level),
                f"The same on the scale of probability, where the middle shows.{shaded}",
            )
        )
    drawn = sample.rows.y.size + sample.rows.low.size
    some = "" if sample.complete else note(f"Drawn from {drawn:,} evenly spaced rows of {fit.n_rows:,}.")
    return f'<section>{heading}<div class="plots">{"".join(pictures)}</div>{some}</section>'


def _estimated(sample: Sample, empirical: Empirical, law: FittedLaw, column: str) -> list[str]:
    """The density or the rootogram of censored rows, from their nonparametric estimate."""
    if not law.family.support.discrete:
        if empirical.points.size < _FEWEST_POINTS:
            return []
        return [
            figure(
                "Density",
                further_pictures.estimated_density(sample, empirical, law, column),
                f"Bars: the {empirical.method} estimate, spread evenly over intervals; what has no place in it, "
                "below or beyond all values, is not drawn.",
                wide=True,
            )
        ]
    if not empirical.on_whole_numbers:
        return []
    return [
        figure(
            "Hanging rootogram",
            further_pictures.rootogram(sample, law, column, empirical),
            f"Bars, the {empirical.method} estimate’s counts, hang from the fitted ones and should end at 0, between "
            "the dashed lines.",
        )
    ]
