"""A slow, independent reference for moments of log-concave densities, in 50 digits."""

from __future__ import annotations

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from mpmath.calculus.quadrature import GaussLegendre

DIGITS = 50


class Reference:
    """Panels that double in width from the centre outwards, each by a 24-point rule."""

    def __init__(self):
        mp.mp.dps = DIGITS
        self.rule = [((x + 1) / 2, w / 2) for x, w in GaussLegendre(mp.mp).calc_nodes(4, mp.mp.prec)]

    def panels(self, log_kernel, extent, sign, width):
        edges, s = [mp.mpf(0)], width
        while extent > 0:
            if s >= extent:
                return [*edges, extent]
            edges.append(s)
            if log_kernel(sign * s) < -100:
                return edges
            s *= 2
        return edges

    def moments(self, log_kernel, products, left, right, width):
        """Return the integrals of exp(log_kernel(s)) times each of products(s), s from -left to right."""
        totals = None
        for sign, extent in ((-1, left), (1, right)):
            edges = self.panels(log_kernel, extent, sign, width)
            for start, stop in pairwise(edges):
                for node, weight in self.rule:
                    s = sign * (start + (stop - start) * node)
                    density = mp.exp(log_kernel(s)) * weight * (stop - start)
                    terms = [density * term for term in products(s)]
                    totals = terms if totals is None else [a + b for a, b in zip(totals, terms, strict=True)]
        return totals

    @staticmethod
    def complement(tails):
        """Combine (value, gradient, Hessian) of tails into those of one less their probability."""
        size = len(tails[0][1])
        total = sum(mp.exp(value) for value, _, _ in tails)
        gradient = [-sum(mp.exp(v) * g[j] for v, g, _ in tails) / (1 - total) for j in range(size)]
        hessian = [
            [
                -sum(mp.exp(v) * (h[j][k] + g[j] * g[k]) for v, g, h in tails) / (1 - total)
                - gradient[j] * gradient[k]
                for k in range(size)
            ]
            for j in range(size)
        ]
        return mp.log1p(-total), gradient, hessian

    def interval(self, direct, low, high, support):
        """Return the record of an interval, through its complement where that is the smaller."""
        record = direct(mp.mpf(low), mp.mpf(high))
        if record[0] > -0.69:
            tails = [direct(support[0], mp.mpf(low))] if low > support[0] else []
            tails += [direct(mp.mpf(high), support[1])] if high < support[1] else []
            return self.complement(tails)
        return record


@pytest.fixture(scope="session")
def reference():
    return Reference()


@pytest.fixture(autouse=True)
def precision():
    with mp.workdps(DIGITS):
        yield


@pytest.fixture(scope="session")
def assert_close():
    def check(computed, expected, relative, floor=0.0, context=None):
        error = abs(mp.mpf(float(computed)) - expected)
        scale = max(abs(expected), mp.mpf(floor))
        assert error <= relative * scale, (context, float(computed), float(expected), float(error / scale))

    return check


@pytest.fixture
def rng():
    return np.random.default_rng(20240917)
