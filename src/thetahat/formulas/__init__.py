"""Formulas: text to checked terms, and what the rows of a fit teach them; no text is ever run.

``read_formula`` checks the text against the columns of a source; ``designers`` makes the first pass and returns what
builds designs; ``restore_designer`` makes one again from its description. ``Selection`` says which rows count.
"""

from __future__ import annotations

from thetahat.formulas.designer import FormulaDesigner, restore_designer
from thetahat.formulas.formula import Formula, read_formula
from thetahat.formulas.learning import designers, learns_nothing
from thetahat.formulas.selection import Selection

__all__ = [
    "Formula",
    "FormulaDesigner",
    "Selection",
    "designers",
    "learns_nothing",
    "read_formula",
    "restore_designer",
]
