"""A real S3 server for the tests of the storage."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.s3_server import FaultyProxy, S3Server, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def proxy(s3: S3Server) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(s3.port).running() as running:
        yield running
