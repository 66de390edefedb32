"""What all tests share: how properties draw their examples, and how errors are logged.

The gate draws the same ones each time, so that no change fails for what another one broke.
`make fuzz` draws others, and many more: TONGKE_EXAMPLES of each property.
"""

from __future__ import annotations

import gc
import os

import structlog
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("TONGKE_EXAMPLES", "0"))

# No deadline: two cores are shared with everything else that runs, and time is no verdict here.
settings.register_profile(
    "gate",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search",
    deadline=None,
    max_examples=EXAMPLES or 100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("search" if EXAMPLES else "gate")


def pytest_collection_finish() -> None:
    """Leave what was imported out of all later garbage collections, as the server does."""
    gc.collect()
    gc.freeze()


# Structlog's own choice draws every variable of a traceback with rich, which takes seconds.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
