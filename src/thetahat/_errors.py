"""The errors a user can meet: which object, which value, what was expected, what to do next."""

from __future__ import annotations


class ThetahatError(Exception):
    """Base of every error that thetahat raises on purpose."""


class DataError(ThetahatError, ValueError):
    """The data cannot be used as given: missing, infinite, of the wrong kind, outside the support."""


class SourceError(DataError):
    """A file, folder or frame cannot be read, or lacks a column."""


class ParameterError(ThetahatError, ValueError):
    """A parameter's name or value does not fit its family, model or domain."""


class ModelError(ThetahatError, ValueError):
    """A model is not well formed: an unknown family, a density that returns the wrong shape, a bad option."""


class FormulaError(ModelError):
    """The text of a formula is not one, calls what it may not, or does not suit the columns."""


class InferenceError(ThetahatError, ValueError):
    """A quantity was asked for that theory or the fit's certificate does not allow, with the reason."""


class MissingDependencyError(ThetahatError, ImportError):
    """A library that this feature needs is not installed."""
