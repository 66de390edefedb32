"""A real Redis for each module, empty for each test, and links to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from signaling.cells.boards import Incarnation
from signaling.cells.core.times import CellTimes
from signaling.cells.redis_link import RedisLink
from tests.support.redis_server import RedisServer, redis_server

# So long that nothing runs out by itself on a busy machine.
PATIENT = CellTimes(beat_s=10.0, ttl_s=60.0)
A, B = Incarnation("a", "first"), Incarnation("b", "first")


@pytest.fixture(scope="module")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(running_redis: RedisServer) -> RedisServer:
    assert running_redis.ask("FLUSHALL") == b"+OK"
    return running_redis


@pytest.fixture
async def link(redis: RedisServer) -> AsyncIterator[RedisLink]:
    made = RedisLink(redis.url, PATIENT.beat_s)
    yield made
    await made.close()
