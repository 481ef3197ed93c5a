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
