"""A web process before a cell, for all tests of a module: they use lessons of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.web_and_cell import Cluster, web_and_cell


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    async with web_and_cell(folder) as running:
        yield running
