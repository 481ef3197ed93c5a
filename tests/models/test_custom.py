"""A model of one's own: estimates, certificates, and what is said to those who write a density wrongly."""

from __future__ import annotations

import subprocess
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thetahat as th
from thetahat._errors import DataError, InferenceError, ModelError, ParameterError, SourceError
from thetahat.optimize import newton

LOG_ROOT = 0.5 * np.log(2 * np.pi)


def normal_log_prob(p, data):
    z = (data.y - p.mean) / p.sd
    return -0.5 * z * z - jnp.log(p.sd) - LOG_ROOT


def logistic_log_prob(p, data):
    eta = p.a + p.b * data["x"]
    return data.y * eta - jax.nn.softplus(eta)


NORMAL = th.Model(normal_log_prob, parameters={"mean": th.real(), "sd": th.positive()})
LOGISTIC = th.Model(logistic_log_prob, parameters={"a": th.real(), "b": th.real()})
Y = np.random.default_rng(0).normal(3.0, 2.0, 120)


def model(log_prob, **parameters):
    return th.Model(log_prob, parameters=parameters)


def values(mapping):
    return np.array(list(mapping.values()))


# ---- The same as the built-in families --------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e7, 1e-9])
def test_a_normal_is_the_built_in_normal(scale):
    mine, built_in = th.fit(NORMAL, scale * Y), th.fit(th.Normal(), scale * Y)
    assert mine.certificate.verdict == "maximum"
    np.testing.assert_allclose(values(mine.estimates), values(built_in.estimates), rtol=1e-9)
    np.testing.assert_allclose(values(mine.standard_errors), values(built_in.standard_errors), rtol=1e-9)
    assert mine.log_likelihood == pytest.approx(built_in.log_likelihood, rel=1e-12)
    assert min(mine.certificate.digits.values()) > 11


def test_a_huge_offset_is_found_by_starting_where_the_data_are():
    mine = th.fit(NORMAL, Y + 1e9)
    built_in = th.fit(th.Normal(), Y + 1e9)
    assert mine.certificate.verdict == "maximum"
    np.testing.assert_allclose(values(mine.estimates), values(built_in.estimates), rtol=1e-9)


def test_a_built_in_family_inside_gives_its_own_fit():
    def log_prob(p, data):
        return th.Gamma(shape=p.shape, rate=p.rate).log_prob(data.y)

    y = np.random.default_rng(1).gamma(2.5, 3.0, 300)
    mine = th.fit(model(log_prob, shape=th.positive(), rate=th.positive()), y)
    built_in = th.fit(th.Gamma(), y)
    np.testing.assert_allclose(values(mine.estimates), values(built_in.estimates), rtol=1e-9)
    for kind in ("observed", "opg", "sandwich", "HC1", "stata"):
        np.testing.assert_allclose(mine.covariance(kind), built_in.covariance(kind), rtol=1e-8)
    for name, ends in built_in.intervals(method="profile").items():
        assert mine.intervals(method="profile")[name] == pytest.approx(ends, rel=1e-7)


@pytest.mark.parametrize(
    ("family", "names"), [(th.Weibull, ("shape", "scale")), (th.Gamma, ("shape", "rate"))]
)
def test_right_censoring_written_by_hand(family, names):
    rng = np.random.default_rng(2)
    lifetimes, limits = 2 * rng.weibull(1.5, 400), rng.exponential(3.0, 400)
    time, event = np.minimum(lifetimes, limits), lifetimes <= limits

    def log_prob(p, data):
        law = family(**{name: p[name] for name in names})
        return jnp.where(data.event, law.log_prob(data.time), law.log_sf(data.time))

    mine = th.fit(model(log_prob, **{name: th.positive() for name in names}), {"time": time, "event": event})
    built_in = th.fit(family(), th.Observations.right_censored(time, event))
    assert mine.certificate.verdict == "maximum"
    np.testing.assert_allclose(values(mine.estimates), values(built_in.estimates), rtol=1e-8)
    np.testing.assert_allclose(values(mine.standard_errors), values(built_in.standard_errors), rtol=1e-8)
    np.testing.assert_allclose(mine.covariance("sandwich"), built_in.covariance("sandwich"), rtol=1e-8)


