"""What the commands answer: text, JSON and exit statuses."""

from __future__ import annotations

import gc
import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import thetahat as th
from thetahat import datasets

WAITS = [1.5, 0.7, 2.2, 3.9, 1.1, 0.4, 2.8, 1.9]


def test_json_is_the_contract(run, table) -> None:
    answer = run("fit", table(wait=WAITS), "--y", "wait", "--family", "gamma", "--json")
    assert (answer.status, answer.err) == (0, "")
    facts = json.loads(answer.out)
    assert {
        "model", "estimates", "standard_errors", "intervals", "log_likelihood", "aic", "aicc", "bic", "n_rows", "dof",
        "certificate",
    } <= facts.keys()  # fmt: skip
    fit = th.fit(th.Gamma(), WAITS)
    assert facts["estimates"] == fit.estimates
    assert facts["standard_errors"] == fit.standard_errors
    assert facts["log_likelihood"] == fit.log_likelihood
    assert (facts["aic"], facts["aicc"], facts["bic"]) == (fit.aic, fit.aicc, fit.bic)
    assert (facts["n_rows"], facts["dof"]) == (8, 2)
    assert {name: tuple(ends) for name, ends in facts["intervals"].items()} == dict(fit.intervals())
    assert facts["certificate"]["verdict"] == "maximum"
    assert facts["model"]["family"] == "gamma"
    assert facts["reasons"] == {}


def test_the_shipped_data_agree_with_their_reference(run) -> None:
    answer = run("fit", datasets.path("groundbeef"), "--family", "gamma", "--interval", "profile", "--json")
    facts = json.loads(answer.out)
    assert facts["estimates"] == pytest.approx(
        {"shape": 4.00833903183425, "rate": 0.0544273556124212}, rel=1e-8
    )
    assert facts["standard_errors"]["shape"] == pytest.approx(0.341912823704467, rel=1e-6)
    assert facts["log_likelihood"] == pytest.approx(-1253.62511368925, rel=1e-12)
    assert facts["intervals"]["shape"] == pytest.approx([3.37634909817916, 4.71776302848679], rel=1e-6)


def test_censored_rows_by_the_grammar_of_y(run) -> None:
    path = datasets.path("aml")
    answer = run("fit", path, "--y", "censored(weeks, ended)", "--family", "weibull", "--json")
    facts = json.loads(answer.out)
    assert answer.status == 0
    assert facts["log_likelihood"] == pytest.approx(-83.1786692328052, rel=1e-12)
    assert facts["model"]["response"] == "censored(weeks, ended)"


def test_numbers_that_are_none_are_null_with_their_reason(run, table) -> None:
    answer = run("fit", table(hit=[1, 1, 1]), "--family", "bernoulli", "--json")
    facts = json.loads(answer.out)
    assert answer.status == 0
    assert facts["certificate"]["verdict"] == "boundary"
    assert facts["standard_errors"]["prob"] is None
    assert facts["reasons"]["standard_errors.prob"] == "nan: on the edge of its domain"
    assert facts["intervals"]["prob"] == [None, None]


def test_a_profile_at_the_edge_is_one_sided(run, table) -> None:
    answer = run("fit", table(hit=[1] * 10), "--family", "bernoulli", "--interval", "profile", "--json")
    low, high = json.loads(answer.out)["intervals"]["prob"]
    assert low == pytest.approx(math.exp(-0.5 * 3.841458820694124 / 10), rel=1e-6)
    assert high == pytest.approx(1.0)


@pytest.mark.parametrize(
    "arguments", [(), ("--json",), ("--interval", "profile"), ("--interval", "profile", "--json")]
)
def test_a_verdict_without_a_maximum_is_status_3(run, table, arguments) -> None:
    answer = run("fit", table(y=[2.5, 2.5, 2.5]), "--family", "normal", *arguments)
    assert (answer.status, answer.err) == (3, "")
    if "--json" in arguments:
        facts = json.loads(answer.out)
        assert facts["certificate"]["verdict"] == "unbounded"
        assert facts["log_likelihood"] is None
        assert "log_likelihood" in facts["reasons"]
    else:
        assert "unbounded" in answer.out.splitlines()[0]


def test_weights_fixed_parameters_and_trials(run, table) -> None:
    path = table(s=[1, 2, 0], n=[4, 5, 3], w=[2, 1, 1], t=[0.5, 1.5, 4.0])
    by_column = json.loads(
        run("fit", path, "--y", "s", "--family", "binomial", "--trials", "n", "--json").out
    )
    assert by_column["estimates"]["prob"] == pytest.approx(3 / 12)
    by_number = json.loads(
        run("fit", path, "--y", "s", "--family", "binomial", "--known", "trials=6", "--json").out
    )
    assert by_number["estimates"]["prob"] == pytest.approx(3 / 18)
    weighted = json.loads(
        run("fit", path, "--y", "t", "--family", "exponential", "--weights", "w", "--json").out
    )
    assert weighted["estimates"]["rate"] == pytest.approx(4 / 6.5)
    assert (weighted["n_rows"], weighted["n_obs"]) == (3, 4)
    held = json.loads(run("fit", path, "--y", "t", "--family", "normal", "--fix", "mean=-1", "--json").out)
    assert held["estimates"]["mean"] == -1
    assert held["reasons"]["standard_errors.mean"] == "nan: fixed, not estimated"
    assert held["dof"] == 1


