"""The ordinal family: which of K labels in order, such as grades and ratings."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families._contract import Known, Theta
from thetahat.families._cut_laws import LAWS, CutLaw
from thetahat.families._cut_points import Slice, cut_terms, cuts_of
from thetahat.families._labelled import LabelledFamily, codes_of, labels_of
from thetahat.families._support import COUNTS, Support
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Ordered, Parameter, Real


@final
class Ordinal(LabelledFamily):
    """Ordered categories: link(P(Y <= k)) = thresholds[k] - location, k = 0, ..., K - 2.

    Working coordinates are the first threshold and the logs of the gaps between them; there is no location (it
    is 0) unless it is asked for, as a regression does, whose first coordinate it then is (McCullagh, 1980). Each
    category has the mass of a latent variable between two thresholds, with distribution function link⁻¹, from
    which nothing cancels however narrow or remote it is. The maximum without location is the empirical
    distribution function.

    Parameters
    ----------
    y
        The response's column, where data have columns.
    thresholds
        K - 1 increasing numbers.
    location
        What the latent variable is shifted by.
    link
        ``"logit"`` (the default), ``"probit"``, ``"cloglog"``, ``"loglog"`` or ``"cauchit"``.
    levels
        K distinct labels, from the lowest to the highest; a fit to data finds them by itself: sorted, or
        in the order that a categorical column of pandas, polars (``Enum``) or Arrow declares.
    located
        Whether the location is a parameter; it is where it has a number.

    Raises
    ------
    ParameterError
        If thresholds do not increase, there is no such link, labels repeat, or numbers of them do not match.

    Examples
    --------
    >>> import thetahat as th
    >>> rating = th.Ordinal(thresholds=[-1.0, 1.0], levels=["poor", "fair", "good"])
    >>> rating.density(["poor", "fair", "good"]).round(6).tolist()
    [0.268941, 0.462117, 0.268941]
    >>> round(float(rating.cdf("fair")), 6)
    0.731059
    >>> rating.quantile(0.5)
    'fair'
    """

    declared: tuple[Parameter, ...] = ()
    support: Support = COUNTS
    options: ClassVar[tuple[str, ...]] = ("levels", "link", "located")
    holds_constant: ClassVar[bool] = True
    uniqueness: ClassVar[str | None] = "a multinomial distribution by other coordinates"

    def __init__(
        self,
        *,
        y: str | None = None,
        thresholds: Any = None,
        location: Any = None,
        link: str | None = None,
        levels: Sequence[Any] | NDArray[Any] | None = None,
        located: bool | None = None,
        **values: Any,
    ) -> None:
        if values:
            raise ParameterError(
                f"Ordinal has no parameter {next(iter(values))!r}; its parameters are: thresholds, location; "
                "it takes link and levels besides"
            )
        if link is not None and link not in LAWS:
            raise ParameterError(f"Ordinal(link={link!r}): the links are: {', '.join(LAWS)}")
        if thresholds is not None and np.ndim(thresholds) != 1:
            raise ParameterError(
                f"Ordinal(thresholds={thresholds!r}): thresholds must be a list of finite numbers in increasing order"
            )
        self.link = link
        self.located = True if location is not None or located else None
        self.levels: tuple[Any, ...] | None = None if levels is None else labels_of("Ordinal", levels)
        self._codes = codes_of(self.levels)
        size = len(thresholds) if thresholds is not None else len(self.levels or ()) - 1
        if self.levels is not None and size != len(self.levels) - 1:
            raise ParameterError(
                f"Ordinal(thresholds=..., levels=...): {size} thresholds for {len(self.levels)} levels; "
                "give one threshold less than levels"
            )
        if size < 1 and (thresholds is not None or self.levels is not None):
            raise ParameterError(
                f"Ordinal needs two levels at least, and has {size + 1}: {list(self.levels or ())!r}"
            )
        self._n_levels = size + 1 if size > 0 else None
        if self.located:
            self.declared = (Parameter("location", Real(), (-2.0, 2.0)),)
            if self._law.theorem is not None:
                self.single_maximum = MappingProxyType({"*": self._law.theorem})
        if size > 0:
            self.declared += (Parameter("thresholds", Ordered(size), (-2.0, 2.0)),)
            self.support = Support(0.0, float(size), discrete=True)
        given = {"thresholds": thresholds, "location": location}
        super().__init__(y=y, **{name: value for name, value in given.items() if value is not None})

    def with_levels(self, levels: Sequence[Any] | NDArray[Any]) -> Ordinal:
        """Return the same family with labels for its codes.

        Examples
        --------
        >>> import thetahat as th
        >>> th.Ordinal(link="probit").with_levels(["low", "high"])
        Ordinal(levels=('low', 'high'), link='probit')
        """
        return Ordinal(y=self.y, **self.given, link=self.link, levels=levels, located=self.located)

    def regression_form(self) -> Ordinal:
        """The same family with a location, which a regression drives."""
        return Ordinal(y=self.y, **self.given, link=self.link, levels=self.levels, located=True)

    @property
    def n_levels(self) -> int:
        """How many labels there are."""
        if self._n_levels is None:
            raise ParameterError(
                "Ordinal() does not know its categories yet: give thresholds=[...] or levels=[...], "
                "or fit it: th.fit(th.Ordinal(), data)"
            )
        return self._n_levels

    @property
    def _law(self) -> CutLaw:
        return LAWS[self.link or next(iter(LAWS))]

    def _split(self, coordinates: Sequence[Any]) -> tuple[Any, Any, tuple[Any, ...]]:
        """Location, first threshold and log gaps."""
        if self.located:
            return coordinates[0], coordinates[1], tuple(coordinates[2:])
        return 0.0, coordinates[0], tuple(coordinates[1:])

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return the codes; without location, K columns besides that are 1 where the row has the column's code."""
        if self.located:
            return (y,)
        return y, *(xp.where(y == code, 1.0, 0.0) for code in range(self.n_levels))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log(F(high) - F(low)), F(high) or 1 - F(low) at the thresholds around the code, less the location."""
        y = rows[0]
        if not xp.is_jax:
            return self._codes_terms(np.asarray(y) - 1, np.asarray(y), eta, 0)[0].value
        location, first, log_gaps = self._split(eta)
        law, last = self._law, self.n_levels - 2
        points = [first - location + 0.0 * y]
        gaps = [1.0 + 0.0 * y]
        for log_gap in log_gaps:
            gaps.append(xp.exp(log_gap) + 0.0 * y)
            points.append(points[-1] + gaps[-1])
        high = sum(xp.where(y == k, point, 0.0) for k, point in enumerate(points))
        low = sum(xp.where(y == k + 1, point, 0.0) for k, point in enumerate(points))
        gap = sum(xp.where(y == k, item, 0.0) for k, item in enumerate(gaps))
        between = (y > 0) & (y <= last)
        low_safe, gap_safe = xp.where(between, low, 0.0), xp.where(between, gap, 1.0)
        inner = law.log_between(xp, low_safe, xp.where(between, high, 1.0), gap_safe)
        edge = xp.where(
            y == 0, law.log_cdf(xp, xp.where(y == 0, high, 0.0)), law.log_sf(xp, xp.where(y > last, low, 0.0))
        )
        return xp.where(between, inner, edge)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through the lower threshold and the log gap to the upper one."""
        y = np.asarray(rows[0])
        terms, found = self._codes_terms(y - 1, y, eta, 2)
        return self._shifted(terms, found)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """log(F(high) - F(low)) at the thresholds of two codes, less the location."""
        last = float(self.n_levels - 1)
        below, above = (np.clip(np.floor(end), -1.0, last) for end in (low, high))
        terms, found = self._codes_terms(below, above, eta, order)
        return self._shifted(terms, found) if order else terms

    def _codes_terms(self, low: Array, high: Array, eta: Coordinates, order: int) -> tuple[Terms, Slice]:
        shape = np.broadcast_shapes(np.shape(low), np.shape(high), *(np.shape(item) for item in eta))
        ends = [np.broadcast_to(end, shape).ravel().astype(np.intp) for end in (low, high)]
        # One row of coordinates for the rows of a fit without predictors, whose thresholds are numbers.
        items = [np.broadcast_to(item, shape).ravel() if np.ndim(item) else item for item in eta]
        location, first, log_gaps = self._split(items)
        with np.errstate(all="ignore"):
            terms, found = cut_terms(self._law, cuts_of(first, log_gaps, location, *ends), order)

        def shaped(item: Any) -> Array:
            return np.asarray(item).reshape(shape)

        return (
            Terms(shaped(terms.value), *(tuple(map(shaped, part)) for part in terms[1:])),
            Slice(*map(shaped, found)),
        )

    def _shifted(self, terms: Terms, found: Slice) -> Terms:
        """Terms in the location too, which moves all thresholds the other way."""
        if not self.located:
            return terms
        size = len(terms.gradient)
        corners = [terms.hessian[k * (k + 1) // 2] for k in range(size)]
        rest: list[Any] = [found.anchor_anchor]
        position = 0
        for k in range(size):
            rest += [-corners[k], *terms.hessian[position : position + k + 1]]
            position += k + 1
        return Terms(terms.value, (-found.anchor, *terms.gradient), tuple(rest))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Sum over the categories of their mass times the products of their scores."""
        shape = np.broadcast_shapes(*(np.shape(item) for item in eta))
        total: list[Any] = [0.0] * (len(eta) * (len(eta) + 1) // 2)
        for code in range(self.n_levels):
            terms = self.derivatives((np.full(shape, float(code)),), eta)
            mass = np.exp(terms.value)
            products = [terms.gradient[i] * terms.gradient[j] for i in range(len(eta)) for j in range(i + 1)]
            total = [
                item + np.where(mass > 0, mass * square, 0.0)
                for item, square in zip(total, products, strict=True)
            ]
        return tuple(item[()] for item in total)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The proportions, with half an observation added to each label, and no shift."""
        counts = np.bincount(np.asarray(points).astype(np.intp), minlength=self.n_levels) + 0.5
        return self._at(counts / counts.sum())

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The empirical distribution function; None with a location.

        Labels without rows have equal thresholds around them, or infinite ones at the ends.
        """
        if self.located:
            return None
        (thresholds,) = self._at(survey.means[1:] / survey.means[1:].sum())
        # A latent density with tails as heavy as Cauchy's is not at its end anywhere in reach.
        heavy = self._law.theorem is None and not np.all(np.isfinite(thresholds))
        return None if heavy else (thresholds,)

    def _at(self, shares: Array) -> Theta:
        below, above = np.cumsum(shares)[:-1], np.cumsum(shares[::-1])[::-1][1:]
        with np.errstate(divide="ignore"):
            inner = np.asarray(self._law.quantile(below))
        # Where no label above or below has rows, rounding is not to leave a finite threshold.
        thresholds = np.where(below == 0, -np.inf, np.where(above == 0, np.inf, inner))
        return (0.0, thresholds) if self.located else (thresholds,)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """The highest label pulls the location up, the lowest down."""
        if not self.located:
            return False, False
        return y == self.n_levels - 1, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The location at which the latent density has most mass between the thresholds around the label."""
        if not self.located:
            return None
        thresholds = np.asarray(theta[1], dtype=float)
        code, last = np.asarray(y).astype(np.intp), self.n_levels - 1
        inner = np.clip(code, 1, max(last - 1, 1))
        if last < 2:
            return np.where(code == 0, -np.inf, np.inf)
        low, high = thresholds[inner - 1], thresholds[inner]
        best = self._law.centre(low, high, high - low)
        return np.where(code == 0, -np.inf, np.where(code == last, np.inf, best))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """The first code whose distribution function is as large."""
        codes = np.arange(float(self.n_levels - 1))
        below = self.log_mass(np.full(codes.shape, -np.inf), codes, known, self.working(theta), 0).value
        return np.searchsorted(np.exp(below), probability, side="left").astype(float)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean of the codes, or of levels that are numbers; nan for other labels."""
        return float(np.sum(self._shares(theta) * self.numbers()))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Variance of the codes, or of levels that are numbers; nan for other labels."""
        shares, numbers = self._shares(theta), self.numbers()
        return float(np.sum(shares * np.square(numbers - np.sum(shares * numbers))))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Labels where there are levels, else codes."""
        shares = self._shares(theta)
        return self.decode(rng.choice(self.n_levels, size, p=shares / shares.sum()))

    def _shares(self, theta: Theta) -> Array:
        codes = np.arange(float(self.n_levels))
        return np.exp(self._codes_terms(codes - 1, codes, self.working(theta), 0)[0].value)
