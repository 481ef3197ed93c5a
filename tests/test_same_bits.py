"""Rows in a given order give the same bits, wherever they lie and however many threads read them."""

from __future__ import annotations

from functools import cache
from itertools import islice, pairwise

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import thetahat as th
from thetahat.families import CATALOGUE
from thetahat.parameters import Positive

KNOWN = {"trials": 7}
BLOCK = 65_536
every_family = pytest.mark.parametrize("cls", CATALOGUE, ids=lambda cls: cls.__name__)
ordered_family = pytest.mark.parametrize(
    "cls",
    [cls for cls in CATALOGUE if not (cls.labelled or cls.open_only)],
    ids=lambda cls: cls.__name__,
)


def a_distribution(cls):
    """A member of the family in the middle of its typical range."""
    known = {name: KNOWN[name] for name in cls.known}
    if cls.labelled:
        return cls(thresholds=[0.0, 0.8]) if cls.ordered else cls(probs=[0.5, 0.2, 0.3])
    values = {}
    for parameter in cls().declared:
        low, high = parameter.typical
        positive = isinstance(parameter.domain, Positive)
        middle = float(np.sqrt(low * high)) if positive else (low + high) / 2
        values[parameter.name] = middle if parameter.domain.contains(middle) else float(np.floor(middle))
    return cls(**values, **known)


def a_family(cls, y=None):
    return cls(y=y, **{name: KNOWN[name] for name in cls.known})


@cache
def values(cls, n):
    return a_distribution(cls).sample(n, rng=20240301)


def ends(cls, n, share=0.2):
    """The same values, some of them known only to lie in an interval or in a tail."""
    y = values(cls, n).astype(float)
    low, high = y.copy(), y.copy()
    kind = np.random.default_rng(1).random(n)
    inside = a_distribution(cls).quantile([0.3, 0.7])
    wide = kind < share / 2
    low[wide], high[wide] = np.minimum(y[wide] - 1, inside[0]), np.maximum(y[wide], inside[1])
    above = (share / 2 <= kind) & (kind < share) & (y > a_distribution(cls).support.lower + 1)
    low[above], high[above] = y[above] - 1, np.inf
    return low, high


def weights(n):
    return np.random.default_rng(2).integers(0, 4, n).astype(float)


def bits(fit):
    numbers = [
        *fit.estimates.values(),
        *fit.standard_errors.values(),
        fit.log_likelihood,
        fit.n_obs,
        fit.n_rows,
    ]
    return str(fit.certificate.verdict), list(fit.estimates), np.array(numbers).tobytes()


def all_equal(fits):
    found = [bits(fit) for fit in fits]
    assert all(one == other for one, other in pairwise(found))


# ---- Threads ----------------------------------------------------------------------------------------------


@every_family
def test_any_number_of_threads(cls):
    y = values(cls, BLOCK + 4_000)
    all_equal(th.fit(a_family(cls), y, engine=th.Threads(workers)) for workers in (1, 2, 5))


@ordered_family
def test_any_number_of_threads_under_censoring_with_weights(cls):
    rows = th.Observations.interval(*ends(cls, BLOCK + 1_000, share=0.02))
    all_equal(
        th.fit(a_family(cls), rows, weights=weights(BLOCK + 1_000), engine=th.Threads(workers))
        for workers in (1, 3)
    )