def test_a_density_in_its_support_only():
    def log_prob(p, data):
        return th.Exponential(rate=p.rate).log_prob(data.y - p.shift)

    # Beyond the smallest value the likelihood is zero, not a rate that keeps rising.
    shifted = model(log_prob, rate=th.positive(), shift=th.real())
    fit = th.fit(shifted, Y + 10.0, fixed={"shift": float(Y.min()) + 9.0})
    assert fit.estimates["rate"] == pytest.approx(1 / np.mean(Y - Y.min() + 1.0), rel=1e-9)
    beyond = th.fit(shifted, Y + 10.0, fixed={"shift": float(Y.max()) + 10.0})
    assert beyond.certificate.verdict == "not_converged"


def test_a_simplex_gives_the_proportions():
    def log_prob(p, data):
        return jnp.log(p.probs)[data.k]

    k = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2])
    fit = th.fit(model(log_prob, probs=th.simplex(3)), {"k": k})
    np.testing.assert_allclose(values(fit.estimates), [0.3, 0.2, 0.5], rtol=1e-9)
    np.testing.assert_allclose(
        values(fit.standard_errors), np.sqrt(np.array([0.21, 0.16, 0.25]) / 10), rtol=1e-8
    )
    assert fit.dof == 2


# ---- One number instead of rows ---------------------------------------------------------------------------


def test_one_number_for_all_rows():
    whole = model(lambda p, data: normal_log_prob(p, data).sum(), mean=th.real(), sd=th.positive())
    fit, by_row = th.fit(whole, Y), th.fit(NORMAL, Y)
    assert fit.certificate.verdict == "maximum"
    np.testing.assert_allclose(values(fit.estimates), values(by_row.estimates), rtol=1e-12)
    np.testing.assert_allclose(values(fit.standard_errors), values(by_row.standard_errors), rtol=1e-10)
    for kind in ("opg", "sandwich"):
        with pytest.raises(InferenceError, match="one number for all rows"):
            fit.covariance(kind)
    with pytest.raises(ModelError, match="one log density a row"):
        th.fit(whole, Y, weights=np.ones(Y.size))


# ---- Certificates ---------------------------------------------------------------------------------------------


def test_two_parameters_that_only_enter_as_a_sum_are_flat():
    def log_prob(p, data):
        z = (data.y - p.a - p.b) / p.sd
        return -0.5 * z * z - jnp.log(p.sd)

    fit = th.fit(model(log_prob, a=th.real(), b=th.real(), sd=th.positive()), Y)
    assert fit.certificate.verdict == "flat"
    assert set(fit.certificate.parameters) == {"a", "b"}
    assert np.isnan([fit.standard_errors["a"], fit.standard_errors["b"]]).all()
    assert fit.standard_errors["sd"] == pytest.approx(fit.estimates["sd"] / np.sqrt(2 * Y.size), rel=1e-6)


def test_a_parameter_that_is_never_used_is_flat():
    fit = th.fit(model(normal_log_prob, mean=th.real(), sd=th.positive(), idle=th.real()), Y)
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.parameters == ("idle",)
    assert fit.standard_errors["mean"] == pytest.approx(fit.estimates["sd"] / np.sqrt(Y.size), rel=1e-6)


def test_a_saddle_is_seen_and_left():
    def log_prob(p, data):
        halves = jnp.logaddexp(-0.5 * (data.y - p.a) ** 2, -0.5 * (data.y + p.a) ** 2)
        return halves - jnp.log(2.0) - LOG_ROOT

    rng = np.random.default_rng(3)
    y = np.concatenate([rng.normal(-3, 1, 80), rng.normal(3, 1, 80)])
    symmetric = model(log_prob, a=th.real())
    held = th.fit(symmetric, y, optimizer=th.Newton(max_iterations=0))
    assert held.certificate.verdict == "saddle"
    assert held.certificate.parameters == ("a",)
    assert np.isnan(held.standard_errors["a"])
    found = th.fit(symmetric, y)
    assert found.certificate.verdict == "maximum"
    assert abs(found.estimates["a"]) == pytest.approx(3.0, abs=0.3)


