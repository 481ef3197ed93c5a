"""One self-contained HTML page about a fit."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import InferenceError, ParameterError
from thetahat.inference.profile import curve
from thetahat.models import DERIVATIVES
from thetahat.models.iid import IndependentModel
from thetahat.rendering import Table, alike, for_html, number, write_whole
from thetahat.report import figures, further_pictures
from thetahat.report.empirical import sample_of
from thetahat.report.facts import label_of
from thetahat.report.fitted_law import law_of
from thetahat.report.plain import criteria_of, error_of, estimate_of, interval_of, sentence_of
from thetahat.report.summary import Summary, summarise

if TYPE_CHECKING:
    from thetahat.likelihood import Likelihood
    from thetahat.report._fitted import Fitted

_STYLE = Path(__file__).with_name("style.css")
_MOST_STEPS = 40
_FEWEST_POINTS = 3
_MOST_PROFILES = 12
_PASSES_OF_A_PROFILE = 250
_PATIENCE = 30.0
"""Seconds that the profiles may be expected to take; beyond them they are left out, and the page says so."""


def write_page(fit: Fitted, path: str | PathLike[str], level: float = 0.95) -> None:
    """Write the page: verdict first, then the numbers, the plots, and where it all comes from.

    A file that is there is replaced only once the page is complete.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_whole(path, page(fit, level))


def page(fit: Fitted, level: float = 0.95) -> str:
    """The page as text. It loads nothing: style and pictures are inside."""
    summary = summarise(fit, level)
    ends, why_none = _profile_intervals(fit, level)
    sections = [
        _verdict(summary),
        _facts(summary),
        _estimates(summary, ends, why_none),
        _data(fit, summary),
        _profiles(fit, summary, ends, why_none),
        _covariance(fit),
        _evidence(fit),
        _search(fit),
        _provenance(fit, summary),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{for_html(summary.title)}: {for_html(_words(summary.verdict))}</title>"
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n"
        f'<p class="kicker">Maximum likelihood report</p><h1>{for_html(summary.title)}</h1>\n'
        + "\n".join(section for section in sections if section)
        + "\n</main></body></html>\n"
    )


# ---- Sections --------------------------------------------------------------------------------------------


def _verdict(summary: Summary) -> str:
    return (
        f'<section class="verdict {for_html(summary.verdict)}"><b>{for_html(_words(summary.verdict))}</b>'
        f"<p>{for_html(sentence_of(summary))}</p></section>"
    )


def _facts(summary: Summary) -> str:
    pairs = [("rows", f"{summary.n_rows:,}")]
    if summary.n_obs != summary.n_rows:
        pairs.append(("observations", f"{summary.n_obs:,.6g}"))
    pairs += [("free parameters", str(summary.dof)), *criteria_of(summary)]
    return f'<dl class="facts">{_pairs(pairs)}</dl>'


def _estimates(summary: Summary, ends: dict[str, tuple[float, float]], why_none: str) -> str:
    percent = f"{100 * summary.level:g} %"
    headings = ["parameter", "estimate", "standard error", f"{percent} Wald"]
    headings += [f"{percent} profile"] if ends else []
    headings += ["digits"]
    headings += [""] if summary.reasons else []
    rows = []
    for fact in summary.parameters:
        row = [fact.name, estimate_of(fact), error_of(fact), interval_of(fact)]
        if ends:
            row.append(_ends(ends.get(fact.name), fact.standard_error))
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
    text = "".join(f'<p class="note">{for_html(note)}</p>' for note in notes)
    return f'<section><h2>Estimates</h2><div class="scroll">{table}</div>{text}</section>'


