"""The county in which resources are kept and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.signaling.library.resource_acts import Stage, stage


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one
