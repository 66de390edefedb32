"""The link to a real Redis: scripts run once, waits are bounded, cancelled callers harm nobody."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from signaling.cells.api import Unreachable
from signaling.cells.redis_link import CONNECTIONS, RedisLink
from tests.integration.signaling.cells.conftest import PATIENT
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import until

ECHO = "return ARGV[1]"
# Counts, and answers after the time-out of the link.
SLOW = """
redis.call('INCR', KEYS[1])
local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
local from = now()
while now() - from < tonumber(ARGV[1]) do end
return 'late'
"""
ANSWER_S = 0.3
SLOW_MS = 450  # so that Redis is free again while a client that repeats would send it anew


@pytest.fixture
async def hasty(redis: RedisServer):
    made = RedisLink(redis.url, ANSWER_S)
    yield made
    await made.close()


async def test_a_script_that_timed_out_ran_once(redis: RedisServer, hasty: RedisLink) -> None:
    await until(lambda: _answers(hasty))  # the connection is open
    with pytest.raises(Unreachable):
        await hasty.run(SLOW, ["count"], [SLOW_MS])
    await hasty.close()  # whatever goes on by itself has ended
    await until(lambda: redis.ask("PING") == b"+PONG")
    assert redis.ask("INCRBY", "count", "0") == b":1"


async def _answers(link: RedisLink) -> bool:
    with suppress(Unreachable):
        return await link.run(ECHO, [], ["x"]) == "x"
    return False


async def test_a_lost_connection_is_one_failure_and_then_a_new_one(
    redis: RedisServer, link: RedisLink
) -> None:
    assert await link.run(ECHO, [], ["x"]) == "x"
    redis.kill()
    with pytest.raises(Unreachable):
        await link.run(ECHO, [], ["x"])
    redis.start()
    assert await link.run(ECHO, [], ["x"]) == "x"


async def test_an_answer_never_reaches_another_caller(link: RedisLink) -> None:
    async def ask(number: int) -> None:
        assert await link.run(ECHO, [], [number]) == str(number)

    for round_ in range(10):
        tasks = [asyncio.create_task(ask(round_ * 100 + one)) for one in range(2 * CONNECTIONS)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError | None) for one in ended)


async def test_a_frozen_redis_takes_no_more_than_the_bound(redis: RedisServer) -> None:
    link = RedisLink(redis.url, 0.05)
    redis.freeze()
    try:
        answers = await asyncio.gather(
            *(link.run(ECHO, [], [one]) for one in range(200)), return_exceptions=True
        )
    finally:
        redis.thaw()
    assert all(isinstance(one, Unreachable) for one in answers)
    assert sum("too many" in str(one) for one in answers) >= 100
    await link.close()


async def test_what_is_not_answered_is_no_answer(link: RedisLink) -> None:
    with pytest.raises(Unreachable, match="ResponseError"):
        await link.run("return redis.call('INCR')", [], [])
    await link.close()
    with pytest.raises(Unreachable, match="closed"):
        await link.run(ECHO, [], ["x"])


async def test_a_redis_with_a_password_is_reached_by_port_and_by_socket(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    options = ("--requirepass", "secret", "--unixsocket", str(path))
    with redis_server(tmp_path, *options) as server:
        at_port = f"redis://:secret@127.0.0.1:{server.port}/1"
        for url in (at_port, f"unix://:secret@{path}"):
            link = RedisLink(url, PATIENT.beat_s)
            assert await link.run(ECHO, [], ["x"]) == "x"
            await link.close()
        stranger = RedisLink(server.url, PATIENT.beat_s)
        with pytest.raises(Unreachable, match="Authentication"):
            await stranger.run(ECHO, [], ["x"])
        await stranger.close()
