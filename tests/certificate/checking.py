"""What holds of every certificate of a verdict, and the families that most verdicts are tried with."""

from __future__ import annotations

import numpy as np

import thetahat as th

CONTINUOUS = (
    th.Normal,
    th.LogNormal,
    th.Logistic,
    th.StudentT,
    th.GEV,
    th.Gamma,
    th.Weibull,
    th.Beta,
)
POINTS = np.array([0.2, 0.3, 0.7])
"""Inside the support of every continuous family."""


def in_good_english(sentence: str) -> bool:
    return sentence[0].isupper() and sentence.endswith(".") and ".." not in sentence.replace("...", "")


def check(fit: th.Fit, verdict: str, *, exists: bool | None, parameters: tuple[str, ...]) -> th.Certificate:
    """What holds of any certificate of this verdict."""
    certificate = fit.certificate
    assert certificate.verdict == verdict, certificate
    assert certificate.exists is exists
    assert certificate.parameters == parameters
    assert in_good_english(certificate.sentence)
    assert list(certificate.status) == list(certificate.digits) == list(fit.estimates)
    errors = np.array(list(fit.standard_errors.values()))
    assert not (errors == 0).any()
    assert certificate.allows_standard_errors == bool(np.isfinite(errors).any())
    for name in parameters:
        assert np.isnan(fit.standard_errors[name])
        assert certificate.status[name] not in {"regular", "fixed"}
    if verdict != "maximum":
        assert np.isnan(list(certificate.digits.values())).all()
    if verdict == "unbounded":
        assert certificate.supremum == np.inf
    elif exists is not None:
        assert certificate.supremum == fit.log_likelihood
    return certificate
