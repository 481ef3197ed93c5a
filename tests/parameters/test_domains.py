"""Domains: bijections with two derivatives, checked over every class there is; and the table of parameters."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat.parameters import (
    Above,
    Concentration,
    Domain,
    Parameter,
    ParameterTable,
    PositiveDefinite,
    Reals,
    UnitVector,
    Whole,
)

MADE = {
    "Real": th.real(),
    "Positive": th.positive(),
    "UnitInterval": th.unit_interval(),
    "Bounded": th.bounded(-2.0, 5.0),
    "Simplex": th.simplex(4),
    "Ordered": th.ordered(4),
    "Above": Above(1.0),
    "Whole": Whole(),
    "Reals": Reals(3),
    "Concentration": Concentration(3),
    "PositiveDefinite": PositiveDefinite(3),
    "UnitVector": UnitVector(4, 0.5, -0.5, 0.7, 0.1),
}
RNG = np.random.default_rng(11)


def test_every_domain_is_examined():
    assert {kind.__name__ for kind in Domain.__subclasses__()} == set(MADE)


@pytest.fixture(params=list(MADE))
def domain(request):
    return MADE[request.param]


def free_values(domain, n=20):
    values = RNG.normal(0.0, 3.0, (n, domain.free_size))
    values = np.round(values) if isinstance(domain, Whole) else values
    return list(values) if domain.vector else list(values[:, 0])


def test_there_and_back(domain):
    for free in free_values(domain):
        value = domain.from_free(free)
        assert domain.contains(value)
        np.testing.assert_allclose(domain.to_free(value), free, rtol=1e-9, atol=1e-9)


def test_derivatives_agree_with_autodiff(domain):
    import jax

    with jax.enable_x64(True):  # noqa: FBT003 - its only argument
        for free in free_values(domain, 5):
            first = jax.jacfwd(domain.from_free)(free)
            second = jax.jacfwd(jax.jacfwd(domain.from_free))(free)
            np.testing.assert_allclose(domain.derivative(np.asarray(free)), first, rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(
                domain.second_derivative(np.asarray(free)), second, rtol=1e-9, atol=1e-12
            )


def test_what_lies_outside_is_refused(domain):
    outside = {
        "Real": np.inf,
        "Positive": 0.0,
        "UnitInterval": 1.0,
        "Bounded": 5.0,
        "Above": 1.0,
        "Whole": 0.5,
        "Simplex": [0.5, 0.5, 0.1, 0.1],
        "Ordered": [0.0, 1.0, 1.0, 2.0],
        "Reals": [0.0, 1.0, np.inf],
        "Concentration": [0.0, 1.0, 2.0],
        "PositiveDefinite": [[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        "UnitVector": [1.0, 0.0, 0.0, 1.0],
    }
    assert not domain.contains(outside[type(domain).__name__])
    assert not domain.contains(np.nan if not domain.vector else [np.nan] * 4)
    assert domain.describe()


def test_intervals_of_an_entry_are_made_on_a_line(domain):
    for free in free_values(domain, 5):
        value = np.asarray(domain.from_free(free), dtype=float)
        for entry in range(domain.size):
            at, slope = domain.line(value, entry)
            own = value[entry] if domain.vector else float(value)
            assert domain.from_line(at, entry) == pytest.approx(own, rel=1e-9)
            step = 1e-6 / slope
            change = (domain.from_line(at + 1e-6, entry) - domain.from_line(at - 1e-6, entry)) / 2
            assert change == pytest.approx(step, rel=1e-6)
            assert np.all(np.isfinite([domain.from_line(end, entry) for end in (at - 3.0, at + 3.0)]))


def test_derivatives_keep_their_digits_far_out():
    assert th.unit_interval().derivative(np.float64(-40.0)) == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert th.unit_interval().derivative(np.float64(40.0)) == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert th.bounded(0.0, 1.0).from_free(np.float64(-40.0)) == pytest.approx(np.exp(-40.0), rel=1e-12)


def test_a_simplex_takes_one_column_a_row():
    columns = th.simplex(3).from_free(np.array([[0.0, 1.0], [0.0, -1.0]]))
    np.testing.assert_allclose(columns.sum(axis=0), [1.0, 1.0])
    np.testing.assert_allclose(columns[:, 1], th.simplex(3).from_free(np.array([1.0, -1.0])))


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (-np.inf, 0.0), (np.nan, 1.0)])
def test_bounds_are_two_finite_numbers_in_order(low, high):
    with pytest.raises(th.ParameterError, match="lower one first"):
        th.bounded(low, high)


@pytest.mark.parametrize("size", [0, 2.5])
def test_there_is_a_whole_number_of_ordered_numbers(size):
    with pytest.raises(th.ParameterError, match="whole number"):
        th.ordered(size)


@pytest.mark.parametrize("size", [0, 2.5])
def test_a_simplex_has_a_whole_number_of_entries(size):
    with pytest.raises(th.ParameterError, match="whole number"):
        th.simplex(size)


def test_the_table_goes_between_names_and_numbers():
    parameters = (
        Parameter("mean", th.real()),
        Parameter("probs", th.simplex(3)),
        Parameter("scale", th.positive()),
    )
    table = ParameterTable(parameters, {"mean": 1.5}, {"scale": 4.0})
    assert table.names == ("mean", "probs[0]", "probs[1]", "probs[2]", "scale")
    assert table.free_names == table.names[1:]
    assert (table.n_free, table.n_working) == (3, 4)
    free = table.free_from_natural({"probs": [0.2, 0.3, 0.5], "scale": 8.0})
    natural = table.natural(free)
    assert natural == pytest.approx(
        {"mean": 1.5, "probs[0]": 0.2, "probs[1]": 0.3, "probs[2]": 0.5, "scale": 8.0}
    )
    np.testing.assert_allclose(table.working(free), [1.5, *free])
    jacobian = table.jacobian(free)
    step = 1e-6
    for k in range(3):
        moved = free.copy()
        moved[k] += step
        change = [(table.natural(moved)[name] - natural[name]) / step for name in table.free_names]
        np.testing.assert_allclose(jacobian[:, k], change, atol=1e-5)
    assert table.entry("probs[2]")[2] == 2
    for name, words in (("mean", "fixed"), ("nowhere", "no parameter")):
        with pytest.raises(th.ParameterError, match=words):
            table.entry(name)
