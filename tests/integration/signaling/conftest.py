"""One seeded server process for all tests of a module: they use lessons of their own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.server import TongkeServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[TongkeServer]:
    async with TongkeServer.start() as running:
        yield running
