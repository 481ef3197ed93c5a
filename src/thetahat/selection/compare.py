"""Given fits of the same rows, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, final

from thetahat._errors import InferenceError, ModelError
from thetahat.families import leaf_named
from thetahat.fit import Fit
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.rendering import Table, number
from thetahat.selection.criteria import Criterion, criterion_named
from thetahat.selection.nesting import ModelTest, test_between
from thetahat.selection.ranking import RANKED, Candidate, Failure, Ranked, failure_of, ranked
from thetahat.selection.shown import LEGEND, Shown, as_html, as_text, rendered

_MOST_TESTED = 6
"""Fits up to which every pair is tested; of more, the best is tested against each."""


@final
class Comparison(Ranked):
    """Fits of the same rows, the best first, with tests between them. Immutable; renders as a table.

    Examples
    --------
    >>> import thetahat as th
    >>> y = [2.1, 3.4, 1.2, 0.7, 5.2, 2.8, 1.9, 3.3]
    >>> compared = th.compare(th.fit("gamma", y), th.fit("exponential", y))
    >>> compared.names, [test.method for test in compared.tests]
    (('gamma', 'exponential'), ['Vuong'])
    """

    __slots__ = ("_tests",)

    _tests: tuple[ModelTest, ...]

    def __init__(
        self,
        criterion: Criterion,
        candidates: Sequence[Candidate],
        failures: Sequence[Failure],
        tests: Sequence[ModelTest],
    ) -> None:
        super().__init__(criterion, candidates, failures)
        object.__setattr__(self, "_tests", tuple(tests))

    @property
    def tests(self) -> tuple[ModelTest, ...]:
        """Between pairs: a likelihood-ratio test where one model is declared to be within the other, else Vuong's."""
        return self._tests

    def plain(self) -> dict[str, Any]:
        """All that there is to tell as plain data."""
        return {
            "criterion": self.criterion,
            "best": self.names[0] if self.names else None,
            "ranking": [candidate.plain() for candidate in self.candidates],
            "failures": [failure.plain() for failure in self.failures],
            "tests": [test.plain() for test in self.tests],
        }

    def _shown(self) -> Shown:
        headings = ("", "test", "statistic", "df", "p", "small p favours")
        rows = tuple(
            (
                " | ".join(test.models),
                test.method,
                number(test.statistic, 4),
                number(test.degrees_of_freedom, 3),
                number(test.p_value, 3),
                test.favours,
            )
            for test in self.tests
        )
        notes = [f"{LEGEND}; {self._criterion.weights}."]
        notes += list(dict.fromkeys(test.note for test in self.tests if test.note))
        title = f"{len(self)} models by {self._criterion.title}"
        further = [("tests between them", Table(headings, rows))] if rows else []
        return Shown(title, self._criterion.title, self.candidates, self.failures, {}, further, notes)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return as_text(self._shown())

    def _repr_html_(self) -> str:
        return as_html(self._shown())

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        yield from rendered(self._shown())


def compare(*fits: Fit, criterion: str = "aic") -> Comparison:
    """Put fits of the same rows side by side: criteria, weights of evidence, and tests between them.

    Between two models the test is the likelihood-ratio test where one is declared to be a special case of the other:
    the same family with more of its parameters fixed, a regression with some of the coefficients, or a limit of a
    family (Poisson of NegativeBinomial), which lies at the edge of its parameters (Self & Liang, 1987). Else it is
    Vuong's (1989) test, by which of two models that are both wrong the one nearer to the truth is told, provided that
    they are not nested.

    Parameters
    ----------
    fits
        Two or more.
    criterion
        ``aic``, ``aicc`` or ``bic``.

    Raises
    ------
    InferenceError
        If the fits are of different rows, weights or limits of truncation, or of densities beside probabilities.
    ModelError
        If there are not two fits.

    Examples
    --------
    >>> import thetahat as th
    >>> y = [0, 2, 7, 1, 0, 3, 9, 1, 4, 0, 2, 12]
    >>> compared = th.compare(th.fit("poisson", y), th.fit("negative_binomial", y))
    >>> compared.names
    ('negative_binomial', 'poisson')
    >>> compared.tests[0].method, compared.tests[0].p_value
    ('likelihood ratio', 3.999347e-06)
    """
    if len(fits) < 2:
        raise ModelError(f"th.compare takes two fits or more; there {'is one' if fits else 'are none'} here")
    strange = next((fit for fit in fits if not isinstance(fit, Fit)), None)
    if strange is not None:
        raise ModelError(f"th.compare takes fits, and {strange!r} is none; give what th.fit returns")
    how = criterion_named(criterion, ("aic", "aicc", "bic"))
    named = _named(fits)
    _refuse_unlike(named)
    penalised = {name for name, fit in named.items() if fit.solution.penalised is not None}
    usable = {
        name: fit
        for name, fit in named.items()
        if fit.certificate.verdict in RANKED and name not in penalised
    }
    failures = [
        Failure(name, "it is penalised, and the criteria count free parameters", fit)
        if name in penalised
        else failure_of(name, fit)
        for name, fit in named.items()
        if name not in usable
    ]
    scores = {name: how.of(fit) for name, fit in usable.items() if how.of is not None}
    candidates = ranked(usable, scores)
    order = [(candidate.name, candidate.fit) for candidate in candidates]
    few = len(order) <= _MOST_TESTED
    pairs = list(combinations(order, 2)) if few else [(order[0], other) for other in order[1:]]
    return Comparison(how, candidates, failures, [test_between(*pair) for pair in pairs])


