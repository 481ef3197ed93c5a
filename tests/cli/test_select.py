from __future__ import annotations

import json

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(12)
WAITS = RNG.gamma(2.0, 1.5, 80).tolist()


def test_it_prints_the_ranking_that_python_gives(run, table):
    answer = run("select", table(wait=WAITS), "--families", "gamma,weibull,beta")
    assert answer.status == 0
    assert answer.err == ""
    assert answer.out.startswith("2 continuous families of wait by AIC")
    assert "beta" in answer.out


def test_json_holds_the_ranking_and_what_is_not_in_it(run, table):
    path = table(wait=WAITS, weight=[1, 2] * 40)
    answer = run(
        "select",
        path,
        "--y",
        "wait",
        "--weights",
        "weight",
        "--families",
        "gamma, lomax, beta, uniform",
        "--criterion",
        "cv",
        "--folds",
        "4",
        "--seed",
        "3",
        "--json",
    )
    facts = json.loads(answer.out)
    found = th.select(
        path, ["gamma", "lomax", "beta", "uniform"], "cv", y="wait", weights="weight", folds=4, rng=3
    )
    assert answer.status == 0
    assert [row["name"] for row in facts["ranking"]] == list(found.names)
    assert facts["best"] == "gamma"
    assert facts["ranking"][0]["score"] == found.candidates[0].score
    assert facts["ranking"][0]["estimates"] == found.best.estimates
    assert facts["ranking"][-1]["score"] is None
    assert facts["reasons"][f"ranking.{len(found) - 1}.score"] == "inf"
    assert {row["name"]: row["verdict"] for row in facts["failures"]} == {
        failure.name: failure.verdict for failure in found.failures
    }
    assert facts["left_out"] == {"beta": "for numbers above 0 and below 1"}


def test_a_response_in_text_a_kind_and_known_quantities(run, table):
    path = table(time=[3, 5, 8, 12, 14, 20], event=[1, 1, 0, 1, 1, 0])
    answer = run("select", path, "--y", "censored(time, event)", "--families", "weibull,poisson")
    assert "for whole numbers: poisson" in answer.out
    path = table("counts.csv", k=[1, 4, 2, 6, 3, 2, 5, 0], n=[8] * 8)
    answer = run("select", path, "--y", "k", "--trials", "n", "--families", "binomial", "--json")
    assert json.loads(answer.out)["best"] == "binomial"
    answer = run("select", path, "--y", "k", "--kind", "continuous", "--families", "normal,poisson", "--json")
    assert json.loads(answer.out)["best"] == "normal"


def test_wrappers_by_name(run, table):
    counts = np.where(RNG.random(100) < 0.4, 0, RNG.poisson(4.0, 100)).tolist()
    answer = run("select", table(k=counts), "--families", "poisson,zero_inflated(poisson)", "--json")
    assert json.loads(answer.out)["best"] == "zero_inflated(poisson)"


def test_no_usable_maximum_is_status_3(run, table):
    answer = run("select", table(k=[3, 3, 4, 3]), "--families", "negative_binomial")
    assert answer.status == 3
    assert "nears Poisson" in answer.out


def test_the_page_is_written(run, table, tmp_path):
    answer = run("select", table(wait=WAITS), "--families", "gamma,weibull", "--report", "page.html")
    assert answer.status == 0
    assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--families", "gamma,,beta"], "with commas between them"),
        (["--families", "gama"], "did you mean 'gamma'"),
        (["--families", "beta"], "no family is applicable"),
        (["--criterion", "foo"], "choose from aic"),
        (["--kind", "foo"], "choose from continuous"),
        (["--known", "size=3"], "no family knows 'size'"),
        (["--report", "nowhere/page.html"], "no folder"),
        (["--criterion", "cv", "--folds", "1000"], "to the number of rows"),
    ],
)
def test_bad_input_is_one_line(refused, table, arguments, says):
    assert says in refused("select", table(wait=WAITS), *arguments)
