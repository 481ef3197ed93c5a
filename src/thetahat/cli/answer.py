"""What a command answers: text for people, one JSON object for programs, an exit status for scripts."""

from __future__ import annotations

import sys
from typing import Any

from thetahat._errors import ParameterError
from thetahat.fit import Fit
from thetahat.rendering import finite_data
from thetahat.report.coefficients import coefficients_of, wald_test
from thetahat.report.intervals import Uncertainty, reason_of, spreads_of

USABLE = {"maximum", "boundary"}
NOT_USABLE = 3
OBSERVED = Uncertainty()
"""What uncertainty is made from where nothing else is asked for."""


def checked_level(level: float) -> None:
    """Refuse a confidence level that is none, before anything is read."""
    if not 0 < level < 1:
        raise ParameterError(
            f"--level {level:g}: the confidence level must lie between 0 and 1, such as 0.95"
        )


def status_of(fit: Fit) -> int:
    """0 for a usable maximum, 3 for any other verdict."""
    return 0 if fit.certificate.verdict.value in USABLE else NOT_USABLE


def answer_of(fit: Fit, level: float, uncertainty: Uncertainty = OBSERVED, *, as_json: bool) -> Any:
    """What is to be printed: a summary, or one JSON object as text."""
    if as_json:
        import json

        # Escapes for all that is not ASCII, so that names from a file cannot act on a terminal.
        return json.dumps(plain(fit, level, uncertainty), indent=2, allow_nan=False)
    from thetahat.report.summary import summarise

    return summarise(fit, level, uncertainty)


def tell(answer: Any) -> None:
    """Print an answer on standard output, a summary with colours where that is a terminal."""
    if sys.stdout.isatty() and not isinstance(answer, str):
        from rich.console import Console

        Console().print(answer)
    else:
        sys.stdout.write(f"{answer}\n")


def plain(fit: Fit, level: float, uncertainty: Uncertainty = OBSERVED) -> dict[str, Any]:
    """The fit as plain data; what is no number is None, and ``reasons`` says why, by path."""
    spreads = spreads_of(fit, level, uncertainty)
    errors, ends = spreads.errors, spreads.ends
    coefficients = () if "penalty" in fit.model else coefficients_of(fit.model, fit.names)
    tests = {name: wald_test(fit.estimates[name], errors[name]) for name in coefficients}
    certificate = fit.certificate
    facts: dict[str, Any] = {
        "model": dict(fit.model),
        "estimates": fit.estimates,
        "standard_errors": dict(errors),
        "intervals": {name: list(pair) for name, pair in ends.items()},
        "level": level,
        "interval": uncertainty.interval,
        "covariance": uncertainty.covariance,
        "cluster": uncertainty.cluster,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "aicc": fit.aicc,
        "bic": fit.bic,
        "n_rows": fit.n_rows,
        "n_obs": fit.n_obs,
        "dof": fit.dof,
        "certificate": certificate.plain(),
    }
    if tests:
        facts["z"] = {name: z for name, (z, _) in tests.items()}
        facts["p_values"] = {name: p for name, (_, p) in tests.items()}
    reasons: dict[str, str] = {}

    def why(path: tuple[str, ...]) -> str:
        if path[0] == "intervals" and path[1] in spreads.why:
            return spreads.why[path[1]]
        if path[0] in {"estimates", "standard_errors", "intervals", "z", "p_values"}:
            return reason_of(fit, path[1], errors[path[1]])
        if path[0] == "aicc" and fit.n_obs <= fit.dof + 1:
            return "there are too few observations for this correction"
        return f"the verdict is {certificate.verdict.value}"

    def note(path: tuple[str, ...], number: float) -> None:
        reasons[".".join(path)] = f"{number}: {why(path)}"

    finite: dict[str, Any] = finite_data(facts, note)
    finite["reasons"] = reasons
    return finite
