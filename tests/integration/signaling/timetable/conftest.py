"""One county for the tests of a module that change nothing in it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.planned_county import PlannedCounty, planned_county


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county_of_module(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[PlannedCounty]:
    async with planned_county(tmp_path_factory.mktemp("county")) as county:
        yield county