def _named(fits: Sequence[Fit]) -> dict[str, Fit]:
    """Fits by a name that tells them apart: the family's, with a number where that is not enough."""
    plain = [_name_of(fit) for fit in fits]
    return {
        name if plain.count(name) == 1 else f"{name} [{plain[: index + 1].count(name)}]": fit
        for index, (name, fit) in enumerate(zip(plain, fits, strict=True))
    }


def _name_of(fit: Fit) -> str:
    model = fit.model
    name = str(model.get("family", "model"))
    if "of" in model:
        inside = model["of"] if isinstance(model["of"], list) else [model["of"]]
        name = f"{name}({', '.join(item['family'] for item in inside)})"
    fixed = dict(model.get("fixed") or {})
    if model.get("kind") == "regression":
        formulas = [text for text in dict(model.get("formulas") or {}).values() if text]
        return f"{name}: {'; '.join(formulas)}" if formulas else name
    held = ", ".join(f"{key}={value:g}" for key, value in fixed.items() if isinstance(value, int | float))
    return f"{name}({held})" if held else name


def _refuse_unlike(named: dict[str, Fit]) -> None:
    (first, reference), *others = named.items()
    for name, fit in others:
        if fit.n_rows != reference.n_rows or fit.n_obs != reference.n_obs:
            raise InferenceError(
                f"{first} was fitted to {reference.n_rows:,} rows ({reference.n_obs:,.6g} observations) and {name} "
                f"to {fit.n_rows:,} ({fit.n_obs:,.6g}); likelihoods compare on the same rows only"
            )
        if _discrete(fit) is not _discrete(reference):
            raise InferenceError(
                f"one of {first} and {name} gives probabilities and the other densities, whose likelihoods do not "
                "compare"
            )
        if _data_of(fit) != _data_of(reference):
            raise InferenceError(
                f"{first} and {name} were fitted to different values, weights or limits; likelihoods compare on the "
                "same rows only"
            )


def _discrete(fit: Fit) -> bool | None:
    """Whether a fit gives probabilities; None where a density of one's own does not say."""
    inside: Any = fit.model
    while inside.get("of"):
        # Components of a mixture are all of one kind.
        inside = inside["of"][0] if isinstance(inside["of"], list) else inside["of"]
    kind = leaf_named(str(inside.get("family")))
    return None if kind is None else bool(kind().support.discrete or kind.labelled)


def _data_of(fit: Fit) -> tuple[Any, ...]:
    """What tells the response apart: its form, its limits, and the digest of its values and weights."""
    likelihood = fit.solution.likelihood
    model: Any = None if likelihood is None else likelihood.unpenalised.model
    if isinstance(model, IndependentModel | RegressionModel) and fit.source is not None:
        response = model.response if isinstance(model, IndependentModel) else model.reader.response
        weights = fit.model.get("weights")
        columns = (*response.columns, *([weights] if isinstance(weights, str) else []))
        places = {name: f"[{index}]" for index, name in enumerate(response.columns)}
        form = response.describe()
        for column, place in places.items():
            form = form.replace(column, place)
        fit.solution.refuse_if_changed("a comparison")
        return form, fit.source.digest(columns)
    return "as a whole", fit.data_digest
