"""Rows of which not every column is known, by which columns are: moments of each pattern, and the EM algorithm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families.multivariate._moments import Moments

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
STEPS = 50
"""Of the EM algorithm at most, before Newton's method takes over."""
CLOSE = 0.8
"""A correlation from which the EM algorithm may come to another maximum than from 0."""
SETTLED = 1e-3
"""The step, in units of the columns' spreads, at which it does."""


@dataclass(frozen=True, slots=True)
class PatternMoments(Moments):
    """Moments by pattern: for each, as bytes of its flags, those of the columns that are known in it.

    What ``Moments`` has is of each column by itself, over the rows in which it is known: ``scatter`` is diagonal.
    """

    by_pattern: Mapping[bytes, Moments]

    @classmethod
    def of_rows(cls, y: Array, known: Flags, weight: Array, n_rows: int) -> PatternMoments:
        """Those of rows, at least one column of each being known."""
        found = {
            flags.tobytes(): Moments.of(y[np.ix_(places, np.flatnonzero(flags))], weight[places], places.size)
            for flags, places in patterns(known)
        }
        return cls.gathered(found, y.shape[1], n_rows)

    @classmethod
    def gathered(cls, by_pattern: Mapping[bytes, Moments], size: int, n_rows: int) -> PatternMoments:
        """Make what is of single columns from what is of patterns."""
        minimum, maximum = np.full(size, np.inf), np.full(size, -np.inf)
        n_obs, mean, scatter = np.zeros((3, size))
        for key, moments in by_pattern.items():
            flags = np.frombuffer(key, dtype=bool)
            minimum[flags] = np.minimum(minimum[flags], moments.minimum)
            maximum[flags] = np.maximum(maximum[flags], moments.maximum)
            share = moments.n_obs / (n_obs[flags] + moments.n_obs)
            step = moments.mean - mean[flags]
            scatter[flags] += np.diagonal(moments.scatter) + share * n_obs[flags] * np.square(step)
            mean[flags] += share * step
            n_obs[flags] += moments.n_obs
        held = by_pattern.values()
        return cls(
            n_rows,
            sum(moments.n_positive for moments in held),
            float(sum(moments.n_obs for moments in held)),
            minimum,
            maximum,
            mean,
            np.zeros(size),
            # Over as many observations as the mean of the whole is of.
            np.diag(scatter / np.maximum(n_obs, 1e-300) * sum(moments.n_obs for moments in held)),
            by_pattern,
        )

    def merge(self, other: Moments) -> PatternMoments:
        """Join those of the rows that follow, pattern by pattern."""
        assert isinstance(other, PatternMoments)  # noqa: S101 - of the same family
        merged = dict(self.by_pattern)
        for key, moments in other.by_pattern.items():
            merged[key] = merged[key].merge(moments) if key in merged else moments
        return PatternMoments.gathered(merged, self.size, self.n_rows + other.n_rows)

    @property
    def each(self) -> list[tuple[NDArray[np.intp], Moments]]:
        """For each pattern the columns that are known, and the moments."""
        return [
            (np.flatnonzero(np.frombuffer(key, dtype=bool)), moments)
            for key, moments in self.by_pattern.items()
        ]

    @property
    def complete(self) -> Moments | None:
        """The moments of all columns, where each row has them all."""
        (key, moments), *others = self.by_pattern.items()
        return moments if not others and len(key) == moments.size else None

    @property
    def together(self) -> Flags:
        """For each two columns, whether some row has both."""
        found = np.zeros((self.size, self.size), dtype=bool)
        for columns, _ in self.each:
            found[np.ix_(columns, columns)] = True
        return found

    @property
    def widest(self) -> list[tuple[NDArray[np.intp], Moments]]:
        """The patterns that are part of no other."""
        kept: list[tuple[NDArray[np.intp], Moments]] = []
        flags = np.zeros((0, self.size), dtype=bool)
        for columns, moments in sorted(self.each, key=lambda pair: -pair[0].size):
            if not flags[:, columns].all(axis=1).any():
                kept.append((columns, moments))
                flags = np.vstack([flags, np.isin(np.arange(self.size), columns)])
        return kept

    @property
    def monotone(self) -> bool:
        """Whether each pattern is part of every larger one."""
        ordered = sorted((set(columns.tolist()) for columns, _ in self.each), key=len)
        return all(ordered[at] <= ordered[at + 1] for at in range(len(ordered) - 1))


def opposed(size: int, most: int) -> list[Array]:
    """Correlations near 1 and -1 by which columns go together or against each other, in a few of all ways."""
    found = []
    for way in range(min(2 ** (size - 1), most)):
        signs = np.array([-1.0 if way >> at & 1 else 1.0 for at in range(size)])
        found.append(CLOSE * np.outer(signs, signs) + (1.0 - CLOSE) * np.eye(size))
    return found


def patterns(known: Flags) -> list[tuple[Flags, NDArray[np.intp]]]:
    """The patterns among rows of flags, each with the places of its rows."""
    if not known.shape[0]:
        return []
    packed = np.ascontiguousarray(np.packbits(known, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(codes.ravel(), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes.ravel()))[:-1])
    return [(known[at], places) for at, places in zip(first.tolist(), parts, strict=True)]


def expected_moments(
    moments: PatternMoments, correlation: Array | None = None, steps: int = STEPS
) -> tuple[Array, Array]:
    """Mean and covariance by the EM algorithm (Dempster, Laird & Rubin, 1977), nearly settled.

    What is not known of a row is put at its expectation given what is, with the covariance that is left of it. The
    columns begin with their own means and variances, and uncorrelated if no correlation is given.
    """
    size, total = moments.size, moments.n_obs
    spread = np.sqrt(np.diagonal(moments.scatter) / total)
    unit = np.where(spread > 0, spread, 1.0)
    centre = np.where(np.isfinite(moments.minimum), moments.mean, 0.0)
    held = [
        (columns, (part.mean - centre[columns]) / unit[columns], part.n_obs, part.scatter)
        for columns, part in moments.each
    ]
    held = [
        (columns, mean, n_obs, scatter / np.outer(unit[columns], unit[columns]))
        for columns, mean, n_obs, scatter in held
    ]
    mean, covariance = np.zeros(size), np.eye(size) if correlation is None else correlation
    for _ in range(steps):
        first, second = np.zeros(size), np.zeros((size, size))
        for columns, at, n_obs, scatter in held:
            others = np.setdiff1d(np.arange(size), columns)
            weights = np.zeros((size, columns.size))
            weights[columns, np.arange(columns.size)] = 1.0
            inner = covariance[np.ix_(columns, columns)]
            across = covariance[np.ix_(others, columns)]
            weights[others] = np.linalg.lstsq(inner, across.T, rcond=None)[0].T
            beyond = at - mean[columns]
            first += n_obs * (weights @ beyond)
            second += weights @ (scatter + n_obs * np.outer(beyond, beyond)) @ weights.T
            left = covariance[np.ix_(others, others)] - weights[others] @ across.T
            second[np.ix_(others, others)] += n_obs * left
        step = first / total
        moved = second / total - np.outer(step, step)
        change = max(np.abs(step).max(), np.abs(moved - covariance).max())
        mean, covariance = mean + step, 0.5 * (moved + moved.T)
        if change < SETTLED:
            break
    return centre + unit * mean, covariance * np.outer(unit, unit)
