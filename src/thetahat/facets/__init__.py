"""What a fit can tell, a group of methods a file."""

from thetahat.facets.classification import ClassificationFacet
from thetahat.facets.diagnostics import DiagnosticsFacet
from thetahat.facets.inference import InferenceFacet
from thetahat.facets.prediction import PredictionFacet

__all__ = ["ClassificationFacet", "DiagnosticsFacet", "InferenceFacet", "PredictionFacet"]
