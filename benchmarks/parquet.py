"""Fits of a Parquet file, larger and larger: peak memory, and time by the row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from contest import Row, Topic, python, seconds

DATA = Path(__file__).with_name("data")
MEMORY_LIMIT = 500e6

WRITE = """
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
path, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(7)
with pq.ParquetWriter(path, pa.schema([("y", pa.float64())])) as writer:
    for start in range(0, n, 1_000_000):
        writer.write_table(pa.table({"y": rng.gamma(2.0, 1.5, min(1_000_000, n - start))}))
"""

FIT = """
import json, sys, time
import thetahat as th
path, warm, family = sys.argv[1:]
th.fit(family, warm)
start = time.perf_counter()
fit = th.fit(family, path)
taken = time.perf_counter() - start
print(json.dumps({"seconds": taken, "verdict": fit.certificate.verdict.value}))
"""

# The system counts as a process's own the memory of the one that started it, so one that holds little stands between.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True, stdout=subprocess.PIPE, text=True)
unit = 1 if sys.platform == "darwin" else 1024
print(done.stdout.strip())
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
"""


def rows(full: bool) -> Iterator[Row]:
    """Up to 10,000,000 rows, or 100,000,000 (800 MB) with --full."""
    sizes = (1_000_000, 10_000_000, 100_000_000) if full else (1_000_000, 10_000_000)
    DATA.mkdir(exist_ok=True)
    before: dict[str, float] = {}
    warm = DATA / "warm.parquet"
    python(WRITE, str(warm), "200000")()
    for n in sizes:
        path = DATA / f"gamma-{n}.parquet"
        try:
            python(WRITE, str(path), str(n))()
            megabytes = path.stat().st_size / 1e6
            for family in ("gamma", "weibull"):
                facts, peak_text = str(python(MEASURED, FIT, str(path), str(warm), family)()).split("\n")[:2]
                found, peak = json.loads(facts), int(peak_text)
                if found["verdict"] != "maximum":
                    raise RuntimeError(f"{family} on {path}: {found['verdict']}")
                work = f"{family}, {n:,} rows of Parquet ({megabytes:,.0f} MB)"
                by_row = found["seconds"] / n
                taken = seconds(found["seconds"])
                yield Row(work, f"{peak / 1e6:.0f} MB peak", "", "", "under 500 MB", peak < MEMORY_LIMIT)
                if family in before:
                    ratio = by_row / before[family]
                    peer = f"{seconds(before[family])} at n/10"
                    yield Row(
                        work,
                        f"{taken}, {seconds(by_row)} a row",
                        peer,
                        f"{ratio:.2f} x",
                        "linear",
                        ratio <= 1.25,
                    )
                before[family] = by_row
        finally:
            path.unlink(missing_ok=True)
    warm.unlink()


TOPIC = Topic("Parquet", rows)
