"""`make fuzz`: every fuzz test is run again and again, on new inputs, for TONGKE_FUZZ_SECONDS."""

from __future__ import annotations

import inspect
import os
import time

import pytest
from hypothesis import settings

SECONDS = float(os.environ.get("TONGKE_FUZZ_SECONDS", "0"))

if SECONDS:
    settings.register_profile("long", settings.get_profile("search"), max_examples=5000)
    settings.load_profile("long")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Repeat a plain test function until its time is used up; each run draws other inputs."""
    if not SECONDS or inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pyfuncitem.obj(**arguments)
    return True
