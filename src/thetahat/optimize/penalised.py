"""Maximising the penalised likelihood of independent rows: limits, Newton, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from thetahat._errors import ModelError
from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.ascent import Ascent, first_point
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.elsewhere import drawn
from thetahat.optimize.independent import conditions
from thetahat.optimize.kinks.kinks import kinked_coordinate
from thetahat.optimize.limits import fit_limits
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.own_start import from_elsewhere_too
from thetahat.optimize.theory import declare
from thetahat.optimize.verdict import judge
from thetahat.penalties import Penalty


def maximise_penalised(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
    penalty: Penalty,
) -> Outcome:
    """Find the maximum of a penalised likelihood and say what it is.

    Neither closed forms nor what theory knows of the likelihood alone, its witnesses and its theorems, hold of it.

    Raises
    ------
    ModelError
        If the support of the family ends at its parameters or its likelihood has kinks, so that there is no smooth
        likelihood to penalise.
    """
    family = arrangement.model.family
    if family.edges:
        raise ModelError(
            f"{family.title} takes no penalty: its support ends at its parameters, so that the outermost rows settle "
            "them; leave out penalty="
        )
    if kinked_coordinate(arrangement.model) is not None:
        raise ModelError(
            f"{family.title} takes no penalty while its {family.kinked} is free: the likelihood has kinks in it, which "
            f"penalised fits do not look for; fix {family.kinked}, or leave out penalty="
        )
    with np.errstate(all="ignore"):
        declared = replace(declare(arrangement, engine), theorem=None, penalty=penalty.title)
        limits = fit_limits(arrangement, engine, optimizer, penalty)
        declared = replace(declared, limits=limits)
        ascent = Ascent(
            arrangement, likelihood, optimizer, conditions(arrangement, engine, optimizer).allowed
        )
        begin = ascent.inside(first_point(ascent, start), limits)
        outcome = judge(likelihood, ascent.by_way_of(limits, begin), declared)
        if start is not None:
            usual = partial(maximise_penalised, arrangement, likelihood, engine, optimizer, None, penalty)
            return from_elsewhere_too(outcome, usual, declared.n_obs)
        if outcome.certificate.verdict is Verdict.MAXIMUM:
            return outcome
        for again in drawn(begin, arrangement.model, declared):
            other = judge(likelihood, ascent.by_way_of(limits, again), declared)
            if other.certificate.verdict is Verdict.MAXIMUM:
                return other
        return outcome