def _data(fit: Fitted, summary: Summary) -> str:
    def without(reason: str) -> str:
        return f"<section>{heading}{_note(reason)}</section>"

    heading = "<h2>Data and fit</h2>"
    likelihood = fit.solution.likelihood
    if likelihood is None:
        return without("This fit was loaded from a file, which holds no data to draw.")
    if not isinstance(likelihood.model, IndependentModel):
        return without("A density of one’s own has no distribution function to draw.")
    try:
        distribution = fit.distribution
        sample = sample_of(likelihood, fit.n_rows, likelihood.model.unit)
        law = law_of(distribution, sample.rows)
    except (InferenceError, ParameterError):
        return without(f"There is no fitted distribution to draw: the verdict is {_words(summary.verdict)}.")
    if sample.why_none is not None:
        return without(sample.why_none)
    empirical = sample.empirical()
    levels = fit.model.get("levels")
    labels = None if levels is None else [str(level) for level in levels]
    pictures = []
    if sample.censored or sample.entered:
        given = " Both are given that the value exceeds the lowest entry." if sample.entered else ""
        if empirical.points.size:
            pictures.append(
                _figure(
                    "Distribution function",
                    figures.distribution_plot(empirical, law, summary.response),
                    f"Grey: the {empirical.method} estimate, which knows of no family and takes censored "
                    f"rows for what they are. Blue: the fitted distribution.{given}",
                    wide=True,
                )
            )
    else:
        pictures.append(
            _figure(
                "Data under the fit",
                figures.density_plot(sample, law, labels, summary.response),
                "",
                wide=True,
            )
        )
    if labels is None and empirical.points.size and not (sample.censored or sample.entered):
        if law.family.support.discrete:
            pictures.append(
                _figure(
                    "Hanging rootogram",
                    further_pictures.rootogram(sample, law, summary.response),
                    "Bars hang from the fitted counts and should end at 0, between the dashed lines; on the scale of "
                    "roots rare counts show as well as frequent ones.",
                )
            )
        pictures.append(
            _figure(
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
                _figure(
                    "Q-Q plot",
                    figures.quantile_plot(empirical, law, fit.n_obs, summary.level),
                    f"Straight where the family fits; the ends show the tails.{shaded}",
                )
            )
        pictures.append(
            _figure(
                "P-P plot",
                figures.probability_plot(empirical, law, fit.n_obs, summary.level),
                f"The same on the scale of probability, where the middle shows.{shaded}",
            )
        )
    drawn = sample.rows.y.size + sample.rows.low.size
    some = "" if sample.complete else _note(f"Drawn from {drawn:,} evenly spaced rows of {fit.n_rows:,}.")
    return f'<section>{heading}<div class="plots">{"".join(pictures)}</div>{some}</section>'


def _profiles(fit: Fitted, summary: Summary, ends: dict[str, tuple[float, float]], why_none: str) -> str:
    heading = "<h2>Profile likelihood</h2>"
    if not ends:
        return f"<section>{heading}{_note(f'Not drawn: {why_none}.')}</section>" if why_none else ""
    pictures = []
    for name in fit.free_names[:_MOST_PROFILES]:
        label = label_of(name, fit.model)
        profile = curve(fit.solution, name)
        low, high = ends[label]
        shown = " to ".join(alike([low, high], (high - low) / 4))
        pictures.append(
            _figure(
                label,
                figures.profile_plot(profile, (low, high), summary.level, label),
                f"{100 * summary.level:g} % interval: {shown}",
            )
        )
    more = len(fit.free_names) - _MOST_PROFILES
    rest = _note(f"The first {_MOST_PROFILES} parameters; {more} more are not drawn.") if more > 0 else ""
    how = _note(
        "Each curve holds one parameter at a value and maximises over the others. The interval is where "
        "the log-likelihood stays above the dashed line; where a curve leans, a symmetric interval is wrong."
    )
    return f'<section>{heading}{how}<div class="plots">{"".join(pictures)}</div>{rest}</section>'


def _covariance(fit: Fitted) -> str:
    names = [label_of(name, fit.model) for name in fit.free_names]
    if not names or not fit.certificate.allows_standard_errors:
        return ""
    matrix = fit.solution.natural_covariance(fit.solution.free_covariance())
    with np.errstate(all="ignore"):
        roots = np.sqrt(np.diag(matrix))
        correlation = matrix / np.outer(roots, roots)
    parts = [_matrix("Covariance", names, matrix, 5)]
    if len(names) > 1:
        parts.append(_matrix("Correlation", names, correlation, 3))
    what = _note("Inverse of the observed information, on the parameters’ own scale.")
    heading = "<h2>Covariance of the estimates</h2>"
    return f'<section>{heading}<div class="side">{"".join(parts)}</div>{what}</section>'


def _matrix(title: str, names: list[str], matrix: Any, digits: int) -> str:
    rows = tuple(
        (name, *(number(value, digits) for value in row))
        for name, row in zip(names, matrix.tolist(), strict=True)
    )
    return f'<div class="scroll">{Table(("", *names), rows).html(title)}</div>'


def _evidence(fit: Fitted) -> str:
    certificate = fit.certificate
    exists = {True: "yes", False: "no", None: "not known"}[certificate.exists]
    pairs = [
        ("a maximum exists", exists),
        ("scope", certificate.scope + (f" ({certificate.theorem})" if certificate.theorem else "")),
        ("supremum of the log-likelihood", number(certificate.supremum, 10)),
        ("limiting model", certificate.limit or ""),
        ("region", certificate.region or ""),
        ("still to be gained", _nats(certificate.newton_decrement)),
        ("change of curvature over the last step", number(certificate.curvature_change, 2)),
        ("condition number of the scaled information", number(certificate.condition_number, 3)),
        ("its smallest eigenvalue", number(certificate.smallest_eigenvalue, 3)),
    ]
    if certificate.direction is not None:
        parts = (f"{name} {number(part, 3)}" for name, part in certificate.direction.items())
        pairs.append(("direction on the free scale", ", ".join(parts)))
    shown = _pairs([(name, text) for name, text in pairs if text])
    return f'<section><h2>Evidence for the verdict</h2><dl class="lines">{shown}</dl></section>'


def _search(fit: Fitted) -> str:
    heading = "<h2>How the optimiser got there</h2>"
    if fit.solution.likelihood is None:
        return f"<section>{heading}{_note('A saved fit keeps no record of the steps.')}</section>"
    if not fit.trace:
        return (
            f"<section>{heading}{_note('No step was needed: sums over the rows give the answer.')}</section>"
        )
    steps = fit.trace[-_MOST_STEPS:]
    rows = tuple(
        (
            str(step.iteration),
            f"{step.log_likelihood:.8f}",
            _nats(step.newton_decrement, ""),
            number(step.step, 3),
            step.method,
        )
        for step in steps
    )
    headings = ("step", "log-likelihood", "predicted gain", "length", "method")
    table = Table(headings, rows).html()
    left_out = len(fit.trace) - len(steps)
    note = _note(f"{left_out} earlier steps are left out.") if left_out else ""
    return f'<section>{heading}<div class="scroll">{table}</div>{note}</section>'


def _provenance(fit: Fitted, summary: Summary) -> str:
    from thetahat.report.versions import versions

    model = fit.model
    pairs = [
        ("data", summary.data or "not kept with a saved fit"),
        ("response", str(model.get("response", ""))),
        ("weights", summary.weights),
        ("known", ", ".join(f"{name} = {value}" for name, value in dict(model.get("known") or {}).items())),
        ("fixed", ", ".join(f"{name} = {value}" for name, value in dict(model.get("fixed") or {}).items())),
    ]
    lines = _pairs([(name, text) for name, text in pairs if text])
    digest = f"<div><dt>SHA-256 of the values</dt><dd><code>{for_html(fit.data_digest)}</code></dd></div>"
    return (
        f'<section><h2>Where this comes from</h2><dl class="lines">{lines}{digest}</dl></section>'
        f"<footer>{for_html(versions())}</footer>"
    )


# ---- Parts -----------------------------------------------------------------------------------------------


def _profile_intervals(fit: Fitted, level: float) -> tuple[dict[str, tuple[float, float]], str]:
    """Profile intervals by label, or why there are none."""
    likelihood = fit.solution.likelihood
    if likelihood is None:
        return {}, "they need the data, which a saved fit does not hold"
    if not fit.free_names:
        return {}, "every parameter is fixed"
    if fit.solution.too_many:
        return {}, "there are too many coefficients"
    expected = _seconds_of_a_pass(fit, likelihood) * _PASSES_OF_A_PROFILE * len(fit.free_names)
    if expected > _PATIENCE:
        return {}, (
            f"over {fit.n_rows:,} rows they would take about {expected / 60:.0f} minutes; "
            'fit.intervals(method="profile") computes them'
        )
    try:
        found = fit.intervals(level, "profile")
    except InferenceError as error:
        return {}, str(error).rstrip(".")
    return {label_of(name, fit.model): ends for name, ends in found.items()}, ""


def _seconds_of_a_pass(fit: Fitted, likelihood: Likelihood) -> float:
    begun = perf_counter()
    likelihood.tally(np.nan_to_num(fit.solution.point, posinf=30.0, neginf=-30.0), DERIVATIVES)
    return perf_counter() - begun


def _ends(ends: tuple[float, float] | None, error: float) -> str:
    if ends is None or np.isnan(ends).all():
        return "—"
    width = error if np.isfinite(error) else (ends[1] - ends[0]) / 4
    return " to ".join(alike(ends, width))


def _nats(value: float, unit: str = " nats") -> str:
    return "—" if np.isnan(value) else f"{number(value, 2)}{unit}"


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{for_html(name)}</dt><dd>{for_html(text)}</dd></div>" for name, text in pairs)


def _note(text: str) -> str:
    return f'<p class="note">{for_html(text)}</p>'


def _figure(title: str, svg: str, caption: str, *, wide: bool = False) -> str:
    told = f"<figcaption>{for_html(caption)}</figcaption>" if caption else ""
    return f"<figure{' class=wide' * wide}><h3>{for_html(title)}</h3>{svg}{told}</figure>"
