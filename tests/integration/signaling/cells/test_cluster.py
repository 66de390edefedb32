"""What a process among others tells of itself, on a real Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from signaling.base.clock import SystemClock
from signaling.base.config import load
from signaling.base.database import Database
from signaling.cluster import Cluster
from tests.support.redis_server import RedisServer


@asynccontextmanager
async def _process(data: Path, redis: RedisServer, role: str) -> AsyncIterator[Cluster]:
    settings = {"data_dir": str(data), "redis_url": redis.url, "roles": [role], "node_id": role}
    # So long that nothing beats by itself, and nothing runs out on a busy machine.
    times = {"cells_beat_s": 10.0, "cells_ttl_s": 60.0}
    config = load(overrides={**settings, **times, "door": f"unix://{data}/door.sock"})
    database = Database(config.database)
    cluster = Cluster(config, database, SystemClock())
    try:
        yield cluster
    finally:
        await cluster.leave()
        await cluster.stop()
        await database.close()


async def test_a_probe_tells_why_no_lesson_can_be_had(tmp_path: Path, redis: RedisServer) -> None:
    async with _process(tmp_path, redis, "web") as web:
        assert await web.probe() == "no_redis"  # nobody has asked it yet
        await web.join()
        assert await web.probe() == "no_cells"
        async with _process(tmp_path, redis, "cell") as cell:
            await cell.join()
            await web.desk.watch.talk()
            assert await web.probe() == "ok"


async def test_a_second_process_of_one_name_takes_no_lessons(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with (
        _process(tmp_path, redis, "cell") as first,
        _process(tmp_path, redis, "cell") as second,
    ):
        await first.join()
        await second.join()
        assert not first.desk.state.node_id_taken
        assert second.desk.state.node_id_taken
        assert first._takes_lessons
        assert not second._takes_lessons