REGRESSIONS = {
    "bernoulli": (th.Bernoulli(), 12),
    "poisson": (th.Poisson(), 3),
    "negative_binomial": (th.NegativeBinomial(), 5),
    "gamma": (th.Gamma(), 40),
    "categorical": (th.Categorical(), 4),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_any_number_of_threads_in_a_regression(name):
    family, p = REGRESSIONS[name]
    n = 2 * BLOCK + 3_000
    rng = np.random.default_rng(p)
    x = rng.standard_normal((n, p))
    mean = np.exp(x[:, 0] / 4)
    y = {
        "bernoulli": lambda: rng.random(n) < mean / (1 + mean),
        "poisson": lambda: rng.poisson(mean),
        "negative_binomial": lambda: rng.negative_binomial(2, 2 / (2 + mean)),
        "gamma": lambda: rng.gamma(3.0, mean / 3),
        "categorical": lambda: rng.integers(0, 4, n) + (mean > 1),
    }[name]()
    all_equal(th.regress(x, y, family, engine=th.Threads(workers)) for workers in (1, 2, 5))


def test_any_number_of_threads_with_many_levels():
    n, k = BLOCK + 20_000, 700
    rng = np.random.default_rng(0)
    rows = {"y": rng.poisson(2.0, n), "a": rng.integers(0, k, n), "b": rng.integers(0, k, n)}
    model = th.Regression("y ~ C(a) + C(b)", th.Poisson())
    all_equal(th.fit(model, rows, engine=th.Threads(workers)) for workers in (1, 2))


# ---- Sources ----------------------------------------------------------------------------------------------


def everywhere(columns, folder):
    """The same columns as a dictionary, frames and files, cut in several ways."""
    table = pa.table(columns)
    n = table.num_rows
    folder.mkdir()
    yield dict(columns)
    yield pd.DataFrame(columns)
    yield pl.DataFrame(columns)
    yield table
    pa.csv.write_csv(table, folder / "rows.csv")
    yield folder / "rows.csv"
    for size in {1, 7, 1_000, 50_000, 200_000} if n < 1_000 else {50_000, 200_000}:
        pq.write_table(table, folder / f"rows-{size}.parquet", row_group_size=size)
        yield folder / f"rows-{size}.parquet"
    cuts = [0, n // 3, n // 3 + (n > 1), n]
    parts = folder / "parts"
    parts.mkdir()
    paths = []
    for number, (start, stop) in enumerate(pairwise(cuts)):
        paths.append(parts / f"part-{number}.parquet")
        pq.write_table(table.slice(start, stop - start), paths[-1])
    yield parts
    yield paths
    yield str(parts / "part-*.parquet")
    texts = folder / "texts"
    texts.mkdir()
    for number, (start, stop) in enumerate(pairwise(cuts)):
        pa.csv.write_csv(table.slice(start, stop - start), texts / f"part-{number}.csv")
    if n > 3:
        yield texts


def a_third_of(sources, cls):
    """Every third of the sources, each family beginning at another, so that every source meets a third of all."""
    return islice(sources, CATALOGUE.index(cls) % 3, None, 3)


@every_family
@pytest.mark.parametrize("n", [1, 2, 300])
def test_every_source(cls, n, tmp_path):
    y = values(cls, 300)[:n]
    columns = {"y": y, "w": weights(n) + 1}
    # Two rows lead some families on a long way to nowhere; its first steps will do here.
    few = th.Newton(max_iterations=20)
    if cls is th.Ordinal and n == 1:
        for data in everywhere(columns, tmp_path / "files"):
            with pytest.raises(th.ParameterError, match="two levels"):
                th.fit(a_family(cls, "y"), data)
        return
    here = th.fit(a_family(cls), y, optimizer=few)
    weighted = th.fit(a_family(cls), y, weights=columns["w"], optimizer=few)
    for data in a_third_of(everywhere(columns, tmp_path / "files"), cls):
        all_equal([here, th.fit(a_family(cls, "y"), data, optimizer=few)])
        all_equal([weighted, th.fit(a_family(cls, "y"), data, weights="w", optimizer=few)])


@ordered_family
def test_every_source_under_censoring(cls, tmp_path):
    low, high = ends(cls, 300)
    here = th.fit(a_family(cls), th.Observations.interval(low, high), weights=weights(300))
    columns = {"low": low, "high": high, "w": weights(300)}
    for data in a_third_of(everywhere(columns, tmp_path / "files"), cls):
        all_equal([here, th.fit(a_family(cls, "interval(low, high)"), data, weights="w")])


@pytest.mark.parametrize("n", [BLOCK, BLOCK + 1, 200_000])
@pytest.mark.parametrize("cls", [th.Normal, th.Weibull, th.Poisson])
def test_every_source_of_several_blocks(cls, n, tmp_path):
    y = values(cls, 200_000)[:n]
    here = th.fit(cls(), y)
    for number, data in enumerate(everywhere({"y": y}, tmp_path / "files")):
        all_equal([here, th.fit(cls(y="y"), data, engine=th.Threads(1 + number % 3))])
