"""Penalties against automatic differentiation, each other, closed forms and brute force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thetahat as th
from thetahat.parameters import Ordered, Parameter, ParameterTable, Positive, Real, UnitInterval
from thetahat.penalties import Coefficients, Layout, Penalty
from thetahat.penalties._slopes import LOCATION, SCALE, log_density

RNG = np.random.default_rng(20)
X = RNG.normal(size=(60, 3))
SIGNS = (X[:, 0] + 0.5 * RNG.normal(size=60) > 0).astype(int)
COUNTS = RNG.poisson(np.exp(0.3 + 0.5 * X[:, 1]))

PRIORS = [
    th.Normal(mean=0.3, sd=2),
    th.Cauchy(location=-1, scale=0.7),
    th.StudentT(location=0.2, scale=1.5, df=4),
    th.Logistic(location=0.1, scale=0.6),
    th.Gumbel(location=0.1, scale=0.6),
    th.GumbelMin(location=0.1, scale=0.6),
    th.HyperbolicSecant(location=0.1, scale=0.6),
    th.Exponential(rate=2),
    th.Gamma(shape=2.5, rate=0.7),
    th.HalfNormal(scale=1.4),
    th.InverseGamma(shape=2, scale=3),
    th.LogNormal(mean_log=0.2, sd_log=0.8),
    th.Maxwell(scale=0.9),
    th.Rayleigh(scale=0.9),
    th.Weibull(shape=1.7, scale=2),
    th.Beta(alpha=2, beta=3.5),
]


@pytest.fixture(autouse=True)
def _in_double_precision() -> Iterator[None]:
    with jax.enable_x64(new_val=True):
        yield


def test_every_kind_of_prior_is_tried() -> None:
    assert {prior.name for prior in PRIORS} == LOCATION | set(SCALE) | {"beta"}


@pytest.mark.parametrize("prior", PRIORS, ids=lambda value: type(value).__name__)
def test_slopes_of_priors(prior: th.Family) -> None:
    values = prior.quantile(np.array([0.02, 0.3, 0.5, 0.8, 0.99]))
    value, first, second = log_density(prior, values)
    slope = jax.grad(prior.log_prob)
    assert value == pytest.approx(prior.log_prob(values), rel=1e-13)
    for at, y in enumerate(values):
        assert first[at] == pytest.approx(float(slope(y)), rel=1e-10, abs=1e-11)
        assert second[at] == pytest.approx(float(jax.grad(slope)(y)), rel=1e-9, abs=1e-10)


TABLE = ParameterTable(
    (
        *(Parameter(name, Real()) for name in ("b:one", "b:x", "b:z", "c:one", "c:x", "c:z")),
        Parameter("size", Positive()),
        Parameter("share", UnitInterval()),
        Parameter("cuts", Ordered(3)),
    ),
    {"c:z": 0.7},
    {"size": 4.0},
)
LAYOUT = Layout(TABLE, (Coefficients(slice(0, 6), 2, 0),))


def softmax_ridge(values: dict[str, Any]) -> Any:
    total = 0.0
    for column in ("x", "z"):
        differences = jnp.array([0.0, values[f"b:{column}"], values[f"c:{column}"]])
        total += jnp.sum((differences - jnp.mean(differences)) ** 2)
    return -1.5 / 2 * total


CASES: list[tuple[Penalty, Callable[[dict[str, Any]], Any]]] = [
    (th.Ridge(1.5), softmax_ridge),
    (
        th.Ridge(1.5, ["b:one", "size", "cuts[1]"]),
        lambda v: -0.75 * (v["b:one"] ** 2 + v["size"] ** 2 + v["cuts[1]"] ** 2),
    ),
    (
        th.Prior(
            {
                "b:x": th.Cauchy(location=0, scale=2),
                "b:z": th.Cauchy(location=0, scale=2),
                "size": th.Gamma(shape=2, rate=3),
                "share": th.Beta(alpha=2, beta=3),
                "cuts[2]": th.Normal(mean=1, sd=2),
            }
        ),
        lambda v: (
            th.Cauchy(location=0, scale=2).log_prob(v["b:x"])
            + th.Cauchy(location=0, scale=2).log_prob(v["b:z"])
            + th.Gamma(shape=2, rate=3).log_prob(v["size"])
            + th.Beta(alpha=2, beta=3).log_prob(v["share"])
            + th.Normal(mean=1, sd=2).log_prob(v["cuts[2]"])
        ),
    ),
]


def values_of(free: Any) -> dict[str, Any]:
    cuts = jnp.concatenate([free[7:8], jnp.exp(free[8:])]).cumsum()
    names = ("b:one", "b:x", "b:z", "c:one", "c:x")
    return {
        **dict(zip(names, free[:5], strict=True)),
        "c:z": 0.7,
        "size": 4.0 * jnp.exp(free[5]),
        "share": jax.nn.sigmoid(free[6]),
        **{f"cuts[{k}]": cuts[k] for k in range(3)},
    }


@pytest.mark.parametrize(("penalty", "formula"), CASES, ids=lambda case: getattr(case, "title", ""))
def test_derivatives_on_the_free_scale(penalty: Penalty, formula: Callable[[dict[str, Any]], Any]) -> None:
    free = np.random.default_rng(1).normal(size=TABLE.n_free)
    terms = penalty.bind(LAYOUT).terms(free)

    def function(at: Any) -> Any:
        return formula(values_of(at))

    assert terms.value == pytest.approx(float(function(jnp.array(free))), rel=1e-13)
    assert terms.gradient == pytest.approx(np.array(jax.grad(function)(free)), abs=1e-12)
    dense = terms.curvature.dense()
    assert dense == pytest.approx(-np.array(jax.hessian(function)(free)), abs=1e-11)
    vector = np.random.default_rng(2).normal(size=free.size)
    assert terms.curvature.product(vector) == pytest.approx(dense @ vector, abs=1e-12)
    assert terms.curvature.diagonal() == pytest.approx(np.diag(dense), abs=1e-12)


@pytest.mark.parametrize(("family", "y"), [("bernoulli", SIGNS), ("poisson", COUNTS), ("binomial", SIGNS)])
def test_firth_is_half_the_log_determinant(family: str, y: np.ndarray) -> None:
    trials = np.where(np.arange(60) % 2, 1, 3)
    weights = np.where(np.arange(60) % 3, 1.0, 2.0)
    made = th.Binomial(trials=trials) if family == "binomial" else family
    fit = th.regress(X, y, made, weights=weights, intercept=True, fixed={"x2": 0.2}, penalty=th.Firth())
    matrix = np.column_stack([np.ones(60), X])

    def penalised(free: Any) -> Any:
        eta = matrix @ jnp.concatenate([free, jnp.array([0.2])])
        many = trials if family == "binomial" else 1
        if family == "poisson":
            rows, variance = th.Poisson(rate=jnp.exp(eta)).log_prob(y), jnp.exp(eta)
        else:
            rows = y * jax.nn.log_sigmoid(eta) + (many - y) * jax.nn.log_sigmoid(-eta)
            variance = many * jax.nn.sigmoid(eta) * jax.nn.sigmoid(-eta)
        information = (matrix[:, :3] * (weights * variance)[:, None]).T @ matrix[:, :3]
        return jnp.sum(weights * rows) + 0.5 * jnp.linalg.slogdet(information)[1]

    likelihood = fit.solution.with_data("a test")
    for point in (fit.solution.point, np.array([0.3, -0.4, 0.2])):
        tally = likelihood.tally(point)
        assert tally.score == pytest.approx(np.array(jax.grad(penalised)(point)), abs=1e-9)
        assert tally.information == pytest.approx(
            -np.array(jax.hessian(penalised)(point)), rel=1e-9, abs=1e-9
        )
    score = likelihood.tally(fit.solution.point).score
    assert np.all(np.abs(score) <= 1e-8 * np.sqrt(np.diag(likelihood.tally(fit.solution.point).information)))


def test_a_ridge_is_a_normal_prior() -> None:
    ridge = th.regress(X, SIGNS, th.Bernoulli(), intercept=True, penalty=th.Ridge(2.5))
    prior = th.Normal(mean=0, sd=2.5**-0.5)
    same = th.regress(
        X, SIGNS, th.Bernoulli(), intercept=True, penalty=th.Prior({f"x{j}": prior for j in range(3)})
    )
    constant = 3 * prior.log_prob(0.0)
    assert same.penalised_log_likelihood - ridge.penalised_log_likelihood == pytest.approx(
        constant, abs=1e-10
    )
    assert same.log_likelihood == pytest.approx(ridge.log_likelihood, rel=1e-12)
    for name in ridge.names:
        assert same.estimates[name] == pytest.approx(ridge.estimates[name], abs=1e-9)
        assert same.standard_errors[name] == pytest.approx(ridge.standard_errors[name], rel=1e-9)


@pytest.mark.parametrize(
    ("family", "y", "options"),
    [
        (th.Normal(), X @ [1.0, 0.0, -1.0] + RNG.normal(size=60), {}),
        (th.NegativeBinomial(), RNG.negative_binomial(2, 0.4, size=60), {}),
        (th.Weibull(), RNG.weibull(1.5, size=60), {}),
        (th.Bernoulli(), SIGNS, {"links": {"prob": "probit"}}),
        (th.Categorical(), RNG.integers(0, 3, size=60), {}),
        (th.Ordinal(), RNG.integers(0, 3, size=60), {}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_penalised_regressions_are_stationary(family: th.Family, y: Any, options: dict[str, Any]) -> None:
    fit = th.regress(X, y, family, intercept=True, penalty=th.Ridge(0.8), **options)
    assert fit.certificate.verdict == "maximum"
    likelihood = fit.solution.with_data("a test")
    tally = likelihood.tally(fit.solution.point)
    assert np.all(np.abs(tally.score) <= 1e-8 * np.sqrt(np.diag(tally.information)))
    plain = likelihood.unpenalised.tally(fit.solution.point)
    assert fit.log_likelihood == pytest.approx(plain.value, rel=1e-13)
    assert np.linalg.norm(plain.score) > 1e-3
    low, high = fit.intervals(method="profile", parameters=fit.free_names[-1])[fit.free_names[-1]]
    assert low < fit.estimates[fit.free_names[-1]] < high


def test_the_sample_of_a_large_regression_has_its_share_of_the_penalty() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(200_000, 4))
    y = (rng.random(200_000) < 1 / (1 + np.exp(-matrix[:, 0]))).astype(int)
    fit = th.regress(matrix, y, th.Bernoulli(), penalty=th.Ridge(50_000.0))
    tally = fit.solution.with_data("a test").tally(fit.solution.point)
    assert np.all(np.abs(tally.score) <= 1e-8 * np.sqrt(np.diag(tally.information)))
    assert len(fit.trace) <= 4


def test_conjugate_priors_have_closed_forms() -> None:
    y = [2, 4, 3, 5, 1]
    rate = th.fit(th.Poisson(), y, penalty=th.Prior({"rate": th.Gamma(shape=3, rate=2)}))
    assert rate.estimates["rate"] == pytest.approx((15 + 3 - 1) / (5 + 2), rel=1e-12)
    prob = th.fit(th.Bernoulli(), [1, 1, 1, 1], penalty=th.Prior({"prob": th.Beta(alpha=2, beta=2)}))
    assert prob.certificate.verdict == "maximum"
    assert prob.estimates["prob"] == pytest.approx(5 / 6, rel=1e-12)
    mean = th.fit(th.Normal(), [1.0, 2.0, 6.0], fixed={"sd": 2.0}, penalty=th.Ridge(0.5, "mean"))
    assert mean.estimates["mean"] == pytest.approx((9 / 4) / (3 / 4 + 0.5), rel=1e-12)


def test_a_mode_depends_on_the_scale_of_its_density() -> None:
    y = [2, 4, 3, 5, 1]
    in_rate = th.fit(th.Poisson(), y, penalty=th.Prior({"rate": th.LogNormal(mean_log=0, sd_log=1)}))
    log_rate = th.regress(np.ones((5, 1)), y, th.Poisson(), penalty=th.Prior({"x0": th.Normal(mean=0, sd=1)}))
    # The density of the rate has the further factor 1/rate.
    assert in_rate.estimates["rate"] < np.exp(log_rate.estimates["x0"]) - 0.1
    shifted = th.Prior({"rate": th.LogNormal(mean_log=1, sd_log=1)})
    assert th.fit(th.Poisson(), y, penalty=shifted).estimates["rate"] == pytest.approx(
        np.exp(log_rate.estimates["x0"]), rel=1e-9
    )


def test_limits_are_penalised_as_well() -> None:
    counts = [3, 3, 4, 2, 3, 3]
    on_mean = th.fit(th.NegativeBinomial(), counts, penalty=th.Prior({"mean": th.Gamma(shape=2, rate=0.1)}))
    assert (on_mean.certificate.verdict, on_mean.certificate.limit) == ("at_infinity", "Poisson")
    assert on_mean.estimates["mean"] == pytest.approx((18 + 1) / (6 + 0.1), rel=1e-9)
    on_size = th.fit(th.NegativeBinomial(), counts, penalty=th.Prior({"size": th.Gamma(shape=2, rate=0.1)}))
    assert on_size.certificate.verdict == "maximum"
    regression = th.regress(np.ones((6, 1)), counts, th.NegativeBinomial(), penalty=th.Ridge(1.0))
    assert (regression.certificate.verdict, regression.certificate.limit) == ("at_infinity", "Poisson")


SEPARATED = (np.array([[-2.0], [-1.0], [1.0], [2.0]]), [0, 0, 1, 1])


@pytest.mark.parametrize(
    "penalty",
    [th.Ridge(1.0), th.Prior({"x0": th.Cauchy(location=0, scale=2.5)}), th.Firth()],
    ids=lambda value: type(value).__name__,
)
def test_separated_data_have_a_penalised_maximum(penalty: Penalty) -> None:
    assert th.regress(*SEPARATED, th.Bernoulli()).certificate.verdict == "at_infinity"
    fit = th.regress(*SEPARATED, th.Bernoulli(), penalty=penalty)
    assert fit.certificate.verdict == "maximum"
    assert 0 < fit.estimates["x0"] < 5


def test_firth_adds_half_a_row_of_either_kind() -> None:
    fit = th.regress(np.ones((7, 1)), [1] * 7, th.Bernoulli(), penalty=th.Firth())
    assert fit.estimates["x0"] == pytest.approx(np.log(7.5 / 0.5), rel=1e-12)
    counts = th.regress(np.ones((4, 1)), [0, 0, 0, 0], th.Poisson(), penalty=th.Firth())
    assert counts.estimates["x0"] == pytest.approx(np.log(0.5 / 4), rel=1e-12)


def test_penalised_columns_may_be_aliased() -> None:
    twice = np.column_stack([X, X[:, 0]])
    fit = th.regress(twice, SIGNS, th.Bernoulli(), intercept=True, penalty=th.Ridge(1.0))
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["x0"] == pytest.approx(fit.estimates["x3"], rel=1e-9)
    for penalty in (th.Firth(), th.Prior({"x1": th.Normal(mean=0, sd=1)})):
        with pytest.raises(th.DataError, match="x3 equals x0"):
            th.regress(twice, SIGNS, th.Bernoulli(), intercept=True, penalty=penalty)
    on_one = th.Prior({"x3": th.Normal(mean=0, sd=1)})
    assert th.regress(twice, SIGNS, th.Bernoulli(), penalty=on_one).certificate.verdict == "maximum"


def test_what_no_penalty_holds_can_still_run_away() -> None:
    fit = th.regress(X, np.ones(60), th.Bernoulli(), intercept=True, penalty=th.Ridge(1.0))
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.parameters == ("Intercept",)


def test_what_a_penalised_fit_says_and_saves(tmp_path: Path) -> None:
    prior = th.Prior({"df": th.Gamma(shape=2, rate=0.1), "location": th.Normal(mean=0, sd=1)})
    fit = th.fit(th.StudentT(), np.random.default_rng(5).standard_t(4, size=200), penalty=prior)
    text = str(fit.summary())
    assert "penalised log-likelihood" in text
    assert "penalised by Prior({'df': Gamma(" in " ".join(text.split())
    assert "AIC" not in text
    assert np.isnan([fit.aic, fit.aicc, fit.bic]).all()
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.log_likelihood == fit.log_likelihood
    assert loaded.penalised_log_likelihood == fit.penalised_log_likelihood
    assert loaded.model["penalty"] == fit.model["penalty"]
    assert str(loaded.summary()).splitlines()[:8] == text.splitlines()[:8]


def test_formulas_and_densities_of_ones_own_take_penalties() -> None:
    columns = {"y": SIGNS, "a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}
    formula = th.fit(th.Regression("y ~ a + b + c", th.Bernoulli()), columns, penalty=th.Ridge(2.0))
    matrix = th.regress(X, SIGNS, th.Bernoulli(), intercept=True, penalty=th.Ridge(2.0))
    assert list(formula.estimates.values()) == pytest.approx(list(matrix.estimates.values()), abs=1e-10)
    own = th.Model(lambda p, data: -p.rate + data.y * jnp.log(p.rate), parameters={"rate": th.positive()})
    penalty = th.Prior({"rate": th.Gamma(shape=3, rate=2)})
    fit = th.fit(own, {"y": [2.0, 4.0, 3.0, 5.0, 1.0]}, penalty=penalty)
    assert fit.estimates["rate"] == pytest.approx(17 / 7, rel=1e-9)


def test_the_sandwich_takes_its_meat_from_the_rows_alone() -> None:
    fit = th.regress(X, SIGNS, th.Bernoulli(), intercept=True, penalty=th.Ridge(2.0))
    matrix = np.column_stack([np.ones(60), X])
    prob = 1 / (1 + np.exp(-matrix @ list(fit.estimates.values())))
    bread = np.linalg.inv((matrix * (prob * (1 - prob))[:, None]).T @ matrix + np.diag([0.0, 2.0, 2.0, 2.0]))
    scores = matrix * (SIGNS - prob)[:, None]
    assert fit.covariance() == pytest.approx(bread, rel=1e-8)
    assert fit.covariance("expected") == pytest.approx(bread, rel=1e-8)
    assert fit.covariance("sandwich") == pytest.approx(bread @ scores.T @ scores @ bread, rel=1e-7)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: th.Ridge(0.0), th.ParameterError, "above 0"),
        (lambda: th.Ridge(float("nan")), th.ParameterError, "above 0"),
        (lambda: th.Ridge("strong"), th.ParameterError, "above 0"),
        (lambda: th.Prior({}), th.ParameterError, "give a dict"),
        (lambda: th.Prior({"x0": 3.0}), th.ParameterError, "all its numbers"),
        (lambda: th.Prior({"x0": th.Normal(mean=0)}), th.ParameterError, "without numbers for sd"),
        (lambda: th.Prior({"x0": th.Poisson(rate=1)}), th.ParameterError, "priors are one of"),
        (lambda: th.Ridge(1.0, ["x9"]), th.ParameterError, "no parameter 'x9'"),
        (lambda: th.Ridge(1.0, ["x1"]), th.ParameterError, "x1 is fixed"),
        (lambda: th.Prior({"x9": th.Normal(mean=0, sd=1)}), th.ParameterError, "no parameter 'x9'"),
        (lambda: th.Prior({"x0": th.Gamma(shape=1, rate=1)}), th.ParameterError, "leaves out"),
        (lambda: 2.0, th.ModelError, "th.Ridge"),
    ],
)
def test_penalties_that_are_none(make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        th.regress(X, SIGNS, th.Bernoulli(), fixed={"x1": 0.0}, penalty=make())


def test_models_that_a_penalty_is_not_for() -> None:
    with pytest.raises(th.ParameterError, match="Name parameters"):
        th.fit(th.Gamma(), [1.0, 2.0], penalty=th.Ridge(1.0))
    with pytest.raises(th.ModelError, match="outermost rows"):
        th.fit(th.Uniform(), [1.0, 2.0], penalty=th.Prior({"low": th.Normal(mean=0, sd=1)}))
    with pytest.raises(th.ModelError, match="canonical link"):
        th.regress(X, SIGNS, th.Bernoulli(), links={"prob": "probit"}, penalty=th.Firth())
    with pytest.raises(th.ModelError, match="canonical link"):
        th.regress(X, X[:, 0], th.Normal(), penalty=th.Firth())
