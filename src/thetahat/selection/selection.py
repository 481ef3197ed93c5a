"""What ``th.select`` found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from types import MappingProxyType
from typing import Any, final

from thetahat._errors import InferenceError
from thetahat.report.facts import facts_of
from thetahat.selection.criteria import Criterion
from thetahat.selection.ranking import Candidate, Failure, Ranked
from thetahat.selection.shown import LEGEND, Shown, as_html, as_text, rendered


@final
class Selection(Ranked):
    """Families fitted to the same rows, the best first. Immutable.

    Iterable over the ranked fits; indexed by a family's name or by place; renders as a table in a terminal, in a
    notebook and as text.

    Examples
    --------
    >>> import thetahat as th
    >>> chosen = th.select([3, 1, 4, 1, 5, 2, 6, 3, 3, 2], ["poisson", "geometric", "negative_binomial"])
    >>> chosen.names, chosen["poisson"].estimates
    (('poisson', 'geometric'), {'rate': 3.0})
    >>> [(failure.name, failure.verdict) for failure in chosen.failures]
    [('negative_binomial', 'at_infinity')]
    """

    __slots__ = ("_folds", "_kind", "_left_out")

    _folds: int | None
    _kind: str
    _left_out: Mapping[str, str]

    def __init__(
        self,
        criterion: Criterion,
        candidates: Sequence[Candidate],
        failures: Sequence[Failure],
        *,
        left_out: Mapping[str, str],
        kind: str,
        folds: int | None,
    ) -> None:
        super().__init__(criterion, candidates, failures)
        object.__setattr__(self, "_left_out", MappingProxyType(dict(left_out)))
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_folds", folds)

    @property
    def left_out(self) -> Mapping[str, str]:
        """The families that are not for these rows, with the reason."""
        return self._left_out

    @property
    def kind(self) -> str:
        """``continuous`` or ``discrete``: what the rows were taken for."""
        return self._kind

    def plot(self, axes: Any = None, *, most: int = 4) -> Any:
        """Draw the best few over the data; returns Matplotlib's axes.

        Densities over a histogram, probabilities over proportions, or where rows are censored or truncated by
        limits of their own distribution functions over the nonparametric estimate.

        Parameters
        ----------
        axes
            Where to draw; by default on a new figure.
        most
            How many of the best.
        """
        from thetahat.report.candidates import plot_candidates

        return plot_candidates(self._best_few(most), axes)

    def _best_few(self, most: int) -> dict[str, Any]:
        if int(most) != most or most < 1:
            raise InferenceError(f"most={most!r}: give a whole number from 1 up")
        _ = self.best
        return {candidate.name: candidate.fit for candidate in self.candidates[: int(most)]}

    def report(self, path: str | PathLike[str], *, most: int = 4) -> None:
        """Write one self-contained HTML page: the table, the best few over the data, the best fit's estimates.

        A file that is there is replaced only once the page is complete.
        """
        from thetahat.rendering import write_whole
        from thetahat.selection.page import page

        write_whole(path, page(self._shown(), self.best, self._best_few(most)))

    def plain(self) -> dict[str, Any]:
        """All that there is to tell as plain data; infinite and missing numbers as they are."""
        return {
            "criterion": self.criterion,
            "kind": self.kind,
            "best": self.names[0] if self.names else None,
            "ranking": [candidate.plain() for candidate in self.candidates],
            "failures": [failure.plain() for failure in self.failures],
            "left_out": dict(self.left_out),
        }

    def _shown(self) -> Shown:
        criterion, n = self._criterion, len(self.candidates)
        fits = [*self, *(failure.fit for failure in self.failures if failure.fit is not None)]
        title, notes = f"{n} {self.kind} famil{'ies' if n != 1 else 'y'}", []
        if fits:
            facts = facts_of(fits[0])
            title += f" of {facts.response}" if facts.response not in {"", "y"} else ""
            stands = f", standing for {facts.n_obs:,.6g} observations" if facts.n_obs != facts.n_rows else ""
            source = f" ({facts.data})" if facts.data else ""
            notes.append(f"{facts.n_rows:,} rows{source}{stands}")
        folds = f"; {self._folds} folds" if self._folds is not None else ""
        notes.insert(0, f"{LEGEND}; {criterion.weights}{folds}.")
        return Shown(
            f"{title} by {criterion.title}",
            criterion.title,
            self.candidates,
            self.failures,
            self.left_out,
            (),
            tuple(notes),
        )

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return as_text(self._shown())

    def _repr_html_(self) -> str:
        return as_html(self._shown())

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        yield from rendered(self._shown())
