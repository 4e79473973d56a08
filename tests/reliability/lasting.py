"""How long these tests last: a short form among all tests, a long one by `make reliability`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("SKLEARN_PLE_RELIABILITY") == "long"
_SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)
settings.register_profile(
    "reliability, short",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "reliability, long",
    deadline=None,
    max_examples=600,
    print_blob=True,
    suppress_health_check=_SLOW,
)
PROFILE = settings.get_profile(f"reliability, {'long' if LONG else 'short'}")


def times(short: int, long: int) -> int:
    """How often something is done."""
    return long if LONG else short
