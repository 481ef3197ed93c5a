"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long an example takes depends on the machine and on compilation; time is for the benchmarks to measure.
# Where a verdict on a commit is wanted the examples are the same each time; elsewhere they go on looking.
settings.register_profile(
    "thetahat", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("thetahat")

# Tests compile many programs and run each a few times: what the compiler saves in running it loses in optimising.
os.environ["XLA_FLAGS"] = " ".join(
    [
        os.environ.get("XLA_FLAGS", ""),
        "--xla_backend_optimization_level=0",
        "--xla_llvm_disable_expensive_passes=true",
    ]
).strip()