def test_an_iteration_limit_is_not_convergence():
    fit = th.fit(NORMAL, Y, optimizer=th.Newton(max_iterations=2))
    assert fit.certificate.verdict == "not_converged"
    assert np.isnan(values(fit.standard_errors)).all()


def test_separation_is_at_infinity():
    x = np.linspace(-2.0, 2.0, 40)
    fit = th.fit(LOGISTIC, {"x": x, "y": (x > 0.1).astype(int)})
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.exists is False
    assert "b" in fit.certificate.parameters
    assert fit.certificate.supremum == pytest.approx(0.0, abs=1e-6)
    mixed = th.fit(LOGISTIC, {"x": x, "y": (np.sin(9 * x) + x > 0).astype(int)})
    assert mixed.certificate.verdict == "maximum"


def test_a_scale_that_can_vanish_is_unbounded():
    fit = th.fit(NORMAL, [2.0, 2.0, 2.0, 2.0])
    assert fit.certificate.verdict == "unbounded"
    assert fit.certificate.supremum == np.inf


@pytest.mark.parametrize(("y", "edge"), [([1] * 8, 1.0), ([0] * 8, 0.0)])
def test_a_probability_of_one_is_a_boundary(y, edge):
    fit = th.fit(BERNOULLI, y)
    assert fit.certificate.verdict == "boundary"
    assert fit.estimates == {"p": edge}
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-12)


BERNOULLI = model(
    lambda p, data: data.y * jnp.log(p.p) + (1 - data.y) * jnp.log1p(-p.p), p=th.unit_interval()
)


def test_a_start_of_zero_likelihood_is_replaced():
    # At rate 1 and threshold 0 every row lies outside: only large thresholds leave a density.
    def log_prob(p, data):
        return (
            jnp.where(data.y < p.top, jnp.log(2 * data.y) - 2 * jnp.log(p.top), -jnp.inf)
            + 0 * p.idle
            - p.idle**2
        )

    y = np.array([30.0, 41.0, 38.0, 52.0])
    fit = th.fit(model(log_prob, top=th.positive(), idle=th.real()), y, fixed={"top": 60.0})
    assert fit.certificate.verdict == "maximum"

    def tilted(p, data):
        return jnp.where(p.a > 10.0, normal_log_prob(p, data) - (p.a - 30.0) ** 2, -jnp.inf)

    # Nothing but a large value of a makes the data possible.
    mine = th.fit(model(tilted, mean=th.real(), sd=th.positive(), a=th.real()), y)
    assert mine.certificate.verdict == "maximum"
    assert mine.estimates["a"] == pytest.approx(30.0)


# ---- Rows, weights, fixed values, starts ----------------------------------------------------------------------


def test_frequency_weights_repeat_rows_and_zeros_leave_them_out():
    y = np.array([1.0, 2.5, np.nan, 4.0, 7.0])
    w = np.array([2.0, 1.0, 0.0, 3.0, 1.0])
    fit = th.fit(NORMAL, y, weights=w)
    repeated = th.fit(NORMAL, np.repeat(y, w.astype(int)))
    np.testing.assert_allclose(values(fit.estimates), values(repeated.estimates), rtol=1e-12)
    np.testing.assert_allclose(fit.covariance("sandwich"), repeated.covariance("sandwich"), rtol=1e-10)
    assert (fit.n_rows, fit.n_obs) == (5, 7.0)
    by_name = th.fit(NORMAL, {"y": y, "w": w}, weights="w")
    assert by_name.estimates == fit.estimates


def test_fixed_values_and_starts_are_on_the_natural_scale():
    fit = th.fit(NORMAL, Y, fixed={"sd": 2.0})
    assert fit.estimates["mean"] == pytest.approx(Y.mean(), rel=1e-12)
    assert fit.estimates["sd"] == pytest.approx(2.0, rel=1e-15)
    assert fit.standard_errors["mean"] == pytest.approx(2 / np.sqrt(Y.size), rel=1e-10)
    assert np.isnan(fit.standard_errors["sd"])
    assert fit.dof == 1
    started = th.fit(NORMAL, Y, start={"mean": 100.0, "sd": 3.0})
    assert started.estimates["mean"] == pytest.approx(Y.mean(), rel=1e-12)
    at_start = th.fit(NORMAL, Y, start={"sd": 5.0}, optimizer=th.Newton(max_iterations=0))
    assert at_start.estimates == pytest.approx({"mean": 0.0, "sd": 5.0})
    with pytest.raises(ParameterError, match="finite number above 0"):
        th.fit(NORMAL, Y, start={"sd": -1.0})
    with pytest.raises(ParameterError, match="there is no parameter 'scale'"):
        th.fit(NORMAL, Y, start={"scale": 1.0})