def test_text_for_people(run, table) -> None:
    answer = run("fit", table(wait=WAITS), "--family", "gamma")
    assert answer.out.startswith("Gamma fit of wait, maximum\n  Interior maximum")
    assert max(map(len, answer.out.splitlines())) <= 88


def test_what_is_saved_is_shown(run, table) -> None:
    path = table(wait=WAITS)
    fitted = run("fit", path, "--family", "gamma", "--save", "fit.json", "--json")
    shown = run("show", "fit.json", "--json")
    assert shown.status == 0
    assert json.loads(shown.out) == json.loads(fitted.out)
    assert run("show", "fit.json").out.startswith("Gamma fit of wait, maximum\n")
    run("fit", table(y=[1.0, 1.0]), "--family", "normal", "--save", "none.json")
    assert run("show", "none.json").status == 3


def test_families_are_listed(run) -> None:
    listed = json.loads(run("families", "--json").out)
    assert [family["name"] for family in listed] == th.families()
    by_name = {family["name"]: family for family in listed}
    assert by_name["poisson"]["from_sums"]
    assert not by_name["student_t"]["from_sums"]
    assert by_name["binomial"]["known"] == ["trials"]
    assert by_name["normal"]["global_theorem"]
    text = run("families")
    assert text.status == 0
    table, _, below = text.out.partition("\n\n")
    assert {line.split()[0] for line in table.splitlines()[1:]} == set(th.families())
    assert by_name["gamma"]["regression"] == {
        "family": "gamma_mean", "parameter": "mean", "links": ["log", "identity", "inverse", "sqrt", "inverse_squared"]
    }  # fmt: skip
    assert by_name["uniform"]["regression"] is None
    assert by_name["ordinal"]["regression"]["links"][:2] == ["logit", "probit"]
    assert "zero_inflated(...)" in below


def test_the_demo_writes_its_page(run) -> None:
    answer = run("demo")
    page = Path("thetahat-demo.html").resolve()
    assert answer.status == 0
    assert "Gamma fit of serving, maximum" in answer.out
    assert str(page) in answer.out
    assert "Poisson regression of claims, log link, maximum" in answer.out
    assert str(page.with_name("thetahat-demo-regression.html")) in answer.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_report_beside_the_answer(run, table) -> None:
    answer = run("fit", table(wait=WAITS), "--family", "gamma", "--report", "out.html", "--json")
    assert answer.status == 0
    json.loads(answer.out)
    assert "<svg" in Path("out.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [(), ("--version",)])
def test_without_a_command_it_says_what_there_is(run, arguments) -> None:
    answer = run(*arguments)
    assert answer.status == 0
    assert "thetahat" in answer.out


def in_a_process(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "thetahat", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8", **options)


def test_as_a_process_it_is_light(table) -> None:
    path = table(wait=WAITS)
    code = (
        "import sys; from thetahat.cli import main; "
        f"status = main(['fit', {str(path)!r}, '--y', 'wait', '--family', 'gamma', '--json']); "
        "heavy = {'rich', 'matplotlib', 'narwhals', 'typer', 'jax', 'pandas', 'scipy.stats'}; "
        "print(sorted(heavy & set(sys.modules)), status, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "[] 0\n"


def test_statuses_of_processes(table) -> None:
    good = in_a_process(
        "fit", table(wait=WAITS), "--family", "gamma", env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (good.returncode, good.stderr) == (0, "")
    bad = in_a_process("fit", table(wait=[1.0, -1.0]), "--family", "gamma")
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1


def test_an_interruption_is_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("thetahat.cli.families.run", interrupted)
    answer = run("families")
    assert (answer.status, answer.out, answer.err) == (130, "", "thetahat: interrupted\n")


def test_a_closed_pipe_is_no_crash() -> None:
    command = f"{shlex.quote(sys.executable)} -m thetahat families --json | head -c 10"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_process_of_a_caller_collects_garbage_as_before(run, table) -> None:
    for collecting in (False, True):
        (gc.enable if collecting else gc.disable)()
        frozen = gc.get_freeze_count()
        try:
            assert run("fit", table(wait=WAITS), "--family", "gamma", "--json").status == 0
            assert (gc.isenabled(), gc.get_freeze_count()) == (collecting, frozen)
        finally:
            gc.enable()
