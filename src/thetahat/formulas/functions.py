"""What a formula may call: these functions of numbers, and nothing that is not listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy import special

Function = Callable[..., Any]

ELEMENTWISE: Final[dict[str, np.ufunc]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "square": np.square,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "logit": special.logit,
    "expit": special.expit,
}

ARITHMETIC: Final[dict[str, np.ufunc]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "%": np.mod,
    "//": np.floor_divide,
}
COMPARISONS: Final[dict[str, np.ufunc]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
LOGICAL: Final[dict[str, np.ufunc]] = {"&": np.logical_and, "|": np.logical_or}

SPELLED_WITH: Final = ("np", "numpy")
"""``np.log(x)`` is read as ``log(x)``."""
