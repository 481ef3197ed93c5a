"""Text from outside is data: nothing in it runs, whatever it says, and nothing in it takes long."""

from __future__ import annotations

import builtins
import os
from typing import Any

import numpy as np
import pytest

from thetahat._errors import FormulaError, ModelError, SourceError
from thetahat.data import open_source
from thetahat.engines import Threads
from thetahat.formulas import designers, read_formula, restore_designer

ROWS = {
    "y": np.arange(6.0),
    "x": np.array([1.0, 2, 4, 8, 16, 32]),
    "z": np.arange(6) * 2,
    "g": ["a", "b", "a", "c", "b", "c"],
    "flag": [True, False, True, False, True, True],
}

HOSTILE = [
    "__import__('os').system('echo bad')",
    "exec('import os')",
    "eval('1')",
    "open('/etc/passwd')",
    "x.__class__",
    "x.__class__.__mro__",
    "I(x.__class__)",
    "I(().__class__.__bases__[0].__subclasses__())",
    "log.__globals__",
    "log(x).tofile('stolen')",
    "I(x.tofile('stolen'))",
    "np.load('file')",
    "np.log.__class__(x)",
    "np.lib.npyio.load(x)",
    "np.fromfile('f')",
    "numpy.save('f', x)",
    "np(x)",
    "I(lambda: x)",
    "I((lambda q: q)(x))",
    "I([q for q in x])",
    "I({q for q in x})",
    "I(sum(q for q in x))",
    "I(f'{x}')",
    "I(x[0])",
    "I(x[x > 1])",
    "x[0]",
    "I(x if x else z)",
    "I(x and z)",
    "I(not x)",
    "I(x := z)",
    "I(*x)",
    "I(**x)",
    "log(*[x])",
    "log(**{'x': x})",
    "log(x, out=x)",
    "log(x, where=False)",
    "log(x, dtype='object')",
    "I(x @ z)",
    "I(x << 2)",
    "I(x is z)",
    "I(x in z)",
    "I(1j * x)",
    "I(b'bytes')",
    "I(None)",
    "I(...)",
    "I(print)",
    "print(x)",
    "getattr(x, 'tofile')",
    "globals()",
    "I(x); import os",
    "x\nimport os",
    "{x}",
    "x | z",
    "[x ~ z]",
    "x = z",
    "x; z",
    "x, z",
    "x @ z",
    "'x'",
    '"x"',
    "C('x')",
    "C(g, open('f'))",
    "C(g, contr.custom([[1]]))",
    "C(g, contr.treatment(__import__('os')))",
    "C(g, ref=__import__('os'))",
    "C(g, levels=open('f'))",
    "C(g, levels=[x for x in 'abc'])",
    "C(g, reference='a')",
    "C(g, contr.treatment('a'), ref='b')",
    "bs(x, df=__import__('os').getpid())",
    "bs(x, df=4, _state={})",
    "poly(x, 2, _state={'alpha': {}})",
    "poly(x, **{'degree': 2})",
    "hashed(g)",
    "lag(x)",
    "Q(__name__)",
    "offset(__import__('os'))",
    "offset(g)",
    "x:offset(z)",
    "stateful_transform(x)",
    "logit.__self__(x)",
    "\u00e9val(x)",
    "I(x.real)",
    "I('a' + 'b')",
    "log('x')",
    "log(g)",
    "I(g + 1)",
    "I(g < 'b')",
    "I(-g)",
    "center(g)",
]

ENDLESS = [
    "bs(x, df=10**9)",
    "bs(x, df=1000000000)",
    "bs(x, degree=100000)",
    "poly(x, 10**6)",
    "poly(x, 1000000)",
    "cr(x, df=99999999)",
    "x**50",
    "(x + z + g)**1000000000000",
    "(x + z)**99999999999999999999999",
    "*".join(f"v{k}" for k in range(60)),
    "(" + " + ".join(f"v{k}" for k in range(300)) + ")**4",
    "(" * 5000 + "x" + ")" * 5000,
    "I(" + "(" * 5000 + "x" + ")" * 5000 + ")",
    "I(" + "-" * 9000 + "x)",
    "I(" + "+".join(["x"] * 9000) + ")",
    "I(" + "~" * 3000 + "(x > 1))",
    "log(" * 3000 + "x" + ")" * 3000,
    "I(x ** 1" + "0" * 400 + ")",
    "C(g, levels=[" + ",".join(["'a'"] * 20000) + "])",
    "I(x" + " " * 300_000 + ")",
    "x" * 300_000,
]


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError(f"text was run: {arguments} {options}")

    for name in ("eval", "exec", "print", "globals"):
        monkeypatch.setattr(builtins, name, refuse)
    monkeypatch.setattr(os, "system", refuse)


