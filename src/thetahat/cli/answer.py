"""What a command answers: text for people, one JSON object for programs, an exit status for scripts."""

from __future__ import annotations

import sys
from typing import Any

from thetahat._errors import ParameterError
from thetahat.fit import Fit
from thetahat.rendering import finite_data

USABLE = {"maximum", "boundary"}
NOT_USABLE = 3


def checked_level(level: float) -> None:
    """Refuse a confidence level that is none, before anything is read."""
    if not 0 < level < 1:
        raise ParameterError(
            f"--level {level:g}: the confidence level must lie between 0 and 1, such as 0.95"
        )


def status_of(fit: Fit) -> int:
    """0 for a usable maximum, 3 for any other verdict."""
    return 0 if fit.certificate.verdict.value in USABLE else NOT_USABLE


def answer_of(fit: Fit, level: float, interval: str, *, as_json: bool) -> Any:
    """What is to be printed: a summary, or one JSON object as text."""
    if as_json:
        import json

        # Escapes for all that is not ASCII, so that names from a file cannot act on a terminal.
        return json.dumps(plain(fit, level, interval), indent=2, allow_nan=False)
    from thetahat.report.summary import summarise

    return summarise(fit, level, interval)


def tell(answer: Any) -> None:
    """Print an answer on standard output, a summary with colours where that is a terminal."""
    if sys.stdout.isatty() and not isinstance(answer, str):
        from rich.console import Console

        Console().print(answer)
    else:
        sys.stdout.write(f"{answer}\n")


def plain(fit: Fit, level: float, interval: str) -> dict[str, Any]:
    """The fit as plain data; what is no number is None, and ``reasons`` says why, by path."""
    from thetahat.report.intervals import intervals_of, reason_of

    ends, why_none = intervals_of(fit, level, interval)
    certificate = fit.certificate
    facts: dict[str, Any] = {
        "model": dict(fit.model),
        "estimates": fit.estimates,
        "standard_errors": fit.standard_errors,
        "intervals": {name: list(pair) for name, pair in ends.items()},
        "level": level,
        "interval": interval,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "aicc": fit.aicc,
        "bic": fit.bic,
        "n_rows": fit.n_rows,
        "n_obs": fit.n_obs,
        "dof": fit.dof,
        "certificate": certificate.plain(),
    }
    reasons: dict[str, str] = {}

    def why(path: tuple[str, ...]) -> str:
        if path[0] == "intervals" and path[1] in why_none:
            return why_none[path[1]]
        if path[0] in {"estimates", "standard_errors", "intervals"}:
            return reason_of(fit, path[1])
        if path[0] == "aicc" and fit.n_obs <= fit.dof + 1:
            return "there are too few observations for this correction"
        return f"the verdict is {certificate.verdict.value}"

    def note(path: tuple[str, ...], number: float) -> None:
        reasons[".".join(path)] = f"{number}: {why(path)}"

    finite: dict[str, Any] = finite_data(facts, note)
    finite["reasons"] = reasons
    return finite
