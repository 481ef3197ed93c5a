"""Families of distributions, one file each; a new one adds its file and its line here."""

from __future__ import annotations

from thetahat.families._family import Family
from thetahat.families.beta import Beta
from thetahat.families.exponential import Exponential
from thetahat.families.gamma import Gamma
from thetahat.families.gev import GEV
from thetahat.families.log_normal import LogNormal
from thetahat.families.logistic import Logistic
from thetahat.families.normal import Normal
from thetahat.families.student_t import StudentT
from thetahat.families.weibull import Weibull

CATALOGUE: tuple[type[Family], ...] = (
    Beta,
    Exponential,
    GEV,
    Gamma,
    LogNormal,
    Logistic,
    Normal,
    StudentT,
    Weibull,
)

__all__ = ["CATALOGUE", "Family", *(family.__name__ for family in CATALOGUE)]
