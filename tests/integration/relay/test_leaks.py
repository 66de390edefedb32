"""300 sessions joined and left: no task, socket, map entry or object is left behind."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from relay.config import RelayConfig
from relay.node import RelayNode
from relay.session import Session
from tests.integration.relay.client import Client, Listener, publish, until, watch

SESSIONS = 300
AT_ONCE = 20


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def join_and_leave(relay: RelayNode, told: Listener, number: int) -> None:
    """One session, ended in one of four ways."""
    open_one = publish if number % 2 else watch
    session_id, answer = open_one(relay, f"id-{number}")
    client = Client(answer)
    if number % 8 == 7:  # leaves before DTLS
        await client.check()
        relay.close(session_id)
    elif number % 8 >= 4:  # DELETE
        await client.connect()
        await until(lambda: session_id in told.up)
        relay.close(session_id)
    else:  # the browser closes its connection
        await client.connect()
        await until(lambda: session_id in told.up)
    await client.close()
    await until(lambda: session_id in told.down)


async def run(relay: RelayNode, told: Listener, count: int) -> None:
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(
            *(join_and_leave(relay, told, start + n) for n in range(min(AT_ONCE, count - start)))
        )
    await until(lambda: not relay._closing)


def live_objects() -> dict[str, int]:
    gc.collect()
    counts: dict[str, int] = {}
    for thing in gc.get_objects():
        name = f"{type(thing).__module__}.{type(thing).__qualname__}"
        if name.startswith(("relay.", "aiortc.", "OpenSSL.", "pylibsrtp.")):
            counts[name] = counts.get(name, 0) + 1
    return counts


async def test_three_hundred_sessions_leave_nothing_behind() -> None:
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",)))
    await relay.start()
    told = Listener()
    relay.add_listener(told)
    await run(relay, told, 16)  # caches and lazy imports
    told.slots.clear()
    told.sources.clear()
    descriptors, tasks, objects = open_descriptors(), len(asyncio.all_tasks()), live_objects()

    await run(relay, told, SESSIONS)

    counters = relay.counters()
    assert counters["sessions_opened"] == 16 + SESSIONS
    assert (counters["sessions"], counters["rooms"], counters["addresses"]) == (0, 0, 0)
    assert relay.counters()["user_fragments"] == 0
    assert len(asyncio.all_tasks()) == tasks
    assert open_descriptors() == descriptors
    told.slots.clear()
    told.sources.clear()
    assert live_objects() == objects
    assert not any(isinstance(thing, Session) for thing in gc.get_objects())
    await relay.stop()
