"""Design matrices: what a block's columns make of the linear predictors."""

from __future__ import annotations

from thetahat.designs._dense import DenseDesign
from thetahat.designs._design import Design
from thetahat.designs._designer import Designer
from thetahat.designs._sparse import SparseDesign
from thetahat.designs.centred import Centred
from thetahat.designs.constant import ConstantDesigner
from thetahat.designs.matrix import MatrixDesigner
from thetahat.designs.split import SplitDesign
from thetahat.designs.without_constant import WithoutConstant

__all__ = [
    "Centred",
    "ConstantDesigner",
    "DenseDesign",
    "Design",
    "Designer",
    "MatrixDesigner",
    "SparseDesign",
    "SplitDesign",
    "WithoutConstant",
]
