"""What a formula names, and what its errors say."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from thetahat._errors import FormulaError, ModelError, SourceError
from thetahat.data import open_source
from thetahat.formulas import read_formula
from thetahat.response import Exact

ROWS = {
    "y": [1.0, 2.0, 3.0],
    "time": [1.0, 2.0, 3.0],
    "event": [1, 0, 1],
    "age": [30.0, 40.0, 50.0],
    "region": ["n", "s", "n"],
    "wt": [1.0, 1.0, 2.0],
    "my col": [1.0, 5.0, 2.0],
    "log(age)": [1.0, 5.0, 2.0],
}


def test_a_dot_is_every_column_but_responses_and_those_reserved() -> None:
    formula = read_formula("censored(time, event) ~ . - y", open_source(ROWS), reserved=["wt"])
    assert formula.terms == ((), ("age",), ("region",), ("my col",), ("log(age)",))
    assert formula.response is not None
    assert formula.response.columns == ("time", "event")


def test_columns_are_those_of_the_right_side() -> None:
    formula = read_formula("y ~ log(age):region + offset(log(wt)) + offset(time)", open_source(ROWS))
    assert formula.columns == ("age", "region", "wt", "time")
    assert formula.offsets == ("offset(log(wt))", "offset(time)")
    assert formula.response == Exact("y")


def test_a_quoted_column_is_a_response_too() -> None:
    assert read_formula("`my col` ~ age", open_source(ROWS)).response == Exact("my col")
    assert read_formula("`log(age)` ~ y", open_source(ROWS)).response == Exact("log(age)")
    assert read_formula("log(age) ~ y", open_source(ROWS)).response == Exact("log(age)")


def test_no_response_is_none() -> None:
    assert read_formula("~ age", open_source(ROWS)).response is None


def test_a_column_named_like_a_call_is_told_from_the_call() -> None:
    source = open_source(ROWS)
    column = read_formula("y ~ `log(age)`", source)
    call = read_formula("y ~ log(age)", source)
    assert (column.columns, call.columns) == (("log(age)",), ("age",))
    with pytest.raises(FormulaError, match="a column as well as a call"):
        read_formula("y ~ log(age) + `log(age)`", source)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("y ~ aeg", SourceError, "did you mean 'age'"),
        ("y ~ log(aeg)", SourceError, "did you mean 'age'"),
        ("y ~ age - nowhere", SourceError, "no column 'nowhere'"),
        ("yy ~ age", SourceError, "no column 'yy'"),
        ("log(y) ~ age", FormulaError, "LogNormal"),
        ("y/2 ~ age", FormulaError, "LogNormal"),
        ("y + 1 ~ age", FormulaError, "is not transformed"),
        ("y ~ lgo(age)", FormulaError, "did you mean 'log'"),
        ("y ~ age + 2", FormulaError, "the number 2 is no term"),
        ("y ~ 2*age", FormulaError, r"I\(2 \* a\)"),
        ("y ~ age**region", FormulaError, "whole number"),
        ("y ~ age:offset(wt)", FormulaError, "cannot stand in a product"),
        ("y ~ 0", FormulaError, "write 1 for one"),
        ("y ~ age age", FormulaError, "'age' stands at position"),
        ("y ~ log(age", FormulaError, "not closed"),
        ("y ~ log()", FormulaError, "takes 1 argument"),
        ("y ~ I(2)", FormulaError, "reads no column"),
        ("y ~ I(age > 1 & wt < 2)", FormulaError, "in brackets|compare two things"),
        ("y ~ log(region)", FormulaError, "there is text"),
        ("y ~ bs(age)", None, ""),
        ("y ~ bs(age, 3, 4, 5, 6, 7, 8, 9, 10)", FormulaError, "takes a column and df"),
        ("y ~ bs(age, dof=3)", FormulaError, "no option 'dof'"),
        ("y ~ bs(age, df=4, knots=[1])", FormulaError, "not both"),
        ("y ~ bs(age, df=2)", FormulaError, "from 3 to"),
        ("y ~ bs(age, df=4, extrapolation='na')", FormulaError, "must be one of"),
        ("y ~ bs(age, knots=[2, 1])", FormulaError, "must rise"),
        ("y ~ cr(age)", FormulaError, "either df= or knots="),
        ("y ~ cr(age, df=4, constraints='centre')", FormulaError, "must be 'center'"),
        ("y ~ poly(age, 0)", FormulaError, "degree=0"),
        ("y ~ poly(age, 2, raw=1)", FormulaError, "True or False"),
        ("y ~ scale(age, ddof='a')", FormulaError, "finite number"),
        ("y ~ log(poly(age, 2))", FormulaError, "stands by itself"),
        ("y ~ log(C(region))", FormulaError, "stands by itself"),
        ("y ~ C(region, contr.nothing)", FormulaError, "is no contrast"),
        ("y ~ C(region, 'north')", FormulaError, "'north' is no contrast.*C\\(region, ref='north'\\)"),
        ("y ~ C(region, levels=['a', 'a'])", FormulaError, "twice"),
        ("y ~ offset(age, wt)", FormulaError, "takes one argument"),
    ],
)
def test_errors_say_what_is_wrong(text: str, error: type[Exception] | None, said: str) -> None:
    source = open_source(ROWS)
    if error is None:
        assert read_formula(text, source).columns == ("age",)
        return
    with pytest.raises(error, match=said):
        read_formula(text, source)


def test_an_error_of_formulas_is_one_of_models() -> None:
    assert issubclass(FormulaError, ModelError)


def test_a_column_that_cannot_be_used_is_refused_unless_it_is_taken_out() -> None:
    source = open_source(
        pd.DataFrame({"y": [1.0, 2.0], "when": [datetime(2020, 1, 1, tzinfo=UTC)] * 2, "x": [1.0, 3.0]})
    )
    with pytest.raises(SourceError, match="when"):
        read_formula("y ~ .", source)
    with pytest.raises(SourceError, match="when"):
        read_formula("y ~ when", source)
    assert read_formula("y ~ . - when", source).terms == ((), ("x",))


def test_conditions_and_text_make_categories() -> None:
    formula = read_formula("y ~ I(region == 'n') + I((age > 35) & ~(wt > 1)) + I(age)", open_source(ROWS))
    assert formula.terms[1:] == (("I(region == 'n')",), ("I((age > 35) & ~(wt > 1))",), ("I(age)",))