@pytest.mark.parametrize("right", HOSTILE)
def test_a_hostile_piece_is_refused_by_name(right: str) -> None:
    with pytest.raises((FormulaError, SourceError)) as caught:
        read_formula(f"y ~ x + {right}", open_source(ROWS))
    assert len(str(caught.value)) < 1_500
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("right", ENDLESS, ids=range(len(ENDLESS)))
def test_a_piece_that_would_never_end_is_refused(right: str) -> None:
    with pytest.raises((FormulaError, SourceError)):
        read_formula(f"y ~ {right}", open_source(ROWS))


@pytest.mark.parametrize(
    "left",
    [
        "log(y)",
        "y + 1",
        "exec('1')",
        "I(y)",
        "__import__('os')",
        "y.__class__",
        "censored(y)",
        "y ~ x",
        "C(g)",
    ],
)
def test_the_left_side_is_never_run(left: str) -> None:
    with pytest.raises((FormulaError, SourceError)):
        read_formula(f"{left} ~ x", open_source(ROWS))


@pytest.mark.parametrize(
    "text", ["", "   ", "y", "y ~", "~", "y ~ x ~ z", "y ~ +", "y ~ x +", "y ~ (x", "y ~ x)", "y ~ * x"]
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        read_formula(text, open_source(ROWS))


@pytest.mark.parametrize("given", [None, 3, b"y ~ x", ["y ~ x"]])
def test_what_is_no_text_is_refused(given: Any) -> None:
    with pytest.raises(FormulaError, match="a formula is text"):
        read_formula(given, open_source(ROWS))


def test_control_characters_come_back_as_escapes() -> None:
    with pytest.raises(FormulaError) as caught:
        read_formula("y ~ \x1b[2J(x)", open_source(ROWS))
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("call", ["__import__('os').system('x')", "open('f')", "I(x.__class__)"])
def test_a_description_is_checked_as_text_is(call: str) -> None:
    source = open_source(ROWS)
    good = dict(designers({"": read_formula("y ~ log(x)", source)}, source, Threads(1))[""].describe())
    for changed in ({"terms": [[], [{"call": call}]]}, {"offsets": [call]}):
        with pytest.raises(FormulaError):
            restore_designer({**good, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"terms": None},
        {"terms": [[{}]]},
        {"terms": [[{"column": "nowhere"}]]},
        {"columns": []},
        {"levels": 3},
        {"levels": {"g": [None]}},
        {"states": []},
        {"n_rows": "many"},
    ],
)
def test_a_damaged_description_says_so(changed: dict[str, Any]) -> None:
    source = open_source(ROWS)
    good = dict(designers({"": read_formula("y ~ log(x) + g", source)}, source, Threads(1))[""].describe())
    with pytest.raises(FormulaError, match="description of a formula"):
        restore_designer({**good, **changed})


def test_own_functions_come_from_python_alone() -> None:
    source = open_source(ROWS)
    with pytest.raises(FormulaError, match="double"):
        read_formula("y ~ double(x)", source)
    formula = read_formula("y ~ double(x, by=3)", source, functions={"double": lambda x, by=2: by * x})
    designer = designers({"": formula}, source, Threads(1))[""]
    columns = next(iter(source.blocks(["x"]))).columns
    from thetahat.response._response import RowNumbers

    assert designer.build(columns, RowNumbers(0)).dense()[:, 1].tolist() == (3 * ROWS["x"]).tolist()  # type: ignore[operator]
    with pytest.raises(FormulaError, match="'double' is no function"):
        restore_designer(designer.describe()).build(columns, RowNumbers(0))


@pytest.mark.parametrize(
    "functions", [{"log": abs}, {"np": abs}, {"C": abs}, {"a b": abs}, {"f": 3}, {"__x y": abs}]
)
def test_own_functions_have_names_of_their_own(functions: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        read_formula("y ~ x", open_source(ROWS), functions=functions)
