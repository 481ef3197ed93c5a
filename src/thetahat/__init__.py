"""thetahat: maximum likelihood estimation, whole and honest."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_FAMILIES = (
    "Bernoulli", "Beta", "Binomial", "Categorical", "Exponential", "GEV", "Gamma", "Geometric", "LogNormal", "Logistic",
    "NegativeBinomial", "Normal", "Poisson", "StudentT", "Weibull",
)  # fmt: skip
_PLACES = {
    "fit": ("thetahat.fit", "fit"),
    "Fit": ("thetahat.fit", "Fit"),
    "load": ("thetahat.fit", "load"),
    "Model": ("thetahat.models.custom", "Model"),
    "Observations": ("thetahat.response", "Observations"),
    "Newton": ("thetahat.optimize", "Newton"),
    "Threads": ("thetahat.engines", "Threads"),
    "Certificate": ("thetahat.optimize", "Certificate"),
    "Verdict": ("thetahat.optimize", "Verdict"),
    "families": ("thetahat.families", "families"),
    "real": ("thetahat.parameters", "Real"),
    "positive": ("thetahat.parameters", "Positive"),
    "unit_interval": ("thetahat.parameters", "UnitInterval"),
    "bounded": ("thetahat.parameters", "Bounded"),
    "simplex": ("thetahat.parameters", "Simplex"),
    "ThetahatError": ("thetahat._errors", "ThetahatError"),
    "DataError": ("thetahat._errors", "DataError"),
    "SourceError": ("thetahat._errors", "SourceError"),
    "ParameterError": ("thetahat._errors", "ParameterError"),
    "ModelError": ("thetahat._errors", "ModelError"),
    "InferenceError": ("thetahat._errors", "InferenceError"),
    **{name: ("thetahat.families", name) for name in _FAMILIES},
}

__all__ = ["__version__", *_PLACES]  # noqa: PLE0604 - the keys are text


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'thetahat' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
