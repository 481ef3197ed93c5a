"""Families made of parts: in which order a fit lists them, and whether the data tell them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat.families import Family
from thetahat.families._contract import Theta
from thetahat.families._submodel import Submodel
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import listed
from thetahat.optimize.declared import unless_fixed
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
NO_LOSS = 1e-6
"""In nats, what a distribution of fewer parts may be lower and still do as well: on a ridge a search stops above it."""


def regularity_of(family: Family, table: ParameterTable, natural: Mapping[str, float]) -> str:
    """How regular the family is at natural parameters; with the ends of the support fixed, as any."""
    if family.edges and not any(name in table.free_names for name in family.edges):
        return "kinked" if family.kinked else "smooth"
    return unless_fixed(family.regularity(theta_of(family, natural)), family, table.fixed)


def theta_of(family: Family, natural: Mapping[str, float]) -> Theta:
    """Natural parameters, vectors whole, from those of their entries."""
    whole = (
        np.array([natural[name] for name in parameter.names])
        if parameter.domain.vector
        else natural[parameter.name]
        for parameter in family.declared
    )
    return tuple(whole)


def in_order(model: IndependentModel, search: Search) -> Vector | None:
    """Where a search ended, with what can be exchanged in its order; None where it is, or where it did not end."""
    if not search.converged:
        return None
    ordered = model.family.in_order(tuple(model.table.working(search.point)), model.table.fixed)
    return None if ordered is None else np.array(ordered)[model.table.free_index]


def unless_fewer_do(model: IndependentModel, likelihood: Likelihood, outcome: Outcome) -> Outcome:
    """The outcome, or that the likelihood is flat, where a distribution of fewer parts reaches the same height."""
    if outcome.certificate.verdict is Verdict.UNBOUNDED or not np.isfinite(outcome.point).all():
        return outcome
    table = model.table
    working = table.working(outcome.point)
    for simpler in model.family.submodels(tuple(working)):
        there = np.array(simpler.eta)
        held = np.setdiff1d(np.arange(there.size), table.free_index)
        if not np.array_equal(there[held], working[held]):
            continue
        point = there[table.free_index]
        if likelihood.tally(point, VALUE).value >= outcome.value - NO_LOSS:
            return _flat(model, likelihood, outcome, simpler, point)
    return outcome


def _flat(
    model: IndependentModel, likelihood: Likelihood, outcome: Outcome, simpler: Submodel, point: Vector
) -> Outcome:
    table = model.table
    concerned = tuple(
        name
        for parameter in table.free_parameters
        if parameter.name in (*simpler.flat, *simpler.lost)
        for name in parameter.names
    )
    lost = [name for name in simpler.lost if name in table.free_names]
    natural = {**table.natural(point), **dict.fromkeys(lost, float(np.nan))}
    status = dict.fromkeys(table.free_names, "irregular")
    status.update(dict.fromkeys(concerned, "flat"))
    status.update(dict.fromkeys(lost, "unidentified"))
    tally = likelihood.tally(point, DERIVATIVES)
    sentence = (
        f"The likelihood is flat: {simpler.words}, so that {listed(concerned)} may have many values. Fewer components "
        "give these data the same likelihood; fit those."
    )
    certificate = replace(
        outcome.certificate,
        verdict=Verdict.FLAT,
        exists=True,
        scope="local",
        supremum=tally.value,
        limit=None,
        status={name: status.get(name, "fixed") for name in table.names},
        parameters=concerned,
        direction=None,
        digits=dict.fromkeys(table.names, float(np.nan)),
        sentence=sentence,
        allows_standard_errors=False,
    )
    none = np.zeros(table.n_free, dtype=bool)
    return Outcome(natural, point, tally.value, tally, none, np.zeros((0, 0)), certificate, outcome.trace)
