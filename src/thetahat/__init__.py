"""thetahat: maximum likelihood estimation, whole and honest."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "fit": ("thetahat.fit", "fit"),
    "Regression": ("thetahat.models.specification", "Regression"),
    "regress": ("thetahat.regress", "regress"),
    "select": ("thetahat.selection.select", "select"),
    "compare": ("thetahat.selection.compare", "compare"),
    "Fit": ("thetahat.fit", "Fit"),
    "load": ("thetahat.loading", "load"),
    "Model": ("thetahat.models.custom", "Model"),
    "Ridge": ("thetahat.penalties", "Ridge"),
    "Prior": ("thetahat.penalties", "Prior"),
    "Firth": ("thetahat.penalties", "Firth"),
    "Observations": ("thetahat.response", "Observations"),
    "Newton": ("thetahat.optimize", "Newton"),
    "Threads": ("thetahat.engines", "Threads"),
    "Certificate": ("thetahat.optimize", "Certificate"),
    "Verdict": ("thetahat.optimize", "Verdict"),
    "entropy": ("thetahat.divergence", "entropy"),
    "cross_entropy": ("thetahat.divergence", "cross_entropy"),
    "kl_divergence": ("thetahat.divergence", "kl_divergence"),
    "project": ("thetahat.divergence", "project"),
    "Projection": ("thetahat.divergence", "Projection"),
    "families": ("thetahat.families", "families"),
    "real": ("thetahat.parameters", "Real"),
    "positive": ("thetahat.parameters", "Positive"),
    "unit_interval": ("thetahat.parameters", "UnitInterval"),
    "bounded": ("thetahat.parameters", "Bounded"),
    "simplex": ("thetahat.parameters", "Simplex"),
    "ordered": ("thetahat.parameters", "Ordered"),
    "ThetahatError": ("thetahat._errors", "ThetahatError"),
    "DataError": ("thetahat._errors", "DataError"),
    "SourceError": ("thetahat._errors", "SourceError"),
    "ParameterError": ("thetahat._errors", "ParameterError"),
    "ModelError": ("thetahat._errors", "ModelError"),
    "FormulaError": ("thetahat._errors", "FormulaError"),
    "InferenceError": ("thetahat._errors", "InferenceError"),
}
"""Public name -> module and attribute; every family is one besides."""


class _Package(ModuleType):
    """The package itself, on which a public function is not hidden by the module of the same name.

    Importing ``thetahat.fit`` anywhere would otherwise make ``thetahat.fit`` that module.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and name in _PLACES:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "__all__":
        value: Any = _public_names()
    elif name in _PLACES:
        module, attribute = _PLACES[name]
        value = getattr(import_module(module), attribute)
    else:
        value = None if name.startswith("_") else _family(name)
        if value is None:
            raise AttributeError(f"module 'thetahat' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return _public_names()


def _family(name: str) -> Any:
    return next((family for family in _all_families() if family.__name__ == name), None)


def _all_families() -> list[Any]:
    families = import_module("thetahat.families")
    return [*families.CATALOGUE, *families.MULTIVARIATE, *families.WRAPPERS]


def _public_names() -> list[str]:
    return sorted(["__version__", *_PLACES, *(family.__name__ for family in _all_families())])