def test_only_columns_that_are_used_are_read(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"y": Y, "name": ["a"] * Y.size, "gap": [np.nan] * Y.size})
    expected = th.fit(NORMAL, Y).estimates
    assert th.fit(NORMAL, frame).estimates == expected
    frame.to_csv(tmp_path / "rows.csv", index=False)
    from_file = th.fit(NORMAL, tmp_path / "rows.csv")
    np.testing.assert_allclose(values(from_file.estimates), values(expected), rtol=1e-12)
    assert from_file.model["columns"] == ["y"]


def test_many_blocks_from_memory_and_from_a_file_give_the_same_bits(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    y = np.random.default_rng(4).normal(-1.0, 0.5, 150_000)
    pq.write_table(pa.table({"y": y}), tmp_path / "rows.parquet")
    fit = th.fit(NORMAL, y, engine=th.Threads(2))
    assert fit.estimates["mean"] == pytest.approx(y.mean(), rel=1e-12)
    assert fit.estimates["sd"] == pytest.approx(y.std(), rel=1e-12)
    for other in (th.fit(NORMAL, y, engine=th.Threads(1)), th.fit(NORMAL, tmp_path / "rows.parquet")):
        assert other.estimates == fit.estimates
        assert other.log_likelihood == fit.log_likelihood


def test_a_second_fit_of_the_same_size_traces_nothing():
    traces = []

    def log_prob(p, data):
        traces.append(data)
        return normal_log_prob(p, data)

    counted = model(log_prob, mean=th.real(), sd=th.positive())
    rng = np.random.default_rng(5)
    first = th.fit(counted, rng.normal(size=100), start={"mean": 0.1})
    first.covariance("sandwich")
    so_far = len(traces)
    second = th.fit(counted, rng.normal(size=90), fixed={"sd": 1.5}, weights=np.full(90, 2.0))
    assert second.certificate.verdict == "maximum"
    # Another set of columns (the weights) is tried once, on shapes; nothing is compiled again.
    assert len(traces) == so_far + 1
    third = th.fit(counted, rng.normal(size=128))
    assert third.certificate.verdict == "maximum"
    assert len(traces) == so_far + 1


def test_double_precision_on_every_thread_whatever_the_setting():
    assert not jax.config.jax_enable_x64
    found = []
    threads = [threading.Thread(target=lambda: found.append(th.fit(NORMAL, Y))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = th.fit(NORMAL, Y)
    for fit in found:
        assert fit.estimates == expected.estimates
    assert all(type(value) is float for value in expected.estimates.values())
    assert expected.covariance().dtype == np.float64
    assert jnp.zeros(1).dtype == np.float32


# ---- What is said to those who get it wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log_prob", "message"),
    [
        (lambda p, d: (d.y * p.a)[:, None], r"shape \(120, 1\) for 120 rows; expected \(120,\)"),
        (lambda p, d: (d.y * p.a)[:7], r"shape \(7,\) for 120 rows"),
        (
            lambda p, d: (d.y * p.a).astype(complex),
            "returned complex128, expected float64: take the real part",
        ),
        (lambda p, d: (d.y > p.a).astype(int), "returned int64, expected float64: .*logarithm"),
        (
            lambda p, d: (d.y * p.a).astype("float32"),
            "returned float32, expected float64: .*double precision",
        ),
        (lambda p, d: [d.y, p.a], "returned list"),
        (lambda _p, _d: None, "returned NoneType"),
        (lambda p, _d: -(p.a**2), "reads no column"),
    ],
)
def test_what_it_returns_is_told(log_prob, message):
    with pytest.raises(ModelError, match=message):
        th.fit(model(log_prob, a=th.positive()), Y)


def test_unknown_names_are_told_with_what_there_is():
    with pytest.raises(SourceError, match=r"no column 'time'; it has: tame, size \(did you mean 'tame'\?\)"):
        th.fit(model(lambda p, d: d.time * p.a, a=th.real()), {"tame": Y, "size": Y})
    with pytest.raises(ParameterError, match="parameter 'rat'; the model's parameters are: rate"):
        th.fit(model(lambda p, d: d.y * p.rat, rate=th.positive()), Y)
    with pytest.raises(SourceError, match="'name', which holds text"):
        th.fit(model(lambda p, d: d["name"] * p.a, a=th.real()), {"name": ["a", "b"], "y": [1.0, 2.0]})


def test_missing_values_are_refused_and_infinite_ones_are_ends():
    with pytest.raises(DataError, match=r"column 'y' has 1 missing \(NaN\) value in rows 0-2: row 1"):
        th.fit(NORMAL, [1.0, np.nan, 2.0])

    def log_prob(p, data):
        law = th.Logistic(location=p.location, scale=1.0)
        return jnp.log(law.cdf(data.high) - law.cdf(data.low))

    fit = th.fit(
        model(log_prob, location=th.real()), {"low": [-np.inf, 0.0, 1.0], "high": [0.0, 2.0, np.inf]}
    )
    built_in = th.fit(
        th.Logistic(scale=1.0), th.Observations.interval([-np.inf, 0.0, 1.0], [0.0, 2.0, np.inf])
    )
    assert fit.estimates["location"] == pytest.approx(built_in.estimates["location"], rel=1e-8)


def test_errors_inside_the_density_are_shown_as_they_are():
    def log_prob(_p, _data):
        raise LookupError("my own trouble")

    with pytest.raises(LookupError, match="my own trouble"):
        th.fit(model(log_prob, a=th.real()), Y)


def test_an_array_from_outside_is_explained():
    with pytest.raises(TypeError) as caught:
        th.fit(model(lambda p, d: -((d.y - p.a - Y) ** 2), a=th.real()), Y)
    assert any("must be a column of the data" in note for note in caught.value.__notes__)


def test_bad_models_and_data_are_refused():
    with pytest.raises(ModelError, match="log_prob must be a function"):
        th.Model(3.0, parameters={"a": th.real()})
    with pytest.raises(ModelError, match="give a dict of names and domains"):
        th.Model(normal_log_prob, parameters={})
    with pytest.raises(ModelError, match=r"has to be called, th.positive\(\)"):
        th.Model(normal_log_prob, parameters={"a": th.positive})
    with pytest.raises(ModelError, match="no parameter may be named 'weights'"):
        th.Model(normal_log_prob, parameters={"weights": th.positive()})
    with pytest.raises(ModelError, match=r"jnp.where\(data.event"):
        th.fit(NORMAL, th.Observations.right_censored([1.0, 2.0], [1, 0]))
    with pytest.raises(DataError, match="are zero"):
        th.fit(NORMAL, Y, weights=np.zeros(Y.size))
    with pytest.raises(ParameterError, match="there is no parameter 'df'"):
        th.fit(NORMAL, Y, fixed={"df": 1.0})


def test_what_a_model_of_ones_own_does_not_have_is_said():
    fit = th.fit(NORMAL, Y)
    with pytest.raises(InferenceError, match="Use 'observed' or 'sandwich'"):
        fit.covariance("expected")
    with pytest.raises(InferenceError, match="density of one's own"):
        _ = fit.distribution


# ---- Saved -------------------------------------------------------------------------------------------------------


def test_a_saved_fit_answers_without_the_density(tmp_path):
    fit = th.fit(NORMAL, Y, weights=np.full(Y.size, 2.0))
    fit.save(tmp_path / "fit.json")
    again = th.load(tmp_path / "fit.json")
    assert again.estimates == fit.estimates
    assert again.standard_errors == fit.standard_errors
    assert dict(again.intervals()) == dict(fit.intervals())
    assert again.certificate == fit.certificate
    assert again.model["kind"] == "model"
    assert again.model["name"] == "normal_log_prob"
    assert again.model["columns"] == ["y"]
    assert again.data_digest == fit.data_digest
    with pytest.raises(InferenceError, match="needs the data"):
        again.covariance("sandwich")


def test_jax_is_imported_by_the_first_fit_only():
    program = (
        "import sys, thetahat as th\n"
        "model = th.Model(lambda p, d: d.y * p.a, parameters={'a': th.real()})\n"
        "assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("domain", [th.positive(), th.real()])
def test_a_density_linear_in_its_parameter_has_no_bound_and_no_warning(domain):
    """Its information is 0, so that a step of Newton's has no length."""
    model = th.Model(lambda p, data: p.a * data.y, parameters={"a": domain})
    certificate = th.fit(model, {"y": np.array([1.0, 2.0, 3.0])}).certificate
    assert certificate.verdict == "unbounded"
    assert certificate.exists is False


def test_numpy_in_a_density_is_told_to_be_jax() -> None:
    for log_prob in (
        lambda p, d: np.log(p.rate) - p.rate * d.y,
        lambda p, d: -p.rate * d.y if p.rate > 1 else -d.y,
    ):
        model = th.Model(log_prob, parameters={"rate": th.positive()})
        with pytest.raises(th.ModelError, match=r"Write it with jax.numpy"):
            th.fit(model, {"y": [1.0, 2.0]})


def test_many_rows_begin_where_few_of_them_lead(monkeypatch):
    """A first step is bent as the few tell, so that it leaves over far less than without."""
    rng = np.random.default_rng(12)
    x = rng.standard_normal(30_000)
    y = (rng.random(30_000) < 1.0 / (1.0 + np.exp(-0.4 - 1.5 * x))).astype(float)
    fit = th.fit(LOGISTIC, {"x": x, "y": y})
    builtin = th.regress(np.column_stack([np.ones_like(x), x]), y, th.Bernoulli())
    assert fit.certificate.verdict == "maximum"
    np.testing.assert_allclose(values(fit.estimates), values(builtin.estimates), rtol=1e-8)
    np.testing.assert_allclose(values(fit.standard_errors), values(builtin.standard_errors), rtol=1e-8)
    weighted = th.fit(LOGISTIC, {"x": x, "y": y}, weights=np.full(30_000, 3.0))
    np.testing.assert_allclose(values(weighted.estimates), values(fit.estimates), rtol=1e-8)
    np.testing.assert_allclose(
        values(weighted.standard_errors), values(fit.standard_errors) / np.sqrt(3), rtol=1e-7
    )
    monkeypatch.setattr(newton, "WORTH_BENDING", np.inf)
    plain = th.fit(LOGISTIC, {"x": x, "y": y})
    np.testing.assert_allclose(values(plain.estimates), values(fit.estimates), rtol=1e-10)
    assert plain.trace[0].newton_decrement == fit.trace[0].newton_decrement
    assert fit.trace[1].newton_decrement < 0.1 * plain.trace[1].newton_decrement


@pytest.mark.parametrize("seed", [2, 4])
def test_a_sample_that_misses_far_rows_does_not_lead_to_where_no_step_leads_back(seed):
    """Three rows lie thousands of standard deviations out, where the rate at the sample's maximum is 1e30."""
    rng = np.random.default_rng(seed)
    n = 40_000
    x, z = rng.standard_normal((2, n))
    y = rng.poisson(np.exp(-0.5 + 0.2 * x)).astype(float)
    rows = rng.choice(n, 3, replace=False)
    z[rows], y[rows] = [1e3, -2e3, 1e4], [0.0, 1.0, 0.0]

    def log_prob(parameters, data):
        return th.Poisson(
            rate=jnp.exp(parameters.a + parameters.b * data.x + parameters.c * data.z)
        ).log_prob(data.y)

    model = th.Model(log_prob, parameters={"a": th.real(), "b": th.real(), "c": th.real()})
    fit = th.fit(model, {"x": x, "z": z, "y": y})
    same = th.regress(np.column_stack([np.ones(n), x, z]), y, th.Poisson())
    assert fit.certificate.verdict == "maximum"
    np.testing.assert_allclose(list(fit.estimates.values()), list(same.estimates.values()), rtol=1e-7)
