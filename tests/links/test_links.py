"""Links answer to automatic differentiation and to fifty digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import thetahat as th
from thetahat.links import link_named, links_of
from thetahat.parameters import Positive, Real, UnitInterval

DOMAINS = {"real": Real(), "positive": Positive(), "unit": UnitInterval()}
PREDICTORS = {
    ("unit", "log"): [-700.0, -30.0, -2.0, -1e-3],
    ("unit", "identity"): [1e-9, 0.2, 0.5, 0.999],
    ("positive", "identity"): [1e-100, 0.3, 7.0, 1e100],
    ("positive", "inverse"): [1e-100, 0.3, 7.0, 1e100],
    ("positive", "sqrt"): [1e-100, 0.3, 7.0, 1e100],
    ("positive", "inverse_squared"): [1e-100, 0.3, 7.0, 1e100],
    ("real", "inverse"): [-1e5, -0.3, 0.2, 40.0],
}
ANYWHERE = [-30.0, -6.0, -1.0, -1e-7, 0.3, 2.0, 3.2]
LINKS = [(kind, link) for kind, domain in DOMAINS.items() for link in links_of(domain)]


def exact_natural(name: str, predictor: mpmath.mpf) -> mpmath.mpf:
    mp = mpmath
    return {
        "identity": lambda t: t,
        "log": mp.exp,
        "inverse": lambda t: 1 / t,
        "sqrt": lambda t: t**2,
        "inverse_squared": lambda t: 1 / mp.sqrt(t),
        "logit": lambda t: 1 / (1 + mp.exp(-t)),
        "probit": lambda t: mp.erfc(-t / mp.sqrt(2)) / 2,
        "cloglog": lambda t: -mp.expm1(-mp.exp(t)),
        "loglog": lambda t: mp.exp(-mp.exp(-t)),
        "cauchit": lambda t: mp.mpf(1) / 2 + mp.atan(t) / mp.pi,
    }[name](predictor)


def exact_working(kind: str, name: str, predictor: mpmath.mpf) -> mpmath.mpf:
    value = exact_natural(name, predictor)
    if kind == "unit":
        return mpmath.log(value) - mpmath.log(1 - value)
    return mpmath.log(value) if kind == "positive" else value


@pytest.mark.parametrize(("kind", "link"), LINKS, ids=lambda item: getattr(item, "name", item))
def test_a_link_and_its_derivatives_agree_with_fifty_digits(kind, link):
    points = np.array(PREDICTORS.get((kind, link.name), ANYWHERE))
    with np.errstate(all="ignore"):
        found = [np.broadcast_to(item, points.shape) for item in link.working(points)]
    with mpmath.workdps(900 if link.name in {"cloglog", "loglog", "log", "probit"} else 300):
        for i, point in enumerate(points):
            at = mpmath.mpf(float(point))
            width = abs(at) * mpmath.mpf(10) ** -60

            def working(predictor: mpmath.mpf) -> mpmath.mpf:
                return exact_working(kind, link.name, predictor)

            up, here, down = working(at + width), working(at), working(at - width)
            exact = here, (up - down) / (2 * width), (up - 2 * here + down) / width**2
            for order in range(3):
                scale = max(abs(exact[order]), abs(exact[0]) if order == 0 else mpmath.mpf(0))
                # A curvature that is a difference of terms is judged against the square of the slope.
                scale = max(scale, abs(exact[1]) ** 2 * mpmath.mpf(1e-3)) if order == 2 else scale
                assert abs(found[order][i] - exact[order]) <= 1e-11 * scale + (1e-15 if order == 0 else 0), (
                    point,
                    order,
                )


@pytest.mark.parametrize(("kind", "link"), LINKS, ids=lambda item: getattr(item, "name", item))
def test_predictor_and_natural_value_are_inverse(kind, link):
    values = {"unit": [0.02, 0.5, 0.9], "positive": [0.1, 1.0, 30.0], "real": [0.4, 2.0, 5.0]}[kind]
    predictors = link.predictor(np.array(values))
    np.testing.assert_allclose(link.natural(predictors), values, rtol=1e-12)
    np.testing.assert_allclose(
        link.working(predictors)[0], DOMAINS[kind].to_free(np.array(values)), rtol=1e-12, atol=1e-14
    )


def test_an_unknown_link_lists_those_there_are():
    with pytest.raises(th.ModelError, match=r"'tanh'.*prob are: logit, probit, cloglog"):
        link_named("tanh", "prob", UnitInterval())
