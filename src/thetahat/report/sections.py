"""The sections that the pages of all fits have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thetahat.rendering import Table, alike, for_html, number
from thetahat.report.elements import nats, note, pairs, words
from thetahat.report.facts import label_of
from thetahat.report.plain import criteria_of, sentence_of
from thetahat.report.summary import Summary

if TYPE_CHECKING:
    from thetahat.report._fitted import Fitted

_MOST_STEPS = 40
_MOST_COVARIANCES = 16
"""Parameters whose covariances can be read on a page."""


def verdict(summary: Summary) -> str:
    """What was found, first of all."""
    return (
        f'<section class="verdict {for_html(summary.verdict)}"><b>{for_html(words(summary.verdict))}</b>'
        f"<p>{for_html(sentence_of(summary))}</p></section>"
    )


def figures_of_merit(summary: Summary, more: list[tuple[str, str]]) -> str:
    """Counts, the log-likelihood and the criteria made of it, and what else there is."""
    items = [("rows", f"{summary.n_rows:,}")]
    if summary.n_obs != summary.n_rows:
        items.append(("observations", f"{summary.n_obs:,.6g}"))
    items += [("free parameters", str(summary.dof)), *criteria_of(summary), *more]
    return f'<dl class="facts">{pairs(items)}</dl>'


def covariance(fit: Fitted) -> str:
    """Covariances and correlations of the estimates."""
    names = [label_of(name, fit.model) for name in fit.free_names]
    if not names or not fit.certificate.allows_standard_errors:
        return ""
    heading = "<h2>Covariance of the estimates</h2>"
    if len(names) > _MOST_COVARIANCES:
        told = f"Not printed for {len(names):,} parameters; fit.covariance() has it."
        return f"<section>{heading}{note(told)}</section>"
    matrix = fit.solution.natural_covariance(fit.solution.free_covariance())
    with np.errstate(all="ignore"):
        roots = np.sqrt(np.diag(matrix))
        correlation = matrix / np.outer(roots, roots)
    parts = [_matrix("Covariance", names, [[number(value, 5) for value in row] for row in matrix.tolist()])]
    if len(names) > 1:
        # To three decimals, so that they compare at sight.
        parts.append(_matrix("Correlation", names, [alike(row, 0.1) for row in correlation.tolist()]))
    what = note("Inverse of the observed information, on the parameters’ own scale.")
    return f'<section>{heading}<div class="side">{"".join(parts)}</div>{what}</section>'


def _matrix(title: str, names: list[str], texts: list[list[str]]) -> str:
    rows = tuple((name, *row) for name, row in zip(names, texts, strict=True))
    return f'<div class="scroll">{Table(("", *names), rows).html(title)}</div>'


def evidence(fit: Fitted) -> str:
    """The numbers behind the verdict."""
    certificate = fit.certificate
    exists = {True: "yes", False: "no", None: "not known"}[certificate.exists]
    items = [
        ("a maximum exists", exists),
        ("scope", certificate.scope + (f" ({certificate.theorem})" if certificate.theorem else "")),
        ("supremum of the log-likelihood", number(certificate.supremum, 10)),
        ("limiting model", certificate.limit or ""),
        ("region", certificate.region or ""),
        ("still to be gained", nats(certificate.newton_decrement)),
        ("change of curvature over the last step", number(certificate.curvature_change, 2)),
        ("condition number of the scaled information", number(certificate.condition_number, 3)),
        ("its smallest eigenvalue", number(certificate.smallest_eigenvalue, 3)),
    ]
    if certificate.direction is not None:
        parts = [f"{name} {number(part, 3)}" for name, part in certificate.direction.items()]
        more = len(parts) - _MOST_COVARIANCES
        told = [*parts[:_MOST_COVARIANCES], *([f"and {more:,} more"] if more > 0 else [])]
        items.append(("direction on the free scale", ", ".join(told)))
    shown = pairs([(name, text) for name, text in items if text])
    return f'<section><h2>Evidence for the verdict</h2><dl class="lines">{shown}</dl></section>'


def search(fit: Fitted) -> str:
    """The optimiser's last steps."""
    heading = "<h2>How the optimiser got there</h2>"
    if fit.solution.likelihood is None:
        return f"<section>{heading}{note('A saved fit keeps no record of the steps.')}</section>"
    if not fit.trace:
        return (
            f"<section>{heading}{note('No step was needed: sums over the rows give the answer.')}</section>"
        )
    steps = fit.trace[-_MOST_STEPS:]
    rows = tuple(
        (
            str(step.iteration),
            f"{step.log_likelihood:.8f}",
            nats(step.newton_decrement, ""),
            number(step.step, 3),
            step.method,
        )
        for step in steps
    )
    headings = ("step", "log-likelihood", "predicted gain", "length", "method")
    table = Table(headings, rows).html()
    left_out = len(fit.trace) - len(steps)
    earlier = note(f"{left_out} earlier steps are left out.") if left_out else ""
    return f'<section>{heading}<div class="scroll">{table}</div>{earlier}</section>'


def provenance(fit: Fitted, summary: Summary) -> str:
    """Data, options and versions."""
    from thetahat.report.versions import versions

    model = fit.model
    items = [
        ("data", summary.data or "not kept with a saved fit"),
        ("response", str(model.get("response", ""))),
        *((f"formula of {name}", text) for name, text in dict(model.get("formulas") or {}).items()),
        ("links", ", ".join(f"{name}: {link}" for name, link in dict(model.get("links") or {}).items())),
        ("weights", summary.weights),
        ("known", ", ".join(f"{name} = {value}" for name, value in dict(model.get("known") or {}).items())),
        ("fixed", ", ".join(f"{name} = {value}" for name, value in dict(model.get("fixed") or {}).items())),
    ]
    lines = pairs([(name, text) for name, text in items if text])
    digest = f"<div><dt>SHA-256 of the values</dt><dd><code>{for_html(fit.data_digest)}</code></dd></div>"
    return (
        f'<section><h2>Where this comes from</h2><dl class="lines">{lines}{digest}</dl></section>'
        f"<footer>{for_html(versions())}</footer>"
    )
