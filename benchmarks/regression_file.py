"""A logistic regression of a Parquet file: peak memory, and how often the file is read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from contest import Row, Topic, python, seconds
from parquet import DATA, MEASURED

MEMORY_LIMIT, MOST_PASSES = 1e9, 5

WRITE = """
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
path, n, p = sys.argv[1], int(sys.argv[2]), 10
rng = np.random.default_rng(7)
slopes = rng.standard_normal(p) / 3
names = [f"x{k}" for k in range(p)]
with pq.ParquetWriter(path, pa.schema([*((name, pa.float64()) for name in names), ("y", pa.int64())])) as writer:
    for start in range(0, n, 500_000):
        x = rng.standard_normal((min(500_000, n - start), p))
        y = rng.random(len(x)) < 1 / (1 + np.exp(-0.3 - x @ slopes))
        writer.write_table(pa.table({**dict(zip(names, x.T)), "y": y.astype(np.int64)}))
"""

FIT = """
import json, sys, time
import thetahat as th
from thetahat.data.parquet import ParquetSource
passes, blocks = [], ParquetSource.blocks
def counted(source, columns):
    passes.append(columns)
    return blocks(source, columns)
ParquetSource.blocks = counted
formula = "y ~ " + " + ".join(f"x{k}" for k in range(10))
start = time.perf_counter()
fit = th.fit(th.Regression(formula, th.Bernoulli()), sys.argv[1])
usable = all(fit.standard_errors.values())
taken = time.perf_counter() - start
verdict = fit.certificate.verdict.value
print(json.dumps({"seconds": taken, "passes": len(passes), "verdict": verdict if usable else "no errors"}))
"""


def rows(full: bool) -> Iterator[Row]:
    """10,000,000 rows of ten columns and a response, with --full; else a fifth of them."""
    n = 10_000_000 if full else 2_000_000
    DATA.mkdir(exist_ok=True)
    path = DATA / f"binary-{n}.parquet"
    try:
        python(WRITE, str(path), str(n))()
        megabytes = path.stat().st_size / 1e6
        facts, peak_text = str(python(MEASURED, FIT, str(path))()).split("\n")[:2]
    finally:
        path.unlink(missing_ok=True)
    found, peak = json.loads(facts), int(peak_text)
    if found["verdict"] != "maximum":
        raise RuntimeError(f"{path}: {found['verdict']}")
    work = f"logistic, {n:,} x 10 of Parquet ({megabytes:,.0f} MB), {seconds(found['seconds'])}"
    yield Row(work, f"{peak / 1e6:.0f} MB peak", "", "", "under 1 GB", peak < MEMORY_LIMIT)
    passes = found["passes"]
    yield Row(work, f"{passes} passes", "", "", f"at most {MOST_PASSES}", passes <= MOST_PASSES)


TOPIC = Topic("a regression of a file", rows)
