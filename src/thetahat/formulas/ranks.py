"""Which factors of which terms are coded by fewer columns than they have levels, so that nothing is coded twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import TypeAlias

from thetahat.formulas.terms import Term

Coded: TypeAlias = tuple[tuple[str, bool], ...]
"""A product of factors, each with whether it is reduced: coded without the column that an intercept spans."""


def coded_terms(terms: Iterable[Term], spans: Callable[[str], bool]) -> list[tuple[Term, tuple[Coded, ...]]]:
    """Return each term with the products that add to the earlier terms just what they do not span.

    A factor that spans a constant, such as a categorical one, is the sum of a constant and its reduced form. So a
    term is a sum of products of reduced factors; those that earlier terms hold already are left out, and the
    others are put together again as far as they can be (the rule of patsy and formulaic; Chambers & Hastie, 1992).

    Parameters
    ----------
    terms
        In the order in which they enter.
    spans
        Whether a factor spans a constant.

    Examples
    --------
    >>> for term, coded in coded_terms([(), ("g",), ("g", "x")], lambda name: name == "g"):
    ...     print(term, coded)
    () ((),)
    ('g',) ((('g', True),),)
    ('g', 'x') ((('g', False), ('x', False)),)
    """
    spanned: set[frozenset[tuple[str, bool]]] = set()
    result = []
    for term in terms:
        choices = [((factor, True), None) if spans(factor) else ((factor, False),) for factor in term]
        fresh = []
        for chosen in product(*choices):
            piece = tuple(factor for factor in chosen if factor is not None)
            if frozenset(piece) not in spanned:
                fresh.append(piece)
                spanned.add(frozenset(piece))
        result.append((term, tuple(_joined(fresh))))
    return result


def _joined(pieces: list[Coded]) -> list[Coded]:
    """Apply, as often as possible, rest:(reduced) + rest = rest:(full)."""
    done: list[Coded] = []
    for piece in sorted(pieces, key=len):
        found = _extension(piece, done)
        if found is None:
            done.append(piece)
            continue
        smaller, grown = found
        done = _joined([*(other for other in done if other != smaller), grown])
    return done


def _extension(piece: Coded, done: list[Coded]) -> tuple[Coded, Coded] | None:
    """A product of one reduced factor fewer, and the piece with that factor in full."""
    for smaller in done:
        extra = [factor for factor in piece if factor not in smaller]
        if len(smaller) == len(piece) - 1 and len(extra) == 1 and extra[0][1]:
            name = extra[0][0]
            return smaller, tuple((factor, reduced and factor != name) for factor, reduced in piece)
    return None
