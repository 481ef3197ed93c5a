from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.arguments import DEFAULT_ENGINE
from thetahat.data import Block
from thetahat.optimize.refitting import Refitting

RNG = np.random.default_rng(4)
DRAWS = {
    "gamma": lambda: RNG.gamma(2.0, 1.5, 60),
    "weibull": lambda: 3.0 * RNG.weibull(1.5, 60),
    "student_t": lambda: 1.0 + RNG.standard_t(4, 80),
    "gev": lambda: (RNG.standard_exponential(80) ** -0.2 - 1.0) / 0.2,
    "negative_binomial": lambda: RNG.negative_binomial(2, 0.3, 80),
    "uniform": lambda: RNG.random(40),
    "beta": lambda: RNG.beta(2.0, 3.0, 60),
    "burr_xii": lambda: RNG.weibull(2.0, 80) / RNG.gamma(1.5, 1.0, 80),
}


@pytest.mark.parametrize("name", DRAWS)
def test_refits_are_the_fits_of_the_new_rows(name):
    first = th.fit(name, DRAWS[name]())
    model = first.solution.likelihood.model.changed(weight_column=None)
    refitting = Refitting(model, first.solution.point, DEFAULT_ENGINE)
    for _ in range(6):
        rows = DRAWS[name]()
        found = refitting.of(Block(0, rows.size, {"y": rows}))
        fit = th.fit(name, rows)
        if fit.certificate.verdict in {"maximum", "boundary"}:
            assert found is not None
            log_likelihood = float(found.log_prob(rows).sum())
            assert log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-8)


def test_rows_whose_maximum_is_at_infinity_have_its_limit():
    first = th.fit("negative_binomial", DRAWS["negative_binomial"]())
    model = first.solution.likelihood.model.changed(weight_column=None)
    found = Refitting(model, first.solution.point, DEFAULT_ENGINE).of(
        Block(0, 5, {"y": np.array([3, 3, 4, 3, 4])})
    )
    poisson = th.fit("poisson", [3, 3, 4, 3, 4]).distribution
    assert found.density(np.arange(8)) == pytest.approx(poisson.density(np.arange(8)), rel=1e-4)


def test_rows_without_a_maximum_have_none():
    first = th.fit("gamma", DRAWS["gamma"]())
    refitting = Refitting(first.solution.likelihood.model, first.solution.point, DEFAULT_ENGINE)
    assert refitting.of(Block(0, 3, {"y": np.array([2.0, 2.0, 2.0])})) is None


def test_fixed_parameters_stay():
    first = th.fit(th.Weibull(shape=2.0), DRAWS["weibull"]())
    refitting = Refitting(first.solution.likelihood.model, first.solution.point, DEFAULT_ENGINE)
    rows = DRAWS["weibull"]()
    found = refitting.of(Block(0, rows.size, {"y": rows}))
    assert found.parameters["shape"] == 2.0
    assert found.parameters["scale"] == pytest.approx(np.sqrt((rows**2).mean()))
