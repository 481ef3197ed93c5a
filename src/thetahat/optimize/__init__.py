"""Optimisers, and the certificate of what they found."""

from __future__ import annotations

from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.certificate import Certificate, Verdict
from thetahat.optimize.newton import Newton

__all__ = ["Certificate", "Newton", "Optimizer", "Verdict"]
